/* Which memory an instruction is about to read and write. Pure: bytes and registers in, linear
 * ranges out. For one iteration of a string instruction. What it pushes and pops is included;
 * tables that the CPU looks into (IVT, GDT, page tables) are not, as with a CPU's own data
 * breakpoints. Source: SDM vol 2, appendix A "Opcode Map" and tables 2-1 to 2-3. */
#ifndef STEPVM_DEBUG_OPERANDS_H
#define STEPVM_DEBUG_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

#define OPERANDS_MAX 4

struct operand {
	uint64_t gva;
	uint32_t len; /* bytes */
	bool is_read, is_write;
	/* gva is the segment's base and offset; segment is NULL in 64-bit code, where only
	 * canonical addresses count. */
	const struct kvm_segment *segment;
	uint64_t offset;
};

/* code_bits: 16, 32 or 64. Segments are those of *sregs. Returns how many; 0 also for bytes that
 * end within the instruction. VEX and EVEX instructions are not known: 0. */
unsigned operands_decode(const uint8_t *bytes, size_t len, unsigned code_bits,
        const struct kvm_regs *regs, const struct kvm_sregs *sregs,
        struct operand to[OPERANDS_MAX]);

#endif

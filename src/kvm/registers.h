/* Every register of a vCPU by name, and what its mode makes of addresses.
 *
 * Names are the SDM's in lower case (rax, rflags, cs, cr0, st0, xmm0, ...); ymm0h and zmm0h are the
 * upper halves. Computed from them: pc, the linear address of the next instruction; sp_linear, that
 * of the top of the stack; mode; and of a segment cs_base, cs_limit and cs_desc, its whole hidden
 * part (base, limit, attributes as in kvm/segment.h; cs_desc32 has a base of 32 bits, as gdtr32 has
 * base and limit). A value is little-endian, registers_size() bytes. */
#ifndef STEPVM_KVM_REGISTERS_H
#define STEPVM_KVM_REGISTERS_H

#include "base/error.h"
#include "kvm/vcpu.h"

#define REGISTERS_SIZE_MAX 32 /* bytes: the upper half of a zmm register */

/* What the CPU makes of the next instruction: how wide it is (CS.D, and CS.L in long mode), and
 * what a selector and an interrupt mean there (PE, LMA, VM). SDM vol 1, "Modes of Operation". The
 * two questions have answers of their own below, for REAL32 is 32-bit code with PE = 0: CS.D stays
 * what it was when PE is cleared, until CS is loaded from a descriptor (SDM vol 3, "Switching Back
 * to Real-Address Mode"). The numbers are what the register `mode` holds. */
enum cpu_mode {
	CPU_REAL16,
	CPU_VM86,
	CPU_PROT16,
	CPU_PROT32,
	CPU_COMPAT16,
	CPU_COMPAT32,
	CPU_LONG64,
	CPU_REAL32,
};

/* -1 when there is no such register. */
int registers_find(const char *name);
/* Whether this vCPU has it: AVX, AVX-512, PKRU, xcr0 by its CPUID. */
bool registers_has(struct vcpu *v, int reg);
unsigned registers_size(int reg);
/* Whether writing it says where the CPU goes on: rip, pc, cs. */
bool registers_moves_pc(int reg);
/* 0 or -errno from KVM. */
int registers_read(struct vcpu *v, int reg, uint8_t *to);
/* Takes effect at once. What the CPU would refuse or could not hold, or KVM drops, is refused, and
 * nothing changes. A selector written in real or virtual-8086 mode moves its base;
 * in protected mode its descriptor is loaded, as the CPU would. cr0 and efer move LMA. -EINVAL with
 * the reason in *e. */
int registers_write(struct vcpu *v, int reg, const uint8_t *from, struct error *e);

/* For --reg: any name above or a general register's 32-, 16- or 8-bit name (eax, ax, al).
 * value fits the register or -EINVAL. */
int registers_write_named(struct vcpu *v, const char *name, uint64_t value, struct error *e);

/* The same names, those of up to 8 bytes. -EINVAL: this vCPU has none of that name. */
int registers_read_named(struct vcpu *v, const char *name, uint64_t *value);

enum cpu_mode registers_mode(struct vcpu *v);
/* How wide code is: 16, 32 or 64. */
unsigned registers_code_bits(enum cpu_mode mode);
/* PE = 0: interrupts go through vectors of four bytes, and there is no LDT and no TSS. */
bool registers_is_real(enum cpu_mode mode);
const char *registers_mode_name(enum cpu_mode mode);
/* 0 with PE = 0. */
unsigned registers_cpl(struct vcpu *v);
/* Whether 64-bit code is run. */
static inline bool registers_is_long64(const struct kvm_sregs *s)
{
	return s->efer & EFER_LMA && s->cs.l;
}
/* The linear address of offset rip in the code segment. */
static inline uint64_t registers_code_address(const struct kvm_sregs *s, uint64_t rip)
{
	return registers_is_long64(s) ? rip : (s->cs.base + rip) & 0xffffffff;
}
/* The linear address of the next instruction. */
static inline uint64_t registers_pc(struct vcpu *v)
{
	return registers_code_address(vcpu_sregs(v), vcpu_regs(v)->rip);
}
/* The linear address of offset rsp in the stack segment, as wide as SS.B says. */
uint64_t registers_stack_address(struct vcpu *v, uint64_t rsp);
/* Whether 64-bit code can access gva at all, with the paging of CR4. */
bool registers_is_canonical(const struct kvm_sregs *s, uint64_t gva);

#endif

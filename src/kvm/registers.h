/* Every register of a vCPU by name, and what its mode makes of addresses.
 *
 * Names are the SDM's in lower case (rax, rflags, cs, cr0, st0, xmm0, ...); ymm0h and zmm0h are the
 * upper halves. Computed from them: pc, the linear address of the next instruction; sp_linear, that
 * of the top of the stack; mode; and of a segment cs_base, cs_limit and cs_desc, its whole hidden
 * part (base, limit, attributes as in kvm/segment.h; cs_desc32 has a base of 32 bits, as gdtr32 has
 * base and limit). A value is little-endian, registers_size() bytes. */
#ifndef STEPVM_KVM_REGISTERS_H
#define STEPVM_KVM_REGISTERS_H

#include "error.h"
#include "kvm/vcpu.h"

#define REGISTERS_SIZE_MAX 32 /* bytes: the upper half of a zmm register */

/* How the CPU decodes the next instruction. SDM vol 1, "Modes of Operation"; the 16-bit forms are
 * those with CS.D = 0. The numbers are what the register `mode` holds. */
enum cpu_mode {
	CPU_REAL16,
	CPU_VM86,
	CPU_PROT16,
	CPU_PROT32,
	CPU_COMPAT16,
	CPU_COMPAT32,
	CPU_LONG64,
};

/* -1 when there is no such register. */
int registers_find(const char *name);
/* Whether this vCPU has it: AVX, AVX-512, PKRU, xcr0 by its CPUID. */
bool registers_has(struct vcpu *v, int reg);
unsigned registers_size(int reg);
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
/* 16, 32 or 64. */
unsigned registers_code_bits(enum cpu_mode mode);
const char *registers_mode_name(enum cpu_mode mode);
/* 0 in real mode. */
unsigned registers_cpl(struct vcpu *v);
/* The linear address of the next instruction. */
uint64_t registers_pc(struct vcpu *v);
/* The linear address of offset rsp in the stack segment, as wide as SS.B says. */
uint64_t registers_stack_address(struct vcpu *v, uint64_t rsp);
/* The linear address of offset rip in the code segment. */
uint64_t registers_code_address(const struct kvm_sregs *s, uint64_t rip);

#endif

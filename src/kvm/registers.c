/* The table of registers by name, reading them, and what the CPU's mode makes of addresses. */
#include "kvm/registers.h"

#include <stddef.h>
#include <string.h>

#include "base/array.h"
#include "kvm/registers_internal.h"
#include "kvm/segment.h"

#define GENERAL(name)                                                                              \
	{                                                                                          \
#name, REGS, 8, offsetof(struct kvm_regs, name)                                    \
	}
#define SPECIAL(name)                                                                              \
	{                                                                                          \
#name, SREGS, 8, offsetof(struct kvm_sregs, name)                                  \
	}
#define SEGMENT(name)                                                                              \
	{ #name, SELECTOR, 2, offsetof(struct kvm_sregs, name) },                                  \
	        { #name "_desc", DESC, 16, offsetof(struct kvm_sregs, name) },                     \
	        { #name "_desc32", DESC32, 12, offsetof(struct kvm_sregs, name) },                 \
	        { #name "_base", SREGS, 8, offsetof(struct kvm_sregs, name.base) },                \
	{                                                                                          \
#name "_limit", SREGS, 4, offsetof(struct kvm_sregs, name.limit)                   \
	}
#define TABLE(name, from)                                                                          \
	{ name, DTR, 16, offsetof(struct kvm_sregs, from) },                                       \
	{                                                                                          \
		name "32", DTR32, 8, offsetof(struct kvm_sregs, from)                              \
	}
#define DEBUG_REGISTER(name, field)                                                                \
	{                                                                                          \
		name, DEBUG, 8, offsetof(struct kvm_debugregs, field)                              \
	}
#define FLOAT(name, size, field)                                                                   \
	{                                                                                          \
		name, XSAVE, size, field, XSAVE_X87                                                \
	}
#define ST(n)                                                                                      \
	{                                                                                          \
		"st" #n, XSAVE, 10, 32 + 16 * (n), XSAVE_X87                                       \
	}
#define LOW_VECTOR(n)                                                                              \
	{ "xmm" #n, XSAVE, 16, 160 + 16 * (n), XSAVE_SSE },                                        \
	        { "ymm" #n "h", XSAVE, 16, 16 * (n), XSAVE_AVX },                                  \
	{                                                                                          \
		"zmm" #n "h", XSAVE, 32, 32 * (n), XSAVE_ZMM_HI256                                 \
	}
#define HIGH_VECTOR(n)                                                                             \
	{ "xmm" #n, XSAVE, 16, 64 * ((n)-16), XSAVE_HI16_ZMM },                                    \
	        { "ymm" #n "h", XSAVE, 16, 64 * ((n)-16) + 16, XSAVE_HI16_ZMM },                   \
	{                                                                                          \
		"zmm" #n "h", XSAVE, 32, 64 * ((n)-16) + 32, XSAVE_HI16_ZMM                        \
	}
#define MASK(n)                                                                                    \
	{                                                                                          \
		"k" #n, XSAVE, 8, 8 * (n), XSAVE_OPMASK                                            \
	}

/* SDM vol 4, "Architectural MSRs". */
const uint32_t register_msrs[] = { 0xc0000102 /* IA32_KERNEL_GS_BASE */ };

const struct register_row register_rows[] = {
	GENERAL(rax),
	GENERAL(rbx),
	GENERAL(rcx),
	GENERAL(rdx),
	GENERAL(rsi),
	GENERAL(rdi),
	GENERAL(rbp),
	GENERAL(rsp),
	GENERAL(r8),
	GENERAL(r9),
	GENERAL(r10),
	GENERAL(r11),
	GENERAL(r12),
	GENERAL(r13),
	GENERAL(r14),
	GENERAL(r15),
	GENERAL(rip),
	GENERAL(rflags),
	SEGMENT(cs),
	SEGMENT(ss),
	SEGMENT(ds),
	SEGMENT(es),
	SEGMENT(fs),
	SEGMENT(gs),
	SEGMENT(tr),
	SEGMENT(ldt),
	SPECIAL(cr0),
	SPECIAL(cr2),
	SPECIAL(cr3),
	SPECIAL(cr4),
	SPECIAL(cr8),
	SPECIAL(efer),
	TABLE("gdtr", gdt),
	TABLE("idtr", idt),
	{ "pc", PC, 8, 0 },
	{ "sp_linear", SP_LINEAR, 8, 0 },
	{ "mode", MODE, 4, 0 },
	ST(0),
	ST(1),
	ST(2),
	ST(3),
	ST(4),
	ST(5),
	ST(6),
	ST(7),
	FLOAT("fctrl", 2, 0),
	FLOAT("fstat", 2, FXSAVE_FSW),
	{ "ftag", TAGS, 2, 0 },
	FLOAT("fop", 2, 6),
	FLOAT("fip", 8, 8),
	FLOAT("fdp", 8, 16),
	{ "mxcsr", XSAVE, 4, 24, XSAVE_SSE },
	LOW_VECTOR(0),
	LOW_VECTOR(1),
	LOW_VECTOR(2),
	LOW_VECTOR(3),
	LOW_VECTOR(4),
	LOW_VECTOR(5),
	LOW_VECTOR(6),
	LOW_VECTOR(7),
	LOW_VECTOR(8),
	LOW_VECTOR(9),
	LOW_VECTOR(10),
	LOW_VECTOR(11),
	LOW_VECTOR(12),
	LOW_VECTOR(13),
	LOW_VECTOR(14),
	LOW_VECTOR(15),
	HIGH_VECTOR(16),
	HIGH_VECTOR(17),
	HIGH_VECTOR(18),
	HIGH_VECTOR(19),
	HIGH_VECTOR(20),
	HIGH_VECTOR(21),
	HIGH_VECTOR(22),
	HIGH_VECTOR(23),
	HIGH_VECTOR(24),
	HIGH_VECTOR(25),
	HIGH_VECTOR(26),
	HIGH_VECTOR(27),
	HIGH_VECTOR(28),
	HIGH_VECTOR(29),
	HIGH_VECTOR(30),
	HIGH_VECTOR(31),
	MASK(0),
	MASK(1),
	MASK(2),
	MASK(3),
	MASK(4),
	MASK(5),
	MASK(6),
	MASK(7),
	{ "pkru", XSAVE, 4, 0, XSAVE_PKRU },
	DEBUG_REGISTER("dr0", db[0]),
	DEBUG_REGISTER("dr1", db[1]),
	DEBUG_REGISTER("dr2", db[2]),
	DEBUG_REGISTER("dr3", db[3]),
	DEBUG_REGISTER("dr6", dr6),
	DEBUG_REGISTER("dr7", dr7),
	{ "xcr0", XCR0, 8, 0 },
	{ "kernel_gs_base", MSR, 8, 0 },
};

#define ROWS ((int)(ARRAY_SIZE(register_rows)))

int registers_find(const char *name)
{
	for (int i = 0; i < ROWS; i++)
		if (!strcmp(register_rows[i].name, name))
			return i;
	return -1;
}

unsigned registers_size(int reg)
{
	return register_rows[reg].size;
}

bool registers_moves_pc(int reg)
{
	const struct register_row *r = &register_rows[reg];
	return r->file == PC || (r->file == REGS && r->offset == offsetof(struct kvm_regs, rip)) ||
	       (r->file == SELECTOR && r->offset == offsetof(struct kvm_sregs, cs));
}

bool registers_has(struct vcpu *v, int reg)
{
	const struct register_row *r = &register_rows[reg];
	uint64_t value;
	switch (r->file) {
	case XSAVE: return r->part <= XSAVE_SSE || v->xsave.offset[r->part];
	case XCR0: return v->xsave.has_xcr0 && vcpu_get_xcr0(v, &value) == 0;
	case MSR: return vcpu_get_msr(v, register_msrs[r->offset], &value) == 0;
	case REGS:
	case SREGS:
	case TAGS:
	case DEBUG:
	case PC:
	case SP_LINEAR:
	case MODE:
	case SELECTOR:
	case DESC:
	case DESC32:
	case DTR:
	case DTR32: return true;
	}
	return false;
}

enum cpu_mode registers_mode(struct vcpu *v)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	if (!(s->cr0 & CR0_PE))
		return s->cs.db ? CPU_REAL32 : CPU_REAL16;
	if (s->efer & EFER_LMA) {
		if (s->cs.l)
			return CPU_LONG64;
		return s->cs.db ? CPU_COMPAT32 : CPU_COMPAT16;
	}
	if (vcpu_regs(v)->rflags & RFLAGS_VM)
		return CPU_VM86;
	return s->cs.db ? CPU_PROT32 : CPU_PROT16;
}

unsigned registers_code_bits(enum cpu_mode mode)
{
	switch (mode) {
	case CPU_REAL16:
	case CPU_VM86:
	case CPU_PROT16:
	case CPU_COMPAT16: return 16;
	case CPU_REAL32:
	case CPU_PROT32:
	case CPU_COMPAT32: return 32;
	case CPU_LONG64: return 64;
	}
	return 16;
}

bool registers_is_real(enum cpu_mode mode)
{
	return mode == CPU_REAL16 || mode == CPU_REAL32;
}

const char *registers_mode_name(enum cpu_mode mode)
{
	static const char *const names[] = {
		[CPU_REAL16] = "real16",
		[CPU_VM86] = "vm86",
		[CPU_PROT16] = "prot16",
		[CPU_PROT32] = "prot32",
		[CPU_COMPAT16] = "compat16",
		[CPU_COMPAT32] = "compat32",
		[CPU_LONG64] = "long64",
		[CPU_REAL32] = "real32",
	};
	return names[mode];
}

unsigned registers_cpl(struct vcpu *v)
{
	switch (registers_mode(v)) {
	case CPU_REAL16:
	case CPU_REAL32: return 0;
	case CPU_VM86: return 3;
	case CPU_PROT16:
	case CPU_PROT32:
	case CPU_COMPAT16:
	case CPU_COMPAT32:
	case CPU_LONG64: return vcpu_sregs(v)->ss.dpl;
	}
	return 0;
}

uint64_t register_stack_mask(const struct kvm_sregs *s)
{
	if (registers_is_long64(s))
		return UINT64_MAX;
	return s->ss.db ? 0xffffffff : 0xffff;
}

uint64_t registers_stack_address(struct vcpu *v, uint64_t rsp)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint64_t sp = rsp & register_stack_mask(s);
	return registers_is_long64(s) ? sp : (s->ss.base + sp) & 0xffffffff;
}

/* The x87's tag word of 2 bits a register, from FXSAVE's 1 bit (SDM vol 1, table "Recreating FSAVE
 * Format"). Tags go by physical register, st(i) by the top of the stack. */
static uint16_t full_tags(const uint8_t *fxsave)
{
	uint16_t tags = 0;
	unsigned top = fxsave[FXSAVE_FSW + 1] >> 3 & 7;
	for (unsigned phys = 0; phys < 8; phys++) {
		unsigned tag = 3; /* empty */
		if (fxsave[FXSAVE_FTW] >> phys & 1) {
			const uint8_t *st = fxsave + 32 + 16 * ((phys - top) & 7);
			uint16_t exponent = (uint16_t)(st[8] | (st[9] & 0x7f) << 8);
			uint64_t mantissa;
			memcpy(&mantissa, st, 8);
			if (exponent == 0)
				tag = mantissa ? 2 : 1; /* special (denormal), zero */
			else if (exponent == 0x7fff || !(mantissa >> 63))
				tag = 2;
			else
				tag = 0; /* valid */
		}
		tags |= (uint16_t)(tag << 2 * phys);
	}
	return tags;
}

unsigned register_xsave_offset(const struct vcpu *v, const struct register_row *r)
{
	return r->part <= XSAVE_SSE ? r->offset : v->xsave.offset[r->part] + r->offset;
}

static void read_dtr(const struct kvm_dtable *d, unsigned half, uint8_t *to)
{
	uint64_t limit = d->limit;
	memcpy(to, &d->base, half);
	memcpy(to + half, &limit, half);
}

static void read_desc(const struct kvm_segment *g, unsigned base_size, uint8_t *to)
{
	uint32_t attributes = segment_attributes(g);
	memcpy(to, &g->base, base_size);
	memcpy(to + base_size, &g->limit, 4);
	memcpy(to + base_size + 4, &attributes, 4);
}

/* The forms of parts of struct kvm_sregs. */
static void read_special(struct vcpu *v, const struct register_row *r, uint8_t *to)
{
	const uint8_t *at = (const uint8_t *)vcpu_sregs(v) + r->offset;
	if (r->file == DTR || r->file == DTR32) {
		struct kvm_dtable d;
		memcpy(&d, at, sizeof d);
		read_dtr(&d, r->size / 2, to);
		return;
	}
	struct kvm_segment s;
	memcpy(&s, at, sizeof s);
	if (r->file == SELECTOR)
		memcpy(to, &s.selector, r->size);
	else
		read_desc(&s, r->size - 8u, to);
}

int registers_read(struct vcpu *v, int reg, uint8_t *to)
{
	const struct register_row *r = &register_rows[reg];
	struct kvm_debugregs debug;
	uint64_t value = 0;
	int err = 0;
	switch (r->file) {
	case REGS: memcpy(to, (const uint8_t *)vcpu_regs(v) + r->offset, r->size); return v->error;
	case SREGS:
		memcpy(to, (const uint8_t *)vcpu_sregs(v) + r->offset, r->size);
		return v->error;
	case SELECTOR:
	case DESC:
	case DESC32:
	case DTR:
	case DTR32: read_special(v, r, to); return v->error;
	case XSAVE:
		memcpy(to, vcpu_xsave(v) + register_xsave_offset(v, r), r->size);
		return v->error;
	case DEBUG:
		err = vcpu_get_debugregs(v, &debug);
		if (!err)
			memcpy(to, (const uint8_t *)&debug + r->offset, r->size);
		return err;
	case XCR0: err = vcpu_get_xcr0(v, &value); break;
	case MSR: err = vcpu_get_msr(v, register_msrs[r->offset], &value); break;
	case TAGS: value = full_tags(vcpu_xsave(v)); break;
	case PC: value = registers_pc(v); break;
	case SP_LINEAR: value = registers_stack_address(v, vcpu_regs(v)->rsp); break;
	case MODE: value = registers_mode(v); break;
	}
	if (!err)
		memcpy(to, &value, r->size);
	return err ? err : v->error;
}

bool registers_is_canonical(const struct kvm_sregs *s, uint64_t gva)
{
	/* SDM vol 1, "Canonical Addressing": all bits from the highest linear one up are equal. */
	unsigned top = s->cr4 & CR4_LA57 ? 56 : 47;
	return gva >> top == 0 || gva >> top == UINT64_MAX >> top;
}

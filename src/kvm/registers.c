#include "kvm/registers.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "kvm/linear.h"
#include "kvm/segment.h"

/* Bits of the SDM, vol 3, "Control Registers" and "Extended Feature Enable Register". */
#define CR0_PE    1u
#define EFER_LMA  (1u << 10)
#define RFLAGS_VM (1u << 17)

/* Where a register stands. */
enum file { REGS, SREGS, SELECTOR, FPU, X87, TAGS, DTR, DTR32, PC, SP_LINEAR, MODE };

struct row {
	const char *name;
	enum file file;
	uint8_t size; /* bytes */
	uint16_t offset;
};

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
	        { #name "_base", SREGS, 8, offsetof(struct kvm_sregs, name.base) },                \
	{                                                                                          \
#name "_limit", SREGS, 4, offsetof(struct kvm_sregs, name.limit)                   \
	}
#define TABLE(name, from)                                                                          \
	{ name, DTR, 16, offsetof(struct kvm_sregs, from) },                                       \
	{                                                                                          \
		name "32", DTR32, 8, offsetof(struct kvm_sregs, from)                              \
	}
/* Offsets in the FXSAVE area, SDM vol 1, table "Layout of the ... FXSAVE Memory Region". */
#define FXSAVE_FSW 2
#define FXSAVE_FTW 4 /* one bit a register */
#define FLOAT(name, size, field)                                                                   \
	{                                                                                          \
		name, FPU, size, field                                                             \
	}
#define ST(n)                                                                                      \
	{                                                                                          \
		"st" #n, X87, 10, 32 + 16 * (n)                                                    \
	}
#define XMM(n)                                                                                     \
	{                                                                                          \
		"xmm" #n, FPU, 16, 160 + 16 * (n)                                                  \
	}

static const struct row rows[] = {
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
	FLOAT("mxcsr", 4, 24),
	XMM(0),
	XMM(1),
	XMM(2),
	XMM(3),
	XMM(4),
	XMM(5),
	XMM(6),
	XMM(7),
	XMM(8),
	XMM(9),
	XMM(10),
	XMM(11),
	XMM(12),
	XMM(13),
	XMM(14),
	XMM(15),
};

#define ROWS ((int)(sizeof rows / sizeof *rows))

int registers_find(const char *name)
{
	for (int i = 0; i < ROWS; i++)
		if (!strcmp(rows[i].name, name))
			return i;
	return -1;
}

unsigned registers_size(int reg)
{
	return rows[reg].size;
}

enum cpu_mode registers_mode(struct vcpu *v)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	if (!(s->cr0 & CR0_PE))
		return CPU_REAL16;
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
	case CPU_PROT32:
	case CPU_COMPAT32: return 32;
	case CPU_LONG64: return 64;
	}
	return 16;
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
	};
	return names[mode];
}

unsigned registers_cpl(struct vcpu *v)
{
	switch (registers_mode(v)) {
	case CPU_REAL16: return 0;
	case CPU_VM86: return 3;
	case CPU_PROT16:
	case CPU_PROT32:
	case CPU_COMPAT16:
	case CPU_COMPAT32:
	case CPU_LONG64: return vcpu_sregs(v)->ss.dpl;
	}
	return 0;
}

static bool is_long64(const struct kvm_sregs *s)
{
	return s->efer & EFER_LMA && s->cs.l;
}

uint64_t registers_code_address(const struct kvm_sregs *s, uint64_t rip)
{
	return is_long64(s) ? rip : (s->cs.base + rip) & 0xffffffff;
}

uint64_t registers_pc(struct vcpu *v)
{
	return registers_code_address(vcpu_sregs(v), vcpu_regs(v)->rip);
}

/* How much of rsp is the stack pointer: SS.B, SDM vol 1, "Address-Size Attributes for Stack". */
static uint64_t stack_mask(const struct kvm_sregs *s)
{
	if (is_long64(s))
		return UINT64_MAX;
	return s->ss.db ? 0xffffffff : 0xffff;
}

uint64_t registers_stack_address(struct vcpu *v, uint64_t rsp)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint64_t sp = rsp & stack_mask(s);
	return is_long64(s) ? sp : (s->ss.base + sp) & 0xffffffff;
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

static uint8_t short_tags(uint16_t tags)
{
	uint8_t bits = 0;
	for (unsigned i = 0; i < 8; i++)
		bits |= (uint8_t)(((tags >> 2 * i & 3) != 3) << i);
	return bits;
}

static void read_dtr(const struct kvm_dtable *d, unsigned half, uint8_t *to)
{
	uint64_t limit = d->limit;
	memcpy(to, &d->base, half);
	memcpy(to + half, &limit, half);
}

int registers_read(struct vcpu *v, int reg, uint8_t *to)
{
	const struct row *r = &rows[reg];
	uint64_t value = 0;
	switch (r->file) {
	case REGS: memcpy(to, (const uint8_t *)vcpu_regs(v) + r->offset, r->size); return v->error;
	case SREGS:
		memcpy(to, (const uint8_t *)vcpu_sregs(v) + r->offset, r->size);
		return v->error;
	case SELECTOR: {
		struct kvm_segment s;
		memcpy(&s, (const uint8_t *)vcpu_sregs(v) + r->offset, sizeof s);
		value = s.selector;
		break;
	}
	case DTR:
	case DTR32: {
		struct kvm_dtable d;
		memcpy(&d, (const uint8_t *)vcpu_sregs(v) + r->offset, sizeof d);
		read_dtr(&d, r->size / 2, to);
		return v->error;
	}
	case FPU:
	case X87: memcpy(to, (const uint8_t *)vcpu_fpu(v) + r->offset, r->size); return v->error;
	case TAGS: value = full_tags(vcpu_fpu(v)); break;
	case PC: value = registers_pc(v); break;
	case SP_LINEAR: value = registers_stack_address(v, vcpu_regs(v)->rsp); break;
	case MODE: value = registers_mode(v); break;
	}
	memcpy(to, &value, r->size);
	return v->error;
}

/* EFLAGS' bits that there are, SDM vol 1, "EFLAGS Register"; bit 1 is always set. */
#define RFLAGS_BITS 0x3f7fd5u

static int write_regs(struct vcpu *v, const struct row *r, const uint8_t *from, struct error *e)
{
	struct kvm_regs regs = *vcpu_regs(v);
	memcpy((uint8_t *)&regs + r->offset, from, r->size);
	if (regs.rflags & ~(uint64_t)(RFLAGS_BITS | 2))
		return error_set(e, -EINVAL, "rflags has no such bits: 0x%" PRIx64,
		        (uint64_t)regs.rflags & ~(uint64_t)(RFLAGS_BITS | 2));
	regs.rflags |= 2;
	return vcpu_set_regs(v, &regs);
}

static int write_sregs(struct vcpu *v, const struct row *r, const uint8_t *from, struct error *e)
{
	struct kvm_sregs before = *vcpu_sregs(v), sregs = before;
	memcpy((uint8_t *)&sregs + r->offset, from, r->size);
	int err = vcpu_set_sregs(v, &sregs);
	/* KVM drops some bits without a word. */
	if (!err && memcmp((const uint8_t *)vcpu_sregs(v) + r->offset, from, r->size))
		err = -EINVAL;
	if (err) {
		vcpu_set_sregs(v, &before);
		return error_set(e, err, "the CPU can't hold this value in %s", r->name);
	}
	return 0;
}

/* Loads the descriptor that selector names, from the GDT or the LDT. */
static int load_descriptor(
        struct vcpu *v, uint16_t selector, struct kvm_segment *seg, struct error *e)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	bool is_local = selector & 4; /* TI */
	uint64_t base = is_local ? s->ldt.base : s->gdt.base;
	uint32_t limit = is_local ? s->ldt.limit : s->gdt.limit;
	uint16_t index = selector & 0xfff8;
	uint64_t descriptor;
	if (!(selector & 0xfffc)) {
		*seg = (struct kvm_segment) { .selector = selector, .unusable = 1 };
		return 0;
	}
	if ((is_local && s->ldt.unusable) || index + 7u > limit)
		return error_set(e, -EINVAL, "selector 0x%x is beyond the %s's limit 0x%x",
		        selector, is_local ? "LDT" : "GDT", limit);
	if (linear_read(v, base + index, &descriptor, sizeof descriptor) != sizeof descriptor)
		return error_set(e, -EINVAL,
		        "selector 0x%x: its descriptor at 0x%" PRIx64 " can't be read", selector,
		        base + index);
	*seg = segment_decode(descriptor);
	seg->selector = selector;
	if (!seg->present)
		return error_set(
		        e, -EINVAL, "selector 0x%x: its descriptor is not present", selector);
	return 0;
}

static int write_selector(struct vcpu *v, const struct row *r, const uint8_t *from, struct error *e)
{
	uint16_t selector = (uint16_t)(from[0] | from[1] << 8);
	struct kvm_sregs before = *vcpu_sregs(v), sregs = before;
	struct kvm_segment *seg = (struct kvm_segment *)((uint8_t *)&sregs + r->offset);
	enum cpu_mode mode = registers_mode(v);
	bool is_system = r->offset == offsetof(struct kvm_sregs, tr) ||
	                 r->offset == offsetof(struct kvm_sregs, ldt);
	if (seg->selector == selector)
		return 0; /* gdb writes back what it read: an unreal-mode base must survive */
	if (is_system) {
		seg->selector = selector; /* base and limit have names of their own */
	} else if (mode == CPU_REAL16 || mode == CPU_VM86) {
		seg->selector = selector;
		seg->base = (uint64_t)selector << 4;
	} else {
		int err = load_descriptor(v, selector, seg, e);
		if (err)
			return err;
	}
	int err = vcpu_set_sregs(v, &sregs);
	if (err) {
		vcpu_set_sregs(v, &before);
		return error_set(
		        e, err, "the CPU can't hold selector 0x%x in %s", selector, r->name);
	}
	return 0;
}

/* A linear address as rip: what CS can reach. */
static int write_pc(struct vcpu *v, uint64_t pc, struct error *e)
{
	struct kvm_regs regs = *vcpu_regs(v);
	const struct kvm_sregs *s = vcpu_sregs(v);
	if (is_long64(s)) {
		regs.rip = pc;
	} else {
		regs.rip = (pc - s->cs.base) & 0xffffffff;
		if (!s->cs.db && regs.rip > 0xffff)
			return error_set(e, -EINVAL,
			        "0x%" PRIx64 " is out of reach of CS 0x%04x (base 0x%" PRIx64
			        "): set cs first",
			        pc, s->cs.selector, (uint64_t)s->cs.base);
	}
	return vcpu_set_regs(v, &regs);
}

static int write_sp_linear(struct vcpu *v, uint64_t gva, struct error *e)
{
	struct kvm_regs regs = *vcpu_regs(v);
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint64_t mask = stack_mask(s);
	uint64_t sp = is_long64(s) ? gva : (gva - s->ss.base) & 0xffffffff;
	if (sp & ~mask)
		return error_set(e, -EINVAL,
		        "0x%" PRIx64 " is out of reach of SS 0x%04x (base 0x%" PRIx64
		        "): set ss first",
		        gva, s->ss.selector, (uint64_t)s->ss.base);
	regs.rsp = (regs.rsp & ~mask) | sp;
	return vcpu_set_regs(v, &regs);
}

static int write_fpu(struct vcpu *v, const struct row *r, const uint8_t *from)
{
	uint8_t fxsave[VCPU_FPU_SIZE];
	memcpy(fxsave, vcpu_fpu(v), sizeof fxsave);
	if (v->error)
		return v->error;
	if (r->file == TAGS)
		fxsave[FXSAVE_FTW] = short_tags((uint16_t)(from[0] | from[1] << 8));
	else
		memcpy(fxsave + r->offset, from, r->size);
	return vcpu_set_fpu(v, fxsave);
}

static int write_dtr(struct vcpu *v, const struct row *r, const uint8_t *from, struct error *e)
{
	struct kvm_sregs before = *vcpu_sregs(v), sregs = before;
	struct kvm_dtable *d = (struct kvm_dtable *)((uint8_t *)&sregs + r->offset);
	uint64_t limit = 0;
	d->base = 0;
	memcpy(&d->base, from, r->size / 2);
	memcpy(&limit, from + r->size / 2, r->size / 2);
	if (limit > 0xffff)
		return error_set(
		        e, -EINVAL, "a limit of 0x%" PRIx64 " does not fit 16 bits", limit);
	d->limit = (uint16_t)limit;
	int err = vcpu_set_sregs(v, &sregs);
	if (err) {
		vcpu_set_sregs(v, &before);
		return error_set(e, err, "the CPU can't hold this value in %s", r->name);
	}
	return 0;
}

int registers_write(struct vcpu *v, int reg, const uint8_t *from, struct error *e)
{
	const struct row *r = &rows[reg];
	uint64_t value = 0;
	memcpy(&value, from, r->size < 8 ? r->size : 8);
	switch (r->file) {
	case REGS: return write_regs(v, r, from, e);
	case SREGS: return write_sregs(v, r, from, e);
	case SELECTOR: return write_selector(v, r, from, e);
	case FPU:
	case X87:
	case TAGS: return write_fpu(v, r, from);
	case DTR:
	case DTR32: return write_dtr(v, r, from, e);
	case PC: return write_pc(v, value, e);
	case SP_LINEAR: return write_sp_linear(v, value, e);
	case MODE:
		return value == registers_mode(v)
		               ? 0
		               : error_set(e, -EINVAL, "the mode follows cr0, efer, rflags and cs");
	}
	return -EINVAL;
}

/* A general register's narrower names. */
static bool narrow(const char *name, char *full, unsigned *size)
{
	size_t n = strlen(name);
	if (n == 3 && name[0] == 'e' && name[2] != 's') { /* eax, eip */
		snprintf(full, 8, "r%s", name + 1);
		*size = 4;
	} else if (n == 2 &&
	           (name[1] == 'x' || name[1] == 'p' || name[1] == 'i')) { /* ax, sp, si */
		snprintf(full, 8, "r%s", name);
		*size = 2;
	} else if (n == 2 && name[1] == 'l' && strchr("abcd", name[0])) { /* al */
		snprintf(full, 8, "r%cx", name[0]);
		*size = 1;
	} else if (!strcmp(name, "eflags")) {
		strcpy(full, "rflags");
		*size = 4;
	} else {
		return false;
	}
	return registers_find(full) >= 0;
}

int registers_write_named(struct vcpu *v, const char *name, uint64_t value, struct error *e)
{
	char full[8];
	unsigned size;
	int reg = registers_find(name);
	if (reg >= 0 && rows[reg].size <= 8) {
		size = rows[reg].size;
	} else if (narrow(name, full, &size)) {
		reg = registers_find(full);
	} else {
		return error_set(e, -EINVAL,
		        "%s: not a register; one such as rax, ax, cs or cr0 was meant", name);
	}
	if (size < 8 && value >> 8 * size)
		return error_set(e, -EINVAL, "0x%" PRIx64 " does not fit %s, which has %u bits",
		        value, name, 8 * size);
	uint8_t bytes[REGISTERS_SIZE_MAX];
	int err = registers_read(v, reg, bytes);
	if (err)
		return error_set(e, err, "%s can't be read: %s", name, strerror(-err));
	memcpy(bytes, &value, size);
	err = registers_write(v, reg, bytes, e);
	if (err)
		return error_set(
		        e, err, "%s: KVM refuses 0x%" PRIx64 ": %s", name, value, strerror(-err));
	return 0;
}

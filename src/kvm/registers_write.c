/* Writing registers: as the CPU's own instructions would, or a refusal that says why. KVM itself
 * takes states that no CPU can be in, and fails at the next KVM_RUN; others it alters without a
 * word. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "kvm/linear.h"
#include "kvm/registers_internal.h"
#include "kvm/segment.h"

/* EFLAGS' bits that there are, SDM vol 1, "EFLAGS Register"; bit 1 is always set. */
#define RFLAGS_BITS 0x3f7fd5u

/* There the CPU's segments are of 64 KiB, and code of 16 bits: SDM vol 3, "Checks on Guest Segment
 * Registers". */
#define NO_WIDE_VM86 "virtual-8086 mode has 16-bit code, and cs_desc's DB is for 32-bit code"

static int check_canonical(const struct kvm_sregs *s, uint64_t gva, struct error *e)
{
	if (registers_is_canonical(s, gva))
		return 0;
	return error_set(e, -EINVAL, "0x%" PRIx64 " is not canonical", gva);
}

static int write_regs(
        struct vcpu *v, const struct register_row *r, const uint8_t *from, struct error *e)
{
	struct kvm_regs regs = *vcpu_regs(v);
	const struct kvm_sregs *s = vcpu_sregs(v);
	memcpy((uint8_t *)&regs + r->offset, from, r->size);
	if (regs.rflags & ~(uint64_t)(RFLAGS_BITS | 2))
		return error_set(e, -EINVAL, "there are no bits 0x%" PRIx64,
		        (uint64_t)regs.rflags & ~(uint64_t)(RFLAGS_BITS | 2));
	if (regs.rflags & RFLAGS_VM && (!(s->cr0 & CR0_PE) || s->efer & EFER_LMA))
		return error_set(e, -EINVAL, "VM is for 32-bit protected mode");
	if (regs.rflags & RFLAGS_VM && s->cs.db)
		return error_set(e, -EINVAL, NO_WIDE_VM86);
	if (r->offset == offsetof(struct kvm_regs, rip)) {
		int err = check_canonical(s, regs.rip, e);
		if (err)
			return err;
	}
	regs.rflags |= 2;
	const struct kvm_regs before = *vcpu_regs(v);
	int err = vcpu_set_regs(v, &regs);
	if (!err && (regs.rflags ^ vcpu_regs(v)->rflags) & RFLAGS_VM) { /* kvm_pvm drops it */
		vcpu_set_regs(v, &before);
		return error_set(e, -EINVAL, "this KVM has no virtual-8086 mode");
	}
	return err;
}

/* All or nothing: what KVM refuses or alters leaves the vCPU as it was. from: what r shall be. */
static int set_sregs(struct vcpu *v, const struct kvm_sregs *sregs, const struct register_row *r,
        const uint8_t *from, struct error *e)
{
	struct kvm_sregs before = *vcpu_sregs(v);
	uint8_t now[REGISTERS_SIZE_MAX];
	int err = vcpu_set_sregs(v, sregs);
	if (!err)
		err = registers_read(v, (int)(r - register_rows), now);
	if (!err && memcmp(now, from, r->size))
		err = -EINVAL;
	if (err) {
		vcpu_set_sregs(v, &before);
		return error_set(e, err, "the CPU can't hold this value");
	}
	return 0;
}

/* EFER's bits that any CPU has: APM vol 2, "Extended Feature Enable Register (EFER)". */
#define EFER_BITS 0x36fd01u

/* What MOV to CR0 and WRMSR to EFER check, SDM vol 2 and vol 3, "Initializing IA-32e Mode"; LMA
 * follows. */
static int check_control(struct kvm_sregs *s, const struct kvm_sregs *before, struct error *e)
{
	bool pages = s->cr0 & CR0_PG, paged = before->cr0 & CR0_PG;
	if (s->cr0 >> 32)
		return error_set(e, -EINVAL, "it has 32 bits");
	if (pages && !(s->cr0 & CR0_PE))
		return error_set(e, -EINVAL, "PG needs PE");
	if (s->cr0 & CR0_NW && !(s->cr0 & CR0_CD))
		return error_set(e, -EINVAL, "NW needs CD");
	if (s->efer & ~(uint64_t)EFER_BITS)
		return error_set(e, -EINVAL, "there are no bits 0x%" PRIx64,
		        (uint64_t)s->efer & ~(uint64_t)EFER_BITS);
	if ((s->efer ^ before->efer) & EFER_LMA)
		return error_set(e, -EINVAL, "LMA follows LME and cr0's PG");
	if (paged && (s->efer ^ before->efer) & EFER_LME)
		return error_set(e, -EINVAL, "LME can't change while cr0's PG is set");
	if (pages && s->efer & EFER_LME && !(s->cr4 & CR4_PAE))
		return error_set(e, -EINVAL, "PG with efer's LME needs cr4's PAE");
	if (pages && s->efer & EFER_LME)
		s->efer |= EFER_LMA;
	else
		s->efer &= ~(uint64_t)EFER_LMA;
	return 0;
}

/* SDM vol 3, "Checks on Guest Segment Registers": which bases a CPU can hold. */
static int check_base(
        const struct kvm_sregs *s, unsigned segment_offset, uint64_t base, struct error *e)
{
	switch (segment_offset) {
	case offsetof(struct kvm_sregs, cs):
	case offsetof(struct kvm_sregs, ss):
	case offsetof(struct kvm_sregs, ds):
	case offsetof(struct kvm_sregs, es):
		return base >> 32 ? error_set(e, -EINVAL, "this segment's base has 32 bits") : 0;
	default: return check_canonical(s, base, e);
	}
}

static int write_sregs(
        struct vcpu *v, const struct register_row *r, const uint8_t *from, struct error *e)
{
	struct kvm_sregs before = *vcpu_sregs(v), sregs = before;
	uint64_t value = 0;
	int err = 0;
	memcpy((uint8_t *)&sregs + r->offset, from, r->size);
	memcpy(&value, from, r->size);
	if (r->offset == offsetof(struct kvm_sregs, cr8) && value > 15)
		return error_set(e, -EINVAL, "it has 4 bits");
	if (r->offset == offsetof(struct kvm_sregs, cr0) ||
	        r->offset == offsetof(struct kvm_sregs, efer))
		err = check_control(&sregs, &before, e);
	else if (strstr(r->name, "_base"))
		err = check_base(&before, r->offset - offsetof(struct kvm_segment, base), value, e);
	return err ? err : set_sregs(v, &sregs, r, from, e);
}

/* A segment's hidden part, whole. The selector stays. */
static int write_desc(
        struct vcpu *v, const struct register_row *r, const uint8_t *from, struct error *e)
{
	struct kvm_sregs before = *vcpu_sregs(v), sregs = before;
	unsigned base_size = r->size - 8u;
	uint64_t base = 0;
	uint32_t limit, attributes;
	struct kvm_segment s;
	memcpy(&base, from, base_size);
	memcpy(&limit, from + base_size, 4);
	memcpy(&attributes, from + base_size + 4, 4);
	memcpy(&s, (const uint8_t *)&sregs + r->offset, sizeof s);
	if (attributes & ~SEGMENT_ATTRIBUTES)
		return error_set(e, -EINVAL, "there are no attributes 0x%x",
		        attributes & ~SEGMENT_ATTRIBUTES);
	int err = check_base(&before, r->offset, base, e);
	if (err)
		return err;
	s.base = base;
	s.limit = limit;
	segment_set_attributes(&s, attributes);
	if (r->offset == offsetof(struct kvm_sregs, cs) && s.db && vcpu_regs(v)->rflags & RFLAGS_VM)
		return error_set(e, -EINVAL, NO_WIDE_VM86);
	if (s.unusable == s.present)
		return error_set(e, -EINVAL, "one of P and UNUSABLE is set");
	/* SDM vol 3, "Checks on Guest Segment Registers": limit and G have to fit. */
	if (!s.unusable && (s.g ? (limit & 0xfff) != 0xfff : limit >> 20 != 0))
		return error_set(e, -EINVAL,
		        s.g ? "with G the limit ends in fff"
		            : "a limit of more than 0xfffff needs G");
	memcpy((uint8_t *)&sregs + r->offset, &s, sizeof s);
	return set_sregs(v, &sregs, r, from, e);
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

static int write_selector(
        struct vcpu *v, const struct register_row *r, const uint8_t *from, struct error *e)
{
	uint16_t selector = (uint16_t)(from[0] | from[1] << 8);
	struct kvm_sregs sregs = *vcpu_sregs(v);
	struct kvm_segment *seg = (struct kvm_segment *)((uint8_t *)&sregs + r->offset);
	enum cpu_mode mode = registers_mode(v);
	bool is_system = r->offset == offsetof(struct kvm_sregs, tr) ||
	                 r->offset == offsetof(struct kvm_sregs, ldt);
	if (seg->selector == selector)
		return 0; /* gdb writes back what it read: an unreal-mode base must survive */
	if (is_system) {
		seg->selector = selector; /* base and limit have names of their own */
	} else if (registers_is_real(mode) || mode == CPU_VM86) {
		seg->selector = selector;
		seg->base = (uint64_t)selector << 4;
	} else {
		int err = load_descriptor(v, selector, seg, e);
		if (err)
			return err;
	}
	return set_sregs(v, &sregs, r, from, e);
}

/* A linear address as rip: what CS can reach. */
static int write_pc(struct vcpu *v, uint64_t pc, struct error *e)
{
	struct kvm_regs regs = *vcpu_regs(v);
	const struct kvm_sregs *s = vcpu_sregs(v);
	if (registers_is_long64(s)) {
		int err = check_canonical(s, pc, e);
		if (err)
			return err;
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
	uint64_t mask = register_stack_mask(s);
	uint64_t sp = registers_is_long64(s) ? gva : (gva - s->ss.base) & 0xffffffff;
	if (sp & ~mask)
		return error_set(e, -EINVAL,
		        "0x%" PRIx64 " is out of reach of SS 0x%04x (base 0x%" PRIx64
		        "): set ss first",
		        gva, s->ss.selector, (uint64_t)s->ss.base);
	regs.rsp = (regs.rsp & ~mask) | sp;
	return vcpu_set_regs(v, &regs);
}

static uint8_t short_tags(uint16_t tags)
{
	uint8_t bits = 0;
	for (unsigned i = 0; i < 8; i++)
		bits |= (uint8_t)(((tags >> 2 * i & 3) != 3) << i);
	return bits;
}

static int write_xsave(
        struct vcpu *v, const struct register_row *r, const uint8_t *from, struct error *e)
{
	uint8_t before[XSAVE_SIZE], xsave[XSAVE_SIZE];
	unsigned at = register_xsave_offset(v, r), parts = 1u << r->part;
	memcpy(before, vcpu_xsave(v), sizeof before);
	if (v->error)
		return v->error;
	memcpy(xsave, before, sizeof xsave);
	if (r->file == TAGS)
		xsave[FXSAVE_FTW] = short_tags((uint16_t)(from[0] | from[1] << 8));
	else
		memcpy(xsave + at, from, r->size);
	int err = vcpu_set_xsave(v, xsave, parts);
	/* A tag word's "empty or not" is all that is kept of it, as by the CPU's own FXRSTOR. */
	if (!err && r->file != TAGS && memcmp(vcpu_xsave(v) + at, from, r->size))
		err = -EINVAL;
	if (err) {
		vcpu_set_xsave(v, before, parts);
		return error_set(e, err, "the CPU can't hold this value");
	}
	return 0;
}

static int write_dtr(
        struct vcpu *v, const struct register_row *r, const uint8_t *from, struct error *e)
{
	struct kvm_sregs sregs = *vcpu_sregs(v);
	struct kvm_dtable *d = (struct kvm_dtable *)((uint8_t *)&sregs + r->offset);
	uint64_t limit = 0;
	d->base = 0;
	memcpy(&d->base, from, r->size / 2);
	memcpy(&limit, from + r->size / 2, r->size / 2);
	if (limit > 0xffff)
		return error_set(
		        e, -EINVAL, "a limit of 0x%" PRIx64 " does not fit 16 bits", limit);
	d->limit = (uint16_t)limit;
	int err = check_canonical(&sregs, d->base, e);
	return err ? err : set_sregs(v, &sregs, r, from, e);
}

/* SDM vol 3, "Debug Registers": bits that are always 1; writes to them are ignored. */
#define DR6_ONES 0xffff0ff0u
#define DR7_ZERO 0xd000u /* bits 12, 14, 15 */

static int write_debug(
        struct vcpu *v, const struct register_row *r, uint64_t value, struct error *e)
{
	struct kvm_debugregs d;
	int err = vcpu_get_debugregs(v, &d);
	if (err)
		return err;
	if (r->offset == offsetof(struct kvm_debugregs, dr6))
		value |= DR6_ONES;
	else if (r->offset == offsetof(struct kvm_debugregs, dr7))
		value = (value | DR7_ONES) & ~(uint64_t)DR7_ZERO;
	memcpy((uint8_t *)&d + r->offset, &value, sizeof value);
	err = vcpu_set_debugregs(v, &d);
	return err ? error_set(e, err, "the CPU can't hold 0x%" PRIx64, value) : 0;
}

static int write_number(
        struct vcpu *v, const struct register_row *r, uint64_t value, struct error *e)
{
	/* The MSRs of the table hold addresses. */
	int err = r->file == MSR ? check_canonical(vcpu_sregs(v), value, e) : 0;
	if (err)
		return err;
	err = r->file == XCR0 ? vcpu_set_xcr0(v, value)
	                      : vcpu_set_msr(v, register_msrs[r->offset], value);
	return err ? error_set(e, err, "the CPU can't hold 0x%" PRIx64, value) : 0;
}

int registers_write(struct vcpu *v, int reg, const uint8_t *from, struct error *e)
{
	const struct register_row *r = &register_rows[reg];
	uint64_t value = 0;
	memcpy(&value, from, r->size < 8 ? r->size : 8);
	switch (r->file) {
	case REGS: return write_regs(v, r, from, e);
	case SREGS: return write_sregs(v, r, from, e);
	case SELECTOR: return write_selector(v, r, from, e);
	case XSAVE:
	case TAGS: return write_xsave(v, r, from, e);
	case DESC:
	case DESC32: return write_desc(v, r, from, e);
	case DEBUG: return write_debug(v, r, value, e);
	case XCR0:
	case MSR: return write_number(v, r, value, e);
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

/* The register that name means, and how many bytes of it; -1: there is none. */
static int find_named(struct vcpu *v, const char *name, unsigned *size)
{
	char full[8];
	int reg = registers_find(name);
	if (reg >= 0 && register_rows[reg].size <= 8 && registers_has(v, reg)) {
		*size = register_rows[reg].size;
		return reg;
	}
	return narrow(name, full, size) ? registers_find(full) : -1;
}

int registers_read_named(struct vcpu *v, const char *name, uint64_t *value)
{
	uint8_t bytes[REGISTERS_SIZE_MAX];
	unsigned size;
	int reg = find_named(v, name, &size);
	int err = reg < 0 ? -EINVAL : registers_read(v, reg, bytes);
	if (err)
		return err;
	*value = 0;
	memcpy(value, bytes, size);
	return 0;
}

int registers_write_named(struct vcpu *v, const char *name, uint64_t value, struct error *e)
{
	unsigned size;
	int reg = find_named(v, name, &size);
	if (reg < 0)
		return error_set(e, -EINVAL,
		        "%s: not a register; expected one such as rax, ax, cs or cr0", name);
	if (size < 8 && value >> 8 * size)
		return error_set(e, -EINVAL, "0x%" PRIx64 " does not fit %s, which has %u bits",
		        value, name, 8 * size);
	uint8_t bytes[REGISTERS_SIZE_MAX];
	int err = registers_read(v, reg, bytes);
	if (err)
		return error_set(e, err, "%s can't be read: %s", name, strerror(-err));
	memcpy(bytes, &value, size);
	struct error why = { 0 };
	err = registers_write(v, reg, bytes, &why);
	if (err)
		return error_set(e, err, "%s: %s", name, why.text[0] ? why.text : strerror(-err));
	return 0;
}

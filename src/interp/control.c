/* Control registers, cli and sti. */
#include "interp/control.h"

#include "base/array.h"
#include "base/cpu_bits.h"
#include "interp/feature.h"
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/paging.h"
#include "interp/segment.h"

/* SDM vol 3, "Control Registers": bits of CR0 that are there. */
#define CR0_KNOWN 0xe005003fu
#define CR4_PVI   (1u << 1)
#define CR4_DE    (1u << 3)
#define CR4_PCE   (1u << 8)
#define CR4_PCIDE (1u << 17)

/* Who changes one of these, or sets PG or PAE, has PAE paging's entries loaded: SDM vol 3, "PDPTE Registers". */
#define CR0_LOADS_PDPTES (CR0_CD | CR0_NW | CR0_PG)
#define CR4_LOADS_PDPTES (CR4_PAE | CR4_PSE | 1u << 7 | 1u << 20) /* PGE, SMEP */

/* PAE paging keeps four entries in the CPU: SDM vol 3, "PDPTE Registers". */
static bool load_pdptes(struct interp *c, uint64_t cr3)
{
	uint64_t entries[4];
	bool is_rom;
	const uint8_t *at = interp_ram(c, cr3 & 0xffffffe0, &is_rom);
	if (!at)
		return false;
	memcpy(entries, at, sizeof entries);
	for (unsigned k = 0; k < 4; k++)
		if (entries[k] & 1 &&
		        entries[k] & ~0xfffffff019ull) /* reserved here, or on some CPU */
			return false;
	memcpy(c->pdptes, entries, sizeof entries);
	c->has_pdptes = c->pdptes_changed = true;
	return true;
}

enum interp_done interp_write_cr0(struct interp *c, uint64_t value)
{
	struct kvm_sregs *s = &c->sregs;
	bool is_pae = value & CR0_PG && s->cr4 & CR4_PAE;
	if ((value & CR0_PG && !(value & CR0_PE)) || (value & CR0_NW && !(value & CR0_CD)))
		return raise_error(c, V_GP, 0);
	if (value & ~(uint64_t)CR0_KNOWN || (value & CR0_PG && s->efer & EFER_LME) || has_lma(c))
		return HANDOVER;
	/* Protection on and off again: segment registers keep what they have. */
	if ((value ^ s->cr0) & CR0_PE && (value & CR0_PG || s->cr0 & CR0_PG))
		return HANDOVER;
	if (is_pae && (value ^ s->cr0) & CR0_LOADS_PDPTES && !load_pdptes(c, s->cr3))
		return HANDOVER;
	s->cr0 = (uint32_t)value | CR0_ET;
	c->sregs_changed = true;
	interp_derive(c);
	interp_flush(c);
	c->guest_flushed = true;
	return DONE;
}

/* In long mode bit 63 keeps translations, and the low bits may be a PCID: any flush will do. */
static enum interp_done write_cr3(struct interp *c, uint64_t value)
{
	struct kvm_sregs *s = &c->sregs;
	if (has_lma(c) ? s->cr4 & CR4_PCIDE || value & ~0xfffffff018ull
	               : value & 0xfe7 && !(s->cr4 & CR4_PAE))
		return HANDOVER;
	if (!has_lma(c) && s->cr4 & CR4_PAE && s->cr0 & CR0_PG && !load_pdptes(c, value))
		return HANDOVER;
	s->cr3 = value;
	c->sregs_changed = true;
	interp_flush(c);
	c->guest_flushed = true;
	return DONE;
}

/* Bits of CR4 that change nothing but translations and rights, and the feature of leaf 1 (edx) without which they are
 * reserved. SDM vol 3, "Control Registers"; vol 2, "CPUID". PCE has none. */
static const struct {
	uint32_t bit, feature;
} cr4_bits[] = {
	{ 1u << 0, 1u << 1 },   /* VME */
	{ 1u << 1, 1u << 1 },   /* PVI */
	{ 1u << 2, 1u << 4 },   /* TSD: TSC */
	{ 1u << 3, 1u << 2 },   /* DE */
	{ 1u << 4, 1u << 3 },   /* PSE */
	{ 1u << 5, 1u << 6 },   /* PAE */
	{ 1u << 6, 1u << 7 },   /* MCE */
	{ 1u << 7, 1u << 13 },  /* PGE */
	{ 1u << 8, 0 },         /* PCE */
	{ 1u << 9, 1u << 24 },  /* OSFXSR: FXSR */
	{ 1u << 10, 1u << 25 }, /* OSXMMEXCPT: SSE */
};

/* The bits of CR4 that the guest may change here. */
static uint32_t free_cr4_bits(const struct interp *c)
{
	uint32_t bits = 0;
	for (unsigned k = 0; k < c->cpuid_count; k++)
		for (unsigned j = 0; c->cpuid[k].function == 1 && j < ARRAY_SIZE(cr4_bits); j++)
			if ((c->cpuid[k].edx & cr4_bits[j].feature) == cr4_bits[j].feature)
				bits |= cr4_bits[j].bit;
	return bits;
}

static enum interp_done write_cr4(struct interp *c, uint64_t value)
{
	struct kvm_sregs *s = &c->sregs;
	uint64_t changed = value ^ s->cr4;
	bool is_paged = s->cr0 & CR0_PG;
	if (changed & ~(uint64_t)free_cr4_bits(c) || (is_paged && changed & CR4_PAE))
		return HANDOVER;
	if (is_paged && value & CR4_PAE && !has_lma(c) && changed & CR4_LOADS_PDPTES &&
	        !load_pdptes(c, s->cr3))
		return HANDOVER;
	s->cr4 = value;
	c->sregs_changed = true;
	interp_derive(c);
	interp_flush(c);
	c->guest_flushed = true;
	return DONE;
}

/* mov from and to cr0, cr2, cr3, cr4 at CPL 0; what switches to and from long mode is KVM's. */
enum interp_done interp_mov_cr(struct interp *c, const struct insn *i)
{
	struct kvm_sregs *s = &c->sregs;
	const uint64_t now[8] = { s->cr0, 0, s->cr2, s->cr3, s->cr4 };
	uint64_t value = c->r[i->rm >> 3];
	if (i->ext == 1 || (i->ext > 4 && i->ext != 8)) /* else CPUs may ask for the ring first */
		return c->cpl ? HANDOVER : raise(c, V_UD);
	if (c->cpl)
		return raise_error(c, V_GP, 0);
	if (i->ext == 8) /* the task priority is KVM's */
		return HANDOVER;
	if (i->op == 0x20) {
		c->r[i->rm >> 3] = c->is_long ? now[i->ext] : (uint32_t)now[i->ext];
		return DONE;
	}
	if (!c->is_long)
		value = (uint32_t)value;
	switch (i->ext) {
	case 0: return interp_write_cr0(c, value);
	case 2:
		s->cr2 = value;
		c->sregs_changed = true;
		return DONE;
	case 3: return write_cr3(c, value);
	case 4: return write_cr4(c, value);
	default: return HANDOVER;
	}
}

/* Makes of *value what the debug register has after it is written. Writes that arm a register are handed over, and so are
 * those of bits that are reserved or that only some CPUs have: DR6's RTM and BLD, DR7's RTM. SDM vol 3, "Debug
 * Registers". */
static enum interp_done make_debug(struct interp *c, unsigned number, uint64_t *value)
{
	enum { DR6_ONES = 0xffff0ff0, DR6_OF_SOME = 0x10800, DR6_ZERO = 0x1000 };
	enum { DR7_ZEROS = 0xd800, DR7_ARMS = DR7_GD | 0xff };
	if (number < 4)
		return is_canonical(*value) ? DONE : HANDOVER;
	if (*value >> 32)
		return raise_error(c, V_GP, 0);
	if (number == 6) {
		if (*value & DR6_ZERO || (*value & DR6_OF_SOME) != DR6_OF_SOME)
			return HANDOVER;
		*value |= DR6_ONES;
		return DONE;
	}
	if (*value & (DR7_ZEROS | DR7_ARMS))
		return HANDOVER;
	*value |= DR7_ONES;
	return DONE;
}

/* mov from and to debug registers: SDM vol 2. Of those that there are not an EPYC says #UD at CPL 3, too. */
enum interp_done interp_mov_dr(struct interp *c, const struct insn *i)
{
	unsigned number = i->ext;
	uint64_t *reg = &c->r[i->rm >> 3], value = c->is_long ? *reg : (uint32_t)*reg;
	bool is_write = i->op == 0x23, is_alias = number == 4 || number == 5;
	if (c->cpl)
		return number < 8 && !is_alias ? raise_error(c, V_GP, 0) : HANDOVER;
	if (number > 7 || (is_alias && c->sregs.cr4 & CR4_DE))
		return raise(c, V_UD);
	number += is_alias ? 2 : 0;
	if (is_write) {
		enum interp_done how = make_debug(c, number, &value);
		if (how != DONE)
			return how;
	}
	if (!c->debug || !c->debug(c->ctx, number, &value, is_write))
		return HANDOVER;
	if (!is_write)
		*reg = c->is_long ? value : (uint32_t)value;
	return DONE;
}

/* IOPL forbids it; with PVI, the virtual interrupt flag is meant. */
static enum interp_done forbid(struct interp *c)
{
	return c->sregs.cr4 & CR4_PVI ? HANDOVER : raise_error(c, V_GP, 0);
}

enum interp_done interp_cli(struct interp *c, const struct insn *i)
{
	(void)i;
	if (!iopl_allows(c))
		return forbid(c);
	c->rflags &= ~(uint64_t)IF;
	return DONE;
}

/* Halting is the caller's. */
enum interp_done interp_hlt(struct interp *c, const struct insn *i)
{
	(void)i;
	return c->cpl ? raise_error(c, V_GP, 0) : HANDOVER;
}

enum interp_done interp_clts(struct interp *c, const struct insn *i)
{
	(void)i;
	if (c->cpl)
		return raise_error(c, V_GP, 0);
	c->sregs.cr0 &= ~(uint64_t)CR0_TS;
	c->sregs_changed = true;
	return DONE;
}

/* The caches are the host's. */
enum interp_done interp_wbinvd(struct interp *c, const struct insn *i)
{
	(void)i;
	return c->cpl ? raise_error(c, V_GP, 0) : DONE;
}

/* Of ring 0, or where CR4 lets others. Counters are KVM's. */
enum interp_done interp_rdpmc(struct interp *c, const struct insn *i)
{
	(void)i;
	return c->cpl && !(c->sregs.cr4 & CR4_PCE) ? raise_error(c, V_GP, 0) : HANDOVER;
}

/* Whether some CPU or hypervisor has registers in this range. SDM vol 4; Linux' arch/x86/include/asm/msr-index.h,
 * kvm_para.h, hyperv-tlfs.h. */
static bool is_msr_range(uint32_t number)
{
	return number < 0x2000 || number - 0x40000000 < 0x1000 || number - 0x4b564d00 < 0x100 ||
	       number - 0xc0000000 < 0x20000;
}

/* The bases of fs and gs, which the engine has. */
static enum interp_done access_base(
        struct interp *c, struct kvm_segment *s, uint64_t *value, bool is_write)
{
	if (interp_feature(c, FEATURE_LM) != FEATURE_PRESENT)
		return HANDOVER;
	if (is_write && !is_canonical(*value))
		return raise_error(c, V_GP, 0);
	if (!is_write) {
		*value = s->base;
		return DONE;
	}
	s->base = *value;
	c->sregs_changed = true;
	interp_derive(c);
	return DONE;
}

static enum interp_done access_msr(
        struct interp *c, uint32_t number, uint64_t *value, bool is_write)
{
	uint64_t old;
	if (number == MSR_FS_BASE || number == MSR_GS_BASE)
		return access_base(
		        c, number == MSR_FS_BASE ? &c->sregs.fs : &c->sregs.gs, value, is_write);
	if (!c->msr)
		return HANDOVER;
	if (!is_msr_range(number))
		return c->msr(c->ctx, number, &old, false) == INTERP_MSR_NONE
		               ? raise_error(c, V_GP, 0)
		               : HANDOVER;
	return c->msr(c->ctx, number, value, is_write) == INTERP_MSR_DONE ? DONE : HANDOVER;
}

/* rdmsr (32) and wrmsr (30) */
enum interp_done interp_msr(struct interp *c, const struct insn *i)
{
	uint64_t value = (uint32_t)c->r[AX] | c->r[DX] << 32;
	bool is_write = i->op == 0x30;
	if (c->cpl)
		return raise_error(c, V_GP, 0);
	enum interp_done how = access_msr(c, (uint32_t)c->r[CX], &value, is_write);
	if (how != DONE)
		return how;
	if (!is_write) {
		c->r[AX] = (uint32_t)value;
		c->r[DX] = value >> 32;
	}
	return DONE;
}

enum interp_done interp_sti(struct interp *c, const struct insn *i)
{
	(void)i;
	if (!iopl_allows(c))
		return forbid(c);
	if (!(c->rflags & IF)) {
		c->new_shadow = KVM_X86_SHADOW_INT_STI;
		c->attention = true;
	}
	c->rflags |= IF;
	return DONE;
}

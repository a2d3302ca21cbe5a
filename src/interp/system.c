/* What an operating system's entries and its start use: syscall, sysret, swapgs; cpuid, rdtsc, rdtscp; smsw,
 * lmsw, sgdt, sidt, lgdt, lidt, invlpg. */
#include "interp/control.h"
#include "interp/feature.h"
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/segment.h"
#include "interp/transfer.h"

#include "base/cpu_bits.h"

#define EFER_SCE    (1u << 0)
#define CR4_TSD     (1u << 2)
#define CR4_UMIP    (1u << 11)
#define CR4_PKE_BIT (1u << 22)

static struct kvm_segment flat_segment(uint16_t selector, bool is_code, uint8_t dpl)
{
	return (struct kvm_segment) {
		.limit = UINT32_MAX,
		.selector = selector,
		.type = is_code ? 11 : 3,
		.present = 1,
		.dpl = dpl,
		.db = !is_code,
		.s = 1,
		.l = is_code,
		.g = 1,
	};
}

/* In 64-bit code; elsewhere Intel's CPUs have neither. */
static enum interp_done check_syscall(struct interp *c)
{
	if (!(c->sregs.efer & EFER_SCE))
		return raise(c, V_UD);
	return c->is_long && c->has_msrs ? DONE : HANDOVER;
}

/* sysenter (34) and sysexit (35): not in real mode, and out of ring 0 alone. In long mode AMD's CPUs have neither. SDM
 * vol 2. */
enum interp_done interp_sysenter(struct interp *c, const struct insn *i)
{
	enum { SYSENTER_CS = 0x174, SYSENTER_ESP = 0x175, SYSENTER_EIP = 0x176 };
	bool is_exit = i->op == 0x35;
	uint64_t cs, sp, ip;
	if (c->is_real || (is_exit && c->cpl && !has_lma(c)))
		return raise_error(c, V_GP, 0);
	if (has_lma(c) || !c->msr || i->osz != 2 ||
	        c->msr(c->ctx, SYSENTER_CS, &cs, false) != INTERP_MSR_DONE)
		return HANDOVER;
	if (!(cs & 0xfffc))
		return raise_error(c, V_GP, 0);
	if (cs > 0xffff || c->is_v86)
		return HANDOVER;
	if (is_exit) {
		struct kvm_segment user = flat_segment((uint16_t)(cs + 16) | 3, true, 3);
		user.l = 0;
		user.db = 1;
		c->sregs.ss = flat_segment((uint16_t)(cs + 24) | 3, false, 3);
		c->r[SP] = (uint32_t)c->r[CX];
		interp_go(c, &user, (uint32_t)c->r[DX]);
		return DONE;
	}
	if (c->msr(c->ctx, SYSENTER_ESP, &sp, false) != INTERP_MSR_DONE ||
	        c->msr(c->ctx, SYSENTER_EIP, &ip, false) != INTERP_MSR_DONE || sp >> 32 || ip >> 32)
		return HANDOVER;
	struct kvm_segment code = flat_segment((uint16_t)(cs & 0xfffc), true, 0);
	code.l = 0;
	code.db = 1;
	c->sregs.ss = flat_segment((uint16_t)((cs & 0xfffc) + 8), false, 0);
	c->rflags &= ~(uint64_t)(IF | VM | RF);
	c->r[SP] = sp;
	interp_go(c, &code, ip);
	return DONE;
}

enum interp_done interp_syscall(struct interp *c, const struct insn *i)
{
	uint64_t flags = flags_get(c) & ~(uint64_t)RF;
	uint16_t selector = (uint16_t)(c->msrs.star >> 32) & 0xfffc;
	enum interp_done how = check_syscall(c);
	(void)i;
	if (how != DONE)
		return how;
	if (!is_canonical(c->msrs.lstar))
		return HANDOVER;
	c->r[CX] = c->r[NEXT];
	c->r[R11] = flags;
	flags_put(c, (flags & ~c->msrs.fmask) | 2);
	struct kvm_segment code = flat_segment(selector, true, 0);
	c->sregs.ss = flat_segment((uint16_t)(selector + 8), false, 0);
	interp_go(c, &code, c->msrs.lstar);
	return DONE;
}

/* To 64-bit code, or to 32-bit code without REX.W. AMD's CPUs leave ss' hidden part as it is, so it is to be a flat
 * one. */
enum interp_done interp_sysret(struct interp *c, const struct insn *i)
{
	const struct kvm_segment *ss = &c->sregs.ss;
	uint16_t selector = (uint16_t)(c->msrs.star >> 48) | 3;
	bool is_wide = i->osz == 3;
	enum interp_done how = check_syscall(c);
	if (how != DONE)
		return how;
	if (c->cpl)
		return raise_error(c, V_GP, 0);
	if ((is_wide && !is_canonical(c->r[CX])) || c->r[R11] & (TF | VIF | VIP))
		return HANDOVER;
	if (ss->unusable || ss->base || ss->limit != UINT32_MAX || ss->type != 3 || !ss->db ||
	        !ss->g)
		return HANDOVER;
	flags_put(c, (c->r[R11] & 0x3c7fd7) | 2); /* SDM vol 2, "SYSRET" */
	if (c->rflags & IF)
		c->attention = true;
	struct kvm_segment code =
	        flat_segment(is_wide ? (uint16_t)(selector + 16) : selector, true, 3);
	code.l = is_wide;
	code.db = !is_wide;
	c->sregs.ss = flat_segment((uint16_t)(selector + 8), false, 3);
	interp_go(c, &code, is_wide ? c->r[CX] : (uint32_t)c->r[CX]);
	return DONE;
}

static enum interp_done swap_gs(struct interp *c)
{
	uint64_t base = c->sregs.gs.base;
	if (!c->is_long)
		return raise(c, V_UD);
	if (c->cpl)
		return raise_error(c, V_GP, 0);
	if (!c->has_msrs)
		return HANDOVER;
	c->sregs.gs.base = c->msrs.kernel_gs_base;
	c->msrs.kernel_gs_base = base;
	c->msrs_changed = c->sregs_changed = true;
	interp_derive(c);
	return DONE;
}

enum interp_done interp_rdtsc(struct interp *c, const struct insn *i)
{
	uint64_t tsc;
	uint32_t aux;
	bool has_aux = i->op == 0x01; /* rdtscp */
	if (!c->tsc)
		return HANDOVER;
	if (c->sregs.cr4 & CR4_TSD && c->cpl)
		return raise_error(c, V_GP, 0);
	if (!c->tsc(c->ctx, &tsc, has_aux ? &aux : NULL))
		return HANDOVER;
	c->r[AX] = (uint32_t)tsc;
	c->r[DX] = tsc >> 32;
	if (has_aux)
		c->r[CX] = aux;
	return DONE;
}

/* Some bits follow what the guest has enabled since the table was made. */
enum interp_done interp_cpuid(struct interp *c, const struct insn *i)
{
	uint32_t leaf = (uint32_t)c->r[AX], subleaf = (uint32_t)c->r[CX];
	const struct kvm_cpuid_entry2 *found = interp_cpuid_entry(c, leaf, subleaf);
	(void)i;
	static const struct kvm_cpuid_entry2 zeros;
	/* One that is not there: zeros of AMD's CPUs, the highest basic one's of Intel's. 0dh: by XCR0; 0bh and 1fh have
	 * subleaves without end. */
	if (!found && interp_vendor(c) == VENDOR_AMD && leaf != 0xb && leaf != 0x1f)
		found = &zeros;
	if (!found || leaf == 0xd)
		return HANDOVER;
	uint32_t ecx = found->ecx;
	if (leaf == 1)
		ecx = (ecx & ~(1u << 27)) | (c->sregs.cr4 & CR4_OSXSAVE ? 1u << 27 : 0);
	if (leaf == 7 && subleaf == 0)
		ecx = (ecx & ~(1u << 4)) | (c->sregs.cr4 & CR4_PKE_BIT ? 1u << 4 : 0);
	c->r[AX] = found->eax;
	c->r[BX] = found->ebx;
	c->r[CX] = ecx;
	c->r[DX] = found->edx;
	return DONE;
}

static enum interp_done store_table(struct interp *c, const struct insn *i)
{
	const struct kvm_dtable *t = i->ext & 1 ? &c->sregs.idt : &c->sregs.gdt;
	uint64_t at = effective_address(c, i);
	unsigned len = c->is_long ? 8 : 4;
	struct place limit, base;
	if (c->cpl && c->sregs.cr4 & CR4_UMIP)
		return HANDOVER;
	/* With 16-bit operands, CPUs differ in the base's upper byte. */
	if ((i->osz == 1 && !c->is_long) || ((at + len + 1) & address_mask(i)) < at)
		return HANDOVER;
	if (!mem_prepare(c, i->seg, at, 2, ACCESS_WRITE, &limit) ||
	        !mem_prepare(c, i->seg, at + 2, len, ACCESS_WRITE, &base))
		return HANDOVER;
	mem_put(&limit, t->limit, 2);
	mem_put(&base, t->base, len);
	return DONE;
}

static enum interp_done load_table(struct interp *c, const struct insn *i)
{
	struct kvm_dtable *t = i->ext & 1 ? &c->sregs.idt : &c->sregs.gdt;
	uint64_t limit, base, at = effective_address(c, i);
	unsigned len = c->is_long ? 8 : 4;
	if (c->cpl)
		return raise_error(c, V_GP, 0);
	if (((at + len + 1) & address_mask(i)) < at)
		return HANDOVER;
	if (!mem_read(c, i->seg, at, 2, &limit) || !mem_read(c, i->seg, at + 2, len, &base))
		return interp_either_faults(c, i->seg, at, 2, i->seg, at + 2, len);
	if (c->is_long && !is_canonical(base))
		return HANDOVER;
	t->limit = (uint16_t)limit;
	t->base = i->osz == 1 && !c->is_long ? base & 0xffffff : base;
	c->sregs_changed = true;
	return DONE;
}

static enum interp_done store_status_word(struct interp *c, const struct insn *i)
{
	struct place at;
	if (c->cpl && c->sregs.cr4 & CR4_UMIP)
		return HANDOVER;
	if (!i->is_mem) {
		/* To 32 and 64 bits: the upper ones are undefined, and cr0's. */
		reg_put(c, i->rm, operand_len(i), c->sregs.cr0);
		return DONE;
	}
	if (!rm_prepare(c, i, 2, ACCESS_WRITE, &at))
		return FAULTS;
	mem_put(&at, c->sregs.cr0, 2);
	return DONE;
}

static enum interp_done load_status_word(struct interp *c, const struct insn *i)
{
	uint64_t v, cr0 = c->sregs.cr0;
	if (c->cpl)
		return raise_error(c, V_GP, 0);
	if (!rm_read(c, i, 2, &v))
		return FAULTS;
	/* PE, MP, EM and TS; PE does not go off. */
	return interp_write_cr0(c, (cr0 & ~0xeull) | (v & 0xf));
}

static enum interp_done invalidate_page(struct interp *c)
{
	if (c->cpl)
		return raise_error(c, V_GP, 0);
	interp_flush(c);
	c->guest_flushed = true;
	return DONE;
}

/* 0f 01 */
enum interp_done interp_system_group(struct interp *c, const struct insn *i)
{
	switch (i->ext) {
	case 0:
	case 1: return i->is_mem ? store_table(c, i) : HANDOVER;
	case 2:
	case 3: return i->is_mem ? load_table(c, i) : HANDOVER;
	case 4: return store_status_word(c, i);
	case 6: return load_status_word(c, i);
	case 7:
		if (i->is_mem)
			return invalidate_page(c);
		if (i->rm == 0)
			return swap_gs(c);
		return i->rm == 8 ? interp_rdtsc(c, i) : HANDOVER;
	default: return HANDOVER;
	}
}

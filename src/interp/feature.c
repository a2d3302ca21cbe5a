/* Opcodes that are an instruction where cpuid has its feature, and raise #UD elsewhere; popcnt; the hints, which do
 * nothing. SDM vol 2; its appendix "Opcode Map". */
#include "interp/feature.h"

#include <string.h>

#include "base/cpu_bits.h"
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/memory.h"

#define CR4_VMXE (1u << 13)
#define CR4_SMXE (1u << 14)

const struct kvm_cpuid_entry2 *interp_cpuid_entry(
        const struct interp *c, uint32_t leaf, uint32_t subleaf)
{
	for (unsigned k = 0; k < c->cpuid_count; k++) {
		const struct kvm_cpuid_entry2 *e = &c->cpuid[k];
		bool has_index = e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
		if (e->function == leaf && (!has_index || e->index == subleaf))
			return e;
	}
	return NULL;
}

enum feature interp_feature(const struct interp *c, uint32_t leaf, uint32_t subleaf,
        enum feature_register which, unsigned bit)
{
	const struct kvm_cpuid_entry2 *e = interp_cpuid_entry(c, leaf, subleaf);
	if (!e)
		return c->cpuid_count ? FEATURE_ABSENT : FEATURE_UNKNOWN;
	const uint32_t registers[] = { e->eax, e->ebx, e->ecx, e->edx };
	return registers[which] >> bit & 1 ? FEATURE_PRESENT : FEATURE_ABSENT;
}

enum vendor interp_vendor(const struct interp *c)
{
	const struct kvm_cpuid_entry2 *e = interp_cpuid_entry(c, 0, 0);
	if (!e)
		return VENDOR_UNKNOWN;
	const uint32_t name[] = { e->ebx, e->edx, e->ecx };
	if (!memcmp(name, "GenuineIntel", sizeof name))
		return VENDOR_INTEL;
	return memcmp(name, "AuthenticAMD", sizeof name) ? VENDOR_UNKNOWN : VENDOR_AMD;
}

static enum interp_done undefined_without(struct interp *c, enum feature feature)
{
	return feature == FEATURE_ABSENT ? raise(c, V_UD) : HANDOVER;
}

/* 8f /1 to /7: AMD's CPUs with XOP have other instructions there. */
enum interp_done interp_pop_or_xop(struct interp *c, const struct insn *i)
{
	(void)i;
	return undefined_without(c, interp_feature(c, FEATURE_XOP));
}

/* d5 in 64-bit code: APX has a prefix there. */
enum interp_done interp_aad_or_apx(struct interp *c, const struct insn *i)
{
	return c->is_long ? undefined_without(c, interp_feature(c, FEATURE_APX)) : interp_aam(c, i);
}

/* c6 and c7 /7: xabort and xbegin. */
enum interp_done interp_transaction(struct interp *c, const struct insn *i)
{
	(void)i;
	return undefined_without(c, interp_feature(c, FEATURE_RTM));
}

/* 0f 37 */
enum interp_done interp_getsec(struct interp *c, const struct insn *i)
{
	(void)i;
	return c->sregs.cr4 & CR4_SMXE ? HANDOVER : raise(c, V_UD);
}

/* 0f a6 and a7, which VIA's CPUs have. */
enum interp_done interp_padlock(struct interp *c, const struct insn *i)
{
	(void)i;
	return interp_vendor(c) == VENDOR_UNKNOWN ? HANDOVER : raise(c, V_UD);
}

/* 0f c7 without a prefix, but for /1 with memory: xrstors, xsavec, xsaves; vmptrld and vmptrst; rdrand and rdseed. */
enum interp_done interp_group_9(struct interp *c, const struct insn *i)
{
	if (!i->is_mem && i->ext >= 6)
		return undefined_without(c, i->ext == 6 ? interp_feature(c, FEATURE_RDRAND)
		                                        : interp_feature(c, FEATURE_RDSEED));
	if (i->is_mem && i->ext >= 3 && i->ext <= 5 && c->sregs.cr4 & CR4_OSXSAVE)
		return HANDOVER;
	if (i->is_mem && i->ext >= 6 && c->sregs.cr4 & CR4_VMXE)
		return HANDOVER;
	return raise(c, V_UD);
}

/* 0f b8: popcnt with f3. */
enum interp_done interp_popcnt(struct interp *c, const struct insn *i)
{
	unsigned len = operand_len(i);
	uint64_t v;
	if (i->rep != 0xf3)
		return i->rep ? HANDOVER : raise(c, V_UD);
	if (interp_feature(c, FEATURE_POPCNT) != FEATURE_PRESENT)
		return undefined_without(c, interp_feature(c, FEATURE_POPCNT));
	if (!rm_read(c, i, len, &v))
		return FAULTS;
	c->status = v ? 0 : S_ZF;
	reg_put(c, i->reg, len, (uint64_t)__builtin_popcountll(v));
	return DONE;
}

/* 0f 18 to 0f 1f: prefetches, and what is reserved for hints, which does nothing. Where MPX is, 1a and 1b are its; with
 * control-flow enforcement, which the engine leaves to KVM, some of 1e do something. 0f 0d has prefetches with memory. */
enum interp_done interp_hint(struct interp *c, const struct insn *i)
{
	bool is_mpx = i->op == 0x1a || i->op == 0x1b;
	if (i->op == 0x0d)
		return i->is_mem ? DONE : HANDOVER;
	return !is_mpx || interp_feature(c, FEATURE_MPX) == FEATURE_ABSENT ? DONE : HANDOVER;
}

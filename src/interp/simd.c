/* Of MMX and SSE the exceptions that CR0 and CR4 have all of their instructions raise; what they do is KVM's. SDM vol 2,
 * appendix "Opcode Map", table A-3; "Exception Conditions for SIMD/MMX Instructions"; vol 3, "Intel MMX Technology System
 * Programming", table "Action Taken By MMX Instructions for Different Combinations of EM, MP, and TS"; "System
 * Programming for Instruction Set Extensions", the table of OSFXSR, EM and TS. */
#include "base/cpu_bits.h"
#include "interp/feature.h"
#include "interp/handlers.h"

/* What an opcode is with each of the prefixes that make another instruction of it. */
enum kind {
	ODD = 0, /* none, or one of a later extension */
	MMX = 1, /* of registers mm, without xmm */
	SSE = 2, /* SSE or SSE2, with xmm */
};
#define KINDS(none, with_66, with_f3, with_f2)                                                     \
	{                                                                                          \
		none, with_66, with_f3, with_f2                                                    \
	}
#define ALL       KINDS(SSE, SSE, SSE, SSE)
#define PACKED    KINDS(SSE, SSE, ODD, ODD)
#define PS_SS     KINDS(SSE, ODD, SSE, ODD)
#define MMX_OR_66 KINDS(MMX, SSE, ODD, ODD)

static const uint8_t kinds[256][4] = {
	[0x10 ... 0x11] = ALL,
	[0x12] = PACKED,
	[0x13] = PACKED,
	[0x14 ... 0x17] = PACKED,
	[0x28 ... 0x29] = PACKED,
	[0x2a] = ALL,
	[0x2b] = PACKED,
	[0x2c ... 0x2d] = ALL,
	[0x2e ... 0x2f] = PACKED,
	[0x50] = PACKED,
	[0x51] = ALL,
	[0x52 ... 0x53] = PS_SS,
	[0x54 ... 0x57] = PACKED,
	[0x58 ... 0x5a] = ALL,
	[0x5b] = KINDS(SSE, SSE, SSE, ODD),
	[0x5c ... 0x5f] = ALL,
	[0x60 ... 0x6b] = MMX_OR_66,
	[0x6c ... 0x6d] = KINDS(ODD, SSE, ODD, ODD),
	[0x6e] = MMX_OR_66,
	[0x6f] = KINDS(MMX, SSE, SSE, ODD),
	[0x70] = KINDS(MMX, SSE, SSE, SSE),
	[0x71 ... 0x73] = MMX_OR_66,
	[0x74 ... 0x76] = MMX_OR_66,
	[0x77] = KINDS(MMX, ODD, ODD, ODD),
	[0x7e] = KINDS(MMX, SSE, SSE, ODD),
	[0x7f] = KINDS(MMX, SSE, SSE, ODD),
	[0xc2] = ALL,
	[0xc4 ... 0xc5] = MMX_OR_66,
	[0xc6] = PACKED,
	[0xd1 ... 0xd5] = MMX_OR_66,
	[0xd6] = KINDS(ODD, SSE, SSE, SSE),
	[0xd7 ... 0xe5] = MMX_OR_66,
	[0xe6] = KINDS(ODD, SSE, SSE, SSE),
	[0xe7 ... 0xef] = MMX_OR_66,
	[0xf1 ... 0xfe] = MMX_OR_66,
};

/* The prefix that counts: f2 and f3 before 66. */
static enum kind kind_of(const struct insn *i)
{
	unsigned which = i->rep == 0xf2 ? 3 : i->rep == 0xf3 ? 2 : i->has_66;
	return (enum kind)kinds[i->op][which];
}

/* Whether there is such an instruction with this operand: some have memory alone, some registers, and shifts by an
 * immediate go by ModRM.reg. */
static bool has_form(const struct insn *i)
{
	switch (i->op) {
	case 0x13:
	case 0x17:
	case 0x2b:
	case 0xe7: return i->is_mem;
	case 0x12:
	case 0x16: return i->is_mem || !i->has_66;
	case 0x50:
	case 0xc5:
	case 0xd7:
	case 0xf7: return !i->is_mem;
	case 0xd6: return !i->is_mem || !i->rep;
	case 0x71 ... 0x73: return !i->is_mem && (i->ext == 2 || i->ext == 6);
	default: return true;
	}
}

static bool has_all(const struct interp *c)
{
	return interp_feature(c, FEATURE_MMX) == FEATURE_PRESENT &&
	       interp_feature(c, FEATURE_SSE) == FEATURE_PRESENT &&
	       interp_feature(c, FEATURE_SSE2) == FEATURE_PRESENT;
}

/* With CR0.EM each of these opcodes raises #UD, whatever CPU it is and whether there is such an instruction, and so do
 * those with xmm registers without CR4.OSFXSR. With CR0.TS what is surely there raises #NM. Where both are so, Intel has
 * #UD, AMD leaves it open, and QEMU's TCG has #NM. */
enum interp_done interp_simd(struct interp *c, const struct insn *i)
{
	enum kind kind = kind_of(i);
	bool is_off = c->sregs.cr0 & CR0_EM, has_xmm = c->sregs.cr4 & CR4_OSFXSR;
	bool is_undefined = is_off || (kind == SSE && !has_xmm);
	if (!(c->sregs.cr0 & CR0_TS))
		return is_undefined ? raise(c, V_UD) : HANDOVER;
	if (!is_off && has_xmm && kind != ODD && has_form(i) && has_all(c))
		return raise(c, V_NM);
	return HANDOVER;
}

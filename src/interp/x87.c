/* Of the x87 what start-up code does to find it: fninit, fnclex, fnstsw, fnstcw, fwait; and the #NM that CR0 has all of
 * its instructions raise. Its arithmetic is KVM's. SDM vol 2; appendix "Escape Opcodes"; vol 3, "x87 FPU" and "Control
 * Registers" for EM, MP and TS. */
#include "base/cpu_bits.h"
#include "interp/handlers.h"
#include "interp/memory.h"

enum { FCW_INIT = 0x37f, FSW_SUMMARY = 0x80, FSW_EXCEPTIONS = 0x80ff };

enum interp_done interp_fwait(struct interp *c, const struct insn *i)
{
	(void)i;
	if (c->sregs.cr0 & CR0_MP && c->sregs.cr0 & CR0_TS)
		return raise(c, V_NM);
	return c->has_x87 && !(c->x87.fsw & FSW_SUMMARY)
	               ? DONE
	               : HANDOVER; /* else #MF, or its interrupt */
}

/* What is documented of d8 to df: members with memory, a bit each; and with registers, a bit each from c0 on. */
static const struct {
	uint8_t memory;
	uint64_t registers;
} defined[8] = {
	{ 0xff, UINT64_MAX },
	{ 0xfd, 0xffff7f330001ffff }, /* no alias of fstp */
	{ 0xff, 0x00000200ffffffff },
	{ 0xad, 0x00ffff0cffffffff }, /* fisttp is SSE3's */
	{ 0xff, 0xffffffff0000ffff },
	{ 0xdd, 0x0000ffffffff00ff },
	{ 0xff, 0xffffffff0200ffff },
	{ 0xfd, 0x00ffff0100000000 },
};

static unsigned register_form(const struct insn *i)
{
	return (unsigned)i->ext << 3 | (i->rm >> 3 & 7);
}

static bool is_defined(const struct insn *i)
{
	unsigned k = i->op - 0xd8;
	return i->is_mem ? defined[k].memory >> i->ext & 1
	                 : defined[k].registers >> register_form(i) & 1;
}

static enum interp_done initialize(struct interp *c, bool is_whole)
{
	if (is_whole)
		c->x87 = (struct interp_x87) { .fcw = FCW_INIT };
	else
		c->x87.fsw &= (uint16_t)~FSW_EXCEPTIONS;
	c->x87_changed = true;
	return DONE;
}

static enum interp_done store(struct interp *c, const struct insn *i, uint16_t value)
{
	struct place at;
	if (!mem_prepare(c, i->seg, effective_address(c, i), 2, ACCESS_WRITE, &at))
		return FAULTS;
	mem_put(&at, value, 2);
	return DONE;
}

/* d8 to df */
enum interp_done interp_x87(struct interp *c, const struct insn *i)
{
	enum { FNCLEX = 0x22, FNINIT = 0x23, FNSTSW_AX = 0x20 }; /* ModRM less c0 */
	if (!is_defined(i))
		return HANDOVER;
	if (c->sregs.cr0 & (CR0_EM | CR0_TS))
		return raise(c, V_NM);
	if (!c->has_x87)
		return HANDOVER;
	if (i->is_mem && i->ext == 7 && i->op == 0xd9)
		return store(c, i, c->x87.fcw);
	if (i->is_mem && i->ext == 7 && i->op == 0xdd)
		return store(c, i, c->x87.fsw);
	if (i->is_mem)
		return HANDOVER;
	if (i->op == 0xdb && (register_form(i) == FNCLEX || register_form(i) == FNINIT))
		return initialize(c, register_form(i) == FNINIT);
	if (i->op != 0xdf || register_form(i) != FNSTSW_AX)
		return HANDOVER;
	reg_put(c, AX * 8, 2, c->x87.fsw);
	return DONE;
}

/* 0f ae /0 and /1: fxsave, fxrstor */
enum interp_done interp_fxsave(struct interp *c, const struct insn *i)
{
	return i->is_mem && c->sregs.cr0 & (CR0_EM | CR0_TS) ? raise(c, V_NM) : HANDOVER;
}

/* Of the x87 only what start-up code does to find it: fninit, fnclex, fnstsw, fnstcw, fwait. Its arithmetic is KVM's.
 * SDM vol 2; vol 3, "x87 FPU" and "Control Registers" for EM, MP and TS. */
#include "base/cpu_bits.h"
#include "interp/handlers.h"
#include "interp/memory.h"

enum { FCW_INIT = 0x37f, FSW_SUMMARY = 0x80, FSW_EXCEPTIONS = 0x80ff };

static enum interp_done check(struct interp *c)
{
	if (c->sregs.cr0 & (CR0_EM | CR0_TS))
		return raise(c, V_NM);
	return c->has_x87 ? DONE : HANDOVER;
}

enum interp_done interp_fwait(struct interp *c, const struct insn *i)
{
	(void)i;
	if (c->sregs.cr0 & CR0_MP && c->sregs.cr0 & CR0_TS)
		return raise(c, V_NM);
	return c->has_x87 && !(c->x87.fsw & FSW_SUMMARY)
	               ? DONE
	               : HANDOVER; /* else #MF, or its interrupt */
}

/* db e2 and db e3 */
enum interp_done interp_fninit(struct interp *c, const struct insn *i)
{
	if (i->is_mem || (i->rm != 2 * 8 && i->rm != 3 * 8))
		return HANDOVER;
	enum interp_done how = check(c);
	if (how != DONE)
		return how;
	if (i->rm == 2 * 8)
		c->x87.fsw &= (uint16_t)~FSW_EXCEPTIONS;
	else
		c->x87 = (struct interp_x87) { .fcw = FCW_INIT };
	c->x87_changed = true;
	return DONE;
}

static enum interp_done store(struct interp *c, const struct insn *i, bool is_status)
{
	struct place at;
	enum interp_done how = check(c);
	if (how != DONE)
		return how;
	if (!mem_prepare(c, i->seg, effective_address(c, i), 2, ACCESS_WRITE, &at))
		return FAULTS;
	mem_put(&at, is_status ? c->x87.fsw : c->x87.fcw, 2);
	return DONE;
}

/* d9 /7 and dd /7, to memory */
enum interp_done interp_fnstcw(struct interp *c, const struct insn *i)
{
	return i->is_mem ? store(c, i, false) : HANDOVER;
}

enum interp_done interp_fnstsw(struct interp *c, const struct insn *i)
{
	return i->is_mem ? store(c, i, true) : HANDOVER;
}

/* df e0 */
enum interp_done interp_fnstsw_ax(struct interp *c, const struct insn *i)
{
	if (i->is_mem || i->rm != 0)
		return HANDOVER;
	enum interp_done how = check(c);
	if (how == DONE)
		reg_put(c, AX * 8, 2, c->x87.fsw);
	return how;
}

/* Whether the guest is on its way to 64-bit code, and whether it has arrived. */
#include "debug/approach.h"

#include "base/cpu_bits.h"
#include "debug/means.h"
#include "kvm/efer.h"
#include "kvm/registers.h"

void approach_begin(struct cpu_run *r)
{
	r->approach_left = APPROACH_STEPS_MAX;
}

bool approach_has_arrived(struct control *c)
{
	return c->watches_long && registers_mode(c->cpu.vcpu) == CPU_LONG64;
}

enum approach approach_next(struct control *c)
{
	struct vcpu *v = c->cpu.vcpu;
	if (!c->watches_long)
		return APPROACH_FAR;
	if (registers_mode(v) == CPU_LONG64)
		return APPROACH_ARRIVED;
	/* The engine hands a write of EFER over, to a step. */
	if (!(vcpu_sregs(v)->efer & EFER_LME) && (means_engine_is_first(c) || efer_watch(v)))
		return APPROACH_FAR;
	if (!c->cpu.approach_left)
		return APPROACH_ARRIVED;
	c->cpu.approach_left--;
	return APPROACH_NEAR;
}

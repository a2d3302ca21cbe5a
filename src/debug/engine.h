/* The engine (src/interp) as a means of run control, beside KVM's step and KVM's free run (means.h). It does
 * instructions on a copy of the vCPU's state, which goes back to vcpu.h after each run of it, and in the
 * guest's RAM; what it hands over is KVM's. What the guest sees is the same, but for the speed and for what
 * this KVM can't do. Private to src/debug. */
#ifndef STEPVM_DEBUG_ENGINE_H
#define STEPVM_DEBUG_ENGINE_H

#include "debug/state.h"

/* What it has is made when it is first used. */
void engine_close(struct control *c);
/* What it knows of where the guest has been goes into c->trail; and from now on there, to the trail that c has now. */
void engine_leave_trail(struct control *c);
void engine_follow_trail(struct control *c);

/* Does one instruction, or an iteration of a rep, as step_one does, and tells seen.h what it has hit. *stop
 * is STOP_STEPPED: what was seen is to become a stop. False: nothing was done, it is KVM's. */
bool engine_step(struct control *c, struct stop *stop);
/* Steps that have nothing to show to who looks at each instruction, in a row. */
struct engine_steps {
	uint64_t begin, end; /* they end where the pc (gva) is not in [begin, end), */
	uint64_t max;        /* after so many, */
	bool is_interrupted; /* and before an instruction at which the CPU takes an interrupt that waits */
};
/* Does as many of them as come one after the other and as many engine_step would do; ends at breakpoints, at what hits a
 * watchpoint, and where somebody kicks, too. How many were done; 0: the next instruction is to be stepped alone. */
uint64_t engine_steps(struct control *c, const struct engine_steps *steps, struct stop *stop);
/* To the first instruction of the handler of the interrupt that was acknowledged, likewise. */
bool engine_interrupt(struct control *c, struct stop *stop);

enum engine_result {
	ENGINE_STOPS,  /* *stop says why */
	ENGINE_HANDS,  /* the next instruction, or the way to an interrupt's handler, is KVM's */
	ENGINE_STEPS,  /* an interrupt is due whose way to the handler is to be a step */
	ENGINE_LEAVES, /* all instructions are KVM's while the CPU's state is like this */
};
/* A free run: breakpoints and watchpoints are compared with, nothing is planted or guarded. */
enum engine_result engine_run(struct control *c, struct stop *stop);

#endif

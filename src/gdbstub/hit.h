/* What the machine asks while it runs: at a breakpoint whether it is to stop, and after a step
 * whether somebody wants to see the next one. */
#ifndef STEPVM_GDBSTUB_HIT_H
#define STEPVM_GDBSTUB_HIT_H

#include "gdbstub/session.h"

/* The machine has come to a breakpoint at gva, by running or by a step: evaluates its conditions
 * and runs its commands. True: it is to stop there. What commands have printed is in session_output
 * then, and has to be sent before the next hit. */
bool hit_breakpoint(struct session *s, unsigned cpu, uint64_t gva);
/* The same, without commands and tracepoints: of a place that is only looked for. */
bool hit_would_stop(struct session *s, unsigned cpu, uint64_t gva);
/* A tracepoint wants to see the next instructions (while-stepping): the machine goes on step by
 * step and calls hit_stepped after each. False: it need not any more. */
bool hit_wants_steps(const struct session *s);
bool hit_stepped(struct session *s, unsigned cpu);

/* Evaluates the conditions, and runs the commands, of the breakpoints at the pc. True: the machine
 * is to stop there. */
bool hit_evaluate(struct session *s, unsigned cpu);

#endif

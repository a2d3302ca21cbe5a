/* Who does an instruction: the engine (src/interp), KVM's step, KVM's free run. The one place that decides
 * it; how each does it is step.c's, free_run.c's and engine.c's.
 *
 * Where KVM runs guests on the CPU, free runs and the steps that a debugger asks for one by one are KVM's,
 * and the engine does the steps that no debugger has asked for. Where KVM emulates its guests, and with
 * --check-engine (check.h) everywhere, the engine comes first, free runs included, and KVM does what it hands
 * over. Private to src/debug, but for the choice and the sentence. */
#ifndef STEPVM_DEBUG_MEANS_H
#define STEPVM_DEBUG_MEANS_H

#include <stddef.h>

#include "debug/state.h"

/* Whether this KVM emulates its guests; found out when it is first asked. */
bool means_kvm_emulates(struct control *c);
/* Whether the engine is asked first for whatever the guest does. */
bool means_engine_is_first(struct control *c);
/* Whether it is asked to run the guest where KVM can't keep all breakpoints and watchpoints by debug registers. */
bool means_engine_compares(struct control *c);
/* Whether it is asked to do the step that is made for this reason. */
bool means_engine_takes(struct control *c, enum step_why why);

/* "auto", "kvm", "interp" */
const char *means_choice_name(enum engine_choice choice);
/* False: it is none of these words. */
bool means_choice_parse(const char *word, enum engine_choice *choice);
/* Which it is now and why, a line without its end. */
void means_describe(struct control *c, char *to, size_t size);

#endif

/* Whether KVM emulates the guest's instructions one by one: a question of probe.h's, answered by a clock. */
#ifndef STEPVM_KVM_PROBE_EMULATES_H
#define STEPVM_KVM_PROBE_EMULATES_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/scratch.h"

/* Half a millisecond on an emulating KVM. False: no answer. */
bool probe_emulates(struct scratch *s, bool *is_so);

/* How long the loop takes: here, with one jump there, and with as many as here there. */
struct probe_times {
	uint64_t here_ns, one_ns, there_ns;
};
/* What they say. Pure. */
bool probe_emulates_by(const struct probe_times *t);

#endif

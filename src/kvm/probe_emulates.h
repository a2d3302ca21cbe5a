/* Whether KVM emulates the guest's instructions one by one: a question of probe.h's, answered by a clock. */
#ifndef STEPVM_KVM_PROBE_EMULATES_H
#define STEPVM_KVM_PROBE_EMULATES_H

#include "kvm/scratch.h"

/* Half a millisecond on an emulating KVM. False: no answer. */
bool probe_emulates(struct scratch *s, bool *is_so);

#endif

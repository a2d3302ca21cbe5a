/* What only some guests use of a vCPU's state, and the engine has when it is needed: the MSRs of syscall and swapgs, the
 * x87's control and status, what cpuid gives, the TSC. Each costs a call of KVM's, so it is fetched when an
 * instruction was handed over for want of it. Private to src/debug. */
#ifndef STEPVM_DEBUG_ENGINE_EXTRAS_H
#define STEPVM_DEBUG_ENGINE_EXTRAS_H

#include <stdbool.h>
#include <stdint.h>

#include "interp/interp.h"
#include "kvm/vcpu.h"

/* What KVM has, as far as it is known. Zeros: nothing is. */
struct engine_extras {
	bool has_msrs, has_x87; /* since the last interp_load the engine has them, too */
	struct interp_msrs msrs;
	struct interp_x87 x87;
	struct kvm_cpuid2 *cpuid; /* owned; NULL: KVM tells none */
	uint64_t apic_base; /* that it was made for: a bit of it says whether there is an APIC */
	bool is_cpuid_old;
	bool has_push; /* what a push of a segment register writes was asked */
};

/* Fills msr, debug, tsc and cpuid of *config, before interp_new. The callbacks' ctx is config's, a struct control. */
void engine_extras_open(struct engine_extras *x, struct vcpu *v, struct interp_config *config);
void engine_extras_close(struct engine_extras *x);
/* After interp_load, which forgets them. PAE paging's entries are fetched at once: no code can be without them. */
void engine_extras_loaded(struct engine_extras *x, struct interp *i, struct vcpu *v);
/* An instruction is handed over. Whether the engine was given what it lacked, so that another try may do it. opcode:
 * as interp_handed gives it. */
bool engine_extras_give(struct engine_extras *x, struct interp *i, struct vcpu *v, unsigned opcode);
/* What the engine has changed of them is KVM's again. Before vcpu_put. */
void engine_extras_take(struct engine_extras *x, const struct interp *i, struct vcpu *v);

#endif

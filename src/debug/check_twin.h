/* KVM's side of --check-engine: a second VM beside the guest's, which has the guest's RAM for its own, and run control of
 * its own. It does one instruction from a given state; devices answer it what they have answered the engine. The guest's
 * own vCPU knows nothing of it. Private to check*.c, and to tests/engine. */
#ifndef STEPVM_DEBUG_CHECK_TWIN_H
#define STEPVM_DEBUG_CHECK_TWIN_H

#include "compare/compare.h"
#include "compare/opcode.h"
#include "debug/state.h"
#include "interp/interp.h"

struct check_twin {
	struct vm vm;
	struct vcpu vcpu;
	struct control control;
	bool is_open;
	const struct vm *beside; /* the guest's */
	bool is_used;    /* the last state may have left something: an exception, another x87 */
	bool has_vector; /* an interrupt waits: */
	uint8_t vector;  /* ... its vector */
	const struct compare_log *answers;
	struct compare_log log;
};

/* An instruction for it. */
struct check_task {
	const struct compare_state *before;
	const struct opcode *opcode;
	struct vcpu *guest;          /* which is as before the instruction, */
	const struct interp *engine; /* ... which is as after it */
	const struct compare_log *answers;
	int interrupt; /* the vector of one that comes in its place, or -1 */
};

int check_twin_open(struct check_twin *t, struct control *c, struct error *e);
void check_twin_close(struct check_twin *t);
/* Does it, and adds KVM's part to *r, whose own part it has; *why: how KVM failed. COMPARE_SAME: it is done, and r->parts has
 * COMPARE_EXTRAS where those differ; else COMPARE_KVM_FAILS or COMPARE_SKIPPED. */
enum compare_verdict check_twin_do(struct check_twin *t, const struct check_task *task,
        struct compare_result *r, const char **why);
/* Whether the CPU under this KVM is QEMU's TCG, as in a simulated host: asked of a VM of its own, each time. */
bool check_twin_is_tcg(const struct vm *beside);

#endif

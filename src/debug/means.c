/* Who does an instruction. */
#include "debug/means.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"

/* 1.3 ms on kvm_pvm, once. */
bool means_kvm_emulates(struct control *c)
{
	if (c->emulates == PROBE_UNKNOWN)
		c->emulates =
		        probe_ask(PROBE_EMULATES, SCRATCH_REAL16, c->cpu.vcpu->vm) == PROBE_YES
		                ? PROBE_YES
		                : PROBE_NO;
	return c->emulates == PROBE_YES;
}

/* All is the engine's: it is compared with KVM; or what is done is to be done again, and flags that the SDM leaves
 * undefined, and RF within a rep, are then to be the same. */
static bool is_all_of_one(const struct control *c)
{
	return c->check || c->is_recorded;
}

bool means_engine_is_first(struct control *c)
{
	switch (c->engine_choice) {
	case ENGINE_KVM: return false;
	case ENGINE_INTERP: return true;
	case ENGINE_AUTO: return is_all_of_one(c) || (!c->tells_exits && means_kvm_emulates(c));
	}
	return false;
}

bool means_engine_compares(struct control *c)
{
	return c->engine_choice == ENGINE_AUTO ? is_all_of_one(c) || !c->tells_exits
	                                       : c->engine_choice == ENGINE_INTERP;
}

/* Whether a step for this reason is one of many that no debugger has asked for. */
static bool is_one_of_many(enum step_why why)
{
	switch (why) {
	case STEP_FOLLOWED:
	case STEP_CAUGHT:
	case STEP_PUSHES:
	case STEP_NEAR:
	case STEP_NOT_KEPT:
	case STEP_ON_GUARD:
	case STEP_STACK_GUARDED:
	case STEP_TABLE_GUARDED:
	case STEP_TRANSLATED:
	case STEP_APPROACHES:
	case STEP_IN_RANGE: return true;
	case STEP_ASKED:
	case STEP_OFF_BREAKPOINT:
	case STEP_LOADS_DR:
	case STEP_FAILED_GUARDED:
	case STEP_STUCK:
	case STEP_GUEST_RF:
	case STEP_HANDED_OVER: return false;
	}
	return false;
}

bool means_engine_takes(struct control *c, enum step_why why)
{
	if (why == STEP_HANDED_OVER)
		return false;
	switch (c->engine_choice) {
	case ENGINE_KVM: return false;
	case ENGINE_INTERP: return true;
	case ENGINE_AUTO:
		return is_all_of_one(c) ||
		       (!c->tells_exits && (means_kvm_emulates(c) || is_one_of_many(why)));
	}
	return false;
}

static const char *const choices[] = {
	[ENGINE_KVM] = "kvm",
	[ENGINE_INTERP] = "interp",
	[ENGINE_AUTO] = "auto",
};

const char *means_choice_name(enum engine_choice choice)
{
	return choices[choice];
}

bool means_choice_parse(const char *word, enum engine_choice *choice)
{
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		if (!strcmp(word, choices[i])) {
			*choice = (enum engine_choice)i;
			return true;
		}
	return false;
}

static const char *reason(struct control *c)
{
	switch (c->engine_choice) {
	case ENGINE_KVM: return "KVM does all";
	case ENGINE_INTERP: return "the engine comes first, and KVM does what it hands over";
	case ENGINE_AUTO: break;
	}
	if (c->check)
		return "the engine comes first, for it is compared with KVM";
	if (c->is_recorded)
		return "the engine comes first, for the guest is recorded";
	if (c->tells_exits)
		return "KVM does all, for --trace exits tells of its exits";
	if (means_kvm_emulates(c))
		return "the engine comes first, for this KVM emulates its guests";
	return "KVM runs the guest, and the engine does the steps that no debugger has asked for";
}

void means_describe(struct control *c, char *to, size_t size)
{
	snprintf(to, size, "%s: %s", means_choice_name(c->engine_choice), reason(c));
}

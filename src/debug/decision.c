/* Run control's decisions as lines. */
#include "debug/decision.h"

#include <inttypes.h>
#include <stdio.h>

#include "debug/state.h"
#include "interp/interp.h"
#include "kvm/memory.h"

static const char *const how_stepped[] = {
	[STEP_BY_KVM] = "by KVM's single-step",
	[STEP_REP_ONE] = "by KVM's single-step, the count of rep made 1",
	[STEP_REP_SOME] = "by KVM's single-step, as many iterations of rep as KVM does at once",
	[STEP_REP_ITERATION] = "by KVM's single-step, an iteration of rep",
	[STEP_TO_BYTE] = "to a byte planted on the next instruction",
	[STEP_HERE] = "done by run control",
	[STEP_GUEST_DB] = "the guest's own #DB is raised",
	[STEP_BY_ENGINE] = "by the engine",
};

static const char *const why_stepped[] = {
	[STEP_ASKED] = "the debugger steps",
	[STEP_OFF_BREAKPOINT] = "off a breakpoint",
	[STEP_FOLLOWED] = "the debugger looks at each instruction",
	[STEP_CAUGHT] = "a catchpoint needs it",
	[STEP_PUSHES] = "an interrupt may push to a watchpoint",
	[STEP_NEAR] = "a breakpoint may be near",
	[STEP_NOT_KEPT] = "a break- or watchpoint needs it",
	[STEP_ON_GUARD] = "it stands on a guarded page",
	[STEP_STACK_GUARDED] = "its stack is on a guarded page",
	[STEP_TABLE_GUARDED] = "a table of the CPU's is on a guarded page",
	[STEP_TRANSLATED] = "pages may lead elsewhere, so debug registers are not enough",
	[STEP_LOADS_DR] = "it uses debug registers",
	[STEP_FAILED_GUARDED] = "a run failed, maybe for a guarded page",
	[STEP_STUCK] = "it makes no progress with guarded pages",
	[STEP_APPROACHES] = "64-bit code is near",
	[STEP_GUEST_RF] = "past a breakpoint of the guest's own",
	[STEP_IN_RANGE] = "the debugger steps a range",
	[STEP_HANDED_OVER] = "the engine hands it over",
};

static const char *const interrupts[] = {
	[INTERRUPT_INJECTED] = "given to KVM",
	[INTERRUPT_STEPPED] = "a step leads to its handler",
	[INTERRUPT_TAKEN_BACK] = "taken back, it comes later",
	[INTERRUPT_DELIVERED] = "delivered by the engine",
};

static const char *const handed[] = {
	[INTERP_STATE] = "the CPU's state, or no code there",
	[INTERP_UNKNOWN] = "not known",
	[INTERP_UNSURE] = "not sure what it does here",
};

static const char *const guards[] = {
	[MEMORY_ALL] = "lifted",
	[MEMORY_NO_WRITE] = "no writes",
	[MEMORY_NO_ACCESS] = "no access",
};

static const char *const stops[] = {
	[STOP_STEPPED] = "stepped",
	[STOP_BREAKPOINT] = "breakpoint",
	[STOP_CATCH] = "catchpoint",
	[STOP_WATCH] = "watchpoint",
	[STOP_LONG] = "before 64-bit code, for the debugger to know",
	[STOP_KICKED] = "kicked, for the debugger, a device or a timer",
	[STOP_DEVICE] = "a device asked for it",
	[STOP_ZERO_VECTOR] = "a vector that is 0 has led to 0000:0000",
	[STOP_HALTED] = "halted",
	[STOP_SHUTDOWN] = "triple fault",
	[STOP_FAILED] = "KVM cannot go on",
};

static void describe_breakpoint(const struct decision *d, char *to, size_t size)
{
	int n = snprintf(
	        to, size, "breakpoint 0x%" PRIx64 ": %s", d->at, breakpoint_method_name(d->how));
	if (n < 0 || (size_t)n >= size)
		return;
	if (d->how == BREAKPOINT_REGISTER)
		snprintf(to + n, size - (size_t)n, " %u", d->number);
	else if (d->how != BREAKPOINT_STEPPED)
		snprintf(to + n, size - (size_t)n, " at physical 0x%" PRIx64, d->value);
}

static void describe_watch(const struct decision *d, char *to, size_t size)
{
	int n = snprintf(to, size, "watchpoint 0x%" PRIx64 ", %" PRIu64 " bytes, %s: %s", d->at,
	        d->value, watch_kind_name(d->why), watch_method_name(d->how));
	if (d->how == WATCH_BY_REGISTER && n >= 0 && (size_t)n < size)
		snprintf(to + n, size - (size_t)n, " %u", d->number);
}

static void describe_step(const struct decision *d, char *to, size_t size)
{
	int n = snprintf(to, size, "step at 0x%" PRIx64 " (%s): %s", d->at, why_stepped[d->why],
	        how_stepped[d->how]);
	if (d->number && n >= 0 && (size_t)n < size)
		snprintf(to + n, size - (size_t)n, ", handlers watched: %u", d->number);
}

static void describe_exit(const struct decision *d, char *to, size_t size)
{
	const char *name = exit_name(d->number);
	int n = name ? snprintf(to, size, "back at 0x%" PRIx64 ": %s", d->at, name)
	             : snprintf(to, size, "back at 0x%" PRIx64 ": exit %u", d->at, d->number);
	if (d->number == KVM_EXIT_DEBUG && n >= 0 && (size_t)n < size)
		snprintf(to + n, size - (size_t)n, ", dr6 0x%" PRIx64, d->value);
}

static void describe_steps(const struct decision *d, char *to, size_t size)
{
	snprintf(to, size, "%" PRIu64 " steps from 0x%" PRIx64 " (%s): by the engine", d->value,
	        d->at, why_stepped[d->why]);
}

static void describe_handler(const struct decision *d, char *to, size_t size)
{
	snprintf(to, size, "at 0x%" PRIx64 ": the handler of vector 0x%02x", d->at, d->number);
}

static void describe_interrupt(const struct decision *d, char *to, size_t size)
{
	snprintf(to, size, "interrupt 0x%02x at 0x%" PRIx64 ": %s", d->number, d->at,
	        interrupts[d->how]);
}

static void describe_handed(const struct decision *d, char *to, size_t size)
{
	snprintf(to, size, "handed over to KVM at 0x%" PRIx64 ": opcode %s%02x, %s", d->at,
	        d->number & 0x100 ? "0f " : "", d->number & 0xff, handed[d->how]);
}

static void describe_guarded(const struct decision *d, char *to, size_t size)
{
	snprintf(to, size, "guarded page: the %s of %u bytes at physical 0x%" PRIx64 " is done",
	        d->how ? "write" : "read", d->number, d->at);
}

static void describe_pass(const struct decision *d, char *to, size_t size)
{
	if (d->number)
		snprintf(to, size,
		        "over the breakpoint at 0x%" PRIx64 ", steps before the next free run: %u",
		        d->at, d->number);
	else
		snprintf(to, size,
		        "over the breakpoint at 0x%" PRIx64
		        ", hits before steps are tried: %" PRIu64,
		        d->at, d->value);
}

void decision_describe(const struct decision *d, char *to, size_t size)
{
	switch ((enum decision_kind)d->kind) {
	case DECISION_BEGIN: snprintf(to, size, "go on from 0x%" PRIx64, d->at); break;
	case DECISION_STEP: describe_step(d, to, size); break;
	case DECISION_STEPS: describe_steps(d, to, size); break;
	case DECISION_HANDLER: describe_handler(d, to, size); break;
	case DECISION_AGAIN:
		snprintf(to, size, "back at 0x%" PRIx64 " with nothing done: once more", d->at);
		break;
	case DECISION_INTERRUPT: describe_interrupt(d, to, size); break;
	case DECISION_BREAKPOINT: describe_breakpoint(d, to, size); break;
	case DECISION_BREAKPOINTS:
		snprintf(to, size, "%" PRIu64 " breakpoints, %u in debug registers", d->value,
		        d->number);
		break;
	case DECISION_WATCH: describe_watch(d, to, size); break;
	case DECISION_GUARD:
		snprintf(to, size, "guard of the page at physical 0x%" PRIx64 ": %s", d->at,
		        guards[d->how]);
		break;
	case DECISION_RUN:
		snprintf(to, size, "free run from 0x%" PRIx64 ", debug registers in use: %u%s",
		        d->at, d->number, d->how ? ", taken for what a step has left over" : "");
		break;
	case DECISION_ENGINE: snprintf(to, size, "the engine runs from 0x%" PRIx64, d->at); break;
	case DECISION_HANDED: describe_handed(d, to, size); break;
	case DECISION_GUARDED: describe_guarded(d, to, size); break;
	case DECISION_EXIT: describe_exit(d, to, size); break;
	case DECISION_KICK:
		snprintf(to, size, "kicked out of KVM at 0x%" PRIx64 "%s", d->at,
		        d->how ? ", kept for the next run" : "");
		break;
	case DECISION_GIVEN:
		snprintf(to, size, "exception 0x%02x at 0x%" PRIx64 " is the guest's own",
		        d->number, d->at);
		break;
	case DECISION_PASS: describe_pass(d, to, size); break;
	case DECISION_STOP:
		snprintf(to, size, "stop at 0x%" PRIx64 ": %s", d->at, stops[d->how]);
		break;
	}
}

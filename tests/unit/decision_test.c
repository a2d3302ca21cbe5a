/* What run control decides, as lines. */
#include "debug/decision.h"

#include <string.h>

#include "check.h"
#include "debug/state.h"
#include "interp/interp.h"
#include "kvm/memory.h"

static const char *line_of(const struct decision *d)
{
	static char line[200];
	memset(line, 0, sizeof line);
	decision_describe(d, line, sizeof line);
	return line;
}

#define CHECK_LINE(wanted, ...) CHECK_STR(line_of(&(struct decision) { __VA_ARGS__ }), wanted)

static void a_step_says_how_and_why(void)
{
	CHECK_LINE("step at 0x7c05 (off a breakpoint): by KVM's single-step, handlers watched: 4",
	        .kind = DECISION_STEP, .at = 0x7c05, .how = STEP_BY_KVM, .why = STEP_OFF_BREAKPOINT,
	        .number = 4);
	CHECK_LINE("step at 0x0 (the debugger steps): done by run control", .kind = DECISION_STEP,
	        .how = STEP_HERE, .why = STEP_ASKED);
	CHECK_LINE("1234 steps from 0x7c00 (the debugger steps a range): by the engine",
	        .kind = DECISION_STEPS, .at = 0x7c00, .why = STEP_IN_RANGE, .value = 1234);
	CHECK_LINE("at 0x500: the handler of vector 0x0d", .kind = DECISION_HANDLER, .at = 0x500,
	        .number = 13);
}

static void what_is_placed_says_where(void)
{
	CHECK_LINE("breakpoint 0x7c10: debug register 2", .kind = DECISION_BREAKPOINT, .at = 0x7c10,
	        .how = BREAKPOINT_REGISTER, .number = 2);
	CHECK_LINE("breakpoint 0xffff800000001000: planted byte at physical 0x1000",
	        .kind = DECISION_BREAKPOINT, .at = 0xffff800000001000, .how = BREAKPOINT_PLANTED,
	        .value = 0x1000);
	CHECK_LINE("100 breakpoints, 4 in debug registers", .kind = DECISION_BREAKPOINTS,
	        .number = 4, .value = 100);
	CHECK_LINE("watchpoint 0x600, 4 bytes, read: guarded page", .kind = DECISION_WATCH,
	        .at = 0x600, .value = 4, .why = WATCH_READ, .how = WATCH_BY_GUARD);
	CHECK_LINE("watchpoint 0x600, 4 bytes, write: debug register 1", .kind = DECISION_WATCH,
	        .at = 0x600, .value = 4, .why = WATCH_WRITE, .how = WATCH_BY_REGISTER, .number = 1);
	CHECK_LINE("guard of the page at physical 0x7000: no writes", .kind = DECISION_GUARD,
	        .at = 0x7000, .how = MEMORY_NO_WRITE);
	CHECK_LINE("guard of the page at physical 0x7000: lifted", .kind = DECISION_GUARD,
	        .at = 0x7000, .how = MEMORY_ALL);
}

static void what_came_back_has_its_name(void)
{
	CHECK_LINE("back at 0x10: KVM_EXIT_HLT", .kind = DECISION_EXIT, .at = 0x10,
	        .number = KVM_EXIT_HLT);
	CHECK_LINE("back at 0x10: KVM_EXIT_DEBUG, dr6 0xffff4ff0", .kind = DECISION_EXIT,
	        .at = 0x10, .number = KVM_EXIT_DEBUG, .value = 0xffff4ff0);
	CHECK_LINE("kicked out of KVM at 0x10", .kind = DECISION_KICK, .at = 0x10);
	CHECK_LINE("kicked out of KVM at 0x10, kept for the next run", .kind = DECISION_KICK,
	        .at = 0x10, .how = 1);
	CHECK_LINE("stop at 0x10: kicked, for the debugger, a device or a timer",
	        .kind = DECISION_STOP, .at = 0x10, .how = STOP_KICKED);
	CHECK_LINE("back at 0x10: exit 9999", .kind = DECISION_EXIT, .at = 0x10, .number = 9999);
}

/* Each enumerator has its words, whatever is added. */
static void check_words(enum decision_kind kind, unsigned hows, unsigned whys)
{
	for (unsigned how = 0; how < hows; how++)
		for (unsigned why = 0; why < whys; why++) {
			const char *line = line_of(&(struct decision) {
			        .kind = kind, .how = (uint8_t)how, .why = (uint8_t)why });
			CHECK(*line);
			CHECK(!strstr(line, "(null)"));
		}
}

static void the_engine_says_what_it_does_and_what_not(void)
{
	CHECK_LINE("the engine runs from 0x7c00", .kind = DECISION_ENGINE, .at = 0x7c00);
	CHECK_LINE("handed over to KVM at 0x7c05: opcode 0f a2, not known", .kind = DECISION_HANDED,
	        .at = 0x7c05, .number = 0x1a2, .how = INTERP_UNKNOWN);
	CHECK_LINE("step at 0x7c00 (the debugger steps a range): by the engine",
	        .kind = DECISION_STEP, .at = 0x7c00, .how = STEP_BY_ENGINE, .why = STEP_IN_RANGE);
	CHECK_LINE("interrupt 0x08 at 0x500: delivered by the engine", .kind = DECISION_INTERRUPT,
	        .number = 8, .at = 0x500, .how = INTERRUPT_DELIVERED);
}

static void everything_has_words(void)
{
	for (unsigned kind = 0; kind <= DECISION_STOP; kind++)
		check_words(kind, 1, 1);
	check_words(DECISION_STEP, STEP_BY_ENGINE + 1, STEP_HANDED_OVER + 1);
	check_words(DECISION_INTERRUPT, INTERRUPT_DELIVERED + 1, 1);
	check_words(DECISION_BREAKPOINT, BREAKPOINT_COMPARED + 1, 1);
	check_words(DECISION_WATCH, WATCH_BY_COMPARING + 1, WATCH_ACCESS + 1);
	check_words(DECISION_GUARD, MEMORY_NO_ACCESS + 1, 1);
	check_words(DECISION_KICK, 2, 1);
	check_words(DECISION_RUN, 2, 1);
	check_words(DECISION_GUARDED, 2, 1);
	check_words(DECISION_STOP, STOP_FAILED + 1, 1);
	check_words(DECISION_HANDED, INTERP_UNSURE + 1, 1);
}

static void a_line_is_cut_where_its_room_ends(void)
{
	const struct decision d = { .kind = DECISION_STEP, .at = UINT64_MAX, .number = 4 };
	char whole[200], cut[200];
	decision_describe(&d, whole, sizeof whole);
	for (size_t size = 1; size <= strlen(whole); size++) {
		memset(cut, '?', sizeof cut);
		decision_describe(&d, cut, size);
		CHECK_EQ(strlen(cut), size - 1);
		CHECK(!strncmp(cut, whole, size - 1));
		CHECK(cut[size] == '?');
	}
}

int main(void)
{
	RUN(a_step_says_how_and_why);
	RUN(what_is_placed_says_where);
	RUN(what_came_back_has_its_name);
	RUN(the_engine_says_what_it_does_and_what_not);
	RUN(everything_has_words);
	RUN(a_line_is_cut_where_its_room_ends);
	return check_done();
}

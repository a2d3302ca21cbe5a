/* Backwards on the wire: bs and bc with a recording and without one, the guest's end as a stop, what is refused in the
 * past, and a search that is given up. */
#include "rsp_check.h"

static void without_a_recording_there_is_no_way_back(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--record=off", NULL);
	CHECK(strstr(rsp_ask(&r, "qSupported"), ";ReverseStep+;ReverseContinue+") != NULL);
	RSP_STOPS(&r, "s", 0x7c05, "T05");
	CHECK(strstr(rsp_ask_for_text(&r, "bs"), "monitor record on") != NULL);
	CHECK(strstr(r.packet, "replaylog:begin;") != NULL);
	RSP_BEGINS(&r, "T05thread:1;replaylog:begin;", "bc");
	CHECK_EQ(rsp_pc(r.packet), 0x7c05);
	RSP_STOPS(&r, "s", 0x7c06, "T05");
	rsp_close(&r);
}

static void steps_go_back_to_where_they_came_from(void)
{
	struct rsp r;
	char all[40][1200];
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--record", NULL);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(all[i], sizeof all[i], "%s", rsp_ask(&r, "g"));
		rsp_ask(&r, "s");
	}
	for (unsigned i = 40; i-- > 0;) {
		RSP_BEGINS(&r, "T05", "bs");
		RSP_IS(&r, all[i], "g");
	}
	RSP_BEGINS(&r, "T05thread:1;replaylog:begin;", "bs");
	RSP_IS(&r, all[0], "g");
	rsp_close(&r);
}

static void the_past_is_not_changed(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--record", NULL);
	rsp_ask(&r, "s");
	RSP_BEGINS(&r, "T05", "bs");
	RSP_BEGINS(&r, "E", "M500,1:55");
	rsp_wait_errors(&r, "memory is not written");
	CHECK(strstr(r.errors, "stepvm: memory is not written: the guest stands in the past") !=
	        NULL);
	CHECK(strstr(rsp_ask(&r, "P0=01000000"), "past") != NULL);
	CHECK(strstr(rsp_monitor(&r, "msr 0x277 0"), "past") != NULL);
	RSP_IS(&r, "00", "m500,1");
	CHECK(strstr(rsp_monitor(&r, "record cut"), "on: positions 0 to 0") != NULL);
	RSP_IS(&r, "OK", "M500,1:55");
	rsp_ask(&r, "s");
	RSP_BEGINS(&r, "T05", "bs");
	RSP_IS(&r, "55", "m500,1");
	rsp_close(&r);
}

/* Through an exit port: a stop, then the end. */
static void an_end_is_a_place_to_look_back_from(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", "--load", "0x7c00", "--port", "0x10=exit", "--record",
	        NULL);
	CHECK(strstr(rsp_ask_for_text(&r, "c"), "The guest ends here") != NULL);
	CHECK(!strncmp(r.packet, "T05", 3));
	const uint64_t pc = rsp_pc(r.packet);
	RSP_BEGINS(&r, "T05", "bs");
	CHECK(rsp_pc(r.packet) != pc);
	RSP_STOPS(&r, "s", pc, "T05");
	RSP_BEGINS(&r, "W", "c");
	rsp_close(&r);
}

/* A shut-down CPU does nothing, so going on there leads to no new position. One that somebody has helped goes on. */
static void a_resume_that_gets_nowhere_is_no_position(void)
{
	struct rsp r;
	char when[200], registers[1200];
	const uint64_t fatal = rsp_symbol("triple", "fatal");
	RSP_OPEN(&r, RSP_UNIX, "triple", "--load", "0x7c00", "--board", "bare", "--record", NULL);
	RSP_STOPS(&r, "c", fatal, "T0b");
	snprintf(when, sizeof when, "%s", rsp_monitor(&r, "when"));
	snprintf(registers, sizeof registers, "%s", rsp_ask(&r, "g"));
	RSP_STOPS(&r, "c", fatal, "T0b");
	RSP_STOPS(&r, "s", fatal, "T0b");
	RSP_STOPS(&r, "c", fatal, "T0b");
	CHECK_STR(rsp_monitor(&r, "when"), when);
	for (int i = 0; i < 2; i++) {
		RSP_STOPS(&r, "bs", fatal, "T05");
		RSP_BEGINS(&r, "T05", "bs");
		CHECK(rsp_pc(r.packet) != fatal);
		RSP_BEGINS(&r, "T05", "c"); /* to the present */
		RSP_IS(&r, registers, "g");
		CHECK_STR(rsp_monitor(&r, "when"), when);
		RSP_STOPS(&r, "c", fatal, "T0b");
	}
	RSP_IS(&r, "OK", "M%" PRIx64 ",2:9090", fatal); /* two nops in place of the ud2 */
	RSP_STOPS(&r, "s", fatal + 1, "T05");
	snprintf(registers, sizeof registers, "%s", rsp_ask(&r, "g"));
	RSP_STOPS(&r, "bs", fatal, "T05");
	RSP_STOPS(&r, "bs", fatal, "T05");
	rsp_monitor(&r, "goto end");
	RSP_IS(&r, registers, "g");
	rsp_close(&r);
}

/* "rwatch:5000;", or "" where the stop is no watchpoint's. */
static void take_watch(const char *stop, char to[24])
{
	const char *at = strstr(stop, "watch:");
	while (at && at[-1] != ';' && at[-1] != '5')
		at--;
	snprintf(to, 24, "%.*s", at ? (int)strcspn(at, ";") + 1 : 0, at ? at : "");
}

/* A step back names the same watchpoint as the step forwards that it takes back. */
static void steps_back_tell_of_accesses_as_those_forwards(void)
{
	/* Writes by rep, by calls and by pusha, which do eight; reads by ret and popa; a range that none lies within. */
	static const char *const all[] = { "Z2,1000f,3", "Z3,7bfe,2", "Z4,7bf3,1", "Z2,10060,1",
		"Z4,10047,2" };
	enum { STEPS = 260 };
	static char said[STEPS][24];
	char now[24];
	unsigned hits = 0;
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--record", NULL);
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
		RSP_IS(&r, "OK", "%s", all[i]);
	for (unsigned i = 0; i < STEPS; i++) {
		take_watch(rsp_ask(&r, "s"), said[i]);
		hits += said[i][0] != 0;
	}
	CHECK(hits > 20);
	for (unsigned i = STEPS; i-- > 0 && check_case_ok;) {
		take_watch(rsp_ask(&r, "bs"), now);
		CHECK_STR(now, said[i]);
	}
	CHECK_STR(rsp_ask(&r, "m10010,1"), "00"); /* before it was copied */
	rsp_close(&r);
}

/* The way to an interrupt's handler is a step, which writes to the stack. */
static void a_step_back_over_an_interrupt_tells_of_its_pushes(void)
{
	struct rsp r;
	char watch[24];
	const uint64_t handler = rsp_symbol("ticks", "on_tick");
	RSP_OPEN(&r, RSP_UNIX, "ticks", "--board", "pc", "--record", NULL);
	RSP_GO_TO(&r, handler);
	const uint64_t sp = rsp_register(&r, 4) & 0xffff;
	RSP_IS(&r, "OK", "Z2,%" PRIx64 ",1", sp + 3); /* the upper half of cs */
	RSP_BEGINS(&r, "T05", "bs");
	take_watch(r.packet, watch);
	CHECK(!strncmp(watch, "watch:", 6));
	CHECK(rsp_pc(r.packet) != handler);
	RSP_BEGINS(&r, "T05", "bs");
	CHECK(!strstr(r.packet, "watch:"));
	rsp_close(&r);
}

/* So it is with a step back over a call of the BIOS, which reads its count of ticks. */
static void a_step_back_over_a_call_tells_of_what_the_bios_reads(void)
{
	struct rsp r;
	char forwards[24], back[24];
	RSP_OPEN(&r, RSP_UNIX, "waits", "--board", "pc", "--record", NULL);
	RSP_IS(&r, "OK", "M7c00,4:b400cd1a");
	RSP_STOPS(&r, "s", 0x7c02, "T05");
	RSP_IS(&r, "OK", "Z3,46c,1");
	RSP_STOPS(&r, "s", 0x7c04, "T05");
	take_watch(r.packet, forwards);
	CHECK(!strncmp(forwards, "rwatch:", 7));
	CHECK(strstr(rsp_ask_for_text(&r, "bs"), "int 1ah AH=00h read it") != NULL);
	CHECK_EQ(rsp_pc(r.packet), 0x7c02);
	take_watch(r.packet, back);
	CHECK_STR(back, forwards);
	RSP_STOPS(&r, "bs", 0x7c00, "T05");
	CHECK(!strstr(r.packet, "watch:"));
	rsp_close(&r);
}

/* A search for what never was, over all that the guest has done for a while. */
static void a_search_ends_where_it_began(void)
{
	struct rsp r;
	char registers[1200];
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--record", NULL);
	rsp_send(&r, "c", 1);
	for (int i = 0; i < 20;
	        i++) { /* each is a search that its 0x03 may find anywhere, or at its end */
		rsp_send_raw(&r, "\x03", 1);
		CHECK(!strncmp(rsp_reply(&r), "T02", 3));
		snprintf(registers, sizeof registers, "%s", rsp_ask(&r, "g"));
		RSP_IS(&r, "OK", "Z2,5000,1");
		rsp_send(&r, "bc", 2);
		rsp_send_raw(&r, "\x03", 1);
		const char *reply = rsp_reply(&r);
		if (!strncmp(reply, "T02", 3))
			RSP_IS(&r, registers, "g");
		else
			CHECK(strstr(reply, "replaylog:begin;") != NULL);
		RSP_IS(&r, "OK", "z2,5000,1");
		rsp_monitor(&r, "goto end");
		RSP_IS(&r, registers, "g");
		rsp_send(&r, "c", 1);
	}
	rsp_close(&r);
}

/* The guest that is left goes on from the present, and what it does then is recorded. */
static void a_guest_left_in_the_past_goes_on_from_the_present(void)
{
	struct rsp r;
	uint64_t end = 0, position, of;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--record", NULL);
	for (int i = 0; i < 40; i++)
		rsp_ask(&r, "s");
	CHECK(sscanf(rsp_monitor(&r, "when"), "position %*u of %" SCNu64, &end) == 1);
	rsp_monitor(&r, "goto 5");
	RSP_IS(&r, "OK", "D");
	CHECK(rsp_connect(&r));
	RSP_BEGINS(&r, "T0", "?");
	CHECK(sscanf(rsp_monitor(&r, "when"), "position %" SCNu64 " of %" SCNu64, &position, &of) ==
	        2);
	CHECK(position == of && position >= end);
	rsp_close(&r);
}

/* A debugger that is gone while it searches leaves the guest where the search began. */
static void a_search_ends_with_its_debugger(void)
{
	struct rsp r;
	char registers[1200], when[200];
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--record", NULL);
	rsp_send(&r, "c", 1);
	rsp_send_raw(&r, "\x03", 1);
	CHECK(!strncmp(rsp_reply(&r), "T02", 3));
	snprintf(when, sizeof when, "%s", rsp_monitor(&r, "when"));
	snprintf(registers, sizeof registers, "%s", rsp_ask(&r, "g"));
	RSP_IS(&r, "OK", "Z2,5000,1");
	rsp_send(&r, "bc", 2);
	CHECK(rsp_connect(&r));
	RSP_BEGINS(&r, "T0", "?");
	const char *now = rsp_monitor(&r, "when");
	if (strncmp(now, "position 0 of", 13)) { /* it had not come to its end */
		CHECK_STR(now, when);
		RSP_IS(&r, registers, "g");
	}
	rsp_close(&r);
}

/* Marks are in the order in which they were given. */
static void marks_of_what_is_forgotten_go(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--record", NULL);
	for (int i = 0; i < 40; i++)
		rsp_ask(&r, "s");
	rsp_monitor(&r, "mark late");
	rsp_monitor(&r, "goto 10");
	rsp_monitor(&r, "mark early");
	rsp_monitor(&r, "goto 20");
	rsp_monitor(&r, "record cut");
	const char *marks = rsp_monitor(&r, "mark");
	CHECK(!strncmp(marks, "early ", 6) && !strstr(marks, "late"));
	rsp_close(&r);
}

/* Where a reset is caught the guest has asked for it, and before that it has not. */
static void a_caught_reset_belongs_to_its_place(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "pc", "--board", "pc", "--record", NULL);
	rsp_monitor(&r, "catch reset");
	rsp_monitor(&r, "savevm first");
	RSP_BEGINS(&r, "T05", "c");
	const uint64_t asked = rsp_pc(r.packet);
	rsp_monitor(&r, "savevm asked");
	rsp_monitor(&r, "goto -1");
	rsp_monitor(&r, "goto end");
	RSP_STOPS(&r, "s", rsp_symbol("pc", "start"), "T05");
	rsp_monitor(&r, "loadvm asked");
	RSP_STOPS(&r, "s", rsp_symbol("pc", "start"), "T05");
	rsp_monitor(&r, "loadvm first");
	RSP_STOPS(&r, "c", asked, "T05");
	RSP_BEGINS(&r, "T05", "bs");
	const uint64_t before = rsp_pc(r.packet);
	rsp_monitor(&r, "record cut");
	CHECK(before != asked);
	RSP_STOPS(&r, "c", asked, "T05");
	rsp_close(&r);
}

/* Each change of the debugger's costs a checkpoint, and they count. */
static void changes_stay_within_the_memory(void)
{
	struct rsp r;
	char wanted[16];
	uint64_t begin = 0, end = 0, kib = 0;
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--record", "--record-memory", "16M",
	        NULL);
	rsp_ask(&r, "s");
	for (int i = 0; i < 600; i++) {
		RSP_IS(&r, "OK", "M500,4:%08x", i);
		RSP_IS(&r, "OK", "P8=007c0000");
		rsp_ask(&r, "s");
	}
	CHECK(sscanf(rsp_monitor(&r, "record"),
	              "on: positions %" SCNu64 " to %" SCNu64
	              "; what was before is given up for memory %*u checkpoints and %*u events "
	              "from outside, %" SCNu64,
	              &begin, &end, &kib) == 3);
	CHECK_EQ(end, 601);
	CHECK(begin > 1 && kib <= 16384);
	CHECK(strstr(rsp_monitor(&r, "goto 1"), "there are positions") != NULL);
	rsp_monitor(&r, "goto start");
	RSP_STOPS(&r, "s", 0x7c00, "T05"); /* a position is after what was changed there */
	snprintf(wanted, sizeof wanted, "%08x", (unsigned)begin);
	RSP_IS(&r, wanted, "m500,4");
	rsp_close(&r);
}

/* --record-memory is for each recording of the run, with --record and without it. */
static void one_that_begins_anew_has_no_more_memory(void)
{
	static const char *const options[] = { "--record", NULL };
	for (unsigned i = 0; i < 2; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--record-memory", "16M",
		        options[i], NULL);
		rsp_monitor(&r, "record off");
		CHECK(strstr(rsp_monitor(&r, "record on"), " KiB of 16384") != NULL);
		rsp_monitor(&r, "reset");
		CHECK(strstr(rsp_monitor(&r, "record"), " KiB of 16384") != NULL);
		rsp_close(&r);
	}
}

static uint64_t end_and_kib(struct rsp *r, uint64_t *kib)
{
	uint64_t end = 0;
	*kib = 0;
	CHECK(sscanf(rsp_monitor(r, "record"),
	              "on: positions %*u to %" SCNu64
	              " %*u checkpoints and %*u events from outside, "
	              "%" SCNu64,
	              &end, kib) == 2);
	return end;
}

/* The checkpoints on the way to a place share what is the same in RAM with the one before them. */
static void the_way_to_a_place_takes_little_memory(void)
{
	/* Writes all of 0x10000 to 0x8ffff, anew each time. */
	static const char code[] =
	        "b800108ec031ffb9008066ff06000666a10006fcf3ab8cc00500103d009072e3ebde";
	enum { AFTER_REP = 0x7c16 }; /* each 32768 positions */
	/* KVM's steps take a hundred times as long as the engine's. */
	const uint64_t enough = rsp_engine_is_first() ? 3000000 : 60000;
	struct rsp r;
	char place[40];
	uint64_t before, after;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--memory", "640K", "--record", NULL);
	RSP_IS(&r, "OK", "M7c00,%x:%s", (unsigned)strlen(code) / 2, code);
	RSP_IS(&r, "OK", "Z0,%x,1", AFTER_REP);
	do
		RSP_STOPS(&r, "c", AFTER_REP, "T05");
	while (check_case_ok && end_and_kib(&r, &before) < enough);
	snprintf(place, sizeof place, "goto %u", (unsigned)(enough / 4));
	rsp_monitor(&r, place);
	end_and_kib(&r, &after);
	CHECK(after < before + 4000);
	rsp_close(&r);
}

int main(void)
{
	RUN(without_a_recording_there_is_no_way_back);
	RUN(steps_go_back_to_where_they_came_from);
	RUN(the_past_is_not_changed);
	RUN(an_end_is_a_place_to_look_back_from);
	RUN(a_resume_that_gets_nowhere_is_no_position);
	RUN(steps_back_tell_of_accesses_as_those_forwards);
	RUN(a_step_back_over_an_interrupt_tells_of_its_pushes);
	RUN(a_step_back_over_a_call_tells_of_what_the_bios_reads);
	RUN(a_search_ends_where_it_began);
	RUN(a_guest_left_in_the_past_goes_on_from_the_present);
	RUN(a_search_ends_with_its_debugger);
	RUN(marks_of_what_is_forgotten_go);
	RUN(a_caught_reset_belongs_to_its_place);
	RUN(changes_stay_within_the_memory);
	RUN(one_that_begins_anew_has_no_more_memory);
	RUN(the_way_to_a_place_takes_little_memory);
	return check_done();
}

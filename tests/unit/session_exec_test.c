/* A gdb without a script: an exec event in the place of a stop in another mode, the stop after it.
 */
#include "session_wire.h"

#define EXEC_16 "T05thread:1;exec:5b31362d62697420636f64655d;" /* [16-bit code] */
#define EXEC_32 "T05thread:1;exec:5b33322d62697420636f64655d;"
#define EXEC_64 "T05thread:1;exec:5b36342d62697420636f64655d;"

static void open_with_exec(struct wire *w)
{
	wire_open(w);
	w->stops_at_once = false;
	wire_ask(w, "qSupported:swbreak+;hwbreak+;exec-events+");
	wire_ask(w, "qXfer:features:read:target.xml:0,1");
}

/* Goes on by packet, and the machine stops so, in layout. What the debugger is told. */
static const char *stop_after(struct wire *w, const char *packet, enum target_layout layout,
        const struct target_stop *stop, const char *text)
{
	wire_forget(w);
	wire_send(w, packet, strlen(packet));
	CHECK_EQ(session_state(w->session), SESSION_RUNNING);
	w->fake.layout = layout;
	session_stopped(w->session, stop, text);
	wire_collect(w, SIZE_MAX);
	struct wire_seen seen = wire_seen(w);
	CHECK_EQ(seen.broken, 0);
	snprintf(w->reply, WIRE_BIG, "%.*s", (int)seen.last_len, (const char *)seen.last);
	return w->reply;
}

#define PC "10" /* where the machine stops: set_pc */

static void set_pc(struct wire *w)
{
	memcpy(w->fake.values[fake_find(&w->fake, "pc")], "\x10\0\0\0\0\0\0\0", 8);
}

static void check_begins(const char *reply, const char *begin, size_t row)
{
	if (strncmp(reply, begin, strlen(begin)))
		CHECK_FAIL("row %zu: %s, expected %s...", row, reply, begin);
}

/* A tracepoint stands where the step ended: gdb has no breakpoint there, unless it has set one. */
static void a_held_step_to_a_tracepoint_is_no_breakpoint(void)
{
	for (int has_one = 0; has_one < 2; has_one++) {
		struct wire w;
		open_with_exec(&w);
		wire_ask(&w, "QTinit");
		wire_ask(&w, "QTDP:1:10:E:0:0");
		CHECK_STR(wire_ask(&w, "QTStart"), "OK");
		set_pc(&w);
		CHECK_STR(stop_after(&w, "s", TARGET_PROT32, &wire_trap, NULL), EXEC_32);
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		if (has_one)
			wire_ask(&w, "Z0,10,1");
		const char *reply = wire_ask(&w, "vCont;c");
		const char *wanted = has_one ? "T05thread:1;swbreak:;" : "T00thread:1;";
		CHECK(!strncmp(reply, wanted, strlen(wanted)));
		wire_close(&w);
	}
}

static void it_is_offered_to_who_wants_it(void)
{
	struct wire w;
	wire_open(&w);
	CHECK(!strstr(wire_ask(&w, "qSupported:swbreak+"), "exec-events"));
	CHECK(strstr(wire_ask(&w, "qSupported:exec-events+"), ";exec-events+"));
	CHECK(!strstr(wire_ask(&w, "qSupported:exec-events-"), "exec-events"));
	wire_close(&w);
}

static void a_stop_in_another_mode_is_an_exec_without_registers(void)
{
	static const char *const wanted[] = { EXEC_16, EXEC_32, EXEC_64 };
	for (int from = 0; from < TARGET_LAYOUTS; from++)
		for (int to = 0; to < TARGET_LAYOUTS; to++) {
			struct wire w;
			wire_open(&w);
			w.fake.layout = from;
			w.stops_at_once = false;
			wire_ask(&w, "qSupported:exec-events+");
			wire_ask(&w, "qXfer:features:read:target.xml:0,1");
			const char *reply = stop_after(&w, "s", to, &wire_trap, NULL);
			if (from == to)
				CHECK(!strncmp(reply, "T05thread:1;", 12) &&
				        !strstr(reply, "exec"));
			else
				CHECK_STR(reply, wanted[to]);
			wire_close(&w);
		}
}

/* gdb reads the description and resumes by itself: the stop, in the new layout, and only once. */
static void the_next_resume_gets_the_stop(void)
{
	struct wire w;
	open_with_exec(&w);
	set_pc(&w);
	CHECK_STR(stop_after(&w, "c", TARGET_LONG64,
	                  &(struct target_stop) { .kind = TARGET_STOP_BREAKPOINT }, NULL),
	        EXEC_64);
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	wire_ask(&w, "Z0," PC ",1");
	w.fake.log[0] = 0;
	const char *reply = wire_ask(&w, "c");
	CHECK(!strncmp(reply, "T05thread:1;swbreak:;10:", 24)); /* rip: number 16 */
	CHECK_STR(w.fake.log, "");                              /* the machine did not move */
	CHECK_EQ(session_state(w.session), SESSION_STOPPED);
	wire_forget(&w);
	wire_send(&w, "c", 1);
	CHECK_EQ(session_state(w.session), SESSION_RUNNING);
	CHECK_STR(w.fake.log, "continue 0\n");
	wire_close(&w);
}

static void every_kind_of_stop_is_told_so_that_gdb_stops(void)
{
	static const struct {
		struct target_stop stop;
		bool has_breakpoint;
		const char *begins;
	} rows[] = {
		{ { .kind = TARGET_STOP_SIGNAL, .signal = TARGET_SIGNAL_TRAP }, false,
		        "T00thread:1;8:" },
		{ { .kind = TARGET_STOP_SIGNAL, .signal = TARGET_SIGNAL_TRAP }, true,
		        "T05thread:1;swbreak:;8:" },
		{ { .kind = TARGET_STOP_SIGNAL, .signal = TARGET_SIGNAL_INT }, true,
		        "T02thread:1;8:" },
		{ { .kind = TARGET_STOP_SIGNAL, .signal = TARGET_SIGNAL_SEGV }, false,
		        "T0bthread:1;8:" },
		{ { .kind = TARGET_STOP_BREAKPOINT }, true, "T05thread:1;swbreak:;8:" },
		/* gdb has dropped the one that `until` had set. */
		{ { .kind = TARGET_STOP_BREAKPOINT }, false, "T00thread:1;8:" },
		{ { .kind = TARGET_STOP_HARDWARE }, false, "T00thread:1;8:" },
		{ { .kind = TARGET_STOP_WATCH, .watch = TARGET_WATCH_WRITE, .watch_gva = 0x1000 },
		        false, "T00thread:1;8:" },
		{ { .kind = TARGET_STOP_WATCH, .watch = TARGET_WATCH_ACCESS, .watch_gva = 0x1000 },
		        false, "T05thread:1;awatch:1000;8:" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		open_with_exec(&w);
		set_pc(&w);
		CHECK_STR(stop_after(&w, "c", TARGET_PROT32, &rows[i].stop, "why\n"), EXEC_32);
		CHECK_EQ(wire_seen(&w).text_packets, 1); /* before the event */
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		if (rows[i].has_breakpoint)
			wire_ask(&w, "Z0," PC ",1");
		check_begins(wire_ask(&w, "vCont;c"), rows[i].begins, i);
		/* A watched value is asked for anew by gdb, which then sees no change. */
		bool is_write = rows[i].stop.kind == TARGET_STOP_WATCH &&
		                rows[i].stop.watch == TARGET_WATCH_WRITE;
		CHECK_EQ(wire_seen(&w).text_packets, is_write);
		wire_close(&w);
	}
}

#define STEP_OFF "vCont;s:p1.1" /* of one CPU alone: off a breakpoint */
#define STEP     "vCont;s:p1.1;c:p1.-1"
#define RANGE    "vCont;r0,20:p1.1;c:p1.-1"
#define GO_ON    "vCont;c:p1.-1"
#define SHOWN    "qXfer:threads:read::0,1000"
#define TRAP     "T05thread:1;8:"
#define PLAIN    "T00thread:1;8:"
#define HIT      "T05thread:1;swbreak:;8:"
#define RUNS     "" /* no stop is held back: the machine goes on */

/* What gdb 13.1 does when its step has been answered by an exec event: it has forgotten what it was
 * stepping for. A step off a breakpoint is resumed by the like "to collect the trap", and by a
 * continue next, whatever the user's command was. */
static void a_held_stop_is_never_lost(void)
{
	static const struct {
		const char *before
		        [4]; /* what gdb's user has done since the last stop; shown or resumed */
		const char *step;    /* ends in another mode */
		bool has_breakpoint; /* there */
		const char *next[6]; /* packet, reply, ... */
	} rows[] = {
		/* stepi, nexti, next, until, finish, continue: their first step is off a breakpoint */
		{ { SHOWN }, STEP_OFF, false, { STEP_OFF, TRAP, GO_ON, PLAIN, GO_ON, RUNS } },
		{ { SHOWN }, STEP_OFF, true, { STEP_OFF, HIT, SHOWN, "l", GO_ON, RUNS } },
		/* the breakpoint's condition or ignore count, which gdb looks at, says to go on */
		{ { SHOWN }, STEP_OFF, true, { STEP_OFF, HIT, STEP_OFF, PLAIN, STEP_OFF, RUNS } },
		/* stepi, next on */
		{ { SHOWN }, STEP, false, { GO_ON, PLAIN, GO_ON, RUNS } },
		{ { SHOWN }, STEP, true, { GO_ON, HIT, SHOWN, "l", STEP, RUNS } },
		{ { SHOWN }, STEP, true, { GO_ON, HIT, STEP_OFF, PLAIN, STEP_OFF, RUNS } },
		{ { SHOWN }, RANGE, false, { GO_ON, PLAIN, GO_ON, RUNS } },
		{ { SHOWN, STEP, STEP }, STEP_OFF, false,
		        { STEP_OFF, TRAP, GO_ON, PLAIN, STEP, RUNS } },
		{ { SHOWN, GO_ON, RANGE }, STEP_OFF, false, { STEP_OFF, TRAP, GO_ON, PLAIN } },
		/* a software watchpoint, which gdb looks at after each step */
		{ { SHOWN }, STEP, false, { STEP, TRAP, STEP, PLAIN, STEP, RUNS } },
		{ { SHOWN }, STEP, false, { RANGE, TRAP, RANGE, PLAIN, RANGE, RUNS } },
		/* the user has said to go on, and gdb passes a breakpoint whose condition is not met */
		{ { SHOWN, GO_ON }, STEP_OFF, false, { STEP_OFF, TRAP, GO_ON, RUNS } },
		{ { SHOWN, GO_ON, STEP_OFF, GO_ON }, STEP_OFF, false,
		        { STEP_OFF, TRAP, GO_ON, RUNS } },
		{ { SHOWN, GO_ON }, STEP_OFF, true, { STEP_OFF, HIT, STEP_OFF, RUNS } },
		{ { SHOWN, GO_ON, SHOWN }, STEP_OFF, false, { STEP_OFF, TRAP, GO_ON, PLAIN } },
		/* of a client without vCont */
		{ { SHOWN }, "s", false, { "s", TRAP, "c", PLAIN, "c", RUNS } },
		{ { SHOWN }, "s", false, { "c", PLAIN, "s", RUNS } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		open_with_exec(&w);
		set_pc(&w);
		for (int k = 0; k < 4 && rows[i].before[k]; k++)
			if (!strcmp(rows[i].before[k], SHOWN))
				wire_ask(&w, SHOWN);
			else
				stop_after(&w, rows[i].before[k], TARGET_REAL16, &wire_trap, NULL);
		CHECK_STR(stop_after(&w, rows[i].step, TARGET_PROT32, &wire_trap, NULL), EXEC_32);
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		if (rows[i].has_breakpoint)
			wire_ask(&w, "Z0," PC ",1");
		w.fake.log[0] = 0;
		for (int k = 0; k < 6 && rows[i].next[k]; k += 2) {
			const char *expected = rows[i].next[k + 1];
			if (*expected) {
				check_begins(wire_ask(&w, rows[i].next[k]), expected, i);
				CHECK_STR(w.fake.log, "");
			} else {
				wire_send(&w, rows[i].next[k], strlen(rows[i].next[k]));
				CHECK_EQ(session_state(w.session), SESSION_RUNNING);
			}
		}
		if (!check_case_ok)
			CHECK_FAIL("row %zu", i);
		wire_close(&w);
	}
}

/* gdb takes it that a program that was just executed has none, and inserts those that it still has:
 * what `until` had set, or a watchpoint of a frame, it drops without a word. */
static void the_machine_is_rid_of_breakpoints_at_an_exec(void)
{
	struct wire w;
	open_with_exec(&w);
	wire_ask(&w, "Z0,20,1");
	wire_ask(&w, "Z1,30,1");
	wire_ask(&w, "Z2,40,4");
	wire_ask(&w, "Z4,50,2");
	wire_ask(&w, "Z4,50,2");
	wire_ask(&w, "Z3,60,1");
	wire_ask(&w, "z3,60,1");
	wire_ask(&w, "QTinit");
	wire_ask(&w, "QTDP:1:70:E:0:0");
	CHECK_STR(wire_ask(&w, "QTStart"), "OK");
	wire_ask(&w, "Z0,70,1");
	w.fake.log[0] = 0;
	CHECK_STR(stop_after(&w, "c", TARGET_PROT32, &wire_trap, NULL), EXEC_32);
	CHECK_STR(w.fake.log, "continue 0\nremove 0 20\nremove 1 30\nunwatch 0 40 4\n"
	                      "unwatch 2 50 2\n");
	/* Only once. */
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	wire_ask(&w, "Z0,20,1");
	w.fake.log[0] = 0;
	wire_ask(&w, "c");
	CHECK_STR(stop_after(&w, "c", TARGET_LONG64, &wire_trap, NULL), EXEC_64);
	CHECK_STR(w.fake.log, "continue 0\nremove 0 20\n");
	wire_close(&w);
}

static const struct target_stop long_stop = { .kind = TARGET_STOP_LONG };

/* gdb cuts addresses to the 32 bits of the layout that it speaks. */
static void who_has_cut_addresses_wants_to_know_of_64_bit_code(void)
{
	static const struct {
		const char *features, *breakpoint;
		enum target_layout layout;
		bool is_told;
	} rows[] = {
		{ "qSupported:exec-events+", "Z0,20,1", TARGET_REAL16, true },
		{ "qSupported:exec-events+", "Z1,20,1", TARGET_PROT32, true },
		{ "qSupported:exec-events+", "Z3,20,4", TARGET_PROT32, true },
		{ "qSupported:exec-events+", NULL, TARGET_PROT32, false },
		{ "qSupported:exec-events+", "Z0,20,1", TARGET_LONG64, false },
		{ "qSupported:swbreak+", "Z0,20,1", TARGET_PROT32, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		wire_open(&w);
		w.fake.layout = rows[i].layout;
		w.stops_at_once = false;
		wire_ask(&w, rows[i].features);
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		if (rows[i].breakpoint)
			wire_ask(&w, rows[i].breakpoint);
		wire_send(&w, "vCont;c", 7);
		if (w.fake.watches_long != rows[i].is_told)
			CHECK_FAIL("row %zu", i);
		wire_close(&w);
	}
}

/* The resume that follows goes on: gdb's user sees no stop. */
static void gdb_inserts_anew_before_64_bit_code_and_goes_on(void)
{
	/* Early, the CPU is in 32-bit code still. */
	static const enum target_layout layouts[] = { TARGET_LONG64, TARGET_PROT32 };
	for (size_t i = 0; i < 2; i++) {
		struct wire w;
		open_with_exec(&w);
		set_pc(&w);
		wire_ask(&w, "Z0,20,1");
		CHECK_STR(stop_after(&w, "vCont;c", layouts[i], &long_stop, NULL), EXEC_64);
		CHECK(strstr(wire_ask(&w, "qXfer:features:read:target.xml:0,1000"), "x86-64"));
		wire_ask(&w, "Z0,ffffffff00000020,1");
		w.fake.log[0] = 0;
		wire_forget(&w);
		wire_send(&w, "vCont;c", 7);
		CHECK_EQ(session_state(w.session), SESSION_RUNNING);
		CHECK_STR(w.fake.log, "continue 0\n");
		CHECK(!w.fake.watches_long);
		/* The next description is the one of the mode again. */
		w.fake.layout = TARGET_PROT32;
		session_stopped(w.session, &wire_trap, NULL);
		wire_collect(&w, SIZE_MAX);
		wire_seen(&w);
		CHECK(strstr(wire_ask(&w, "qXfer:features:read:target.xml:0,1000"), ">i386<"));
		wire_close(&w);
	}
}

static void the_first_64_bit_instruction_may_have_a_breakpoint(void)
{
	static const struct {
		const char *breakpoint, *resume, *begins; /* NULL: it goes on */
	} rows[] = {
		{ "Z0," PC ",1", GO_ON, "T05thread:1;swbreak:;10:" },
		{ "Z1," PC ",1", GO_ON, "T05thread:1;hwbreak:;10:" },
		{ "Z0," PC ",1;X3,220027", GO_ON, NULL }, /* const8 0, end: it does not hold */
		{ "Z0," PC ",1;X3,220127", GO_ON, "T05thread:1;swbreak:;10:" },
		{ "Z0," PC ",1", STEP_OFF, NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		open_with_exec(&w);
		set_pc(&w);
		wire_ask(&w, "Z0," PC ",1");
		stop_after(&w, GO_ON, TARGET_LONG64, &long_stop, NULL);
		wire_ask(&w, "qXfer:features:read:target.xml:0,1000");
		wire_ask(&w, rows[i].breakpoint);
		if (rows[i].begins) {
			check_begins(wire_ask(&w, rows[i].resume), rows[i].begins, i);
		} else {
			wire_send(&w, rows[i].resume, strlen(rows[i].resume));
			CHECK_EQ(session_state(w.session), SESSION_RUNNING);
		}
		wire_close(&w);
	}
}

/* What finish and next wait at is gone for gdb then: it is kept until the next stop. */
static void a_breakpoint_that_gdb_drops_is_kept(void)
{
	struct wire w;
	open_with_exec(&w);
	set_pc(&w);
	wire_ask(&w, "Z0,20,1");
	wire_ask(&w, "Z0," PC ",1");
	wire_ask(&w, "Z0,30,1");
	stop_after(&w, GO_ON, TARGET_LONG64, &long_stop, NULL);
	wire_ask(&w, "qXfer:features:read:target.xml:0,1000");
	wire_ask(&w, "Z0,ffffffff00000020,1");
	wire_ask(&w, "Z0,30,1");
	w.fake.log[0] = 0;
	check_begins(stop_after(&w, GO_ON, TARGET_LONG64,
	                     &(struct target_stop) { .kind = TARGET_STOP_BREAKPOINT }, NULL),
	        "T00thread:1;10:", 0);
	CHECK_STR(w.fake.log, "insert 0 " PC "\ncontinue 0\nremove 0 " PC "\n");
	w.fake.log[0] = 0;
	wire_send(&w, "vCont;c", 7);
	CHECK_STR(w.fake.log, "continue 0\n");
	wire_close(&w);
}

/* The script's watchpoint, at EXEC_ASK_GVA: no address that a machine has. */
#define ASK     "Z4,8000000000000000,1"
#define ASKED   "T05thread:1;awatch:8000000000000000;8:"
#define HIGH_PC "ffffffff80000010"

static void set_high_pc(struct wire *w)
{
	memcpy(w->fake.values[fake_find(&w->fake, "pc")], "\x10\0\0\x80\xff\xff\xff\xff", 8);
}

static void open_with_script(struct wire *w)
{
	wire_open(w);
	w->stops_at_once = false;
	wire_ask(w, "qSupported:swbreak+;hwbreak+");
	wire_ask(w, "qXfer:features:read:target.xml:0,1");
	CHECK_STR(wire_ask(w, ASK), "OK");
	CHECK_STR(w->fake.log, ""); /* it is none of the machine's */
}

/* gdb would pass a breakpoint above 4 GiB: the script is asked, and the stop answers its resume. */
static void a_script_is_asked_before_a_stop_that_gdb_would_pass(void)
{
	static const struct {
		struct target_stop stop;
		const char *breakpoint, *resume, *begins;
	} rows[] = {
		{ { .kind = TARGET_STOP_BREAKPOINT }, "Z0," HIGH_PC ",1", GO_ON,
		        "T05thread:1;swbreak:;10:" },
		{ { .kind = TARGET_STOP_HARDWARE }, "Z1," HIGH_PC ",1", GO_ON,
		        "T05thread:1;hwbreak:;10:" },
		/* of stepi N, which goes on */
		{ { .kind = TARGET_STOP_SIGNAL, .signal = TARGET_SIGNAL_TRAP }, "Z0," HIGH_PC ",1",
		        STEP, "T05thread:1;swbreak:;10:" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		open_with_script(&w);
		set_high_pc(&w);
		wire_ask(&w, rows[i].breakpoint);
		check_begins(stop_after(&w, GO_ON, TARGET_LONG64, &rows[i].stop, NULL), ASKED, i);
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		w.fake.log[0] = 0;
		check_begins(wire_ask(&w, rows[i].resume), rows[i].begins, i);
		CHECK_STR(w.fake.log, "");
		wire_send(&w, "vCont;c", 7);
		CHECK_EQ(session_state(w.session), SESSION_RUNNING);
		wire_close(&w);
	}
}

static void a_script_is_not_asked_where_gdb_stops_by_itself(void)
{
	static const struct {
		enum target_layout layout;
		const char *pc, *before;
	} rows[] = {
		{ TARGET_PROT32, PC, NULL },
		{ TARGET_LONG64, PC, NULL },
		{ TARGET_LONG64, HIGH_PC, "z4,8000000000000000,1" },
	};
	const struct target_stop stop = { .kind = TARGET_STOP_BREAKPOINT };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char breakpoint[40];
		struct wire w;
		open_with_script(&w);
		set_pc(&w);
		if (strcmp(rows[i].pc, PC))
			set_high_pc(&w);
		if (rows[i].before)
			wire_ask(&w, rows[i].before);
		snprintf(breakpoint, sizeof breakpoint, "Z0,%s,1", rows[i].pc);
		wire_ask(&w, breakpoint);
		check_begins(stop_after(&w, GO_ON, rows[i].layout, &stop, NULL),
		        "T05thread:1;swbreak:;8:", i);
		wire_close(&w);
	}
	/* A stop that gdb's user has seen is not told again. */
	struct wire w;
	open_with_script(&w);
	set_high_pc(&w);
	wire_ask(&w, "Z0," HIGH_PC ",1");
	check_begins(stop_after(&w, STEP, TARGET_LONG64, &wire_trap, NULL), ASKED, 0);
	wire_ask(&w, SHOWN);
	wire_send(&w, "vCont;c", 7);
	CHECK_EQ(session_state(w.session), SESSION_RUNNING);
	wire_close(&w);
}

static void the_end_is_no_exec(void)
{
	struct wire w;
	open_with_exec(&w);
	CHECK_STR(stop_after(&w, "c", TARGET_LONG64,
	                  &(struct target_stop) { .kind = TARGET_STOP_EXITED, .status = 5 }, NULL),
	        "W05");
	wire_close(&w);
}

/* With a script's hook there are no events: stops speak the layout that was read last. */
static void without_the_offer_stops_are_stops(void)
{
	struct wire w;
	wire_open(&w);
	w.stops_at_once = false;
	wire_ask(&w, "qSupported:swbreak+");
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	const char *reply = stop_after(&w, "s", TARGET_LONG64, &wire_trap, NULL);
	CHECK(!strncmp(reply, "T05thread:1;8:", 14));
	wire_close(&w);
}

int main(void)
{
	RUN(it_is_offered_to_who_wants_it);
	RUN(a_held_step_to_a_tracepoint_is_no_breakpoint);
	RUN(a_stop_in_another_mode_is_an_exec_without_registers);
	RUN(the_next_resume_gets_the_stop);
	RUN(every_kind_of_stop_is_told_so_that_gdb_stops);
	RUN(a_held_stop_is_never_lost);
	RUN(the_machine_is_rid_of_breakpoints_at_an_exec);
	RUN(who_has_cut_addresses_wants_to_know_of_64_bit_code);
	RUN(gdb_inserts_anew_before_64_bit_code_and_goes_on);
	RUN(the_first_64_bit_instruction_may_have_a_breakpoint);
	RUN(a_breakpoint_that_gdb_drops_is_kept);
	RUN(a_script_is_asked_before_a_stop_that_gdb_would_pass);
	RUN(a_script_is_not_asked_where_gdb_stops_by_itself);
	RUN(the_end_is_no_exec);
	RUN(without_the_offer_stops_are_stops);
	return check_done();
}

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

/* A tracepoint stands where the step ended: gdb has no breakpoint there, unless it has set one. */
static void a_held_step_to_a_tracepoint_is_no_breakpoint(void)
{
	for (int has_one = 0; has_one < 2; has_one++) {
		struct wire w;
		open_with_exec(&w);
		wire_ask(&w, "QTinit");
		wire_ask(&w, "QTDP:1:10:E:0:0");
		CHECK_STR(wire_ask(&w, "QTStart"), "OK");
		memcpy(w.fake.values[fake_find(&w.fake, "pc")], "\x10\0\0\0\0\0\0\0", 8);
		w.fake.has_breakpoint_here = true;
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
	CHECK_STR(stop_after(&w, "c", TARGET_LONG64,
	                  &(struct target_stop) { .kind = TARGET_STOP_BREAKPOINT }, NULL),
	        EXEC_64);
	w.fake.log[0] = 0;
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
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
		{ { .kind = TARGET_STOP_HARDWARE }, false, "T05thread:1;hwbreak:;8:" },
		{ { .kind = TARGET_STOP_WATCH, .watch = TARGET_WATCH_WRITE, .watch_gva = 0x1000 },
		        false, "T00thread:1;8:" },
		{ { .kind = TARGET_STOP_WATCH, .watch = TARGET_WATCH_ACCESS, .watch_gva = 0x1000 },
		        false, "T05thread:1;awatch:1000;8:" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		open_with_exec(&w);
		CHECK_STR(stop_after(&w, "c", TARGET_PROT32, &rows[i].stop, "why\n"), EXEC_32);
		CHECK_EQ(wire_seen(&w).text_packets, 1); /* before the event */
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		w.fake.has_breakpoint_here = rows[i].has_breakpoint;
		const char *reply = wire_ask(&w, "vCont;c");
		if (strncmp(reply, rows[i].begins, strlen(rows[i].begins)))
			CHECK_FAIL("%zu: %s, wanted %s...", i, reply, rows[i].begins);
		/* A watched value is asked for anew by gdb, which then sees no change. */
		CHECK_EQ(wire_seen(&w).text_packets, i == 5);
		wire_close(&w);
	}
}

static void a_step_that_gdb_needs_is_made(void)
{
	struct wire w;
	open_with_exec(&w);
	stop_after(&w, "c", TARGET_PROT32, &wire_trap, NULL);
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	w.fake.log[0] = 0;
	CHECK(!strncmp(stop_after(&w, "vCont;s:1", TARGET_PROT32, &wire_trap, NULL), "T05", 3));
	CHECK_STR(w.fake.log, "step 0\n");
	stop_after(&w, "c", TARGET_LONG64, &wire_trap, NULL);
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	w.fake.log[0] = 0;
	CHECK(!strncmp(stop_after(&w, "vCont;r0,10:1", TARGET_LONG64, &wire_trap, NULL), "T05", 3));
	CHECK(!strncmp(stop_after(&w, "c", TARGET_LONG64, &wire_trap, NULL), "T05", 3));
	CHECK_STR(w.fake.log, "range 0 0 10\ncontinue 0\n");
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
	RUN(a_step_that_gdb_needs_is_made);
	RUN(the_end_is_no_exec);
	RUN(without_the_offer_stops_are_stops);
	return check_done();
}

/* 0x03: while the machine runs, while it stands, and what forgets it. */
#include "session_wire.h"

static void an_interrupt_is_told_once(void)
{
	struct wire w;
	wire_open(&w);
	w.stops_at_once = false;
	wire_feed(&w, "$c#63\x03", 6);
	CHECK_STR(w.fake.log, "continue 0\ninterrupt\n");
	const struct target_stop stop = { .kind = TARGET_STOP_SIGNAL, .signal = TARGET_SIGNAL_INT };
	session_stopped(w.session, &stop, NULL);
	session_stopped(w.session, &stop, NULL); /* once more is no second reply */
	wire_collect(&w, SIZE_MAX);
	CHECK_EQ(wire_seen(&w).packets, 1);
	CHECK(!memcmp(wire_seen(&w).last, "T02", 3));
	wire_close(&w);
}

static const struct target_stop wire_interrupt = { .kind = TARGET_STOP_SIGNAL,
	.signal = TARGET_SIGNAL_INT };

/* The machine stops by this; what it has been asked since it last went on is forgotten. */
static const char *stop_by(struct wire *w, const struct target_stop *stop)
{
	wire_forget(w);
	session_stopped(w->session, stop, NULL);
	wire_collect(w, SIZE_MAX);
	w->fake.log[0] = 0;
	struct wire_seen seen = wire_seen(w);
	if (seen.packets != 1)
		return "";
	snprintf(w->reply, WIRE_BIG, "%.3s", (const char *)seen.last);
	return w->reply;
}

/* gdb sends 0x03 while it waits for the end of a step, and that may have come already. */
static void an_interrupt_at_rest_stops_the_next_resume(void)
{
	static const char *const resumes[][2] = { { "s", "step 0\ninterrupt\n" },
		{ "c", "continue 0\ninterrupt\n" },
		{ "vCont;s:p1.1;c:p1.-1", "step 0\ninterrupt\n" },
		{ "vCont;r10,20:1", "range 0 10 20\ninterrupt\n" },
		{ "bs", "step back\ninterrupt\n" }, { "bc", "run back\ninterrupt\n" } };
	for (size_t i = 0; i < 2 * sizeof resumes / sizeof *resumes; i++) {
		const char *const *resume = resumes[i / 2];
		struct wire w;
		wire_open(&w);
		if (i % 2)
			wire_ask(&w, "QStartNoAckMode");
		wire_feed(&w, "\x03\x03", 2);
		CHECK_STR(w.fake.log, "");
		CHECK(wire_ask(&w, "qXfer:threads:read::0,100")[0] == 'l');
		w.stops_at_once = false;
		wire_send(&w, resume[0], strlen(resume[0]));
		CHECK_STR(w.fake.log, resume[1]);
		CHECK_STR(stop_by(&w, &wire_interrupt), "T02");
		wire_send(&w, "s", 1);
		CHECK_STR(w.fake.log, "step 0\n");
		wire_close(&w);
	}
}

/* A 0x03 that was passed on may have come too late for the stop that follows: then it still waits. */
static void an_interrupt_counts_until_a_stop_by_it(void)
{
	static const struct target_stop breakpoint = { .kind = TARGET_STOP_BREAKPOINT };
	struct wire w;
	wire_open(&w);
	w.stops_at_once = false;
	wire_feed(&w, "$c#63\x03", 6);
	CHECK_STR(w.fake.log, "continue 0\ninterrupt\n");
	CHECK_STR(stop_by(&w, &breakpoint), "T05");
	wire_send(&w, "s", 1);
	CHECK_STR(w.fake.log, "step 0\ninterrupt\n");
	CHECK_STR(stop_by(&w, &wire_trap), "T05"); /* a step that could not be left undone */
	wire_send(&w, "c", 1);
	CHECK_STR(w.fake.log, "continue 0\ninterrupt\n");
	CHECK_STR(stop_by(&w, &wire_interrupt), "T02");
	wire_send(&w, "c", 1);
	CHECK_STR(w.fake.log, "continue 0\n");
	wire_close(&w);
}

/* gdb's `set remote interrupt-on-connect` sends a 0x03 before it asks `?`. Another machine has nothing to do with one. */
static void what_begins_anew_forgets_an_interrupt(void)
{
	static const char *const anew[] = { "?", "qRcmd,6c6f6164766d", "vRun;", "R00", "vKill;1",
		"D;1" };
	for (size_t i = 0; i < sizeof anew / sizeof *anew; i++) {
		struct wire w;
		wire_open(&w);
		w.fake.is_another = w.fake.is_stopped = true;
		w.fake.stop = wire_trap;
		wire_ask(&w, "!");
		wire_feed(&w, "\x03", 1);
		wire_send(&w, anew[i], strlen(anew[i]));
		wire_feed(&w, "\x03", session_state(w.session) == SESSION_IDLE);
		if (session_state(w.session) == SESSION_IDLE)
			wire_send(&w, anew[i][0] == 'D' ? "vAttach;1" : "vRun;",
			        anew[i][0] == 'D' ? 9 : 5);
		w.fake.log[0] = 0;
		wire_ask(&w, "c");
		if (strcmp(w.fake.log, "continue 0\n"))
			CHECK_FAIL("after %s: %s", anew[i], w.fake.log);
		wire_close(&w);
	}
}

int main(void)
{
	RUN(an_interrupt_is_told_once);
	RUN(an_interrupt_at_rest_stops_the_next_resume);
	RUN(an_interrupt_counts_until_a_stop_by_it);
	RUN(what_begins_anew_forgets_an_interrupt);
	return check_done();
}

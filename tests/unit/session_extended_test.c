/* target extended-remote: a session that outlives its program. */
#include "session_wire.h"

static void open_extended(struct wire *w)
{
	wire_open(w);
	w->stops_at_once = false;
	CHECK_STR(wire_ask(w, "!"), "OK");
	w->fake.log[0] = 0;
}

/* What is about a program is refused where there is none. */
static void check_idle(struct wire *w)
{
	static const char *const refused[] = { "g", "G00", "p0", "P0=0", "m0,1", "M0,1:00", "c",
		"s", "vCont;c", "Z0,0,1", "z0,0,1", "T1", "D", "QTinit", "QTDP:1:4:E:0:0",
		"QTStart", "QTEnable:1:4", "qThreadExtraInfo,1", "qAttached:1" };
	char log[2000];
	CHECK_EQ(session_state(w->session), SESSION_IDLE);
	snprintf(log, sizeof log, "%s", w->fake.log);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (strcmp(wire_ask(w, refused[i]), "E22"))
			CHECK_FAIL("%s -> %s", refused[i], w->reply);
	CHECK_STR(wire_ask(w, "?"), "W00");
	CHECK_STR(wire_ask(w, "qC"), "");
	CHECK_STR(wire_ask(w, "qfThreadInfo"), "l");
	CHECK(!strstr(wire_ask(w, "qXfer:threads:read::0,1000"), "<thread "));
	CHECK_STR(wire_ask(w, "Hg0"), "OK");
	CHECK(strstr(wire_ask(w, "qSupported:x+"), "PacketSize"));
	CHECK_STR(w->fake.log, log);
	CHECK_EQ(session_state(w->session), SESSION_IDLE);
}

static void a_kill_leaves_a_session_that_runs_it_again(void)
{
	static const char *const kills[] = { "vKill;1", "k" };
	for (size_t i = 0; i < 2; i++) {
		struct wire w;
		open_extended(&w);
		if (i == 0) {
			CHECK_STR(wire_ask(&w, kills[i]), "OK");
		} else {
			wire_forget(&w);
			wire_send(&w, kills[i], 1);
			CHECK_EQ(wire_seen(&w).packets, 0); /* k has no reply */
		}
		CHECK_STR(w.fake.log, "end\n");
		check_idle(&w);
		CHECK_STR(wire_ask(&w, "vAttach;1"), "E.the guest has ended; run starts it again");
		w.fake.log[0] = 0;
		CHECK_STR(wire_ask(&w, "vRun;"), "T05thread:1;");
		CHECK_STR(w.fake.log, "restart\n");
		CHECK_EQ(session_state(w.session), SESSION_STOPPED);
		CHECK(wire_ask(&w, "g")[0] != 'E');
		wire_close(&w);
	}
}

/* A monitor command may put another machine there: the session takes it up, and nobody else tells it
 * to. An end or an attach of before is none of the new one's. */
static void a_monitor_command_may_start_it_again(void)
{
	struct wire w;
	open_extended(&w);
	CHECK_STR(wire_ask(&w, "vKill;1"), "OK");
	CHECK_STR(wire_ask(&w, "vAttach;1"), "E.the guest has ended; run starts it again");
	w.fake.stop =
	        (struct target_stop) { .kind = TARGET_STOP_SIGNAL, .signal = TARGET_SIGNAL_INT };
	CHECK_STR(wire_ask(&w, "qRcmd,68"), "OK"); /* it says that it has not */
	CHECK_STR(wire_ask(&w, "vAttach;1"), "E.the guest has ended; run starts it again");
	w.fake.is_another = w.fake.is_stopped = true;
	CHECK_STR(wire_ask(&w, "qRcmd,68"), "OK");
	CHECK_STR(wire_ask(&w, "?"), "W00"); /* still nobody's program */
	CHECK(!strncmp(wire_ask(&w, "vAttach;1"), "T", 1));
	CHECK(!strncmp(wire_ask(&w, "?"), "T02thread:1;", 12));
	wire_close(&w);
}

/* gdb sends it to a program that lives, too; and names of files, which the guest has no use for. */
static void run_begins_anew_at_any_time(void)
{
	struct wire w;
	open_extended(&w);
	w.fake.cpus = 2;
	wire_ask(&w, "qSupported:multiprocess+");
	wire_ask(&w, "Hgp1.2");
	CHECK_STR(wire_ask(&w, "vRun;2f746d70;61;62"), "T05thread:p1.1;");
	CHECK_STR(wire_ask(&w, "qC"), "QCp1.1");
	CHECK_STR(w.fake.log, "restart\n");
	w.fake.refuses = true;
	w.fake.because = "the image is gone";
	CHECK_STR(wire_ask(&w, "vRun;"), "E.the image is gone");
	CHECK_EQ(session_state(w.session), SESSION_STOPPED);
	w.fake.refuses = false;
	wire_forget(&w);
	wire_send(&w, "R00", 3);
	CHECK_EQ(wire_seen(&w).packets, 0);
	CHECK_STR(w.fake.log, "restart\nrestart\n");
	wire_close(&w);
}

static void an_exit_leaves_a_session(void)
{
	static const struct target_stop gone = { .kind = TARGET_STOP_EXITED, .status = 3 };
	struct wire w;
	open_extended(&w);
	wire_forget(&w);
	wire_send(&w, "c", 1);
	session_stopped(w.session, &gone, NULL);
	wire_collect(&w, SIZE_MAX);
	CHECK(wire_seen(&w).last_len == 3 && !memcmp(wire_seen(&w).last, "W03", 3));
	check_idle(&w);
	CHECK_STR(wire_ask(&w, "vRun;"), "T05thread:1;");
	wire_close(&w);
}

static void after_a_detach_one_can_attach(void)
{
	struct wire w;
	open_extended(&w);
	CHECK_STR(wire_ask(&w, "vAttach;1"), "E.gdb is attached to the guest already");
	CHECK_STR(wire_ask(&w, "D;1"), "OK");
	CHECK_STR(w.fake.log, "detach\n");
	check_idle(&w);
	/* It stops by itself: nobody is told. */
	wire_forget(&w);
	session_stopped(w.session, &wire_trap, "halted\n");
	wire_collect(&w, SIZE_MAX);
	CHECK_EQ(w.out_len, 0);
	CHECK_STR(wire_ask(&w, "vAttach;2"), "E.the guest is process 1");
	CHECK_STR(wire_ask(&w, "vAttach;x"), "E22");
	w.fake.is_stopped = true;
	CHECK(!strncmp(wire_ask(&w, "vAttach;1"), "T05thread:1;", 12));
	CHECK_EQ(session_state(w.session), SESSION_STOPPED);
	/* Again, while it runs: the stop is the reply. */
	w.fake.is_stopped = false;
	wire_ask(&w, "D;1");
	wire_forget(&w);
	wire_send(&w, "vAttach;1", 9);
	CHECK_EQ(wire_seen(&w).packets, 0);
	session_stopped(w.session, &(struct target_stop) { .signal = TARGET_SIGNAL_INT }, NULL);
	wire_collect(&w, SIZE_MAX);
	CHECK(!memcmp(wire_seen(&w).last, "T02thread:1;", 12));
	wire_close(&w);
}

static void without_it_a_session_ends_with_its_program(void)
{
	struct wire w;
	wire_open(&w);
	CHECK_STR(wire_ask(&w, "vRun;"), "");
	CHECK_STR(wire_ask(&w, "vAttach;1"), "");
	CHECK_STR(wire_ask(&w, "R00"), "");
	CHECK_STR(w.fake.log, "");
	CHECK_STR(wire_ask(&w, "vKill;1"), "OK");
	CHECK_STR(w.fake.log, "kill\n");
	CHECK_EQ(session_state(w.session), SESSION_GONE);
	wire_close(&w);
}

int main(void)
{
	RUN(a_kill_leaves_a_session_that_runs_it_again);
	RUN(a_monitor_command_may_start_it_again);
	RUN(run_begins_anew_at_any_time);
	RUN(an_exit_leaves_a_session);
	RUN(after_a_detach_one_can_attach);
	RUN(without_it_a_session_ends_with_its_program);
	return check_done();
}

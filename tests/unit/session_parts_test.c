/* A target without some of its tables: what needs them is not announced and gets the empty answer, and
 * nothing crashes for want of them. */
#include "gdbstub/commands.h"
#include "gdbstub/queries.h"
#include "readme.h"
#include "session_wire.h"

/* The tables of a target, as state.h names them. */
#define ALL (REGISTERS | MEMORY | RUN | BREAKPOINTS | CPUS | MONITOR | ELF_FILE | HISTORY)

static void take_away(struct wire *w, unsigned missing)
{
	struct target *t = &w->fake.target;
	t->registers = missing & REGISTERS ? NULL : t->registers;
	t->memory = missing & MEMORY ? NULL : t->memory;
	t->run = missing & RUN ? NULL : t->run;
	t->breakpoints = missing & BREAKPOINTS ? NULL : t->breakpoints;
	t->cpus = missing & CPUS ? NULL : t->cpus;
	t->history = missing & HISTORY ? NULL : t->history;
	t->monitor = missing & MONITOR ? NULL : t->monitor;
	t->file = missing & ELF_FILE ? NULL : t->file;
	/* vFile needs either of them: session_files_test.c has each without the other. */
	t->made_count = missing & ELF_FILE ? 0 : t->made_count;
}

static void open_without(struct wire *w, unsigned missing)
{
	wire_open(w);
	session_close(w->session);
	take_away(w, missing);
	w->session = session_open(&w->fake.target, &wire_trap);
}

/* Every packet that there is; those that need something of the target. */
static const struct {
	const char *packet;
	unsigned needs;
} rows[] = {
	{ "g", REGISTERS },
	{ "G00", REGISTERS },
	{ "p0", REGISTERS },
	{ "P0=00000000", REGISTERS },
	{ "m0,4", MEMORY },
	{ "x0,4", MEMORY },
	{ "M0,2:abcd", MEMORY },
	{ "X0,2:ab", MEMORY },
	{ "c", RUN },
	{ "c10", RUN },
	{ "s", RUN },
	{ "C05", RUN },
	{ "S05", RUN },
	{ "vCont?", RUN },
	{ "vCont;c", RUN },
	{ "vCont;s:1", RUN },
	{ "vCont;r0,10:1", RUN },
	{ "bs", RUN | HISTORY },
	{ "bc", RUN | HISTORY },
	{ "Z0,10,1", BREAKPOINTS },
	{ "Z0,10,1;X3,220127", BREAKPOINTS },
	{ "Z0,10,1;X3,220127;cmds:0,X3,220127", BREAKPOINTS },
	{ "Z1,20,1", BREAKPOINTS },
	{ "Z2,30,4", BREAKPOINTS },
	{ "z2,30,4", BREAKPOINTS },
	{ "z0,10,1", BREAKPOINTS },
	{ "?", 0 },
	{ "!", RUN },
	{ "vRun;", RUN },
	{ "vAttach;1", RUN },
	{ "Hg1", 0 },
	{ "Hc1", 0 },
	{ "T1", 0 },
	{ "T2", 0 },
	{ "vFile:setfs:0", ELF_FILE },
	{ "vFile:open:2f,0,0", ELF_FILE },
	{ "vFile:close:1", ELF_FILE },
	{ "vFile:fstat:1", ELF_FILE },
	{ "vFile:pread:1,1,0", ELF_FILE },
	{ "vMustReplyEmpty", ALL },
	{ "qSupported:multiprocess+;swbreak+;hwbreak+;exec-events+", 0 },
	{ "qXfer:features:read:target.xml:0,1000", REGISTERS },
	{ "qXfer:threads:read::0,1000", CPUS },
	{ "qXfer:exec-file:read::0,100", ELF_FILE },
	{ "qfThreadInfo", 0 },
	{ "qsThreadInfo", 0 },
	{ "qThreadExtraInfo,1", CPUS },
	{ "qC", 0 },
	{ "qCRC:0,100", MEMORY },
	{ "qSearch:memory:0;100;ab", MEMORY },
	{ "qAttached", RUN },
	{ "qAttached:1", RUN },
	{ "qHostInfo", REGISTERS },
	{ "qProcessInfo", REGISTERS },
	{ "qRcmd,61", MONITOR },
	{ "qqemu.PhyMemMode", MEMORY },
	{ "Qqemu.PhyMemMode:1", MEMORY },
	{ "m100000,4", MEMORY },
	{ "Qqemu.PhyMemMode:0", MEMORY },
	{ "qqemu.sstepbits", RUN },
	{ "Qqemu.sstepbits", RUN },
	{ "qqemu.sstep", RUN },
	{ "Qqemu.sstep=0x1", RUN },
	{ "QTinit", AGENT },
	{ "QTDP:1:10:E:0:0-", AGENT },
	{ "QTDP:-1:10:R1", AGENT },
	{ "QTDPsrc:1:10:at:0:1:61", AGENT },
	{ "QTDV:1:0:0:61", AGENT },
	{ "QTro:0,10", AGENT },
	{ "QTBuffer:circular:1", AGENT },
	{ "QTBuffer:size:1000", AGENT },
	{ "QTNotes:user:61", AGENT },
	{ "QTStart", AGENT },
	{ "QTDisable:1:10", AGENT },
	{ "QTEnable:1:10", AGENT },
	{ "qTStatus", AGENT },
	{ "qTP:1:10", AGENT },
	{ "qTfP", AGENT },
	{ "qTsP", AGENT },
	{ "qTfV", AGENT },
	{ "qTsV", AGENT },
	{ "qTV:1", AGENT },
	{ "QTFrame:0", AGENT },
	{ "QTFrame:ffffffff", AGENT },
	{ "qXfer:traceframe-info:read::0,100", AGENT },
	{ "qTBuffer:0,100", AGENT },
	{ "QTStop", AGENT },
	{ "QStartNoAckMode", 0 },
};

/* Those that end the session. */
static const char *const ends[] = { "D", "D;1", "k", "vKill;1" };

static void check_packets(unsigned missing)
{
	struct wire w;
	open_without(&w, missing);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is_lacking = rows[i].needs & missing || rows[i].needs == ALL;
		const char *reply = wire_ask(&w, rows[i].packet);
		if (*reply == '(' || (is_lacking && *reply) || (!is_lacking && !*reply))
			CHECK_FAIL("without 0x%x: %s -> %.100s", missing, rows[i].packet, reply);
	}
	/* Stops of all kinds, and hits, in every mode. */
	for (int kind = TARGET_STOP_SIGNAL; kind < TARGET_STOP_EXITED && !(missing & RUN); kind++) {
		const struct target_stop stop = { .kind = (enum target_stop_kind)kind,
			.signal = 5 };
		w.stops_at_once = false;
		wire_send(&w, "c", 1);
		hit_breakpoint(w.session, 0, 0x10);
		hit_stepped(w.session, 0);
		wire_feed(&w, "\x03", 1);
		w.fake.layout = kind % TARGET_LAYOUTS;
		session_stopped(w.session, &stop, "why\n");
		wire_collect(&w, SIZE_MAX);
		CHECK_EQ(session_state(w.session), SESSION_STOPPED);
		w.stops_at_once = true;
		CHECK(wire_ask(&w, "c")[0] == 'T');
	}
	wire_close(&w);
}

static void what_needs_a_missing_table_is_not_supported(void)
{
	for (unsigned missing = 0; missing <= ALL; missing++)
		check_packets(missing);
}

static void the_session_ends_without_a_machine_that_runs(void)
{
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct wire w;
		open_without(&w, ALL);
		wire_send(&w, ends[i], strlen(ends[i]));
		CHECK_EQ(session_state(w.session), SESSION_GONE);
		wire_close(&w);
	}
}

static void what_is_announced_is_there(void)
{
	static const struct {
		const char *feature;
		unsigned needs;
	} features[] = {
		{ "PacketSize=", 0 },
		{ ";QStartNoAckMode+", 0 },
		{ ";vContSupported+", RUN },
		{ ";ReverseStep+", RUN | HISTORY },
		{ ";ReverseContinue+", RUN | HISTORY },
		{ ";qXfer:features:read+", REGISTERS },
		{ ";qXfer:threads:read+", CPUS },
		{ ";qXfer:exec-file:read+", ELF_FILE },
		{ ";ConditionalBreakpoints+", AGENT },
		{ ";BreakpointCommands+", AGENT },
		{ ";binary-upload+", MEMORY },
		{ ";ConditionalTracepoints+", AGENT },
		{ ";qXfer:traceframe-info:read+", AGENT },
		{ ";multiprocess+", 0 },
		{ ";swbreak+", BREAKPOINTS },
		{ ";hwbreak+", BREAKPOINTS },
		{ ";exec-events+", REGISTERS | RUN },
	};
	for (unsigned missing = 0; missing <= ALL; missing++) {
		struct wire w;
		open_without(&w, missing);
		const char *reply =
		        wire_ask(&w, "qSupported:multiprocess+;swbreak+;hwbreak+;exec-events+");
		for (size_t i = 0; i < sizeof features / sizeof *features; i++)
			if (!strstr(reply, features[i].feature) != !!(features[i].needs & missing))
				CHECK_FAIL("without 0x%x: %s", missing, features[i].feature);
		wire_close(&w);
	}
}

/* --- the tables of packets, and what is written of them ---------------------------------------- */

static bool is_found(const struct command *table, const struct command *c, const char *packet)
{
	struct text_in in = text_in(packet, strlen(packet));
	return session_find(table, &in) == c;
}

static bool is_tried(const struct command *table, const struct command *c)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (is_found(table, c, rows[i].packet))
			return true;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (is_found(table, c, ends[i]))
			return true;
	return is_found(table, c, "R00"); /* it gets no reply */
}

/* As `qC`, or with operands behind it, as `Z0`. q and Q are the names of others begun. */
static bool is_in_readme(const char *readme, const char *name)
{
	char ticked[64];
	int len = snprintf(ticked, sizeof ticked, "`%s", name);
	while (len > 2 && strchr(":;,", ticked[len - 1]))
		ticked[--len] = '\0';
	for (const char *at = readme; (at = strstr(at, ticked)); at++)
		if (strchr("`;0", at[len]))
			return true;
	return !strcmp(name, "q") || !strcmp(name, "Q");
}

static void check_table(const struct command *table, const char *readme)
{
	for (const struct command *c = table; c->name; c++) {
		if (!is_tried(table, c))
			CHECK_FAIL("%s: no packet above tries it", c->name);
		if (!is_in_readme(readme, c->name))
			CHECK_FAIL("%s: not in src/gdbstub/README.md", c->name);
	}
}

static void every_packet_is_tried_and_written_of(void)
{
	char *readme = readme_read("src/gdbstub/README.md");
	if (!readme)
		return;
	check_table(session_commands, readme);
	check_table(session_queries, readme);
	free(readme);
}

/* The least of each table: what may be NULL in it is. */
static void the_least_of_each_table_is_enough(void)
{
	static const char *const lacking[] = { "!", "vRun;", "R00", "vAttach;1", "Z2,30,4",
		"z3,30,4", "qqemu.PhyMemMode", "Qqemu.PhyMemMode:1", "qqemu.sstepbits",
		"Qqemu.sstepbits", "qqemu.sstep", "Qqemu.sstep=0x1" };
	struct wire w;
	wire_open(&w);
	struct target *t = &w.fake.target;
	struct target_run run = *t->run;
	struct target_memory memory = *t->memory;
	struct target_breakpoints breakpoints = *t->breakpoints;
	run.end = NULL;
	run.restart = NULL;
	run.attach = NULL;
	run.steps_take_interrupts = NULL;
	run.let_steps_take_interrupts = NULL;
	run.is_attached = NULL;
	run.watch_long = NULL;
	memory.read_physical = NULL;
	memory.write_physical = NULL;
	breakpoints.insert_watch = NULL;
	breakpoints.remove_watch = NULL;
	t->run = &run;
	t->memory = &memory;
	t->breakpoints = &breakpoints;
	for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++)
		CHECK_STR(wire_ask(&w, lacking[i]), "");
	CHECK_STR(wire_ask(&w, "qAttached"), "1");
	CHECK_STR(wire_ask(&w, "Z0,10,1"), "OK");
	CHECK(wire_ask(&w, "vCont;s:1")[0] == 'T');
	CHECK(strlen(wire_ask(&w, "m0,4")) == 8);
	wire_close(&w);
}

/* A machine whose physical memory can be read and not written: a write would find no function. */
static void one_call_of_a_pair_is_none(void)
{
	struct wire w;
	wire_open(&w);
	struct target_memory memory = *w.fake.target.memory;
	memory.write_physical = NULL;
	w.fake.target.memory = &memory;
	CHECK_STR(wire_ask(&w, "qqemu.PhyMemMode"), "");
	CHECK_STR(wire_ask(&w, "Qqemu.PhyMemMode:1"), "");
	CHECK_STR(wire_ask(&w, "M0,1:ab"), "OK");
	wire_close(&w);
}

int main(void)
{
	RUN(what_needs_a_missing_table_is_not_supported);
	RUN(what_is_announced_is_there);
	RUN(the_session_ends_without_a_machine_that_runs);
	RUN(every_packet_is_tried_and_written_of);
	RUN(the_least_of_each_table_is_enough);
	RUN(one_call_of_a_pair_is_none);
	return check_done();
}

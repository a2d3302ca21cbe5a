/* What is evaluated at breakpoints: which conditions come with a Z packet, what a hit makes of
 * them, what commands print. */
#include "session_wire.h"

/* In packets here [CODE] stands for XLENGTH,CODE, without the spaces. */
#define HOLDS "[2201 27]"
#define FAILS "[2200 27]"
#define ZERO  "[2201 2200 05 27]"
/* printf("hi %d%%", 7) and 8 */
#define SAYS_7 "[2207 2200 2200 34 01 0008 68692025642525 00 27]"
#define SAYS_8 "[2208 2200 2200 34 01 0008 68692025642525 00 27]"

static const char *expand(const char *template)
{
	static char packet[2000];
	size_t n = 0;
	for (const char *c = template; *c; c++) {
		char code[500];
		size_t len = 0;
		if (*c != '[') {
			packet[n++] = *c;
			continue;
		}
		while (*++c != ']')
			if (*c != ' ')
				code[len++] = *c;
		n += (size_t)sprintf(packet + n, "X%zx,%.*s", len / 2, (int)len, code);
	}
	packet[n] = 0;
	return packet;
}

/* Sends it, and it is to be answered so. */
static void put(struct wire *w, const char *template, const char *reply)
{
	w->stops_at_once = true;
	const char *is = wire_ask(w, expand(template));
	if (strcmp(is, reply))
		CHECK_FAIL("%s -> %s, wanted %s", template, is, reply);
}

static void go_on(struct wire *w)
{
	w->stops_at_once = false;
	if (session_state(w->session) == SESSION_STOPPED)
		wire_send(w, "c", 1);
	wire_forget(w);
}

static void stop(struct wire *w)
{
	if (session_state(w->session) == SESSION_RUNNING)
		session_stopped(w->session, &wire_trap, NULL);
	wire_collect(w, SIZE_MAX);
	wire_forget(w);
}

/* What O packets said, decoded. */
static const char *said(struct wire *w)
{
	static char text[40000];
	size_t n = 0;
	wire_collect(w, SIZE_MAX);
	for (size_t i = 0; i + 1 < w->out_len; i++) {
		if (w->out[i] != '$' || w->out[i + 1] != 'O')
			continue;
		unsigned byte;
		for (i += 2; i + 1 < w->out_len && sscanf((char *)w->out + i, "%2x", &byte) == 1 &&
		             w->out[i] != '#';
		        i += 2)
			text[n++] = (char)byte;
	}
	text[n] = 0;
	wire_forget(w);
	return text;
}

static void conditions_decide(void)
{
	static const struct {
		const char *packets[3];
		bool stops;
		const char *said;
	} rows[] = {
		{ { NULL }, true, "" }, /* none of the session's */
		{ { "Z0,10,1" }, true, "" },
		{ { "Z0,10,1;" HOLDS }, true, "" },
		{ { "Z0,10,1;" FAILS }, false, "" },
		{ { "Z1,10,1;" FAILS }, false, "" },
		{ { "Z0,11,1;" FAILS }, true, "" },
		{ { "Z0,10,1;" FAILS FAILS }, false, "" },
		{ { "Z0,10,1;" FAILS HOLDS }, true, "" },
		{ { "Z0,10,1;" FAILS ";" HOLDS }, true, "" },
		{ { "Z0,10,1;" FAILS, "Z0,10,1" }, true, "" }, /* the last one counts */
		{ { "Z0,10,1", "Z0,10,1;" FAILS }, false, "" },
		{ { "Z0,10,1;" HOLDS, "Z0,10,1;" FAILS }, false, "" },
		{ { "Z0,10,1;" FAILS, "Z1,10,1" }, true, "" }, /* two breakpoints */
		{ { "Z0,10,1", "Z1,10,1;" FAILS }, true, "" },
		{ { "Z0,10,1;" FAILS, "Z1,10,1", "z1,10,1" }, false, "" },
		{ { "Z0,10,1;" FAILS, "Z1,10,1;" FAILS, "z0,10,1" }, false, "" },
		{ { "Z0,10,1;" FAILS, "z0,10,1" }, true, "" },
		{ { "Z0,10,1;" ZERO }, true,
		        "The condition of the breakpoint at 0x10 can't be evaluated: division by "
		        "zero.\n" },
		{ { "Z0,10,1;" HOLDS ZERO }, true, "" },
		{ { "Z0,10,1;[2441000117 17 27]" }, true,
		        "The condition of the breakpoint at 0x10 can't be evaluated: no memory at "
		        "0x41000117.\n" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		wire_open(&w);
		for (int k = 0; k < 3 && rows[i].packets[k]; k++)
			put(&w, rows[i].packets[k], "OK");
		for (int round = 0; round < 2; round++) {
			go_on(&w);
			CHECK_EQ(hit_breakpoint(w.session, 0, 0x10), rows[i].stops);
			CHECK_STR(said(&w), rows[i].said);
			stop(&w);
		}
		if (!check_case_ok)
			CHECK_FAIL("that was row %zu", i);
		wire_close(&w);
	}
}

static void commands_print_and_go_on(void)
{
	struct wire w;
	wire_open(&w);
	put(&w, "Z0,10,1;cmds:1," SAYS_7, "OK");
	go_on(&w);
	CHECK(!hit_breakpoint(w.session, 0, 0x10));
	CHECK_STR(said(&w), "hi 7%");
	CHECK(!hit_breakpoint(w.session, 0, 0x10));
	stop(&w);
	/* Two of them, and a condition that does not hold, then one that does. */
	put(&w, "Z0,10,1;" FAILS ";cmds:0," SAYS_7 SAYS_8, "OK");
	go_on(&w);
	CHECK(!hit_breakpoint(w.session, 0, 0x10));
	CHECK_STR(said(&w), "");
	stop(&w);
	put(&w, "Z0,10,1;" HOLDS ";cmds:0," SAYS_7 SAYS_8, "OK");
	go_on(&w);
	CHECK(!hit_breakpoint(w.session, 0, 0x10));
	CHECK_STR(said(&w), "hi 7%hi 8%");
	stop(&w);
	/* What was printed before a failure is shown. */
	put(&w, "Z0,10,1;cmds:0," SAYS_7 ZERO, "OK");
	go_on(&w);
	CHECK(hit_breakpoint(w.session, 0, 0x10));
	CHECK_STR(said(&w), "hi 7%The command at 0x10 can't be evaluated: division by zero.\n");
	stop(&w);
	wire_close(&w);
}

static void malformed_ones_are_refused_and_add_nothing(void)
{
	static const struct wire_row rows[] = {
		{ "Z0,10,1;", "E22" }, { "Z0,10,1;X", "E22" }, { "Z0,10,1;X3", "E22" },
		{ "Z0,10,1;X3,", "E22" }, { "Z0,10,1;X3,2201", "E22" },
		{ "Z0,10,1;X3,22012", "E22" }, { "Z0,10,1;X3,2201zz", "E22" },
		{ "Z0,10,1;X2,220127", "E.the condition of this breakpoint: it has no end" },
		{ "Z0,10,1;Xffffffffffffffff,220127", "E22" }, { "Z0,10,1X3,2201271", "E22" },
		{ "Z0,10,1;Y", "E22" }, { "Z0,10,1;" HOLDS "x", "E22" }, { "Z0,10,1;cmds:", "E22" },
		{ "Z0,10,1;cmds:1", "E22" }, { "Z0,10,1;cmds:1,X1", "E22" },
		{ "Z0,10,1;cmds:1,X1,27;cmds:1,X1,27", "E22" },
		{ "Z0,10,1;X0,", "E.the condition of this breakpoint: it has no end" },
		{ "Z0,10,1;[27]",
		        "E.the condition of this breakpoint: end at byte 0 leaves no value" },
		{ "Z0,10,1;" HOLDS "[2201]", "E.the condition of this breakpoint: it has no end" },
		{ "Z0,10,1;cmds:1,[01 27]",
		        "E.a command of this breakpoint: float at byte 0 is for "
		        "floating point, which agent expressions do not have" },
		{ "Z0,10,1;[261000 27]",
		        "E.the condition of this breakpoint: reg at byte 0 names a "
		        "register that does not exist" },
		{ "Z2,10,1;" HOLDS, "E22" }, /* gdb evaluates those itself */
	};
	struct wire w;
	wire_open(&w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		put(&w, rows[i].packet, rows[i].reply);
	CHECK_STR(w.fake.log, "");
	/* One that the machine refuses is not kept either. */
	w.fake.refuses = true;
	put(&w, "Z0,10,1;" FAILS, "E22");
	w.fake.refuses = false;
	go_on(&w);
	CHECK(hit_breakpoint(w.session, 0, 0x10));
	stop(&w);
	wire_close(&w);
}

static void registers_are_those_of_the_layout_that_gdb_knows(void)
{
	struct wire w;
	wire_open(&w);
	/* eax == 0x31211101; ecx == 0, where the number is rbx's in 64-bit code. */
	put(&w, "Z0,10,1;[260000 1620 2431211101 13 27]", "OK");
	put(&w, "Z0,20,1;[260001 1620 2400000000 13 27]", "OK");
	put(&w, "Z0,30,1;cmds:1,[260001 1620 2200 2200 34 01 0005 6563782000 27]",
	        "E.a command of this breakpoint: printf has 1 arguments for 0 directives");
	put(&w, "Z0,30,1;cmds:1,[260001 1620 2200 2200 34 01 0003 2578 00 27]", "OK");
	go_on(&w);
	CHECK(hit_breakpoint(w.session, 0, 0x10));
	CHECK(!hit_breakpoint(w.session, 0, 0x20));
	CHECK(!hit_breakpoint(w.session, 0, 0x30));
	CHECK_STR(said(&w), "37271707"); /* the fake's rcx */
	stop(&w);
	/* gdb reads another layout and sends what it compiled for the first one. */
	w.fake.layout = TARGET_LONG64;
	w.stops_at_once = true;
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	put(&w, "Z0,10,1;[260000 1620 2431211101 13 0e 27]", "OK"); /* rax is eax */
	put(&w, "Z0,20,1;[260001 1620 2400000000 13 27]", "OK");
	put(&w, "Z0,30,1;cmds:1,[260001 1620 2200 2200 34 01 0003 2578 00 27]", "OK");
	put(&w, "Z0,40,1;[260001 1620 2400000001 13 27]", "OK"); /* compiled now */
	go_on(&w);
	CHECK(!hit_breakpoint(w.session, 0, 0x10));
	CHECK(hit_breakpoint(w.session, 0, 0x20)); /* gdb will look itself */
	CHECK(!hit_breakpoint(w.session, 0, 0x40));
	CHECK_STR(said(&w), "");
	CHECK(hit_breakpoint(w.session, 0, 0x30));
	CHECK_STR(said(&w), "The command at 0x30 can't be evaluated: it was compiled for the "
	                    "registers of another CPU mode; delete it and set it again.\n");
	stop(&w);
	wire_close(&w);
}

/* gdb sign-extends addresses to 64 bits, whatever the CPU's mode. */
static void addresses_have_the_width_of_the_layout(void)
{
	struct wire w;
	wire_open(&w);
	put(&w, "Z0,10,1;[25ffffffff00001000 17 27]", "OK"); /* there is no 0 at 0x1000 */
	go_on(&w);
	CHECK(hit_breakpoint(w.session, 0, 0x10));
	CHECK_STR(said(&w), "");
	stop(&w);
	w.fake.layout = TARGET_LONG64;
	w.stops_at_once = true;
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	put(&w, "Z0,10,1;[25ffffffff00001000 17 27]", "OK");
	put(&w, "Z0,20,1;[25fffffffffffff000 17 27]", "OK");
	go_on(&w);
	CHECK(hit_breakpoint(w.session, 0, 0x20));
	CHECK_STR(said(&w), "");
	CHECK(hit_breakpoint(w.session, 0, 0x10));
	CHECK_STR(said(&w), "The condition of the breakpoint at 0x10 can't be evaluated: no memory "
	                    "at 0xffffffff00001000.\n");
	stop(&w);
	wire_close(&w);
}

static void a_thousand_are_kept_apart(void)
{
	struct wire w;
	char packet[80];
	wire_open(&w);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(packet, sizeof packet, "Z0,%x,1;[22%02x 27]", i, i % 2);
		put(&w, packet, "OK");
	}
	for (unsigned i = 0; i < 1000; i += 3) {
		snprintf(packet, sizeof packet, "z0,%x,1", i);
		put(&w, packet, "OK");
	}
	go_on(&w);
	for (unsigned i = 0; i < 1000; i++)
		if (hit_breakpoint(w.session, 0, i) != (i % 3 == 0 || i % 2))
			CHECK_FAIL("wrong at %u", i);
	stop(&w);
	wire_close(&w);
}

static void a_long_output_is_cut(void)
{
	struct wire w;
	char packet[500] = "Z0,10,1;cmds:1,[";
	wire_open(&w);
	for (unsigned i = 0; i < 13; i++) /* eleven arguments for "%999d " */
		strcat(packet, "2200");
	strcat(packet, "340b0043");
	for (unsigned i = 0; i < 11; i++)
		strcat(packet, "253939396420");
	strcat(packet, "0027]");
	put(&w, packet, "OK");
	go_on(&w);
	for (int i = 0; i < 3; i++) {
		CHECK(!hit_breakpoint(w.session, 0, 0x10));
		size_t printed = strlen(said(&w));
		CHECK(printed > 7000 && printed <= 8192); /* of 11000 */
	}
	stop(&w);
	wire_close(&w);
}

int main(void)
{
	RUN(conditions_decide);
	RUN(commands_print_and_go_on);
	RUN(malformed_ones_are_refused_and_add_nothing);
	RUN(registers_are_those_of_the_layout_that_gdb_knows);
	RUN(addresses_have_the_width_of_the_layout);
	RUN(a_thousand_are_kept_apart);
	RUN(a_long_output_is_cut);
	return check_done();
}

/* What is asked of a recording on the wire: who has written, and when the guest came to a place; and what a position
 * shows, however the guest has come to it. */
#include "rsp_check.h"

/* Records spin, up to so many positions or more. False: it does not get there. */
static bool record_spin(struct rsp *r, uint64_t wanted)
{
	uint64_t end = 0;
	while (check_case_ok && end < wanted) {
		rsp_send(r, "c", 1);
		rsp_send_raw(r, "\x03", 1);
		CHECK(!strncmp(rsp_reply(r), "T02", 3));
		CHECK(sscanf(rsp_monitor(r, "when"), "position %*u of %" SCNu64, &end) == 1);
	}
	return check_case_ok;
}

/* As rsp_monitor, with a 0x03 right after the request. */
static const char *monitor_and_interrupt(struct rsp *r, const char *line, bool at_once)
{
	static char text[4096];
	char body[300] = "qRcmd,";
	uint8_t packet[320];
	size_t n = strlen(body), len = 0;
	unsigned byte;
	for (; *line; line++)
		n += (size_t)snprintf(body + n, 3, "%02x", (uint8_t)*line);
	n = rsp_wrap(packet, body, n);
	packet[n] = 0x03;
	rsp_send_raw(r, packet, at_once ? n + 1 : n);
	if (!at_once)
		rsp_send_raw(r, packet + n, 1);
	while (rsp_receive(r, RSP_WAIT_MS) && r->packet[0] == 'O' && strcmp(r->packet, "OK"))
		for (const char *at = r->packet + 1;
		        sscanf(at, "%2x", &byte) == 1 && len < sizeof text - 1; at += 2)
			text[len++] = (char)byte;
	text[len] = 0;
	if (!strcmp(r->packet, "OK"))
		return text;
	return rsp_unhex(r->packet, text, sizeof text) ? text : "(no OK)";
}

static void ctrl_c_ends_what_is_looked_for(void)
{
	static const char *const all[] = { "last-write 0x5000", "last-jump-to 0x5000",
		"hits 0x5000" };
	/* KVM's steps take a hundred times as long as the engine's. */
	const uint64_t enough = rsp_engine_is_first() ? 3000000 : 20000;
	struct rsp r;
	char when[200], registers[1200];
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--record", NULL);
	if (!record_spin(&r, enough))
		return;
	snprintf(when, sizeof when, "%s", rsp_monitor(&r, "when"));
	snprintf(registers, sizeof registers, "%s", rsp_ask(&r, "g"));
	for (unsigned i = 0; i < 6; i++) {
		const char *said = monitor_and_interrupt(&r, all[i % 3], i < 3);
		if (i < 3)
			CHECK(strstr(said, "interrupted; the guest stands where it stood"));
		else /* it may have come to its end before */
			CHECK(strstr(said, "interrupted") || strstr(said, "never before"));
		CHECK_STR(rsp_monitor(&r, "when"), when);
		RSP_IS(&r, registers, "g");
	}
	rsp_close(&r);
}

/* Where checkpoints are far apart: a KVM's steps are slow. */
static void ctrl_c_ends_a_long_way(void)
{
	/* mov ecx, 10000; dec ecx; jnz to the dec; nop. As many as a simulated KVM does in some seconds. */
	static const char code[] = "66b910270000664975fc90";
	enum { AFTER = 0x7c0a, STEPS = 20000 };
	struct rsp r;
	char when[200], registers[1200], line[40], wanted[100];
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--record", "--engine", "kvm", NULL);
	RSP_IS(&r, "OK", "M7c00,%x:%s", (unsigned)strlen(code) / 2, code);
	RSP_IS(&r, "OK", "Z0,%x,1", AFTER);
	RSP_STOPS(&r, "c", AFTER, "T05");
	for (unsigned i = 0; i < 2; i++) {
		snprintf(when, sizeof when, "%s", rsp_monitor(&r, "when"));
		snprintf(registers, sizeof registers, "%s", rsp_ask(&r, "g"));
		snprintf(line, sizeof line, "goto %u", STEPS - i);
		snprintf(wanted, sizeof wanted,
		        "%s: interrupted; the guest stands where it stood\n", line);
		CHECK_STR(monitor_and_interrupt(&r, line, true), wanted);
		CHECK_STR(rsp_monitor(&r, "when"), when);
		RSP_IS(&r, registers, "g");
		rsp_monitor(&r, "goto 5"); /* and again from the past */
	}
	rsp_close(&r);
}

static void the_first_position_is_found(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--record", NULL);
	for (int i = 0; i < 20; i++)
		rsp_ask(&r, "s");
	CHECK_STR(rsp_monitor(&r, "hits 0x7c00"), "position 0\n");
	CHECK(strstr(rsp_monitor(&r, "last-jump-to 0x7c00"), "position 0\n"));
	CHECK(strstr(rsp_monitor(&r, "when"), "position 0 of 20"));
	rsp_close(&r);
}

/* What the guest is about to do where it stands, by its first byte. */
#define STORES_A_NUMBER 0xc7 /* mov $7, of spaces' loop */
#define STORES_EBX      0x89 /* of its program */
#define CALL_SIZE       6    /* mov %r8, %cr3; call *%rax */

static void goes_to(struct rsp *r, uint64_t gva, uint64_t opcode, uint64_t ebx)
{
	char line[64];
	snprintf(line, sizeof line, "last-write 0x%" PRIx64 " 4", gva);
	const char *said = rsp_monitor(r, line);
	if (!strstr(said, "The guest stands before it"))
		CHECK_FAIL("%s -> %s", line, said);
	rsp_ask(r, "p10");
	CHECK_EQ(rsp_value(rsp_ask(r, "m%" PRIx64 ",1", rsp_value(r->packet))), opcode);
	CHECK_EQ(rsp_register(r, 1), ebx);
}

/* The byte is asked for by one of its linear addresses, and was written by another. */
static void a_write_is_found_by_whatever_linear_address_it_was(void)
{
	struct rsp r;
	const uint64_t off = rsp_symbol("spaces", "value") - rsp_symbol("spaces", "program");
	const uint64_t program = rsp_symbol("spaces", "PROGRAM") + off;
	const uint64_t first = 0x400000 + off, second = 0x800000 + off;
	RSP_OPEN(&r, RSP_UNIX, "spaces", "--mode", "long", "--load", "0x100000", "--record", NULL);
	RSP_GO_TO(&r, rsp_symbol("spaces", "called") + CALL_SIZE);
	goes_to(&r, first, STORES_EBX, 1);
	rsp_monitor(&r, "goto end");
	RSP_GO_TO(&r, rsp_symbol("spaces", "edited"));
	/* The program's page is the first one now; its last call was in the other space. */
	goes_to(&r, program, STORES_A_NUMBER, 4);
	rsp_monitor(&r, "goto end");
	RSP_GO_TO(&r, rsp_symbol("spaces", "end")); /* it is the second one */
	goes_to(&r, second, STORES_EBX, 5);
	rsp_monitor(&r, "goto end");
	goes_to(&r, program, STORES_EBX, 5);
	rsp_monitor(&r, "goto end");
	goes_to(&r, first, STORES_A_NUMBER, 4);
	rsp_close(&r);
}

/* 32-bit code that turns paging on, with a page directory at 2 MiB and a table after it. It writes to WINDOW + 0x1000, and
 * after that has the page of WINDOW lead to BYTES, which it has not done before. */
#define PAGED       0x1000
#define PAGED_WRITE 0x1013
#define PAGED_END   0x102f
#define WINDOW      0x300000
#define BYTES       0x10000
#define PAGE_TABLE  0x201000
#define PAGED_CODE                                                                                 \
	"b800002000"           /* mov $0x200000, %eax */                                           \
	"0f22d8"               /* mov %eax, %cr3 */                                                \
	"0f20c0"               /* mov %cr0, %eax */                                                \
	"0d00000080"           /* or $0x80000000, %eax */                                          \
	"0f22c0"               /* mov %eax, %cr0 */                                                \
	"c7050010300055000000" /* movl $0x55, WINDOW + 0x1000 */                                   \
	"c705001c200003000100" /* movl $BYTES + 3, PAGE_TABLE + 0xc00 */                           \
	"b800002000"                                                                               \
	"0f22d8"                                                                                   \
	"ebfe"

static void map(struct rsp *r, uint32_t gva, uint32_t gpa)
{
	RSP_IS(r, "OK", "M%x,4:%08x", PAGE_TABLE + (gva >> 12) * 4, __builtin_bswap32(gpa | 3));
}

/* Runs the guest to the end of both writes. others: how many more pages lead to what it has written to. */
static void run_paged(struct rsp *r, unsigned others)
{
	RSP_OPEN(r, RSP_UNIX, "spin", "--mode", "prot", "--load", "0x100000", "--record", NULL);
	RSP_IS(r, "OK", "M%x,%zx:%s", PAGED, (sizeof PAGED_CODE - 1) / 2, PAGED_CODE);
	RSP_IS(r, "OK", "M200000,4:%08x", __builtin_bswap32(PAGE_TABLE | 3));
	map(r, PAGED, PAGED);
	map(r, PAGE_TABLE, PAGE_TABLE);
	map(r, WINDOW, 0x20000);
	map(r, WINDOW + 0x1000, BYTES + 0x1000);
	for (unsigned i = 0; i < others; i++)
		map(r, 0x100000 + i * 0x1000, BYTES + 0x1000);
	RSP_IS(r, "OK", "P8=%08x", __builtin_bswap32(PAGED));
	RSP_GO_TO(r, PAGED_END);
}

/* The bytes are on two pages, the first of which led elsewhere when the second was written to. Where there are more
 * addresses than can be watched, those that were asked for are watched, and a line says that there are others. */
static void find_in_second_page(unsigned others)
{
	struct rsp r;
	run_paged(&r, others);
	const char *said = rsp_monitor(&r, "last-write 0x300ffe 4");
	CHECK(strstr(said, "The guest stands before it"));
	CHECK_EQ(!strstr(said, "More linear addresses"), others < 60);
	rsp_ask(&r, "p8");
	CHECK_EQ(rsp_value(r.packet), PAGED_WRITE);
	rsp_close(&r);
}

static void a_write_to_a_second_page_is_found(void)
{
	find_in_second_page(0);
	find_in_second_page(100);
}

/* A breakpoint of the debugger's at the same place has a condition, which is none of it. */
static void conditions_are_not_asked(void)
{
	struct rsp r;
	uint64_t position;
	char request[40];
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--record", NULL);
	const uint64_t loop = 0x7c00 + rsp_symbol("spin", "loop");
	for (int i = 0; i < 40; i++)
		rsp_ask(&r, "s");
	RSP_IS(&r, "OK", "Z0,%x,1;X3,220027", (unsigned)loop);
	snprintf(request, sizeof request, "hits 0x%x", (unsigned)loop);
	CHECK(sscanf(rsp_monitor(&r, request), "position %" SCNu64, &position) == 1);
	rsp_close(&r);
}

static uint64_t position_of(struct rsp *r)
{
	uint64_t position = UINT64_MAX;
	CHECK(sscanf(rsp_monitor(r, "when"), "position %" SCNu64, &position) == 1);
	return position;
}

/* The debugger has changed memory where a breakpoint has stopped the guest. */
static void a_stop_in_the_past_shows_what_came_there(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--record", NULL);
	const uint64_t loop = 0x7c00 + rsp_symbol("spin", "loop");
	RSP_IS(&r, "OK", "Z0,%x,1", (unsigned)loop);
	RSP_STOPS(&r, "c", loop, "T05");
	RSP_STOPS(&r, "c", loop, "T05");
	RSP_IS(&r, "OK", "M5000,1:5a");
	const uint64_t there = position_of(&r);
	RSP_STOPS(&r, "c", loop, "T05");
	rsp_monitor(&r, "goto start");
	RSP_STOPS(&r, "c", loop, "T05");
	RSP_IS(&r, "00", "m5000,1");
	RSP_STOPS(&r, "c", loop, "T05"); /* forwards */
	CHECK_EQ(position_of(&r), there);
	RSP_IS(&r, "5a", "m5000,1");
	RSP_STOPS(&r, "s", loop + 2, "T05");
	RSP_STOPS(&r, "bc", loop, "T05"); /* backwards */
	CHECK_EQ(position_of(&r), there);
	RSP_IS(&r, "5a", "m5000,1");
	rsp_close(&r);
}

/* ... or the pc: the breakpoint is not where the guest goes on. */
static void a_breakpoint_that_was_left_by_hand_is_none(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--record", NULL);
	const uint64_t loop = 0x7c00 + rsp_symbol("spin", "loop");
	RSP_IS(&r, "OK", "Z0,%x,1", (unsigned)loop);
	RSP_STOPS(&r, "c", loop, "T05");
	const uint64_t first = position_of(&r);
	RSP_IS(&r, "OK", "P8=%02x7c0000", (unsigned)(loop + 2) & 0xff);
	RSP_STOPS(&r, "c", loop, "T05");
	const uint64_t second = position_of(&r);
	RSP_STOPS(&r, "c", loop, "T05");
	rsp_monitor(&r, "goto start");
	RSP_STOPS(&r, "c", loop, "T05");
	CHECK_EQ(position_of(&r), second);
	CHECK(second > first);
	rsp_monitor(&r, "goto end");
	RSP_STOPS(&r, "bc", loop, "T05");
	CHECK_EQ(position_of(&r), second);
	RSP_BEGINS(&r, "T05thread:1;replaylog:begin;", "bc");
	rsp_close(&r);
}

/* Where the guest has asked for it; the reset itself is the next step. */
static void a_reset_is_caught_in_the_past(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "pc", "--board", "pc", "--record", NULL);
	const uint64_t start = rsp_symbol("pc", "start");
	rsp_monitor(&r, "catch reset");
	RSP_BEGINS(&r, "T05", "c");
	const uint64_t asked = rsp_pc(r.packet), there = position_of(&r);
	RSP_STOPS(&r, "s", start, "T05");
	CHECK_EQ(position_of(&r), there + 1);
	for (int i = 0; i < 5; i++)
		rsp_ask(&r, "s");
	RSP_STOPS(&r, "bc", asked, "T05");
	CHECK_EQ(position_of(&r), there);
	RSP_STOPS(&r, "s", start, "T05");
	rsp_monitor(&r, "goto -1");
	CHECK_EQ(position_of(&r), there);
	RSP_BEGINS(&r, "T05thread:1;replaylog:begin;", "bc");
	RSP_STOPS(&r, "c", asked, "T05");
	CHECK_EQ(position_of(&r), there);
	rsp_monitor(&r, "uncatch all");
	rsp_monitor(&r, "goto start");
	RSP_BEGINS(&r, "T05thread:1;replaylog:end;", "c");
	CHECK_EQ(position_of(&r), there + 6);
	rsp_close(&r);
}

/* A 0x03 comes anywhere, also within a step of KVM's: the position is that of what is shown, so the next step leads to the
 * next one. */
static void ctrl_c_leaves_no_step_half_done(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--load", "0x7c00", "--record", "--engine", "kvm", NULL);
	for (int i = 0; i < 40 && check_case_ok; i++) {
		rsp_send(&r, "c", 1);
		rsp_send_raw(&r, "\x03", 1);
		CHECK(!strncmp(rsp_reply(&r), "T02", 3));
		const uint64_t there = position_of(&r), eax = rsp_register(&r, 0);
		const bool is_at_inc =
		        rsp_pc(rsp_ask(&r, "?")) == 0x7c00 + rsp_symbol("spin", "loop");
		RSP_BEGINS(&r, "T05", "s");
		CHECK_EQ(position_of(&r), there + 1);
		CHECK_EQ(rsp_register(&r, 0), eax + is_at_inc);
	}
	rsp_close(&r);
}

/* Who has done the guest's instructions does them again. */
static void the_engine_stays_while_a_guest_is_recorded(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--engine", "auto", NULL);
	CHECK(strstr(rsp_monitor(&r, "engine kvm"), "KVM does all"));
	CHECK(strstr(rsp_monitor(&r, "engine auto"), "auto"));
	rsp_monitor(&r, "record on");
	CHECK(strstr(rsp_monitor(&r, "engine kvm"), "monitor record off first"));
	CHECK(strstr(rsp_monitor(&r, "engine"), "recorded"));
	CHECK(!strstr(rsp_monitor(&r, "engine interp"), "record off first"));
	for (int i = 0; i < 20; i++)
		rsp_ask(&r, "s");
	RSP_BEGINS(&r, "T05", "bs");
	rsp_monitor(&r, "goto end");
	rsp_monitor(&r, "record off");
	CHECK(strstr(rsp_monitor(&r, "engine kvm"), "KVM does all"));
	rsp_close(&r);
}

/* pc prints a line on port 0xe9, and hooks int 1Ch. */
static void lines_of_output_are_places(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "pc", "--board", "pc", "--record", NULL);
	CHECK(strstr(rsp_monitor(&r, "output"), "printed nothing"));
	rsp_monitor(&r, "catch reset");
	RSP_BEGINS(&r, "T05", "c");
	uint64_t position = 0;
	CHECK(sscanf(rsp_monitor(&r, "output"), "1  position %" SCNu64 "  pc ok\n", &position) ==
	        1);
	CHECK(strstr(rsp_monitor(&r, "output -1"), "It prints: pc ok\n"));
	CHECK_EQ(position_of(&r), position);
	RSP_IS(&r, "e6", "m%x,1", (unsigned)rsp_pc(rsp_ask(&r, "?"))); /* out %al, $0xe9 */
	CHECK(strstr(rsp_monitor(&r, "output 2"), "there are lines 1 to 1"));
	CHECK(strstr(rsp_monitor(&r, "output -2"), "there are lines 1 to 1"));
	CHECK(strstr(rsp_monitor(&r, "output x"), "expected a line's number"));
	rsp_monitor(&r, "output 1");
	CHECK_EQ(position_of(&r), position);
	rsp_monitor(&r, "record cut");
	CHECK(strstr(rsp_monitor(&r, "output"), "printed nothing"));
	RSP_BEGINS(&r, "T05", "c");
	CHECK(strstr(rsp_monitor(&r, "output"), "  pc ok\n"));
	rsp_close(&r);
}

/* By int n, by the timer, and through the guest's own handler. */
static void calls_of_a_vector_are_found(void)
{
	struct rsp r;
	uint64_t position = 0, first = 0;
	unsigned ax;
	RSP_OPEN(&r, RSP_UNIX, "pc", "--board", "pc", "--record", NULL);
	rsp_monitor(&r, "catch reset");
	RSP_BEGINS(&r, "T05", "c");
	const char *all = rsp_monitor(&r, "calls 0x6f");
	CHECK(sscanf(all, "position %" SCNu64 "  AH=%*x AX=%x", &position, &ax) == 2);
	CHECK(strstr(all, "  int  BIOS\n"));
	char go[40];
	snprintf(go, sizeof go, "goto %" PRIu64, position);
	rsp_monitor(&r, go);
	RSP_IS(&r, "cd6f", "m%x,2", (unsigned)rsp_pc(rsp_ask(&r, "?")));
	rsp_monitor(&r, "goto end");
	all = rsp_monitor(&r, "calls 0x1c"); /* three ticks, which the BIOS passes on */
	unsigned lines = 0;
	for (const char *at = all; (at = strchr(at, '\n')); at++)
		lines++;
	CHECK_EQ(lines, 3);
	CHECK(sscanf(all, "position %" SCNu64 " %*[^\n]\nposition %" SCNu64, &position, &first) ==
	                2 &&
	        first < position);
	CHECK(strstr(all, "  int\n") && !strstr(all, "BIOS"));
	CHECK(strstr(rsp_monitor(&r, "calls 8"), "  BIOS\n"));
	CHECK_STR(rsp_monitor(&r, "calls 0x77"), "never before, as far as is recorded\n");
	CHECK(strstr(rsp_monitor(&r, "calls 0x100"), "expected a vector"));
	CHECK(strstr(rsp_monitor(&r, "calls"), "expected a vector"));
	rsp_close(&r);
}

int main(void)
{
	RUN(ctrl_c_ends_what_is_looked_for);
	RUN(ctrl_c_ends_a_long_way);
	RUN(the_first_position_is_found);
	RUN(a_write_is_found_by_whatever_linear_address_it_was);
	RUN(conditions_are_not_asked);
	RUN(a_stop_in_the_past_shows_what_came_there);
	RUN(a_breakpoint_that_was_left_by_hand_is_none);
	RUN(a_reset_is_caught_in_the_past);
	RUN(lines_of_output_are_places);
	RUN(calls_of_a_vector_are_found);
	RUN(ctrl_c_leaves_no_step_half_done);
	RUN(a_write_to_a_second_page_is_found);
	RUN(the_engine_stays_while_a_guest_is_recorded);
	return check_done();
}

/* A PC's board: the ROM's traps, the tick, and a guest that resets the machine. */
#define RSP_BOARD "auto"
#include "rsp_check.h"

/* Breakpoints stay over a reset, which the guest makes of itself. */
static void a_reset_begins_anew_with_the_breakpoints(void)
{
	struct rsp r;
	char set[40];
	RSP_OPEN(&r, RSP_UNIX, "pc", NULL);
	snprintf(set, sizeof set, "Z0,%llx,1", (unsigned long long)rsp_symbol("pc", "reset"));
	RSP_IS(&r, "OK", "%s", set);
	for (int i = 0; i < 3; i++)
		RSP_STOPS(&r, "c", rsp_symbol("pc", "reset"), "T05");
	rsp_close(&r);
}

static void a_step_that_resets_ends_at_the_start(void)
{
	struct rsp r;
	char set[40];
	RSP_OPEN(&r, RSP_UNIX, "pc", NULL);
	snprintf(set, sizeof set, "Z0,%llx,1", (unsigned long long)rsp_symbol("pc", "reset"));
	RSP_IS(&r, "OK", "%s", set);
	RSP_STOPS(&r, "c", rsp_symbol("pc", "reset"), "T05");
	RSP_STOPS(&r, "s", rsp_symbol("pc", "start"), "T05");
	RSP_STOPS(&r, "c", rsp_symbol("pc", "reset"), "T05");
	rsp_monitor(&r, "step-bios on"); /* and not over what the ROM does */
	RSP_STOPS(&r, "s", 0xffff0, "T05");
	RSP_STOPS(&r, "s", 0xfe05b, "T05"); /* a PC's power-on self-test */
	rsp_ask(&r, "s");
	RSP_STOPS(&r, "s", rsp_symbol("pc", "start"), "T05");
	RSP_STOPS(&r, "c", rsp_symbol("pc", "reset"), "T05");
	rsp_close(&r);
}

static void no_reboot_ends_with_a_status(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "pc", "--no-reboot", NULL);
	RSP_IS(&r, "W0a", "c");
	rsp_close(&r);
}

/* What the guest would print is what it is checked by. */
static void the_rom_drops_what_the_guest_writes(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "pc", "--no-reboot", NULL);
	RSP_IS(&r, "ea", "mffff0,1");
	RSP_IS(&r, "W0a", "c");
	rsp_close(&r);
}

static void a_reset_is_caught_before_it_happens(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "pc", NULL);
	rsp_monitor(&r, "catch reset");
	for (int i = 0; i < 2; i++) {
		CHECK(strstr(rsp_ask_for_text(&r, "c"),
		              "Caught a reset (the BIOS): the machine starts anew "
		              "when it goes on.\n") != NULL);
		CHECK(!strncmp(r.packet, "T05", 3));
		CHECK_EQ(rsp_pc(r.packet) >> 16, 0xf);
	}
	RSP_STOPS(&r, "s", rsp_symbol("pc", "start"), "T05");
	rsp_close(&r);
}

/* 0xa0000 to 0xbffff: read by linear and by physical address, searched and summed. */
static void a_debugger_that_reads_the_screen_changes_no_device(void)
{
	struct rsp r;
	char before[0x4000], log[4096];
	RSP_OPEN(&r, RSP_UNIX, "pc", NULL);
	snprintf(before, sizeof before, "%s", rsp_monitor(&r, "info vga"));
	snprintf(log, sizeof log, "%s", rsp_monitor(&r, "log"));
	CHECK(strlen(before) > 20);
	for (unsigned is_physical = 0; is_physical < 2; is_physical++) {
		RSP_IS(&r, "OK", "Qqemu.PhyMemMode:%u", is_physical);
		for (unsigned at = 0xa0000; at < 0xc0000; at += 0x4000)
			CHECK_EQ(strlen(rsp_ask(&r, "m%x,4000", at)), 0x8000);
		RSP_BEGINS(&r, "C", "qCRC:a0000,20000");
	}
	RSP_IS(&r, "OK", "Qqemu.PhyMemMode:0");
	CHECK_STR(rsp_monitor(&r, "info vga"), before);
	CHECK_STR(rsp_monitor(&r, "log"), log);
	rsp_close(&r);
}

/* Whoever continues a guest that waits for a key is told so each time, and only where that was asked for. */
static void a_wait_for_a_key_is_told(void)
{
	static const char hint[] = "The guest is in int 16h, AH=00h: it waits for a key. Ctrl-C "
	                           "stops it; then monitor type";
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "prompt", NULL);
	CHECK_STR(rsp_monitor(&r, "hints"), "off\n");
	CHECK_STR(rsp_monitor(&r, "hints x"), "hints x: expected on or off\n");
	CHECK_STR(rsp_monitor(&r, "hints on"), "");
	for (unsigned i = 0; i < 2; i++) {
		char text[400];
		rsp_send(&r, "c", 1);
		CHECK(rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O');
		CHECK(rsp_unhex(r.packet + 1, text, sizeof text) && strstr(text, hint) == text);
		rsp_send_raw(&r, "\x03", 1);
		CHECK(strncmp(rsp_reply(&r), "T02", 3) == 0);
	}
	CHECK_STR(rsp_monitor(&r, "hints"), "on\n");
	rsp_close(&r);
}

int main(void)
{
	RUN(a_reset_begins_anew_with_the_breakpoints);
	RUN(a_step_that_resets_ends_at_the_start);
	RUN(no_reboot_ends_with_a_status);
	RUN(the_rom_drops_what_the_guest_writes);
	RUN(a_reset_is_caught_before_it_happens);
	RUN(a_debugger_that_reads_the_screen_changes_no_device);
	RUN(a_wait_for_a_key_is_told);
	return check_done();
}

/* The ports of a PC's machine as a whole, and those where nothing stands. */
#include "devices/system.h"

#include "check.h"
#include "board_pc.h"

static void port_92_resets_when_its_bit_rises(void)
{
	struct board *b = pc_open();

	CHECK_EQ(pc_in(0x92), 0x02);
	pc_out(0x92, 0x0e);
	CHECK_EQ(pc_in(0x92), 0x0e);
	CHECK_EQ(b->state.wants_reset, BOARD_RESET_NONE);
	pc_out(0x92, 0x03);
	CHECK_EQ(b->state.wants_reset, BOARD_RESET_PORT_92);
	b->state.wants_reset = BOARD_RESET_NONE;
	pc_out(0x92, 0x03);
	CHECK_EQ(b->state.wants_reset, BOARD_RESET_NONE);
}

static void port_cf9_resets_when_its_bit_rises(void)
{
	struct board *b = pc_open();
	uint8_t address[4] = { 0x00, 0x06, 0x00, 0x80 };

	pc_out(0xcf9, 0x02);
	CHECK_EQ(pc_in(0xcf9), 0x02);
	CHECK_EQ(b->state.wants_reset, BOARD_RESET_NONE);
	CHECK_STR(pc.said, "");
	/* PCI's address register, whose second byte is not this one. */
	board_io(b, 0xcf8, address, 4, 1, true);
	CHECK_EQ(b->state.wants_reset, BOARD_RESET_NONE);
	board_io(b, 0xcf8, address, 4, 1, false);
	CHECK_EQ(address[0] & address[1] & address[2] & address[3], 0xff);
	CHECK_STR(pc.said, "port 0xcf8: no PCI here\n");
	pc_out(0xcf9, 0x06);
	CHECK_EQ(b->state.wants_reset, BOARD_RESET_PORT_CF9);
}

static void port_80_keeps_a_byte(void)
{
	pc_open();
	pc_out(0x80, 0x42);
	CHECK_EQ(pc_in(0x80), 0x42);
}

static void what_is_not_there_is_told_once(void)
{
	static const uint16_t ports[] = { 0x1f7, 0x1f0, 0x3f6, 0x3f4, 0x3f7, 0x511, 0x604, 0xb004,
		0x00, 0xdf, 0x1234 };

	pc_open();
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		CHECK_EQ(pc_in(ports[i]), 0xff);
	pc_out(0x1f6, 0xa0);
	CHECK_STR(pc.said,
	        "port 0x1f7: no ATA controller here\nport 0x3f4: no floppy controller here\n"
	        "port 0x511: no fw_cfg here\nport 0x604: no ACPI power management here\n"
	        "port 0x0: no DMA controller here\n"
	        "port 0x1234: nothing is there, reads ff\n");
}

static void open_bare(void)
{
	pc_open();
	board_init(&pc.board, false, pc_output, NULL);
	board_on_say(&pc.board, pc_say, NULL);
}

static void a_bare_board_tells_what_a_pc_has(void)
{
	open_bare();
	CHECK_EQ(pc_in(0x64), 0xff);
	CHECK_EQ(pc_in(0x64), 0xff);
	pc_out(0x1f6, 0xa0);
	pc_out(0x80, 0); /* these pass the time, and are no search */
	pc_out(0xed, 0);
	CHECK_STR(pc.said, "port 0x64: nothing is there, reads ff; --board pc has a device there "
	                   "(keyboard)\nport 0x1f6: nothing is there; what is written is lost\n");
}

/* Who looks for hardware tries hundreds. */
static void some_ports_are_told_and_no_more(void)
{
	unsigned lines = 0;
	open_bare();
	for (unsigned port = 0x1000; port < 0x1100; port++)
		pc_in((uint16_t)port);
	for (const char *at = pc.said; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	CHECK_EQ(lines, ABSENT_TOLD_MAX);
	CHECK(strstr(pc.said, "port 0x1006: nothing is there, reads ff\n") != NULL);
	CHECK(strstr(pc.said,
	              "port 0x1007: nothing is there, reads ff; --trace io shows further ones\n") !=
	        NULL);
}

static void an_emptied_port_is_not_told(void)
{
	struct error e = { 0 };
	open_bare();
	CHECK_EQ(board_port(&pc.board, 0x64, PORT_NONE, &e), 0);
	CHECK_EQ(pc_in(0x64), 0xff);
	CHECK_STR(pc.said, "");
}

int main(void)
{
	RUN(port_92_resets_when_its_bit_rises);
	RUN(port_cf9_resets_when_its_bit_rises);
	RUN(port_80_keeps_a_byte);
	RUN(what_is_not_there_is_told_once);
	RUN(a_bare_board_tells_what_a_pc_has);
	RUN(some_ports_are_told_and_no_more);
	RUN(an_emptied_port_is_not_told);
	return check_done();
}

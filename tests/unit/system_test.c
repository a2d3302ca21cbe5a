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
	        "port 0x0: no DMA controller here\n");
}

static void a_bare_board_tells_nothing(void)
{
	pc_open();
	board_init(&pc.board, false, pc_output, NULL);
	board_on_say(&pc.board, pc_say, NULL);
	CHECK_EQ(pc_in(0x1f7), 0xff);
	pc_out(0x92, 0);
	CHECK_STR(pc.said, "");
}

int main(void)
{
	RUN(port_92_resets_when_its_bit_rises);
	RUN(port_cf9_resets_when_its_bit_rises);
	RUN(port_80_keeps_a_byte);
	RUN(what_is_not_there_is_told_once);
	RUN(a_bare_board_tells_nothing);
	return check_done();
}

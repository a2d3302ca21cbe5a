/* The second UART of a PC's board: its ports and line, with something at its end and without. */
#include "devices/uart.h"

#include "check.h"
#include "board_pc.h"

static char sent[100];

static void send(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx;
	strncat(sent, (const char *)bytes, len);
}

static void alone_it_sends_nowhere(void)
{
	struct board *b = pc_open();

	CHECK_EQ(pc_in(0x2fe), 0x00); /* no modem line */
	CHECK_EQ(pc_in(0x2fd), 0x60);
	pc_out(0x2f8, 'x');
	CHECK_STR(pc.output, "");
	CHECK_EQ(board_input_room(b, &uart2_device), 0);
	CHECK_EQ(board_input_room(b, &uart_device), 1);
	pc_out(0x2fc, 0x13); /* loopback works */
	pc_out(0x2f8, 'y');
	CHECK_EQ(pc_in(0x2f8), 'y');
}

static void wired_it_sends_and_interrupts_by_irq_3(void)
{
	static const uint8_t words[][2] = { { 0x20, 0x11 }, { 0x21, 0x08 }, { 0x21, 4 },
		{ 0x21, 1 }, { 0x21, 0xf7 } };
	struct board *b = pc_open();

	sent[0] = 0;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		pc_out(words[i][0], words[i][1]);
	board_wire(b, &uart2_device, send, NULL);
	CHECK_EQ(pc_in(0x2fe), 0xb0); /* and none has changed since it was looked at */
	pc_out(0x2f8, 'x');
	pc_out(0x3f8, 'o');
	CHECK_STR(sent, "x");
	CHECK_STR(pc.output, "o");
	pc_out(0x2f9, 1);
	pc_out(0x2fc, 8);
	CHECK(board_input_interrupts(b, &uart2_device));
	CHECK(!board_input_interrupts(b, &uart_device));
	board_input(b, &uart2_device, (const uint8_t *)"k", 1);
	CHECK_EQ(board_acknowledge(b), 0x0b);
	CHECK_EQ(pc_in(0x3fd) & 1, 0);
	CHECK_EQ(pc_in(0x2f8), 'k');
}

int main(void)
{
	RUN(alone_it_sends_nowhere);
	RUN(wired_it_sends_and_interrupts_by_irq_3);
	return check_done();
}

/* The keyboard controller by its ports, on a PC's board. */
#include "devices/i8042.h"

#include "check.h"
#include "board_pc.h"

static unsigned status(void)
{
	return pc_in(0x64);
}

/* What a command of the controller answers, or -1. */
static int answer(unsigned command)
{
	pc_out(0x64, command);
	return status() & 1 ? (int)pc_in(0x60) : -1;
}

static void command(unsigned code, unsigned operand)
{
	pc_out(0x64, code);
	pc_out(0x60, operand);
}

static void wait_for_a_byte(void)
{
	board_advance(&pc.board, I8042_BYTE_NS);
}

static void unmask_irq_1(void)
{
	static const uint8_t words[][2] = { { 0x20, 0x11 }, { 0x21, 0x08 }, { 0x21, 4 },
		{ 0x21, 1 }, { 0x21, 0xfd } };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		pc_out(words[i][0], words[i][1]);
}

static void a_bare_board_has_none(void)
{
	board_init(&pc.board, false, pc_output, NULL);
	CHECK_EQ(pc_in(0x64), 0xff);
	CHECK_EQ(board_scancode_room(&pc.board), 0);
	CHECK(!board_scancode(&pc.board, 0x1e));
}

static void a_key_interrupts_and_is_read(void)
{
	struct board *b = pc_open();

	unmask_irq_1();
	CHECK_EQ(status(), 0x14);
	CHECK(board_input_interrupts(b, &i8042_device));
	CHECK_EQ(board_scancode_room(b), 16);
	CHECK(board_scancode(b, 0x1e));
	CHECK_EQ(board_acknowledge(b), 0x09);
	pc_out(0x20, 0x20);
	CHECK(!board_input_interrupts(b, &i8042_device)); /* the first has to be taken */
	CHECK_EQ(status(), 0x15);
	CHECK_EQ(pc_in(0x60), 0x1e);
	CHECK_EQ(status(), 0x14);
	CHECK_EQ(pc_in(0x60), 0x1e); /* read twice */
}

/* One byte of a key in I8042_BYTE_NS, each with an edge of its own. */
static void keys_take_their_time_on_the_wire(void)
{
	struct board *b = pc_open();

	unmask_irq_1();
	CHECK(board_scancode(b, 0x1e));
	CHECK(board_scancode(b, 0x9e));
	CHECK_EQ(board_acknowledge(b), 0x09);
	pc_out(0x20, 0x20);
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER); /* the first has to be taken */
	CHECK_EQ(pc_in(0x60), 0x1e);
	CHECK_EQ(board_next_interrupt_ns(b), I8042_BYTE_NS);
	board_advance(b, I8042_BYTE_NS - 1);
	CHECK(!board_interrupt(b));
	CHECK_EQ(status(), 0x14);
	CHECK_EQ(pc_in(0x60), 0x1e);
	board_advance(b, 1);
	CHECK(board_interrupt(b));
	CHECK_EQ(pc_in(0x60), 0x9e);
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER);
}

/* A guest that polls takes no interrupts for it. */
static void polling_sees_the_next_key_in_time(void)
{
	struct board *b = pc_open();

	command(0x60, 0x64);
	board_scancode(b, 0x1e);
	board_scancode(b, 0x9e);
	CHECK_EQ(pc_in(0x60), 0x1e);
	CHECK_EQ(status() & 1, 0);
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER);
	wait_for_a_byte();
	CHECK_EQ(status() & 1, 1);
	CHECK_EQ(pc_in(0x60), 0x9e);
	CHECK(!board_interrupt(b));
}

static void without_translation_keys_are_set_2(void)
{
	struct board *b = pc_open();

	command(0x60, 0x25);
	board_scancode(b, 0x9e);
	CHECK_EQ(pc_in(0x60), 0xf0);
	wait_for_a_byte();
	CHECK_EQ(pc_in(0x60), 0x1c);
	CHECK_EQ(board_scancode_room(b), 16);
}

static void with_the_keyboard_off_keys_wait(void)
{
	struct board *b = pc_open();

	pc_out(0x64, 0xad);
	CHECK_EQ(answer(0x20), 0x75);
	CHECK(!board_input_interrupts(b, &i8042_device));
	for (unsigned i = 1; i <= 16; i++)
		CHECK(board_scancode(b, (uint8_t)i));
	CHECK(!board_scancode(b, 0x11));
	CHECK_EQ(status() & 1, 0);
	pc_out(0x64, 0xae);
	wait_for_a_byte();
	CHECK_EQ(pc_in(0x60), 1);
	CHECK_EQ(answer(0x20), 0x65);
}

static void controller_commands_are_answered(void)
{
	pc_open();
	CHECK_EQ(answer(0xaa), 0x55);
	CHECK_EQ(answer(0xab), 0);
	CHECK_EQ(answer(0xa9), 0);
	CHECK_EQ(answer(0xa4), 0xf1);
	CHECK_EQ(answer(0xc0), 0xb0);
	CHECK_EQ(answer(0xe0), 0);
	CHECK_EQ(answer(0xd0), 0xcf);
	CHECK_EQ(answer(0x12), -1);
	CHECK_EQ(answer(0xff), -1);
	pc_out(0x64, 0xa8);
	CHECK_EQ(answer(0x20), 0x45);
	pc_out(0x64, 0xa7);
	CHECK_EQ(answer(0x20), 0x65);
	command(0x7f, 0x99);
	CHECK_EQ(answer(0x3f), 0x99);
	CHECK_EQ(status() & 8, 8);
	pc_out(0x60, 0xee);
	CHECK_EQ(status() & 8, 0);
}

static void bytes_are_looped_back(void)
{
	struct board *b = pc_open();

	unmask_irq_1();
	command(0xd2, 0x1e);
	CHECK_EQ(status() & 0x21, 0x01);
	CHECK(board_interrupt(b));
	CHECK_EQ(pc_in(0x60), 0x1e);
	board_acknowledge(b);
	pc_out(0x20, 0x20);
	command(0xd3, 0x42);
	CHECK_EQ(status() & 0x21, 0x21);
	CHECK(!board_interrupt(b));
	CHECK_EQ(pc_in(0x60), 0x42);
	command(0xd4, 0xf4); /* there is no mouse */
	CHECK_EQ(status() & 0x61, 0x61);
	CHECK_EQ(pc_in(0x60), 0xfe);
	CHECK_EQ(status() & 0x61, 0);
}

/* What the keyboard answers comes at once, byte after byte, translated too. */
static void keyboard_commands_are_answered(void)
{
	pc_open();
	pc_out(0x60, 0xf2);
	CHECK_EQ(pc_in(0x60), 0xfa);
	CHECK_EQ(pc_in(0x60), 0xab);
	CHECK_EQ(pc_in(0x60), 0x41);
	CHECK_EQ(status() & 1, 0);
	pc_out(0x64, 0xad);
	pc_out(0x60, 0xff); /* turns it on again */
	CHECK_EQ(pc_in(0x60), 0xfa);
	CHECK_EQ(pc_in(0x60), 0xaa);
	CHECK_EQ(answer(0x20), 0x65);
}

/* The next one is there with the read of the one before: the line is high, and has risen anew. */
static void each_byte_of_an_answer_interrupts(void)
{
	struct board *b = pc_open();

	unmask_irq_1();
	pc_out(0x60, 0xf2);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(board_interrupt(b));
		board_acknowledge(b);
		pc_in(0x60);
		pc_out(0x20, 0x20);
	}
	CHECK(!board_interrupt(b));
}

static void a20_stays_on_and_is_told_once(void)
{
	struct board *b = pc_open();

	command(0xd1, 0xdf);
	pc_out(0x92, 0x02);
	CHECK_STR(pc.said, "");
	command(0xd1, 0xdd);
	CHECK_STR(pc.said,
	        "the guest turns address line A20 off; it stays on: addresses do not wrap at 1 "
	        "MiB\n");
	pc_out(0x92, 0x00);
	command(0xd1, 0xdd);
	CHECK(!strchr(pc.said, '\n')[1]);
	CHECK_EQ(answer(0xd0) & 2, 2);
	CHECK_EQ(pc_in(0x92) & 2, 2);
	CHECK_EQ(b->state.wants_reset, BOARD_RESET_NONE);
}

static void resets_are_asked_for(void)
{
	CHECK_EQ(pc_open()->state.wants_reset, BOARD_RESET_NONE);
	pc_out(0x64, 0xfe);
	CHECK_EQ(pc.board.state.wants_reset, BOARD_RESET_KEYBOARD);
	pc_out(0x92, 0x03); /* the first one counts */
	CHECK_EQ(pc.board.state.wants_reset, BOARD_RESET_KEYBOARD);
	pc_open();
	command(0xd1, 0xde);
	CHECK_EQ(pc.board.state.wants_reset, BOARD_RESET_KEYBOARD);
	pc_open();
	pc_out(0x64, 0xf0);
	CHECK_EQ(pc.board.state.wants_reset, BOARD_RESET_KEYBOARD);
	pc_open();
	pc_out(0x64, 0xfd); /* A20 for six microseconds */
	CHECK_EQ(pc.board.state.wants_reset, BOARD_RESET_NONE);
}

static void monitor_info_tells_what_waits(void)
{
	struct device_text t = { .len = 0 };
	struct board *b = pc_open();

	board_scancode(b, 0x1e);
	board_scancode(b, 0x9e);
	i8042_device.show(b, &t);
	CHECK_STR(t.text,
	        "controller   command byte 0x65: keyboard on, IRQ 1 on, translation on\n"
	        "             output buffer 0x1e, not read yet\n"
	        "keyboard     scan code set 2, scanning, LEDs 0, 1 of 16 bytes wait: 9e\n");
}

int main(void)
{
	RUN(a_bare_board_has_none);
	RUN(a_key_interrupts_and_is_read);
	RUN(keys_take_their_time_on_the_wire);
	RUN(polling_sees_the_next_key_in_time);
	RUN(without_translation_keys_are_set_2);
	RUN(with_the_keyboard_off_keys_wait);
	RUN(controller_commands_are_answered);
	RUN(bytes_are_looped_back);
	RUN(keyboard_commands_are_answered);
	RUN(each_byte_of_an_answer_interrupts);
	RUN(a20_stays_on_and_is_told_once);
	RUN(resets_are_asked_for);
	RUN(monitor_info_tells_what_waits);
	return check_done();
}

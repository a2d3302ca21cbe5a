#include "devices/board.h"

#include <errno.h>

#include "check.h"

/* What the guest printed, calls set apart with '|'. */
struct screen {
	char text[400];
	size_t len;
};

static void on_output(void *ctx, const uint8_t *bytes, size_t len)
{
	struct screen *s = ctx;

	if (len + 2 > sizeof s->text - s->len)
		return;
	memcpy(s->text + s->len, bytes, len);
	s->len += len;
	s->text[s->len++] = '|';
}

static struct screen screen;
static struct board board;
static struct error error;

static struct board *fresh(void)
{
	memset(&screen, 0, sizeof screen);
	memset(&board, 0xa5, sizeof board);
	memset(&error, 0, sizeof error);
	board_init(&board, false, on_output, &screen);
	return &board;
}

static struct board *fresh_pc(void)
{
	board_default_ports(fresh());
	return &board;
}

static bool out(struct board *b, uint16_t port, uint32_t value, unsigned size)
{
	uint8_t data[4];

	for (unsigned i = 0; i < 4; i++)
		data[i] = (uint8_t)(value >> (8 * i));
	return board_io(b, port, data, size, 1, true);
}

static uint32_t in(struct board *b, uint16_t port, unsigned size)
{
	uint8_t data[4] = { 0 };

	board_io(b, port, data, size, 1, false);
	return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

static bool has_port(const struct device *d, unsigned port)
{
	for (unsigned k = 0; k < DEVICE_PORTS_MAX; k++)
		if (port >= d->ports[k].base && port - d->ports[k].base < d->ports[k].size)
			return true;
	return false;
}

/* It is a row's. */
static bool is_device(unsigned port)
{
	for (unsigned i = 0; board_device(i); i++)
		if (board_has(&board, board_device(i)) && has_port(board_device(i), port))
			return true;
	return false;
}

static void bare_board_has_its_devices_only(void)
{
	struct board *b = fresh();

	for (unsigned port = 0; port <= 0xffff; port++) {
		uint8_t data = 0;

		CHECK_EQ(board_io(b, (uint16_t)port, &data, 1, 1, false), is_device(port));
		CHECK(is_device(port) || data == 0xff);
	}
	CHECK_EQ(screen.len, 0);
}

/* What a kernel writes: vectors 0x20 to 0x2f, the mask. */
static void set_up_interrupts(struct board *b, uint8_t mask)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} words[] = { { 0x20, 0x11 }, { 0x21, 0x20 }, { 0x21, 4 }, { 0x21, 1 }, { 0xa0, 0x11 },
		{ 0xa1, 0x28 }, { 0xa1, 2 }, { 0xa1, 1 } };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		out(b, words[i].port, words[i].value, 1);
	out(b, 0x21, mask, 1);
}

/* Counter 0 at 1193 clocks, mode 2: a little under a millisecond. */
static void set_up_timer(struct board *b)
{
	out(b, 0x43, 0x34, 1);
	out(b, 0x40, 1193 & 0xff, 1);
	out(b, 0x40, 1193 >> 8, 1);
}

static void timer_interrupts_when_its_time_has_come(void)
{
	struct board *b = fresh();

	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER);
	set_up_timer(b);
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER); /* masked */
	set_up_interrupts(b, 0xfe);
	uint64_t due = board_next_interrupt_ns(b);
	CHECK_EQ(due, pit_tick_ns(1194));
	board_advance(b, due - 1);
	CHECK(!board_interrupt(b));
	board_advance(b, 1);
	CHECK(board_interrupt(b));
	CHECK_EQ(board_acknowledge(b), 0x20);
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER); /* until the EOI */
	out(b, 0x20, 0x20, 1);
	CHECK_EQ(board_next_interrupt_ns(b), pit_tick_ns(1194 + 1193));
	/* After a long time one tick waits, not an hour's. */
	board_advance(b, 3600ull * 1000000000);
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER);
	CHECK_EQ(board_acknowledge(b), 0x20);
	out(b, 0x20, 0x20, 1);
	CHECK(!board_interrupt(b));
	CHECK(board_next_interrupt_ns(b) > b->state.now_ns);
}

static void uart_interrupts_by_irq_4(void)
{
	struct board *b = fresh();

	CHECK(!board_input_interrupts(b, &uart_device));
	set_up_interrupts(b, 0xef);
	out(b, 0x3f9, 1, 1); /* IER: received data */
	CHECK(!board_input_interrupts(b, &uart_device));
	out(b, 0x3fc, 8, 1); /* MCR: OUT2 */
	CHECK(board_input_interrupts(b, &uart_device));
	CHECK(!board_interrupt(b));
	board_input(b, &uart_device, (const uint8_t *)"a", 1);
	CHECK(!board_input_interrupts(b, &uart_device)); /* no room */
	CHECK_EQ(board_acknowledge(b), 0x24);
	CHECK_EQ(in(b, 0x3f8, 1), 'a');
	out(b, 0x20, 0x20, 1);
	CHECK(!board_interrupt(b));
	board_input(b, &uart_device, (const uint8_t *)"b", 1);
	CHECK(board_interrupt(b));
}

/* Port 0x61: the gate of counter 2 and its OUT; bit 4 changes with time. */
static void system_port_gates_counter_2(void)
{
	struct board *b = fresh();

	out(b, 0x43, 0xb0, 1); /* mode 0 */
	out(b, 0x42, 100, 1);
	out(b, 0x42, 0, 1);
	board_advance(b, 1000000);
	CHECK_EQ(in(b, 0x61, 1) & 0x20, 0);
	out(b, 0x61, 0xf1, 1);
	CHECK_EQ(in(b, 0x61, 1) & 0x2f, 0x01);
	board_advance(b, 1000000);
	CHECK_EQ(in(b, 0x61, 1) & 0x2f, 0x21);
	uint32_t refresh = in(b, 0x61, 1) & 0x10;
	board_advance(b, 15085);
	CHECK(refresh != (in(b, 0x61, 1) & 0x10));
}

static void ports_of_time_are_known_by_any_byte(void)
{
	struct board *b = fresh();

	CHECK(board_port_has_time(b, 0x40) && board_port_has_time(b, 0x43) &&
	        board_port_has_time(b, 0x61) && board_port_has_time(b, 0x20) &&
	        board_port_has_time(b, 0x3d));
	CHECK(!board_port_has_time(b, 0x3c) && !board_port_has_time(b, 0x44) &&
	        !board_port_has_time(b, 0xe9) && !board_port_has_time(b, 0x3f8));
}

static void uart_prints_and_reads(void)
{
	struct board *b = fresh();

	CHECK(out(b, 0x3f8, 'h', 1));
	CHECK(out(b, 0x3f8, 'i', 1));
	CHECK_STR(screen.text, "h|i|");
	CHECK_EQ(board_input_room(b, &uart_device), 1);
	board_input(b, &uart_device, (const uint8_t *)"k", 1);
	CHECK_EQ(board_input_room(b, &uart_device), 0);
	CHECK_EQ(in(b, 0x3fd, 1), 0x61);
	CHECK_EQ(in(b, 0x3f8, 1), 'k');
	out(b, 0x3fa, 0x01, 1);
	CHECK_EQ(board_input_room(b, &uart_device), 16);
	board_input(b, &uart_device, (const uint8_t *)"0123456789abcdef", 16);
	for (unsigned i = 0; i < 16; i++)
		CHECK_EQ(in(b, 0x3f8, 1), "0123456789abcdef"[i]);
}

static void wide_access_to_the_uart_is_several(void)
{
	struct board *b = fresh();

	out(b, 0x3f8, 0x0541, 2); /* 'A' to THR, 5 to IER */
	CHECK_STR(screen.text, "A|");
	CHECK_EQ(in(b, 0x3f9, 1), 0x05);
	out(b, 0x3fb, 0x0183, 2); /* LCR, MCR */
	CHECK_EQ(in(b, 0x3fb, 2), 0x0183);
	CHECK_EQ(in(b, 0x3fc, 4), 0x00b06001); /* MCR, LSR, MSR, SCR */
	CHECK_EQ(in(b, 0x3fe, 4), 0xffff00b0); /* over the end: nobody there */
}

static void text_port_is_one_byte_wide(void)
{
	struct board *b = fresh_pc();

	out(b, 0xe9, 'a', 1);
	out(b, 0xf1, 'b', 1);
	out(b, 0xe9, 0x7a63, 2); /* 'c' here, 'z' to 0xea */
	out(b, 0xe9, 0x79787764, 4);
	out(b, 0xe8, 0x6500, 2); /* 'e' from the port before */
	CHECK_STR(screen.text, "a|b|c|d|e|");
	CHECK_EQ(in(b, 0xe9, 1), 0xe9);
	CHECK_EQ(in(b, 0xf1, 2), 0xfff1);
}

static void hex_port_takes_every_width_as_one_value(void)
{
	struct board *b = fresh_pc();

	out(b, 0x10, 1, 2);
	out(b, 0x10, 0xfe, 1);
	out(b, 0x10, 0, 4);
	out(b, 0x10, 0xdeadbeef, 4);
	out(b, 0x10, 0xdeadbeef, 2);
	CHECK_STR(screen.text,
	        "IO port: 10, data: 1\n|IO port: 10, data: fe\n|IO port: 10, data: 0\n|"
	        "IO port: 10, data: deadbeef\n|IO port: 10, data: beef\n|");
	CHECK_EQ(in(b, 0x10, 4), 0xffffffff);
}

static void hex_line_at_the_last_port(void)
{
	struct board *b = fresh();

	CHECK_EQ(board_port(b, 0xffff, PORT_HEX, &error), 0);
	out(b, 0xffff, 0xffffffff, 4);
	CHECK_STR(screen.text, "IO port: ffff, data: ffffffff\n|");
}

static void wide_access_does_not_touch_the_neighbour(void)
{
	struct board *b = fresh();

	board_port(b, 0x10, PORT_HEX, &error);
	board_port(b, 0x11, PORT_TEXT, &error);
	out(b, 0x10, 0x4241, 2);
	CHECK_STR(screen.text, "IO port: 10, data: 4241\n|");
}

static void exit_port_ends_the_run_with_the_first_value(void)
{
	for (unsigned size = 1; size <= 4; size *= 2) {
		struct board *b = fresh_pc();
		CHECK(!b->state.is_exiting);
		CHECK_EQ(in(b, 0xf4, size), 0);
		CHECK(!b->state.is_exiting);
		out(b, 0xf4, 0x12345678, size);
		CHECK(b->state.is_exiting);
		CHECK_EQ(b->state.exit_value, size == 4 ? 0x12345678 : size == 2 ? 0x5678 : 0x78);
		out(b, 0xf4, 9, size);
		CHECK_EQ(b->state.exit_value & 0xff, 0x78);
	}
}

static void repeated_io_moves_the_data_not_the_port(void)
{
	struct board *b = fresh_pc();
	uint8_t words[] = { 1, 0, 2, 0, 3, 0 }, bytes[3], hello[] = "hello";

	CHECK(board_io(b, 0xe9, hello, 1, 5, true));
	CHECK(board_io(b, 0x10, words, 2, 3, true));
	CHECK_STR(screen.text, "h|e|l|l|o|IO port: 10, data: 1\n|IO port: 10, data: 2\n|"
	                       "IO port: 10, data: 3\n|");
	out(b, 0x3fa, 1, 1);
	board_input(b, &uart_device, (const uint8_t *)"xyz", 3);
	CHECK(board_io(b, 0x3f8, bytes, 1, 3, false));
	CHECK(!memcmp(bytes, "xyz", 3));
	CHECK(!board_io(b, 0xe9, hello, 1, 0, true));
}

static void user_ports_come_before_the_defaults(void)
{
	struct board *b = fresh();

	CHECK_EQ(board_port(b, 0x10, PORT_TEXT, &error), 0);
	CHECK_EQ(board_port(b, 0xe9, PORT_NONE, &error), 0);
	CHECK_EQ(board_port(b, 0xf5, PORT_HEX, &error), 0);
	board_default_ports(b);
	out(b, 0x10, 'x', 1);
	CHECK(!out(b, 0xe9, 'y', 1));
	CHECK_EQ(in(b, 0xe9, 1), 0xff);
	out(b, 0xf5, 2, 1);
	CHECK_STR(screen.text, "x|IO port: f5, data: 2\n|");
	out(b, 0xf4, 3, 4);
	CHECK(b->state.is_exiting);
}

static void taken_ports_are_refused(void)
{
	struct board *b = fresh();

	CHECK_EQ(board_port(b, 0x3ff, PORT_HEX, &error), -EEXIST);
	CHECK_STR(error.text, "--port 0x3ff=hex: the port is taken (uart); choose another");
	error.text[0] = 0;
	CHECK_EQ(board_port(b, 0x10, PORT_NONE, NULL), 0);
	CHECK_EQ(board_port(b, 0x10, PORT_EXIT, &error), -EEXIST);
	CHECK_STR(error.text, "--port 0x10=exit: the port is taken (none); choose another");
	CHECK_EQ(board_port(b, 0x400, PORT_HEX, NULL), 0);
	CHECK_EQ(board_port(b, 0x400, PORT_HEX, NULL), -EEXIST);
	CHECK_EQ(board_port(b, 0x3f7, PORT_EXIT, NULL), 0);
}

static void full_board_still_has_room_for_the_defaults(void)
{
	struct board *b = fresh();

	for (unsigned i = 0; i < BOARD_PORTS_MAX; i++)
		CHECK_EQ(board_port(b, (uint16_t)(0x1000 + i), PORT_HEX, &error), 0);
	CHECK_EQ(board_port(b, 0x2000, PORT_HEX, &error), -ENOSPC);
	CHECK_STR(error.text, "--port 0x2000=hex: no more than 48 ports");
	board_default_ports(b);
	board_default_ports(b); /* changes nothing */
	out(b, 0xf4, 1, 1);
	CHECK(b->state.is_exiting);
}

static void words_of_kinds(void)
{
	enum port_kind kind = PORT_NONE;

	CHECK(board_port_kind("hex", &kind) && kind == PORT_HEX);
	CHECK(board_port_kind("text", &kind) && kind == PORT_TEXT);
	CHECK(board_port_kind("none", &kind) && kind == PORT_NONE);
	CHECK(board_port_kind("exit", &kind) && kind == PORT_EXIT);
	CHECK(!board_port_kind("Exit", &kind) && kind == PORT_EXIT);
	CHECK(!board_port_kind("", &kind) && !board_port_kind("exi", &kind));
}

static void mmio_is_empty(void)
{
	struct board *b = fresh_pc();
	uint8_t data[8] = { 0 };

	CHECK(!board_mmio(b, 0x3f8, data, 8, false));
	CHECK_EQ(data[0], 0xff);
	CHECK_EQ(data[7], 0xff);
	CHECK(!board_mmio(b, UINT64_MAX, data, 8, true));
}

/* Going backwards depends on it: put the state back, and the same follows. */
static void state_is_all_that_changes(void)
{
	struct board *b = fresh_pc();
	struct board_state before = b->state;

	board_input(b, &uart_device, (const uint8_t *)"q", 1);
	out(b, 0x3f9, 1, 1);
	out(b, 0xf4, 7, 1);
	set_up_interrupts(b, 0);
	set_up_timer(b);
	board_advance(b, 5000000);
	CHECK(board_interrupt(b));
	b->state = before;
	CHECK(!b->state.is_exiting);
	CHECK(!board_interrupt(b));
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER);
	CHECK_EQ(in(b, 0x3fd, 1), 0x60);
	CHECK_EQ(in(b, 0x3f9, 1), 0);
	out(b, 0xf4, 8, 1);
	CHECK_EQ(b->state.exit_value, 8);
}

static void a_wired_device_sends_elsewhere(void)
{
	struct board *b = fresh();
	struct screen other = { .len = 0 };
	uint8_t letter = 'u';

	board_default_ports(b);
	board_wire(b, &uart_device, on_output, &other);
	board_io(b, 0x3f8, &letter, 1, 1, true);
	letter = 't';
	board_io(b, 0xe9, &letter, 1, 1, true);
	CHECK_STR(other.text, "u|");
	CHECK_STR(screen.text, "t|");
	board_wire(b, &uart_device, on_output, &screen); /* anew */
	board_io(b, 0x3f8, &letter, 1, 1, true);
	CHECK_STR(screen.text, "t|t|");
}

int main(void)
{
	RUN(bare_board_has_its_devices_only);
	RUN(timer_interrupts_when_its_time_has_come);
	RUN(uart_interrupts_by_irq_4);
	RUN(system_port_gates_counter_2);
	RUN(ports_of_time_are_known_by_any_byte);
	RUN(uart_prints_and_reads);
	RUN(wide_access_to_the_uart_is_several);
	RUN(text_port_is_one_byte_wide);
	RUN(hex_port_takes_every_width_as_one_value);
	RUN(hex_line_at_the_last_port);
	RUN(wide_access_does_not_touch_the_neighbour);
	RUN(exit_port_ends_the_run_with_the_first_value);
	RUN(repeated_io_moves_the_data_not_the_port);
	RUN(user_ports_come_before_the_defaults);
	RUN(taken_ports_are_refused);
	RUN(full_board_still_has_room_for_the_defaults);
	RUN(words_of_kinds);
	RUN(mmio_is_empty);
	RUN(state_is_all_that_changes);
	RUN(a_wired_device_sends_elsewhere);
	return check_done();
}

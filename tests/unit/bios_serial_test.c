/* int 14h over the UART, int 17h over the printer's adapter, and what power-on finds of them. */
#include <stdio.h>

#include "bios_pc.h"
#include "base/array.h"
#include "check.h"
#include "devices/uart.h"

static struct pc pc;

static void start(void)
{
	pc_open(&pc, 1u << 20);
}

static void power_on_finds_the_adapters(void)
{
	start();
	CHECK_EQ(get16(pc.ram + BDA_COM), 0x3f8);
	CHECK_EQ(pc.ram[BDA_COM_TIMEOUT], 1);
	unsigned ports = 0;
	while (ports < 4 && get16(pc.ram + BDA_COM + ports * 2))
		ports++;
	CHECK_EQ(get16(pc.ram + BDA_EQUIPMENT) >> 9 & 7, ports);
	CHECK_EQ(pc.output_len, 0); /* looking for them sends nothing */
}

static void what_is_sent_goes_out(void)
{
	start();
	pc_int(&pc, 0x14, 0x00e3, 0, 0, 0); /* 9600 baud, 8 bits */
	CHECK(!pc_carry(&pc));
	CHECK_EQ(pc_ax(&pc) & 0xff00, 0x6000); /* the transmitter is empty */
	CHECK_EQ(pc.board.state.uart.divisor, 12);
	CHECK_EQ(pc.board.state.uart.lcr, 0x03);
	pc_int(&pc, 0x14, 0x0000 | 0x1a, 0, 0, 0); /* 110 baud, 7 bits, even parity */
	CHECK_EQ(pc.board.state.uart.divisor, 1047);
	CHECK_EQ(pc.board.state.uart.lcr, 0x1a);
	for (const char *at = "hello"; *at; at++) {
		pc_int(&pc, 0x14, (uint16_t)(0x0100 | *at), 0, 0, 0);
		CHECK_EQ(pc_ax(&pc), 0x6000 | *at);
	}
	CHECK_EQ(pc.output_len, 5);
	CHECK(!memcmp(pc.output, "hello", 5));
}

static void what_comes_is_received(void)
{
	start();
	board_input(&pc.board, &uart_device, (const uint8_t *)"x", 1);
	pc_int(&pc, 0x14, 0x0300, 0, 0, 0);
	CHECK_EQ(pc_ax(&pc) & 0xff00, 0x6100);
	CHECK_EQ(pc_int(&pc, 0x14, 0x0200, 0, 0, 0), BIOS_DONE);
	CHECK_EQ(pc_ax(&pc), 'x');
}

static void receiving_waits_for_a_second(void)
{
	start();
	pc.r.flags |= BIOS_CF;
	CHECK_EQ(pc_int(&pc, 0x14, 0x0255, 0, 0, 0), BIOS_WAITS);
	CHECK(pc_carry(&pc)); /* nothing has changed */
	CHECK_STR(bios_waits_for(0x14, &pc.r), "a serial character");
	board_advance(&pc.board, 900000000);
	CHECK_EQ(pc_call(&pc, 0x14), BIOS_WAITS);
	CHECK_EQ(pc_ax(&pc), 0x0255);
	board_advance(&pc.board, 200000000);
	CHECK_EQ(pc_call(&pc, 0x14), BIOS_DONE);
	CHECK_EQ(pc_ax(&pc), 0xe055);
	/* The next one has a time of its own, and a character ends it. */
	CHECK_EQ(pc_int(&pc, 0x14, 0x0255, 0, 0, 0), BIOS_WAITS);
	board_input(&pc.board, &uart_device, (const uint8_t *)"y", 1);
	CHECK_EQ(pc_call(&pc, 0x14), BIOS_DONE);
	CHECK_EQ(pc_ax(&pc), 'y');
	CHECK_EQ(pc_int(&pc, 0x14, 0x0255, 0, 0, 0), BIOS_WAITS);
}

static void adapters_that_are_not_there_change_nothing(void)
{
	static const uint16_t numbers[] = { 3, 4, 0xffff };
	start();
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		for (unsigned ah = 0; ah < 4; ah++)
			for (unsigned vector = 0x14; vector < 0x18; vector += 3) {
				uint16_t ax = (uint16_t)(ah << 8 | 0x41);
				if (vector == 0x17 && ah == 3)
					continue;
				CHECK_EQ(pc_int(&pc, vector, ax, 0, 0, numbers[i]), BIOS_DONE);
				CHECK(pc_carry(&pc));
				CHECK_EQ(pc_ax(&pc), ax);
			}
	CHECK_EQ(pc.said_count, 0);
}

static void other_functions_are_refused(void)
{
	start();
	pc_int(&pc, 0x14, 0x0455, 0, 0, 0);
	CHECK(pc_carry(&pc));
	CHECK_EQ(pc_ax(&pc), 0x0455);
	pc_int(&pc, 0x17, 0x0355, 0, 0, 0);
	CHECK(pc_carry(&pc));
	CHECK_EQ(pc.said_count, 2);
}

/* A printer's adapter as the data sheet has it, at a port where no device of ours stands. */
struct adapter {
	uint8_t data, status, control;
	char printed[16];
	unsigned count, starts;
};

static void access(void *ctx, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	struct adapter *a = ctx;
	uint8_t *registers[] = { &a->data, &a->status, &a->control };
	(void)size;
	if (!is_write) {
		*data = *registers[off];
		return;
	}
	if (off == 2 && *data & 1 && !(a->control & 1) && a->count < sizeof a->printed)
		a->printed[a->count++] = (char)a->data;
	if (off == 2 && *data & 4 && !(a->control & 4))
		a->starts++;
	if (off != 1)
		*registers[off] = *data;
}

static void characters_go_to_the_printer(void)
{
	struct adapter a = { .status = 0xdf }; /* ready, nothing wrong */
	pc_make(&pc, 1u << 20);
	const struct bus_range range = { .base = 0x278, .size = 3, .access = access, .device = &a };
	CHECK_EQ(bus_add(&pc.board.ports, &range), 0);
	bios_power_on(&pc.bios);
	unsigned number = 0; /* the last one that there is */
	while (get16(pc.ram + BDA_LPT + 2 * number) != 0x278 && number < 3)
		number++;
	CHECK(number < 3);
	CHECK_EQ(get16(pc.ram + BDA_EQUIPMENT) >> 14, number + 1);
	CHECK_EQ(pc.ram[BDA_LPT_TIMEOUT + number], 20);
	pc_int(&pc, 0x17, 0x0100, 0, 0, (uint16_t)number);
	CHECK_EQ(a.starts, 1);
	CHECK_EQ(pc_ax(&pc), 0x9000);
	CHECK(!pc_carry(&pc));
	a.control |= 1; /* as a program may leave the strobe */
	for (const char *at = "abc"; *at; at++) {
		pc_int(&pc, 0x17, (uint16_t)*at, 0, 0, (uint16_t)number);
		CHECK_EQ(pc_ax(&pc), 0x9000 | *at);
	}
	CHECK_EQ(a.count, 3);
	CHECK(!memcmp(a.printed, "abc", 3));
	a.status = 0x77; /* busy, out of paper, an error */
	pc_int(&pc, 0x17, 'd', 0, 0, (uint16_t)number);
	CHECK_EQ(pc_ax(&pc), 0x3900 | 'd');
	CHECK_EQ(a.count, 3);
	pc_int(&pc, 0x17, 0x0200, 0, 0, (uint16_t)number);
	CHECK_EQ(pc_ax(&pc), 0x3800);
}

static char paper[8];
static size_t paper_len;

static void print(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len && paper_len < sizeof paper; i++)
		paper[paper_len++] = (char)bytes[i];
}

/* The board's own adapter: int 17h's DX is 0. Without a printer it is busy. */
static void the_board_has_a_printer_where_one_is_connected(void)
{
	start();
	CHECK_EQ(get16(pc.ram + BDA_LPT), 0x378);
	CHECK_EQ(get16(pc.ram + BDA_LPT + 2), 0);
	CHECK_EQ(get16(pc.ram + BDA_COM + 2), 0x2f8);
	pc_int(&pc, 0x17, 'x', 0, 0, 0);
	CHECK_EQ(pc_ax(&pc), 0x3100 | 'x');
	pc_make(&pc, 1u << 20);
	board_wire(&pc.board, &parallel_device, print, NULL);
	bios_power_on(&pc.bios);
	CHECK_EQ(paper_len, 0); /* looking for it prints nothing */
	pc_int(&pc, 0x17, 0x0100, 0, 0, 0);
	CHECK_EQ(pc_ax(&pc) & 0xff00, 0x9000);
	for (const char *at = "hi\n"; *at; at++)
		pc_int(&pc, 0x17, (uint16_t)*at, 0, 0, 0);
	CHECK_EQ(paper_len, 3);
	CHECK(!memcmp(paper, "hi\n", 3));
}

/* int 14h's DX is 1: the second UART. */
static void the_second_port_is_the_second_uart(void)
{
	start();
	paper_len = 0;
	board_wire(&pc.board, &uart2_device, print, NULL);
	pc_int(&pc, 0x14, 0x0100 | '2', 0, 0, 1);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(paper_len, 1);
	CHECK_EQ(paper[0], '2');
	CHECK_EQ(pc.output_len, 0);
}

static void calls_are_told_in_words(void)
{
	char text[100];
	struct bios_regs before = { .eax = 0x0141, .edx = 1 }, after = { .eax = 0x6041 };
	bios_describe(0x14, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 14h AH=01h send a character to COM2: 41h");
	before.eax = 0x0200;
	after.eax = 0x0042;
	bios_describe(0x14, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 14h AH=02h receive a character from COM2: 42h");
	after.eax = 0xe000;
	bios_describe(0x14, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 14h AH=02h receive a character from COM2: the time is over");
}

int main(void)
{
	RUN(power_on_finds_the_adapters);
	RUN(what_is_sent_goes_out);
	RUN(what_comes_is_received);
	RUN(receiving_waits_for_a_second);
	RUN(adapters_that_are_not_there_change_nothing);
	RUN(other_functions_are_refused);
	RUN(characters_go_to_the_printer);
	RUN(the_board_has_a_printer_where_one_is_connected);
	RUN(the_second_port_is_the_second_uart);
	RUN(calls_are_told_in_words);
	return check_done();
}

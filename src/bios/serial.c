/* int 14h: characters over a serial adapter, which programs it as its UART's data sheet says.
 *
 * Source: Ralf Brown's Interrupt List, INT 14/AH=00h to 03h; National Semiconductor PC16550D data
 * sheet. An adapter that is not there changes nothing but CF. */
#include <stdio.h>

#include "base/array.h"
#include "bios/internal.h"

#define ADAPTERS 4

/* Registers of the UART. */
#define DATA    0
#define DIVISOR 0 /* low byte, and the high one after it, while LCR_DIVISOR is set */
#define IER     1
#define LCR     3
#define MCR     4
#define LSR     5
#define MSR     6
#define SCRATCH 7

#define LCR_DIVISOR 0x80
#define LCR_FORMAT  0x1f /* of AL: parity, stop bits, length */
#define MCR_READY   0x03 /* DTR and RTS */
#define LSR_DATA    0x01
#define LSR_ERRORS  0x1e
#define LSR_EMPTY   0x20
#define TIMED_OUT   0x80 /* AH */
#define SECOND_NS   UINT64_C(1000000000)

/* The adapter of DX, or 0. */
static uint16_t adapter(const struct bios *b, struct bios_regs *r)
{
	uint16_t number = bios_word(r->edx);
	uint16_t port = number < ADAPTERS ? bios_get16(b, BDA_COM + number * 2u) : 0;

	bios_set_carry(r, !port);
	return port;
}

/* Sixteenths of 115200 Hz, by AL's bits 7:5: 110, 150, 300, ... 9600 baud. */
static uint16_t divisor(uint8_t al)
{
	unsigned rate = al >> 5;
	return rate ? (uint16_t)(0x600 >> rate) : 0x417;
}

static enum bios_verdict get_status(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t port = adapter(b, r);

	(void)vector;
	if (!port)
		return BIOS_DONE;
	bios_set_ah(r, bios_in(b, port + LSR));
	bios_set_al(r, bios_in(b, port + MSR));
	return BIOS_DONE;
}

/* 00h: AL: rate, parity, stop bits, length. */
static enum bios_verdict set_up(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t port = adapter(b, r), count = divisor(bios_al(r));

	if (!port)
		return BIOS_DONE;
	bios_out(b, port + LCR, LCR_DIVISOR);
	bios_out(b, port + DIVISOR, (uint8_t)count);
	bios_out(b, port + DIVISOR + 1, (uint8_t)(count >> 8));
	bios_out(b, port + LCR, bios_al(r) & LCR_FORMAT);
	bios_out(b, port + IER, 0);
	return get_status(b, vector, r);
}

/* 01h. The transmitter of our UARTs is always empty; in AH is the status after it. */
static enum bios_verdict send(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t port = adapter(b, r);

	(void)vector;
	if (!port)
		return BIOS_DONE;
	bios_out(b, port + MCR, bios_in(b, port + MCR) | MCR_READY);
	uint8_t status = bios_in(b, port + LSR);
	if (status & LSR_EMPTY)
		bios_out(b, port + DATA, bios_al(r));
	else
		status |= TIMED_OUT;
	bios_set_ah(r, status);
	return BIOS_DONE;
}

/* Whether the call's time is over; its first look starts it. A call is known by its stack. */
static bool times_out(struct bios *b, const struct bios_regs *r)
{
	struct bios_wait *w = &b->state.serial_wait;
	uint64_t now_ns = b->board->state.now_ns;
	uint8_t seconds = bios_get8(b, BDA_COM_TIMEOUT + bios_word(r->edx));

	if (!w->is_on || w->ss != r->ss || w->sp != r->sp) {
		*w = (struct bios_wait) {
			.is_on = true,
			.ss = r->ss,
			.sp = r->sp,
			.until_ns = now_ns + seconds * SECOND_NS,
		};
	}
	return now_ns >= w->until_ns;
}

/* 02h: a character in AL, and what went wrong in AH. Waits as long as BDA_COM_TIMEOUT says. */
static enum bios_verdict receive(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t flags = r->flags, port = adapter(b, r);

	(void)vector;
	if (!port)
		return BIOS_DONE;
	uint8_t status = bios_in(b, port + LSR);
	if (status & LSR_DATA) {
		bios_set_al(r, bios_in(b, port + DATA));
		bios_set_ah(r, status & LSR_ERRORS);
	} else if (times_out(b, r)) {
		bios_set_ah(r, status | TIMED_OUT);
	} else {
		r->flags = flags;
		return BIOS_WAITS;
	}
	b->state.serial_wait.is_on = false;
	return BIOS_DONE;
}

static void tell_character(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	bool is_sent = bios_ah(before) == 0x01, is_late = after && bios_ah(after) & TIMED_OUT;
	const struct bios_regs *r = is_sent ? before : after;
	const char *way = is_sent ? "to" : "from";
	unsigned number = bios_word(before->edx) + 1u;

	if (is_late)
		snprintf(to, size, " %s COM%u: the time is over", way, number);
	else if (r)
		snprintf(to, size, " %s COM%u: %02xh", way, number, bios_al(r));
}

/* Any other function. */
enum bios_verdict serial_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	unknown_service(b, vector, r);
	bios_set_carry(r, true);
	return BIOS_DONE;
}

const struct bios_function serial_functions[] = {
	{ 0x00, BIOS_ANY_AL, "set up a serial port", set_up, NULL, NULL },
	{ 0x01, BIOS_ANY_AL, "send a character", send, tell_character, NULL },
	{ 0x02, BIOS_ANY_AL, "receive a character", receive, tell_character, "a serial character" },
	{ 0x03, BIOS_ANY_AL, "serial status", get_status, NULL, NULL },
	{ 0 },
};

/* --- power-on --------------------------------------------------------------------------------- */

/* The ports at which the scratch register holds what is written; the timeout is a second. */
void serial_power_on(struct bios *b)
{
	static const uint16_t ports[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };
	unsigned count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		uint16_t port = ports[i] + SCRATCH;
		uint8_t was = bios_in(b, port);
		bios_out(b, port, 0x5a);
		bool is_there = bios_in(b, port) == 0x5a;
		bios_out(b, port, was);
		if (!is_there)
			continue;
		bios_put8(b, BDA_COM_TIMEOUT + count, 1);
		bios_put16(b, BDA_COM + 2 * count++, ports[i]);
	}
}

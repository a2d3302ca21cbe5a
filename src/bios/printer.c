/* int 17h: characters to a printer at a parallel adapter.
 *
 * Source: Ralf Brown's Interrupt List, INT 17/AH=00h to 02h; IBM Personal Computer AT Technical
 * Reference, "Parallel Printer Adapter". An adapter that is not there changes nothing but CF. */
#include <stdio.h>

#include "base/array.h"
#include "bios/internal.h"

#define ADAPTERS 3

/* Registers of the adapter. */
#define DATA    0
#define STATUS  1
#define CONTROL 2

#define STATUS_READY    0x80 /* not busy */
#define STATUS_INVERTED 0x48 /* acknowledge and error: low while they are so */
#define STATUS_BITS     0xf8
#define CONTROL_STROBE  0x01
#define CONTROL_INIT    0x04 /* low while the printer is to start anew */
#define CONTROL_SELECT  0x08
#define TIMED_OUT       0x01 /* AH */
#define TIMEOUT         20   /* BDA_LPT_TIMEOUT at power-on */

static uint16_t adapter(const struct bios *b, struct bios_regs *r)
{
	uint16_t number = bios_word(r->edx);
	uint16_t port = number < ADAPTERS ? bios_get16(b, BDA_LPT + number * 2u) : 0;

	bios_set_carry(r, !port);
	return port;
}

static uint8_t status(const struct bios *b, uint16_t port)
{
	return (bios_in(b, port + STATUS) & STATUS_BITS) ^ STATUS_INVERTED;
}

/* 02h: AH: ready, acknowledged, out of paper, selected, error. */
static enum bios_verdict get_status(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t port = adapter(b, r);

	(void)vector;
	if (port)
		bios_set_ah(r, status(b, port));
	return BIOS_DONE;
}

/* 00h. A printer that is busy does not become ready by waiting: the time is over at once. */
static enum bios_verdict print(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t port = adapter(b, r);

	(void)vector;
	if (!port)
		return BIOS_DONE;
	uint8_t before = status(b, port);
	if (!(before & STATUS_READY)) {
		bios_set_ah(r, before | TIMED_OUT);
		return BIOS_DONE;
	}
	uint8_t control = bios_in(b, port + CONTROL) & (uint8_t)~CONTROL_STROBE;
	bios_out(b, port + DATA, bios_al(r));
	bios_out(b, port + CONTROL, control);
	bios_out(b, port + CONTROL, control | CONTROL_STROBE);
	bios_out(b, port + CONTROL, control);
	bios_set_ah(r, status(b, port));
	return BIOS_DONE;
}

/* 01h. */
static enum bios_verdict start_anew(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t port = adapter(b, r);

	if (!port)
		return BIOS_DONE;
	bios_out(b, port + CONTROL, CONTROL_SELECT);
	bios_out(b, port + CONTROL, CONTROL_SELECT | CONTROL_INIT);
	return get_status(b, vector, r);
}

/* Any other function. */
enum bios_verdict printer_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	unknown_service(b, vector, r);
	bios_set_carry(r, true);
	return BIOS_DONE;
}

const struct bios_function printer_functions[] = {
	{ 0x00, BIOS_ANY_AL, "print a character", print, NULL, NULL },
	{ 0x01, BIOS_ANY_AL, "start the printer", start_anew, NULL, NULL },
	{ 0x02, BIOS_ANY_AL, "printer status", get_status, NULL, NULL },
	{ 0 },
};

/* --- power-on --------------------------------------------------------------------------------- */

/* The ports at which the data register holds what is written. */
void printer_power_on(struct bios *b)
{
	static const uint16_t ports[] = { 0x3bc, 0x378, 0x278 };
	unsigned count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		bios_out(b, ports[i] + DATA, 0xaa);
		if (bios_in(b, ports[i] + DATA) != 0xaa)
			continue;
		bios_put8(b, BDA_LPT_TIMEOUT + count, TIMEOUT);
		bios_put16(b, BDA_LPT + 2 * count++, ports[i]);
	}
}

/* Names in quotes are the 8259A data sheet's sections. A0 is the lowest bit of the port. */
#include "devices/pic.h"

#include <assert.h>

#include "devices/board.h"

/* "Initialization Command Words", ICW1 at A0 = 0 */
#define ICW1_IC4  0x01
#define ICW1_SNGL 0x02
#define ICW1_LTIM 0x08
#define ICW1      0x10 /* tells it from OCW2 and OCW3 */
/* ICW4 */
#define ICW4_AEOI 0x02
#define ICW4_SFNM 0x10
/* "Operation Command Words" */
#define OCW2_EOI  0x20
#define OCW2_SL   0x40
#define OCW2_R    0x80
#define OCW3      0x08
#define OCW3_RIS  0x01
#define OCW3_RR   0x02
#define OCW3_P    0x04
#define OCW3_SMM  0x20
#define OCW3_ESMM 0x40

#define POLL_I   0x80 /* "Poll Command": an interrupt was there */
#define SPURIOUS 7

/* 82371AB, "ELCR1", "ELCR2": IRQ 0, 1, 2, 8 and 13 are always edges. */
#define ELCR_MASTER 0xf8
#define ELCR_SLAVE  0xde

static void reset(struct pic_chip *c)
{
	*c = (struct pic_chip) { .imr = 0xff, .lowest = 7 };
}

void pic_reset(struct pic *p)
{
	reset(&p->master);
	reset(&p->slave);
}

/* --- one chip --------------------------------------------------------------------------------- */

static uint8_t irr(const struct pic_chip *c)
{
	uint8_t level = c->is_level ? 0xff : c->elcr;

	return (c->lines & level) | (c->edges & (uint8_t)~level);
}

/* The input of highest priority in bits, -1 for none. */
static int first(const struct pic_chip *c, uint8_t bits)
{
	for (unsigned i = 1; i <= 8; i++) {
		unsigned input = (c->lowest + i) % 8;

		if (bits & 1u << input)
			return (int)input;
	}
	return -1;
}

/* 0 is the highest priority, 8 that of no input. */
static unsigned priority(const struct pic_chip *c, int input)
{
	return input < 0 ? 8 : ((unsigned)input + 7 - c->lowest) % 8;
}

/* The input that INT is raised for, -1 for none. */
static int request(const struct pic_chip *c, bool is_master)
{
	uint8_t in_service = c->isr;
	int input = first(c, irr(c) & (uint8_t)~c->imr);

	if (!c->is_initialized || c->expects != PIC_READY || input < 0)
		return -1;
	/* "Special Mask Mode": what is masked inhibits nothing. */
	if (c->is_special)
		in_service &= (uint8_t)~c->imr;
	/* "The Special Fully Nest Mode": further requests of a slave in service are taken. */
	if (is_master && c->is_nested && input == PIC_CASCADE)
		in_service &= (uint8_t) ~(1u << PIC_CASCADE);
	return priority(c, input) < priority(c, first(c, in_service)) ? input : -1;
}

static void take(struct pic_chip *c, unsigned input)
{
	c->edges &= (uint8_t) ~(1u << input);
	if (!c->is_auto)
		c->isr |= (uint8_t)(1u << input);
	else if (c->rotates)
		c->lowest = (uint8_t)input;
}

static void set_line(struct pic_chip *c, unsigned input, bool level)
{
	uint8_t bit = (uint8_t)(1u << input);

	if (level && !(c->lines & bit))
		c->edges |= bit;
	c->lines = level ? c->lines | bit : c->lines & (uint8_t)~bit;
}

/* "Initialization Command Words 1 and 2": what ICW1 does by itself. */
static void initialize(struct pic_chip *c, uint8_t icw1)
{
	*c = (struct pic_chip) {
		.lines = c->lines,
		.elcr = c->elcr,
		.lowest = 7,
		.is_level = icw1 & ICW1_LTIM,
		.is_single = icw1 & ICW1_SNGL,
		.has_icw4 = icw1 & ICW1_IC4,
		.is_initialized = true,
		.expects = PIC_ICW2,
	};
}

static void write_icw(struct pic_chip *c, uint8_t value)
{
	enum pic_expects after = c->has_icw4 ? PIC_ICW4 : PIC_READY;

	switch (c->expects) {
	case PIC_READY: break;
	case PIC_ICW2:
		c->base = value & 0xf8;
		c->expects = c->is_single ? after : PIC_ICW3;
		break;
	case PIC_ICW3:
		c->icw3 = value;
		c->expects = after;
		break;
	case PIC_ICW4:
		c->is_auto = value & ICW4_AEOI;
		c->is_nested = value & ICW4_SFNM;
		c->expects = PIC_READY;
		break;
	}
}

/* OCW2: R SL EOI in bits 7:5, an input in 2:0. */
static void write_ocw2(struct pic_chip *c, uint8_t value)
{
	/* "Special Mask Mode": a masked bit is not for a non-specific EOI. */
	uint8_t in_service = c->is_special ? c->isr & (uint8_t)~c->imr : c->isr;
	int input = value & OCW2_SL ? value & 7 : first(c, in_service);

	if (value & OCW2_EOI && input >= 0)
		c->isr &= (uint8_t) ~(1u << input);
	if ((value & (OCW2_EOI | OCW2_SL)) == 0)
		c->rotates = value & OCW2_R; /* in automatic EOI mode: set or clear */
	else if (value & OCW2_R && input >= 0)
		c->lowest = (uint8_t)input;
}

static void write_ocw3(struct pic_chip *c, uint8_t value)
{
	if (value & OCW3_ESMM)
		c->is_special = value & OCW3_SMM;
	if (value & OCW3_P)
		c->is_polled = true;
	else if (value & OCW3_RR)
		c->reads_isr = value & OCW3_RIS;
}

static void write_chip(struct pic_chip *c, unsigned a0, uint8_t value)
{
	if (!a0 && value & ICW1)
		initialize(c, value);
	else if (!a0 && value & OCW3)
		write_ocw3(c, value);
	else if (!a0)
		write_ocw2(c, value);
	else if (c->expects != PIC_READY)
		write_icw(c, value);
	else
		c->imr = value;
}

static uint8_t read_chip(struct pic_chip *c, unsigned a0, bool is_master)
{
	if (c->is_polled) {
		int input = request(c, is_master);

		c->is_polled = false;
		if (input < 0)
			return 0;
		take(c, (unsigned)input);
		return POLL_I | (uint8_t)input;
	}
	if (a0)
		return c->imr;
	return c->reads_isr ? c->isr : irr(c);
}

/* --- both ------------------------------------------------------------------------------------- */

/* After any change of the slave. */
static void cascade(struct pic *p)
{
	set_line(&p->master, PIC_CASCADE, request(&p->slave, false) >= 0);
}

uint8_t pic_read(struct pic *p, uint16_t port)
{
	uint8_t value;

	switch (port & ~1) {
	case PIC_MASTER_PORT: value = read_chip(&p->master, port & 1, true); break;
	case PIC_SLAVE_PORT: value = read_chip(&p->slave, port & 1, false); break;
	default: return port & 1 ? p->slave.elcr : p->master.elcr;
	}
	cascade(p);
	return value;
}

void pic_write(struct pic *p, uint16_t port, uint8_t value)
{
	switch (port & ~1) {
	case PIC_MASTER_PORT: write_chip(&p->master, port & 1, value); break;
	case PIC_SLAVE_PORT: write_chip(&p->slave, port & 1, value); break;
	default:
		if (port & 1)
			p->slave.elcr = value & ELCR_SLAVE;
		else
			p->master.elcr = value & ELCR_MASTER;
		break;
	}
	cascade(p);
}

void pic_set_irq(struct pic *p, unsigned irq, bool level)
{
	assert(irq < 16 && irq != PIC_CASCADE);
	if (irq < 8)
		set_line(&p->master, irq, level);
	else
		set_line(&p->slave, irq - 8, level);
	cascade(p);
}

bool pic_intr(const struct pic *p)
{
	return request(&p->master, true) >= 0;
}

uint8_t pic_acknowledge(struct pic *p)
{
	int input = request(&p->master, true);

	if (input < 0)
		return p->master.base + SPURIOUS;
	take(&p->master, (unsigned)input);
	if (input != PIC_CASCADE || p->master.is_single)
		return p->master.base + (uint8_t)input;
	input = request(&p->slave, false);
	if (input >= 0)
		take(&p->slave, (unsigned)input);
	/* INT falls with the INTA cycles, and rises again where there is more. */
	set_line(&p->master, PIC_CASCADE, false);
	cascade(p);
	return p->slave.base + (uint8_t)(input < 0 ? SPURIOUS : input);
}

bool pic_waits(const struct pic *p, unsigned irq)
{
	const struct pic_chip *c = irq < 8 ? &p->master : &p->slave;

	return irr(c) >> irq % 8 & 1;
}

static bool chip_masks(const struct pic_chip *c, unsigned input)
{
	return !c->is_initialized || c->imr >> input & 1;
}

bool pic_masks(const struct pic *p, unsigned irq)
{
	if (irq < 8)
		return chip_masks(&p->master, irq);
	return chip_masks(&p->slave, irq - 8) || chip_masks(&p->master, PIC_CASCADE);
}

bool pic_would_interrupt(const struct pic *p, unsigned irq)
{
	struct pic copy = *p;

	pic_set_irq(&copy, irq, false);
	pic_set_irq(&copy, irq, true);
	return pic_intr(&copy);
}

/* --- on the board ----------------------------------------------------------------------------- */

static void reset_device(struct board *b)
{
	pic_reset(&b->state.pic);
}

static uint8_t read_device(struct board *b, uint16_t port)
{
	return pic_read(&b->state.pic, port);
}

static void write_device(struct board *b, uint16_t port, uint8_t value)
{
	pic_write(&b->state.pic, port, value);
}

static bool has_vector(const struct pic_chip *c, uint8_t vector)
{
	return c->is_initialized && c->expects == PIC_READY && vector >= c->base &&
	       vector - c->base < 8;
}

int pic_irq_of(const struct pic *p, uint8_t vector)
{
	if (has_vector(&p->master, vector))
		return vector - p->master.base;
	return has_vector(&p->slave, vector) ? 8 + vector - p->slave.base : -1;
}

int pic_in_service(const struct pic *p)
{
	int input = first(&p->master, p->master.isr);
	if (input == PIC_CASCADE && p->slave.isr)
		return 8 + first(&p->slave, p->slave.isr);
	return input;
}

/* The unmasked request of a chip that only an interrupt in service holds back; -1: there is none. */
static int held(const struct pic_chip *c, bool is_master)
{
	if (!c->is_initialized || c->expects != PIC_READY || request(c, is_master) >= 0)
		return -1;
	return first(c, irr(c) & (uint8_t)~c->imr);
}

int pic_held_back(const struct pic *p, int *by)
{
	const int input = held(&p->master, true), slave = held(&p->slave, false);
	const int of_slave = request(
	        &p->slave, false); /* -1: it has gone, and the master still keeps its edge */
	*by = pic_in_service(p);
	if (pic_intr(p))
		return -1;
	if (input == PIC_CASCADE)
		return of_slave < 0 ? -1 : 8 + of_slave;
	if (input >= 0 || slave < 0 || p->master.imr & 1u << PIC_CASCADE)
		return input;
	*by = 8 + first(&p->slave, p->slave.isr);
	return 8 + slave;
}

static void show_chip(struct device_text *t, const char *name, const struct pic_chip *c)
{
	if (!c->is_initialized || c->expects != PIC_READY) {
		device_say(t, "%-12s not initialized\n", name);
		return;
	}
	device_say(t,
	        "%-12s vectors 0x%02x to 0x%02x, masked 0x%02x, edges 0x%02x, lines 0x%02x, "
	        "in service 0x%02x%s\n",
	        name, c->base, c->base + 7, c->imr, c->edges, c->lines, c->isr,
	        c->is_auto ? ", automatic EOI" : "");
}

static void show_device(const struct board *b, struct device_text *t)
{
	show_chip(t, "pic 0x20", &b->state.pic.master);
	show_chip(t, "pic 0xa0", &b->state.pic.slave);
}

/* No line of its own: the board asks pic_intr. The slave's mask hides no timed interrupt. */
const struct device pic_device = {
	.name = "pic",
	.about = "interrupt controllers: what is masked, pending and in service",
	.ports = { { PIC_MASTER_PORT, 2, true }, { PIC_SLAVE_PORT, 2 }, { PIC_ELCR_PORT, 2 } },
	.reset = reset_device,
	.read = read_device,
	.write = write_device,
	.show = show_device,
};

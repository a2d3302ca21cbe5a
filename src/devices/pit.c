/* Each mode is worked out for any number of clocks at once; the unit test compares with a twin that
 * goes clock by clock. Names in quotes are the 8254 data sheet's sections. */
#include "devices/pit.h"

#include <assert.h>

/* "Control Word Format": SC in bits 7:6, RW in 5:4, M in 3:1, BCD in 0 */
#define CONTROL_OFF  3
#define CONTROL_BCD  0x01
#define CONTROL_KEPT 0x3f
#define ACCESS_LATCH 0
#define ACCESS_LOW   1
#define ACCESS_HIGH  2
#define ACCESS_BOTH  3
/* "Read-Back Command": SC is 3; bits 5 and 4 are low for what is to be latched */
#define SELECT_READ_BACK 3
#define READ_BACK_COUNT  0x20
#define READ_BACK_STATUS 0x10
/* "Status Byte" */
#define STATUS_OUT  0x80
#define STATUS_NULL 0x40

#define NS_PER_S 1000000000u
/* No counter goes longer than two full counts, a load and a strobe before OUT rises. */
#define RISE_MAX (2 * 0x10000 + 4)

uint64_t pit_ticks(uint64_t ns)
{
	return ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S;
}

uint64_t pit_tick_ns(uint64_t tick)
{
	return tick / PIT_HZ * NS_PER_S + (tick % PIT_HZ * NS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

/* --- a counter -------------------------------------------------------------------------------- */

static unsigned mode_of(const struct pit_counter *c)
{
	unsigned mode = c->control >> 1 & 7;

	return mode > 5 ? mode - 4 : mode; /* x10 and x11 */
}

static unsigned access_of(const struct pit_counter *c)
{
	return c->control >> 4 & 3;
}

/* How many values the counting element has: a count of 0 stands for that many. */
static uint32_t modulus(const struct pit_counter *c)
{
	return c->control & CONTROL_BCD ? 10000 : 0x10000;
}

static uint32_t from_bcd(uint16_t bcd)
{
	return (bcd >> 12) * 1000u + (bcd >> 8 & 15) * 100u + (bcd >> 4 & 15) * 10u + (bcd & 15);
}

static uint16_t to_bcd(uint16_t value)
{
	return (uint16_t)(value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 |
	                  value % 10);
}

/* The count register: 0 to modulus - 1. */
static uint32_t count_of(const struct pit_counter *c)
{
	return c->control & CONTROL_BCD ? from_bcd(c->count) % modulus(c) : c->count;
}

/* Clocks until the counting element comes to 0. */
static uint32_t until_0(const struct pit_counter *c)
{
	return c->value ? c->value : modulus(c);
}

static void decrease(struct pit_counter *c, uint64_t by)
{
	uint32_t m = modulus(c);

	c->value = (uint16_t)((c->value + m - by % m) % m);
}

static void set_out(struct pit_counter *c, bool out)
{
	c->has_risen |= out && !c->out;
	c->out = out;
}

static void load(struct pit_counter *c)
{
	uint32_t count = count_of(c);

	c->is_odd = count & 1;
	c->value = (uint16_t)(mode_of(c) == 3 ? count & ~1u : count);
	c->loads = c->is_null = false;
	c->is_loaded = true;
}

/* The clock that loads a count. */
static void load_clock(struct pit_counter *c)
{
	unsigned mode = mode_of(c);

	if (mode >= 4)
		set_out(c, true); /* the end of a strobe */
	load(c);
	c->is_armed = mode != 2 && mode != 3;
	if (mode == 1)
		set_out(c, false);
}

/* Modes 0, 1: OUT rises at 0, and the count goes on. */
static void count_down(struct pit_counter *c, uint64_t clocks)
{
	if (c->is_armed && clocks >= until_0(c)) {
		c->is_armed = false;
		set_out(c, true);
	}
	decrease(c, clocks);
}

/* Modes 4, 5: OUT is low for one clock at 0. */
static void count_to_strobe(struct pit_counter *c, uint64_t clocks, bool counts)
{
	set_out(c, true);
	if (!counts)
		return;
	if (c->is_armed && clocks >= until_0(c)) {
		c->is_armed = false;
		set_out(c, false);
		if (clocks > until_0(c))
			set_out(c, true);
	}
	decrease(c, clocks);
}

/* Mode 2: OUT is low while the count is 1, and the next clock loads it again. */
static void divide(struct pit_counter *c, uint64_t clocks)
{
	uint32_t left = (c->value + modulus(c) - 1) % modulus(c) + 1;

	while (clocks >= left) {
		clocks -= left;
		if (left > 1)
			set_out(c, false);
		load(c);
		set_out(c, true);
		left = (c->value + modulus(c) - 1) % modulus(c) + 1;
		if (clocks >= left && left > 1) {
			c->has_risen = true;
			clocks %= left;
		} else if (left == 1) {
			return;
		}
	}
	if (!clocks)
		return;
	decrease(c, clocks);
	set_out(c, c->value != 1);
}

/* Mode 3: clocks that this half still takes. An odd count's first half is one longer. */
static uint32_t half_left(const struct pit_counter *c)
{
	if (c->is_odd && c->out)
		return c->value / 2u + 1;
	return until_0(c) / 2;
}

static void toggle(struct pit_counter *c)
{
	set_out(c, !c->out);
	load(c);
}

static void square(struct pit_counter *c, uint64_t clocks)
{
	if (clocks >= half_left(c)) {
		clocks -= half_left(c);
		toggle(c);
		/* From here on all periods are the same. */
		struct pit_counter other = *c;
		toggle(&other);
		uint32_t period = half_left(c) + half_left(&other);
		c->has_risen |= clocks >= period;
		clocks %= period;
	}
	while (clocks >= half_left(c)) {
		clocks -= half_left(c);
		toggle(c);
	}
	decrease(c, 2 * clocks);
}

static void run(struct pit_counter *c, uint64_t clocks)
{
	if (clocks && c->loads) {
		load_clock(c);
		clocks--;
	}
	if (!clocks || !c->is_loaded)
		return;
	switch (mode_of(c)) {
	case 0:
		if (c->gate && !c->is_halfway)
			count_down(c, clocks);
		break;
	case 1: count_down(c, clocks); break;
	case 2:
		if (c->gate)
			divide(c, clocks);
		break;
	case 3:
		if (c->gate)
			square(c, clocks);
		break;
	case 4: count_to_strobe(c, clocks, c->gate); break;
	case 5: count_to_strobe(c, clocks, true); break;
	}
}

static void advance(struct pit_counter *c, uint64_t tick)
{
	if (tick <= c->tick)
		return;
	run(c, tick - c->tick);
	c->tick = tick;
}

static uint16_t shown(const struct pit_counter *c)
{
	return c->control & CONTROL_BCD ? to_bcd(c->value) : c->value;
}

/* "Counter Latch Command": a second one before the first is read is ignored. */
static void latch_count(struct pit_counter *c)
{
	if (c->is_latched)
		return;
	c->is_latched = true;
	c->latch = shown(c);
}

static void latch_status(struct pit_counter *c)
{
	if (c->has_status)
		return;
	c->has_status = true;
	c->status = c->control | (c->out ? STATUS_OUT : 0) | (c->is_null ? STATUS_NULL : 0);
}

/* "Control Word": the counter is stopped until a count is written. */
static void program(struct pit_counter *c, uint8_t control)
{
	struct pit_counter before = *c;

	*c = (struct pit_counter) {
		.tick = before.tick,
		.control = control & CONTROL_KEPT,
		.is_null = true,
		.gate = before.gate,
		.out = before.out,
		.has_risen = before.has_risen,
		.value = before.value,
	};
	if (c->value >= modulus(c))
		c->value = (uint16_t)(c->value % modulus(c));
	set_out(c, mode_of(c) != 0);
}

static void write_count(struct pit_counter *c, uint8_t value)
{
	unsigned mode = mode_of(c);

	if (access_of(c) == ACCESS_LATCH) /* not programmed since power-on */
		return;
	if (mode == 0)
		set_out(c, false);
	if (access_of(c) == ACCESS_BOTH && !c->is_halfway) {
		c->low = value;
		c->is_halfway = true;
		return;
	}
	c->count = access_of(c) == ACCESS_LOW    ? value
	           : access_of(c) == ACCESS_HIGH ? (uint16_t)(value << 8)
	                                         : (uint16_t)(value << 8 | c->low);
	c->is_halfway = false;
	c->has_count = c->is_null = true;
	/* Modes 1 and 5 wait for the gate, 2 and 3 for the end of what they are at. */
	if (mode == 0 || mode == 4 || ((mode == 2 || mode == 3) && !c->is_loaded))
		c->loads = true;
}

static uint8_t read_count(struct pit_counter *c)
{
	uint16_t value = c->is_latched ? c->latch : shown(c);
	bool is_high = access_of(c) == ACCESS_HIGH;

	if (c->has_status) {
		c->has_status = false;
		return c->status;
	}
	if (access_of(c) == ACCESS_BOTH) {
		is_high = c->reads_high;
		c->reads_high = !is_high;
	}
	if (access_of(c) != ACCESS_BOTH || is_high)
		c->is_latched = false;
	return (uint8_t)(is_high ? value >> 8 : value);
}

/* "Gate": its rise starts modes 1, 2, 3 and 5, its fall ends the low half of 2 and 3. */
static void set_gate(struct pit_counter *c, bool gate)
{
	unsigned mode = mode_of(c);

	if (gate && !c->gate && c->has_count && mode != 0 && mode != 4)
		c->loads = true;
	if (!gate && (mode == 2 || mode == 3))
		set_out(c, true);
	c->gate = gate;
}

/* --- the three -------------------------------------------------------------------------------- */

void pit_reset(struct pit *p)
{
	*p = (struct pit) { .counters[0] = { .gate = true, .out = true },
		.counters[1] = { .gate = true, .out = true },
		.counters[2] = { .out = true } };
}

/* Brought to now. */
static struct pit_counter *counter_at(struct pit *p, unsigned counter, uint64_t now_ns)
{
	assert(counter < PIT_COUNTERS);
	advance(&p->counters[counter], pit_ticks(now_ns));
	return &p->counters[counter];
}

static void read_back(struct pit *p, uint8_t command, uint64_t now_ns)
{
	for (unsigned i = 0; i < PIT_COUNTERS; i++) {
		struct pit_counter *c = counter_at(p, i, now_ns);

		if (!(command & 2u << i))
			continue;
		if (!(command & READ_BACK_COUNT))
			latch_count(c);
		if (!(command & READ_BACK_STATUS))
			latch_status(c);
	}
}

void pit_write(struct pit *p, unsigned off, uint8_t value, uint64_t now_ns)
{
	assert(off < PIT_PORTS);
	if (off != CONTROL_OFF) {
		write_count(counter_at(p, off, now_ns), value);
		return;
	}
	if (value >> 6 == SELECT_READ_BACK) {
		read_back(p, value, now_ns);
		return;
	}
	struct pit_counter *c = counter_at(p, value >> 6, now_ns);
	if ((value >> 4 & 3) == ACCESS_LATCH)
		latch_count(c);
	else
		program(c, value);
}

uint8_t pit_read(struct pit *p, unsigned off, uint64_t now_ns)
{
	assert(off < PIT_PORTS);
	return off == CONTROL_OFF ? 0xff : read_count(counter_at(p, off, now_ns));
}

void pit_set_gate(struct pit *p, unsigned counter, bool gate, uint64_t now_ns)
{
	set_gate(counter_at(p, counter, now_ns), gate);
}

bool pit_out(struct pit *p, unsigned counter, uint64_t now_ns)
{
	return counter_at(p, counter, now_ns)->out;
}

bool pit_take_rise(struct pit *p, unsigned counter, uint64_t now_ns)
{
	struct pit_counter *c = counter_at(p, counter, now_ns);
	bool has_risen = c->has_risen;

	c->has_risen = false;
	return has_risen;
}

static bool rises_within(const struct pit_counter *c, uint64_t clocks)
{
	struct pit_counter copy = *c;

	copy.has_risen = false;
	run(&copy, clocks);
	return copy.has_risen;
}

/* A search with copies: there is one place that knows what the counters do. */
uint64_t pit_next_rise_ns(const struct pit *p, unsigned counter)
{
	const struct pit_counter *c = &p->counters[counter];
	uint32_t low = 0, high = RISE_MAX; /* not within low, within high */

	if (!rises_within(c, high))
		return PIT_NEVER;
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (rises_within(c, middle))
			high = middle;
		else
			low = middle;
	}
	return pit_tick_ns(c->tick + high);
}

uint16_t pit_value(struct pit *p, unsigned counter, uint64_t now_ns)
{
	return shown(counter_at(p, counter, now_ns));
}

unsigned pit_mode(const struct pit *p, unsigned counter)
{
	return mode_of(&p->counters[counter]);
}

/* A counter that works out any number of clocks at once, beside a twin that goes clock by clock,
 * written from the data sheet's "Mode Definitions". */
#include "devices/pit.h"

#include "check.h"
#include "random.h"

/* --- the twin --------------------------------------------------------------------------------- */

struct twin {
	unsigned mode, access, count, value, low;
	bool bcd, gate, out, has_count, loads, is_loaded, is_halfway, armed, odd, rises;
};

static unsigned twin_modulus(const struct twin *t)
{
	return t->bcd ? 10000 : 65536;
}

static void twin_out(struct twin *t, bool out)
{
	if (out && !t->out)
		t->rises = true;
	t->out = out;
}

static void twin_load(struct twin *t)
{
	t->odd = t->count % 2;
	t->value = t->mode == 3 ? t->count - t->count % 2 : t->count;
}

static void twin_decrement(struct twin *t, unsigned by)
{
	t->value = (t->value + twin_modulus(t) - by) % twin_modulus(t);
}

static void twin_square(struct twin *t)
{
	bool ends = t->odd && t->out ? t->value == 0 : t->value == 2;

	if (ends) {
		twin_out(t, !t->out);
		twin_load(t);
	} else {
		twin_decrement(t, 2);
	}
}

static void twin_clock(struct twin *t)
{
	if (t->mode >= 4)
		twin_out(t, true); /* a strobe lasts one clock */
	if (t->loads) {
		t->loads = false;
		t->is_loaded = t->armed = true;
		twin_load(t);
		if (t->mode == 1)
			twin_out(t, false);
		return;
	}
	if (!t->is_loaded || (!t->gate && t->mode != 1 && t->mode != 5))
		return;
	switch (t->mode) {
	case 0:
		if (t->is_halfway)
			return;
		twin_decrement(t, 1);
		if (t->value == 0 && t->armed)
			twin_out(t, true);
		break;
	case 1:
		twin_decrement(t, 1);
		if (t->value == 0 && t->armed)
			twin_out(t, true);
		break;
	case 2:
		if (t->value == 1) {
			twin_load(t);
			twin_out(t, true);
			return;
		}
		twin_decrement(t, 1);
		if (t->value == 1)
			twin_out(t, false);
		return;
	case 3: twin_square(t); return;
	case 4:
	case 5:
		twin_decrement(t, 1);
		if (t->value == 0 && t->armed)
			twin_out(t, false);
		break;
	}
	if (t->value == 0)
		t->armed = false;
}

static void twin_program(struct twin *t, unsigned mode, unsigned access, bool bcd)
{
	t->mode = mode;
	t->access = access;
	t->bcd = bcd;
	t->has_count = t->loads = t->is_loaded = t->is_halfway = t->armed = false;
	t->value %= twin_modulus(t);
	twin_out(t, mode != 0);
}

static unsigned decimal(unsigned bcd)
{
	return bcd / 4096 % 16 * 1000 + bcd / 256 % 16 * 100 + bcd / 16 % 16 * 10 + bcd % 16;
}

static void twin_write(struct twin *t, unsigned byte)
{
	unsigned raw;

	if (t->mode == 0)
		twin_out(t, false);
	if (t->access == 3 && !t->is_halfway) {
		t->low = byte;
		t->is_halfway = true;
		return;
	}
	raw = t->access == 1 ? byte : t->access == 2 ? byte << 8 : byte << 8 | t->low;
	t->is_halfway = false;
	t->count = t->bcd ? decimal(raw) % 10000 : raw;
	t->has_count = true;
	if (t->mode == 0 || t->mode == 4 || ((t->mode == 2 || t->mode == 3) && !t->is_loaded))
		t->loads = true;
}

static void twin_gate(struct twin *t, bool gate)
{
	bool triggers = t->mode == 1 || t->mode == 2 || t->mode == 3 || t->mode == 5;

	if (gate && !t->gate && t->has_count && triggers)
		t->loads = true;
	if (!gate && (t->mode == 2 || t->mode == 3))
		twin_out(t, true);
	t->gate = gate;
}

/* --- both ------------------------------------------------------------------------------------- */

static unsigned shown(const struct twin *t)
{
	unsigned v = t->value;

	return t->bcd ? v / 1000 * 4096 + v / 100 % 10 * 256 + v / 10 % 10 * 16 + v % 10 : v;
}

static bool compare(struct pit *p, struct twin *t, uint64_t tick, const char *what)
{
	uint64_t now = pit_tick_ns(tick);
	bool has_risen = pit_take_rise(p, 2, now);

	if (pit_out(p, 2, now) != t->out || has_risen != t->rises ||
	        pit_value(p, 2, now) != shown(t)) {
		CHECK_FAIL("%s, mode %u, count %u, gate %d, tick %" PRIu64 ": out %d rose %d "
		           "value %x, wanted %d %d %x",
		        what, t->mode, t->count, t->gate, tick, pit_out(p, 2, now), has_risen,
		        pit_value(p, 2, now), t->out, t->rises, shown(t));
		return false;
	}
	t->rises = false;
	return true;
}

static unsigned some_byte(uint64_t *r)
{
	static const uint8_t favourites[] = { 0, 1, 2, 3, 4, 5, 7, 0x10, 0x99, 0xff };

	return random_below(r, 2) ? favourites[random_below(r, sizeof favourites)]
	                          : (unsigned)random_below(r, 256);
}

static bool play(uint64_t *r)
{
	struct pit p;
	struct twin t = { .out = true };
	uint64_t tick = random_below(r, 1u << 30);

	pit_reset(&p);
	pit_take_rise(&p, 2, pit_tick_ns(tick));
	for (unsigned step = 0; step < 40; step++) {
		uint64_t now = pit_tick_ns(tick);
		unsigned what = step ? (unsigned)random_below(r, 12) : 0;

		if (what == 0) {
			unsigned mode = (unsigned)random_below(r, 6);
			unsigned access = 1 + (unsigned)random_below(r, 3);
			bool bcd = random_below(r, 4) == 0;
			unsigned field =
			        mode == 2 || mode == 3 ? mode + random_below(r, 2) * 4 : mode;

			pit_write(&p, 3, (uint8_t)(0x80 | access << 4 | field << 1 | bcd), now);
			twin_program(&t, mode, access, bcd);
		} else if (what <= 4) {
			unsigned byte = some_byte(r);

			pit_write(&p, 2, (uint8_t)byte, now);
			twin_write(&t, byte);
		} else if (what <= 6) {
			bool gate = random_below(r, 3) != 0;

			pit_set_gate(&p, 2, gate, now);
			twin_gate(&t, gate);
		}
		if (!compare(&p, &t, tick, "after an access"))
			return false;
		uint64_t due = pit_next_rise_ns(&p, 2), came = PIT_NEVER;
		uint64_t clocks =
		        random_below(r, 8) ? random_below(r, 20) : random_below(r, 200000);

		for (uint64_t i = 0; i < clocks; i++) {
			twin_clock(&t);
			if (t.rises && came == PIT_NEVER)
				came = pit_tick_ns(tick + i + 1);
		}
		tick += clocks;
		if (came != PIT_NEVER ? due != came : due <= pit_tick_ns(tick))
			CHECK_FAIL("mode %u, count %u: rise foretold for %" PRIu64
			           ", came at %" PRIu64,
			        t.mode, t.count, due, came);
		if (!compare(&p, &t, tick, "after some time"))
			return false;
	}
	return check_case_ok;
}

static void any_number_of_clocks_is_as_many_single_ones(void)
{
	uint64_t r = 8254;

	for (unsigned i = 0; i < 500; i++)
		if (!play(&r)) {
			printf("# round %u\n", i);
			return;
		}
}

/* --- what guests rely on ---------------------------------------------------------------------- */

#define MS 1000000u

static struct pit fresh(void)
{
	struct pit p;

	pit_reset(&p);
	return p;
}

static void ticks_and_nanoseconds_agree(void)
{
	CHECK_EQ(pit_ticks(1000000000), 1193182);
	CHECK_EQ(pit_ticks(3600 * 1000000000ull), 1193182 * 3600ull);
	for (uint64_t tick = 0; tick < 3000000; tick += 997) {
		CHECK_EQ(pit_ticks(pit_tick_ns(tick)), tick);
		if (tick)
			CHECK_EQ(pit_ticks(pit_tick_ns(tick) - 1), tick - 1);
	}
}

/* Mode 2 with 11932: a hundred rises a second; an hour in one go is one. */
static void a_clock_of_100_hz(void)
{
	struct pit p = fresh();
	unsigned rises = 0;

	pit_write(&p, 3, 0x34, 0);
	pit_write(&p, 0, 11932 & 0xff, 0);
	pit_write(&p, 0, 11932 >> 8, 0);
	for (uint64_t ns = 0; ns <= 1000 * (uint64_t)MS; ns += 500000)
		rises += pit_take_rise(&p, 0, ns);
	CHECK_EQ(rises, 99); /* the 100th comes 16 us later: 11932 is rounded up */
	CHECK(pit_take_rise(&p, 0, 1001 * (uint64_t)MS));
	CHECK(pit_take_rise(&p, 0, 3600 * 1000 * (uint64_t)MS));
	CHECK(!pit_take_rise(&p, 0, 3600 * 1000 * (uint64_t)MS));
}

static void nothing_rises_before_a_count_is_written(void)
{
	struct pit p = fresh();

	CHECK_EQ(pit_next_rise_ns(&p, 0), PIT_NEVER);
	pit_write(&p, 3, 0x34, 0);
	pit_write(&p, 0, 0, 0);
	CHECK_EQ(pit_next_rise_ns(&p, 0), PIT_NEVER);
	pit_write(&p, 0, 0, 0);
	CHECK_EQ(pit_next_rise_ns(&p, 0), pit_tick_ns(0x10001));
}

/* "Mode 0": OUT rises N + 1 clocks after the count was written, once. */
static void mode_0_rises_once(void)
{
	struct pit p = fresh();

	pit_write(&p, 3, 0x10, 0);
	pit_write(&p, 0, 100, 0);
	CHECK(!pit_out(&p, 0, 0));
	CHECK_EQ(pit_next_rise_ns(&p, 0), pit_tick_ns(101));
	CHECK(!pit_out(&p, 0, pit_tick_ns(100)));
	CHECK(pit_out(&p, 0, pit_tick_ns(101)));
	CHECK_EQ(pit_next_rise_ns(&p, 0), PIT_NEVER);
	CHECK_EQ(pit_read(&p, 0, pit_tick_ns(102)), 0xff);
}

/* A latched count stays what it was, both bytes; a second latch changes nothing. */
static void latch_holds_until_it_is_read(void)
{
	struct pit p = fresh();

	pit_write(&p, 3, 0x34, 0);
	pit_write(&p, 0, 0x00, 0);
	pit_write(&p, 0, 0x80, 0);
	pit_write(&p, 3, 0x00, pit_tick_ns(1 + 0x123));
	pit_write(&p, 3, 0x00, pit_tick_ns(0x1000));
	CHECK_EQ(pit_read(&p, 0, pit_tick_ns(0x1000)), (0x8000 - 0x123) & 0xff);
	CHECK_EQ(pit_read(&p, 0, pit_tick_ns(0x1001)), (0x8000 - 0x123) >> 8);
	CHECK_EQ(pit_read(&p, 0, pit_tick_ns(0x2001)), 0x00);
	CHECK_EQ(pit_read(&p, 0, pit_tick_ns(0x2001)), 0x60);
}

/* "Read-Back Command": status first, then the count; OUT, null count, the control word as written.
 */
static void read_back_latches_status_and_count(void)
{
	struct pit p = fresh();

	pit_write(&p, 3, 0xb6, 0); /* counter 2, both bytes, mode 3 */
	pit_write(&p, 3, 0xe8, 0); /* status of 2 */
	CHECK_EQ(pit_read(&p, 2, 0), 0x80 | 0x40 | 0x36);
	pit_write(&p, 2, 0x10, 0);
	pit_write(&p, 2, 0x00, 0);
	pit_write(&p, 3, 0xc8, pit_tick_ns(1)); /* both of 2: its gate is low, it is only loaded */
	CHECK_EQ(pit_read(&p, 2, pit_tick_ns(9)), 0x80 | 0x36);
	CHECK_EQ(pit_read(&p, 2, pit_tick_ns(9)), 0x10);
	CHECK_EQ(pit_read(&p, 2, pit_tick_ns(9)), 0x00);
	pit_write(&p, 3, 0xee, 0); /* of 1 and 2 */
	CHECK_EQ(pit_read(&p, 1, 0), 0x80);
}

static void one_byte_access_reads_that_byte(void)
{
	struct pit p = fresh();

	pit_write(&p, 3, 0x24, 0); /* high byte, mode 2 */
	pit_write(&p, 0, 0x12, 0);
	CHECK_EQ(pit_read(&p, 0, pit_tick_ns(1)), 0x12);
	CHECK_EQ(pit_read(&p, 0, pit_tick_ns(2)), 0x11);
	pit_write(&p, 3, 0x15, 0); /* low byte, mode 2, BCD */
	pit_write(&p, 0, 0x20, 0);
	CHECK_EQ(pit_read(&p, 0, pit_tick_ns(3)), 0x20);
	CHECK_EQ(pit_read(&p, 0, pit_tick_ns(4)), 0x19);
	CHECK_EQ(pit_read(&p, 3, 0), 0xff);
}

int main(void)
{
	RUN(any_number_of_clocks_is_as_many_single_ones);
	RUN(ticks_and_nanoseconds_agree);
	RUN(a_clock_of_100_hz);
	RUN(nothing_rises_before_a_count_is_written);
	RUN(mode_0_rises_once);
	RUN(latch_holds_until_it_is_read);
	RUN(read_back_latches_status_and_count);
	RUN(one_byte_access_reads_that_byte);
	return check_done();
}

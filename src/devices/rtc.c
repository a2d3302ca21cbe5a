/* The clock's registers, its ticks and its interrupts. Names in quotes are the MC146818A data
 * sheet's sections. The calendar is rtc_date.c's. */
#include "devices/rtc.h"

#include <string.h>

#include "devices/board.h"
#include "devices/rtc_date.h"

/* "Register A" */
#define A_UIP      0x80
#define A_RESET    0x60 /* both: the divider is held in reset */
#define A_RATE     0x0f
#define A_WRITABLE 0x7f
/* "Register C": the flags at the places of their enables in B */
#define C_IRQF 0x80
#define FLAGS  (RTC_B_UIE | RTC_B_AIE | RTC_B_PIE)
/* "Register D" */
#define D_VALID 0x80

#define NS_PER_S   1000000000u
#define TICKS_HZ   32768u
#define UPDATE_NS  2228000u /* "Update Cycle": 244 us of warning and 1984 us of update */
#define CHECK_FROM 0x10
#define CHECK_TO   0x2d
#define CHECK_HIGH 0x2e
#define CHECK_LOW  0x2f

/* --- the divider ------------------------------------------------------------------------------ */

static bool runs(const struct rtc *r)
{
	return (r->ram[RTC_A] & A_RESET) != A_RESET;
}

/* Seconds that the divider has counted at a time. */
static uint64_t seconds_at(const struct rtc *r, uint64_t ns)
{
	return (ns + NS_PER_S - r->phase_ns) / NS_PER_S;
}

static uint64_t second_ns(const struct rtc *r, uint64_t second)
{
	return second * NS_PER_S + r->phase_ns - NS_PER_S;
}

/* "Register A", table "Periodic Interrupt Rate": in ticks of 32.768 kHz; 0: none. */
static unsigned period(const struct rtc *r)
{
	unsigned rate = r->ram[RTC_A] & A_RATE;

	return rate == 0 ? 0 : rate < 3 ? 64u << rate : 1u << (rate - 1);
}

/* Periods that have ended at a time, and when the n-th does. Each second has a whole number of
 * them. */
static uint64_t periods_at(const struct rtc *r, uint64_t ns)
{
	uint64_t at = ns + NS_PER_S - r->phase_ns;

	return at / NS_PER_S * (TICKS_HZ / period(r)) +
	       at % NS_PER_S * TICKS_HZ / NS_PER_S / period(r);
}

static uint64_t period_ns(const struct rtc *r, uint64_t n)
{
	uint64_t hz = TICKS_HZ / period(r);

	return n / hz * NS_PER_S + (n % hz * NS_PER_S + hz - 1) / hz + r->phase_ns - NS_PER_S;
}

/* --- what the registers hold ------------------------------------------------------------------ */

static unsigned decode(const struct rtc *r, uint8_t value)
{
	return r->ram[RTC_B] & RTC_B_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

static uint8_t encode(const struct rtc *r, unsigned value)
{
	return (uint8_t)(r->ram[RTC_B] & RTC_B_BINARY ? value : value / 10 << 4 | value % 10);
}

#define PM 0x80

static unsigned decode_hour(const struct rtc *r, uint8_t value)
{
	if (r->ram[RTC_B] & RTC_B_24)
		return decode(r, value);
	return decode(r, value & (uint8_t)~PM) % 12 + (value & PM ? 12 : 0);
}

static uint8_t encode_hour(const struct rtc *r, unsigned hour)
{
	if (r->ram[RTC_B] & RTC_B_24)
		return encode(r, hour);
	return encode(r, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? PM : 0);
}

/* The century is BCD in every format. */
static unsigned century(const struct rtc *r)
{
	uint8_t byte = r->ram[RTC_CENTURY];
	unsigned value = (byte >> 4) * 10u + (byte & 15);

	return value < 19 || value > 99 ? 20 : value;
}

static struct rtc_date date_of(const struct rtc *r)
{
	const uint8_t *ram = r->ram;

	return (struct rtc_date) {
		.year = century(r) * 100 + decode(r, ram[RTC_YEAR]) % 100,
		.month = decode(r, ram[RTC_MONTH]),
		.day = decode(r, ram[RTC_DAY]),
		.hour = decode_hour(r, ram[RTC_HOURS]),
		.minute = decode(r, ram[RTC_MINUTES]),
		.second = decode(r, ram[RTC_SECONDS]),
	};
}

static void set_date(struct rtc *r, const struct rtc_date *d, unsigned weekday)
{
	uint8_t *ram = r->ram;

	ram[RTC_SECONDS] = encode(r, d->second);
	ram[RTC_MINUTES] = encode(r, d->minute);
	ram[RTC_HOURS] = encode_hour(r, d->hour);
	ram[RTC_WEEKDAY] = encode(r, weekday);
	ram[RTC_DAY] = encode(r, d->day);
	ram[RTC_MONTH] = encode(r, d->month);
	ram[RTC_YEAR] = encode(r, d->year % 100);
	ram[RTC_CENTURY] = (uint8_t)(d->year / 1000 << 4 | d->year / 100 % 10);
}

/* --- the alarm -------------------------------------------------------------------------------- */

#define DAY 86400u
/* "Alarm": such a value of the register matches every one. */
#define ANY 0xc0

static bool matches(uint8_t alarm, unsigned decoded, unsigned value)
{
	return (alarm & ANY) == ANY || decoded == value;
}

/* How many seconds after second-of-day `from` the alarm comes, 1 to DAY; 0: never. */
static unsigned alarm_after(const struct rtc *r, unsigned from)
{
	const uint8_t *ram = r->ram;
	unsigned hour = decode_hour(r, ram[RTC_HOURS_ALARM]);
	unsigned minute = decode(r, ram[RTC_MINUTES_ALARM]);
	unsigned second = decode(r, ram[RTC_SECONDS_ALARM]);

	for (unsigned i = 1; i <= DAY;) {
		unsigned at = (from + i) % DAY;
		if (!matches(ram[RTC_HOURS_ALARM], hour, at / 3600))
			i += 3600 - at % 3600;
		else if (!matches(ram[RTC_MINUTES_ALARM], minute, at / 60 % 60))
			i += 60 - at % 60;
		else if (!matches(ram[RTC_SECONDS_ALARM], second, at % 60))
			i++;
		else
			return i;
	}
	return 0;
}

static unsigned second_of_day(const struct rtc *r)
{
	struct rtc_date d = date_of(r);

	rtc_date_add(&d, 0); /* the nearest that there is: the next tick takes it */
	return (d.hour * 3600 + d.minute * 60 + d.second) % DAY;
}

/* --- ticks and interrupts --------------------------------------------------------------------- */

static bool is_set(const struct rtc *r)
{
	return r->ram[RTC_B] & RTC_B_SET;
}

/* The clock goes on by so many seconds, at least one. */
static void tick(struct rtc *r, uint64_t seconds)
{
	unsigned weekday = decode(r, r->ram[RTC_WEEKDAY]), alarm = alarm_after(r, second_of_day(r));
	struct rtc_date d = date_of(r);
	uint64_t days = rtc_date_add(&d, seconds);

	set_date(r, &d, (unsigned)((weekday + 6 + days) % 7) + 1);
	r->ram[RTC_C] |= RTC_B_UIE;
	if (alarm && alarm <= seconds)
		r->ram[RTC_C] |= RTC_B_AIE;
}

static bool line(const struct rtc *r)
{
	return r->ram[RTC_B] & r->ram[RTC_C] & FLAGS;
}

/* After any change. With the line high nothing can raise it. */
static void plan(struct rtc *r)
{
	uint8_t enabled = r->ram[RTC_B] & FLAGS;
	uint64_t next = RTC_NEVER, second = seconds_at(r, r->now_ns);
	unsigned alarm;

	r->next_ns = RTC_NEVER;
	if (line(r) || !runs(r))
		return;
	if (enabled & RTC_B_PIE && period(r))
		next = period_ns(r, periods_at(r, r->now_ns) + 1);
	if (enabled & RTC_B_UIE && !is_set(r) && second_ns(r, second + 1) < next)
		next = second_ns(r, second + 1);
	if (enabled & RTC_B_AIE && !is_set(r) && (alarm = alarm_after(r, second_of_day(r))) &&
	        second_ns(r, second + alarm) < next)
		next = second_ns(r, second + alarm);
	r->next_ns = next;
}

/* Brings it to the present time. */
static void settle(struct rtc *r, uint64_t now_ns)
{
	uint64_t before = r->now_ns;

	if (now_ns <= before)
		return;
	r->now_ns = now_ns;
	if (!runs(r))
		return;
	if (period(r) && periods_at(r, now_ns) != periods_at(r, before))
		r->ram[RTC_C] |= RTC_B_PIE;
	uint64_t seconds = seconds_at(r, now_ns) - seconds_at(r, before);
	if (seconds && !is_set(r))
		tick(r, seconds);
	if (now_ns >= r->next_ns)
		plan(r);
}

/* --- registers -------------------------------------------------------------------------------- */

void rtc_reset(struct rtc *r)
{
	*r = (struct rtc) { .ram[RTC_A] = 0x26, .ram[RTC_B] = RTC_B_24, .next_ns = RTC_NEVER };
	rtc_set_time(r, RTC_DATE_1980, 0);
}

void rtc_set_time(struct rtc *r, int64_t seconds, uint64_t now_ns)
{
	struct rtc_date d;
	uint64_t days = rtc_date_of(seconds, &d);

	settle(r, now_ns);
	r->phase_ns = (uint32_t)(now_ns % NS_PER_S);
	set_date(r, &d, (unsigned)((days + 4) % 7) + 1); /* 1970 began on a Thursday */
	plan(r);
}

/* "Update in Progress": the clock's next second is near. */
static bool updates(const struct rtc *r)
{
	return runs(r) && !is_set(r) &&
	       second_ns(r, seconds_at(r, r->now_ns) + 1) - r->now_ns <= UPDATE_NS;
}

uint8_t rtc_read(struct rtc *r, uint8_t index, uint64_t now_ns)
{
	uint8_t *at = &r->ram[index % RTC_SIZE], value;

	settle(r, now_ns);
	switch (index % RTC_SIZE) {
	case RTC_A: return *at | (updates(r) ? A_UIP : 0);
	case RTC_C:
		value = *at | (line(r) ? C_IRQF : 0);
		*at = 0;
		plan(r);
		return value;
	case RTC_D: return D_VALID;
	default: return *at;
	}
}

/* "Register A": out of reset, the divider's first second ends after half of one. */
static void write_a(struct rtc *r, uint8_t value)
{
	bool did_run = runs(r);

	r->ram[RTC_A] = value & A_WRITABLE;
	if (!did_run && runs(r))
		r->phase_ns = (uint32_t)((r->now_ns + NS_PER_S / 2) % NS_PER_S);
}

/* "Register B": setting the clock turns the update-ended interrupt off. */
static void write_b(struct rtc *r, uint8_t value)
{
	r->ram[RTC_B] = value & RTC_B_SET ? value & (uint8_t)~RTC_B_UIE : value;
}

void rtc_write(struct rtc *r, uint8_t index, uint8_t value, uint64_t now_ns)
{
	settle(r, now_ns);
	switch (index % RTC_SIZE) {
	case RTC_A: write_a(r, value); break;
	case RTC_B: write_b(r, value); break;
	case RTC_C:
	case RTC_D: break;
	default: r->ram[index % RTC_SIZE] = value; break;
	}
	plan(r);
}

bool rtc_irq(struct rtc *r, uint64_t now_ns)
{
	settle(r, now_ns);
	return line(r);
}

uint64_t rtc_next_ns(const struct rtc *r)
{
	return r->next_ns;
}

uint8_t rtc_cmos(const struct rtc *r, uint8_t index)
{
	return r->ram[index % RTC_SIZE];
}

void rtc_cmos_set(struct rtc *r, uint8_t index, uint8_t value)
{
	r->ram[index % RTC_SIZE] = value;
}

void rtc_cmos_sum(struct rtc *r)
{
	unsigned sum = 0;

	for (unsigned i = CHECK_FROM; i <= CHECK_TO; i++)
		sum += r->ram[i];
	r->ram[CHECK_HIGH] = (uint8_t)(sum >> 8);
	r->ram[CHECK_LOW] = (uint8_t)sum;
}

/* --- on the board ----------------------------------------------------------------------------- */

static void reset(struct board *b)
{
	rtc_reset(&b->state.rtc);
}

/* The index can't be read back. */
static uint8_t read(struct board *b, uint16_t port)
{
	struct rtc *r = &b->state.rtc;

	return port == RTC_PORT ? 0xff : rtc_read(r, r->index, b->state.now_ns);
}

/* Bit 7 of the index masks the NMI, of which there is none. */
static void write(struct board *b, uint16_t port, uint8_t value)
{
	struct rtc *r = &b->state.rtc;

	if (port == RTC_PORT)
		r->index = value % RTC_SIZE;
	else
		rtc_write(r, r->index, value, b->state.now_ns);
}

static unsigned update(struct board *b)
{
	return rtc_irq(&b->state.rtc, b->state.now_ns) ? LINE_HIGH : LINE_LOW;
}

static uint64_t next_ns(const struct board *b)
{
	return rtc_next_ns(&b->state.rtc);
}

static void show(const struct board *b, struct device_text *t)
{
	struct rtc copy = b->state.rtc;

	settle(&copy, b->state.now_ns);
	struct rtc_date d = date_of(&copy);
	device_say(t, "date         %04u-%02u-%02u %02u:%02u:%02u%s\n", d.year, d.month, d.day,
	        d.hour, d.minute, d.second, is_set(&copy) ? ", being set" : "");
	device_say(t, "registers    A 0x%02x, B 0x%02x, C 0x%02x, alarm %02x:%02x:%02x\n",
	        copy.ram[RTC_A], copy.ram[RTC_B], copy.ram[RTC_C], copy.ram[RTC_HOURS_ALARM],
	        copy.ram[RTC_MINUTES_ALARM], copy.ram[RTC_SECONDS_ALARM]);
	for (unsigned row = CHECK_FROM; row < RTC_SIZE; row += 16) {
		device_say(t, "cmos 0x%02x   ", row);
		for (unsigned i = 0; i < 16; i++)
			device_say(t, " %02x", copy.ram[row + i]);
		device_say(t, "\n");
	}
}

const struct device rtc_device = {
	.name = "rtc",
	.about = "the real-time clock's date and registers, the CMOS memory",
	.is_pc_only = true,
	.ports = { { RTC_PORT, 2, true } },
	.reset = reset,
	.read = read,
	.write = write,
	.update = update,
	.irq = RTC_IRQ,
	.next_ns = next_ns,
	.show = show,
};

void board_set_rtc(struct board *b, int64_t seconds)
{
	if (board_has(b, &rtc_device))
		rtc_set_time(&b->state.rtc, seconds, b->state.now_ns);
}

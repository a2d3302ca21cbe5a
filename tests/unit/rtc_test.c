/* The real-time clock by its ports, on a PC's board, and its calendar. */
#include "devices/rtc.h"

#include "check.h"
#include "board_pc.h"
#include "devices/rtc_date.h"

#define SECOND 1000000000ull

static unsigned get(unsigned index)
{
	pc_out(0x70, index);
	return pc_in(0x71);
}

static void set(unsigned index, unsigned value)
{
	pc_out(0x70, index);
	pc_out(0x71, value);
}

static int64_t seconds_of(
        unsigned year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s)
{
	int64_t seconds = -1;
	const struct rtc_date d = { year, month, day, h, m, s };

	CHECK(rtc_seconds(&d, &seconds));
	return seconds;
}

/* Registers as they are read: 20261130 235958, weekday. */
static const char *now(void)
{
	static char text[40];

	snprintf(text, sizeof text, "%02x%02x%02x%02x %02x%02x%02x %u", get(0x32), get(9), get(8),
	        get(7), get(4), get(2), get(0), get(6));
	return text;
}

static struct board *open_at(
        unsigned year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s)
{
	struct board *b = pc_open();

	board_set_rtc(b, seconds_of(year, month, day, h, m, s));
	return b;
}

/* The slave's IRQ 0 alone. */
static void unmask_irq_8(void)
{
	static const uint8_t words[][2] = { { 0x20, 0x11 }, { 0x21, 0x08 }, { 0x21, 4 },
		{ 0x21, 1 }, { 0xa0, 0x11 }, { 0xa1, 0x70 }, { 0xa1, 2 }, { 0xa1, 1 },
		{ 0x21, 0xfb }, { 0xa1, 0xfe } };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		pc_out(words[i][0], words[i][1]);
}

static void dates_come_and_go(void)
{
	struct rtc_date d;

	CHECK_EQ(seconds_of(1970, 1, 1, 0, 0, 0), 0);
	CHECK_EQ(seconds_of(2000, 3, 1, 0, 0, 1), 951868801);
	CHECK_EQ(seconds_of(2038, 1, 19, 3, 14, 8), 0x80000000);
	CHECK_EQ(seconds_of(9999, 12, 31, 23, 59, 59), 253402300799);
	/* Each day of some centuries, there and back. */
	for (int64_t day = 0; day < 300000; day++) {
		CHECK_EQ(rtc_date_of(day * 86400 + 86399, &d), (uint64_t)day);
		CHECK_EQ(seconds_of(d.year, d.month, d.day, d.hour, d.minute, d.second),
		        day * 86400 + 86399);
	}
	rtc_date_of(INT64_MIN, &d);
	CHECK_EQ(d.year, 1970);
	rtc_date_of(INT64_MAX, &d);
	CHECK(d.year == 9999 && d.second == 59);
	d = (struct rtc_date) { 2026, 0, 99, 99, 99, 99 };
	CHECK_EQ(rtc_date_add(&d, UINT64_MAX), 2912412); /* from January 31 */
	CHECK_EQ(d.year, 9999);
}

static void it_goes_on_with_the_guests_time(void)
{
	struct board *b = open_at(2026, 11, 30, 23, 59, 58);

	CHECK_STR(now(), "20261130 235958 2");
	board_advance(b, SECOND - 1);
	CHECK_STR(now(), "20261130 235958 2");
	board_advance(b, 1);
	CHECK_STR(now(), "20261130 235959 2");
	board_advance(b, SECOND);
	CHECK_STR(now(), "20261201 000000 3");
	board_advance(b, 31 * 86400 * SECOND);
	CHECK_STR(now(), "20270101 000000 6");
	open_at(1999, 12, 31, 23, 59, 59);
	board_advance(b, SECOND);
	CHECK_STR(now(), "20000101 000000 7");
	board_advance(b, 59 * 86400 * SECOND);
	CHECK_STR(now(), "20000229 000000 3");
}

static void formats_are_bcd_or_binary_12_or_24_hours(void)
{
	struct board *b = open_at(2026, 11, 30, 12, 34, 56);

	CHECK_EQ(get(0x0b), 0x02);
	set(0x0b, 0x86); /* to be set, in binary */
	set(0, 58);
	set(2, 59);
	set(4, 23);
	board_advance(b, 5 * SECOND);
	CHECK_EQ(get(0), 58); /* it stands */
	set(0x0b, 0x06);
	board_advance(b, SECOND);
	CHECK(get(0) == 59 && get(2) == 59 && get(4) == 23);
	board_advance(b, SECOND);
	CHECK(get(0) == 0 && get(4) == 0);
	set(0x0b, 0x80); /* BCD, 12 hours */
	set(4, 0x92);
	set(2, 0x59);
	set(0, 0x59);
	set(7, 0x30);
	set(0x0b, 0x00);
	board_advance(b, SECOND);
	CHECK(get(4) == 0x81 && get(2) == 0);
	board_advance(b, 10 * 3600 * SECOND);
	CHECK_EQ(get(4), 0x91);
	board_advance(b, 3600 * SECOND);
	CHECK_EQ(get(4), 0x12);
	board_advance(b, 3600 * SECOND);
	CHECK_EQ(get(4), 0x01);
}

static void nonsense_becomes_a_date_at_the_next_second(void)
{
	struct board *b = open_at(2026, 11, 30, 12, 0, 0);

	for (unsigned i = 0; i < 10; i++)
		set(i, 0xff);
	CHECK_EQ(get(8), 0xff);
	board_advance(b, SECOND);
	CHECK_EQ(get(8), 0x01); /* after December */
	CHECK_EQ(get(0), 0x00);
}

static void update_in_progress_announces_the_next_second(void)
{
	struct board *b = open_at(2026, 11, 30, 12, 0, 0);

	CHECK_EQ(get(0x0a), 0x26);
	board_advance(b, SECOND - 2228001);
	CHECK_EQ(get(0x0a), 0x26);
	board_advance(b, 1);
	CHECK_EQ(get(0x0a), 0xa6);
	board_advance(b, 2227999);
	CHECK_EQ(get(0x0a), 0xa6);
	CHECK_EQ(get(0), 0);
	board_advance(b, 1);
	CHECK_EQ(get(0x0a), 0x26);
	CHECK_EQ(get(0), 1);
	set(0x0b, 0x82);
	board_advance(b, SECOND - 1);
	CHECK_EQ(get(0x0a), 0x26);
}

static void out_of_reset_a_second_is_a_half(void)
{
	struct board *b = open_at(2026, 11, 30, 12, 0, 0);

	set(0x0a, 0x66);
	board_advance(b, 10 * SECOND + 3);
	CHECK_EQ(get(0), 0);
	set(0x0a, 0x26);
	board_advance(b, SECOND / 2 - 1);
	CHECK_EQ(get(0), 0);
	board_advance(b, 1);
	CHECK_EQ(get(0), 1);
}

static void read_only_registers_are(void)
{
	open_at(2026, 11, 30, 12, 0, 0);
	set(0x0d, 0);
	CHECK_EQ(get(0x0d), 0x80);
	set(0x0c, 0xff);
	CHECK_EQ(get(0x0c), 0);
	set(0x0a, 0xff & ~0x60);
	CHECK_EQ(get(0x0a) & 0x80, 0);
	CHECK_EQ(pc_in(0x70), 0xff);
	set(0x80 | 0x40, 0x99); /* the NMI's mask is no part of the index */
	CHECK_EQ(get(0x40), 0x99);
}

static void periodic_interrupts_come_by_rate(void)
{
	struct board *b = open_at(2026, 11, 30, 12, 0, 0);
	unsigned count = 0;

	unmask_irq_8();
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER);
	set(0x0b, 0x42);
	CHECK_EQ(board_next_interrupt_ns(b), 976563); /* 1024 Hz */
	board_advance(b, 976562);
	CHECK(!board_interrupt(b));
	while (b->state.now_ns < SECOND) {
		uint64_t next = board_next_interrupt_ns(b);
		board_advance(b, next - b->state.now_ns);
		CHECK(board_interrupt(b));
		CHECK_EQ(board_acknowledge(b), 0x70);
		CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER); /* until C is read */
		CHECK_EQ(get(0x0c) & 0xc0, 0xc0);
		pc_out(0xa0, 0x20);
		pc_out(0x20, 0x20);
		count++;
	}
	CHECK_EQ(count, 1024);
	set(0x0a, 0x2f); /* 2 Hz */
	CHECK_EQ(board_next_interrupt_ns(b), SECOND + SECOND / 2);
	set(0x0a, 0x21); /* 256 Hz */
	CHECK_EQ(board_next_interrupt_ns(b), SECOND + 3906250);
	set(0x0a, 0x20);
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER);
}

static void alarms_come_at_their_time(void)
{
	struct board *b = open_at(2026, 11, 30, 12, 0, 0);

	unmask_irq_8();
	set(5, 0x13);
	set(3, 0x30);
	set(1, 0x15);
	set(0x0b, 0x22);
	CHECK_EQ(board_next_interrupt_ns(b), 5415 * SECOND);
	board_advance(b, 5415 * SECOND - 1);
	CHECK(!board_interrupt(b));
	board_advance(b, 1);
	CHECK_EQ(board_acknowledge(b), 0x70);
	CHECK_EQ(get(0x0c), 0xf0); /* a second and some periods have ended, too */
	CHECK_EQ(get(0x0c), 0);
	pc_out(0xa0, 0x20);
	pc_out(0x20, 0x20);
	CHECK_EQ(board_next_interrupt_ns(b), (5415 + 86400) * SECOND);
	set(5, 0xff); /* each hour, each minute */
	set(3, 0xc0);
	CHECK_EQ(board_next_interrupt_ns(b), (5415 + 60) * SECOND);
	set(1, 0x99); /* no such second */
	CHECK_EQ(board_next_interrupt_ns(b), BOARD_NEVER);
	/* Without its enable it is a flag. */
	set(1, 0xff);
	set(0x0b, 0x02);
	board_advance(b, SECOND);
	CHECK(!board_interrupt(b));
	CHECK_EQ(get(0x0c) & 0xa0, 0x20);
}

/* The time that is none becomes 23:59:59, and the alarm is a second away. */
static void an_alarm_after_nonsense_is_announced(void)
{
	struct board *b = open_at(2026, 11, 30, 12, 0, 0);

	unmask_irq_8();
	set(4, 0x77);
	set(2, 0x99);
	set(0, 0x88);
	set(5, 0);
	set(3, 0);
	set(1, 0);
	set(0x0b, 0x22);
	CHECK_EQ(board_next_interrupt_ns(b), SECOND);
	board_advance(b, SECOND);
	CHECK(board_interrupt(b));
}

static void update_ended_interrupts_come_each_second(void)
{
	struct board *b = open_at(2026, 11, 30, 12, 0, 0);

	unmask_irq_8();
	set(0x0b, 0x12);
	CHECK_EQ(board_next_interrupt_ns(b), SECOND);
	board_advance(b, SECOND);
	CHECK(board_interrupt(b));
	get(0x0c);
	board_acknowledge(b);
	set(0x0b, 0x92); /* setting the clock takes the enable */
	CHECK_EQ(get(0x0b), 0x82);
}

static void cmos_bytes_are_kept_and_summed(void)
{
	struct rtc *r = &pc_open()->state.rtc;

	rtc_cmos_set(r, 0x15, 0x80);
	rtc_cmos_set(r, 0x16, 0xff);
	rtc_cmos_set(r, 0x2d, 0xff);
	rtc_cmos_set(r, 0x10, 0xff);
	rtc_cmos_sum(r);
	CHECK_EQ(get(0x2e), 0x03);
	CHECK_EQ(get(0x2f), 0x7d);
	CHECK_EQ(rtc_cmos(r, 0x15), 0x80);
	set(0x7f, 1);
	CHECK_EQ(get(0x7f), 1);
}

static void monitor_info_tells_the_date(void)
{
	struct device_text t = { .len = 0 };
	struct board *b = open_at(2026, 11, 30, 12, 0, 0);

	board_advance(b, SECOND);
	rtc_device.show(b, &t);
	CHECK(!strncmp(
	        t.text, "date         2026-11-30 12:00:01\nregisters    A 0x26, B 0x02,", 61));
	CHECK(strstr(t.text, "cmos 0x70    00"));
	CHECK(t.len < sizeof t.text - 1);
}

int main(void)
{
	RUN(dates_come_and_go);
	RUN(it_goes_on_with_the_guests_time);
	RUN(formats_are_bcd_or_binary_12_or_24_hours);
	RUN(nonsense_becomes_a_date_at_the_next_second);
	RUN(update_in_progress_announces_the_next_second);
	RUN(out_of_reset_a_second_is_a_half);
	RUN(read_only_registers_are);
	RUN(periodic_interrupts_come_by_rate);
	RUN(alarms_come_at_their_time);
	RUN(an_alarm_after_nonsense_is_announced);
	RUN(update_ended_interrupts_come_each_second);
	RUN(cmos_bytes_are_kept_and_summed);
	RUN(monitor_info_tells_the_date);
	return check_done();
}

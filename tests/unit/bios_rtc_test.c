/* The real-time clock: int 1Ah's time, date and alarm, int 70h, the waits of int 15h that it counts
 * for, and what power-on writes into CMOS RAM. */
#include <stdio.h>

#include "bios_pc.h"
#include "base/array.h"
#include "check.h"

#define MS        UINT64_C(1000000)
#define SECOND    (1000 * MS)
#define NEW_YEAR  1767225600 /* 2026-01-01 00:00:00 UTC */
#define WAIT_FLAG 0x3000u    /* of int 15h AH=83h */

static struct pc pc;
static unsigned alarms, interrupts;

/* At so many seconds after the year's beginning. */
static void start(uint64_t seconds)
{
	pc_make(&pc, 4u << 20);
	board_set_rtc(&pc.board, (int64_t)(NEW_YEAR + seconds));
	bios_power_on(&pc.bios);
	pc.r = (struct bios_regs) { .ss = 0x9000, .sp = 0x0ffa, .flags = BIOS_IF };
	alarms = interrupts = 0;
}

/* A PC that waits: time passes, and interrupts come. */
static void run(uint64_t ns)
{
	for (uint64_t done = 0; done < ns; done += MS / 4) {
		board_advance(&pc.board, MS / 4);
		int vector = pc_interrupt(&pc);
		if (vector < 0)
			continue;
		interrupts++;
		struct bios_regs kept = pc.r;
		pc.r.sp = (uint16_t)(pc.r.sp - 6);
		if (pc_call(&pc, (unsigned)vector) == BIOS_JUMPS)
			alarms += pc.bios.state.jump == 0x4a;
		if (vector == 0x08)
			pc_out(&pc, 0x20, 0x20); /* the ROM's code does */
		pc.r = kept;
	}
}

static uint8_t cmos(uint8_t index)
{
	pc_out(&pc, 0x70, index);
	return pc_in(&pc, 0x71);
}

static void time_and_date_are_the_clock_s(void)
{
	start(((31 + 14) * 24 + 13) * 3600 + 5 * 60 + 59); /* the 15th of February, 13:05:59 */
	pc_int(&pc, 0x1a, 0x0200, 0, 0, 0);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(bios_word(pc.r.ecx), 0x1305);
	CHECK_EQ(bios_word(pc.r.edx), 0x5900);
	pc_int(&pc, 0x1a, 0x0400, 0, 0, 0);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(bios_word(pc.r.ecx), 0x2026);
	CHECK_EQ(bios_word(pc.r.edx), 0x0215);
	run(2 * SECOND);
	pc_int(&pc, 0x1a, 0x0200, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ecx), 0x1306);
	CHECK(bios_high(pc.r.edx) <= 0x01);
}

static void time_and_date_can_be_set(void)
{
	start(0);
	pc_int(&pc, 0x1a, 0x0300, 0, 0x2359, 0x5900);
	CHECK(!pc_carry(&pc));
	pc_int(&pc, 0x1a, 0x0500, 0, 0x1999, 0x1231);
	CHECK(!pc_carry(&pc));
	pc_int(&pc, 0x1a, 0x0400, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ecx), 0x1999);
	run(2 * SECOND);
	pc_int(&pc, 0x1a, 0x0400, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ecx), 0x2000);
	CHECK_EQ(bios_word(pc.r.edx), 0x0101);
	pc_int(&pc, 0x1a, 0x0200, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ecx), 0);
}

static void power_on_counts_ticks_and_days_from_the_clock(void)
{
	start(12 * 3600); /* noon */
	CHECK_EQ(get32(pc.ram + BDA_TICKS), 0x1800b0 / 2);
	/* 46 years from 1980, twelve of them leap years. */
	pc_int(&pc, 0x1a, 0x0a00, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ecx), 46 * 365 + 12);
	start(60 * 86400); /* the 2nd of March */
	pc_int(&pc, 0x1a, 0x0a00, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ecx), 46 * 365 + 12 + 60);
	start(0);
	CHECK_EQ(get32(pc.ram + BDA_TICKS), 0);
	start((2 * 365 + 40) * 86400); /* the 10th of February 2028, a leap year, */
	pc_int(&pc, 0x1a, 0x0a00, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ecx), 48 * 365 + 12 + 40);
	start((2 * 365 + 60) * 86400); /* and the 1st of March */
	pc_int(&pc, 0x1a, 0x0a00, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ecx), 48 * 365 + 12 + 60);
}

static void an_alarm_rings_int_4ah_once_a_day(void)
{
	start(3600);
	pc_int(&pc, 0x1a, 0x0600, 0, 0x0100, 0x0300); /* 01:00:03 */
	CHECK(!pc_carry(&pc));
	pc_int(&pc, 0x1a, 0x0600, 0, 0x0100, 0x0400);
	CHECK(pc_carry(&pc)); /* there is one */
	run(2 * SECOND);
	CHECK_EQ(alarms, 0);
	run(3 * SECOND);
	CHECK_EQ(alarms, 1);
	pc_int(&pc, 0x1a, 0x0700, 0, 0, 0);
	CHECK(!pc_carry(&pc));
	pc_int(&pc, 0x1a, 0x0600, 0, 0x0100, 0x0800);
	CHECK(!pc_carry(&pc));
	pc_int(&pc, 0x1a, 0x0700, 0, 0, 0);
	run(5 * SECOND);
	CHECK_EQ(alarms, 1);
}

/* How long a wait of int 15h AH=86h takes, in ms; it is called again after each interrupt. */
static unsigned wait_ms(uint32_t us)
{
	uint64_t from_ns = pc.board.state.now_ns;
	pc_int(&pc, 0x15, 0x8600, 0, (uint16_t)(us >> 16), (uint16_t)us);
	if (pc_carry(&pc))
		return 9999;
	for (unsigned i = 0; i < 9000 && pc_call(&pc, 0x15) == BIOS_WAITS; i++)
		run(MS / 4);
	CHECK(!pc_carry(&pc));
	return (unsigned)((pc.board.state.now_ns - from_ns) / MS);
}

static void a_wait_takes_its_time(void)
{
	start(0);
	unsigned ms = wait_ms(100000);
	CHECK(ms >= 98 && ms <= 103);
	ms = wait_ms(1000);
	CHECK(ms <= 3);
	ms = wait_ms(0);
	CHECK(ms <= 2);
	CHECK_EQ(pc.ram[BDA_WAIT_FLAG], 0);
	CHECK(!(cmos(0x0b) & 0x40));       /* the clock is quiet again, */
	CHECK_EQ(cmos(0x0a) & 0x7f, 0x26); /* and as it was */
}

/* The host's CPU rests in a long wait: the clock wakes it now and then only. */
static void a_long_wait_is_not_interrupted_often(void)
{
	start(0);
	unsigned ms = wait_ms(900000);
	CHECK(ms >= 900 && ms <= 902);
	CHECK(interrupts < 16 + 30); /* 16 ticks among them */
}

/* A program may choose another rate while it waits for its event: the count goes by it. */
static void events_are_counted_at_the_rate_that_there_is(void)
{
	static const uint8_t rates[] = { 0x2a, 0x28, 0x22, 0x29 }; /* 64, 256, 128, 128 Hz */
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		start(0);
		pc.r.es = 0;
		pc_int(&pc, 0x15, 0x8300, WAIT_FLAG, 2, 0x8480); /* 165,000 us */
		pc_out(&pc, 0x70, 0x0a);
		pc_out(&pc, 0x71, rates[i]);
		run(130 * MS);
		CHECK_EQ(pc.ram[WAIT_FLAG], 0);
		run(60 * MS);
		CHECK_EQ(pc.ram[WAIT_FLAG], 0x80);
	}
}

/* A guest that has masked the clock's interrupt has other ones. */
static void a_wait_ends_without_the_clock_s_interrupt(void)
{
	start(0);
	pc_int(&pc, 0x15, 0x8600, 0, 0, 60000);
	pc_out(&pc, 0xa1, 0xff);
	run(50 * MS);
	CHECK_EQ(pc_call(&pc, 0x15), BIOS_WAITS);
	run(11 * MS);
	CHECK_EQ(pc_call(&pc, 0x15), BIOS_DONE);
}

static void only_one_waits(void)
{
	start(0);
	CHECK_EQ(pc_int(&pc, 0x15, 0x8600, 0, 0, 50000), BIOS_WAITS);
	CHECK_STR(bios_waits_for(0x15, &pc.r), "the time");
	uint16_t sp = pc.r.sp;
	pc.r.sp = (uint16_t)(sp - 20); /* a handler's call in between */
	CHECK_EQ(pc_int(&pc, 0x15, 0x8600, 0, 0, 50000), BIOS_DONE);
	CHECK(pc_carry(&pc));
	CHECK_EQ(bios_ah(&pc.r), 0x83);
	CHECK_EQ(pc_int(&pc, 0x15, 0x8300, WAIT_FLAG, 0, 50000), BIOS_DONE);
	CHECK(pc_carry(&pc));
	pc.r.sp = sp;
	pc.r.flags = 0;
	run(60 * MS);
	CHECK_EQ(pc_int(&pc, 0x15, 0x8600, 0, 0, 50000), BIOS_DONE);
	CHECK(!pc_carry(&pc));
	/* One that was left by a jump is forgotten when its time has come. */
	CHECK_EQ(pc_int(&pc, 0x15, 0x8600, 0, 0, 50000), BIOS_WAITS);
	pc.r.sp = (uint16_t)(sp - 20);
	run(60 * MS);
	CHECK_EQ(pc_int(&pc, 0x15, 0x8600, 0, 0, 50000), BIOS_WAITS);
}

static void an_event_sets_the_caller_s_flag(void)
{
	start(0);
	pc.r.es = 0;
	pc.ram[WAIT_FLAG] = 0x01;
	pc_int(&pc, 0x15, 0x8300, WAIT_FLAG, 0, 20000);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(get32(pc.ram + BDA_WAIT_FLAG_PTR), WAIT_FLAG);
	run(17 * MS);
	CHECK_EQ(pc.ram[WAIT_FLAG], 0x01);
	run(6 * MS);
	CHECK_EQ(pc.ram[WAIT_FLAG], 0x81);
	CHECK_EQ(pc.ram[BDA_WAIT_FLAG], 0);
	pc.ram[WAIT_FLAG] = 0;
	pc_int(&pc, 0x15, 0x8300, WAIT_FLAG, 0, 20000);
	pc_int(&pc, 0x15, 0x8301, 0, 0, 0);
	run(30 * MS);
	CHECK_EQ(pc.ram[WAIT_FLAG], 0);
}

static void a_clock_s_interrupt_that_nobody_asked_for_is_ended(void)
{
	start(0);
	CHECK_EQ(pc_call(&pc, 0x70), BIOS_DONE);
	cmos(0x0c);
	pc_out(&pc, 0x70, 0x0b); /* a program's own periodic interrupt */
	pc_out(&pc, 0x71, 0x42);
	run(20 * MS);
	CHECK_EQ(pc.board.state.pic.slave.isr, 0);
	CHECK_EQ(pc.board.state.pic.master.isr, 0);
	CHECK(cmos(0x0b) & 0x40);
}

static void cmos_says_what_the_machine_has(void)
{
	static const struct {
		uint64_t ram;
		uint16_t extended, above_16m;
		uint32_t above_4g;
	} cases[] = {
		{ 4u << 20, 3 * 1024, 0, 0 },
		{ 32u << 20, 31 * 1024, 256, 0 },
		{ 256u << 20, 0xffff, 240 * 16, 0 },
		{ UINT64_C(6) << 30, 0xffff, 0xbf00, 0xc000 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(0);
		pc_map(&pc, cases[i].ram);
		bios_power_on(&pc.bios);
		CHECK_EQ(cmos(0x15) | cmos(0x16) << 8, 640);
		CHECK_EQ(cmos(0x17) | cmos(0x18) << 8, cases[i].extended);
		CHECK_EQ(cmos(0x30) | cmos(0x31) << 8, cases[i].extended);
		CHECK_EQ(cmos(0x34) | cmos(0x35) << 8, cases[i].above_16m);
		CHECK_EQ(cmos(0x5b) | cmos(0x5c) << 8 | (uint32_t)cmos(0x5d) << 16,
		        cases[i].above_4g);
		CHECK_EQ(cmos(0x14), pc.ram[BDA_EQUIPMENT]);
		CHECK_EQ(cmos(0x10), 0); /* no floppy drive */
		unsigned sum = 0;
		for (uint8_t at = 0x10; at <= 0x2d; at++)
			sum += cmos(at);
		CHECK_EQ(cmos(0x2e) << 8 | cmos(0x2f), sum & 0xffff);
	}
}

int main(void)
{
	RUN(time_and_date_are_the_clock_s);
	RUN(time_and_date_can_be_set);
	RUN(power_on_counts_ticks_and_days_from_the_clock);
	RUN(an_alarm_rings_int_4ah_once_a_day);
	RUN(a_wait_takes_its_time);
	RUN(a_long_wait_is_not_interrupted_often);
	RUN(events_are_counted_at_the_rate_that_there_is);
	RUN(a_wait_ends_without_the_clock_s_interrupt);
	RUN(only_one_waits);
	RUN(an_event_sets_the_caller_s_flag);
	RUN(a_clock_s_interrupt_that_nobody_asked_for_is_ended);
	RUN(cmos_says_what_the_machine_has);
	return check_done();
}

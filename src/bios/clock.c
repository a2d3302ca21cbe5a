/* int 8, IRQ 0: the tick, 18.2 times a second. int 1Ah: ticks, and the real-time clock's time, date
 * and alarm.
 *
 * Source: IBM Personal Computer AT Technical Reference, the listings of TIMER_INT and TIME_OF_DAY;
 * Ralf Brown's Interrupt List, INT 08, INT 1A/AH=00h to 07h, 0Ah, 0Bh. The midnight flag counts
 * midnights, so that two of them are not taken for one. PCI BIOS (AH=B1h) is not there. */
#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "bios/cmos.h"
#include "bios/internal.h"

#define TICKS_PER_DAY   0x1800b0u
#define SECONDS_PER_DAY 86400u
#define MOTORS          0x0f /* in BDA_FLOPPY_MOTOR */

/* --- int 8 ------------------------------------------------------------------------------------ */

static void next_day(struct bios *b)
{
	uint8_t midnights = bios_get8(b, BDA_MIDNIGHT);
	if (midnights < UINT8_MAX)
		bios_put8(b, BDA_MIDNIGHT, (uint8_t)(midnights + 1));
	bios_put16(b, BDA_DAYS, (uint16_t)(bios_get16(b, BDA_DAYS) + 1));
}

/* A count of 0 stays so: no motor runs. */
static void count_motor(struct bios *b)
{
	uint8_t count = bios_get8(b, BDA_MOTOR_COUNT);
	if (!count)
		return;
	bios_put8(b, BDA_MOTOR_COUNT, (uint8_t)(count - 1));
	if (count == 1)
		bios_put8(b, BDA_FLOPPY_MOTOR, bios_get8(b, BDA_FLOPPY_MOTOR) & (uint8_t)~MOTORS);
}

/* The ROM does int 1Ch and the end of the interrupt after it. */
enum bios_verdict clock_tick_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint32_t ticks = bios_get32(b, BDA_TICKS) + 1;

	(void)vector, (void)r;
	if (ticks >= TICKS_PER_DAY || !ticks) {
		ticks = 0;
		next_day(b);
	}
	bios_put32(b, BDA_TICKS, ticks);
	count_motor(b);
	return BIOS_DONE;
}

/* --- int 1Ah ---------------------------------------------------------------------------------- */

/* 00h: ticks since midnight in CX:DX, midnights since the last call in AL. */
static enum bios_verdict get_ticks(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint32_t ticks = bios_get32(b, BDA_TICKS);
	uint8_t midnights = bios_get8(b, BDA_MIDNIGHT);

	(void)vector;
	bios_set_word(&r->ecx, (uint16_t)(ticks >> 16));
	bios_set_word(&r->edx, (uint16_t)ticks);
	bios_set_ax(r, midnights);
	if (midnights)
		bios_put8(b, BDA_MIDNIGHT, 0);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

static enum bios_verdict set_ticks(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_put32(b, BDA_TICKS, (uint32_t)bios_word(r->ecx) << 16 | bios_word(r->edx));
	bios_put8(b, BDA_MIDNIGHT, 0);
	bios_set_ah(r, 0);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

/* 02h: BCD: CH hours, CL minutes, DH seconds; DL: daylight saving. */
static enum bios_verdict get_time(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_high(&r->ecx, cmos_get(b, CMOS_HOURS));
	bios_set_low(&r->ecx, cmos_get(b, CMOS_MINUTES));
	bios_set_high(&r->edx, cmos_get(b, CMOS_SECONDS));
	bios_set_low(&r->edx, cmos_get(b, CMOS_B) & CMOS_B_DAYLIGHT);
	bios_set_ah(r, 0);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

static enum bios_verdict set_time(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	cmos_change_b(b, CMOS_B_SET | CMOS_B_24_HOURS, CMOS_B_DAYLIGHT);
	cmos_put(b, CMOS_HOURS, bios_high(r->ecx));
	cmos_put(b, CMOS_MINUTES, bios_low(r->ecx));
	cmos_put(b, CMOS_SECONDS, bios_high(r->edx));
	cmos_change_b(b, bios_low(r->edx) & CMOS_B_DAYLIGHT, CMOS_B_SET);
	bios_set_ah(r, 0);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

/* 04h: BCD: CH century, CL year, DH month, DL day. */
static enum bios_verdict get_date(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_high(&r->ecx, cmos_get(b, CMOS_CENTURY));
	bios_set_low(&r->ecx, cmos_get(b, CMOS_YEAR));
	bios_set_high(&r->edx, cmos_get(b, CMOS_MONTH));
	bios_set_low(&r->edx, cmos_get(b, CMOS_DAY));
	bios_set_ah(r, 0);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

static enum bios_verdict set_date(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	cmos_change_b(b, CMOS_B_SET, 0);
	cmos_put(b, CMOS_CENTURY, bios_high(r->ecx));
	cmos_put(b, CMOS_YEAR, bios_low(r->ecx));
	cmos_put(b, CMOS_MONTH, bios_high(r->edx));
	cmos_put(b, CMOS_DAY, bios_low(r->edx));
	cmos_change_b(b, 0, CMOS_B_SET);
	bios_set_ah(r, 0);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

/* 06h: int 4Ah at CH:CL:DH. CF: an alarm is set already. */
static enum bios_verdict set_alarm(struct bios *b, unsigned vector, struct bios_regs *r)
{
	bool is_set = cmos_get(b, CMOS_B) & CMOS_ALARM;

	(void)vector;
	bios_set_carry(r, is_set);
	if (is_set)
		return BIOS_DONE;
	cmos_put(b, CMOS_ALARM_HOURS, bios_high(r->ecx));
	cmos_put(b, CMOS_ALARM_MINUTES, bios_low(r->ecx));
	cmos_put(b, CMOS_ALARM_SECONDS, bios_high(r->edx));
	wait_enable_irq(b);
	cmos_change_b(b, CMOS_ALARM, CMOS_B_SET);
	bios_set_ah(r, 0);
	return BIOS_DONE;
}

static enum bios_verdict cancel_alarm(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	cmos_change_b(b, 0, CMOS_ALARM);
	bios_set_ah(r, 0);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

/* 0Ah, 0Bh: days since the 1st of January 1980 in CX. */
static enum bios_verdict get_days(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_word(&r->ecx, bios_get16(b, BDA_DAYS));
	bios_set_carry(r, false);
	return BIOS_DONE;
}

static enum bios_verdict set_days(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_put16(b, BDA_DAYS, bios_word(r->ecx));
	bios_set_carry(r, false);
	return BIOS_DONE;
}

/* Any other: PCI BIOS, and what later PCs have. AH stays as it is. */
enum bios_verdict clock_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	unknown_service(b, vector, r);
	bios_set_carry(r, true);
	return BIOS_DONE;
}

static void tell_ticks(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	const struct bios_regs *r = bios_ah(before) ? before : after;
	if (r)
		snprintf(to, size, ": %" PRIu32, r->ecx << 16 | bios_word(r->edx));
}

static void tell_time(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	const struct bios_regs *r = bios_ah(before) == 0x02 ? after : before;
	if (r)
		snprintf(to, size, ": %02x:%02x:%02x", bios_high(r->ecx), bios_low(r->ecx),
		        bios_high(r->edx));
}

static void tell_date(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	const struct bios_regs *r = bios_ah(before) == 0x04 ? after : before;
	if (r)
		snprintf(to, size, ": %04x-%02x-%02x", bios_word(r->ecx), bios_high(r->edx),
		        bios_low(r->edx));
}

const struct bios_function clock_functions[] = {
	{ 0x00, BIOS_ANY_AL, "get ticks", get_ticks, tell_ticks, NULL },
	{ 0x01, BIOS_ANY_AL, "set ticks", set_ticks, tell_ticks, NULL },
	{ 0x02, BIOS_ANY_AL, "get time", get_time, tell_time, NULL },
	{ 0x03, BIOS_ANY_AL, "set time", set_time, tell_time, NULL },
	{ 0x04, BIOS_ANY_AL, "get date", get_date, tell_date, NULL },
	{ 0x05, BIOS_ANY_AL, "set date", set_date, tell_date, NULL },
	{ 0x06, BIOS_ANY_AL, "set alarm", set_alarm, tell_time, NULL },
	{ 0x07, BIOS_ANY_AL, "cancel alarm", cancel_alarm, NULL, NULL },
	{ 0x0a, BIOS_ANY_AL, "get day count", get_days, NULL, NULL },
	{ 0x0b, BIOS_ANY_AL, "set day count", set_days, NULL, NULL },
	{ 0 },
};

/* --- power-on --------------------------------------------------------------------------------- */

/* Days before a month of a year that is not a leap year. */
static unsigned days_before(unsigned month)
{
	static const uint16_t days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	return month >= 1 && month <= 12 ? days[month - 1] : 0;
}

static bool is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Since the 1st of January 1980; 0 before. */
static uint16_t days_since_1980(const struct bios *b)
{
	unsigned year = cmos_from_bcd(cmos_get(b, CMOS_CENTURY)) * 100 +
	                cmos_from_bcd(cmos_get(b, CMOS_YEAR));
	unsigned month = cmos_from_bcd(cmos_get(b, CMOS_MONTH));
	unsigned day = cmos_from_bcd(cmos_get(b, CMOS_DAY));
	unsigned days = days_before(month) + (month > 2 && is_leap(year)) + (day ? day - 1 : 0);

	if (year < 1980)
		return 0;
	for (unsigned y = 1980; y < year; y++)
		days += is_leap(y) ? 366 : 365;
	return (uint16_t)days;
}

void clock_power_on(struct bios *b)
{
	uint64_t seconds = cmos_from_bcd(cmos_get(b, CMOS_HOURS)) * 3600u +
	                   cmos_from_bcd(cmos_get(b, CMOS_MINUTES)) * 60u +
	                   cmos_from_bcd(cmos_get(b, CMOS_SECONDS));
	uint64_t ticks = seconds * TICKS_PER_DAY / SECONDS_PER_DAY;

	bios_put32(b, BDA_TICKS, ticks < TICKS_PER_DAY ? (uint32_t)ticks : 0);
	bios_put16(b, BDA_DAYS, days_since_1980(b));
}

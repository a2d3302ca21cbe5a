/* A PC's real-time clock and CMOS memory, an MC146818 (Motorola data sheet MC146818A; IBM PC AT
 * Technical Reference, "Real-Time Clock/CMOS RAM Information"): time of day, alarm, periodic and
 * update-ended interrupts on IRQ 8, and 114 bytes that are kept.
 *
 * No host clock: every call gets the guest's time, which never goes back; the seconds begin where
 * rtc_set_time put them. The registers hold what the guest has written, in BCD or binary and 12 or
 * 24 hours as it was written: a change of the format alone converts nothing, as on the chip. The
 * century is CMOS byte 0x32, in BCD, and goes on with the year. Daylight saving (register B, bit 0)
 * is left out.
 *
 * A time that is none (month 0, 99 hours) stays as written until the clock's next second, which
 * takes the nearest that it can be.
 *
 * All state is in the struct and can be copied. */
#ifndef STEPVM_DEVICES_RTC_H
#define STEPVM_DEVICES_RTC_H

#include <stdbool.h>
#include <stdint.h>

#define RTC_PORT 0x70 /* the index, and the byte */
#define RTC_IRQ  8
#define RTC_SIZE 128

/* Registers. */
#define RTC_SECONDS       0x00
#define RTC_SECONDS_ALARM 0x01
#define RTC_MINUTES       0x02
#define RTC_MINUTES_ALARM 0x03
#define RTC_HOURS         0x04
#define RTC_HOURS_ALARM   0x05
#define RTC_WEEKDAY       0x06 /* 1: Sunday */
#define RTC_DAY           0x07
#define RTC_MONTH         0x08
#define RTC_YEAR          0x09
#define RTC_A             0x0a
#define RTC_B             0x0b
#define RTC_C             0x0c
#define RTC_D             0x0d
#define RTC_CENTURY       0x32

/* Register B */
#define RTC_B_24     0x02
#define RTC_B_BINARY 0x04
#define RTC_B_UIE    0x10 /* update-ended interrupt */
#define RTC_B_AIE    0x20 /* alarm */
#define RTC_B_PIE    0x40 /* periodic */
#define RTC_B_SET    0x80 /* the clock stands, to be set */

struct rtc {
	uint8_t index;
	uint8_t ram[RTC_SIZE];
	uint64_t now_ns;   /* the time up to which the rest holds */
	uint32_t phase_ns; /* of the divider: a second ends where now_ns % 1e9 is this */
	uint64_t next_ns;  /* when its interrupt line rises, or RTC_NEVER */
};
#define RTC_NEVER UINT64_MAX

struct device;

/* After reset the clock is at 1980-01-01 until board_set_rtc. */
extern const struct device rtc_device;

/* As a PC's is: BCD, 24 hours, no interrupts, 1024 Hz chosen. */
void rtc_reset(struct rtc *r);
/* Seconds since 1970-01-01, of the years 1970 to 9999 (earlier and later ones: their ends). Whether
 * they are UTC or local time is the caller's choice: the chip knows no zones. */
void rtc_set_time(struct rtc *r, int64_t seconds, uint64_t now_ns);
/* A register, 0 to 0x7f. Reading C clears it. */
uint8_t rtc_read(struct rtc *r, uint8_t index, uint64_t now_ns);
void rtc_write(struct rtc *r, uint8_t index, uint8_t value, uint64_t now_ns);
/* The level of the interrupt line. */
bool rtc_irq(struct rtc *r, uint64_t now_ns);
/* When it rises if nobody touches the clock, or RTC_NEVER. */
uint64_t rtc_next_ns(const struct rtc *r);

/* CMOS bytes as a BIOS finds and sets them: no time, no flags. */
uint8_t rtc_cmos(const struct rtc *r, uint8_t index);
void rtc_cmos_set(struct rtc *r, uint8_t index, uint8_t value);
/* Bytes 0x2e and 0x2f become the sum of 0x10 to 0x2d, as an AT's BIOS keeps it. */
void rtc_cmos_sum(struct rtc *r);

/* A date of the Gregorian calendar. */
struct rtc_date {
	unsigned year, month, day, hour, minute, second;
};
/* False: there is no such date from 1970 to 9999. */
bool rtc_seconds(const struct rtc_date *d, int64_t *seconds);

#endif

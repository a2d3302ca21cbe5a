/* The real-time clock and its RAM, as the BIOS's services use them: by ports 70h and 71h.
 *
 * Source: Motorola MC146818A data sheet; IBM Personal Computer AT Technical Reference, "Real-time
 * Clock/CMOS RAM Information"; Ralf Brown's Interrupt List, CMOS.LST. */
#ifndef STEPVM_BIOS_CMOS_H
#define STEPVM_BIOS_CMOS_H

#include <stdint.h>

#include "bios/bios.h"

/* Registers of the clock; time and date are BCD, hours 0 to 23. */
enum {
	CMOS_SECONDS = 0x00,
	CMOS_ALARM_SECONDS = 0x01,
	CMOS_MINUTES = 0x02,
	CMOS_ALARM_MINUTES = 0x03,
	CMOS_HOURS = 0x04,
	CMOS_ALARM_HOURS = 0x05,
	CMOS_DAY = 0x07, /* of the month */
	CMOS_MONTH = 0x08,
	CMOS_YEAR = 0x09, /* of the century */
	CMOS_A = 0x0a,
	CMOS_B = 0x0b,
	CMOS_C = 0x0c, /* a read clears it, and lets the next interrupt come */
	CMOS_CENTURY = 0x32,
};

#define CMOS_A_CRYSTAL    0x20 /* in A: 32,768 Hz */
#define CMOS_RATE         0x0f /* in A: the periodic interrupt's, each half of the one before: */
#define CMOS_RATE_FASTEST 3
#define CMOS_RATE_1024_HZ 6
#define CMOS_RATE_SLOWEST 15 /* 2 Hz */
#define CMOS_B_DAYLIGHT   0x01
#define CMOS_B_24_HOURS   0x02
#define CMOS_ALARM        0x20 /* in B: its interrupt is on; in C: it is the reason */
#define CMOS_PERIODIC     0x40
#define CMOS_B_SET        0x80 /* the clock stands still while it is set */

uint8_t cmos_get(const struct bios *b, uint8_t index);
void cmos_put(const struct bios *b, uint8_t index, uint8_t value);
/* Sets bits in register B, or clears them. */
void cmos_change_b(const struct bios *b, uint8_t set, uint8_t clear);
unsigned cmos_from_bcd(uint8_t bcd);

#endif

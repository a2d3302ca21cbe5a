/* An 8254 programmable interval timer (Intel 8254 data sheet, order number 231164): three counters,
 * all six modes, binary and BCD, latches and read-back.
 *
 * No host clock: every call gets the guest's time, which never goes back, and what the counters did
 * since the last call is worked out from it. A change of a counter's gate or control word takes
 * effect between two of its clocks.
 *
 * Where the data sheet leaves a count undefined (a counter that was never loaded), it is 0. A count
 * of 1 in mode 2, which it forbids, never lowers OUT.
 *
 * All state is in the struct and can be copied. */
#ifndef STEPVM_DEVICES_PIT_H
#define STEPVM_DEVICES_PIT_H

#include <stdbool.h>
#include <stdint.h>

#define PIT_PORT     0x40
#define PIT_PORTS    4
#define PIT_COUNTERS 3
#define PIT_HZ       1193182u /* a PC's: 14.31818 MHz / 12 */
#define PIT_NEVER    UINT64_MAX

struct pit_counter {
	uint64_t tick;   /* of what follows: clocks since time 0 */
	uint8_t control; /* bits 5:0 of the last control word: access, mode, BCD */
	bool has_count;  /* a count was written since */
	bool loads;      /* the next clock loads it into the counting element */
	bool is_loaded;  /* the counting element has had one since the control word */
	bool is_null;    /* the last count written is not there yet */
	bool is_armed;   /* modes 0, 1, 4, 5: OUT is to change when the count comes to 0 */
	bool is_odd;     /* mode 3: the count that was loaded */
	bool is_halfway; /* the low byte of two was written, */
	bool reads_high; /* or read */
	bool gate, out;
	bool has_risen; /* OUT has, since pit_take_rise */
	uint16_t count; /* the count register, as written */
	uint8_t low;    /* its low byte, while the high one is to come */
	uint16_t value; /* the counting element; in BCD 0 to 9999 */
	bool is_latched, has_status;
	uint16_t latch; /* as it is read */
	uint8_t status;
};

struct pit {
	struct pit_counter counters[PIT_COUNTERS];
};

/* As after power-on, no counter programmed; OUT is high. On a PC the gates of counters 0 and 1 are
 * high for ever, that of 2 is low. */
void pit_reset(struct pit *p);
/* off: 0 to 3, the counters and the control word. */
uint8_t pit_read(struct pit *p, unsigned off, uint64_t now_ns);
void pit_write(struct pit *p, unsigned off, uint8_t value, uint64_t now_ns);
void pit_set_gate(struct pit *p, unsigned counter, bool gate, uint64_t now_ns);
bool pit_out(struct pit *p, unsigned counter, uint64_t now_ns);
/* Brings a counter to now: true when its OUT has risen since it was asked last. */
bool pit_take_rise(struct pit *p, unsigned counter, uint64_t now_ns);
/* When OUT rises next if nobody touches the counter, or PIT_NEVER. */
uint64_t pit_next_rise_ns(const struct pit *p, unsigned counter);

/* The counting element as it is read now, for people. */
uint16_t pit_value(struct pit *p, unsigned counter, uint64_t now_ns);
unsigned pit_mode(const struct pit *p, unsigned counter);
/* How many clocks have come by now, and when the n-th comes. */
uint64_t pit_ticks(uint64_t ns);
uint64_t pit_tick_ns(uint64_t tick);

#endif

/* Waiting for a time: int 15h AH=86h and 83h, and int 70h (IRQ 8), the real-time clock's interrupt
 * that counts for them and calls the alarm's int 4Ah.
 *
 *	the clock's periodic interrupt -> int 70h -> the count in the BIOS data area, down to 0 ->
 *	bit 7 of the waiter's byte
 *
 * AH=83h counts at 1024 Hz, as on a PC. AH=86h, which goes by the board's time, has the clock wake it
 * no more often than it needs: each time after at most half of what is left, at last at 1024 Hz.
 *
 * Source: Ralf Brown's Interrupt List, INT 15/AH=83h, INT 15/AH=86h, INT 70, INT 4A, MEMORY.LST
 * 0040:0098 to A0; IBM Personal Computer AT Technical Reference, the listing of RTC_INT. */
#include <inttypes.h>
#include <stdio.h>

#include "bios/cmos.h"
#include "bios/internal.h"
#include "bios/system.h"

#define SLAVE_MASK  0xa1 /* ports of the interrupt controllers' masks */
#define MASTER_MASK 0x21
#define IRQ         8

#define WAIT_IS_ON  0x01 /* BDA_WAIT_FLAG: somebody waits */
#define WAIT_IS_DUE 0x80 /* in the byte of who waits */
#define BUSY        0x83 /* AH: somebody waits already */

#define BDA_SEGMENT 0x40u

void wait_enable_irq(const struct bios *b)
{
	bios_out(b, SLAVE_MASK, bios_in(b, SLAVE_MASK) & (uint8_t) ~(1u << (IRQ - 8)));
	bios_out(b, MASTER_MASK, bios_in(b, MASTER_MASK) & (uint8_t) ~(1u << PIC_CASCADE));
}

/* The periodic interrupt's period by the rate in register A; 0: it does not come. */
static uint32_t period_us(uint8_t rate)
{
	if (rate < CMOS_RATE_FASTEST) /* the two that are as 256 and 128 Hz with the PC's crystal */
		rate = rate ? rate + 7 : 0;
	return rate ? (uint32_t)((UINT64_C(1000000) << (rate - 1)) / 32768) : 0;
}

/* The slowest that comes twice in the time that is left; 1024 Hz if none does. */
static uint8_t rate_for(uint32_t us)
{
	uint8_t rate = CMOS_RATE_SLOWEST;
	while (rate > CMOS_RATE_1024_HZ && period_us(rate) > us / 2)
		rate--;
	return rate;
}

/* So many us are left; the clock counts at a rate. */
static void count(struct bios *b, uint32_t us, uint8_t rate)
{
	bios_put8(b, BDA_WAIT_FLAG, WAIT_IS_ON);
	bios_put32(b, BDA_WAIT_US, us);
	cmos_put(b, CMOS_A, CMOS_A_CRYSTAL | rate);
	cmos_change_b(b, CMOS_PERIODIC, 0);
}

/* In BDA's count, or in a call of AH=86h whose count has come to 0 a little early. */
static bool is_busy(const struct bios *b)
{
	const struct bios_wait *w = &b->state.wait;
	return bios_get8(b, BDA_WAIT_FLAG) & WAIT_IS_ON ||
	       (w->is_on && b->board->state.now_ns < w->until_ns);
}

/* False: somebody waits already. */
static bool start(struct bios *b, uint32_t us, uint8_t rate, uint16_t segment, uint16_t offset)
{
	if (is_busy(b))
		return false;
	bios_put32(b, BDA_WAIT_FLAG_PTR, (uint32_t)segment << 16 | offset);
	wait_enable_irq(b);
	count(b, us, rate);
	return true;
}

static void stop(struct bios *b)
{
	cmos_change_b(b, 0, CMOS_PERIODIC);
	cmos_put(b, CMOS_A, CMOS_A_CRYSTAL | CMOS_RATE_1024_HZ);
	bios_put8(b, BDA_WAIT_FLAG, 0);
}

static uint32_t microseconds(const struct bios_regs *r)
{
	return (uint32_t)bios_word(r->ecx) << 16 | bios_word(r->edx);
}

static enum bios_verdict busy(struct bios_regs *r)
{
	bios_set_ah(r, BUSY);
	bios_set_carry(r, true);
	return BIOS_DONE;
}

/* 86h: CX:DX microseconds. The call that waits is known by its stack, so that one that a handler
 * makes in between is refused; one that was left by a jump is forgotten when its time has come. */
enum bios_verdict system_wait(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct bios_wait *w = &b->state.wait;
	uint64_t now_ns = b->board->state.now_ns;
	bool is_due = now_ns >= w->until_ns;
	bool is_here = w->is_on && w->ss == r->ss && w->sp == r->sp;

	(void)vector;
	if (is_here && !is_due) {
		uint32_t left_us = (uint32_t)((w->until_ns - now_ns) / 1000);
		count(b, left_us, rate_for(left_us));
		return BIOS_WAITS;
	}
	if (is_here) {
		stop(b);
		w->is_on = false;
		bios_set_carry(r, false);
		return BIOS_DONE;
	}
	if (w->is_on && is_due) {
		stop(b);
		w->is_on = false;
	}
	uint8_t rate = rate_for(microseconds(r));
	if (!start(b, microseconds(r), rate, BDA_SEGMENT, BDA_WAIT_FLAG - BDA_GPA))
		return busy(r);
	*w = (struct bios_wait) {
		.is_on = true,
		.ss = r->ss,
		.sp = r->sp,
		.until_ns = now_ns + UINT64_C(1000) * microseconds(r),
	};
	return BIOS_WAITS;
}

/* 83h, AL=00h: bit 7 of the byte at ES:BX is set after CX:DX microseconds. */
enum bios_verdict system_set_event(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	if (!start(b, microseconds(r), CMOS_RATE_1024_HZ, r->es, bios_word(r->ebx)))
		return busy(r);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

/* 83h, AL=01h. */
enum bios_verdict system_cancel_event(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	stop(b);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

void system_tell_wait(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	bool is_refused = after && after->flags & BIOS_CF;
	snprintf(to, size, " of %" PRIu32 " us%s", microseconds(before),
	        is_refused ? ": another one goes on" : "");
}

/* --- int 70h ---------------------------------------------------------------------------------- */

static void count_down(struct bios *b)
{
	uint32_t left = bios_get32(b, BDA_WAIT_US);
	uint32_t period = period_us(cmos_get(b, CMOS_A) & CMOS_RATE);

	if (!(bios_get8(b, BDA_WAIT_FLAG) & WAIT_IS_ON))
		return;
	if (left > period) {
		bios_put32(b, BDA_WAIT_US, left - period);
		return;
	}
	uint32_t pointer = bios_get32(b, BDA_WAIT_FLAG_PTR);
	uint32_t flag = bios_linear((uint16_t)(pointer >> 16), (uint16_t)pointer);
	bios_put32(b, BDA_WAIT_US, 0);
	stop(b);
	bios_put8(b, flag, bios_get8(b, flag) | WAIT_IS_DUE);
}

enum bios_verdict wait_irq_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint8_t reasons = cmos_get(b, CMOS_C) & cmos_get(b, CMOS_B);

	(void)vector, (void)r;
	if (reasons & CMOS_PERIODIC)
		count_down(b);
	bios_end_of_interrupt(b, IRQ);
	if (!(reasons & CMOS_ALARM))
		return BIOS_DONE;
	b->state.jump = 0x4a;
	return BIOS_JUMPS;
}

/* The guest's time by each policy, and the host's timer that says when an interrupt is due. */
#include "machine/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TICK_MIN 50000 /* ns: a guest whose timer ticks faster gets on all the same */
/* ns of the guest's time that may pass at once, whatever interrupts are asked for meanwhile: nobody loses
 * ticks of 4 kHz or less, and faster ones do not keep time from going on. */
#define PASS_MIN   250000
#define BEHIND_MAX 1000000000u /* ns: more was a host that slept, and does not count */
#define FULL_SPEED 1000u       /* permille */
#define CATCH_UP   4 /* in so many times what passes anyway it makes up for what it is behind */

int clock_open(struct clock *c, struct error *e)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0)
		return error_set(e, -errno, "timerfd_create failed: %s", strerror(errno));
	*c = (struct clock) { .policy = CLOCK_STEPS,
		.timer_fd = fd,
		.also_ns = BOARD_NEVER,
		.permille = FULL_SPEED };
	return 0;
}

void clock_close(struct clock *c)
{
	close(c->timer_fd);
}

uint64_t clock_host_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int64_t clock_host_date(bool is_local)
{
	struct timespec t;
	struct tm tm;
	clock_gettime(CLOCK_REALTIME, &t);
	if (is_local && localtime_r(&t.tv_sec, &tm))
		return (int64_t)t.tv_sec + tm.tm_gmtoff;
	return (int64_t)t.tv_sec;
}

void clock_set_speed(struct clock *c, uint32_t permille)
{
	c->permille = permille;
}

/* a * b / c, where a * b may be more than 64 bits have, and the result not. */
static uint64_t scale(uint64_t a, uint32_t b, uint32_t c)
{
	return a / c * b + a % c * b / c;
}

uint64_t clock_left_ns(const struct clock *c, const struct board *b, uint64_t guest_ns)
{
	bool waits;
	board_next_request_ns(b, &waits);
	uint64_t left = guest_ns > b->state.now_ns ? guest_ns - b->state.now_ns : 0;
	if (!waits) {
		uint64_t caught = left - left / (CATCH_UP + 1);
		left -= caught < c->behind_ns ? caught : c->behind_ns;
	}
	return scale(left, FULL_SPEED, c->permille);
}

void clock_plan(struct clock *c, const struct board *b)
{
	if (c->policy != CLOCK_HOST)
		return;
	uint64_t next = board_next_interrupt_ns(b);
	if (c->also_ns < next)
		next = c->also_ns;
	if (next == BOARD_NEVER)
		return;
	uint64_t left = clock_left_ns(c, b, next);
	uint64_t due = c->synced_ns + (left > TICK_MIN ? left : TICK_MIN);
	if (due == c->timer_ns)
		return;
	c->timer_ns = due;
	const struct itimerspec when = { .it_value = { .tv_sec = (time_t)(due / 1000000000u),
		                                 .tv_nsec = (long)(due % 1000000000u) } };
	timerfd_settime(c->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void clock_also(struct clock *c, const struct board *b, uint64_t guest_ns)
{
	if (c->also_ns == guest_ns)
		return;
	c->also_ns = guest_ns;
	clock_plan(c, b);
}

void clock_lived(struct clock *c, struct board *b, uint64_t host_ns, uint64_t ran_ns)
{
	bool waits;
	uint64_t next = board_next_request_ns(b, &waits), now = b->state.now_ns;
	uint64_t passed = scale(host_ns, c->permille, FULL_SPEED), ns = passed;
	uint64_t caught = passed < c->behind_ns / CATCH_UP ? passed * CATCH_UP : c->behind_ns;
	uint64_t all = passed + c->behind_ns;
	if (waits) {
		/* Not faster than the host's, or a guest that is sped up would take too long. */
		uint32_t permille = c->permille < FULL_SPEED ? c->permille : FULL_SPEED;
		ns = scale(ran_ns < host_ns ? ran_ns : host_ns, permille, FULL_SPEED);
	} else if (next == BOARD_NEVER) {
		ns = all;
	} else {
		uint64_t may = next > now && next - now > PASS_MIN ? next - now : PASS_MIN;
		ns = passed + caught < may ? passed + caught : may;
	}
	c->behind_ns = all - ns < BEHIND_MAX ? all - ns : BEHIND_MAX;
	board_advance(b, ns);
}

/* How long this thread has run, the guest's code too. */
static uint64_t ran_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void clock_sync(struct clock *c, struct board *b)
{
	bool waits;
	if (c->policy != CLOCK_HOST)
		return;
	uint64_t now = clock_host_ns(), ran = c->has_ran ? ran_ns() - c->ran_ns : UINT64_MAX;
	clock_lived(c, b, now - c->synced_ns, ran);
	c->synced_ns = now;
	/* A system call, which only those pay whose interrupts wait. */
	board_next_request_ns(b, &waits);
	c->has_ran = waits;
	if (waits)
		c->ran_ns = ran_ns();
}

void clock_skip(struct clock *c, struct board *b, uint64_t guest_ns)
{
	if (c->policy != CLOCK_HOST || guest_ns <= b->state.now_ns)
		return;
	board_advance(b, guest_ns - b->state.now_ns);
	c->synced_ns = clock_host_ns();
	c->behind_ns = 0;
	clock_plan(c, b);
}

void clock_set(struct clock *c, struct board *b, enum clock_policy policy)
{
	clock_sync(c, b);
	if (policy != c->policy) {
		if (c->policy != CLOCK_HOST) /* or it has been synced just now */
			c->synced_ns = clock_host_ns();
		c->behind_ns = 0;
		c->has_ran = false;
	}
	c->policy = policy;
	clock_plan(c, b);
}

void clock_step(struct clock *c, struct board *b, uint64_t ns)
{
	clock_set(c, b, CLOCK_STEPS);
	board_advance(b, ns);
}

void clock_replaced(struct clock *c, struct board *b)
{
	enum clock_policy policy = c->policy;
	c->policy = CLOCK_STEPS; /* what the host's clock has done since is nothing to it */
	c->timer_ns = 0;
	c->behind_ns = 0;
	clock_set(c, b, policy);
}

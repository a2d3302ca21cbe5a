/* The guest's time: whose it is, and what it does when that changes. */
#include "machine/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "random.h"

#define SECOND 1000000000ull

static void swallow(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static void open_both(struct clock *c, struct board *b)
{
	struct error e = { 0 };
	board_init(b, false, swallow, NULL);
	CHECK_EQ(clock_open(c, &e), 0);
	CHECK_STR(e.text, "");
}

static void write_port(struct board *b, uint16_t port, uint8_t value)
{
	board_io(b, port, &value, 1, 1, true);
}

/* Both controllers unmasked at vectors 8 and 0x70, counter 0 in mode 2 with the count 0x100. */
static void start_timer(struct board *b)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} writes[] = { { 0x20, 0x11 }, { 0x21, 8 }, { 0x21, 4 }, { 0x21, 1 }, { 0xa0, 0x11 },
		{ 0xa1, 0x70 }, { 0xa1, 2 }, { 0xa1, 1 }, { 0x21, 0 }, { 0x43, 0x34 }, { 0x40, 0 },
		{ 0x40, 1 } };
	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
		write_port(b, writes[i].port, writes[i].value);
}

static void let_the_host_live_on(void)
{
	uint64_t until = clock_host_ns() + 1000;
	while (clock_host_ns() < until)
		;
}

static void by_steps_it_goes_on_by_what_they_take(void)
{
	struct clock c;
	struct board b;
	open_both(&c, &b);
	for (unsigned i = 1; i <= 3; i++) {
		clock_step(&c, &b, 1000);
		let_the_host_live_on();
		clock_sync(&c, &b);
		CHECK_EQ(b.state.now_ns, 1000 * i);
	}
	clock_close(&c);
}

static void with_the_host_it_goes_on_and_stands_between(void)
{
	struct clock c;
	struct board b;
	open_both(&c, &b);
	uint64_t before = clock_host_ns();
	clock_set(&c, &b, CLOCK_HOST);
	let_the_host_live_on();
	clock_sync(&c, &b);
	uint64_t first = b.state.now_ns;
	CHECK(first >= 1000 && first <= clock_host_ns() - before);
	clock_set(&c, &b, CLOCK_STEPS);
	uint64_t stood = b.state.now_ns;
	CHECK(stood >= first);
	let_the_host_live_on();
	uint64_t again = clock_host_ns();
	clock_set(&c, &b, CLOCK_HOST); /* it does not catch up */
	CHECK(b.state.now_ns == stood);
	clock_sync(&c, &b);
	CHECK(b.state.now_ns - stood <= clock_host_ns() - again);
	clock_close(&c);
}

/* A step is a step, whoever had the time before. */
static void a_step_takes_the_time_from_the_host(void)
{
	struct clock c;
	struct board b;
	open_both(&c, &b);
	clock_set(&c, &b, CLOCK_HOST);
	clock_step(&c, &b, 1000);
	uint64_t now = b.state.now_ns;
	let_the_host_live_on();
	clock_sync(&c, &b);
	CHECK_EQ(b.state.now_ns, now);
	clock_close(&c);
}

static void anothers_time_goes_on_from_where_it_was(void)
{
	struct clock c;
	struct board b;
	open_both(&c, &b);
	clock_set(&c, &b, CLOCK_HOST);
	let_the_host_live_on();
	b.state.now_ns = 5 * SECOND;
	uint64_t before = clock_host_ns();
	clock_replaced(&c, &b);
	CHECK_EQ(b.state.now_ns, 5 * SECOND);
	clock_sync(&c, &b);
	CHECK(b.state.now_ns - 5 * SECOND <= clock_host_ns() - before);
	CHECK_EQ(c.policy, CLOCK_HOST);
	clock_close(&c);
}

/* The descriptor is readable when the timer's interrupt is due, and not before one can come. */
static void the_timer_tells_when_an_interrupt_is_due(void)
{
	struct clock c;
	struct board b;
	open_both(&c, &b);
	clock_set(&c, &b, CLOCK_HOST);
	struct pollfd p = { .fd = c.timer_fd, .events = POLLIN };
	CHECK_EQ(c.timer_ns, 0);
	CHECK_EQ(poll(&p, 1, 0), 0);
	clock_set(&c, &b, CLOCK_STEPS);
	start_timer(&b);
	clock_plan(&c, &b);
	CHECK_EQ(c.timer_ns, 0); /* by steps no host's timer runs */
	clock_set(&c, &b, CLOCK_HOST);
	CHECK(c.timer_ns > 0);
	CHECK_EQ(poll(&p, 1, 10000), 1);
	clock_sync(&c, &b);
	CHECK(board_interrupt(&b));
	clock_close(&c);
}

static void the_timer_tells_of_what_somebody_else_has_to_do(void)
{
	struct clock c;
	struct board b;
	open_both(&c, &b);
	clock_also(&c, &b, 1000000);
	CHECK_EQ(c.timer_ns, 0); /* by steps no time of the host's is known */
	clock_set(&c, &b, CLOCK_HOST);
	struct pollfd p = { .fd = c.timer_fd, .events = POLLIN };
	CHECK_EQ(poll(&p, 1, 10000), 1);
	clock_sync(&c, &b);
	CHECK(b.state.now_ns >= 1000000);
	uint64_t before = c.timer_ns;
	clock_also(&c, &b, BOARD_NEVER);
	clock_plan(&c, &b);
	CHECK_EQ(c.timer_ns, before);
	clock_close(&c);
}

/* --- what the host does to it ------------------------------------------------------------------- */

#define TICK_NS 54925415ull /* of the PC's timer: 65536 clocks of 1193182 Hz */
#define TENTH   100000000ull

static void open_with_slow_ticks(struct clock *c, struct board *b)
{
	open_both(c, b);
	start_timer(b);
	write_port(b, 0x43, 0x34);
	write_port(b, 0x40, 0);
	write_port(b, 0x40, 0); /* 65536 */
	b->state.now_ns = 0;
}

/* A handler: takes the interrupt, and tells the controller when it is through. */
static unsigned handle(struct clock *c, struct board *b, uint64_t host_ns, uint64_t ran_ns)
{
	if (!board_interrupt(b))
		return 0;
	CHECK_EQ(board_acknowledge(b), 8);
	clock_lived(c, b, 0, 0); /* as every access to a device does */
	clock_lived(c, b, host_ns, ran_ns);
	write_port(b, 0x20, 0x20);
	clock_lived(c, b, 0, 0);
	return 1;
}

/* 10 s of the guest's time, while the host comes late again and again, between instructions and within
 * handlers, by up to six ticks. */
static void no_tick_is_lost_by_the_host(void)
{
	static const uint32_t speeds[] = { 1000, 250, 10000, 1 };
	uint64_t seed = 5;
	for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
		struct clock c;
		struct board b;
		uint64_t ticks = 0;
		open_with_slow_ticks(&c, &b);
		clock_set_speed(&c, speeds[i]);
		while (b.state.now_ns < 10 * SECOND) {
			uint64_t late = random_below(&seed, 20) ? random_below(&seed, 2000000)
			                                        : random_below(&seed, 300000000);
			uint64_t in_handler =
			        random_below(&seed, 20) ? 20000 : random_below(&seed, 300000000);
			clock_lived(&c, &b, late * 1000 / speeds[i], 20000 * 1000 / speeds[i]);
			ticks += handle(
			        &c, &b, in_handler * 1000 / speeds[i], 20000 * 1000 / speeds[i]);
		}
		uint64_t wanted = b.state.now_ns / TICK_NS;
		if (ticks + 1 < wanted || ticks > wanted + 1 || wanted < 182)
			CHECK_FAIL("speed %u: %" PRIu64 " ticks, wanted %" PRIu64, speeds[i], ticks,
			        wanted);
		clock_close(&c);
	}
}

/* Time that it is behind is made up for as soon as the ticks are taken, and is not much. */
static void it_catches_up_from_tick_to_tick(void)
{
	struct clock c;
	struct board b;
	open_with_slow_ticks(&c, &b);
	unsigned ticks = 0;
	clock_lived(&c, &b, 3 * TENTH, 3 * TENTH);
	uint64_t first = b.state.now_ns;
	CHECK(first >= TICK_NS && first < TICK_NS + 2000); /* loading the count takes a clock */
	clock_lived(&c, &b, 0, 0);                         /* nobody has taken that one */
	clock_lived(&c, &b, TENTH, 0);
	CHECK_EQ(b.state.now_ns, first);
	/* Not at once: five times as fast, so that it has caught up after a quarter of what it was behind. */
	uint64_t left = 4 * TENTH - first, host_ns = 0;
	for (; c.behind_ns; host_ns += 20000) {
		ticks += handle(&c, &b, 0, 0);
		clock_lived(&c, &b, 20000, 20000);
	}
	ticks += handle(&c, &b, 0, 0);
	CHECK_EQ(ticks, b.state.now_ns / TICK_NS);
	CHECK_EQ(b.state.now_ns, 4 * TENTH + host_ns);
	CHECK(host_ns >= left / 4 && host_ns <= left / 4 + 1000000);
	/* A host that slept for long: a second of it counts. */
	clock_lived(&c, &b, 1000 * SECOND, 1000 * SECOND);
	uint64_t before = b.state.now_ns;
	for (host_ns = 0; c.behind_ns; host_ns += 20000) {
		handle(&c, &b, 0, 0);
		clock_lived(&c, &b, 20000, 20000);
	}
	CHECK(b.state.now_ns - before - host_ns <= SECOND + TICK_NS);
	CHECK(b.state.now_ns - before >= SECOND);
	clock_close(&c);
}

static void a_guest_that_takes_no_interrupts_loses_them(void)
{
	struct clock c;
	struct board b;
	open_with_slow_ticks(&c, &b);
	for (unsigned i = 0; i < 10; i++)
		clock_lived(&c, &b, SECOND, SECOND);
	CHECK(b.state.now_ns >= 9 * SECOND); /* time does not stand still for it */
	unsigned ticks = 0;
	for (; board_interrupt(&b); ticks++)
		handle(&c, &b, 0, 0);
	CHECK(ticks <= 19);
	/* Nor where it has masked them. */
	write_port(&b, 0x21, 1);
	uint64_t before = b.state.now_ns;
	clock_lived(&c, &b, 20 * SECOND, 20 * SECOND);
	CHECK(b.state.now_ns - before >= 20 * SECOND);
	clock_close(&c);
}

/* A tick of 10 us can't be taken in time: it keeps time from going on as little. */
static void fast_ticks_do_not_hold_it_up(void)
{
	struct clock c;
	struct board b;
	open_both(&c, &b);
	start_timer(&b);
	write_port(&b, 0x43, 0x34);
	write_port(&b, 0x40, 12);
	write_port(&b, 0x40, 0);
	unsigned count = 0;
	for (; b.state.now_ns < SECOND && count < 100000; count++) {
		clock_lived(&c, &b, 50000, 50000);
		handle(&c, &b, 0, 0);
	}
	CHECK(count <= SECOND / 50000 + 2);
	clock_close(&c);
}

static void its_speed_is_a_factor(void)
{
	static const uint32_t speeds[] = { 1, 500, 1000, 1001, 1000000 };
	for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
		struct clock c;
		struct board b;
		open_both(&c, &b);
		clock_set_speed(&c, speeds[i]);
		clock_lived(&c, &b, 7 * SECOND, 7 * SECOND);
		CHECK_EQ(b.state.now_ns, 7 * SECOND / 1000 * speeds[i]);
		uint64_t left = clock_left_ns(&c, &b, b.state.now_ns + SECOND);
		CHECK_EQ(left, SECOND * 1000 / speeds[i]);
		CHECK_EQ(clock_left_ns(&c, &b, b.state.now_ns), 0);
		CHECK_EQ(clock_left_ns(&c, &b, 0), 0);
		clock_close(&c);
	}
}

/* 60 us of the host's for a handler are 60 ms of its own time, in which a tick would be lost. */
static void a_guest_that_is_sped_up_takes_each_tick(void)
{
	struct clock c;
	struct board b;
	uint64_t ticks = 0;
	open_with_slow_ticks(&c, &b);
	clock_set_speed(&c, 1000000);
	while (b.state.now_ns < 10 * SECOND) {
		clock_lived(&c, &b, 20000, 20000);
		ticks += handle(&c, &b, 60000, 60000);
	}
	uint64_t wanted = b.state.now_ns / TICK_NS;
	CHECK(ticks + 1 >= wanted && ticks <= wanted + 1);
	clock_close(&c);
}

static void a_wait_can_be_skipped(void)
{
	struct clock c;
	struct board b;
	open_with_slow_ticks(&c, &b);
	clock_skip(&c, &b, SECOND); /* by steps it stands */
	CHECK_EQ(b.state.now_ns, 0);
	clock_set(&c, &b, CLOCK_HOST);
	uint64_t next = board_next_interrupt_ns(&b);
	clock_skip(&c, &b, next);
	CHECK_EQ(b.state.now_ns, next);
	CHECK(board_interrupt(&b));
	clock_skip(&c, &b, next - 1); /* not back */
	CHECK_EQ(b.state.now_ns, next);
	CHECK_EQ(c.behind_ns, 0);
	clock_close(&c);
}

/* Five hours ahead of UTC, as POSIX writes it. */
static void the_hosts_date_is_utc_or_local(void)
{
	setenv("TZ", "XYZ-5", 1);
	tzset();
	int64_t utc = clock_host_date(false), local = clock_host_date(true);
	/* time() reads the clock of the last tick, which may be of the second before: time(2). */
	CHECK(utc >= (int64_t)time(NULL) - 2 && utc <= (int64_t)time(NULL) + 1);
	CHECK(local - utc >= 5 * 3600 && local - utc <= 5 * 3600 + 2);
}

int main(void)
{
	RUN(by_steps_it_goes_on_by_what_they_take);
	RUN(with_the_host_it_goes_on_and_stands_between);
	RUN(a_step_takes_the_time_from_the_host);
	RUN(anothers_time_goes_on_from_where_it_was);
	RUN(the_timer_tells_when_an_interrupt_is_due);
	RUN(the_timer_tells_of_what_somebody_else_has_to_do);
	RUN(no_tick_is_lost_by_the_host);
	RUN(it_catches_up_from_tick_to_tick);
	RUN(a_guest_that_takes_no_interrupts_loses_them);
	RUN(fast_ticks_do_not_hold_it_up);
	RUN(its_speed_is_a_factor);
	RUN(a_guest_that_is_sped_up_takes_each_tick);
	RUN(a_wait_can_be_skipped);
	RUN(the_hosts_date_is_utc_or_local);
	return check_done();
}

/* Kicks: a timer that is armed once kicks again and again, until it is disarmed. */
#include "host/kick.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define EVERY_NS 1000000u
#define WAIT_MS  20000 /* what never comes fails */

static volatile unsigned kicks;

static void count(void *ctx)
{
	(void)ctx;
	kicks++;
}

/* A kick is a signal, which ends the poll. */
static bool wait_for(unsigned wanted)
{
	const time_t until = time(NULL) + WAIT_MS / 1000;
	while (kicks < wanted && time(NULL) < until)
		poll(NULL, 0, 10);
	return kicks >= wanted;
}

static void a_timer_kicks_each_time(void)
{
	struct kicker k;
	struct error e = { 0 };
	CHECK_EQ(kicker_open(&k, count, NULL, &e), 0);
	kicks = 0;
	kicker_arm_timer(&k, EVERY_NS);
	CHECK(wait_for(5));
	kicker_disarm(&k);
	poll(NULL, 0, 0); /* one may have been on its way */
	const unsigned before = kicks;
	kicker_arm_timer(&k, 1000u * EVERY_NS); /* which takes the place of any that was left */
	poll(NULL, 0, 20);
	CHECK(kicks <= before + 1);
	kicker_disarm(&k);
	kicker_arm_timer(&k, EVERY_NS);
	kicks = 0;
	CHECK(wait_for(5));
	kicker_close(&k);
}

static void a_descriptor_kicks_once(void)
{
	struct kicker k;
	struct error e = { 0 };
	int ends[2];
	CHECK_EQ(kicker_open(&k, count, NULL, &e), 0);
	CHECK_EQ(pipe(ends), 0);
	kicks = 0;
	CHECK(kicker_arm(&k, ends[0], false));
	CHECK_EQ(write(ends[1], "x", 1), 1);
	CHECK(wait_for(1));
	CHECK_EQ(write(ends[1], "x", 1), 1);
	kicker_arm_timer(&k, EVERY_NS); /* what comes from now on is the timer's */
	CHECK(wait_for(2));
	CHECK(kicker_arm(&k, ends[0], false)); /* readable still */
	kicker_disarm(&k);
	close(ends[0]);
	close(ends[1]);
	kicker_close(&k);
}

int main(void)
{
	RUN(a_timer_kicks_each_time);
	RUN(a_descriptor_kicks_once);
	return check_done();
}

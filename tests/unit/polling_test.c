#include "machine/polling.h"

#include "check.h"

#define MS UINT64_C(1000000)

static struct polling p;
static uint64_t now_ns;

static void begin(void)
{
	p = (struct polling) { .is_calm = false };
	now_ns = 1000 * MS;
}

/* One look after so long, with these registers. True: the guest may rest. */
static bool look(uint64_t after_ns, uint32_t eax, uint32_t ecx, uint64_t screen)
{
	const struct bios_regs r = { .eax = eax, .ecx = ecx };
	now_ns += after_ns;
	return polling_look(&p, &r, now_ns) && polling_burst(&p, screen, now_ns);
}

/* For so long. How often it may have rested. */
static unsigned poll_for(uint64_t ns, uint64_t after_ns, uint64_t screen)
{
	unsigned rests = 0;
	for (uint64_t end = now_ns + ns; now_ns < end;)
		rests += look(after_ns, 0x100, 0, screen);
	return rests;
}

static void a_guest_that_only_looks_rests(void)
{
	begin();
	CHECK_EQ(poll_for(200 * MS, MS / 10, 1), 0); /* not at once */
	CHECK(poll_for(100 * MS, MS / 10, 1) > 10);
	CHECK(polling_calm_ns(&p, now_ns) > 250 * MS);
	CHECK_EQ(polling_calm_ns(&p, now_ns + 6000 * MS), 0); /* it has not looked since */
}

static void one_that_works_between_its_looks_does_not(void)
{
	begin();
	CHECK_EQ(poll_for(3000 * MS, MS, 1), 0);
	CHECK(polling_calm_ns(&p, now_ns) > 2500 * MS); /* but that is all that it does */
}

static void one_whose_screen_changes_does_not(void)
{
	begin();
	for (uint64_t screen = 0; screen < 20; screen++)
		CHECK_EQ(poll_for(200 * MS, MS / 10, screen), 0);
	CHECK(polling_calm_ns(&p, now_ns) < 250 * MS);
	CHECK(poll_for(100 * MS, MS / 10, 19) > 0);
}

static void one_that_counts_does_not(void)
{
	unsigned rests = 0;
	begin();
	for (uint32_t i = 0; i < 10000; i++)
		rests += look(MS / 10, 0x100, i, 1);
	CHECK_EQ(rests, 0);
	for (uint32_t i = 0; i < 10000; i++) /* where it has been does not count */
		rests += look(MS / 10, 0x100, i % 5, 1);
	CHECK_EQ(rests, 0);
	for (uint32_t i = 0; i < 1000; i++) /* two functions by turns, from two places */
		rests += look(MS / 10, i % 2 ? 0x100 : 0x1100, i % 4 / 2, 1);
	CHECK(rests > 10);
}

static void what_it_does_else_begins_anew(void)
{
	begin();
	CHECK(poll_for(300 * MS, MS / 10, 1) > 0);
	polling_disturbed(&p);
	CHECK_EQ(polling_calm_ns(&p, now_ns), 0);
	CHECK_EQ(poll_for(200 * MS, MS / 10, 1), 0);
	CHECK(poll_for(100 * MS, MS / 10, 1) > 0);
	now_ns += 6000 * MS; /* a pause is something else */
	CHECK_EQ(poll_for(200 * MS, MS / 10, 1), 0);
}

int main(void)
{
	RUN(a_guest_that_only_looks_rests);
	RUN(one_that_works_between_its_looks_does_not);
	RUN(one_whose_screen_changes_does_not);
	RUN(one_that_counts_does_not);
	RUN(what_it_does_else_begins_anew);
	return check_done();
}

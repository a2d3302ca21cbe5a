/* The ring behind `monitor ports` and `monitor log`. */
#include "machine/journal.h"

#include "check.h"

static void note_io(struct journal *j, uint16_t port, uint32_t value, uint32_t count)
{
	uint8_t data[16] = { (uint8_t)value, (uint8_t)(value >> 8) };
	const struct exit x = {
		.kind = EXIT_IO,
		.reason = KVM_EXIT_IO,
		.io = { .is_write = true, .size = 2, .port = port, .count = count, .data = data },
	};
	journal_note(j, &x);
}

static void nothing_is_noted_until_it_is_started(void)
{
	static struct journal j;
	note_io(&j, 1, 2, 1);
	CHECK(!journal_last(&j, 0));
	journal_start(&j);
	note_io(&j, 1, 2, 1);
	CHECK(journal_last(&j, 0));
	journal_end(&j);
	note_io(&j, 3, 4, 1);
	CHECK_EQ(journal_last(&j, 0)->at, 1);
	journal_start(&j);
	CHECK(!journal_last(&j, 0));
}

static void an_event_is_kept_whole(void)
{
	static struct journal j;
	uint8_t data[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct exit x = {
		.kind = EXIT_MMIO,
		.reason = KVM_EXIT_MMIO,
		.mmio = { .is_write = false, .size = 8, .gpa = 0xfee00020, .data = data },
	};
	journal_start(&j);
	note_io(&j, 0x3f8, 0x1234, 3);
	journal_note(&j, &x);
	const struct journal_event *e = journal_last(&j, 1);
	CHECK(e->is_write);
	CHECK_EQ(e->at, 0x3f8);
	CHECK_EQ(e->value, 0x1234);
	CHECK_EQ(e->count, 3);
	e = journal_last(&j, 0);
	CHECK_EQ(e->kind, EXIT_MMIO);
	CHECK(!e->is_write);
	CHECK_EQ(e->at, 0xfee00020);
	CHECK_EQ(e->value, 0x0807060504030201);
}

static void a_poll_is_counted(void)
{
	static struct journal j;
	journal_start(&j);
	for (int i = 0; i < 1000; i++)
		note_io(&j, 0x64, 0, 1);
	note_io(&j, 0x64, 1, 1);
	CHECK_EQ(journal_last(&j, 1)->times, 1000);
	CHECK_EQ(journal_last(&j, 0)->times, 1);
	CHECK(!journal_last(&j, 2));
	note_io(&j, 5, 1, 2); /* rep: its further elements may differ */
	note_io(&j, 5, 1, 2);
	CHECK_EQ(journal_last(&j, 0)->times, 1);
	CHECK_EQ(journal_last(&j, 1)->at, 5);
}

static void the_oldest_make_room(void)
{
	static struct journal j;
	journal_start(&j);
	for (unsigned i = 0; i < JOURNAL_EVENTS + 10; i++)
		note_io(&j, (uint16_t)i, i, 1);
	for (unsigned n = 0; n < JOURNAL_EVENTS; n++)
		CHECK_EQ(journal_last(&j, n)->at, JOURNAL_EVENTS + 9 - n);
	CHECK(!journal_last(&j, JOURNAL_EVENTS));
}

static void decisions_are_kept_alike(void)
{
	static struct journal_run j;
	struct decision d = { .kind = DECISION_STEP, .why = STEP_CAUGHT, .at = 0x7c00 };
	journal_run_note(&j, &d);
	CHECK(!journal_run_last(&j, 0));
	journal_run_start(&j);
	journal_run_note(&j, &d);
	journal_run_note(&j, &d);
	d.why = STEP_NEAR;
	journal_run_note(&j, &d);
	CHECK_EQ(journal_run_last(&j, 0)->decision.why, STEP_NEAR);
	CHECK_EQ(journal_run_last(&j, 0)->times, 1);
	CHECK_EQ(journal_run_last(&j, 1)->times, 2);
	CHECK(!journal_run_last(&j, 2));
	for (d.at = 0; d.at < JOURNAL_EVENTS + 10; d.at++)
		journal_run_note(&j, &d);
	for (unsigned n = 0; n < JOURNAL_EVENTS; n++)
		CHECK_EQ(journal_run_last(&j, n)->decision.at, JOURNAL_EVENTS + 9 - n);
	CHECK(!journal_run_last(&j, JOURNAL_EVENTS));
	journal_run_end(&j);
	d.at = 0;
	journal_run_note(&j, &d);
	CHECK_EQ(journal_run_last(&j, 0)->decision.at, JOURNAL_EVENTS + 9);
}

static void calls_of_the_bios_are_kept_alike(void)
{
	static struct journal_bios j;
	struct bios_regs before = { .eax = 0x0e41, .ip = 0x7c10 }, after = before;
	journal_bios_note(&j, 0x10, &before, &after);
	CHECK(!journal_bios_last(&j, 0));
	journal_bios_start(&j);
	journal_bios_note(&j, 0x10, &before, &after);
	before.ip = after.ip = 0x7c20; /* from elsewhere */
	journal_bios_note(&j, 0x10, &before, &after);
	CHECK_EQ(journal_bios_last(&j, 0)->times, 2);
	CHECK_EQ(journal_bios_last(&j, 0)->before.ip, 0x7c10);
	after.flags = BIOS_CF;
	journal_bios_note(&j, 0x10, &before, &after);
	CHECK_EQ(journal_bios_last(&j, 0)->times, 1);
	journal_bios_note(&j, 0x11, &before, &after);
	CHECK_EQ(journal_bios_last(&j, 0)->vector, 0x11);
	CHECK_EQ(journal_bios_last(&j, 2)->times, 2);
	CHECK(!journal_bios_last(&j, 3));
	for (unsigned i = 0; i < JOURNAL_EVENTS + 10; i++) {
		before.eax = i;
		journal_bios_note(&j, 0x16, &before, &after);
	}
	CHECK_EQ(journal_bios_last(&j, JOURNAL_EVENTS - 1)->before.eax, 10);
	CHECK(!journal_bios_last(&j, JOURNAL_EVENTS));
	journal_bios_end(&j);
	journal_bios_note(&j, 0x17, &before, &after);
	CHECK_EQ(journal_bios_last(&j, 0)->vector, 0x16);
}

static void a_call_that_waits_is_one_call(void)
{
	static struct journal_bios j;
	const struct bios_regs before = { .eax = 0 }, after = { .eax = 0x1e61 };
	journal_bios_start(&j);
	journal_bios_note(&j, 0x16, &before, NULL);
	CHECK(!journal_bios_last(&j, 0)->is_done);
	journal_bios_note(&j, 0x16, &before, NULL);
	CHECK_EQ(journal_bios_last(&j, 0)->times, 1);
	journal_bios_note(&j, 0x16, &before, &after);
	CHECK(journal_bios_last(&j, 0)->is_done);
	CHECK_EQ(journal_bios_last(&j, 0)->after.eax, 0x1e61);
	CHECK(!journal_bios_last(&j, 1));
	CHECK(journal_bios_note(&j, 0x16, &before, NULL)); /* the next one */
	CHECK(!journal_bios_last(&j, 0)->is_done);
	CHECK(journal_bios_last(&j, 1)->is_done);
	CHECK(journal_bios_note(&j, 8, &before, &before)); /* and ticks meanwhile */
	CHECK(!journal_bios_note(&j, 0x16, &before, NULL));
	CHECK(!journal_bios_note(&j, 8, &before, &before));
	CHECK_EQ(journal_bios_last(&j, 0)->times, 2);
	CHECK(journal_bios_note(&j, 0x16, &before, &after));
	CHECK(journal_bios_last(&j, 0)->is_done);
	CHECK(journal_bios_note(&j, 0x16, &before, NULL));
}

int main(void)
{
	RUN(nothing_is_noted_until_it_is_started);
	RUN(an_event_is_kept_whole);
	RUN(a_poll_is_counted);
	RUN(the_oldest_make_room);
	RUN(decisions_are_kept_alike);
	RUN(calls_of_the_bios_are_kept_alike);
	RUN(a_call_that_waits_is_one_call);
	return check_done();
}

/* The ring behind `monitor ports` and `monitor log`. */
#include "journal.h"

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

int main(void)
{
	RUN(nothing_is_noted_until_it_is_started);
	RUN(an_event_is_kept_whole);
	RUN(a_poll_is_counted);
	RUN(the_oldest_make_room);
	return check_done();
}

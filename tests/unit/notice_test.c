/* Notices and a spool while somebody else has the terminal: kept, bounded, and printed afterwards. */
#include "host/notice.h"

#include "check.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What f prints on standard error, as a string. */
static const char *errors_of(void (*f)(void))
{
	static char text[300000];
	int file = memfd_create("errors", 0), before = dup(STDERR_FILENO);
	dup2(file, STDERR_FILENO);
	f();
	dup2(before, STDERR_FILENO);
	close(before);
	ssize_t n = pread(file, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = 0;
	close(file);
	return text;
}

static void hold_and_release(void)
{
	notice_hold();
	notice_print("one %d\n", 1);
	notice_hold();
	fputs("two\n", notice_begin());
	fputs("not held\n", stderr);
	notice_release();
	notice_print("three\n");
	notice_release();
}

static void held_notices_come_afterwards_in_order(void)
{
	CHECK_STR(errors_of(hold_and_release), "not held\none 1\ntwo\nthree\n");
}

static void hold_many(void)
{
	notice_hold();
	for (unsigned i = 0; i < 100000; i++)
		notice_print("%05u\n", i);
	notice_release();
}

static void the_last_of_many_are_kept(void)
{
	const char *text = errors_of(hold_many);
	size_t len = strlen(text);
	CHECK(len >= 65536 && len <= 3 * 65536);
	CHECK_STR(text + len - 12, "99998\n99999\n");
	CHECK_EQ(strtoul(text, NULL, 10), 100000 - len / 6); /* and none is missing between */
}

static void a_spool_is_held_and_bounded(void)
{
	struct spool o;
	int fds[2];
	char text[64] = "";
	static uint8_t much[3 * SPOOL_HELD_MAX];
	CHECK_EQ(pipe(fds), 0);
	spool_init(&o, fds[1]);
	spool_hold(&o);
	spool_put(&o, (const uint8_t *)"ab", 2);
	spool_flush(&o);
	CHECK_EQ(spool_kept(&o), 0); /* nobody waits for it */
	spool_put(&o, (const uint8_t *)"c", 1);
	spool_release(&o);
	CHECK_EQ(spool_kept(&o), 3);
	spool_flush(&o);
	CHECK_EQ(read(fds[0], text, sizeof text), 3);
	CHECK_STR(text, "abc");
	spool_hold(&o);
	memset(much, 'x', sizeof much);
	for (unsigned i = 0; i < 10; i++)
		spool_put(&o, much, sizeof much);
	spool_release(&o);
	CHECK_EQ(spool_kept(&o), SPOOL_HELD_MAX);
	spool_close(&o);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	RUN(held_notices_come_afterwards_in_order);
	RUN(the_last_of_many_are_kept);
	RUN(a_spool_is_held_and_bounded);
	return check_done();
}

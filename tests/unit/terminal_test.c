/* What is written to a terminal that is slow to read. The rest of terminal.h is screen_test's. */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "host/terminal.h"

#define LAST "the last of it"

/* All that comes until the last of it, or the end. */
static void *read_slowly(void *ctx)
{
	static char last[sizeof LAST];
	const int fd = *(const int *)ctx;
	char c;
	memset(last, 0, sizeof last);
	while (strcmp(last, LAST) != 0 && read(fd, &c, 1) == 1) {
		memmove(last, last + 1, sizeof last - 2);
		last[sizeof last - 2] = c;
	}
	return last;
}

static void fill(int fd)
{
	static const char zeros[4096];
	while (write(fd, zeros, sizeof zeros) > 0)
		;
	while (write(fd, zeros, 1) > 0)
		;
}

static void what_comes_last_is_not_lost_where_it_is_full(void)
{
	int ends[2];
	pthread_t reader;
	void *last;
	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	fill(ends[1]);
	CHECK_EQ(pthread_create(&reader, NULL, read_slowly, &ends[0]), 0);
	terminal_write(ends[1], LAST);
	close(ends[1]);
	pthread_join(reader, &last);
	CHECK_STR((const char *)last, LAST);
	close(ends[0]);
}

static void one_that_nobody_reads_is_given_up(void)
{
	int ends[2];
	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	fill(ends[1]);
	terminal_write(ends[1], LAST);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	RUN(what_comes_last_is_not_lost_where_it_is_full);
	RUN(one_that_nobody_reads_is_given_up);
	return check_done();
}

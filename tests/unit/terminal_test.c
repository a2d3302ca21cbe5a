/* What is written to a terminal that is slow to read. The rest of terminal.h is screen_test's. */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "host/terminal.h"

/* More than a pipe takes at once. */
static char text[1 << 20];

/* len: how many bytes have come until the end. */
struct reader {
	int fd;
	size_t len;
};

static void *read_all(void *ctx)
{
	struct reader *r = ctx;
	char some[512];
	ssize_t n;
	while ((n = read(r->fd, some, sizeof some)) > 0)
		r->len += (size_t)n;
	return NULL;
}

static bool open_pipe(int ends[2])
{
	return pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0;
}

static void all_is_written_where_it_is_full_meanwhile(void)
{
	int ends[2];
	pthread_t thread;
	CHECK(open_pipe(ends));
	struct reader r = { .fd = ends[0] };
	CHECK_EQ(pthread_create(&thread, NULL, read_all, &r), 0);
	terminal_write(ends[1], text);
	close(ends[1]);
	pthread_join(thread, NULL);
	CHECK_EQ(r.len, strlen(text));
	close(ends[0]);
}

static void one_that_nobody_reads_is_given_up(void)
{
	int ends[2];
	CHECK(open_pipe(ends));
	terminal_write(ends[1], text);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	memset(text, 'x', sizeof text - 1);
	RUN(all_is_written_where_it_is_full_meanwhile);
	RUN(one_that_nobody_reads_is_given_up);
	return check_done();
}

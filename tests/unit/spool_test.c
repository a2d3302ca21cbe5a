#include "host/spool.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static int fds[2];
static struct spool o;

static void begin(void)
{
	CHECK_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	spool_init(&o, fds[1]);
}

static void end(void)
{
	spool_close(&o);
	close(fds[0]);
	close(fds[1]);
}

static void check_came(const char *text)
{
	char bytes[2 * SPOOL_GATHER_MAX];
	ssize_t n = read(fds[0], bytes, sizeof bytes - 1);
	bytes[n > 0 ? n : 0] = 0;
	CHECK_STR(bytes, text);
}

static bool gather(const char *text)
{
	return spool_gather(&o, (const uint8_t *)text, strlen(text));
}

static void small_pieces_are_gathered(void)
{
	begin();
	CHECK(gather("a"));
	CHECK(!gather("b")); /* that is to be flushed already */
	check_came("");
	CHECK_EQ(spool_kept(&o), 0); /* nobody waits for the reader */
	spool_flush(&o);
	check_came("ab");
	CHECK(gather("c"));
	spool_put(&o, (const uint8_t *)"d", 1); /* what goes at once goes after them */
	check_came("cd");
	CHECK(gather("e"));
	CHECK(spool_end_line(&o)); /* and where others write, they are there */
	check_came("e");
	end();
}

static void no_more_than_so_many_are(void)
{
	begin();
	char text[SPOOL_GATHER_MAX + 1] = "";
	memset(text, 'x', SPOOL_GATHER_MAX);
	for (unsigned i = 0; i < SPOOL_GATHER_MAX - 1; i++)
		CHECK_EQ(gather("x"), i == 0);
	check_came("");
	CHECK(!gather("x"));
	check_came(text);
	CHECK(gather("y"));
	spool_flush(&o);
	check_came("y");
	end();
}

static void a_reader_that_is_gone_is_noticed(void)
{
	begin();
	CHECK(gather("a"));
	close(fds[0]);
	fds[0] = -1;
	spool_flush(&o);
	CHECK(o.error < 0);
	CHECK(!gather("b"));
	spool_close(&o);
	close(fds[1]);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	RUN(small_pieces_are_gathered);
	RUN(no_more_than_so_many_are);
	RUN(a_reader_that_is_gone_is_noticed);
	return check_done();
}

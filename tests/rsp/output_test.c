/* Output that nobody reads for now: the debugger is served all the same, and no byte of it is lost,
 * comes twice or before another. */
#include <sched.h>
#include <sys/ioctl.h>

#include "rsp_check.h"

/* The end of a pipe to be written takes nothing more. */
static bool wait_until_full(int fd)
{
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	while (poll(&p, 1, 0) > 0 && rsp_now_ms() < until)
		sched_yield();
	return poll(&p, 1, 0) == 0;
}

/* Of counter's lines that a pipe takes still when poll(2) calls it full: its last page has room for short writes. */
#define LINES_ROOM (4096 / 20)

/* counter's lines, as they are to come. */
struct lines {
	char text[0x40000];
	size_t len;
};

static void add_lines(struct lines *l, uint64_t from, uint64_t to)
{
	for (; from < to && l->len < sizeof l->text - 64; from++)
		l->len += (size_t)sprintf(
		        l->text + l->len, "IO port: 10, data: %x\n", (unsigned)from);
}

/* How many lines the stopped guest has printed since its start, to 65535. */
static uint64_t printed(struct rsp *r)
{
	uint64_t loop = rsp_symbol("counter", "loop"), pc;
	uint64_t ax = rsp_register(r, 0) & 0xffff;
	rsp_ask(r, "?");
	pc = rsp_pc(r->packet);
	CHECK(pc >= loop && pc < loop + 5);
	return ax + (pc == loop + 2); /* after the out */
}

/* All that is wanted and nothing else comes out of the pipe. */
static void check_read(int fd, const struct lines *wanted)
{
	static char got[sizeof wanted->text];
	size_t len = 0;
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	while (len < wanted->len && rsp_now_ms() < until) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		poll(&p, 1, (int)(until - rsp_now_ms()));
		ssize_t n = read(fd, got + len, sizeof got - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	CHECK_EQ(len, wanted->len);
	CHECK(!memcmp(got, wanted->text, len < wanted->len ? len : wanted->len));
}

static void interrupt(struct rsp *r)
{
	rsp_send_raw(r, "\x03", 1);
	CHECK(!strncmp(rsp_reply(r), "T02", 3));
}

static void run_until_full(struct rsp *r)
{
	rsp_send(r, "c", 1);
	CHECK(wait_until_full(r->stdout_fd));
	interrupt(r);
}

#define OPEN(r, transport, to, guest)                                                              \
	do {                                                                                       \
		if (!rsp_start_piped(r, transport, to, rsp_guest(guest), NULL) ||                  \
		        !rsp_connect(r)) {                                                         \
			CHECK_FAIL("%s did not start: %s", guest, (r)->errors);                    \
			rsp_close(r);                                                              \
			return;                                                                    \
		}                                                                                  \
	} while (0)

static void a_debugger_is_answered_while_nobody_reads(void)
{
	static struct lines lines;
	for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
		struct rsp r;
		uint64_t from = 0, count;
		int out;
		OPEN(&r, is_tcp ? RSP_TCP : RSP_UNIX, &out, "counter");
		for (int i = 0; i < 4 && check_case_ok; i++) {
			lines.len = 0;
			run_until_full(&r);
			count = printed(&r);
			if (i % 2) { /* what is kept goes before the guest goes on: hardly at all */
				rsp_send(&r, "c", 1);
				interrupt(&r);
				CHECK(printed(&r) - count <= LINES_ROOM);
			}
			/* Two rounds. After steps kvm_intel in Bochs may lose exits of a run. */
			for (int k = 0; i == 3 && k < 6; k++)
				RSP_BEGINS(&r, "T05", "s");
			count = printed(&r);
			add_lines(&lines, from, count);
			check_read(out, &lines);
			from = count;
		}
		RSP_BEGINS(&r, "OK", "D");
		CHECK(wait_until_full(r.stdout_fd));
		rsp_close(&r);
		close(out);
	}
}

static void what_is_kept_outlives_reset_and_snapshots(void)
{
	static struct lines lines;
	struct rsp r;
	uint64_t count;
	int out;
	OPEN(&r, RSP_UNIX, &out, "counter");
	run_until_full(&r);
	count = printed(&r);
	add_lines(&lines, 0, count);
	CHECK(!strncmp(rsp_monitor(&r, "savevm a"), "Saved a", 7));
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < 6; k++)
			RSP_BEGINS(&r, "T05", "s");
		add_lines(&lines, count, count + 2);
		CHECK(!strncmp(rsp_monitor(&r, "loadvm a"), "Loaded a", 8));
	}
	CHECK(!strncmp(rsp_monitor(&r, "reset"), "The guest is at its first", 25));
	for (int k = 0; k < 7; k++) /* xor and two rounds */
		RSP_BEGINS(&r, "T05", "s");
	add_lines(&lines, 0, 2);
	check_read(out, &lines);
	run_until_full(&r);
	lines.len = 0;
	add_lines(&lines, 2, printed(&r));
	check_read(out, &lines);
	rsp_close(&r);
	close(out);
}

static void steps_wait_where_much_is_kept(void)
{
	static struct lines lines;
	struct rsp r;
	uint64_t count, behind_out = rsp_symbol("counter", "loop") + 2;
	int out, in_pipe = 0;
	OPEN(&r, RSP_UNIX, &out, "counter");
	run_until_full(&r);
	count = printed(&r);
	add_lines(&lines, 0, count);
	CHECK(ioctl(out, FIONREAD, &in_pipe) == 0);
	while (check_case_ok && lines.len - (size_t)in_pipe <= 65536) {
		RSP_BEGINS(&r, "T05", "s");
		if (rsp_pc(r.packet) == behind_out) {
			add_lines(&lines, count, count + 1);
			count++;
		}
	}
	rsp_send(&r, "s", 1);
	interrupt(&r);
	rsp_send(&r, "vCont;r0,ffffffff:1", 19);
	interrupt(&r);
	CHECK_EQ(printed(&r), count);
	check_read(out, &lines);
	RSP_BEGINS(&r, "T05", "s");
	rsp_close(&r);
	close(out);
}

/* The pipe is full before the guest has begun to print an A and to end with status 7. */
static bool step_to_the_exit(struct rsp *r)
{
	char page[4096] = { 0 };
	CHECK(write(r->stdout_fd, page, sizeof page) == sizeof page);
	/* mov al, 'A'; out 0xf1, al; mov al, 3; out 0xf4, al */
	RSP_IS(r, "OK", "M%" PRIx64 ",8:b041e6f1b003e6f4", rsp_symbol("hello", "start"));
	for (int i = 0; i < 3; i++)
		RSP_BEGINS(r, "T05", "s");
	return check_case_ok;
}

static void the_last_words_wait_for_their_reader(void)
{
	struct rsp r;
	char page[4097];
	int out;
	OPEN(&r, RSP_UNIX, &out, "hello");
	step_to_the_exit(&r);
	RSP_IS(&r, "W07", "s");
	CHECK_EQ(read(out, page, sizeof page), 4096);
	CHECK_EQ(rsp_wait_exit(&r), 7);
	CHECK_EQ(read(out, page, sizeof page), 1);
	CHECK_EQ(page[0], 'A');
	rsp_close(&r);
	close(out);
}

static void a_killed_guests_words_wait_for_nobody(void)
{
	struct rsp r;
	int out;
	OPEN(&r, RSP_UNIX, &out, "hello");
	step_to_the_exit(&r);
	rsp_send(&r, "k", 1);
	CHECK_EQ(rsp_wait_exit(&r), 0);
	rsp_close(&r);
	close(out);
}

static void a_signal_ends_the_wait_for_a_reader(void)
{
	struct rsp r;
	int out;
	OPEN(&r, RSP_UNIX, &out, "hello");
	step_to_the_exit(&r);
	RSP_IS(&r, "W07", "s");
	kill(r.pid, SIGTERM);
	CHECK_EQ(rsp_wait_exit(&r), 256 + SIGTERM);
	rsp_close(&r);
	close(out);
}

static void a_reader_that_goes_ends_it_when_the_guest_goes_on(void)
{
	struct rsp r;
	int out;
	OPEN(&r, RSP_UNIX, &out, "counter");
	run_until_full(&r);
	close(r.stdout_fd);
	r.stdout_fd = -1;
	close(out);
	RSP_IS(&r, "QC1", "qC");
	rsp_send(&r, "c", 1);
	CHECK_EQ(rsp_wait_exit(&r), 256 + SIGPIPE);
	rsp_close(&r);
}

/* A pipe that nobody reads and that somebody has made non-blocking: full, and the guest waits. */
static void a_signal_ends_it_where_nobody_reads_its_output(void)
{
	const char *argv[] = { rsp_env("STEPVM"), "run", rsp_guest("counter"), NULL };
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	int out[2], status = -1;
	pid_t parent = getpid(), pid;
	CHECK(pipe2(out, O_NONBLOCK | O_CLOEXEC) == 0);
	fcntl(out[1], F_SETPIPE_SZ, 4096);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int null_fd = open("/dev/null", O_RDWR);
		rsp_exec(argv, null_fd, out[1], null_fd, parent);
	}
	CHECK(wait_until_full(out[1]));
	kill(pid, SIGTERM);
	while (waitpid(pid, &status, WNOHANG) == 0 && rsp_now_ms() < until)
		sched_yield();
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	kill(pid, SIGKILL);
	close(out[0]);
	close(out[1]);
}

int main(void)
{
	RUN(a_debugger_is_answered_while_nobody_reads);
	RUN(what_is_kept_outlives_reset_and_snapshots);
	RUN(steps_wait_where_much_is_kept);
	RUN(the_last_words_wait_for_their_reader);
	RUN(a_killed_guests_words_wait_for_nobody);
	RUN(a_signal_ends_the_wait_for_a_reader);
	RUN(a_reader_that_goes_ends_it_when_the_guest_goes_on);
	RUN(a_signal_ends_it_where_nobody_reads_its_output);
	return check_done();
}

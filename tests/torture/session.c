/* A debugger's session with a guest, and the guest's twin. */
#include "session.h"

#include <dirent.h>

/* What stepvm may have grown by in the end: a session (two packets, the output) and what malloc
 * keeps of it. At its peak there is one session, too, and the packets' copies on their way. */
#define GROWTH_KB 1536
#define PEAK_KB   4096
#ifdef __SANITIZE_ADDRESS__ /* stepvm is built the same way, and keeps what was freed */
#define HAS_BOUNDS false
#else
#define HAS_BOUNDS true
#endif

uint32_t below(struct live *l, uint32_t n)
{
	return random_below(&l->seed, n);
}

bool fail(struct live *l, const char *format, ...)
{
	va_list args;
	if (l->failure[0])
		return false;
	va_start(args, format);
	vsnprintf(l->failure, sizeof l->failure, format, args);
	va_end(args);
	return false;
}

bool is_failed(const struct live *l)
{
	return l->failure[0];
}

void read_errors(struct live *l)
{
	struct pollfd p = { .fd = l->r.stderr_fd, .events = POLLIN };
	while (poll(&p, 1, 0) == 1 && p.revents & POLLIN && rsp_drain(&l->r))
		l->r.errors_len = 0;
}

/* --- what /proc tells ------------------------------------------------------------------------ */

static long proc_kb(pid_t pid, const char *name)
{
	char path[64], line[200];
	long value = -1;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, name, strlen(name)))
			value = strtol(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return value;
}

static unsigned count_fds(pid_t pid)
{
	char path[64];
	unsigned count = 0;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *d = opendir(path);
	while (d && readdir(d))
		count++;
	if (d)
		closedir(d);
	return count;
}

/* --- talking --------------------------------------------------------------------------------- */

void spin_us(uint32_t us)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t until = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + us;
	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while ((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 < until);
}

bool connect_again(struct live *l)
{
	read_errors(l);
	if (!rsp_connect(&l->r))
		return fail(l, "no connection: %s", strerror(errno));
	if (rsp_ask(&l->r, "?")[0] != 'T')
		return fail(l, "? -> %.100s", l->r.packet);
	if (below(l, 2) && !strcmp(rsp_ask(&l->r, "QStartNoAckMode"), "OK"))
		l->r.is_no_ack = true;
	return true;
}

const char *ask(struct live *l, const char *format, ...)
{
	char body[300];
	va_list args;
	va_start(args, format);
	vsnprintf(body, sizeof body, format, args);
	va_end(args);
	const char *reply = rsp_ask_bytes(&l->r, body, strlen(body));
	if (reply[0] == '(')
		fail(l, "%s -> %s", body, reply);
	return reply;
}

bool wait_for_stop(struct live *l, const char *what)
{
	const char *reply = rsp_reply(&l->r);
	return reply[0] == 'T' ? true : fail(l, "%s -> %.100s", what, reply);
}

uint64_t place(struct live *l)
{
	static const char *const names[] = { "round", "next", "on_int", "rounds" };
	return rsp_symbol("torture", names[below(l, 4)]) + (below(l, 3) ? 0 : below(l, 8));
}

/* --- a guest and its twin -------------------------------------------------------------------- */

/* The guest and its twin do not start in the same second, and a PC's BIOS counts its ticks from the time of day. */
#define DATE "2026-11-30T12:34:56"

static bool begin(struct live *l, const char *record)
{
	const char *board = l->is_pc ? "pc" : "bare", *memory = l->is_pc ? "2M" : "640K";
	if (!rsp_start(&l->r, RSP_TCP, rsp_guest("torture"), "--board", board, "--memory", memory,
	            "--rtc", DATE, record, record ? "--record-memory" : NULL, RECORD_MEMORY, NULL))
		return fail(l, "it did not start: %s", l->r.errors);
	return connect_again(l);
}

static uint32_t memory_word(struct live *l, const char *name)
{
	return (uint32_t)rsp_value(ask(l, "m%" PRIx64 ",4", rsp_symbol("torture", name)));
}

/* To the end of round: it halts there. */
static bool finish(struct live *l, uint32_t round)
{
	char hex[9] = "";
	for (int i = 0; i < 4; i++)
		snprintf(hex + 2 * i, 3, "%02x", round >> 8 * i & 0xff);
	ask(l, "M%" PRIx64 ",4:%s", rsp_symbol("torture", "limit"), hex);
	if (strncmp(ask(l, "c"), "T00", 3))
		return fail(l, "the last c -> %.100s", l->r.packet);
	return true;
}

/* The reply as a string of its own. */
static char *keep(struct live *l, const char *request)
{
	char *copy = strdup(ask(l, "%s", request));
	if (!copy)
		fail(l, "out of memory");
	return copy;
}

static void compare(struct live *l, struct live *twin)
{
	static const char *const requests[] = { "g", "m0,8000", "m8000,8000", "m10000,8000",
		"m18000,8000", "mb8000,4000" };
	const size_t count = sizeof requests / sizeof *requests - !l->is_pc; /* the screen */
	for (size_t i = 0; i < count; i++) {
		char *is = keep(l, requests[i]), *wanted = keep(twin, requests[i]);
		size_t at = 0;
		while (is && wanted && is[at] && is[at] == wanted[at])
			at++;
		if (is && wanted && is[at] != wanted[at])
			fail(l,
			        "the guest differs from its twin: %s, digit %zu: %.16s, wanted "
			        "%.16s",
			        requests[i], at, is + at, wanted + at);
		free(is);
		free(wanted);
	}
}

/* What is compared with itself later on. */
static void take_stock(struct live *l, const struct kind *kind, long *kb, unsigned *fds)
{
	if (kind->settle)
		kind->settle(l);
	*kb = proc_kb(l->r.pid, "VmRSS:");
	*fds = count_fds(l->r.pid);
}

static void check_growth(struct live *l, const struct kind *kind, long before_kb, unsigned fds)
{
	long now_kb, peak_kb = proc_kb(l->r.pid, "VmHWM:");
	unsigned now_fds;
	take_stock(l, kind, &now_kb, &now_fds);
	printf("# memory %ld KiB, then %ld, %ld at most; descriptors %u, then %u\n", before_kb,
	        now_kb, peak_kb, fds, now_fds);
	if (HAS_BOUNDS && (now_kb > before_kb + GROWTH_KB + kind->growth_kb ||
	                          peak_kb > before_kb + PEAK_KB + kind->peak_kb))
		fail(l, "memory: %ld KiB, then %ld, %ld at most", before_kb, now_kb, peak_kb);
	/* The debugger that was sent away last is kept until the next one. */
	if (now_fds > fds + 1)
		fail(l, "descriptors: %u, then %u", fds, now_fds);
}

static void torture_one(
        const struct torture *t, const struct kind *kind, struct live *l, struct live *twin)
{
	unsigned warm = t->actions / 10;
	long before_kb = 0;
	unsigned fds = 0;
	if (!begin(l, kind->record) || !begin(twin, NULL))
		return;
	for (l->action = 0; l->action < t->actions && !is_failed(l); l->action++) {
		if (l->action == warm) /* all that is touched once has been */
			take_stock(l, kind, &before_kb, &fds);
		int64_t began_ms = rsp_now_ms();
		kind->act(l);
		if (t->is_verbose)
			fprintf(stderr, "%u %s %d ms\n", l->action, l->name,
			        (int)(rsp_now_ms() - began_ms));
	}
	if (is_failed(l) || !connect_again(l))
		return;
	check_growth(l, kind, before_kb, fds);
	l->name = "the end";
	uint32_t round = memory_word(l, "rounds") + 2;
	printf("# %u rounds of the guest\n", round);
	if (finish(l, round) && finish(twin, round))
		compare(l, twin);
}

bool torture_session(const struct torture *t, const struct kind *kind, struct live *l)
{
	static struct live twin; /* large */
	if (!t->actions)
		return true;
	memset(&twin, 0, sizeof twin);
	l->seed = twin.seed = t->seed;
	l->is_pc = twin.is_pc = t->is_pc;
	torture_one(t, kind, l, &twin);
	if (is_failed(l))
		printf("# action %u, %s: %s\n", l->action, l->name, l->failure);
	if (is_failed(&twin))
		printf("# its twin: %s\n", twin.failure);
	rsp_close(&l->r);
	rsp_close(&twin.r);
	return !is_failed(l) && !is_failed(&twin);
}

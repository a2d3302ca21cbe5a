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

uint32_t below(struct session *s, uint32_t n)
{
	return random_below(&s->seed, n);
}

void read_errors(struct session *s)
{
	struct pollfd p = { .fd = s->r.stderr_fd, .events = POLLIN };
	while (poll(&p, 1, 0) == 1 && p.revents & POLLIN && rsp_drain(&s->r))
		s->r.errors_len = 0;
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

bool connect_again(struct session *s)
{
	read_errors(s);
	if (!rsp_connect(&s->r))
		return rsp_fail(&s->r, "no connection: %s", strerror(errno));
	if (rsp_ask(&s->r, "?")[0] != 'T')
		return rsp_fail(&s->r, "? -> %.100s", s->r.packet);
	if (below(s, 2) && !strcmp(rsp_ask(&s->r, "QStartNoAckMode"), "OK"))
		s->r.is_no_ack = true;
	return true;
}

bool wait_for_stop(struct session *s, const char *what)
{
	const char *reply = rsp_reply(&s->r);
	return reply[0] == 'T' ? true : rsp_fail(&s->r, "%s -> %.100s", what, reply);
}

uint64_t place(struct session *s)
{
	static const char *const names[] = { "round", "next", "on_int", "rounds" };
	return rsp_symbol("torture", names[below(s, 4)]) + (below(s, 3) ? 0 : below(s, 8));
}

/* --- a guest and its twin -------------------------------------------------------------------- */

/* The guest and its twin do not start in the same second, and a PC's BIOS counts its ticks from the time of day. */
#define DATE "2026-11-30T12:34:56"

static bool begin(struct session *s, const char *record)
{
	const char *board = s->is_pc ? "pc" : "bare", *memory = s->is_pc ? "2M" : "640K";
	if (!rsp_start(&s->r, RSP_TCP, rsp_guest("torture"), "--board", board, "--memory", memory,
	            "--rtc", DATE, record, record ? "--record-memory" : NULL, RECORD_MEMORY, NULL))
		return rsp_fail(&s->r, "it did not start: %s", s->r.errors);
	return connect_again(s);
}

static uint32_t memory_word(struct session *s, const char *name)
{
	return (uint32_t)rsp_value(
	        rsp_must_ask(&s->r, "m%" PRIx64 ",4", rsp_symbol("torture", name)));
}

/* To the end of round: it halts there. */
static bool finish(struct session *s, uint32_t round)
{
	char hex[9] = "";
	for (int i = 0; i < 4; i++)
		snprintf(hex + 2 * i, 3, "%02x", round >> 8 * i & 0xff);
	rsp_must_ask(&s->r, "M%" PRIx64 ",4:%s", rsp_symbol("torture", "limit"), hex);
	if (strncmp(rsp_must_ask(&s->r, "c"), "T00", 3))
		return rsp_fail(&s->r, "the last c -> %.100s", s->r.packet);
	return true;
}

/* The reply as a string of its own. */
static char *keep(struct session *s, const char *request)
{
	char *copy = strdup(rsp_must_ask(&s->r, "%s", request));
	if (!copy)
		rsp_fail(&s->r, "out of memory");
	return copy;
}

static void compare(struct session *s, struct session *twin)
{
	static const char *const requests[] = { "g", "m0,8000", "m8000,8000", "m10000,8000",
		"m18000,8000", "mb8000,4000" };
	const size_t count = sizeof requests / sizeof *requests - !s->is_pc; /* the screen */
	for (size_t i = 0; i < count; i++) {
		char *is = keep(s, requests[i]), *wanted = keep(twin, requests[i]);
		size_t at = 0;
		while (is && wanted && is[at] && is[at] == wanted[at])
			at++;
		if (is && wanted && is[at] != wanted[at])
			rsp_fail(&s->r,
			        "the guest differs from its twin: %s, digit %zu: %.16s, wanted "
			        "%.16s",
			        requests[i], at, is + at, wanted + at);
		free(is);
		free(wanted);
	}
}

/* What is compared with itself later on. */
static void take_stock(struct session *s, const struct workload *workload, long *kb, unsigned *fds)
{
	if (workload->settle)
		workload->settle(s);
	*kb = proc_kb(s->r.pid, "VmRSS:");
	*fds = count_fds(s->r.pid);
}

static void check_growth(
        struct session *s, const struct workload *workload, long before_kb, unsigned fds)
{
	long now_kb, peak_kb = proc_kb(s->r.pid, "VmHWM:");
	unsigned now_fds;
	take_stock(s, workload, &now_kb, &now_fds);
	printf("# memory %ld KiB, then %ld, %ld at most; descriptors %u, then %u\n", before_kb,
	        now_kb, peak_kb, fds, now_fds);
	if (HAS_BOUNDS && (now_kb > before_kb + GROWTH_KB + workload->growth_kb ||
	                          peak_kb > before_kb + PEAK_KB + workload->peak_kb))
		rsp_fail(&s->r, "memory: %ld KiB, then %ld, %ld at most", before_kb, now_kb,
		        peak_kb);
	/* The debugger that was sent away last is kept until the next one. */
	if (now_fds > fds + 1)
		rsp_fail(&s->r, "descriptors: %u, then %u", fds, now_fds);
}

static void torture_one(const struct torture *t, const struct workload *workload, struct session *s,
        struct session *twin)
{
	unsigned warm = t->actions / 10;
	long before_kb = 0;
	unsigned fds = 0;
	if (!begin(s, workload->record) || !begin(twin, NULL))
		return;
	for (s->action = 0; s->action < t->actions && !rsp_has_failed(&s->r); s->action++) {
		if (s->action == warm) /* all that is touched once has been */
			take_stock(s, workload, &before_kb, &fds);
		int64_t began_ms = rsp_now_ms();
		workload->act(s);
		if (t->is_verbose)
			fprintf(stderr, "%u %s %d ms\n", s->action, s->name,
			        (int)(rsp_now_ms() - began_ms));
	}
	if (rsp_has_failed(&s->r) || !connect_again(s))
		return;
	check_growth(s, workload, before_kb, fds);
	s->name = "the end";
	uint32_t round = memory_word(s, "rounds") + 2;
	printf("# %u rounds of the guest\n", round);
	if (finish(s, round) && finish(twin, round))
		compare(s, twin);
}

bool torture_session(const struct torture *t, const struct workload *workload, struct session *s)
{
	static struct session twin; /* large */
	if (!t->actions)
		return true;
	memset(&twin, 0, sizeof twin);
	s->seed = twin.seed = t->seed;
	s->is_pc = twin.is_pc = t->is_pc;
	torture_one(t, workload, s, &twin);
	if (rsp_has_failed(&s->r))
		printf("# action %u, %s: %s\n", s->action, s->name, s->r.failure);
	if (rsp_has_failed(&twin.r))
		printf("# its twin: %s\n", twin.r.failure);
	rsp_close(&s->r);
	rsp_close(&twin.r);
	return !rsp_has_failed(&s->r) && !rsp_has_failed(&twin.r);
}

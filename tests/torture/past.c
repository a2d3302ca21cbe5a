/* A debugger of a recorded guest that goes to and fro in what the guest has done, misbehaves meanwhile, and forgets or
 * begins recordings. Whatever it does, the guest has to be the same whenever it stands at a position: what is seen there
 * first is noted. At the end the guest goes on to a round that its twin, which nobody records, has gone to as well. */
#include "past.h"

#define FAR_STEPS 2000000 /* a jump to anywhere goes so far back at most, most times */
#define FAR_RUN   1000000 /* instructions, in so many runs, */
#define FAR_RUNS  20
#define FAR_US    40000 /* ... each of about so long */
#define LONG_PART 5     /* of the actions: these take longer */
#define SAVE_MOST (64u << 20)
#define GROWTH_KB 4096 /* of a heap in which recordings have come and gone */

/* --- actions --------------------------------------------------------------------------------- */

static void expect_position(struct session *s, const char *what, uint64_t position)
{
	struct where w;
	if (!rsp_has_failed(&s->r) && past_look(s, &w) && w.position != position)
		rsp_fail(&s->r, "%s led to position %" PRIu64 ", and not to %" PRIu64, what,
		        w.position, position);
}

/* On a bare board a step is one position, for no BIOS call is stepped over. */
static void step(struct session *s)
{
	struct where w;
	uint32_t count = below(s, 20);
	if (!past_look(s, &w))
		return;
	for (uint32_t n = count; n; n--)
		if (strncmp(rsp_must_ask(&s->r, n & 1 ? "s" : "vCont;s:1;c"), "T05", 3))
			rsp_fail(&s->r, "a step -> %.60s", s->r.packet);
	const uint64_t left = w.end - w.position;
	if (!s->is_pc && (w.is_present || left >= count))
		expect_position(s, "steps", w.position + count);
}

static void step_back(struct session *s)
{
	struct where w;
	uint64_t begin;
	uint32_t count = below(s, 20);
	if (!past_look(s, &w) || !past_look_begin(s, &begin))
		return;
	for (uint32_t n = count; n; n--)
		if (strncmp(rsp_must_ask(&s->r, "bs"), "T05", 3))
			rsp_fail(&s->r, "bs -> %.60s", s->r.packet);
	if (!s->is_pc)
		expect_position(s, "bs", w.position - begin < count ? begin : w.position - count);
}

/* Sends the request, and 0x03 with it, soon after it, or a while after it. */
static void send_and_interrupt(struct session *s, const char *request)
{
	uint32_t moment = below(s, 4);
	rsp_send(&s->r, request, strlen(request));
	if (moment > 0)
		spin_us(below(s, moment == 1 ? 60 : 1500));
	rsp_send_raw(&s->r, "\x03\x03\x03", 1 + below(s, 3));
	wait_for_stop(s, request);
}

static void run_on(struct session *s)
{
	struct where before, after;
	if (!past_look(s, &before))
		return;
	send_and_interrupt(s, "c");
	rsp_must_ask(&s->r, "qC");
	if (past_look(s, &after) && after.position < before.position)
		rsp_fail(&s->r, "c led from %" PRIu64 " to %" PRIu64, before.position,
		        after.position);
}

/* A million instructions or more, unless this machine has no time for them. */
static void run_far(struct session *s)
{
	struct where before, after;
	if (!past_look(s, &before))
		return;
	after = before;
	for (int i = 0; i < FAR_RUNS && after.position - before.position < FAR_RUN; i++) {
		rsp_send(&s->r, "c", 1);
		spin_us(FAR_US / 2 + below(s, FAR_US));
		rsp_send_raw(&s->r, "\x03", 1);
		if (!wait_for_stop(s, "c for long") || !past_look(s, &after))
			return;
	}
	if (after.position < before.position)
		rsp_fail(&s->r, "c led from %" PRIu64 " to %" PRIu64, before.position,
		        after.position);
}

/* Without a breakpoint bc leads to the recording's beginning, or, interrupted, nowhere. */
static void run_back(struct session *s)
{
	struct where w;
	uint64_t begin;
	if (!past_look(s, &w) || !past_look_begin(s, &begin))
		return;
	send_and_interrupt(s, "bc");
	const bool is_begin = strstr(s->r.packet, "replaylog:begin;");
	rsp_must_ask(&s->r, "qC");
	expect_position(s, is_begin ? "bc" : "an interrupted bc", is_begin ? begin : w.position);
}

static bool position_in(const char *text, uint64_t *position)
{
	const char *at = strstr(text, "position ");
	return at && sscanf(at, "position %" SCNu64, position) == 1;
}

/* A breakpoint or a watchpoint backwards has to find what the monitor's command for the same finds. */
static void search_back(struct session *s)
{
	struct where w, found;
	char packet[64], line[64];
	const bool is_write = below(s, 3) == 0;
	const uint64_t at = is_write ? DATA_GVA + below(s, DATA_SIZE - 8) : place(s);
	const uint32_t len = is_write ? 1u << below(s, 4) : 1, type = is_write ? 2 : below(s, 2);
	uint64_t position = 0;
	if (!past_look(s, &w))
		return;
	snprintf(packet, sizeof packet, "%u,%" PRIx64 ",%x", type, is_write ? at & -len : at, len);
	if (strcmp(rsp_must_ask(&s->r, "Z%s", packet), "OK"))
		return; /* there are no more */
	const bool is_stop = !strstr(rsp_must_ask(&s->r, "bc"), "replaylog:begin;");
	if (s->r.packet[0] != 'T')
		rsp_fail(&s->r, "bc to %s -> %.100s", packet, s->r.packet);
	rsp_must_ask(&s->r, "z%s", packet);
	if (!past_look(s, &found))
		return;
	if (is_stop && found.position >= w.position && w.position)
		rsp_fail(&s->r, "bc to %s led from %" PRIu64 " to %" PRIu64, packet, w.position,
		        found.position);
	past_check_here(past_of(s));
	snprintf(line, sizeof line, "goto %" PRIu64, w.position);
	rsp_monitor(&s->r, line);
	snprintf(line, sizeof line, "%s 0x%" PRIx64, is_write ? "last-write" : "last-jump-to",
	        is_write ? at & -len : at);
	if (is_write)
		snprintf(line + strlen(line), sizeof line - strlen(line), " %u", len);
	const char *text = rsp_monitor(&s->r, line);
	if (is_stop != position_in(text, &position) || (is_stop && position != found.position))
		rsp_fail(&s->r,
		        "before position %" PRIu64 " bc to %s led to %" PRIu64 ", and %s -> %.200s",
		        w.position, packet, found.position, line, text);
}

static void search_on(struct session *s)
{
	const uint64_t at = place(s);
	const uint32_t type = below(s, 2);
	rsp_must_ask(&s->r, "Z%u,%" PRIx64 ",1", type, at);
	for (uint32_t n = 1 + below(s, 3); n; n--)
		send_and_interrupt(s, below(s, 3) ? "c" : "bc");
	if (below(s, 2)) {
		rsp_must_ask(&s->r, "qC");
		rsp_must_ask(&s->r, "z%u,%" PRIx64 ",1", type, at);
	} else { /* it goes with the connection */
		connect_again(s);
	}
}

static void go(struct session *s)
{
	struct past *t = past_of(s);
	struct where w;
	uint64_t begin, to;
	char line[64];
	if (!past_look(s, &w) || !past_look_begin(s, &begin))
		return;
	const uint64_t all = w.end - begin, far = below(s, 30) && all > FAR_STEPS ? FAR_STEPS : all;
	switch (below(s, 6)) {
	case 0: to = w.position - begin > 50 ? w.position - below(s, 50) : begin; break;
	case 1: to = begin; break;
	case 2: to = w.end; break;
	case 3: to = w.end - random_next(&s->seed) % (far + 1); break;
	case 4: to = random_next(&s->seed) % (begin + 1000); break; /* it may not be there */
	default: to = t->count ? t->notes[below(s, t->count)].position : w.end; break;
	}
	snprintf(line, sizeof line, "goto %" PRIu64, to);
	const char *text = rsp_monitor(&s->r, line);
	const bool is_there = to >= begin && to <= w.end;
	if (is_there != !strncmp(text, "position ", 9))
		rsp_fail(&s->r, "%s of %" PRIu64 " to %" PRIu64 " -> %.200s", line, begin, w.end,
		        text);
	expect_position(s, line, is_there ? to : w.position);
}

static void mark(struct session *s)
{
	struct past *t = past_of(s);
	struct where w;
	uint64_t begin;
	char line[40];
	const uint32_t n = below(s, PAST_MARKS);
	if (!past_look(s, &w) || !past_look_begin(s, &begin))
		return;
	if (t->marks[n] == UINT64_MAX || below(s, 3) == 0) {
		snprintf(line, sizeof line, "mark m%u", n);
		rsp_monitor(&s->r, line);
		t->marks[n] = w.position;
		return;
	}
	snprintf(line, sizeof line, "goto m%u", n);
	rsp_monitor(&s->r, line);
	expect_position(s, line, t->marks[n] >= begin ? t->marks[n] : w.position);
}

/* What is only asked leaves the guest where it stands. */
static void ask_of_the_past(struct session *s)
{
	static const char *const lines[] = { "when", "record info", "record", "mark", "hits 0x7c20",
		"hits 0x7c20 3", "calls 0x10", "calls 0x40", "calls 0x100", "output", "output 1",
		"output -1", "goto", "goto nowhere", "goto 99999999999999999999", "goto -",
		"mark 1", "mark start", "record onn", "last-write",
		"last-write 0xffffffffffffffff 8", "last-jump-to 0x60000", "last-write 0x6fff0 0",
		"record on", "info snapshots" };
	struct where w;
	if (!past_look(s, &w))
		return;
	const char *line = lines[below(s, sizeof lines / sizeof *lines)];
	const char *text = rsp_monitor(&s->r, line);
	if (text[0] == '(')
		rsp_fail(&s->r, "%s -> %s", line, text);
	expect_position(s, line, w.position);
}

static void cut(struct session *s)
{
	struct past *t = past_of(s);
	struct where w;
	if (!past_look(s, &w))
		return;
	rsp_monitor(&s->r, "record cut");
	if (!w.is_present) {
		past_forget_from(t, w.position + 1);
		past_forget_marks(t, w.position);
	}
	struct where after;
	if (past_look(s, &after) && (!after.is_present || after.position != w.position))
		rsp_fail(&s->r, "record cut led from %" PRIu64 " to %" PRIu64, w.position,
		        after.position);
}

static void record_anew(struct session *s)
{
	struct where w;
	if (!past_look(s, &w))
		return;
	const bool is_off = !strncmp(rsp_monitor(&s->r, "record off"), "off", 3);
	if (is_off != w.is_present)
		rsp_fail(&s->r, "record off at %" PRIu64 " of %" PRIu64 " worked: %d", w.position,
		        w.end, is_off);
	if (!is_off)
		return;
	if (strncmp(rsp_must_ask(&s->r, "bs"), "T05", 3) ||
	        !strstr(s->r.packet, "replaylog:begin;"))
		rsp_fail(&s->r, "bs without a recording -> %.100s", s->r.packet);
	send_and_interrupt(s, "c");
	rsp_must_ask(&s->r, "qC");
	if (strncmp(rsp_monitor(&s->r, "record on"), "on: positions 0 to 0", 20))
		rsp_fail(&s->r, "record on did not work");
	past_forget_all(past_of(s));
}

/* After loadvm and reset it is another machine, whose recording begins there. */
static void begin_anew(struct session *s)
{
	static const char *const lines[] = { "savevm torture", "loadvm torture", "reset",
		"loadvm nothing", "delvm nothing" };
	const uint32_t n = below(s, sizeof lines / sizeof *lines);
	struct where before, after;
	if (!past_look(s, &before))
		return;
	char text[200];
	snprintf(text, sizeof text, "%s", rsp_monitor(&s->r, lines[n]));
	if (text[0] == '(' || !past_look(s, &after))
		rsp_fail(&s->r, "%s -> %s", lines[n], text);
	const bool is_another = n == 2 || (n == 1 && !strstr(text, "no such snapshot"));
	if (is_another && (!after.is_present || after.end))
		rsp_fail(&s->r, "%s -> position %" PRIu64 " of %" PRIu64 ": %s", lines[n],
		        after.position, after.end, text);
	if (is_another)
		past_forget_all(past_of(s));
	else
		expect_position(s, lines[n], before.position);
}

/* Only the present can be changed; to write the registers as they are is no change. */
static void change(struct session *s)
{
	struct where w;
	const uint32_t gva = SCRATCH_GVA + below(s, SCRATCH_SIZE - 4);
	char registers[3000];
	if (!past_look(s, &w))
		return;
	const bool is_other = below(s, 3);
	if (is_other) {
		rsp_must_ask(&s->r, "M%x,4:%08x", gva, (uint32_t)random_next(&s->seed));
	} else {
		registers[0] = 'G';
		snprintf(registers + 1, sizeof registers - 1, "%s", rsp_must_ask(&s->r, "g"));
		rsp_ask_bytes(&s->r, registers, strlen(registers));
	}
	if ((w.is_present || !is_other) != !strcmp(s->r.packet, "OK"))
		rsp_fail(&s->r, "a change at %" PRIu64 " of %" PRIu64 " -> %.100s", w.position,
		        w.end, s->r.packet);
	if (w.is_present)
		past_forget_from(past_of(s), w.position);
}

/* Changes at the present, each of which costs a checkpoint. */
static void grow(struct session *s)
{
	struct where w;
	rsp_monitor(&s->r, "goto end");
	if (!past_look(s, &w))
		return;
	past_forget_from(past_of(s), w.position);
	for (uint32_t n = 1 + below(s, 8); n; n--) {
		const uint32_t gva = SCRATCH_GVA + below(s, SCRATCH_SIZE - 4);
		if (strcmp(rsp_must_ask(&s->r, "M%x,4:%08x", gva, (uint32_t)random_next(&s->seed)),
		            "OK"))
			rsp_fail(&s->r, "a change at the present -> %.100s", s->r.packet);
		rsp_must_ask(&s->r, "s");
	}
}

/* The guest stands where it stood, or has gone on. */
static void leave_and_come_back(struct session *s)
{
	struct where before, after;
	if (!past_look(s, &before))
		return;
	leave(s);
	if (past_look(s, &after) && (after.position < before.position || after.end < before.end))
		rsp_fail(&s->r,
		        "left at %" PRIu64 " of %" PRIu64 ", found at %" PRIu64 " of %" PRIu64,
		        before.position, before.end, after.position, after.end);
}

/* `remote get recording`, in whole or in part. */
static void save(struct session *s)
{
	uint64_t fd, size = 0, off = 0;
	if (sscanf(rsp_must_ask(&s->r, "vFile:open:7265636f7264696e67,0,0"), "F%" SCNx64, &fd) !=
	        1) {
		rsp_fail(&s->r, "remote get recording -> %.100s", s->r.packet);
		return;
	}
	while (off < SAVE_MOST && !rsp_has_failed(&s->r) && below(s, 200)) {
		rsp_must_ask(&s->r, "vFile:pread:%" PRIx64 ",8000,%" PRIx64, fd, off);
		if (sscanf(s->r.packet, "F%" SCNx64, &size) != 1)
			rsp_fail(&s->r, "pread -> %.100s", s->r.packet);
		if (!off && memcmp(strchr(s->r.packet, ';') + 2, "stepvm\n", 7) != 0)
			rsp_fail(&s->r, "the recording begins with %.16s", s->r.packet);
		if (!size)
			break;
		off += size;
	}
	if (below(s, 3)) /* else it is left open */
		rsp_must_ask(&s->r, "vFile:close:%" PRIx64, fd);
}

/* How often each is done, of 1000. */
static const struct {
	const char *name;
	void (*act)(struct session *s);
	unsigned weight;
} actions[] = {
	{ "step", step, 130 },
	{ "step_back", step_back, 150 },
	{ "run_on", run_on, 140 },
	{ "run_back", run_back, 50 },
	{ "search_back", search_back, 80 },
	{ "search_on", search_on, 60 },
	{ "go", go, 140 },
	{ "mark", mark, 40 },
	{ "ask_of_the_past", ask_of_the_past, 60 },
	{ "cut", cut, 20 },
	{ "record_anew", record_anew, 10 },
	{ "begin_anew", begin_anew, 15 },
	{ "change", change, 40 },
	{ "leave_and_come_back", leave_and_come_back, 24 },
	{ "save", save, 1 },
	{ "misbehave", misbehave, 40 },
};

static size_t pick(struct session *s)
{
	uint32_t n = below(s, 1000);
	size_t i = 0;
	for (; n >= actions[i].weight; i++)
		n -= actions[i].weight;
	return i;
}

static void do_one(struct session *s, const char *name, void (*one)(struct session *s))
{
	s->name = name;
	one(s);
	past_check_here(past_of(s));
	read_errors(s);
}

static void act(struct session *s)
{
	const size_t i = pick(s);
	do_one(s, actions[i].name, actions[i].act);
}

/* The same, but the recording is neither cut nor begun anew: in place of that the guest runs far, or is changed, so that
 * more is recorded than there is memory for. */
static void act_for_long(struct session *s)
{
	const size_t i = pick(s);
	const bool is_short = actions[i].act == cut || actions[i].act == record_anew ||
	                      actions[i].act == begin_anew || actions[i].act == mark;
	if (!is_short)
		do_one(s, actions[i].name, actions[i].act);
	else if (below(s, 4))
		do_one(s, "grow", grow);
	else
		do_one(s, "run_far", run_far);
}

/* Memory is looked at without what is recorded, which has a bound of its own. */
static void settle(struct session *s)
{
	rsp_monitor(&s->r, "goto end");
	const char *info = rsp_monitor(&s->r, "record info");
	printf("# recorded: %.*s; %s", (int)strcspn(info, "\n"), info,
	        info + strcspn(info, "\n") + 1);
	rsp_monitor(&s->r, "record off");
	rsp_monitor(&s->r, "delvm torture");
	rsp_monitor(&s->r, "record on");
	past_forget_all(past_of(s));
}

static bool torture_recorded(
        const struct torture *t, void (*act_so)(struct session *s), long growth_kb)
{
	static struct past past; /* large */
	const struct workload workload = { .act = act_so,
		.record = "--record",
		.settle = settle,
		.growth_kb = growth_kb,
		.peak_kb = RECORD_MEMORY_KB };
	memset(&past, 0, sizeof past);
	past_forget_all(&past);
	return torture_session(t, &workload, &past.s);
}

bool torture_past(const struct torture *t)
{
	return torture_recorded(t, act, GROWTH_KB);
}

bool torture_long_past(const struct torture *t)
{
	struct torture some = *t;
	some.actions /= LONG_PART;
	/* It may grow by all of that memory: the C library may keep what was freed in a heap that has been full. */
	return torture_recorded(&some, act_for_long, RECORD_MEMORY_KB);
}

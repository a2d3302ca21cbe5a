/* A debugger of a recorded guest that goes to and fro in what the guest has done, misbehaves meanwhile, and forgets or
 * begins recordings. Whatever it does, the guest has to be the same whenever it stands at a position: what is seen there
 * first is noted. At the end the guest goes on to a round that its twin, which nobody records, has gone to as well. */
#include "session.h"

#define NOTES      300
#define MARKS      6
#define FAR_STEPS  2000000 /* a jump to anywhere goes so far back at most, most times */
#define SAVE_MOST  (64u << 20)
#define GROWTH_KB  4096 /* of a heap in which recordings have come and gone */
#define UNKNOWN_NS UINT64_MAX

struct where {
	uint64_t position, end, ns;
	bool is_present;
};

struct note {
	uint64_t position, hash;
	uint64_t ns; /* UNKNOWN_NS: at the present, where a halt may still go on */
};

struct past {
	struct live l;
	struct note notes[NOTES];
	unsigned count;
	uint64_t marks[MARKS]; /* UINT64_MAX: none of this name */
};

static struct past *past_of(struct live *l)
{
	return (struct past *)l; /* its first member */
}

/* --- what is known --------------------------------------------------------------------------- */

static bool look(struct live *l, struct where *w)
{
	uint64_t s = 0, ns = 0;
	const char *text = rsp_monitor(&l->r, "when");
	const char *comma = strrchr(text, ',');
	if (sscanf(text, "position %" SCNu64 " of %" SCNu64, &w->position, &w->end) != 2 ||
	        !comma || sscanf(comma, ", %" SCNu64 ".%9" SCNu64, &s, &ns) != 2)
		return fail(l, "when -> %.200s", text);
	w->ns = s * 1000000000 + ns;
	w->is_present = strstr(text, "(the present)");
	return true;
}

static bool look_begin(struct live *l, uint64_t *begin)
{
	const char *text = rsp_monitor(&l->r, "record info");
	return sscanf(text, "on: positions %" SCNu64, begin) == 1
	               ? true
	               : fail(l, "record info -> %.200s", text);
}

static uint64_t add(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* Registers, RAM that is used, and devices. */
static uint64_t hash_guest(struct live *l)
{
	uint64_t hash = add(1, ask(l, "g"));
	hash = add(hash, ask(l, "qCRC:0,18000"));
	hash = add(hash, ask(l, "qCRC:60000,10000"));
	hash = add(hash, rsp_monitor(&l->r, "info segments"));
	if (l->is_pc) {
		hash = add(hash, ask(l, "qCRC:b8000,1000"));
		hash = add(hash, rsp_monitor(&l->r, "info pic"));
	}
	return hash;
}

static void forget_from(struct past *t, uint64_t position)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < t->count; i++)
		if (t->notes[i].position < position)
			t->notes[kept++] = t->notes[i];
	t->count = kept;
}

static void forget_marks(struct past *t, uint64_t last)
{
	for (unsigned i = 0; i < MARKS; i++)
		if (t->marks[i] > last)
			t->marks[i] = UINT64_MAX;
}

static void forget_all(struct past *t)
{
	t->count = 0;
	memset(t->marks, 0xff, sizeof t->marks);
}

static void compare_note(struct past *t, struct note *n, const struct where *w, uint64_t hash)
{
	if (n->hash != hash)
		fail(&t->l, "position %" PRIu64 " of %" PRIu64 " is another state than before",
		        w->position, w->end);
	if (!w->is_present && n->ns == UNKNOWN_NS)
		n->ns = w->ns;
	if (!w->is_present && n->ns != w->ns)
		fail(&t->l, "position %" PRIu64 " is at %" PRIu64 " ns, and was at %" PRIu64,
		        w->position, w->ns, n->ns);
}

/* The state where the guest stands is what it was there before, or is noted. */
static void check_here(struct past *t)
{
	struct where w;
	if (is_failed(&t->l) || !look(&t->l, &w))
		return;
	const uint64_t hash = hash_guest(&t->l);
	for (unsigned i = 0; i < t->count; i++)
		if (t->notes[i].position == w.position) {
			compare_note(t, &t->notes[i], &w, hash);
			return;
		}
	const unsigned at = t->count < NOTES ? t->count++ : below(&t->l, NOTES);
	t->notes[at] = (struct note) { w.position, hash, w.is_present ? UNKNOWN_NS : w.ns };
}

/* --- actions --------------------------------------------------------------------------------- */

static void expect_position(struct live *l, const char *what, uint64_t position)
{
	struct where w;
	if (!is_failed(l) && look(l, &w) && w.position != position)
		fail(l, "%s led to position %" PRIu64 ", and not to %" PRIu64, what, w.position,
		        position);
}

/* On a bare board a step is one position, for no BIOS call is stepped over. */
static void step(struct live *l)
{
	struct where w;
	uint32_t count = below(l, 20);
	if (!look(l, &w))
		return;
	for (uint32_t n = count; n; n--)
		if (strncmp(ask(l, n & 1 ? "s" : "vCont;s:1;c"), "T05", 3))
			fail(l, "a step -> %.60s", l->r.packet);
	const uint64_t left = w.end - w.position;
	if (!l->is_pc && (w.is_present || left >= count))
		expect_position(l, "steps", w.position + count);
}

static void step_back(struct live *l)
{
	struct where w;
	uint64_t begin;
	uint32_t count = below(l, 20);
	if (!look(l, &w) || !look_begin(l, &begin))
		return;
	for (uint32_t n = count; n; n--)
		if (strncmp(ask(l, "bs"), "T05", 3))
			fail(l, "bs -> %.60s", l->r.packet);
	if (!l->is_pc)
		expect_position(l, "bs", w.position - begin < count ? begin : w.position - count);
}

/* Sends the request, and 0x03 with it, soon after it, or a while after it. */
static void send_and_interrupt(struct live *l, const char *request)
{
	uint32_t moment = below(l, 4);
	rsp_send(&l->r, request, strlen(request));
	if (moment > 0)
		spin_us(below(l, moment == 1 ? 60 : 1500));
	rsp_send_raw(&l->r, "\x03\x03\x03", 1 + below(l, 3));
	wait_for_stop(l, request);
}

static void run_on(struct live *l)
{
	struct where before, after;
	if (!look(l, &before))
		return;
	send_and_interrupt(l, "c");
	ask(l, "qC");
	if (look(l, &after) && after.position < before.position)
		fail(l, "c led from %" PRIu64 " to %" PRIu64, before.position, after.position);
}

/* Without a breakpoint bc leads to the recording's beginning, or, interrupted, nowhere. */
static void run_back(struct live *l)
{
	struct where w;
	uint64_t begin;
	if (!look(l, &w) || !look_begin(l, &begin))
		return;
	send_and_interrupt(l, "bc");
	const bool is_begin = strstr(l->r.packet, "replaylog:begin;");
	ask(l, "qC");
	expect_position(l, is_begin ? "bc" : "an interrupted bc", is_begin ? begin : w.position);
}

static bool position_in(const char *text, uint64_t *position)
{
	const char *at = strstr(text, "position ");
	return at && sscanf(at, "position %" SCNu64, position) == 1;
}

/* A breakpoint or a watchpoint backwards has to find what the monitor's command for the same finds. */
static void search_back(struct live *l)
{
	struct where w, found;
	char packet[64], line[64];
	const bool is_write = below(l, 3) == 0;
	const uint64_t at = is_write ? DATA_GVA + below(l, DATA_SIZE - 8) : place(l);
	const uint32_t len = is_write ? 1u << below(l, 4) : 1, type = is_write ? 2 : below(l, 2);
	uint64_t position = 0;
	if (!look(l, &w))
		return;
	snprintf(packet, sizeof packet, "%u,%" PRIx64 ",%x", type, is_write ? at & -len : at, len);
	if (strcmp(ask(l, "Z%s", packet), "OK"))
		return; /* there are no more */
	const bool is_stop = !strstr(ask(l, "bc"), "replaylog:begin;");
	if (l->r.packet[0] != 'T')
		fail(l, "bc to %s -> %.100s", packet, l->r.packet);
	ask(l, "z%s", packet);
	if (!look(l, &found))
		return;
	if (is_stop && found.position >= w.position && w.position)
		fail(l, "bc to %s led from %" PRIu64 " to %" PRIu64, packet, w.position,
		        found.position);
	check_here(past_of(l));
	snprintf(line, sizeof line, "goto %" PRIu64, w.position);
	rsp_monitor(&l->r, line);
	snprintf(line, sizeof line, "%s 0x%" PRIx64, is_write ? "last-write" : "last-jump-to",
	        is_write ? at & -len : at);
	if (is_write)
		snprintf(line + strlen(line), sizeof line - strlen(line), " %u", len);
	const char *text = rsp_monitor(&l->r, line);
	if (is_stop != position_in(text, &position) || (is_stop && position != found.position))
		fail(l, "before position %" PRIu64 " bc to %s led to %" PRIu64 ", and %s -> %.200s",
		        w.position, packet, found.position, line, text);
}

static void search_on(struct live *l)
{
	const uint64_t at = place(l);
	const uint32_t type = below(l, 2);
	ask(l, "Z%u,%" PRIx64 ",1", type, at);
	for (uint32_t n = 1 + below(l, 3); n; n--)
		send_and_interrupt(l, below(l, 3) ? "c" : "bc");
	if (below(l, 2)) {
		ask(l, "qC");
		ask(l, "z%u,%" PRIx64 ",1", type, at);
	} else { /* it goes with the connection */
		connect_again(l);
	}
}

static void go(struct live *l)
{
	struct past *t = past_of(l);
	struct where w;
	uint64_t begin, to;
	char line[64];
	if (!look(l, &w) || !look_begin(l, &begin))
		return;
	const uint64_t all = w.end - begin, far = below(l, 30) && all > FAR_STEPS ? FAR_STEPS : all;
	switch (below(l, 6)) {
	case 0: to = w.position - begin > 50 ? w.position - below(l, 50) : begin; break;
	case 1: to = begin; break;
	case 2: to = w.end; break;
	case 3: to = w.end - random_next(&l->seed) % (far + 1); break;
	case 4: to = random_next(&l->seed) % (begin + 1000); break; /* it may not be there */
	default: to = t->count ? t->notes[below(l, t->count)].position : w.end; break;
	}
	snprintf(line, sizeof line, "goto %" PRIu64, to);
	const char *text = rsp_monitor(&l->r, line);
	const bool is_there = to >= begin && to <= w.end;
	if (is_there != !strncmp(text, "position ", 9))
		fail(l, "%s of %" PRIu64 " to %" PRIu64 " -> %.200s", line, begin, w.end, text);
	expect_position(l, line, is_there ? to : w.position);
}

static void mark(struct live *l)
{
	struct past *t = past_of(l);
	struct where w;
	uint64_t begin;
	char line[40];
	const uint32_t n = below(l, MARKS);
	if (!look(l, &w) || !look_begin(l, &begin))
		return;
	if (t->marks[n] == UINT64_MAX || below(l, 3) == 0) {
		snprintf(line, sizeof line, "mark m%u", n);
		rsp_monitor(&l->r, line);
		t->marks[n] = w.position;
		return;
	}
	snprintf(line, sizeof line, "goto m%u", n);
	rsp_monitor(&l->r, line);
	expect_position(l, line, t->marks[n] >= begin ? t->marks[n] : w.position);
}

/* What is only asked leaves the guest where it stands. */
static void ask_of_the_past(struct live *l)
{
	static const char *const lines[] = { "when", "record info", "record", "mark", "hits 0x7c20",
		"hits 0x7c20 3", "calls 0x10", "calls 0x40", "calls 0x100", "output", "output 1",
		"output -1", "goto", "goto nowhere", "goto 99999999999999999999", "goto -",
		"mark 1", "mark start", "record onn", "last-write",
		"last-write 0xffffffffffffffff 8", "last-jump-to 0x60000", "last-write 0x6fff0 0",
		"record on", "info snapshots" };
	struct where w;
	if (!look(l, &w))
		return;
	const char *line = lines[below(l, sizeof lines / sizeof *lines)];
	const char *text = rsp_monitor(&l->r, line);
	if (text[0] == '(')
		fail(l, "%s -> %s", line, text);
	expect_position(l, line, w.position);
}

static void cut(struct live *l)
{
	struct past *t = past_of(l);
	struct where w;
	if (!look(l, &w))
		return;
	rsp_monitor(&l->r, "record cut");
	if (!w.is_present) {
		forget_from(t, w.position + 1);
		forget_marks(t, w.position);
	}
	struct where after;
	if (look(l, &after) && (!after.is_present || after.position != w.position))
		fail(l, "record cut led from %" PRIu64 " to %" PRIu64, w.position, after.position);
}

static void record_anew(struct live *l)
{
	struct where w;
	if (!look(l, &w))
		return;
	const bool is_off = !strncmp(rsp_monitor(&l->r, "record off"), "off", 3);
	if (is_off != w.is_present)
		fail(l, "record off at %" PRIu64 " of %" PRIu64 " worked: %d", w.position, w.end,
		        is_off);
	if (!is_off)
		return;
	if (strncmp(ask(l, "bs"), "T05", 3) || !strstr(l->r.packet, "replaylog:begin;"))
		fail(l, "bs without a recording -> %.100s", l->r.packet);
	send_and_interrupt(l, "c");
	ask(l, "qC");
	if (strncmp(rsp_monitor(&l->r, "record on"), "on: positions 0 to 0", 20))
		fail(l, "record on did not work");
	forget_all(past_of(l));
}

/* After loadvm and reset it is another machine, whose recording begins there. */
static void begin_anew(struct live *l)
{
	static const char *const lines[] = { "savevm torture", "loadvm torture", "reset",
		"loadvm nothing", "delvm nothing" };
	const uint32_t n = below(l, sizeof lines / sizeof *lines);
	struct where before, after;
	if (!look(l, &before))
		return;
	char text[200];
	snprintf(text, sizeof text, "%s", rsp_monitor(&l->r, lines[n]));
	if (text[0] == '(' || !look(l, &after))
		fail(l, "%s -> %s", lines[n], text);
	const bool is_another = n == 2 || (n == 1 && !strstr(text, "no such snapshot"));
	if (is_another && (!after.is_present || after.end))
		fail(l, "%s -> position %" PRIu64 " of %" PRIu64 ": %s", lines[n], after.position,
		        after.end, text);
	if (is_another)
		forget_all(past_of(l));
	else
		expect_position(l, lines[n], before.position);
}

/* Only the present can be changed; to write the registers as they are is no change. */
static void change(struct live *l)
{
	struct where w;
	const uint32_t gva = SCRATCH_GVA + below(l, SCRATCH_SIZE - 4);
	char registers[3000];
	if (!look(l, &w))
		return;
	const bool is_other = below(l, 3);
	if (is_other) {
		ask(l, "M%x,4:%08x", gva, (uint32_t)random_next(&l->seed));
	} else {
		registers[0] = 'G';
		snprintf(registers + 1, sizeof registers - 1, "%s", ask(l, "g"));
		rsp_ask_bytes(&l->r, registers, strlen(registers));
	}
	if ((w.is_present || !is_other) != !strcmp(l->r.packet, "OK"))
		fail(l, "a change at %" PRIu64 " of %" PRIu64 " -> %.100s", w.position, w.end,
		        l->r.packet);
	if (w.is_present)
		forget_from(past_of(l), w.position);
}

/* The guest stands where it stood, or has gone on. */
static void leave_and_come_back(struct live *l)
{
	struct where before, after;
	if (!look(l, &before))
		return;
	leave(l);
	if (look(l, &after) && (after.position < before.position || after.end < before.end))
		fail(l, "left at %" PRIu64 " of %" PRIu64 ", found at %" PRIu64 " of %" PRIu64,
		        before.position, before.end, after.position, after.end);
}

/* `remote get recording`, in whole or in part. */
static void save(struct live *l)
{
	uint64_t fd, size = 0, off = 0;
	if (sscanf(ask(l, "vFile:open:7265636f7264696e67,0,0"), "F%" SCNx64, &fd) != 1) {
		fail(l, "remote get recording -> %.100s", l->r.packet);
		return;
	}
	while (off < SAVE_MOST && !is_failed(l) && below(l, 200)) {
		ask(l, "vFile:pread:%" PRIx64 ",8000,%" PRIx64, fd, off);
		if (sscanf(l->r.packet, "F%" SCNx64, &size) != 1)
			fail(l, "pread -> %.100s", l->r.packet);
		if (!off && memcmp(strchr(l->r.packet, ';') + 2, "stepvm\n", 7) != 0)
			fail(l, "the recording begins with %.16s", l->r.packet);
		if (!size)
			break;
		off += size;
	}
	if (below(l, 3)) /* else it is left open */
		ask(l, "vFile:close:%" PRIx64, fd);
}

/* How often each is done, of 1000. */
static const struct {
	const char *name;
	void (*act)(struct live *l);
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

static void act(struct live *l)
{
	uint32_t n = below(l, 1000);
	size_t i = 0;
	for (; n >= actions[i].weight; i++)
		n -= actions[i].weight;
	l->name = actions[i].name;
	actions[i].act(l);
	check_here(past_of(l));
	read_errors(l);
}

/* Memory is looked at without what is recorded, which has a bound of its own. */
static void settle(struct live *l)
{
	rsp_monitor(&l->r, "goto end");
	rsp_monitor(&l->r, "record off");
	rsp_monitor(&l->r, "delvm torture");
	rsp_monitor(&l->r, "record on");
	forget_all(past_of(l));
}

bool torture_past(const struct torture *t)
{
	static struct past past; /* large */
	static const struct kind kind = { .act = act,
		.record = "--record",
		.settle = settle,
		.growth_kb = GROWTH_KB,
		.peak_kb = RECORD_MEMORY_KB };
	memset(&past, 0, sizeof past);
	forget_all(&past);
	return torture_session(t, &kind, &past.l);
}

#include "tour.h"

#include "plan.h"
#include "random.h"

struct tour {
	struct session *s;
	const struct path *path;
	const struct program *program;
	const struct tour_options *options;
	uint64_t seed;
	unsigned at;      /* on the path */
	bool is_in_timer; /* in the handler of a tick, after which the guest comes to at */
	bool has_snapshot;
	unsigned saved_at;
	struct plan plan;
	struct plan_stop next;
	uint8_t output[0x8000]; /* expected */
	size_t output_len;
};

static uint32_t below(struct tour *t, uint32_t n)
{
	return random_below(&t->seed, n);
}

static void say(const struct tour *t, const char *what)
{
	if (t->options->is_verbose)
		fprintf(stderr, "%u of %u: %s -> %s\n", t->at, t->path->last, what, t->s->stop);
}

static uint64_t pc_at(const struct tour *t, unsigned n)
{
	return t->path->at[n].registers[VIEW_PC];
}

static bool is_at_end(const struct tour *t)
{
	return t->at == t->path->last;
}

static void spin_us(uint32_t us)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t until = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + us;
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 < until);
}

/* --- where the guest is ------------------------------------------------------------------------- */

/* From t->at to there, by instructions that are done once each. */
static void move_to(struct tour *t, unsigned at)
{
	for (; t->at < at; t->at++) {
		const struct program_insn *i = program_find(t->program, pc_at(t, t->at));
		if (i && i->is_print && t->output_len < sizeof t->output)
			t->output[t->output_len++] = (uint8_t)t->path->at[t->at].registers[VIEW_AX];
	}
	t->is_in_timer = false;
}

static bool is_in_timer(const struct tour *t, const struct view *v)
{
	uint64_t pc = v->registers[VIEW_PC];
	return t->program->has_timer && pc >= t->program->timer_begin && pc < t->program->timer_end;
}

/* How it differs from where the guest might be: the place with the same pc and count of a rep, if there is one. */
static void describe_lost(
        const struct tour *t, const struct view *v, unsigned last, char *text, size_t size)
{
	bool has_timer = t->program->has_timer, is_same_count = false;
	int found = path_find(t->path, v, 0, t->path->last, has_timer);
	if (found >= 0) {
		snprintf(text, size, "it is at position %d", found);
		return;
	}
	snprintf(text, size, "pc 0x%" PRIx64 " is not on the path", v->registers[VIEW_PC]);
	for (unsigned at = t->at; at <= last && !is_same_count; at++) {
		const struct view *w = &t->path->at[at];
		if (w->registers[VIEW_PC] != v->registers[VIEW_PC])
			continue;
		is_same_count = w->registers[VIEW_CX] == v->registers[VIEW_CX];
		view_is_same(v, w, has_timer, text, size);
	}
}

static bool lost(struct tour *t, const char *request, const struct view *v, unsigned last)
{
	char text[200];
	describe_lost(t, v, last, text, sizeof text);
	static const char *const whys[] = { "a watchpoint", "a breakpoint", "the range's end",
		"the end" };
	return rsp_fail(&t->s->r,
	        "%s from position %u, 0x%" PRIx64 ": a stop was due at position %u, 0x%" PRIx64
	        ", for %s; %s: %.100s",
	        request, t->at, pc_at(t, t->at), last, pc_at(t, last), whys[t->next.why], text,
	        t->s->stop);
}

/* What the stop says of its reason. */
static bool is_told(struct tour *t, const char *request, unsigned at)
{
	static const char *const names[] = { ";watch:", ";rwatch:", ";awatch:" };
	bool is_due = at == t->next.at;
	const char *stop = t->s->stop;
	for (unsigned i = 0; i < 3; i++) {
		const char *name = strstr(stop, names[i]);
		if (!name)
			continue;
		uint64_t gva = strtoull(name + strlen(names[i]), NULL, 16);
		bool is_known = plan_has_watch(&t->plan, 2 + i, gva);
		bool is_hit = t->next.may_stop[at] || (is_due && t->next.why == PLAN_WATCH);
		return is_known && is_hit ? true
		                          : rsp_fail(&t->s->r,
		                                    "%s to position %u, 0x%" PRIx64
		                                    ": no such watchpoint was hit: %s",
		                                    request, at, pc_at(t, at), stop);
	}
	if (is_due && t->next.why == PLAN_WATCH)
		return rsp_fail(&t->s->r,
		        "%s to position %u, 0x%" PRIx64 ": the watchpoint's hit was not told: %s",
		        request, at, pc_at(t, at), stop);
	bool is_interrupted = !strncmp(stop, "T02", 3);
	if (is_due && t->next.why == PLAN_BREAKPOINT && !is_interrupted &&
	        !strstr(stop, "swbreak") && !strstr(stop, "hwbreak"))
		return rsp_fail(&t->s->r, "%s to position %u: the stop names no breakpoint: %s",
		        request, at, stop);
	return true;
}

/* The guest has stopped; t->next is what was due. may_stop_anywhere: by 0x03. *again: in a tick's handler, from
 * where it is to go on. */
static bool take_stop(struct tour *t, const char *request, bool may_stop_anywhere, bool *again)
{
	struct view v;
	char text[200];
	*again = false;
	if (!session_view(t->s, &v))
		return false;
	say(t, request);
	bool is_interrupted = may_stop_anywhere && !strncmp(t->s->stop, "T02", 3);
	if (is_in_timer(t, &v)) {
		if (!is_interrupted)
			return rsp_fail(&t->s->r,
			        "%s from position %u: stopped in the timer's handler: %s", request,
			        t->at, t->s->stop);
		*again = t->is_in_timer = true;
		return true;
	}
	unsigned first = is_interrupted ? t->at : t->next.at;
	int at = path_find(t->path, &v, first, t->next.at, t->program->has_timer);
	for (unsigned i = t->at + 1; at < 0 && i < t->next.at; i++)
		if (t->next.may_stop[i] &&
		        view_is_same(&v, &t->path->at[i], t->program->has_timer, text, sizeof text))
			at = (int)i;
	if (at < 0)
		return lost(t, request, &v, t->next.at);
	if (!is_told(t, request, (unsigned)at))
		return false;
	move_to(t, (unsigned)at);
	return true;
}

/* Sends request and sees where it leads. interrupt_us: when a 0x03 follows; UINT32_MAX: none. */
static bool go(struct tour *t, const char *request, uint32_t interrupt_us)
{
	bool again = false, has_interrupted = interrupt_us != UINT32_MAX;
	plan_next(&t->plan, t->path, t->program, t->at, &t->next);
	if (t->options->is_verbose)
		fprintf(stderr, "%u: %s, due at %u%s\n", t->at, request, t->next.at,
		        has_interrupted ? ", and 0x03" : "");
	do {
		if (!rsp_send(&t->s->r, request, strlen(request)))
			return rsp_fail(&t->s->r, "the connection is gone");
		if (has_interrupted && !again) {
			spin_us(interrupt_us);
			rsp_send_raw(&t->s->r, "\x03", 1);
		}
		if (!session_stopped(t->s) || !take_stop(t, request, has_interrupted, &again))
			return false;
		/* A range is none for the handler. */
		if (again)
			request = "c";
		if (again && t->plan.range_end) {
			t->plan.range_end = 0;
			plan_next(&t->plan, t->path, t->program, t->at, &t->next);
		}
	} while (again);
	return true;
}

/* --- what it does ------------------------------------------------------------------------------- */

static bool step(struct tour *t)
{
	static const char *const requests[] = { "s", "vCont;s:1;c", "vCont;s:1" };
	for (uint32_t n = 1 + below(t, 12); n && !is_at_end(t); n--) {
		const struct plan kept = t->plan;
		/* Each is an end by itself. */
		t->plan.range_begin = t->plan.range_end = 0;
		plan_next(&t->plan, t->path, t->program, t->at, &t->next);
		bool is_hit = t->next.at == t->at + 1 && t->next.why == PLAN_WATCH;
		bool may_hit = t->next.may_stop[t->at + 1];
		t->next.at = t->at + 1;
		t->next.why = is_hit ? PLAN_WATCH : PLAN_RANGE;
		t->next.may_stop[t->at + 1] = may_hit;
		bool again;
		const char *request = requests[below(t, 3)];
		if (!session_resume(t->s, request) || !take_stop(t, request, false, &again))
			return false;
		t->plan = kept;
	}
	return true;
}

static bool run(struct tour *t)
{
	return go(t, "c", UINT32_MAX);
}

static bool run_and_interrupt(struct tour *t)
{
	return go(t, "c", below(t, below(t, 2) ? 60 : 800));
}

/* Around the guest, some instructions long. */
static bool step_range(struct tour *t)
{
	char request[60];
	uint64_t pc = pc_at(t, t->at);
	if (!program_find(t->program, pc))
		return step(t);
	t->plan.range_begin = (uint32_t)pc - below(t, 30);
	t->plan.range_end = (uint32_t)pc + 1 + below(t, below(t, 2) ? 40 : 600);
	snprintf(request, sizeof request, "vCont;r%x,%x:1", t->plan.range_begin, t->plan.range_end);
	bool ok = go(t, request, below(t, 4) ? UINT32_MAX : below(t, 300));
	t->plan.range_end = 0;
	return ok;
}

static bool has_breakpoint(const struct tour *t, uint32_t gva)
{
	for (unsigned i = 0; i < t->plan.breakpoint_count; i++)
		if (t->plan.breakpoints[i].gva == gva)
			return true;
	return false;
}

static unsigned count_hardware(const struct tour *t)
{
	unsigned count = 0;
	for (unsigned i = 0; i < t->plan.breakpoint_count; i++)
		count += t->plan.breakpoints[i].type;
	return count;
}

/* ax of some time when the guest is there; else a value that it may never have. */
static uint16_t choose_value(struct tour *t, uint32_t gva)
{
	unsigned from = below(t, t->path->last);
	for (unsigned n = 0; n < t->path->last; n++) {
		unsigned at = (from + n) % t->path->last;
		if (pc_at(t, at) == gva)
			return (uint16_t)t->path->at[at].registers[VIEW_AX];
	}
	return (uint16_t)random_next(&t->seed);
}

static bool set_breakpoint(struct tour *t)
{
	const struct program_insn *i = &t->program->insns[below(t, t->program->insn_count)];
	struct plan_breakpoint b = { .gva = i->gva };
	if (t->plan.breakpoint_count == PLAN_BREAKPOINTS || has_breakpoint(t, b.gva))
		return true;
	b.type = count_hardware(t) < 3 && below(t, 6) == 0;
	b.has_condition = below(t, 3) == 0;
	b.value = b.has_condition ? choose_value(t, b.gva) : 0;
	/* reg 0, zero_ext 16, const16, equal, end: GDB manual, "Bytecode Descriptions" */
	if (b.has_condition &&
	        !session_do(t->s, "Z%u,%x,1;Xa,2600002a1023%04x1327", b.type, b.gva, b.value))
		return false;
	if (!b.has_condition && !session_do(t->s, "Z%u,%x,1", b.type, b.gva))
		return false;
	t->plan.breakpoints[t->plan.breakpoint_count++] = b;
	return true;
}

static bool set_breakpoints(struct tour *t)
{
	uint32_t count = below(t, 8) ? 1 + below(t, 6) : 1 + below(t, PLAN_BREAKPOINTS);
	bool ok = true;
	for (; ok && count; count--)
		ok = set_breakpoint(t);
	return ok;
}

static bool set_watch(struct tour *t)
{
	struct plan_watch w = { .type = (uint8_t)(2 + below(t, 3)) };
	static const uint8_t lens[] = { 1, 1, 2, 4, 8, 3, 16 };
	w.len = lens[below(t, sizeof lens)];
	switch (below(t, 6)) {
	case 0: w.gva = PROGRAM_MIXED + below(t, 48); break;
	case 1: w.gva = PROGRAM_DATA - 0x100 + below(t, 3); break; /* the counters of loops */
	case 2: w.gva = PROGRAM_STACK - 0x40 + below(t, 0x30); break;
	case 3: w.gva = PROGRAM_DATA - 0x80 + below(t, 0xf0); break;
	default: w.gva = PROGRAM_DATA - 12 + below(t, 20);
	}
	if (t->plan.watch_count == PLAN_WATCHES)
		return true;
	/* The frames of ticks are there, and they come when they will. */
	if (t->program->has_timer && w.gva >> 12 == PROGRAM_STACK >> 12)
		return true;
	for (unsigned i = 0; i < t->plan.watch_count; i++)
		if (t->plan.watches[i].gva == w.gva && t->plan.watches[i].type == w.type)
			return true;
	if (!session_do(t->s, "Z%u,%x,%x", w.type, w.gva, w.len))
		return false;
	t->plan.watches[t->plan.watch_count++] = w;
	return true;
}

static bool remove_some(struct tour *t)
{
	for (unsigned i = t->plan.breakpoint_count; i--;) {
		struct plan_breakpoint *b = &t->plan.breakpoints[i];
		if (below(t, 3) == 0)
			continue;
		if (!session_do(t->s, "z%u,%x,1", b->type, b->gva))
			return false;
		*b = t->plan.breakpoints[--t->plan.breakpoint_count];
	}
	for (unsigned i = t->plan.watch_count; i--;) {
		struct plan_watch *w = &t->plan.watches[i];
		if (below(t, 2))
			continue;
		if (!session_do(t->s, "z%u,%x,%x", w->type, w->gva, w->len))
			return false;
		*w = t->plan.watches[--t->plan.watch_count];
	}
	return true;
}

static bool change_engine(struct tour *t)
{
	static const char *const names[] = { "interp", "auto", "kvm" };
	char line[40], text[40];
	const char *name = names[below(t, t->options->can_kvm ? 3 : 2)];
	snprintf(line, sizeof line, "engine %s", name);
	snprintf(text, sizeof text, "engine       %s", name);
	say(t, line);
	return session_monitor(t->s, line, text);
}

static bool is_where_it_was(struct tour *t, const char *after)
{
	struct view v;
	char text[200];
	if (!session_view(t->s, &v))
		return false;
	return view_is_same(&v, &t->path->at[t->at], t->program->has_timer, text, sizeof text) ||
	       rsp_fail(&t->s->r, "%s at position %u: %s", after, t->at, text);
}

static bool save(struct tour *t)
{
	t->has_snapshot = true;
	t->saved_at = t->at;
	say(t, "savevm");
	return session_monitor(t->s, "savevm here", "Saved here");
}

static bool load(struct tour *t)
{
	t->at = t->saved_at;
	say(t, "loadvm");
	return session_monitor(t->s, "loadvm here", "Loaded here") && is_where_it_was(t, "loadvm");
}

static bool save_or_load(struct tour *t)
{
	return t->has_snapshot && below(t, 2) ? load(t) : save(t);
}

/* What was set is gone with the connection. */
static bool come_back(struct tour *t)
{
	t->plan.breakpoint_count = t->plan.watch_count = 0;
	say(t, "another connection");
	rsp_disconnect(&t->s->r);
	return session_connect(t->s) && is_where_it_was(t, "another connection");
}

/* Two bytes of code: a hlt that nobody looks at would be the end of stepvm. */
static bool write_end(struct tour *t, const uint8_t *bytes)
{
	return session_do(t->s, "M%x,2:%02x%02x", t->program->halt, bytes[0], bytes[1]);
}

/* The guest runs on, and waits in a loop where it would end. */
static bool detach(struct tour *t)
{
	struct view v;
	uint32_t halt = t->program->halt;
	const uint8_t *code =
	        &t->program->image[t->program->page_gpa[halt >> 12 & 15] + (halt & 0xfff)];
	if (t->at == t->path->last)
		return true;
	t->plan.breakpoint_count = t->plan.watch_count = 0;
	say(t, "detach");
	if (!write_end(t, (const uint8_t[]) { 0xeb, 0xfe }) || !session_do(t->s, "D"))
		return false;
	rsp_disconnect(&t->s->r);
	spin_us(below(t, 400));
	if (!session_connect(t->s) || !write_end(t, code) || !session_view(t->s, &v))
		return false;
	plan_next(&t->plan, t->path, t->program, t->at, &t->next);
	if (is_in_timer(t, &v))
		return run(t); /* to the end: nothing is set */
	int at = path_find(t->path, &v, t->at, t->path->last, t->program->has_timer);
	if (at < 0)
		return lost(t, "D", &v, t->path->last);
	move_to(t, (unsigned)at);
	return true;
}

/* What stepvm plants is not the guest's. */
static bool read_code(struct tour *t)
{
	char wanted[40] = "";
	const struct program *p = t->program;
	if (!t->plan.breakpoint_count)
		return true;
	uint32_t gva = t->plan.breakpoints[below(t, t->plan.breakpoint_count)].gva;
	const uint8_t *byte = &p->image[p->page_gpa[gva >> 12 & 15] + (gva & 0xfff)];
	snprintf(wanted, sizeof wanted, "%02x", *byte);
	if (strcmp(rsp_must_ask(&t->s->r, "m%x,1", gva), wanted))
		return rsp_fail(
		        &t->s->r, "m%x,1 -> %.20s, expected %s", gva, t->s->r.packet, wanted);
	return true;
}

static bool write_back_registers(struct tour *t)
{
	char packet[2010] = "G";
	snprintf(packet + 1, sizeof packet - 1, "%s", rsp_must_ask(&t->s->r, "g"));
	if (strcmp(rsp_ask_bytes(&t->s->r, packet, strlen(packet)), "OK"))
		return rsp_fail(&t->s->r, "G -> %.100s", t->s->r.packet);
	return true;
}

static const struct action {
	bool (*act)(struct tour *t);
	unsigned weight;
} actions[] = {
	{ step, 8 },
	{ run, 50 },
	{ run_and_interrupt, 12 },
	{ step_range, 10 },
	{ set_breakpoints, 14 },
	{ set_watch, 14 },
	{ remove_some, 4 },
	{ change_engine, 4 },
	{ save_or_load, 4 },
	{ come_back, 2 },
	{ detach, 2 },
	{ read_code, 2 },
	{ write_back_registers, 2 },
};
#define ACTIONS (sizeof actions / sizeof *actions)

static bool act(struct tour *t)
{
	unsigned total = 0, i = 0;
	for (unsigned n = 0; n < ACTIONS; n++)
		total += actions[n].weight;
	for (unsigned n = below(t, total); n >= actions[i].weight; i++)
		n -= actions[i].weight;
	return actions[i].act(t);
}

/* --- the end ------------------------------------------------------------------------------------ */

static bool is_output_right(struct tour *t)
{
	uint8_t is[sizeof t->output];
	ssize_t n = pread(t->s->r.stdout_fd, is, sizeof is, 0);
	size_t len = n > 0 ? (size_t)n : 0;
	char text[200];
	return output_is_same(is, len, t->output, t->output_len, text, sizeof text) ||
	       rsp_fail(&t->s->r, "%s", text);
}

static bool finish(struct tour *t)
{
	for (unsigned i = 0; i < t->plan.breakpoint_count; i++)
		if (!session_do(t->s, "z%u,%x,1", t->plan.breakpoints[i].type,
		            t->plan.breakpoints[i].gva))
			return false;
	for (unsigned i = 0; i < t->plan.watch_count; i++)
		if (!session_do(t->s, "z%u,%x,%x", t->plan.watches[i].type, t->plan.watches[i].gva,
		            t->plan.watches[i].len))
			return false;
	t->plan.breakpoint_count = t->plan.watch_count = 0;
	return (is_at_end(t) || run(t)) && is_output_right(t);
}

bool tour_go(struct session *s, const struct path *path, const struct tour_options *o)
{
	static struct tour t; /* large */
	memset(&t, 0, sizeof t);
	t.s = s;
	t.path = path;
	t.program = s->program;
	t.options = o;
	t.plan.is_late_in_rep = o->is_late_in_rep;
	t.seed = o->seed;
	bool ok = is_where_it_was(&t, "the beginning");
	/* Most begin with something to be told of, and go round from there. */
	if (ok && below(&t, 5))
		ok = save(&t) && set_watch(&t) && set_watch(&t) && set_breakpoints(&t);
	for (uint32_t n = 20 + below(&t, 60); ok && n; n--) {
		if (is_at_end(&t) && !t.has_snapshot)
			break;
		ok = is_at_end(&t) ? load(&t) : act(&t);
	}
	return ok && finish(&t);
}

/* Watchpoints: each access of the guest `accesses` stops after itself, and no other does. */
#include "rsp_check.h"

#define LIST_MAX 64
#define READS    1u
#define WRITES   2u

/* Z2, Z3, Z4 and what their stops are called. */
static const struct kind {
	char digit;
	const char *name;
	unsigned takes;
} kinds[] = { { '2', "watch:", WRITES }, { '3', "rwatch:", READS },
	{ '4', "awatch:", READS | WRITES } };
#define KINDS (sizeof kinds / sizeof *kinds)

/* A line of the guest's list. */
struct access {
	unsigned from, after, gva, len, how;
	bool is_rep;
};
struct list {
	unsigned count;
	struct access all[LIST_MAX];
};

static void read_list(struct rsp *r, struct list *l)
{
	uint64_t at = rsp_symbol("accesses", "list");
	for (l->count = 0; l->count < LIST_MAX; l->count++, at += 16) {
		const char *hex = rsp_ask(r, "m%" PRIx64 ",10", at);
		struct access *a = &l->all[l->count];
		unsigned last;
		if (strlen(hex) != 32)
			break;
		a->from = rsp_value(hex) & 0xffffffff;
		a->after = rsp_value(hex + 8) & 0xffffffff;
		a->gva = rsp_value(hex + 16) & 0xffffffff;
		last = rsp_value(hex + 24) & 0xffffffff;
		a->len = last & 0xff;
		a->how = last >> 8 & 3;
		a->is_rep = last >> 10;
		if (!a->from)
			break;
	}
	CHECK(l->count > 30 && l->count < LIST_MAX);
}

/* The address after "watch:" or its like; all ones when the stop has none of that name. */
static uint64_t watched(const char *stop, const char *name)
{
	char wanted[16];
	snprintf(wanted, sizeof wanted, ";%s", name);
	const char *at = strstr(stop, wanted);
	if (!at && !strncmp(stop, "T05", 3) && !strncmp(stop + 3, name, strlen(name)))
		at = stop + 2;
	unsigned long long gva;
	return at && sscanf(at + strlen(wanted), "%llx;", &gva) == 1 ? gva : UINT64_MAX;
}

/* The stop was of this kind, after the access, in the watched range. After an iteration of a rep
 * is at the rep. */
static bool is_hit(
        const char *stop, const struct kind *k, const struct access *a, uint64_t gva, unsigned len)
{
	uint64_t at = watched(stop, k->name);
	bool is_behind = rsp_pc(stop) == a->after || (a->is_rep && rsp_pc(stop) == a->from + 2);
	return !strncmp(stop, "T05", 3) && is_behind && at >= gva && at - gva < len;
}

/* How the guest is to get from its place before the access to after it. */
enum way { FREE, BEHIND_BREAKPOINT, STEPPED, BESIDE_MANY, WAYS };
static const char *const way_names[WAYS] = { "free", "after a breakpoint", "stepped",
	"beside five breakpoints" };

static const char *go(struct rsp *r, const struct access *a, enum way way)
{
	const char *stop;
	unsigned n;
	switch (way) {
	case FREE: return rsp_ask(r, "c");
	case BESIDE_MANY: /* on the pages of code, data and stack */
		for (n = 0; n < 5; n++)
			rsp_ask(r, "Z0,%x,1", n < 3 ? 0x7df8 + n : n == 3 ? 0x9ff0 : 0x40ff0);
		rsp_ask(r, "c");
		for (n = 0; n < 5; n++) {
			char *kept = strdup(r->packet);
			rsp_ask(r, "z0,%x,1", n < 3 ? 0x7df8 + n : n == 3 ? 0x9ff0 : 0x40ff0);
			strcpy(r->packet, kept);
			free(kept);
		}
		return r->packet;
	case BEHIND_BREAKPOINT: /* at the access itself, which is 2 after from */
		rsp_ask(r, "Z0,%x,1", a->from + 2);
		stop = rsp_ask(r, "c");
		if (rsp_pc(stop) != a->from + 2)
			return stop;
		rsp_ask(r, "c");
		stop = strcpy(malloc(strlen(r->packet) + 1), r->packet);
		rsp_ask(r, "z0,%x,1", a->from + 2);
		strcpy(r->packet, stop);
		free((void *)stop);
		return r->packet;
	case STEPPED:
		for (n = 0; n < 3; n++) {
			stop = rsp_ask(r, "s");
			if (rsp_pc(stop) != a->from + 1 + n || n == 2)
				break;
		}
		return r->packet;
	case WAYS: break;
	}
	return "";
}

/* Puts the guest before the access. */
static bool go_before(struct rsp *r, const struct access *a)
{
	RSP_IS(r, "OK", "Z1,%x,1", a->from);
	RSP_STOPS(r, "c", a->from, "T05");
	bool ok = rsp_pc(r->packet) == a->from;
	RSP_IS(r, "OK", "z1,%x,1", a->from);
	return ok;
}

static void check_access(struct rsp *r, const struct access *a, const struct kind *k, enum way way)
{
	if (!go_before(r, a))
		return;
	RSP_IS(r, "OK", "Z%c,%x,%x", k->digit, a->gva, a->len);
	if (k->takes & a->how) {
		const char *stop = go(r, a, way);
		if (!is_hit(stop, k, a, a->gva, a->len))
			CHECK_FAIL("%s, %s: %x at %x, %u bytes: wanted a stop at %x: %.100s",
			        k->name, way_names[way], a->from, a->gva, a->len, a->after, stop);
	} else { /* a breakpoint after it says that it did not stop */
		RSP_IS(r, "OK", "Z1,%x,1", a->after);
		const char *stop = rsp_ask(r, "c");
		if (rsp_pc(stop) != a->after || strstr(stop, "watch:"))
			CHECK_FAIL("%s on the other kind: %x at %x, %u bytes: %.100s", k->name,
			        a->from, a->gva, a->len, stop);
		RSP_IS(r, "OK", "z1,%x,1", a->after);
	}
	RSP_IS(r, "OK", "z%c,%x,%x", k->digit, a->gva, a->len);
}

static void check_all(enum way way)
{
	struct rsp r;
	struct list l;
	RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
	read_list(&r, &l);
	for (size_t k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < l.count; i++)
			check_access(&r, &l.all[i], &kinds[k], way);
	rsp_close(&r);
}

static void every_access_is_seen_by_a_free_run(void)
{
	check_all(FREE);
}

static void every_access_right_behind_a_breakpoint_is_seen(void)
{
	check_all(BEHIND_BREAKPOINT);
}

static void every_access_is_seen_by_a_step(void)
{
	check_all(STEPPED);
}

static void every_access_is_seen_beside_breakpoints(void)
{
	check_all(BESIDE_MANY);
}

static uint64_t symbol(const char *name)
{
	return rsp_symbol("accesses", name);
}

/* Past the first round, in which all bytes are still 0. */
static bool start(struct rsp *r)
{
	RSP_IS(r, "OK", "Z1,%" PRIx64 ",1", symbol("again"));
	for (unsigned i = 0; i < 3; i++)
		RSP_STOPS(r, "c", symbol("again"), "T05");
	RSP_IS(r, "OK", "z1,%" PRIx64 ",1", symbol("again"));
	return check_case_ok;
}

/* The four bytes at 0x9024 are written in one access. */
static struct access find_dword(struct rsp *r, unsigned how)
{
	struct list l;
	read_list(r, &l);
	for (unsigned i = 0; i < l.count; i++)
		if (l.all[i].gva == 0x9024 && l.all[i].how == how)
			return l.all[i];
	CHECK_FAIL("0x9024 is not in the list");
	return l.all[0];
}

static const struct range {
	unsigned gva, len;
	bool is_hit;
} ranges[] = { { 0x9024, 1, true }, { 0x9027, 1, true }, { 0x9025, 2, true }, { 0x9024, 4, true },
	{ 0x9025, 3, true }, { 0x9023, 2, true }, { 0x9027, 8, true }, { 0x9014, 100, true },
	{ 0x8ff0, 0x3000, true }, { 0x9023, 1, false }, { 0x9028, 1, false }, { 0x9020, 4, false },
	{ 0x9028, 100, false }, { 0x8fc0, 100, false } };
#define RANGES (sizeof ranges / sizeof *ranges)

static void check_range(
        struct rsp *r, const struct access *a, const struct kind *k, const struct range *range)
{
	if (!go_before(r, a))
		return;
	RSP_IS(r, "OK", "Z%c,%x,%x", k->digit, range->gva, range->len);
	RSP_IS(r, "OK", "Z1,%x,1", a->after);
	const char *stop = rsp_ask(r, "c");
	bool ok = range->is_hit ? is_hit(stop, k, a, range->gva, range->len)
	                        : rsp_pc(stop) == a->after && !strstr(stop, "watch:");
	if (!ok)
		CHECK_FAIL("%s %x,%x: %.100s", k->name, range->gva, range->len, stop);
	RSP_IS(r, "OK", "z1,%x,1", a->after);
	RSP_IS(r, "OK", "z%c,%x,%x", k->digit, range->gva, range->len);
}

static void ranges_of_any_length_are_hit_where_they_overlap(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
	struct access writes = find_dword(&r, WRITES), reads = find_dword(&r, READS);
	for (size_t i = 0; start(&r) && i < RANGES; i++)
		for (size_t k = 0; k < KINDS; k++) {
			if (kinds[k].takes & WRITES)
				check_range(&r, &writes, &kinds[k], &ranges[i]);
			if (kinds[k].takes & READS)
				check_range(&r, &reads, &kinds[k], &ranges[i]);
		}
	rsp_close(&r);
}

static void several_watch_the_same_bytes(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
	struct access writes = find_dword(&r, WRITES), reads = find_dword(&r, READS);
	if (!start(&r) || !go_before(&r, &writes))
		return;
	RSP_IS(&r, "OK", "Z2,9024,4");
	RSP_IS(&r, "OK", "Z2,9024,4"); /* twice is no error */
	RSP_IS(&r, "OK", "Z4,9026,1");
	RSP_IS(&r, "OK", "Z3,9020,10");
	const char *stop = rsp_ask(&r, "c");
	CHECK(is_hit(stop, &kinds[0], &writes, 0x9024, 4) ||
	        is_hit(stop, &kinds[2], &writes, 0x9026, 1));
	RSP_IS(&r, "OK", "z2,9024,4");
	stop = rsp_ask(&r, "c");
	CHECK(is_hit(stop, &kinds[1], &reads, 0x9020, 0x10) ||
	        is_hit(stop, &kinds[2], &reads, 0x9026, 1));
	RSP_IS(&r, "OK", "z4,9026,1");
	stop = rsp_ask(&r, "c"); /* the next round's: nobody watches for writes any more */
	CHECK(is_hit(stop, &kinds[1], &reads, 0x9020, 0x10));
	RSP_IS(&r, "OK", "z3,9020,10");
	RSP_IS(&r, "OK", "z3,9020,10"); /* what is not there */
	rsp_close(&r);
}

static void the_old_value_is_there_before_and_the_new_one_after(void)
{
	for (int is_step = 0; is_step < 2; is_step++) {
		struct rsp r;
		char wanted[16];
		RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
		struct access writes = find_dword(&r, WRITES);
		if (!start(&r))
			return;
		RSP_IS(&r, "OK", "Z2,9024,4");
		for (unsigned round = 3; round < 7; round++) {
			snprintf(wanted, sizeof wanted, "%02x000000", round - 1);
			RSP_IS(&r, wanted, "m9024,4");
			do
				rsp_ask(&r, is_step ? "s" : "c");
			while (is_step && !strncmp(r.packet, "T05", 3) &&
			        !strstr(r.packet, "watch:"));
			CHECK(is_hit(r.packet, &kinds[0], &writes, 0x9024, 4));
			snprintf(wanted, sizeof wanted, "%02x000000", round);
			RSP_IS(&r, wanted, "m9024,4");
			CHECK_EQ(rsp_register(&r, 2), round);
		}
		rsp_close(&r);
	}
}

/* All of a round's data accesses, one after the other, by `c` and by `s`. */
static void check_round(const char *request)
{
	struct rsp r;
	struct list l;
	RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
	read_list(&r, &l);
	if (!start(&r))
		return;
	RSP_IS(&r, "OK", "Z4,9000,80");
	RSP_IS(&r, "OK", "Z4,1fe,2");
	RSP_IS(&r, "OK", "Z4,30100,2");
	RSP_IS(&r, "OK", "Z4,50200,2");
	RSP_IS(&r, "OK", "Z4,%" PRIx64 ",2", symbol("code_word"));
	for (unsigned i = 0; i < l.count && l.all[i].gva < 0x40000 + 0x20000 && check_case_ok;
	        i++) {
		if (l.all[i].gva >> 16 == 4) /* the stack */
			continue;
		do
			rsp_ask(&r, "%s", request);
		while (*request == 's' && !strncmp(r.packet, "T05", 3) &&
		        !strstr(r.packet, "watch:"));
		if (!is_hit(r.packet, &kinds[2], &l.all[i], watched(r.packet, "awatch:"), 1))
			CHECK_FAIL("%s: line %u of the list, %x: %.100s", request, i, l.all[i].from,
			        r.packet);
	}
	rsp_close(&r);
}

static void a_round_of_accesses_stops_at_each_of_them(void)
{
	check_round("c");
	check_round("s");
}

/* The middle of what a rep writes: the stop is after that iteration. */
static void check_rep(const char *at, const char *after, unsigned gva, unsigned len)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
	if (!start(&r))
		return;
	RSP_IS(&r, "OK", "Z2,%x,%x", gva, len);
	for (unsigned round = 0; round < 3; round++) {
		RSP_BEGINS(&r, "T05", "c");
		uint64_t pc = rsp_pc(r.packet), hit = watched(r.packet, "watch:");
		CHECK(pc == symbol(at) || pc == symbol(after));
		CHECK(hit >= gva && hit - gva < len);
		char value[3];
		snprintf(value, sizeof value, "%02x", (unsigned)(rsp_register(&r, 2) & 0xff));
		RSP_IS(&r, value, "m%x,1", gva);
		RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", symbol(after));
		for (unsigned n = 0; n < 20 && rsp_pc(r.packet) != symbol(after); n++)
			RSP_BEGINS(&r, "T05", "c");
		CHECK_EQ(rsp_pc(rsp_ask(&r, "?")), symbol(after));
		RSP_IS(&r, "OK", "z1,%" PRIx64 ",1", symbol(after));
	}
	rsp_close(&r);
}

static void a_rep_stops_behind_the_iteration(void)
{
	check_rep("fill", "behind_fill", 0x9108, 2);
	check_rep("copy", "behind_copy", 0x9118, 1);
	check_rep("copy", "behind_copy", 0x911c, 3);
}

/* The last iteration of a rep: nothing of it is left, so the stop is after it, by `c` and by `s`. */
static void check_rep_end(
        const char *at, const char *after, unsigned gva, unsigned len, bool is_step)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
	if (!start(&r))
		return;
	RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", symbol(at));
	RSP_STOPS(&r, "c", symbol(at), "T05");
	RSP_IS(&r, "OK", "z1,%" PRIx64 ",1", symbol(at));
	RSP_IS(&r, "OK", "Z2,%x,%x", gva, len);
	for (unsigned n = 0; n < 20 && !strstr(r.packet, "watch:"); n++)
		RSP_BEGINS(&r, "T05", is_step ? "s" : "c");
	CHECK_EQ(watched(r.packet, "watch:"), gva);
	CHECK_EQ(rsp_pc(r.packet), symbol(after));
	rsp_close(&r);
}

static void a_rep_that_ends_with_a_hit_stops_after_it(void)
{
	for (int is_step = 0; is_step < 2; is_step++) {
		check_rep_end("fill", "behind_fill", 0x910e, 2, is_step);
		check_rep_end("copy", "behind_copy", 0x911f, 1, is_step);
	}
}

/* Of five bytes from 8000h on the second is watched. The other watchpoints take the debug registers, where there are
 * some: this one is a guarded page. */
static void check_rep_read(const char *engine, const char *code)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--hlt", "stop", "--engine", engine, NULL);
	RSP_IS(&r, "OK", "M1000,3:%s", code);
	RSP_IS(&r, "OK", "P8=00100000");
	RSP_IS(&r, "OK", "P1=05000000");
	RSP_IS(&r, "OK", "P6=00800000");
	RSP_IS(&r, "OK", "P7=00900000");
	RSP_IS(&r, "OK", "M8000,5:1122331122");
	RSP_IS(&r, "OK", "M9000,5:1122331122");
	RSP_IS(&r, "OK", "P0=44444444");
	for (unsigned i = 0; i < 4; i++)
		RSP_IS(&r, "OK", "Z2,%x,4", 0xb000 + 8 * i);
	RSP_IS(&r, "OK", "Z3,8001,1");
	RSP_STOPS(&r, "c", 0x1000, "T05thread:1;rwatch:8001;");
	CHECK_EQ(rsp_register(&r, 0), strstr(code, "ac") ? 0x44444422 : 0x44444444);
	CHECK_EQ(rsp_register(&r, 1), 3);
	CHECK_EQ(rsp_register(&r, 6), 0x8002);
	RSP_STOPS(&r, "c", 0x1003, "T00");
	CHECK_EQ(rsp_register(&r, 1), 0);
	CHECK_EQ(rsp_register(&r, 6), 0x8005);
	rsp_close(&r);
}

static void a_rep_stops_after_the_read_that_hits(void)
{
	static const char *const engines[] = { "kvm", "interp" };
	for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
		check_rep_read(engines[i], "f3acf4"); /* rep lodsb; hlt */
		check_rep_read(engines[i], "f3a4f4"); /* rep movsb */
		check_rep_read(engines[i], "f3a6f4"); /* repe cmpsb */
	}
}

/* Of five elements from here on the first one begins in the page before, which is not guarded. */
static void check_rep_across(const char *engine, const char *code, unsigned size, uint64_t value)
{
	struct rsp r;
	unsigned from = 0x8002 - size;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--hlt", "stop", "--engine", engine, NULL);
	RSP_IS(&r, "OK", "M1000,4:%s", code);
	RSP_IS(&r, "OK", "P8=00100000");
	RSP_IS(&r, "OK", "P1=05000000");
	RSP_IS(&r, "OK", "P6=%02x%02x0000", from & 0xff, from >> 8);
	RSP_IS(&r, "OK", "M7ffe,8:0102030405060708");
	RSP_IS(&r, "OK", "P0=44444444");
	for (unsigned i = 0; i < 4; i++)
		RSP_IS(&r, "OK", "Z2,%x,4", 0xb000 + 8 * i);
	RSP_IS(&r, "OK", "Z3,8001,1");
	RSP_STOPS(&r, "c", 0x1000, "T05thread:1;rwatch:8001;");
	CHECK_EQ(rsp_register(&r, 0), value);
	CHECK_EQ(rsp_register(&r, 1), 4);
	CHECK_EQ(rsp_register(&r, 6), 0x8002);
	rsp_close(&r);
}

static void a_rep_stops_after_the_read_that_begins_in_another_page(void)
{
	static const char *const engines[] = { "kvm", "interp" };
	for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
		check_rep_across(engines[i], "f366adf4", 4, 0x04030201); /* rep lodsd; hlt */
}

/* A rep with a count of 0 accesses nothing: neither by `c` nor by `s`. */
static void a_rep_of_nothing_is_no_access(void)
{
	for (int is_step = 0; is_step < 2; is_step++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
		if (!start(&r))
			return;
		RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", symbol("nothing"));
		RSP_STOPS(&r, "c", symbol("nothing"), "T05");
		RSP_IS(&r, "OK", "Z4,9100,40");
		RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", symbol("behind_nothing"));
		RSP_STOPS(&r, is_step ? "s" : "c", symbol("behind_nothing"), "T05");
		CHECK(!strstr(r.packet, "watch:"));
		rsp_close(&r);
	}
}

/* What the CPU looks up by itself is no access of the guest's, as with a CPU's own registers. */
static void an_interrupts_vector_is_not_read(void)
{
	for (int is_step = 0; is_step < 2; is_step++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
		uint64_t at = symbol("behind_int") - 2;
		if (!start(&r))
			return;
		RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", at);
		RSP_STOPS(&r, "c", at, "T05");
		RSP_IS(&r, "OK", "z1,%" PRIx64 ",1", at);
		RSP_IS(&r, "OK", "Z3,84,4");
		RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", symbol("on_int"));
		RSP_STOPS(&r, is_step ? "s" : "c", symbol("on_int"), "T05");
		CHECK(!strstr(r.packet, "watch:"));
		rsp_close(&r);
	}
}

static void what_cannot_be_watched_is_refused(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", NULL);
	for (size_t k = 0; k < KINDS; k++) {
		RSP_BEGINS(&r, "E", "Z%c,9000,10001", kinds[k].digit);
		RSP_BEGINS(&r, "E", "Z%c,9000,0", kinds[k].digit);
		RSP_BEGINS(&r, "E", "Z%c,ffffffffffffffff,2", kinds[k].digit);
		RSP_IS(&r, "OK", "z%c,9000,10001", kinds[k].digit);
	}
	RSP_IS(&r, "OK", "Z2,20000,10000"); /* the longest there is, on sixteen pages */
	if (start(&r))
		RSP_STOPS(&r, "s", symbol("again") + 1, "T05");
	rsp_close(&r);
}

/* Goes on to the hardware breakpoint at gva, where the debugger takes all away, as gdb does. */
static void go_and_take_away(struct rsp *r, uint64_t gva)
{
	RSP_IS(r, "OK", "Z1,%" PRIx64 ",1", gva);
	RSP_STOPS(r, "c", gva, "T05");
	RSP_IS(r, "OK", "z1,%" PRIx64 ",1", gva);
	RSP_IS(r, "OK", "z2,50f00,3");
	RSP_IS(r, "OK", "z3,50f08,1");
}

#define GDB_SENDS_LATER "(gdb sends its changes when the guest goes on)\n"

static void monitor_lists_watchpoints_and_how_they_were_kept(void)
{
	struct rsp r;
	char wanted[400];
	const char *register_or_page =
	        rsp_probe("data_breakpoints") ? "debug register" : "guarded page";
	RSP_OPEN(&r, RSP_UNIX, "accesses", "--load", "0x7c00", "--engine", "kvm", NULL);
	uint64_t at = rsp_symbol("accesses", "normalized");
	RSP_IS(&r, "OK", "Z2,50f00,3");
	RSP_IS(&r, "OK", "Z3,50f08,1");
	rsp_monitor(&r, "catch port 0x60");
	go_and_take_away(&r, at);
	snprintf(wanted, sizeof wanted,
	        "0x%-16" PRIx64 " hardware, debug register\n"
	        "0x50f00            write watchpoint, 3 bytes, %s\n"
	        "0x50f08            read watchpoint, 1 byte, guarded page\n"
	        "catch 1            port 0x60, exits\n" GDB_SENDS_LATER,
	        at, register_or_page);
	CHECK_STR(rsp_monitor(&r, "info breakpoints"), wanted);

	/* One whose page is not there is kept by steps, and so are the others then. */
	RSP_IS(&r, "OK", "Z4,fff00000,10000");
	RSP_IS(&r, "OK", "Z2,50f00,3");
	go_and_take_away(&r, at + 1);
	snprintf(wanted, sizeof wanted,
	        "0x%-16" PRIx64 " hardware, stepping\n"
	        "0x50f00            write watchpoint, 3 bytes, stepping\n"
	        "0xfff00000         access watchpoint, 65536 bytes, stepping\n"
	        "catch 1            port 0x60, exits\n" GDB_SENDS_LATER,
	        at + 1);
	CHECK_STR(rsp_monitor(&r, "info breakpoints"), wanted);
	RSP_IS(&r, "OK", "z4,fff00000,10000");

	RSP_IS(&r, "OK", "Z2,50f00,3");
	rsp_monitor(&r, "catch int 0x33");
	go_and_take_away(&r, at + 2);
	snprintf(wanted, sizeof wanted,
	        "0x%-16" PRIx64 " hardware, stepping\n"
	        "0x50f00            write watchpoint, 3 bytes, stepping\n"
	        "catch 1            port 0x60, exits\n"
	        "catch 2            int 0x33, stepping\n" GDB_SENDS_LATER,
	        at + 2);
	CHECK_STR(rsp_monitor(&r, "info breakpoints"), wanted);
	rsp_close(&r);
}

int main(void)
{
	RUN(every_access_is_seen_by_a_free_run);
	RUN(every_access_right_behind_a_breakpoint_is_seen);
	RUN(every_access_is_seen_by_a_step);
	RUN(every_access_is_seen_beside_breakpoints);
	RUN(ranges_of_any_length_are_hit_where_they_overlap);
	RUN(several_watch_the_same_bytes);
	RUN(the_old_value_is_there_before_and_the_new_one_after);
	RUN(a_round_of_accesses_stops_at_each_of_them);
	RUN(a_rep_stops_behind_the_iteration);
	RUN(a_rep_that_ends_with_a_hit_stops_after_it);
	RUN(a_rep_stops_after_the_read_that_hits);
	RUN(a_rep_stops_after_the_read_that_begins_in_another_page);
	RUN(a_rep_of_nothing_is_no_access);
	RUN(an_interrupts_vector_is_not_read);
	RUN(what_cannot_be_watched_is_refused);
	RUN(monitor_lists_watchpoints_and_how_they_were_kept);
	return check_done();
}

/* A guest that calls the BIOS, for its disk, its screen and the keys that are typed, ends with the same memory,
 * registers and screen whether it runs alone, is stepped, is watched, has more breakpoints than the CPU has
 * registers, or was kept and loaded again in the midst of a call that waits, for a time or for a key. */
#define RSP_BOARD "auto"
#include "rsp_check.h"

/* All but what the time may change: 40:6c to 40:70, the wait's count at 40:98 to 40:9f, the guest's own
 * count. */
struct end {
	char low[2 * 0x6c + 1];  /* 0x400 to 0x46b */
	char rest[2 * 0x27 + 1]; /* 0x471 to 0x497 */
	char data[2 * 0x1000 + 1];
	char screen[2 * 4000 + 1];
	char sum[5], regs[2000];
};

static void copy(struct rsp *r, char *to, size_t size, uint64_t gva, unsigned len)
{
	snprintf(to, size, "%s", rsp_ask(r, "m%" PRIx64 ",%x", gva, len));
}

static void read_end(struct rsp *r, struct end *e)
{
	copy(r, e->low, sizeof e->low, 0x400, 0x6c);
	copy(r, e->rest, sizeof e->rest, 0x471, 0x27);
	copy(r, e->data, sizeof e->data, 0x8000, 0x1000);
	copy(r, e->screen, sizeof e->screen, 0xb8000, 4000);
	copy(r, e->sum, sizeof e->sum, rsp_symbol("calls", "sum"), 2);
	snprintf(e->regs, sizeof e->regs, "%.*s", 8 * 16 + 8, rsp_ask(r, "g"));
	CHECK_STR(rsp_ask(r, "m%" PRIx64 ",1", rsp_symbol("calls", "rounds")), "08");
}

static void check_end(struct rsp *r, const struct end *wanted)
{
	static struct end is;
	read_end(r, &is);
	CHECK_STR(is.low, wanted->low);
	CHECK_STR(is.rest, wanted->rest);
	CHECK_STR(is.data, wanted->data);
	CHECK_STR(is.screen, wanted->screen);
	CHECK_STR(is.sum, wanted->sum);
	CHECK_STR(is.regs, wanted->regs);
}

#define KEYS "stepkeys" /* one a round */

static void type_keys(struct rsp *r)
{
	CHECK_STR(rsp_monitor(r, "type \"" KEYS "\""), "");
}

/* Starts the guest, with its keys typed ahead: they come when it reads them. */
#define OPEN(r)                                                                                    \
	do {                                                                                       \
		RSP_OPEN(r, RSP_UNIX, "calls", NULL);                                              \
		type_keys(r);                                                                      \
	} while (0)

static struct end alone;

static void alone_it_comes_to_its_end(void)
{
	struct rsp r;
	OPEN(&r);
	RSP_BEGINS(&r, "T00", "c");
	read_end(&r, &alone);
	CHECK(strncmp(alone.sum, "0000", 4));
	CHECK(!strncmp(alone.screen, "4107", 4)); /* A, light grey on black, over the first key */
	for (unsigned n = 1; n < 8; n++) {        /* and the next ones, after each letter */
		char cell[5];
		snprintf(cell, sizeof cell, "%02x07", KEYS[n]);
		CHECK(!strncmp(alone.screen + 4 * (80 * (n - 1) + n), cell, 4));
	}
	rsp_close(&r);
}

/* Whatever stops it, it goes on, to its halt. */
static void to_the_end(struct rsp *r, const char *request, unsigned stops_max)
{
	unsigned n = 0;
	while (strncmp(rsp_ask(r, "%s", request), "T00", 3) && n < stops_max && r->packet[0] == 'T')
		n++;
	if (strncmp(r->packet, "T00", 3))
		CHECK_FAIL("%u stops of %s, then %.60s", n, request, r->packet);
	else
		check_end(r, &alone);
}

/* A step's hlt is T05: the last one is looked at by its place. */
static void stepped_it_ends_alike(void)
{
	struct rsp r;
	uint64_t end = rsp_symbol("calls", "done") + 1, pc = 0;
	OPEN(&r);
	for (unsigned n = 0; n < 40000 && pc != end && check_case_ok; n++) {
		const char *stop = rsp_ask(&r, "s");
		if (strncmp(stop, "T05", 3))
			CHECK_FAIL("step %u: %.60s", n, stop);
		pc = rsp_pc(stop);
		if (pc >= 0xf0000)
			CHECK_FAIL("step %u is in the ROM, at 0x%" PRIx64, n, pc);
	}
	to_the_end(&r, "c", 0);
	rsp_close(&r);
}

static void in_ranges_it_ends_alike(void)
{
	struct rsp r;
	char request[60];
	uint64_t begin = rsp_symbol("calls", "start"), end = rsp_symbol("calls", "done");
	OPEN(&r);
	snprintf(request, sizeof request, "vCont;r%" PRIx64 ",%" PRIx64 ":1", begin, end);
	RSP_STOPS(&r, request, end, "T05");
	to_the_end(&r, "c", 0);
	rsp_close(&r);
}

static void watched_it_ends_alike(void)
{
	static const char *const watched[] = { "Z2,8100,4", "Z4,b8000,2", "Z3,449,1", "Z2,8fffe,2",
		"Z2,450,2", "Z4,81fe,2" };
	struct rsp r;
	OPEN(&r);
	for (unsigned i = 0; i < sizeof watched / sizeof *watched; i++)
		RSP_IS(&r, "OK", "%s", watched[i]);
	to_the_end(&r, "c", 5000);
	rsp_close(&r);
}

static void with_many_breakpoints_it_ends_alike(void)
{
	struct rsp r;
	uint64_t round = rsp_symbol("calls", "round");
	OPEN(&r);
	for (unsigned i = 0; i < 6; i++)
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", round + 3 * i);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("calls", "on_tick"));
	RSP_IS(&r, "OK", "Z0,8004,1"); /* in what is loaded */
	to_the_end(&r, "c", 5000);
	rsp_close(&r);
}

static void caught_it_ends_alike(void)
{
	struct rsp r;
	OPEN(&r);
	rsp_monitor(&r, "catch int 0x13 ah=2");
	for (unsigned i = 0; i < 2; i++) {
		CHECK(strstr(rsp_ask_for_text(&r, "c"), "The BIOS is called: int 13h AH=02h") !=
		        NULL);
		RSP_STOPS(&r, "s", rsp_symbol("calls", "read") + 2, "T05"); /* out of the call */
	}
	rsp_monitor(&r, "uncatch all");
	to_the_end(&r, "c", 0);
	rsp_close(&r);
}

static void kept_in_a_call_that_waits_it_ends_alike(void)
{
	struct rsp r;
	uint64_t tick = rsp_symbol("calls", "on_tick");
	OPEN(&r);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("calls", "wait"));
	RSP_STOPS(&r, "c", rsp_symbol("calls", "wait"), "T05");
	RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", rsp_symbol("calls", "wait"));
	/* The tick comes while it waits. */
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", tick);
	RSP_STOPS(&r, "s", tick, "T05");
	rsp_monitor(&r, "savevm waits");
	RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", tick);
	for (unsigned i = 0; i < 3; i++) {
		to_the_end(&r, "c", 0);
		rsp_monitor(&r, "loadvm waits");
	}
	to_the_end(&r, "c", 0);
	rsp_close(&r);
}

/* Nobody has typed when the call begins, and the snapshot is of a guest that waits: each time it is loaded, what is
 * typed then is what it reads. */
static void kept_while_it_waits_for_a_key_it_ends_alike(void)
{
	struct rsp r;
	uint64_t ask = rsp_symbol("calls", "ask"), tick = rsp_symbol("calls", "on_tick");
	RSP_OPEN(&r, RSP_UNIX, "calls", NULL);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", ask);
	RSP_STOPS(&r, "c", ask, "T05");
	RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", ask);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", tick);
	RSP_STOPS(&r, "s", tick, "T05");
	RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", tick);
	rsp_monitor(&r, "savevm key");
	for (unsigned i = 0; i < 3; i++) {
		type_keys(&r);
		to_the_end(&r, "c", 0);
		rsp_monitor(&r, "loadvm key");
	}
	/* And with a stop where the call ends. */
	type_keys(&r);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("calls", "asked"));
	RSP_STOPS(&r, "c", rsp_symbol("calls", "asked"), "T05");
	RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", rsp_symbol("calls", "asked"));
	CHECK_EQ(rsp_register(&r, 0) & 0xff, KEYS[0]);
	to_the_end(&r, "c", 0);
	rsp_close(&r);
}

int main(void)
{
	RUN(alone_it_comes_to_its_end);
	RUN(stepped_it_ends_alike);
	RUN(in_ranges_it_ends_alike);
	RUN(watched_it_ends_alike);
	RUN(with_many_breakpoints_it_ends_alike);
	RUN(caught_it_ends_alike);
	RUN(kept_in_a_call_that_waits_it_ends_alike);
	RUN(kept_while_it_waits_for_a_key_it_ends_alike);
	return check_done();
}

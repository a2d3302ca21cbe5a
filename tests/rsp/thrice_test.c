/* The promises in real mode, 32-bit protected mode and long mode: `thrice` does the same in all of
 * them and lists where each instruction leads. What this KVM can't do in a mode is left out there.
 */
#include "rsp_check.h"

#define ROWS_MAX 80
#define READS    0x100u
#define WRITES   0x200u
#define REP      0x400u
#define RESUMED  0x1000u
#define INT_N    0x10000u
#define IRET     0x20000u
#define NOT      0x40000u

struct row {
	unsigned from, to, gva, how;
};
struct mode {
	const char *name, *fact; /* the guest's list, the probe's name */
	unsigned without;        /* what is written for the guest: 1: int n, 2: iret */
	unsigned count;
	struct row all[ROWS_MAX];
};
static struct mode modes[] = { { "list_16", "real16" }, { "list_32", "prot32" },
	{ "list_64", "long64" } };
#define MODES (sizeof modes / sizeof *modes)

/* int n without iret is no way to anywhere. */
static unsigned find_without(const struct mode *m)
{
	if (!rsp_can("iret", m->fact))
		return 3;
	return rsp_can("int_n", m->fact) ? 0 : 1;
}

static bool is_done(const struct mode *m, unsigned how)
{
	bool is_left_out = (how & INT_N && m->without & 1) || (how & IRET && m->without & 2);
	return is_left_out == !!(how & NOT);
}

static void read_list(struct rsp *r, struct mode *m)
{
	uint64_t at = rsp_symbol("thrice", m->name);
	for (m->count = 0; m->count < ROWS_MAX; at += 16) {
		const char *hex = rsp_ask(r, "m%" PRIx64 ",10", at);
		unsigned number[4] = { 0 };
		for (unsigned i = 0; i < 4 && strlen(hex) == 32; i++)
			number[i] = rsp_value(hex + 8 * i) & 0xffffffff;
		if (!number[0])
			break;
		if (is_done(m, number[3]))
			m->all[m->count++] =
			        (struct row) { number[0], number[1], number[2], number[3] };
	}
	CHECK(m->count > 45 && m->count < ROWS_MAX);
}

static bool start(struct rsp *r)
{
	if (!rsp_start(r, RSP_UNIX, rsp_guest("thrice"), "--load", "0x7c00", "--memory", "640K",
	            "--hlt", "stop", NULL) ||
	        !rsp_connect(r)) {
		CHECK_FAIL("thrice did not start: %s", r->errors);
		rsp_close(r);
		return false;
	}
	for (size_t i = 0; i < MODES; i++) {
		char name[] = "without_16";
		memcpy(name + 8, modes[i].name + 5, 2);
		modes[i].without = find_without(&modes[i]);
		read_list(r, &modes[i]);
		RSP_IS(r, "OK", "M%" PRIx64 ",1:%02x", rsp_symbol("thrice", name),
		        modes[i].without);
	}
	return check_case_ok;
}

/* Goes to the first instruction of a mode's list. */
static void go_to(struct rsp *r, const struct mode *m)
{
	RSP_IS(r, "OK", "Z1,%x,1", m->all[0].from);
	/* Past the hlt of the mode before. */
	if (rsp_pc(rsp_ask(r, "c")) != m->all[0].from)
		RSP_STOPS(r, "c", m->all[0].from, "T05");
	RSP_IS(r, "OK", "z1,%x,1", m->all[0].from);
}

/* To its end, past two halts. */
static void end(struct rsp *r)
{
	for (int i = 0; i < 4 && !strncmp(rsp_ask(r, "c"), "T00", 3); i++)
		if (rsp_pc(r->packet) == rsp_symbol("thrice", "halt") + 1)
			break;
	CHECK_STR(rsp_output(r), "thrice ok\n");
	if (!check_case_ok)
		printf("# the last stop: %.200s\n", r->packet);
	rsp_close(r);
}

static void free_it_is_well(void)
{
	struct rsp r;
	if (start(&r))
		end(&r);
}

/* A rep stays where it is while there is something left to do. */
static bool step_row(struct rsp *r, const struct mode *m, const struct row *row)
{
	uint64_t pc;
	unsigned steps = 0;
	do
		pc = rsp_pc(rsp_ask(r, "s"));
	while (row->how & REP && pc == row->from && ++steps < 3);
	bool ok = !strncmp(r->packet, "T05", 3) && pc == row->to;
	if (!ok)
		CHECK_FAIL("%s: from %x to %" PRIx64 ", wanted %x: %.100s", m->fact, row->from, pc,
		        row->to, r->packet);
	return ok;
}

static void a_step_is_one_instruction_in_every_mode(void)
{
	struct rsp r;
	if (!start(&r))
		return;
	for (size_t i = 0; i < MODES; i++) {
		go_to(&r, &modes[i]);
		for (unsigned n = 0; n < modes[i].count; n++)
			if (!step_row(&r, &modes[i], &modes[i].all[n]))
				break;
	}
	end(&r);
}

/* Where RF counts and iret sets it, a CPU passes over a breakpoint in a debug register: that is
 * known, and in src/debug/README.md. */
static bool is_passed_over(const struct mode *m, const struct row *row)
{
	return row->how & RESUMED && rsp_fact("rf_counts", m->fact) == 'y';
}

/* all: more than there are debug registers; else one at a time, in one. */
static void check_breakpoints(bool all)
{
	struct rsp r;
	if (!start(&r))
		return;
	for (size_t i = 0; i < MODES; i++) {
		const struct mode *m = &modes[i];
		go_to(&r, m);
		for (unsigned n = 1; all && n < m->count; n++)
			if (!is_passed_over(m, &m->all[n]))
				RSP_IS(&r, "OK", "Z0,%x,1", m->all[n].from);
		for (unsigned n = 1; check_case_ok && n < m->count; n++) {
			const struct row *row = &m->all[n];
			if (is_passed_over(m, row))
				continue;
			if (!all)
				RSP_IS(&r, "OK", "Z1,%x,1", row->from);
			do /* at a rep again and again */
				rsp_ask(&r, "c");
			while (row[-1].how & REP && rsp_pc(r.packet) == row[-1].from);
			if (strncmp(r.packet, "T05", 3) || rsp_pc(r.packet) != row->from)
				CHECK_FAIL("%s: wanted a stop at %x: %.100s", m->fact, row->from,
				        r.packet);
			if (!all)
				RSP_IS(&r, "OK", "z1,%x,1", row->from);
		}
		for (unsigned n = 1; all && n < m->count; n++)
			RSP_IS(&r, "OK", "z0,%x,1", m->all[n].from);
	}
	end(&r);
}

static void a_breakpoint_stops_before_every_instruction(void)
{
	check_breakpoints(false);
	check_breakpoints(true);
}

/* Z2, Z3 and Z4, where they are to be hit. */
static void check_watch(struct rsp *r, const struct mode *m, const struct row *row, unsigned kind)
{
	static const unsigned takes[] = { WRITES, READS, READS | WRITES };
	static const char *const names[] = { ";watch:", ";rwatch:", ";awatch:" };
	unsigned len = row->how & 0xff;
	if (!(row->how & takes[kind]) || !check_case_ok)
		return;
	uint64_t old = rsp_value(rsp_ask(r, "m%x,%x", row->gva, len));
	RSP_IS(r, "OK", "Z%u,%x,%x", 2 + kind, row->gva, len);
	rsp_ask(r, "c");
	uint64_t pc = rsp_pc(r->packet);
	bool is_behind = pc == row->to || (row->how & REP && pc == row->from);
	if (strncmp(r->packet, "T05", 3) || !is_behind || !strstr(r->packet, names[kind]))
		CHECK_FAIL("%s, %s at %x: %.100s", m->fact, names[kind], row->from, r->packet);
	uint64_t new = rsp_value(rsp_ask(r, "m%x,%x", row->gva, len));
	if ((row->how & (READS | WRITES)) == (READS | WRITES)) /* incl */
		CHECK_EQ(new, old + 1);
	RSP_IS(r, "OK", "z%u,%x,%x", 2 + kind, row->gva, len);
}

static void a_watchpoint_stops_behind_every_access(void)
{
	for (unsigned kind = 0; kind < 3; kind++) {
		struct rsp r;
		if (!start(&r))
			return;
		for (size_t i = 0; i < MODES; i++) {
			const struct mode *m = &modes[i];
			go_to(&r, m);
			for (unsigned n = 0; n < m->count; n++) {
				if (!m->all[n].gva)
					continue;
				if (rsp_pc(rsp_ask(&r, "?")) != m->all[n].from) {
					RSP_IS(&r, "OK", "Z1,%x,1", m->all[n].from);
					RSP_STOPS(&r, "c", m->all[n].from, "T05");
					RSP_IS(&r, "OK", "z1,%x,1", m->all[n].from);
				}
				check_watch(&r, m, &m->all[n], kind);
			}
		}
		end(&r);
	}
}

int main(void)
{
	RUN(free_it_is_well);
	RUN(a_step_is_one_instruction_in_every_mode);
	RUN(a_breakpoint_stops_before_every_instruction);
	RUN(a_watchpoint_stops_behind_every_access);
	for (size_t i = 0; i < MODES; i++)
		if (modes[i].without)
			printf("# left out in %s:%s%s\n", modes[i].fact,
			        modes[i].without & 1 ? " int n" : "",
			        modes[i].without & 2 ? " iret" : "");
	return check_done();
}

/* Exceptions of all kinds, one instruction after the other: a step of each ends at the first instruction of
 * the handler to which a free run goes, and what the CPU has pushed is the same. The guests (raise.inc) say
 * of each case which vector it was and what lies on the stack. */
#include "rsp_check.h"

#define CASES_MAX  100
#define FRAME_SIZE 16 /* bytes of a handler */

struct mode {
	const char *guest;
	const char *options[7];
	const char *pc; /* the register */
	uint64_t base;  /* of the code segment, from where the symbols count */
};

static const struct mode modes[] = {
	{ "raise16", { "--load", "0x10000", "--entry", "1000:0", "--memory", "1M" }, "eip",
	        0x10000 },
	{ "raise32", { "--mode", "prot", "--load", "0x100000", "--memory", "4M" }, "eip" },
	{ "raise64", { "--mode", "long", "--load", "0x100000", "--memory", "4M" }, "rip" },
};

struct guest {
	struct rsp r;
	unsigned count;
	uint32_t insns[CASES_MAX], vectors[CASES_MAX];
	uint64_t next, handlers;
	unsigned pc;
	unsigned left_out;
};

static uint64_t number_at(const char *hex, unsigned at)
{
	char word[9] = "";
	memcpy(word, hex + 2 * (size_t)at, 8);
	return rsp_value(word);
}

static bool open_guest(struct guest *g, const struct mode *m, const char *engine)
{
	static struct rsp_registers regs;
	const char *const *o = m->options;
	const uint64_t cases = rsp_symbol(m->guest, "cases"),
	               end = rsp_symbol(m->guest, "cases_end");
	*g = (struct guest) { .next = m->base + rsp_symbol(m->guest, "next"),
		.handlers = m->base + rsp_symbol(m->guest, "handlers") };
	if (!rsp_start(&g->r, RSP_UNIX, rsp_guest(m->guest), "--format", "flat", o[0], o[1], o[2],
	            o[3], o[4], o[5], "--engine", engine, NULL) ||
	        !rsp_connect(&g->r)) {
		CHECK_FAIL("%s did not start: %s", m->guest, g->r.errors);
		return false;
	}
	rsp_read_registers(&g->r, &regs);
	g->pc = rsp_number_of(&regs, m->pc);
	const char *hex = rsp_ask(&g->r, "m%" PRIx64 ",%" PRIx64, m->base + cases, end - cases);
	g->count = (unsigned)(end - cases) / 12;
	for (unsigned i = 0; i < g->count && i < CASES_MAX; i++) {
		g->insns[i] = (uint32_t)(m->base + number_at(hex, 12 * i + 4));
		g->vectors[i] = (uint32_t)number_at(hex, 12 * i + 8);
	}
	CHECK(g->count > 10 && g->count < CASES_MAX);
	return true;
}

/* The stop's letter and number, what is said before it left out. */
static const char *go(struct guest *g, const char *how)
{
	rsp_send(&g->r, how, 1);
	while (rsp_receive(&g->r, RSP_WAIT_MS) && g->r.packet[0] == 'O')
		;
	return g->r.packet;
}

/* What this KVM can't do, or what shuts the CPU down: on with the next case. */
static void leave_out(struct guest *g)
{
	char hex[17];
	for (unsigned i = 0; i < 8; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned)(g->next >> 8 * i & 0xff));
	RSP_IS(&g->r, "OK", "P%x=%.*s", g->pc, g->pc == 16 ? 16 : 8, hex);
	g->left_out++;
}

static void run_free(struct guest *g)
{
	for (unsigned i = 0; i <= CASES_MAX && check_case_ok; i++) {
		const char *stop = go(g, "c");
		if (!strncmp(stop, "T00", 3))
			return;
		if (strncmp(stop, "T04", 3) && strncmp(stop, "T0b", 3))
			CHECK_FAIL("a free run stops: %.80s", stop);
		leave_out(g);
	}
}

/* Comes to each case's instruction, and steps it. */
static void step_each(struct guest *g)
{
	for (unsigned i = 0; i < g->count && check_case_ok; i++) {
		RSP_IS(&g->r, "OK", "Z1,%x,1", g->insns[i]);
		bool has_come = !strncmp(go(g, "c"), "T05", 3);
		bool has_ended = !strncmp(g->r.packet, "T00", 3);
		RSP_IS(&g->r, "OK", "z1,%x,1", g->insns[i]);
		if (has_ended) { /* no breakpoint stops at CPL 3 on this KVM */
			printf("# from case %u, 0x%x, on: not stopped\n", i, g->insns[i]);
			return;
		}
		const char *stop = has_come ? go(g, "s") : "";
		if (strncmp(stop, "T05", 3)) {
			leave_out(g);
			continue;
		}
		uint64_t pc = rsp_pc(stop), at = pc - g->handlers;
		/* Else it is done, and led on: not every CPU knows limits, or looks where an iret leads. */
		bool is_in_handlers = at < 0x40 * FRAME_SIZE,
		     is_first = is_in_handlers && at % FRAME_SIZE == 0;
		if (is_in_handlers && !is_first)
			CHECK_FAIL("case %u, 0x%x: a step comes to 0x%" PRIx64, i, g->insns[i], pc);
		if (is_first && at / FRAME_SIZE != g->vectors[i])
			printf("# case %u, 0x%x: vector %u, by the SDM %u\n", i, g->insns[i],
			        (unsigned)at / FRAME_SIZE, g->vectors[i]);
	}
	CHECK(!strncmp(go(g, "c"), "T00", 3));
}

/* The first line in which two differ. */
static void compare(const char *free_run, const char *stepped)
{
	unsigned line = 1;
	size_t i = 0, from = 0;
	for (; free_run[i] && free_run[i] == stepped[i]; i++)
		if (free_run[i] == '\n') {
			line++;
			from = i + 1;
		}
	if (free_run[i] != stepped[i])
		CHECK_FAIL("line %u: %.64s free, %.64s stepped", line, free_run + from,
		        stepped + from);
}

/* By KVM: what the engine does on a KVM that lacks it (int n) is not the same each time. */
static void kvm_steps_into_each_exception(void)
{
	static const char engine[] = "kvm";
	for (size_t m = 0; m < sizeof modes / sizeof *modes && check_case_ok; m++) {
		static struct guest g;
		static char free_run[64 * 1024];
		if (!open_guest(&g, &modes[m], engine))
			return;
		run_free(&g);
		snprintf(free_run, sizeof free_run, "%s", rsp_output(&g.r));
		unsigned left_out = g.left_out;
		rsp_close(&g.r);
		if (!open_guest(&g, &modes[m], engine))
			return;
		step_each(&g);
		compare(free_run, rsp_output(&g.r));
		CHECK_EQ(g.left_out, left_out);
		printf("# %s, --engine %s: %u cases, %u not here\n", modes[m].guest, engine,
		        g.count, left_out);
		rsp_close(&g.r);
	}
}

int main(void)
{
	RUN(kvm_steps_into_each_exception);
	return check_done();
}

/* The guest can't tell that it is debugged: `selfcheck` looks for the traces, and finds none. */
#include "rsp_check.h"

#define SAYS_OK   "selfcheck ok\n"
#define STEPS_MAX 5000

static uint64_t symbol(const char *name)
{
	return rsp_symbol("selfcheck", name);
}

/* Continues until it halts, past stops of which there may be many. Returns how many there were. */
static unsigned run_to_end(struct rsp *r, const char *request)
{
	unsigned n = 0;
	while (n < STEPS_MAX && !strncmp(rsp_ask(r, "%s", request), "T05", 3)) {
		n++;
		if (rsp_pc(r->packet) == symbol("halt") + 1) /* stepped: no T00 */
			break;
	}
	CHECK_STR(rsp_output(r), SAYS_OK);
	if (strcmp(rsp_output(r), SAYS_OK))
		CHECK_FAIL("the last stop: %.200s", r->packet);
	return n;
}

static void free_it_is_well(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "selfcheck", NULL);
	CHECK_EQ(run_to_end(&r, "c"), 0);
	rsp_close(&r);
}

static void stepped_to_its_end_it_is_well(void)
{
	struct rsp r;
	uint64_t halt = symbol("halt");
	unsigned n = 0;
	RSP_OPEN(&r, RSP_UNIX, "selfcheck", NULL);
	while (n++ < STEPS_MAX && !strncmp(rsp_ask(&r, "s"), "T05", 3) &&
	        rsp_pc(r.packet) != halt + 1)
		;
	CHECK_EQ(rsp_pc(r.packet), halt + 1);
	CHECK_STR(rsp_output(&r), SAYS_OK);
	rsp_close(&r);
}

/* In code that it runs, at its int3, its TF and its debug register, and in what it compares. */
static const char *const places[] = { "first_copy", "on_int", "on_bp", "on_db", "broken", "say",
	"behind_int3", "here", "fail_unless_zero", "second_copy", "halt" };
#define PLACES (sizeof places / sizeof *places)

static void check_breakpoints(unsigned count, unsigned never_reached)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "selfcheck", NULL);
	for (unsigned i = 0; i < never_reached; i++)
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", symbol("said_ok") + i);
	for (unsigned i = 0; i < count; i++)
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", symbol(places[i]));
	unsigned n = 0;
	while (n < 200 && !strncmp(rsp_ask(&r, "c"), "T05", 3) &&
	        rsp_pc(r.packet) != symbol("halt")) {
		bool is_ours = false;
		for (unsigned i = 0; i < count; i++)
			is_ours |= rsp_pc(r.packet) == symbol(places[i]);
		if (!is_ours)
			CHECK_FAIL("a stop where none is: %.200s", r.packet);
		n++;
	}
	CHECK(n > 3);
	CHECK_STR(rsp_output(&r), SAYS_OK);
	if (!check_case_ok)
		CHECK_FAIL("with %u breakpoints and %u more: %u stops, %.100s", count,
		        never_reached, n, r.packet);
	rsp_close(&r);
}

/* All in debug registers, beside which the guest loads one. */
static void with_4_breakpoints_it_is_well(void)
{
	if (!rsp_probe("own_breakpoints_noticed"))
		CHECK_SKIP("debug registers that the guest loads beside ours are not noticed");
	check_breakpoints(4, 0);
	check_breakpoints(4, 4);
}

static void with_12_breakpoints_it_is_well(void)
{
	check_breakpoints(PLACES, 1);
	check_breakpoints(PLACES, 20);
}

static void check_watched(const char *request)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "selfcheck", NULL);
	RSP_IS(&r, "OK", "Z2,%" PRIx64 ",2", symbol("db_count"));
	RSP_IS(&r, "OK", "Z4,%" PRIx64 ",2", symbol("bp_ip"));
	RSP_IS(&r, "OK", "Z3,%" PRIx64 ",4", symbol("second_copy"));
	RSP_IS(&r, "OK", "Z2,7bf0,10"); /* the stack */
	RSP_IS(&r, "OK", "Z4,4,4");     /* vector 1 */
	RSP_IS(&r, "OK", "Z2,60000,64");
	CHECK(run_to_end(&r, request) > 20);
	rsp_close(&r);
}

static void with_watchpoints_it_is_well(void)
{
	check_watched("c");
	check_watched("s");
}

static void monitor(struct rsp *r, const char *text)
{
	char hex[200];
	for (size_t i = 0; text[i] && 2 * i + 2 < sizeof hex; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)text[i]);
	RSP_IS(r, "OK", "qRcmd,%s", hex);
}

static void with_catchpoints_it_is_well(void)
{
	static const char *const rows[] = { "catch exception", "catch int 0-255",
		"catch port 0-0xffff", "catch hlt", "catch mode", "catch cr0", "catch cs" };
	for (size_t i = 0; i <= sizeof rows / sizeof *rows; i++) {
		struct rsp r;
		unsigned n = 0;
		RSP_OPEN(&r, RSP_UNIX, "selfcheck", NULL);
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
			if (k == i || i == sizeof rows / sizeof *rows)
				monitor(&r, rows[k]);
		while (n++ < 100 && !strncmp(rsp_ask(&r, "c"), "T05", 3) &&
		        rsp_pc(r.packet) != symbol("halt") + 1)
			;
		CHECK_STR(rsp_output(&r), SAYS_OK);
		if (!check_case_ok)
			CHECK_FAIL("with %s: %.100s", i < 7 ? rows[i] : "all", r.packet);
		rsp_close(&r);
	}
}

/* With DR7.GD, the guest's next use of a debug register is a #DB with BD in DR6, before it is done
 * and with GD off. mov dr7, eax; nop; mov ebx, dr7; hlt at 0x8000, the handler at 0x8010: hlt. */
static void the_guests_own_gd_is_kept(const char *request)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "selfcheck", NULL);
	RSP_IS(&r, "OK", "M8000,8:0f23f8900f21fbf4");
	RSP_IS(&r, "OK", "M8010,1:f4");
	RSP_IS(&r, "OK", "M4,4:10800000");
	RSP_IS(&r, "OK", "P0=00240000"); /* GD, and bit 10, which is always 1 */
	RSP_IS(&r, "OK", "P8=00800000");
	RSP_IS(&r, "OK", "Z0,8003,1");
	RSP_STOPS(&r, "c", 0x8003, "T05");
	if (*request == 'c') {
		RSP_IS(&r, "OK", "Z0,8010,1");
	} else {
		RSP_STOPS(&r, "s", 0x8004, "T05");
	}
	RSP_STOPS(&r, request, 0x8010, "T05");
	RSP_IS(&r, "0480", "m7bfa,2"); /* after the nop: the mov was not done */
	rsp_close(&r);
}

static void gd_is_the_guests(void)
{
	the_guests_own_gd_is_kept("s");
	if (!rsp_probe("own_breakpoints_noticed"))
		CHECK_SKIP("debug registers that the guest loads beside ours are not noticed");
	the_guests_own_gd_is_kept("c");
}

int main(void)
{
	RUN(free_it_is_well);
	RUN(stepped_to_its_end_it_is_well);
	RUN(with_4_breakpoints_it_is_well);
	RUN(gd_is_the_guests);
	RUN(with_12_breakpoints_it_is_well);
	RUN(with_watchpoints_it_is_well);
	RUN(with_catchpoints_it_is_well);
	return check_done();
}

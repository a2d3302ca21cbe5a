/* Breakpoints and watchpoints are linear addresses, wherever the guest's pages lead: another address of the
 * same byte is none of them, and the same address is one in each address space. */
#include "rsp_check.h"

#define CALLS 5 /* of the program, one in a space that was edited under way */

static const char *const engines[] = { "kvm", "auto" };
/* The instructions of the guests' function, guests/alias.inc. */
static const char *const counting[] = { "one", "two", "three", "four", "five", "six" };

static uint64_t spaces(const char *name)
{
	return rsp_symbol("spaces", name);
}

/* In the program, as it is seen at its linear address. */
static uint64_t in_program(const char *name)
{
	return spaces("PROGRAM") + spaces(name) - spaces("program");
}

/* rbx: how often the program has been called */
static uint64_t calls(struct rsp *r)
{
	return rsp_register(r, 1);
}

static uint64_t pc(struct rsp *r)
{
	return rsp_register(r, 16);
}

static bool open_at(struct rsp *r, const char *engine, const char *where)
{
	if (!rsp_start(r, RSP_UNIX, rsp_guest("spaces"), "--mode", "long", "--load", "0x100000",
	            "--engine", engine, NULL) ||
	        !rsp_connect(r)) {
		CHECK_FAIL("did not start: %s", r->errors);
		rsp_close(r);
		return false;
	}
	RSP_GO_TO(r, spaces(where));
	return true;
}

/* More than there are debug registers. None is come to. */
static void set_others(struct rsp *r, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		RSP_IS(r, "OK", "Z0,%" PRIx64 ",1", spaces("start") + i);
}

static void stops_at(struct rsp *r, const char *engine, uint64_t where, uint64_t after)
{
	bool was_ok = check_case_ok;
	check_case_ok = true;
	RSP_BEGINS(r, "T05", "c");
	CHECK_EQ(pc(r), where);
	CHECK_EQ(calls(r), after);
	if (!check_case_ok)
		printf("# ... --engine %s\n", engine);
	check_case_ok &= was_ok;
}

/* Its own checks hold, or it ends before. */
static void ends_well(struct rsp *r, const char *engine)
{
	if (!strstr(rsp_ask_for_text(r, "c"), "halted") || pc(r) != spaces("end") + 1)
		CHECK_FAIL("--engine %s: %s", engine, r->packet);
	rsp_close(r);
}

static void another_address_of_the_same_byte_is_none(void)
{
	struct rsp r;
	for (unsigned e = 0; e < 2; e++) {
		if (!open_at(&r, engines[e], "prepared"))
			return;
		for (unsigned i = 0; i < 6; i++)
			RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", spaces(counting[i]));
		ends_well(&r, engines[e]);
	}
}

static void the_address_itself_is_one_and_is_met_at_each(void)
{
	struct rsp r;
	for (unsigned e = 0; e < 2; e++) {
		if (!open_at(&r, engines[e], "prepared"))
			return;
		for (unsigned i = 0; i < 6; i++)
			RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", spaces("OTHER") + spaces(counting[i]));
		for (unsigned i = 0; i < 6; i++)
			stops_at(&r, engines[e], spaces("OTHER") + spaces(counting[i]), 0);
		ends_well(&r, engines[e]);
	}
}

static void a_breakpoint_is_met_in_each_space(void)
{
	struct rsp r;
	for (unsigned e = 0; e < 2; e++)
		for (unsigned others = 0; others < 6; others += 5) {
			if (!open_at(&r, engines[e], "prepared"))
				return;
			set_others(&r, others);
			RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", spaces("PROGRAM"));
			for (unsigned i = 0; i < CALLS; i++)
				stops_at(&r, engines[e], spaces("PROGRAM"), i);
			/* What is slow says so. */
			CHECK_EQ(strstr(rsp_monitor(&r, "info breakpoints"),
			                 "the guest is stepped") != NULL,
			        e == 0 && others > 0);
			ends_well(&r, engines[e]);
		}
}

/* The page of the moment is the only one that the breakpoint is known in. */
static void one_set_right_before_the_page_is_exchanged_is_met(void)
{
	struct rsp r;
	for (unsigned e = 0; e < 2; e++) {
		if (!open_at(&r, engines[e], "edited"))
			return;
		set_others(&r, 5);
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", spaces("PROGRAM"));
		stops_at(&r, engines[e], spaces("PROGRAM"), CALLS - 1);
		ends_well(&r, engines[e]);
	}
}

/* The write ends 9 bytes into the program, the read 16. kind: of Z. */
static void check_watch(unsigned kind)
{
	struct rsp r;
	for (unsigned e = 0; e < 2; e++) {
		if (!open_at(&r, engines[e], "prepared"))
			return;
		RSP_IS(&r, "OK", "Z%u,%" PRIx64 ",4", kind, in_program("value"));
		for (unsigned i = 1; i <= CALLS; i++) {
			if (kind != 3)
				stops_at(&r, engines[e], spaces("PROGRAM") + 9, i);
			if (kind != 2)
				stops_at(&r, engines[e], spaces("PROGRAM") + 16, i);
		}
		ends_well(&r, engines[e]);
	}
}

static void a_watchpoint_is_hit_in_each_space(void)
{
	check_watch(2);
	check_watch(3);
	check_watch(4);
}

/* What was planted before paging was on is met afterwards where no breakpoint is. eip is register 8, ebp 5. */
static void check_set_before_paging(const char *engine)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "alias32", "--mode", "prot", "--load", "0x10000", "--engine", engine,
	        NULL);
	for (unsigned i = 0; i < 6; i++)
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("alias32", counting[i]));
	if (!strstr(rsp_ask_for_text(&r, "c"), "halted") ||
	        rsp_register(&r, 8) != rsp_symbol("alias32", "end") + 1)
		CHECK_FAIL("%s", r.packet);
	CHECK_EQ(rsp_register(&r, 5), 6);
	rsp_close(&r);
}

static void one_set_before_paging_is_none_at_another_address(void)
{
	check_set_before_paging("auto");
}

static void nor_is_it_where_kvm_does_all(void)
{
	if (rsp_fact("paging32", "prot32") != 'y')
		CHECK_SKIP("this KVM has no 32-bit paging");
	check_set_before_paging("kvm");
}

/* In 32-bit code beyond four debug registers, which others have here, bytes are planted or pages guarded, and those are
 * physical: the guest has to be met where it sets EFER.LME, before one of the addresses leads elsewhere. */
static void one_set_before_long_mode_is_met_where_its_page_leads_then(void)
{
	struct rsp r;
	if (rsp_fact("efer_exits", "prot32") != 'y')
		CHECK_SKIP("this KVM does not exit at a write of EFER");
	for (unsigned e = 0; e < 2; e++) {
		RSP_OPEN(&r, RSP_UNIX, "alias64", "--mode", "prot", "--load", "0x10000", "--engine",
		        engines[e], NULL);
		const uint64_t moved =
		        rsp_symbol("alias64", "MOVED") - rsp_symbol("alias64", "one");
		for (unsigned i = 0; i < 4; i++) /* the guest does not come to them */
			RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1",
			        rsp_symbol("alias64", "MOVED") + 0x100 + i);
		for (unsigned i = 0; i < 6; i++)
			RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1",
			        moved + rsp_symbol("alias64", counting[i]));
		for (unsigned i = 0; i < 6; i++)
			RSP_STOPS(&r, "c", moved + rsp_symbol("alias64", counting[i]), "T05");
		CHECK(strstr(rsp_ask_for_text(&r, "c"), "halted"));
		CHECK_STR(rsp_output(&r), "alias64 ok\n");
		rsp_close(&r);
	}
}

int main(void)
{
	RUN(another_address_of_the_same_byte_is_none);
	RUN(the_address_itself_is_one_and_is_met_at_each);
	RUN(a_breakpoint_is_met_in_each_space);
	RUN(one_set_right_before_the_page_is_exchanged_is_met);
	RUN(a_watchpoint_is_hit_in_each_space);
	RUN(one_set_before_paging_is_none_at_another_address);
	RUN(one_set_before_long_mode_is_met_where_its_page_leads_then);
	RUN(nor_is_it_where_kvm_does_all);
	return check_done();
}

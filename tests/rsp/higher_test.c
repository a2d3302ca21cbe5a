/* A gdb that speaks a layout of 32 bits cuts the addresses of its breakpoints to 32 bits. It is told
 * where the guest comes to 64-bit code, by an exec event, and inserts them anew. */
#include "rsp_check.h"

#define EXEC_64  "T05thread:1;exec:5b36342d62697420636f64655d;" /* [64-bit code] */
#define FEATURES "qSupported:swbreak+;hwbreak+;exec-events+"

/* From a layout of 32 bits to the first 64-bit instruction, with one breakpoint that is cut. */
static void go_to_64_bits(struct rsp *r, struct rsp_registers *regs, uint64_t gva)
{
	rsp_ask(r, FEATURES);
	rsp_read_registers(r, regs);
	RSP_IS(r, "OK", "Z0,%x,1", (uint32_t)gva);
	RSP_IS(r, EXEC_64, "vCont;c");
	rsp_read_registers(r, regs);
	CHECK(strstr(regs->xml, "<architecture>i386:x86-64</architecture>"));
	CHECK_STR(rsp_read(r, regs, "cpumode"), "06000000");
}

static void check_stop(
        struct rsp *r, const struct rsp_registers *regs, const char *begins, uint64_t gva)
{
	CHECK(!strncmp(r->packet, begins, strlen(begins)));
	CHECK_EQ(rsp_value(rsp_read(r, regs, "rip")), gva);
}

static void a_breakpoint_that_was_cut_stops_where_it_was_meant(void)
{
	static const uint64_t halves[] = { 0xffffffff80000000, 0xffff800000000000 };
	struct rsp r;
	static struct rsp_registers regs;
	for (size_t i = 0; i < 2; i++) {
		uint64_t work = rsp_symbol("higher", "work") - halves[0] + halves[i];
		RSP_OPEN(&r, RSP_UNIX, "higher.elf", NULL);
		go_to_64_bits(&r, &regs, work);
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", work);
		rsp_ask(&r, "vCont;c");
		check_stop(&r, &regs, "T05thread:1;swbreak:;", work);
		rsp_close(&r);
	}
}

static void watchpoints_too(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	uint64_t counter = rsp_symbol("higher", "counter");
	RSP_OPEN(&r, RSP_UNIX, "higher.elf", NULL);
	rsp_ask(&r, FEATURES);
	rsp_read_registers(&r, &regs);
	RSP_IS(&r, "OK", "Z2,%x,4", (uint32_t)counter);
	RSP_IS(&r, EXEC_64, "vCont;c");
	rsp_read_registers(&r, &regs);
	RSP_IS(&r, "OK", "Z2,%" PRIx64 ",4", counter);
	RSP_BEGINS(&r, "T05thread:1;watch:ffffffff80", "vCont;c");
	CHECK_EQ(rsp_value(rsp_ask(&r, "m%" PRIx64 ",4", counter)), 1);
	rsp_close(&r);
}

/* What gdb waits for by itself, as finish does, is gone for it then; the machine stops there. */
static void a_breakpoint_that_gdb_drops_then_is_kept(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	uint64_t start = rsp_symbol("higher", "start"), work = rsp_symbol("higher", "work"),
	         visit = rsp_symbol("higher", "visit");
	RSP_OPEN(&r, RSP_UNIX, "higher.elf", NULL);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", visit);
	RSP_STOPS(&r, "c", visit, "T05");
	RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", visit);
	rsp_read_registers(&r, &regs);
	uint64_t esp = rsp_value(rsp_read(&r, &regs, "esp"));
	uint64_t back = rsp_value(rsp_ask(&r, "m%" PRIx64 ",4", esp));
	CHECK(back > start && back < visit);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", back);
	go_to_64_bits(&r, &regs, work + 2); /* the guest does not come to it */
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", work + 2);
	/* Back in 32-bit code: an event, and the stop, of which gdb knows no reason. */
	RSP_BEGINS(&r, "T05thread:1;exec:5b3332", "vCont;c");
	rsp_read_registers(&r, &regs);
	RSP_BEGINS(&r, "T00thread:1;8:", "vCont;c");
	CHECK_EQ(rsp_value(rsp_read(&r, &regs, "eip")), back);
	/* Once only. */
	RSP_BEGINS(&r, "T05thread:1;exec:5b3634", "vCont;c");
	rsp_read_registers(&r, &regs);
	RSP_BEGINS(&r, "T00thread:1;", "vCont;c");
	CHECK_STR(rsp_output(&r), "higher ok\n");
	rsp_close(&r);
}

static uint64_t stop_at(struct rsp *r, uint64_t gva)
{
	RSP_IS(r, "OK", "Z0,%" PRIx64 ",1", gva);
	RSP_STOPS(r, "vCont;c", gva, "T05");
	RSP_IS(r, "OK", "z0,%" PRIx64 ",1", gva);
	return gva;
}

/* A guest that sets EFER.LME and stays in 32-bit code for long is not stepped for ever: gdb is told
 * early, speaks 64 bits from there on, and the guest runs freely. */
static void a_guest_that_stays_in_32_bit_code_runs_on(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	uint64_t work = rsp_symbol("higher", "work");
	RSP_OPEN(&r, RSP_UNIX, "higher.elf", NULL);
	rsp_ask(&r, FEATURES);
	rsp_read_registers(&r, &regs);
	stop_at(&r, rsp_symbol("higher", "set_efer"));
	uint64_t esp = rsp_value(rsp_read(&r, &regs, "esp"));
	uint64_t back = rsp_value(rsp_ask(&r, "m%" PRIx64 ",4", esp));
	uint64_t loop = stop_at(&r, back + 5); /* behind mov $1000, %ecx */
	RSP_IS(&r, "OK", "P%x=00000010", rsp_number_of(&regs, "ecx"));
	RSP_IS(&r, "OK", "Z0,%x,1", (uint32_t)work);
	RSP_IS(&r, EXEC_64, "vCont;c");
	rsp_read_registers(&r, &regs);
	CHECK(strstr(regs.xml, "<architecture>i386:x86-64</architecture>"));
	CHECK_STR(rsp_read(&r, &regs, "cpumode"), "03000000");
	CHECK_EQ(rsp_value(rsp_read(&r, &regs, "rip")), loop);
	/* It has been stepped some, and would be for half an hour. */
	uint64_t left = rsp_value(rsp_read(&r, &regs, "rcx"));
	CHECK(left > 0x10000000 - 60000 && left < 0x10000000 - 1000);
	RSP_IS(&r, "OK", "P%x=0100000000000000", rsp_number_of(&regs, "rcx"));
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", work);
	rsp_ask(&r, "vCont;c");
	check_stop(&r, &regs, "T05thread:1;swbreak:;", work);
	rsp_close(&r);
}

/* Nothing is told to who has no breakpoints, who speaks 64 bits already and who wants no events. */
static void who_need_not_know_is_not_told(void)
{
	static const struct {
		const char *features, *breakpoint;
		bool speaks_64;
		const char *begins;
	} rows[] = {
		{ FEATURES, NULL, false, EXEC_64 }, /* of the halt, at the end */
		{ FEATURES, "Z0,5000,1", true, "T00thread:1;10:" },
		{ "qSupported:swbreak+", "Z0,5000,1", false, "T00thread:1;8:" },
	};
	struct rsp r;
	static struct rsp_registers regs;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		RSP_OPEN(&r, RSP_UNIX, "higher.elf", NULL);
		rsp_ask(&r, "%s", rows[i].features);
		if (rows[i].speaks_64)
			go_to_64_bits(&r, &regs, 0x5000);
		if (rows[i].breakpoint)
			RSP_IS(&r, "OK", "%s", rows[i].breakpoint);
		RSP_BEGINS(&r, rows[i].begins, "vCont;c");
		CHECK_STR(rsp_output(&r), "higher ok\n");
		rsp_close(&r);
	}
}

/* The write of EFER.LME is an instruction as any other. */
static void a_step_over_it_is_a_step(void)
{
	static const uint64_t way[] = { 5, 7, 12, 14 }; /* mov, rdmsr, or, wrmsr; ret is next */
	struct rsp r;
	static struct rsp_registers regs;
	uint64_t set_efer = rsp_symbol("higher", "set_efer");
	RSP_OPEN(&r, RSP_UNIX, "higher.elf", NULL);
	rsp_ask(&r, FEATURES);
	rsp_read_registers(&r, &regs);
	stop_at(&r, set_efer);
	RSP_IS(&r, "OK", "Z0,%x,1", (uint32_t)rsp_symbol("higher", "work"));
	for (size_t i = 0; i < sizeof way / sizeof *way; i++)
		RSP_STOPS(&r, "vCont;s", set_efer + way[i], "T05");
	CHECK_EQ(rsp_value(rsp_read(&r, &regs, "efer")) & 0x500, 0x100);
	RSP_IS(&r, EXEC_64, "vCont;c");
	rsp_close(&r);
}

/* The guest sees nothing of it, by running and by steps: what wrmsr refuses, raises #GP. */
static void writes_of_efer_are_the_guests(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	for (int steps = 0; steps < 2; steps++) {
		RSP_OPEN(&r, RSP_UNIX, "efer", "--load", "0x7c00", NULL);
		rsp_ask(&r, FEATURES);
		rsp_read_registers(&r, &regs);
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("efer", "refused"));
		RSP_STOPS(&r, "vCont;c", rsp_symbol("efer", "refused"), "T05");
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("efer", "set_nxe"));
		if (steps) {
			RSP_STOPS(&r, "s", rsp_symbol("efer", "on_gp"), "T05");
			for (int i = 0; i < 4; i++)
				RSP_BEGINS(&r, "T05", "s");
			CHECK_EQ(rsp_pc(r.packet), rsp_symbol("efer", "after_refused"));
		}
		RSP_STOPS(&r, "vCont;c", rsp_symbol("efer", "set_nxe"), "T05");
		if (steps)
			RSP_STOPS(&r, "s", rsp_symbol("efer", "after_nxe"), "T05");
		RSP_BEGINS(&r, "T00", "vCont;c");
		CHECK_STR(rsp_output(&r), "efer ok\n");
		rsp_close(&r);
	}
}

int main(void)
{
	RUN(a_breakpoint_that_was_cut_stops_where_it_was_meant);
	RUN(watchpoints_too);
	RUN(a_breakpoint_that_gdb_drops_then_is_kept);
	RUN(a_guest_that_stays_in_32_bit_code_runs_on);
	RUN(who_need_not_know_is_not_told);
	RUN(a_step_over_it_is_a_step);
	RUN(writes_of_efer_are_the_guests);
	return check_done();
}

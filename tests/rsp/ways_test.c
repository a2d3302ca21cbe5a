/* A step ends where the instruction leads, where KVM itself takes no trap after it. */
#include "rsp_check.h"

#define CODE 0x100000u /* --mode prot and long begin there; real-mode code stands at 0x1000 */

/* Instructions that some KVM hands to the CPU, and with them the one that follows (kvm_pvm). */
static const char *const handed[] = { "f30f1efa", /* endbr64 */
	"f30f1efb",                               /* endbr32 */
	"0faee8",                                 /* lfence, mfence, sfence */
	"0faef0", "0faef8", "0f01f8",             /* swapgs */
	"0f01e8",                                 /* serialize */
	"0fc7f0", "0fc7f8",                       /* rdrand, rdseed */
	"0fae38", "0f1808", "0f0d08",             /* clflush, prefetcht0, prefetchw */
	"0f1f4000",                               /* nop */
	"0fa2", "0f31", "0fa4c301" };             /* cpuid, rdtsc, shld */

/* At place, a hlt follows: it is not done. What this KVM or this CPU lacks is a fault or a failure. */
static void step_over(
        struct rsp *r, const struct rsp_registers *regs, uint64_t place, const char *hex)
{
	const unsigned rip = rsp_number_of(regs, regs->all[8].bits == 64 ? "rip" : "eip");
	const unsigned size = regs->all[rip].bits / 4;
	const uint64_t len = strlen(hex) / 2;
	char at[17];
	for (unsigned i = 0; i < 8; i++)
		snprintf(at + 2 * i, 3, "%02x", (unsigned)(place >> 8 * i & 0xff));
	RSP_IS(r, "OK", "M%" PRIx64 ",%" PRIx64 ":%sf4f4", place, len + 2, hex);
	RSP_IS(r, "OK", "P%x=%.*s", rip, (int)size, at);
	rsp_send(r, "s", 1);
	while (rsp_receive(r, RSP_WAIT_MS) && r->packet[0] == 'O')
		;
	uint64_t pc = rsp_pc(r->packet);
	if (strncmp(r->packet, "T05", 3) || pc < place || pc > place + 16)
		printf("# %s: not here\n", hex);
	else if (pc != place + len)
		CHECK_FAIL("%s, a step from 0x%" PRIx64 " comes to 0x%" PRIx64, hex, place, pc);
}

static void what_is_handed_to_the_cpu_is_one_step(void)
{
	static const char *const modes[] = { "real", "prot", "long" };
	static struct rsp_registers regs;
	for (size_t m = 0; m < 3; m++)
		for (size_t i = 0; i < sizeof handed / sizeof *handed; i++) {
			struct rsp r;
			RSP_OPEN(&r, RSP_UNIX, "spin", "--format", "flat", "--load",
			        m ? "0x100000" : "0x1000", "--mode", modes[m], "--engine", "kvm",
			        NULL);
			rsp_read_registers(&r, &regs);
			step_over(&r, &regs, m ? CODE : 0x1000, handed[i]);
			rsp_close(&r);
		}
}

static bool runs_free(
        const char *guest, const char *mode, const char *load, const char *engine, const char *says)
{
	struct rsp r;
	bool is_right = false;
	if (rsp_start(&r, RSP_UNIX, rsp_guest(guest), "--format", "flat", "--mode", mode, "--load",
	            load, "--engine", engine, NULL) &&
	        rsp_connect(&r)) {
		rsp_ask(&r, "c");
		while (r.packet[0] == 'O' && rsp_receive(&r, RSP_WAIT_MS))
			;
		is_right = !strcmp(rsp_output(&r), says);
	}
	rsp_close(&r);
	return is_right;
}

/* Comes to the label, and a step leads to the other one. */
static void step_from(struct rsp *r, const char *guest, const char *from, const char *to)
{
	RSP_IS(r, "OK", "Z1,%" PRIx64 ",1", rsp_symbol(guest, from));
	RSP_STOPS(r, "c", rsp_symbol(guest, from), "T05");
	RSP_IS(r, "OK", "z1,%" PRIx64 ",1", rsp_symbol(guest, from));
	RSP_STOPS(r, "s", rsp_symbol(guest, to), "T05");
}

/* The guest has found no TF of a step's, and halts. */
static void ends_well(struct rsp *r, const char *says)
{
	rsp_send(r, "c", 1);
	while (rsp_receive(r, RSP_WAIT_MS) && r->packet[0] == 'O')
		;
	CHECK(!strncmp(r->packet, "T00", 3));
	CHECK_STR(rsp_output(r), says);
}

/* Steps to the hlt. */
static void step_to(struct rsp *r, uint64_t end)
{
	for (unsigned n = 0; n < 1000 && rsp_pc(rsp_ask(r, "s")) != end; n++)
		if (strncmp(r->packet, "T05", 3)) {
			CHECK_FAIL("step %u: %.80s", n, r->packet);
			return;
		}
}

static const char calls_ok[] = "syscalls ok\n";

static bool calls_run_by(const char *engine)
{
	return runs_free("syscalls", "long", "0x100000", engine, calls_ok);
}

static void step_system_calls(const char *engine)
{
	static const char guest[] = "syscalls";
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, guest, "--mode", "long", "--load", "0x100000", "--engine", engine,
	        NULL);
	step_from(&r, guest, "return", "user");
	step_from(&r, guest, "call", "handler");
	step_from(&r, guest, "return", "back");
	step_from(&r, guest, "again", "handler");
	ends_well(&r, calls_ok);
	rsp_close(&r);
	RSP_OPEN(&r, RSP_UNIX, guest, "--mode", "long", "--load", "0x100000", "--engine", engine,
	        NULL);
	step_to(&r, rsp_symbol(guest, "halt"));
	CHECK_STR(rsp_output(&r), calls_ok);
	rsp_close(&r);
}

static void system_calls_are_stepped_into_and_out_of(void)
{
	if (calls_run_by("kvm"))
		step_system_calls("kvm");
	else
		CHECK_SKIP("this KVM has no sysret");
}

/* The guest's own TF, which FMASK takes off: no #DB in what syscall leads to. Its handler would be `halt`. */
static void system_calls_take_tf_off_by_fmask(void)
{
	static const char guest[] = "syscalls";
	static struct rsp_registers regs;
	struct rsp r;
	if (!calls_run_by("interp")) {
		CHECK_SKIP("no sysret here");
		return;
	}
	RSP_OPEN(&r, RSP_UNIX, guest, "--mode", "long", "--load", "0x100000", "--engine", "interp",
	        NULL);
	RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", rsp_symbol(guest, "call"));
	RSP_STOPS(&r, "c", rsp_symbol(guest, "call"), "T05");
	rsp_read_registers(&r, &regs);
	const uint64_t handler = rsp_symbol(guest, "handler"), end = rsp_symbol(guest, "halt");
	/* The gate of #DB in an IDT of our own: SDM vol 3, figure "64-Bit IDT Gate Descriptors". */
	RSP_IS(&r, "OK", "M118010,10:%02x%02x0800008e%02x000000000000000000",
	        (unsigned)(end & 0xff), (unsigned)(end >> 8 & 0xff), (unsigned)(end >> 16 & 0xff));
	RSP_IS(&r, "OK", "P%x=00801100000000001f00000000000000", rsp_number_of(&regs, "idtr"));
	RSP_IS(&r, "OK", "P%x=02010000", rsp_number_of(&regs, "eflags"));
	RSP_STOPS(&r, "s", handler, "T05");
	RSP_IS(&r, "0201000000000000", "p%x", rsp_number_of(&regs, "r11"));
	RSP_STOPS(&r, "s", handler + 3, "T05");
	rsp_close(&r);
}

static void by_the_engine_too_which_needs_no_sysret_of_kvms(void)
{
	CHECK(calls_run_by("interp"));
	step_system_calls("interp");
}

static void a_task_switch_is_a_step(void)
{
	static const char guest[] = "tasks", ok[] = "tasks ok\n";
	struct rsp r;
	if (!runs_free(guest, "real", "0x7c00", "kvm", ok)) {
		CHECK_SKIP("this KVM does not switch tasks");
		return;
	}
	RSP_OPEN(&r, RSP_UNIX, guest, "--engine", "kvm", NULL);
	step_from(&r, guest, "to_other", "other");
	step_from(&r, guest, "to_first", "first");
	ends_well(&r, ok);
	rsp_close(&r);
}

int main(void)
{
	RUN(what_is_handed_to_the_cpu_is_one_step);
	RUN(system_calls_are_stepped_into_and_out_of);
	RUN(system_calls_take_tf_off_by_fmask);
	RUN(by_the_engine_too_which_needs_no_sysret_of_kvms);
	RUN(a_task_switch_is_a_step);
	return check_done();
}

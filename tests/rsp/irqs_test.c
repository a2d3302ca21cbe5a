/* Handlers of IRQ 0 that a guest on a PC's board has put in the place of the BIOS's, stepped through and
 * stopped in, in real mode and in 32-bit code. */
#define RSP_BOARD "auto"
#include "rsp_check.h"

static uint64_t ticks(struct rsp *r, const char *guest)
{
	return rsp_value(rsp_ask(r, "m%" PRIx64 ",1", rsp_symbol(guest, "ticks")));
}

/* To the handler by a breakpoint, through it by steps, and back to where the tick has met the guest. */
static void step_through(const char *guest)
{
	struct rsp r;
	const uint64_t handler = rsp_symbol(guest, "on_timer"),
	               end = rsp_symbol(guest, "timer_end"), wait = rsp_symbol(guest, "wait"),
	               done = rsp_symbol(guest, "done");
	RSP_OPEN(&r, RSP_UNIX, guest, NULL);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", handler);
	for (unsigned n = 0; n < 3; n++) {
		uint64_t pc = 0;
		RSP_STOPS(&r, "c", handler, "T05");
		CHECK_EQ(ticks(&r, guest), n);
		for (unsigned steps = 0; steps < 10 && pc != end; steps++) {
			RSP_BEGINS(&r, "T05", "s");
			pc = rsp_pc(r.packet);
		}
		CHECK_EQ(pc, end);
		CHECK_EQ(ticks(&r, guest), n + 1);
		RSP_BEGINS(&r, "T05", "s");
		pc = rsp_pc(r.packet);
		CHECK(pc >= wait && pc < done); /* its loop */
	}
	RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", handler);
	RSP_IS(&r, "W01", "c");
	rsp_close(&r);
}

/* A step that may take interrupts goes from the hlt into the handler. */
static void step_into(const char *guest)
{
	struct rsp r;
	const uint64_t halted = rsp_symbol(guest, "halted"),
	               handler = rsp_symbol(guest, "on_timer");
	uint64_t pc = 0;
	RSP_OPEN(&r, RSP_UNIX, guest, NULL);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", halted - 1);
	RSP_STOPS(&r, "c", halted - 1, "T05");
	RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", halted - 1);
	rsp_monitor(&r, "step-interrupts on");
	for (unsigned n = 0; n < 3 && pc != handler; n++) { /* one may wait already */
		RSP_BEGINS(&r, "T05", "s");
		pc = rsp_pc(r.packet);
	}
	CHECK_EQ(pc, handler);
	rsp_monitor(&r, "step-interrupts off");
	RSP_IS(&r, "W01", "c");
	rsp_close(&r);
}

static void a_handler_in_real_mode(void)
{
	step_through("irqs");
	step_into("irqs");
}

static void a_handler_in_32_bit_code(void)
{
	if (!rsp_can("iret", "prot32"))
		CHECK_SKIP("this KVM has no iret in 32-bit code");
	step_through("irqs32");
	step_into("irqs32");
}

int main(void)
{
	RUN(a_handler_in_real_mode);
	RUN(a_handler_in_32_bit_code);
	return check_done();
}

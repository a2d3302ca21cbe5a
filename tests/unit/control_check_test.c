/* --check-engine: what the engine does is done by KVM, too, and told where it differs. On every kind of KVM. */
#include "control_rig.h"

#include "debug/check.h"

static char told[2048];
static unsigned tellings;

static void tell(void *ctx, const char *text)
{
	(void)ctx;
	tellings++;
	snprintf(told, sizeof told, "%s", text);
}

static bool begin(struct rig *r)
{
	struct error e = { 0 };
	tellings = 0;
	told[0] = 0;
	control_set_engine(&r->control, ENGINE_INTERP);
	if (!check_open(&r->control, tell, &e))
		return true;
	CHECK_FAIL("%s", e.text);
	return false;
}

#define CHECK_SUMS(r, is_compared, is_handed, is_differ)                                           \
	do {                                                                                       \
		struct check_sums sums = check_sums(&(r)->control);                                \
		CHECK_EQ(sums.compared + sums.skipped, is_compared);                               \
		CHECK_EQ(sums.handed, is_handed);                                                  \
		CHECK_EQ(sums.differ, is_differ);                                                  \
		CHECK_EQ(tellings > 0, (is_differ) > 0);                                           \
		if (tellings && !(is_differ))                                                      \
			printf("# %s\n", told);                                                    \
	} while (0)

EVERYWHERE(each_instruction_of_a_run_is_compared)
{
	if (!begin(r))
		return;
	PUT(r, NOP, PUSH_AX, POP_AX, MOV_AL(7), MOV_M_AL, LOOP(-4), MOV_DL_M, HLT);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 12);
	CHECK_SUMS(r, 11, 1, 0);
	CHECK_EQ(rig_read(r, RIG_DATA, 1), 7);
	CHECK_EQ(GET(r, rdx) & 0xff, 7);
}

EVERYWHERE(steps_are_compared)
{
	if (!begin(r))
		return;
	PUT(r, MOV_AL(7), MOV_M_AL, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_STEP(r, RIG_CODE + 4);
	CHECK_STEP(r, RIG_CODE + 5);
	CHECK_SUMS(r, 3, 0, 0);
}

/* What KVM's side reads there is what the engine has read; a breakpoint and a watchpoint hit once. */
EVERYWHERE(devices_are_asked_once)
{
	if (!begin(r))
		return;
	PUT(r, MOV_AL(7), OUT_AL(5), IN_AL(6), MOV_M_AL, HLT);
	CHECK_BREAK(r, RIG_CODE + 6);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 6);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 9);
	CHECK_SUMS(r, 4, 1, 0);
	CHECK_EQ(r->outs, 1);
	CHECK_EQ(r->ins, 1);
	CHECK_EQ(rig_read(r, RIG_DATA, 1), 0x5a);
}

EVERYWHERE(the_way_to_an_interrupts_handler_is_compared)
{
	if (!begin(r) || !rig_has_int(r))
		return;
	PUT(r, STI, NOP, NOP, CLI, HLT);
	r->vector = 0x21;
	r->has_interrupt = true;
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 5);
	CHECK_EQ(r->acknowledged, 1);
	CHECK_SUMS(r, 6, 1, 0); /* sti, nop, the way, iret, nop, cli */
}

EVERYWHERE(code_that_is_overwritten_is_compared)
{
	if (!begin(r))
		return;
	PUT(r, MOV_AL(NOP), MOV_M_AL, HLT);
	PUT_AT(r, RIG_CODE + 4, 0xe9, r->is_32 ? 0xf7 : 0xf9, 0x0f, 0x00, 0x00);
	PUT_AT(r, RIG_DATA, INC_AX, HLT);
	CHECK_RUN(r, STOP_HALTED, RIG_DATA + 2);
	CHECK_SUMS(r, 4, 1, 0);
}

/* The guest goes on with what the engine has made of it. */
static void a_difference_is_told(struct rig *r)
{
	if (!begin(r))
		return;
	PUT(r, MOV_AL(0x10), MOV_M_AL, NOP, HLT);
	fake_kvm_misdo(0x88);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 6);
	fake_kvm_misdo(0);
	CHECK_SUMS(r, 3, 1, 1);
	CHECK_EQ(tellings, 1);
	CHECK_STR(told,
	        r->is_32 ? "the engine and KVM differ at 0008:00001002 (linear 0x1002, 32-bit "
	                   "code, CPL 0), where the bytes are 88 07: eax is 0x10 by the "
	                   "engine and 0x11 by KVM; the byte at physical address 0x2000 is "
	                   "0x10 by the engine and 0x11 by KVM."
	                 : "the engine and KVM differ at 0000:1002 (linear 0x1002, 16-bit "
	                   "code, CPL 0), where the bytes are 88 07: eax is 0x10 by the "
	                   "engine and 0x11 by KVM; the byte at physical address 0x2000 is "
	                   "0x10 by the engine and 0x11 by KVM.");
	CHECK_EQ(GET(r, rax) & 0xff, 0x10);
	CHECK_EQ(rig_read(r, RIG_DATA, 1), 0x10);
}

static void what_a_device_gets_differently_is_told(struct rig *r)
{
	if (!begin(r))
		return;
	PUT(r, MOV_AL(0x10), OUT_AL(5), HLT);
	fake_kvm_misdo(0xe6);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 5);
	fake_kvm_misdo(0);
	CHECK_SUMS(r, 2, 1, 1);
	CHECK_EQ(strstr(told,
	                 "of accesses to devices, number 1 is 1 byte to port 0x5, value 0x10 by "
	                 "the engine and 1 byte to port 0x5, value 0x11 by KVM") != NULL,
	        true);
	CHECK_EQ(r->outs, 1);
	CHECK_EQ(r->out[0], 0x10);
}

/* Two of a kind are told, and all are counted. */
static void differences_are_told_twice_and_counted(struct rig *r)
{
	if (!begin(r))
		return;
	PUT(r, NOP, LOOP(-3), HLT);
	SET(r, rcx, 100);
	fake_kvm_misdo(NOP);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
	fake_kvm_misdo(0);
	CHECK_SUMS(r, 200, 1, 100);
	CHECK_EQ(tellings, 2);
}

#define ON_THE_FAKE(name)                                                                          \
	static void name##_on_the_fake(void)                                                       \
	{                                                                                          \
		rig_try(name, &fake_kinds[0], false);                                              \
		rig_try(name, &fake_kinds[0], true);                                               \
	}
ON_THE_FAKE(a_difference_is_told)
ON_THE_FAKE(what_a_device_gets_differently_is_told)
ON_THE_FAKE(differences_are_told_twice_and_counted)

/* KVM's side is met by a kick: in a run the instruction is done again, and no device is asked twice. */
static unsigned kicked_after;

static void a_kick_leaves_nothing_out(struct rig *r)
{
	if (!begin(r))
		return;
	PUT(r, MOV_AL(7), MOV_M_AL, INC_M, OUT_AL(5), NOP, HLT);
	fake_kvm_interrupt(kicked_after);
	control_begin(&r->control);
	do
		CHECK_EQ(control_run(&r->control, &r->stop), 0);
	while (r->stop.kind == STOP_KICKED);
	CHECK_EQ(r->stop.kind, STOP_HALTED);
	CHECK_EQ(r->outs, 1);
	CHECK_EQ(rig_read(r, RIG_DATA, 1), 8);
	struct check_sums sums = check_sums(&r->control);
	CHECK_EQ(sums.differ, 0);
	CHECK_EQ(sums.compared + sums.skipped, 5);
	CHECK_EQ(sums.skipped <= 1, true);
}

static void a_kick_leaves_nothing_out_on_the_fake(void)
{
	for (kicked_after = 0; kicked_after < 8; kicked_after++)
		rig_try(a_kick_leaves_nothing_out, &fake_kinds[0], false);
}

EVERYWHERE(a_guest_that_is_restarted_is_compared)
{
	if (!begin(r))
		return;
	PUT(r, NOP, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 1);
	control_restarted(&r->control, &r->vcpu);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_SUMS(r, 2, 0, 0);
}

int main(void)
{
	RUN(each_instruction_of_a_run_is_compared);
	RUN(steps_are_compared);
	RUN(devices_are_asked_once);
	RUN(the_way_to_an_interrupts_handler_is_compared);
	RUN(code_that_is_overwritten_is_compared);
	RUN(a_difference_is_told_on_the_fake);
	RUN(what_a_device_gets_differently_is_told_on_the_fake);
	RUN(differences_are_told_twice_and_counted_on_the_fake);
	RUN(a_kick_leaves_nothing_out_on_the_fake);
	RUN(a_guest_that_is_restarted_is_compared);
	return check_done();
}

/* Who does an instruction: the engine, KVM's step, KVM's free run. On every kind of KVM. */
#include "control_rig.h"

#include "debug/means.h"

static struct {
	unsigned by_engine, by_kvm, engine_runs, kvm_runs, handed;
} did;

static void note(void *ctx, const struct decision *d)
{
	(void)ctx;
	did.by_engine += d->kind == DECISION_STEP && d->how == STEP_BY_ENGINE;
	did.by_engine += d->kind == DECISION_STEPS ? (unsigned)d->value : 0;
	did.by_kvm += d->kind == DECISION_STEP && d->how != STEP_BY_ENGINE;
	did.engine_runs += d->kind == DECISION_ENGINE;
	did.kvm_runs += d->kind == DECISION_RUN;
	did.handed += d->kind == DECISION_HANDED;
}

static void begin(struct rig *r, enum engine_choice choice, bool emulates)
{
	memset(&did, 0, sizeof did);
	control_note(&r->control, note);
	control_set_engine(&r->control, choice);
	r->control.emulates = emulates ? PROBE_YES : PROBE_NO;
	PUT(r, NOP, NOP, NOP, NOP, NOP, HLT);
}

EVERYWHERE(kvm_does_all_where_that_is_said)
{
	begin(r, ENGINE_KVM, true);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_BREAK(r, RIG_CODE + 3);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 3);
	CHECK_EQ(did.by_engine + did.engine_runs, 0);
	CHECK_EQ(did.kvm_runs, 1);
}

EVERYWHERE(the_engine_is_first_where_that_is_said)
{
	begin(r, ENGINE_INTERP, false);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_BREAK(r, RIG_CODE + 3);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 3);
	CHECK_EQ(did.by_kvm + did.kvm_runs + did.handed, 0);
	CHECK_EQ(did.by_engine, 1);
	CHECK_EQ(did.engine_runs, 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 6); /* hlt is handed over */
	CHECK_EQ(did.handed, 1);
}

EVERYWHERE(auto_is_the_engine_first_where_kvm_emulates)
{
	begin(r, ENGINE_AUTO, true);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 6);
	CHECK_EQ(did.by_engine, 1);
	CHECK_EQ(did.kvm_runs, 0);
	CHECK_EQ(did.handed, 1);
}

/* Free runs and a debugger's own steps are KVM's; ranges, catchpoints and what follows each instruction the
 * engine's. */
EVERYWHERE(auto_is_the_engine_behind_the_scenes_where_kvm_runs_the_guest)
{
	struct catchpoint cs;
	const struct control_range range = { RIG_CODE, RIG_CODE + 4, .max = 1 };
	uint64_t done;
	begin(r, ENGINE_AUTO, false);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_EQ(did.by_engine, 0);
	CHECK_EQ(control_step_range(&r->control, &range, &done, &r->stop), 1);
	CHECK_EQ(registers_pc(&r->vcpu), RIG_CODE + 2);
	CHECK_EQ(did.by_engine, 1);
	CHECK_BREAK(r, RIG_CODE + 3);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 3);
	CHECK_EQ(did.kvm_runs, 1);
	CHECK_EQ(catch_parse(&cs, "cs", NULL), 0);
	CHECK_EQ(catches_add(&r->control.catches, &cs), 0);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 6);
	CHECK_EQ(did.engine_runs, 0);
	CHECK_EQ(did.by_engine, 2); /* off the breakpoint KVM has stepped it */
}

/* What debug registers can't keep would stand in the guest's physical memory, wherever its pages lead: the
 * engine runs the guest, and compares. */
EVERYWHERE(auto_compares_what_debug_registers_do_not_keep)
{
	begin(r, ENGINE_AUTO, false);
	PUT(r, NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP, MOV_DL_M, HLT);
	for (unsigned i = 1; i < 6; i++)
		CHECK_BREAK(r, RIG_CODE + i);
	for (unsigned i = 1; i < 6; i++) {
		CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + i);
		CHECK_EQ(r->control.breakpoints.all[0].method, BREAKPOINT_COMPARED);
	}
	CHECK_EQ(did.kvm_runs, 0);
	CHECK_UNBREAK(r, RIG_CODE + 1); /* four are left */
	CHECK_BREAK(r, RIG_CODE + 7);
	CHECK_UNBREAK(r, RIG_CODE + 2);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 7);
	CHECK_EQ(did.kvm_runs, 1);
	CHECK_EQ(r->control.breakpoints.all[0].method, BREAKPOINT_REGISTER);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_READ); /* no register tells reads from writes */
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 11);
	CHECK_EQ(r->control.watches.all[0].method, WATCH_BY_COMPARING);
	CHECK_EQ(did.kvm_runs, 1);
	CHECK_EQ(r->vm.memory.guard_count, 0);
}

EVERYWHERE(who_is_told_of_exits_gets_them)
{
	begin(r, ENGINE_AUTO, true);
	control_set_tells_exits(&r->control, true);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 6);
	CHECK_EQ(did.by_engine + did.engine_runs, 0);
	control_set_engine(&r->control, ENGINE_INTERP);
	PUT(r, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_EQ(did.by_engine, 1);
}

/* ... which is for the run that follows. */
EVERYWHERE(a_kick_takes_no_step_from_the_engine)
{
	begin(r, ENGINE_INTERP, false);
	vcpu_kick(&r->vcpu);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_EQ(did.by_engine, 1);
	CHECK_EQ(did.by_kvm, 0);
	CHECK_RUN(r, STOP_KICKED, RIG_CODE + 1);
}

/* The choice may change at any stop: in the shadow of sti, halted, with a device's interrupt that waits. */
EVERYWHERE(it_may_change_at_each_stop)
{
	if (!rig_has_int(r))
		return;
	for (unsigned first = 0; first < 2; first++) {
		begin(r, first ? ENGINE_INTERP : ENGINE_KVM, false);
		PUT(r, STI, NOP, INC_AX, HLT);
		PUT_AT(r, rig_handler(0x30), MOV_AL(7), IRET);
		CHECK_STEP(r, RIG_CODE + 1);
		r->has_interrupt = true;
		r->vector = 0x30;
		control_set_engine(&r->control, first ? ENGINE_KVM : ENGINE_INTERP);
		control_set_step_interrupts(&r->control, true);
		CHECK_STEP(r, RIG_CODE + 2); /* not in the shadow */
		control_set_engine(&r->control, first ? ENGINE_INTERP : ENGINE_KVM);
		CHECK_STEP(r, rig_handler(0x30));
		control_set_engine(&r->control, first ? ENGINE_KVM : ENGINE_INTERP);
		CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
		CHECK_EQ(GET(r, rax) & 0xff, 8);
		control_set_step_interrupts(&r->control, false);
	}
}

/* Past the debug registers nothing is planted and no page is guarded. */
EVERYWHERE(breakpoints_and_watchpoints_are_compared)
{
	begin(r, ENGINE_INTERP, false);
	PUT(r, NOP, NOP, NOP, NOP, NOP, NOP, MOV_DL_M, INC_M, HLT);
	for (unsigned i = 1; i < 6; i++)
		CHECK_BREAK(r, RIG_CODE + i);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_READ);
	for (unsigned i = 1; i < 6; i++) {
		CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + i);
		CHECK_EQ(r->control.breakpoints.all[0].method, BREAKPOINT_COMPARED);
		CHECK_EQ(r->vm.memory.guard_count, 0);
	}
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 8);
	CHECK_EQ(r->stop.watch.gva, RIG_DATA);
	CHECK_EQ(did.kvm_runs, 0);
}

static void words_are_read_and_said(void)
{
	enum engine_choice choice = ENGINE_KVM;
	CHECK(means_choice_parse("interp", &choice));
	CHECK_EQ(choice, ENGINE_INTERP);
	CHECK(means_choice_parse("auto", &choice));
	CHECK_EQ(choice, ENGINE_AUTO);
	CHECK(!means_choice_parse("tcg", &choice));
	CHECK_EQ(choice, ENGINE_AUTO);
	CHECK_STR(means_choice_name(ENGINE_KVM), "kvm");
}

/* --- what is fetched of the CPU when it is needed -------------------------------------------------- */

#define FNINIT    0xdb, 0xe3
#define FNSTSW_AX 0xdf, 0xe0
#define CPUID     0x0f, 0xa2
#define RDTSC     0x0f, 0x31

static const uint32_t leaves[] = { 0, 1, 7, 0x80000000u, 0x80000008u };

/* By KVM and by the engine, of the same vCPU. */
EVERYWHERE(cpuid_is_what_kvm_says)
{
	if (r->kind)
		return;
	for (unsigned n = 0; n < sizeof leaves / sizeof *leaves; n++) {
		struct kvm_regs by[2];
		for (unsigned k = 0; k < 2; k++) {
			begin(r, k ? ENGINE_INTERP : ENGINE_KVM, true);
			PUT(r, CPUID, NOP, HLT);
			SET(r, rip, RIG_CODE);
			SET(r, rax, leaves[n]);
			SET(r, rcx, 0);
			CHECK_STEP(r, RIG_CODE + 2);
			CHECK_EQ(did.by_engine, k);
			by[k] = *vcpu_regs(&r->vcpu);
		}
		CHECK_EQ(by[1].rax, by[0].rax);
		CHECK_EQ(by[1].rbx, by[0].rbx);
		CHECK_EQ(by[1].rcx, by[0].rcx);
		CHECK_EQ(by[1].rdx, by[0].rdx);
	}
}

static uint64_t tsc(struct rig *r)
{
	return (uint32_t)vcpu_regs(&r->vcpu)->rax | vcpu_regs(&r->vcpu)->rdx << 32;
}

EVERYWHERE(the_tsc_goes_forwards_whoever_reads_it)
{
	uint64_t last = 0;
	if (r->kind)
		return;
	begin(r, ENGINE_KVM, true);
	for (unsigned n = 0; n < 10; n++) {
		PUT(r, RDTSC, NOP, HLT);
		SET(r, rip, RIG_CODE);
		control_set_engine(&r->control, n % 2 ? ENGINE_INTERP : ENGINE_KVM);
		CHECK_STEP(r, RIG_CODE + 2);
		CHECK(tsc(r) > last);
		last = tsc(r);
	}
	CHECK_EQ(did.by_engine, 5);
}

/* Where KVM can't do it the engine can, and the vCPU's own x87 is what the guest has set. */
EVERYWHERE(the_x87_is_found_by_the_engine)
{
	if (r->kind)
		return;
	uint8_t area[XSAVE_SIZE];
	begin(r, ENGINE_INTERP, true);
	PUT(r, FNSTSW_AX, FNINIT, FNSTSW_AX, NOP, HLT);
	memcpy(area, vcpu_xsave(&r->vcpu), sizeof area);
	area[0] = 0x7a, area[1] = 0x0b, area[2] = 0x01, area[3] = 0x3a, area[4] = 0x3c;
	CHECK_EQ(vcpu_set_xsave(&r->vcpu, area, 1u << XSAVE_X87), 0);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(vcpu_regs(&r->vcpu)->rax & 0xffff, 0x3a01);
	CHECK_STEP(r, RIG_CODE + 4);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_EQ(vcpu_regs(&r->vcpu)->rax & 0xffff, 0);
	CHECK_EQ(did.by_engine, 3);
	const uint8_t *now = vcpu_xsave(&r->vcpu);
	CHECK_EQ(now[0] | now[1] << 8, 0x37f);
	CHECK_EQ(now[2] | now[3] << 8 | now[4] << 16, 0);
}

#define PUSH_DS 0x1e

/* What 32-bit code writes there is tried in a VM of its own, by the first one that is met. */
EVERYWHERE(a_push_of_a_segment_register_is_what_kvm_does)
{
	uint64_t stacked[2];
	if (r->kind)
		return;
	for (unsigned k = 0; k < 2; k++) {
		static const uint32_t old = 0x12345678;
		begin(r, k ? ENGINE_INTERP : ENGINE_KVM, true);
		PUT(r, PUSH_DS, NOP, HLT);
		SET(r, rip, RIG_CODE);
		SET(r, rsp, RIG_STACK);
		rig_write(r, RIG_STACK - rig_word(r), &old, rig_word(r));
		CHECK_STEP(r, RIG_CODE + 1);
		stacked[k] = rig_stacked(r, 0);
		CHECK_EQ(did.by_engine, k);
	}
	CHECK_EQ(stacked[1], stacked[0]);
}

int main(void)
{
	RUN(kvm_does_all_where_that_is_said);
	RUN(the_engine_is_first_where_that_is_said);
	RUN(auto_is_the_engine_first_where_kvm_emulates);
	RUN(auto_is_the_engine_behind_the_scenes_where_kvm_runs_the_guest);
	RUN(auto_compares_what_debug_registers_do_not_keep);
	RUN(who_is_told_of_exits_gets_them);
	RUN(a_kick_takes_no_step_from_the_engine);
	RUN(it_may_change_at_each_stop);
	RUN(breakpoints_and_watchpoints_are_compared);
	RUN(words_are_read_and_said);
	RUN(cpuid_is_what_kvm_says);
	RUN(the_tsc_goes_forwards_whoever_reads_it);
	RUN(the_x87_is_found_by_the_engine);
	RUN(a_push_of_a_segment_register_is_what_kvm_does);
	return check_done();
}

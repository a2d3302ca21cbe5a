/* Run control on every kind of KVM: a catchpoint stops after its event, and a guest that is stepped for
 * its sake does what it does when it runs. */
#include "control_rig.h"

static void set(struct rig *r, const char *words)
{
	struct catchpoint p;
	struct error e = { 0 };
	if (catch_parse(&p, words, &e) || catches_add(&r->control.catches, &p))
		CHECK_FAIL("catch %s: %s", words, e.text);
}

EVERYWHERE(a_software_interrupt_is_caught_at_its_handler)
{
	if (!rig_has_int(r))
		return;
	PUT(r, NOP, INT(0x41), INT(0x40), NOP, HLT);
	set(r, "int 0x40");
	CHECK_RUN(r, STOP_CATCH, rig_handler(0x40));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 5);
	CHECK_EQ(RIG_FLAGS(rig_stacked(r, 2)), 2);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 7);
}

EVERYWHERE(an_exception_is_caught_at_its_handler)
{
	PUT(r, NOP, OUT_AL(0x80), UD2, HLT);
	PUT_AT(r, rig_handler(6), NOP, HLT);
	set(r, "#UD");
	CHECK_RUN(r, STOP_CATCH, rig_handler(6));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 3);
	CHECK_EQ(r->outs, 1);
	CHECK_RUN(r, STOP_HALTED, rig_handler(6) + 2);
}

/* Nothing that is caught comes: only the steps could be seen. */
EVERYWHERE(a_guest_that_is_stepped_for_a_catchpoint_is_as_one_that_ran)
{
	static const uint8_t code[] = { NOP, PUSHF, POP_AX, POPF, MOV_AL(7), OUT_AL(0x80),
		IN_AL(0x60), MOV_M_AL, INC_M, REP_MOVSB, STI, CLI, HLT };
	rig_put(r, code, sizeof code);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + sizeof code);
	const struct kvm_regs ran = *vcpu_regs(&r->vcpu);
	const uint64_t data = rig_read(r, RIG_DATA, 8);
	rig_put(r, code, sizeof code);
	set(r, "int 0x55");
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + sizeof code);
	CHECK(!memcmp(vcpu_regs(&r->vcpu), &ran, sizeof ran));
	CHECK_EQ(rig_read(r, RIG_DATA, 8), data);
	CHECK_EQ(r->outs, 2);
	CHECK_EQ(r->ins, 2);
}

EVERYWHERE(an_access_to_a_port_is_caught_after_it)
{
	PUT(r, MOV_AL(6), OUT_AL(0x80), MOV_AL(7), OUT_AL(0x80), NOP, HLT);
	set(r, "port 0x80 out value=7");
	CHECK_RUN(r, STOP_CATCH, RIG_CODE + 8);
	CHECK_EQ(r->outs, 2);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 10);
}

EVERYWHERE(an_access_to_a_device_is_caught_after_it)
{
	PUT(r, MOV_AL(6), MOV_M_AL, NOP, MOV_DL_M, NOP, HLT);
	SET(r, rbx, RIG_HOLE);
	SET(r, rdi, RIG_HOLE);
	set(r, "mmio 0xc000-0xcfff read");
	CHECK_RUN(r, STOP_CATCH, RIG_CODE + 7);
	CHECK_EQ(GET(r, rdx) & 0xff, 0x5a);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 9);
}

EVERYWHERE(hlt_is_caught_after_it)
{
	PUT(r, NOP, HLT, NOP, NOP, HLT);
	set(r, "hlt");
	CHECK_RUN(r, STOP_CATCH, RIG_CODE + 2);
	CHECK(control_is_halted(&r->control));
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_RUN(r, STOP_CATCH, RIG_CODE + 5);
}

EVERYWHERE(a_triple_fault_of_a_stepped_guest_leaves_the_registers)
{
	if (rig_fact(r, PROBE_SHUTDOWN_KEEPS_STATE) == PROBE_UNKNOWN)
		return; /* there it is none */
	PUT(r, NOP, UD2, HLT);
	struct kvm_sregs s = *vcpu_sregs(&r->vcpu);
	s.idt.limit = 0;
	CHECK_EQ(vcpu_set_sregs(&r->vcpu, &s), 0);
	set(r, "int 0x55");
	CHECK_RUN(r, STOP_SHUTDOWN, RIG_CODE + 1);
	CHECK_EQ(GET(r, rcx), 3);
}

int main(void)
{
	RUN(a_software_interrupt_is_caught_at_its_handler);
	RUN(an_exception_is_caught_at_its_handler);
	RUN(a_guest_that_is_stepped_for_a_catchpoint_is_as_one_that_ran);
	RUN(an_access_to_a_port_is_caught_after_it);
	RUN(an_access_to_a_device_is_caught_after_it);
	RUN(hlt_is_caught_after_it);
	RUN(a_triple_fault_of_a_stepped_guest_leaves_the_registers);
	return check_done();
}

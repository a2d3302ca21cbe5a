/* Where a step over the firmware ends. */
#include "machine/over.h"

#include "bios/rom.h"
#include "kvm/linear.h"
#include "kvm/registers.h"
#include "machine/firmware.h"

static uint64_t top_of_stack(struct vcpu *v)
{
	return registers_stack_address(v, vcpu_regs(v)->rsp);
}

/* Three words: IP, CS, flags. */
static bool has_frame(enum cpu_mode mode)
{
	return registers_is_real(mode) || mode == CPU_VM86;
}

/* Where the iret goes with the frame that is on top of the stack now. False: that can't be read. */
static bool read_return(struct over *o, struct vcpu *v)
{
	uint16_t frame[2]; /* IP, CS; the flags follow */
	if (linear_read(v, top_of_stack(v), frame, sizeof frame) != sizeof frame)
		return false;
	o->return_gva = ((uint64_t)frame[1] << 4) + frame[0];
	/* A handler that has interrupted a call: what is next to be seen is the guest's next instruction. */
	o->has_return = o->return_gva - ROM_GPA >= ROM_SIZE;
	return true;
}

void over_begin(struct over *o, struct machine *m, bool was_in_rom)
{
	struct vcpu *v = machine_vcpu(m);
	*o = (struct over) { .is_on = true };
	/* APM's entry of protected mode has another frame. */
	if (was_in_rom || !has_frame(registers_mode(v)) || !read_return(o, v))
		return;
	o->stack_gva = registers_stack_address(v, vcpu_regs(v)->rsp + 6);
}

void over_follow(struct over *o, struct machine *m)
{
	struct vcpu *v = machine_vcpu(m);
	if (o->has_return && has_frame(registers_mode(v)) &&
	        registers_stack_address(v, vcpu_regs(v)->rsp + 6) == o->stack_gva)
		read_return(o, v);
}

bool over_is_back(const struct over *o, struct machine *m)
{
	struct vcpu *v = machine_vcpu(m);
	return registers_pc(v) == o->return_gva && top_of_stack(v) == o->stack_gva;
}

bool over_has_ended(const struct over *o, struct machine *m)
{
	return !firmware_runs(m) && (!o->has_return || over_is_back(o, m));
}

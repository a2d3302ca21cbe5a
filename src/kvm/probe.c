#include "kvm/probe.h"

#include <string.h>

#include "kvm/registers.h"
#include "kvm/vcpu.h"

#define CODE_GPA 0x1000u
#define DATA_GPA 0x2000u
#define RAM_SIZE 0x4000u

/* A scratch guest in real mode, stopped at CODE_GPA with all registers 0 but these. */
static int put_guest(struct vcpu *v, const uint8_t *code, size_t len, struct error *e)
{
	struct kvm_sregs s = *vcpu_sregs(v);
	s.cs.base = 0;
	s.cs.selector = 0;
	memory_write(&v->vm->memory, CODE_GPA, code, len);
	struct kvm_regs r = {
		.rip = CODE_GPA,
		.rflags = 2,
		.rsp = RAM_SIZE,
		.rcx = 3,
		.rsi = DATA_GPA,
		.rdi = DATA_GPA + 16,
	};
	int err = vcpu_set_sregs(v, &s);
	if (!err)
		err = vcpu_set_regs(v, &r);
	return err ? error_set(e, err, "probe: KVM refuses the scratch guest's registers: %s",
	                     strerror(-err))
	           : 0;
}

static int try_run(struct vcpu *v, uint32_t control, struct exit *x, struct error *e)
{
	const struct vcpu_debug debug = { .control = KVM_GUESTDBG_ENABLE | control, .dr7 = 0x400 };
	vcpu_set_debug(v, &debug);
	vcpu_debug_stale(v);
	int err = vcpu_run(v, x);
	return err ? error_set(e, err, "probe: KVM_RUN failed: %s", strerror(-err)) : 0;
}

/* int3; and at vector 3, where it goes when it does not exit, a hlt: the IVT is all zeroes, so the
 * vector leads to 0000:0000. */
static int try_int3(struct vcpu *v, struct probe *p, struct error *e)
{
	static const uint8_t code[] = { 0xcc, 0xf4 }, hlt = 0xf4;
	struct exit x;
	memory_write(&v->vm->memory, 0, &hlt, 1);
	int err = put_guest(v, code, sizeof code, e);
	if (!err)
		err = try_run(v, KVM_GUESTDBG_USE_SW_BP, &x, e);
	if (!err)
		p->has_int3 = x.kind == EXIT_DEBUG && x.debug.exception == 3 &&
		              registers_pc(v) == CODE_GPA;
	return err;
}

static int try_rep(struct vcpu *v, struct probe *p, struct error *e)
{
	static const uint8_t code[] = { 0xf3, 0xa4, 0xf4 }; /* rep movsb; hlt */
	struct exit x;
	int err = put_guest(v, code, sizeof code, e);
	if (!err)
		err = try_run(v, KVM_GUESTDBG_SINGLESTEP, &x, e);
	for (int i = 0; i < 3 && !err && vcpu_regs(v)->rcx == 3; i++)
		err = try_run(v, KVM_GUESTDBG_SINGLESTEP, &x, e);
	if (!err)
		p->step_runs_whole_rep = vcpu_regs(v)->rcx == 0;
	return err;
}

static int try_mov_ss(struct vcpu *v, struct probe *p, struct error *e)
{
	static const uint8_t code[] = { 0x8e, 0xd0, 0x90, 0x90, 0xf4 }; /* mov ss, ax; nop; nop */
	struct exit x;
	int err = put_guest(v, code, sizeof code, e);
	if (!err)
		err = try_run(v, KVM_GUESTDBG_SINGLESTEP, &x, e);
	/* kvm_intel may first report a step that did nothing. */
	for (int i = 0; i < 3 && !err && registers_pc(v) == CODE_GPA; i++)
		err = try_run(v, KVM_GUESTDBG_SINGLESTEP, &x, e);
	if (!err)
		p->mov_ss_hides_step = registers_pc(v) > CODE_GPA + 2;
	return err;
}

static int try_data_breakpoint(struct vcpu *v, struct probe *p, struct error *e)
{
	static const uint8_t code[] = { 0x88, 0x04, 0x90, 0x90, 0xf4 }; /* mov [si], al; nop; nop */
	/* DR0: G0, R/W0 = 1 (writes), LEN0 = 0 (1 byte). */
	const struct vcpu_debug debug = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP,
		.dr = { DATA_GPA },
		.dr7 = 0x400 | 2 | 1 << 16 };
	struct exit x;
	int err = put_guest(v, code, sizeof code, e);
	vcpu_set_debug(v, &debug);
	if (!err)
		err = vcpu_run(v, &x);
	if (!err)
		p->has_data_breakpoints = x.kind == EXIT_DEBUG && x.debug.dr6 & 1;
	return err;
}

int probe_run(struct probe *p, struct error *e)
{
	struct vm vm;
	struct vcpu v;
	*p = (struct probe) { 0 };
	int err = vm_open(&vm, e);
	if (err)
		return err;
	err = memory_add(&vm.memory, 0, RAM_SIZE, e);
	if (err)
		goto close_vm;
	err = vcpu_open(&v, &vm, e);
	if (err)
		goto close_vm;
	err = try_int3(&v, p, e);
	if (!err)
		err = try_rep(&v, p, e);
	if (!err)
		err = try_mov_ss(&v, p, e);
	if (!err)
		err = try_data_breakpoint(&v, p, e);
	vcpu_close(&v);
close_vm:
	vm_close(&vm);
	return err;
}

/* The second VM gets the state before the instruction by vcpu_put, and does the instruction as a step of its run control:
 * what this KVM can't step is done there as in every step. */
#include "debug/check_twin.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "debug/interrupt.h"
#include "debug/step.h"
#include "kvm/scratch.h"

/* --- devices ------------------------------------------------------------------------------------ */

/* What the engine's access has got, if it was the same one; all ones where the engine has made none. */
static void answer(struct check_twin *t, bool is_port, uint64_t at, uint8_t *data, unsigned size,
        bool is_write)
{
	const unsigned n = t->log.count;
	struct compare_access a = { is_port, is_write, (uint8_t)size, at, 0 };
	if (!is_write && n < t->answers->count && t->answers->all[n].size == size)
		memcpy(data, &t->answers->all[n].value, size);
	else if (!is_write)
		memset(data, 0xff, size);
	memcpy(&a.value, data, size);
	if (n < COMPARE_ACCESSES)
		t->log.all[t->log.count++] = a;
}

static bool answer_io(void *ctx, const struct exit *x)
{
	for (uint32_t i = 0; i < x->io.count; i++)
		answer(ctx, true, x->io.port, x->io.data + i * x->io.size, x->io.size,
		        x->io.is_write);
	return false;
}

static bool answer_mmio(void *ctx, const struct exit *x)
{
	answer(ctx, false, x->mmio.gpa, x->mmio.data, x->mmio.size, x->mmio.is_write);
	return false;
}

static bool has_interrupt(void *ctx)
{
	return ((struct check_twin *)ctx)->has_vector;
}

static uint8_t acknowledge(void *ctx)
{
	struct check_twin *t = ctx;
	t->has_vector = false;
	return t->vector;
}

/* --- opening ------------------------------------------------------------------------------------ */

int check_twin_open(struct check_twin *t, struct control *c, struct error *e)
{
	const struct control_io io = {
		.io = answer_io,
		.mmio = answer_mmio,
		.has_interrupt = has_interrupt,
		.acknowledge = acknowledge,
		.ctx = t,
	};
	struct vm *guest = c->cpu.vcpu->vm;
	int err = vm_open_beside(&t->vm, guest, e);
	if (err)
		return err;
	err = memory_share(&t->vm.memory, &guest->memory);
	if (err)
		error_set(
		        e, err, "KVM refuses the guest's RAM for a second VM: %s", strerror(-err));
	if (!err)
		err = vcpu_open(&t->vcpu, &t->vm, e);
	if (err) {
		vm_close(&t->vm);
		return err;
	}
	/* No breakpoint, watchpoint or catchpoint is ever set there. */
	t->control = (struct control) {
		.cpu = { .vcpu = &t->vcpu, .zero_slot = -1 }, .io = io, .engine_choice = ENGINE_KVM
	};
	t->beside = guest;
	t->is_used = true;
	__atomic_store_n(&t->is_open, true, __ATOMIC_SEQ_CST);
	return 0;
}

void check_twin_close(struct check_twin *t)
{
	if (!t->is_open)
		return;
	__atomic_store_n(&t->is_open, false, __ATOMIC_SEQ_CST);
	vcpu_close(&t->vcpu);
	vm_close(&t->vm);
}

/* --- what few instructions use -------------------------------------------------------------------- */

static bool is_0f(const struct opcode *o, unsigned op)
{
	return o->map == MAP_0F && o->op == op;
}

static bool is_x87(const struct opcode *o)
{
	return o->map == MAP_1 && ((o->op >= 0xd8 && o->op <= 0xdf) || o->op == 0x9b);
}

static bool is_swapgs(const struct opcode *o)
{
	return is_0f(o, 0x01) && o->modrm == 0xf8;
}

static bool is_rdtsc(const struct opcode *o)
{
	return is_0f(o, 0x31) || (is_0f(o, 0x01) && o->modrm == 0xf9);
}

static void copy_msr(struct check_twin *t, const struct check_task *task, uint32_t number)
{
	uint64_t value;
	if (!vcpu_get_msr(task->guest, number, &value))
		vcpu_set_msr(&t->vcpu, number, value);
}

static void copy_debug(struct check_twin *t, const struct check_task *task)
{
	struct kvm_debugregs all;
	if (!vcpu_get_debugregs(task->guest, &all))
		vcpu_set_debugregs(&t->vcpu, &all);
	t->control.cpu.knows_guest = false;
}

/* The guest's vCPU has them as they were before the instruction, but for what wrmsr and mov to a debug register
 * write. */
static void put_extras(struct check_twin *t, const struct check_task *task)
{
	static const uint32_t call_msrs[] = { MSR_STAR, MSR_LSTAR, MSR_FMASK, MSR_KERNEL_GS_BASE };
	const struct opcode *o = task->opcode;
	uint64_t xcr0;
	if (is_0f(o, 0x05) || is_0f(o, 0x07) || is_swapgs(o))
		for (size_t i = 0; i < ARRAY_SIZE(call_msrs); i++)
			copy_msr(t, task, call_msrs[i]);
	if (is_0f(o, 0x21))
		copy_debug(t, task);
	if (is_0f(o, 0x32))
		copy_msr(t, task, (uint32_t)task->before->regs.rcx);
	if (is_rdtsc(o))
		copy_msr(t, task, MSR_AUX);
	if (is_0f(o, 0xa2) && !vcpu_get_xcr0(task->guest, &xcr0))
		vcpu_set_xcr0(&t->vcpu, xcr0);
	if (is_x87(o))
		vcpu_set_xsave(&t->vcpu, vcpu_xsave(task->guest), 1u << XSAVE_X87);
}

static bool x87_differs(struct check_twin *t, const struct check_task *task)
{
	const uint8_t *kvm = vcpu_xsave(&t->vcpu), *before = vcpu_xsave(task->guest);
	struct interp_x87 own = {
		.fcw = get16(before + FXSAVE_FCW),
		.fsw = get16(before + FXSAVE_FSW),
		.ftwx = before[FXSAVE_FTW],
	};
	interp_get_x87(task->engine, &own);
	return get16(kvm + FXSAVE_FCW) != own.fcw || get16(kvm + FXSAVE_FSW) != own.fsw ||
	       kvm[FXSAVE_FTW] != own.ftwx;
}

static bool msr_differs(struct check_twin *t, const struct check_task *task)
{
	const uint32_t number = (uint32_t)task->before->regs.rcx;
	uint64_t own, kvm;
	return vcpu_get_msr(task->guest, number, &own) || vcpu_get_msr(&t->vcpu, number, &kvm) ||
	       own != kvm;
}

static bool gs_differs(struct check_twin *t, const struct check_task *task)
{
	struct interp_msrs own;
	uint64_t before, kvm;
	if (vcpu_get_msr(&t->vcpu, MSR_KERNEL_GS_BASE, &kvm) ||
	        vcpu_get_msr(task->guest, MSR_KERNEL_GS_BASE, &before))
		return true;
	return kvm != (interp_get_msrs(task->engine, &own) ? own.kernel_gs_base : before);
}

/* Only the register that was written is compared: the twin's others are not the guest's. */
static bool debug_differs(struct check_twin *t, const struct check_task *task)
{
	const unsigned number = task->opcode->modrm >> 3 & 7;
	struct kvm_debugregs own, kvm;
	if (vcpu_get_debugregs(task->guest, &own) || vcpu_get_debugregs(&t->vcpu, &kvm))
		return true;
	if (number < 4)
		return own.db[number] != kvm.db[number];
	return number & 1 ? own.dr7 != kvm.dr7 : own.dr6 != kvm.dr6;
}

static bool extras_differ(
        struct check_twin *t, const struct check_task *task, struct compare_result *r)
{
	const struct opcode *o = task->opcode;
	if (is_rdtsc(o)) { /* one cannot be read twice at the same time */
		r->kvm.regs.rax = r->own.regs.rax;
		r->kvm.regs.rdx = r->own.regs.rdx;
	}
	return (is_x87(o) && x87_differs(t, task)) || (is_0f(o, 0x30) && msr_differs(t, task)) ||
	       (is_0f(o, 0x23) && r->own_raised < 0 && debug_differs(t, task)) ||
	       (is_swapgs(o) && gs_differs(t, task));
}

/* --- a step ------------------------------------------------------------------------------------- */

static bool has_pae(const struct kvm_sregs *s)
{
	return s->cr0 & CR0_PG && s->cr4 & CR4_PAE && !(s->efer & EFER_LMA);
}

static void put_state(struct check_twin *t, const struct check_task *task)
{
	const struct compare_state *s = task->before;
	const struct kvm_vcpu_events none = { .flags = KVM_VCPUEVENT_VALID_SHADOW };
	uint64_t pdptrs[4];
	uint8_t shadow;
	if (!vcpu_is_quiet(&t->vcpu, &shadow) || t->is_used) {
		vcpu_set_events(&t->vcpu, &none);
		vcpu_is_quiet(&t->vcpu, &shadow);
	}
	bool is_other = t->is_used || memcmp(vcpu_sregs(&t->vcpu), &s->sregs, sizeof s->sregs);
	vcpu_put(&t->vcpu, &s->regs, is_other ? &s->sregs : NULL, s->shadow);
	if (has_pae(&s->sregs) && !vcpu_get_pdptrs(task->guest, pdptrs))
		vcpu_put_pdptrs(&t->vcpu, pdptrs);
	t->control.cpu.is_halted = t->control.cpu.is_acknowledged = false;
	t->control.cpu.must_step_off = false;
	t->control.cpu.stuck = 0;
	t->is_used = false;
}

/* The instruction has turned on paging that this KVM lacks: the CPU shuts down there. */
static bool lacks_paging(struct check_twin *t, const struct kvm_sregs *after)
{
	return after->cr0 & CR0_PG && !(after->efer & EFER_LMA) &&
	       !vcpu_set_sregs(&t->vcpu, after) && t->vcpu.lacks_paging;
}

static const char *failure(const struct stop *stop)
{
	if (stop->kind == STOP_SHUTDOWN)
		return "the CPU shuts down (triple fault)";
	if (stop->kind == STOP_HALTED)
		return "the CPU halts";
	if (stop->exit.kind == EXIT_INTERNAL_ERROR)
		return "KVM's emulator fails (KVM_EXIT_INTERNAL_ERROR)";
	return "KVM can't go on";
}

static void take_state(struct check_twin *t, struct compare_result *r)
{
	r->kvm.regs = *vcpu_regs(&t->vcpu);
	r->kvm.sregs = *vcpu_sregs(&t->vcpu);
	if (!vcpu_is_quiet(&t->vcpu, &r->kvm.shadow))
		r->kvm.shadow = 0;
	r->kvm_log = t->log;
	r->kvm_vector = t->control.cpu.entered_handler ? t->control.cpu.vector : -1;
}

enum compare_verdict check_twin_do(struct check_twin *t, const struct check_task *task,
        struct compare_result *r, const char **why)
{
	struct stop stop = { .kind = STOP_FAILED };
	put_state(t, task);
	put_extras(t, task);
	t->log.count = 0;
	t->answers = task->answers;
	t->has_vector = task->interrupt >= 0;
	t->vector = (uint8_t)task->interrupt;
	vcpu_take_kick(&t->vcpu); /* whoever it was has kicked the guest's, too */
	bool takes = task->interrupt < 0 || interrupt_is_due(&t->control);
	int err = 0;
	if (takes)
		err = task->interrupt < 0 ? step_one(&t->control, &stop)
		                          : interrupt_step(&t->control, &stop);
	take_state(t, r);
	r->stop = stop.kind;
	r->suberror = stop.exit.kind == EXIT_INTERNAL_ERROR ? stop.exit.internal.suberror : 0;
	*why = !takes ? "the CPU does not take the interrupt"
	       : err  ? strerror(-err)
	              : failure(&stop);
	if (!err && stop.kind == STOP_STEPPED) {
		if (extras_differ(t, task, r))
			r->parts |= COMPARE_EXTRAS;
		return COMPARE_SAME;
	}
	t->is_used = true;
	bool is_refused = err || stop.kind == STOP_KICKED ||
	                  (stop.kind == STOP_FAILED && stop.exit.kind == EXIT_NO_PAGING) ||
	                  lacks_paging(t, &r->own.sregs);
	return is_refused ? COMPARE_SKIPPED : COMPARE_KVM_FAILS;
}

/* --- who its CPU is ----------------------------------------------------------------------------- */

/* TCG extends the sign of ret's immediate: SDM vol 2, RET. */
bool check_twin_is_tcg(const struct vm *beside)
{
	static const uint8_t ret[] = { 0xc2, 0x00, 0x80 };
	struct scratch s;
	struct exit x;
	struct error e = { 0 };
	if (scratch_open(&s, beside, &e))
		return false;
	scratch_put(&s, SCRATCH_PROT32, ret, sizeof ret);
	scratch_step(&s, &x);
	bool is_it = !s.err &&
	             (uint32_t)vcpu_regs(&s.vcpu)->rsp == (uint32_t)(SCRATCH_STACK + 4 - 0x8000);
	scratch_close(&s);
	return is_it;
}

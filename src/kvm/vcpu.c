/* KVM's calls for one vCPU, and what is kept between them: registers, debug settings, kicks. */
#include "kvm/vcpu_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cpu_bits.h"

int vcpu_open(struct vcpu *v, struct vm *vm, struct error *e)
{
	int err;
	*v = (struct vcpu) { .vm = vm };
	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, 0);
	if (v->fd < 0)
		return error_set(e, -errno, "KVM_CREATE_VCPU failed: %s", strerror(errno));
	v->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED) {
		err = error_set(
		        e, -errno, "cannot map the vCPU's run structure: %s", strerror(errno));
		goto close_fd;
	}
	err = vcpu_set_cpuid(v, e);
	if (err)
		goto unmap;
	/* Both are read on the next occasion, and tell whether KVM answers at all. */
	vcpu_regs(v);
	vcpu_sregs(v);
	if (v->error) {
		err = error_set(e, v->error, "KVM does not give the vCPU's registers: %s",
		        strerror(-v->error));
		goto unmap;
	}
	if (vm->has_sync_regs)
		v->run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS |
		                         (vm->has_sync_events ? (unsigned)KVM_SYNC_X86_EVENTS : 0);
	return 0;
unmap:
	munmap(v->run, vm->run_size);
close_fd:
	close(v->fd);
	return err;
}

void vcpu_close(struct vcpu *v)
{
	munmap(v->run, v->vm->run_size);
	close(v->fd);
}

int vcpu_call(const struct vcpu *v, unsigned long request, void *arg)
{
	return ioctl(v->fd, request, arg) < 0 ? -errno : 0;
}

const struct kvm_regs *vcpu_fetch_regs(struct vcpu *v)
{
	struct kvm_regs *regs = v->is_synced ? &v->run->s.regs.regs : &v->own_regs;
	if (!v->is_synced && !v->has_regs) {
		int err = vcpu_call(v, KVM_GET_REGS, regs);
		v->has_regs = true;
		if (err)
			v->error = err;
	}
	if (v->hides_tf && v->tf)
		regs->rflags |= RFLAGS_TF;
	return regs;
}

void vcpu_set_tf(struct vcpu *v, bool tf)
{
	if (!v->hides_tf || v->tf == tf)
		return;
	v->tf = tf;
	v->changes++;
	v->is_synced = v->has_regs = false;
}

const struct kvm_sregs *vcpu_fetch_sregs(struct vcpu *v)
{
	if (!v->has_sregs) {
		int err = vcpu_call(v, KVM_GET_SREGS, &v->own_sregs);
		v->has_sregs = true;
		v->own_sregs.cr0 |= v->lacks_paging ? CR0_PG : 0;
		if (err)
			v->error = err;
	}
	return &v->own_sregs;
}

const uint8_t *vcpu_xsave(struct vcpu *v)
{
	if (!v->has_xsave) {
		int err = vcpu_call(v, KVM_GET_XSAVE, v->own_xsave);
		v->has_xsave = true;
		if (err)
			v->error = err;
	}
	return (const uint8_t *)v->own_xsave;
}

void vcpu_registers_changed(struct vcpu *v)
{
	v->is_synced = v->has_regs = v->has_sregs = v->knows_window = false;
	v->debug_is_stale = true;
	v->changes++;
}

/* --- what the guest has done without KVM ------------------------------------------------------ */

void vcpu_put(
        struct vcpu *v, const struct kvm_regs *regs, const struct kvm_sregs *sregs, uint8_t shadow)
{
	if (sregs)
		v->own_sregs = *sregs;
	else if (v->is_synced)
		v->own_sregs = v->run->s.regs.sregs;
	v->has_sregs |= sregs || v->is_synced;
	v->own_regs = *regs;
	v->has_regs = true;
	v->is_synced = v->knows_window = false;
	v->tf = regs->rflags & RFLAGS_TF;
	v->holds_regs = true;
	v->holds_sregs |= sregs != NULL;
	v->holds_shadow |= shadow != v->shadow;
	v->shadow = shadow;
}

void vcpu_put_flush(struct vcpu *v)
{
	v->holds_flush = true;
}

static int tell_shadow(struct vcpu *v)
{
	struct kvm_vcpu_events events;
	int err = vcpu_call(v, KVM_GET_VCPU_EVENTS, &events);
	events.flags = KVM_VCPUEVENT_VALID_SHADOW;
	events.interrupt.shadow = v->shadow;
	return err ? err : vcpu_call(v, KVM_SET_VCPU_EVENTS, &events);
}

static int tell_regs(struct vcpu *v)
{
	struct kvm_regs copy = v->own_regs;
	if (v->hides_tf)
		copy.rflags &= ~(uint64_t)RFLAGS_TF;
	return vcpu_call(v, KVM_SET_REGS, &copy);
}

int vcpu_tell_held(struct vcpu *v)
{
	int err = 0;
	if (v->holds_sregs)
		err = vcpu_tell_sregs(v, &v->own_sregs);
	if (!err && v->holds_sregs)
		v->run->cr8 = v->own_sregs.cr8;
	if (!err && v->holds_regs)
		err = tell_regs(v);
	if (!err && v->holds_shadow)
		err = tell_shadow(v);
	if (v->holds_regs || v->holds_sregs)
		v->debug_is_stale = true;
	v->holds_regs = v->holds_sregs = v->holds_shadow = false;
	if (err)
		v->error = err;
	return err;
}

bool vcpu_is_quiet(struct vcpu *v, uint8_t *shadow)
{
	struct kvm_vcpu_events own;
	const struct kvm_vcpu_events *e = &own;
	if (!v->knows_events) {
		if (v->is_synced && v->has_events)
			e = &v->run->s.regs.events;
		else if (vcpu_get_events(v, &own))
			return false;
		v->knows_events = true;
		v->shadow = e->interrupt.shadow;
		v->is_quiet = !e->interrupt.injected && !e->exception.injected &&
		              !e->exception.pending && !e->nmi.injected && !e->nmi.pending;
	}
	*shadow = v->shadow;
	return v->is_quiet;
}

/* --- registers, written ----------------------------------------------------------------------- */

int vcpu_set_regs(struct vcpu *v, const struct kvm_regs *regs)
{
	struct kvm_regs copy = *regs; /* regs may point into *run */
	if (v->holds_regs) {          /* KVM refuses none, and is told of these instead */
		v->own_regs = copy;
		v->own_regs.rflags |= 2; /* bit 1 is always 1: SDM vol 1, 3.4.3 */
		v->tf = copy.rflags & RFLAGS_TF;
		v->changes++;
		return 0;
	}
	v->knows_events &= v->is_quiet; /* it drops an exception that waits */
	int held = vcpu_tell_held(v);
	if (held)
		return held;
	if (v->hides_tf) {
		v->tf = copy.rflags & RFLAGS_TF;
		copy.rflags &= ~(uint64_t)RFLAGS_TF;
	}
	int err = vcpu_call(v, KVM_SET_REGS, &copy);
	vcpu_registers_changed(v);
	return err;
}

int vcpu_set_sregs(struct vcpu *v, const struct kvm_sregs *sregs)
{
	struct kvm_sregs copy = *sregs; /* sregs may point into *v */
	int err = vcpu_change_pdptrs(v, &copy);
	if (err)
		return err;
	v->holds_sregs = false;
	err = vcpu_tell_held(v);
	if (!err)
		err = vcpu_tell_sregs(v, &copy);
	if (!err) /* KVM_RUN sets CR8 from here, without a local APIC of KVM's */
		v->run->cr8 = copy.cr8;
	vcpu_registers_changed(v);
	return err;
}

_Static_assert(sizeof(struct kvm_xsave) == XSAVE_SIZE, "KVM_GET_XSAVE's size");

int vcpu_set_xsave(struct vcpu *v, const uint8_t *xsave, unsigned parts)
{
	struct kvm_xsave copy;
	uint64_t present;
	memcpy(&copy, xsave, sizeof copy); /* xsave may point into own_xsave */
	memcpy(&present, (const uint8_t *)&copy + XSAVE_BV, sizeof present);
	present |= parts;
	memcpy((uint8_t *)&copy + XSAVE_BV, &present, sizeof present);
	v->has_xsave = false;
	v->changes++;
	return vcpu_call(v, KVM_SET_XSAVE, &copy);
}

int vcpu_get_debugregs(struct vcpu *v, struct kvm_debugregs *d)
{
	return vcpu_call(v, KVM_GET_DEBUGREGS, d);
}

int vcpu_set_debugregs(struct vcpu *v, const struct kvm_debugregs *d)
{
	struct kvm_debugregs copy = *d;
	v->changes++;
	return vcpu_call(v, KVM_SET_DEBUGREGS, &copy);
}

int vcpu_inject_exception(struct vcpu *v, uint8_t vector, uint64_t dr6)
{
	struct kvm_vcpu_events events;
	int err = vcpu_get_events(v, &events);
	if (err)
		return err;
	if (vector == 1) {
		struct kvm_debugregs d;
		err = vcpu_call(v, KVM_GET_DEBUGREGS, &d);
		if (err)
			return err;
		d.dr6 |= dr6 & 0xe00f;      /* BT, BS, BD, B3 to B0: SDM vol 3, "DR6" */
		d.dr7 &= ~(uint64_t)DR7_GD; /* cleared on the way to the handler: "DR7" */
		err = vcpu_set_debugregs(v, &d);
		if (err)
			return err;
	}
	events.flags = 0;
	events.exception.injected = 1;
	events.exception.nr = vector;
	events.exception.has_error_code = 0;
	return vcpu_set_events(v, &events);
}

int vcpu_drop_exception(struct vcpu *v)
{
	struct kvm_vcpu_events events;
	int err = vcpu_get_events(v, &events);
	bool has_int = events.interrupt.injected && events.interrupt.soft;
	if (err || (!events.exception.injected && !events.exception.pending && !has_int))
		return err;
	events.flags = 0;
	events.exception.injected = events.exception.pending = 0;
	if (has_int)
		events.interrupt.injected = 0;
	return vcpu_set_events(v, &events);
}

int vcpu_get_events(struct vcpu *v, struct kvm_vcpu_events *events)
{
	int err = vcpu_tell_held(v);
	return err ? err : vcpu_call(v, KVM_GET_VCPU_EVENTS, events);
}

int vcpu_set_events(struct vcpu *v, const struct kvm_vcpu_events *events)
{
	struct kvm_vcpu_events copy = *events;
	v->knows_window = v->knows_events = v->has_events = false;
	v->changes++;
	int err = vcpu_tell_held(v);
	return err ? err : vcpu_call(v, KVM_SET_VCPU_EVENTS, &copy);
}

bool vcpu_takes_interrupt(struct vcpu *v)
{
	struct kvm_vcpu_events e;
	if (!(vcpu_regs(v)->rflags & RFLAGS_IF))
		return false;
	if (v->knows_window) /* if_flag is in it */
		return v->run->ready_for_interrupt_injection;
	if (v->knows_events)
		return v->is_quiet && !v->shadow;
	return vcpu_get_events(v, &e) == 0 && !e.interrupt.shadow && !e.interrupt.injected &&
	       !e.exception.injected && !e.exception.pending && !e.nmi.injected;
}

int vcpu_interrupt(struct vcpu *v, uint8_t vector)
{
	struct kvm_interrupt interrupt = { .irq = vector };
	v->knows_window = v->knows_events = v->has_events = false;
	v->changes++;
	int err = vcpu_tell_held(v);
	return err ? err : vcpu_call(v, KVM_INTERRUPT, &interrupt);
}

int vcpu_take_back_interrupt(struct vcpu *v, bool *was_taken_back)
{
	struct kvm_vcpu_events events;
	int err = vcpu_get_events(v, &events);
	bool is_there = !err && events.interrupt.injected && !events.interrupt.soft;
	if (is_there) {
		events.flags = 0;
		events.interrupt.injected = 0;
		err = vcpu_set_events(v, &events);
	}
	if (!err)
		*was_taken_back = is_there;
	return err;
}

void vcpu_want_window(struct vcpu *v, bool is_wanted)
{
	v->run->request_interrupt_window = is_wanted;
}

void vcpu_set_debug(struct vcpu *v, const struct vcpu_debug *debug)
{
	if (v->debug.control == debug->control && v->debug.dr7 == debug->dr7 &&
	        !memcmp(v->debug.dr, debug->dr, sizeof debug->dr))
		return;
	v->debug = *debug;
	v->debug_is_stale = true;
}

void vcpu_debug_stale(struct vcpu *v)
{
	v->debug_is_stale = true;
}

static int flush_debug(struct vcpu *v)
{
	if (!v->debug_is_stale)
		return 0;
	struct kvm_guest_debug g = { .control = v->debug.control };
	bool steps = g.control & KVM_GUESTDBG_SINGLESTEP;
	bool tf = vcpu_tf(v);
	memcpy(g.arch.debugreg, v->debug.dr, sizeof v->debug.dr);
	g.arch.debugreg[7] = v->debug.dr7;
	int err = vcpu_call(v, KVM_SET_GUEST_DEBUG, &g);
	if (err)
		return err;
	v->debug_is_stale = false;
	if (v->hides_tf && !steps && tf) { /* KVM took its TF out, and the guest's with it */
		struct kvm_regs regs = *vcpu_regs(v);
		err = vcpu_call(v, KVM_SET_REGS, &regs);
	}
	v->hides_tf = steps;
	v->tf = tf;
	return err;
}

bool vcpu_is_kicked(const struct vcpu *v)
{
	return __atomic_load_n(&v->kicked, __ATOMIC_SEQ_CST);
}

/* KVM_RUN once. immediate_exit is the caller's. */
static int run_once(struct vcpu *v, struct exit *x)
{
	int failed = ioctl(v->fd, KVM_RUN, 0) < 0 ? errno : 0;
	v->is_synced = v->vm->has_sync_regs;
	v->has_events = v->vm->has_sync_events;
	v->has_regs = v->has_sregs = v->has_xsave = v->has_pdptrs = v->knows_events = false;
	v->knows_window = true;
	v->changes++;
	/* EAGAIN: a vCPU that has just left its wait for SIPI; api.rst wants the run repeated. */
	if (failed == EINTR || failed == EAGAIN) {
		x->kind = EXIT_KICKED;
		x->reason = KVM_EXIT_INTR;
		return 0;
	}
	if (failed)
		return -failed;
	exit_decode(x, v->run, v->vm->run_size);
	v->exits[x->reason < VCPU_REASONS ? x->reason : VCPU_REASONS - 1]++;
	if (x->kind == EXIT_INTERNAL_ERROR) {
		/* At CPL 0 KVM has queued a #UD, too, which the guest would take at the next run. A
		 * write of the registers drops it (kvm_arch_vcpu_ioctl_set_regs). */
		struct kvm_regs regs = *vcpu_regs(v);
		return vcpu_set_regs(v, &regs);
	}
	return 0;
}

int vcpu_run(struct vcpu *v, struct exit *x)
{
	int err = v->error ? v->error : vcpu_tell_held(v);
	if (!err && v->holds_flush)
		err = memory_forget(&v->vm->memory);
	v->holds_flush = false;
	if (!err)
		err = flush_debug(v);
	if (err)
		return err;
	/* The order matters. vcpu_kick sets kicked, then immediate_exit: a kick that comes before
	 * the exchange is seen there, a later one makes KVM_RUN return at once. */
	__atomic_store_n(&v->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	if (vcpu_take_kick(v)) {
		x->kind = EXIT_KICKED;
		x->reason = KVM_EXIT_INTR;
		return 0;
	}
	if (v->lacks_paging) {
		*x = (struct exit) { .kind = EXIT_NO_PAGING };
		return 0;
	}
	err = run_once(v, x);
	if (!err && x->kind == EXIT_KICKED)
		vcpu_take_kick(v);
	return err;
}

int vcpu_complete(struct vcpu *v, struct exit *x)
{
	if (v->error)
		return v->error;
	__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	return run_once(v, x); /* vcpu_run clears immediate_exit; a kick stays in kicked */
}

void vcpu_kick(struct vcpu *v)
{
	__atomic_store_n(&v->kicked, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

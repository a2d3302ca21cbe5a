/* A virtual CPU: its registers, its debug settings, and KVM_RUN turned into a typed exit.
 *
 * One thread (the one that opened it) calls everything but vcpu_kick. Registers are read through
 * KVM_CAP_SYNC_REGS where KVM has it (they stand in kvm_run after every exit, at no cost), by ioctl
 * where not. They are always written by ioctl, at once: a dirty set of SYNC_REGS is applied after
 * KVM_SET_GUEST_DEBUG and loses the single-step on kvm_amd, and a refusal would come too late.
 * Source: api.rst, KVM_RUN, KVM_SET_GUEST_DEBUG, KVM_CAP_SYNC_REGS, KVM_CAP_IMMEDIATE_EXIT. */
#ifndef STEPVM_KVM_VCPU_H
#define STEPVM_KVM_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "base/cpu_bits.h"
#include "kvm/exit.h"
#include "kvm/vm.h"
#include "kvm/xsave.h"

#define VCPU_REASONS 64 /* exit reasons that are counted apart; the last takes the rest */

/* What KVM_SET_GUEST_DEBUG shall do during the next run. */
struct vcpu_debug {
	uint32_t control; /* KVM_GUESTDBG_ bits, 0: nothing */
	uint64_t dr[4];
	uint64_t dr7;
};

struct vcpu {
	struct vm *vm; /* borrowed */
	int fd;
	struct kvm_run *run;
	bool is_synced; /* *run holds the registers of now */
	bool has_regs, has_sregs, has_xsave, has_pdptrs;
	struct kvm_regs own_regs;
	struct kvm_sregs own_sregs;
	uint64_t pdptrs[4]; /* of PAE paging */
	bool lacks_paging;  /* KVM has them all but for CR0.PG, which it can't hold */
	uint32_t own_xsave[XSAVE_SIZE / 4];
	struct xsave_layout xsave;
	int error; /* a register read failed: -errno, reported by the next run */
	struct vcpu_debug debug;
	bool debug_is_stale; /* KVM may have lost or not seen *debug */
	bool hides_tf;       /* KVM single-steps and keeps that in TF: tf is the guest's own */
	bool tf;
	bool knows_window; /* *run tells whether an interrupt can be injected now */
	/* What vcpu_put has brought and KVM has not been told yet. */
	bool holds_regs, holds_sregs, holds_shadow, holds_flush;
	/* vcpu_is_quiet's answer, when it is known; and whether what KVM_RUN stored of the events still holds. */
	bool knows_events, is_quiet, has_events;
	uint8_t shadow;
	unsigned changes; /* how often the guest's state has become another, but by vcpu_put */
	int kicked;       /* atomic */
	uint64_t exits[VCPU_REASONS];
};

int vcpu_open(struct vcpu *v, struct vm *vm, struct error *e);
void vcpu_close(struct vcpu *v);

/* What vcpu_regs and vcpu_sregs do where the registers are not at hand. */
const struct kvm_regs *vcpu_fetch_regs(struct vcpu *v);
const struct kvm_sregs *vcpu_fetch_sregs(struct vcpu *v);

/* The registers as they are now; the pointers die with the next run or write. A step asks some thirty times, so it is
 * inline. */
static inline const struct kvm_regs *vcpu_regs(struct vcpu *v)
{
	if ((!v->is_synced && !v->has_regs) || (v->hides_tf && v->tf))
		return vcpu_fetch_regs(v);
	return v->is_synced ? &v->run->s.regs.regs : &v->own_regs;
}

static inline const struct kvm_sregs *vcpu_sregs(struct vcpu *v)
{
	if (!v->is_synced && !v->has_sregs)
		return vcpu_fetch_sregs(v);
	return v->is_synced ? &v->run->s.regs.sregs : &v->own_sregs;
}

/* Writes all of them. 0 or KVM's -errno (a state that the CPU can't be in), nothing changed then.
 */
int vcpu_set_regs(struct vcpu *v, const struct kvm_regs *regs);
int vcpu_set_sregs(struct vcpu *v, const struct kvm_sregs *sregs);
/* The four entries of PAE paging that the CPU keeps, whatever memory has by now. -EINVAL: it has none; -ENOTSUP: KVM
 * does not tell them. */
int vcpu_get_pdptrs(struct vcpu *v, uint64_t to[4]);
/* The guest has gone on by other means than KVM, and this is its state now: one that a CPU can be in. KVM
 * gets it with the next call that has to do with it, not before. sregs: NULL, they are as they were;
 * shadow: the interrupt shadow, KVM_X86_SHADOW_INT_. Only where vcpu_is_quiet. */
void vcpu_put(
        struct vcpu *v, const struct kvm_regs *regs, const struct kvm_sregs *sregs, uint8_t shadow);
/* ... and PAE paging's entries, after it. */
void vcpu_put_pdptrs(struct vcpu *v, const uint64_t pdptrs[4]);
/* ... and has dropped its translations, or will do so through KVM after it has written page tables: KVM, and
 * the CPU for it, forget theirs before the next run. */
void vcpu_put_flush(struct vcpu *v);
/* Whether nothing is under way between two instructions: no exception, no interrupt, no NMI. Then *shadow
 * is the interrupt shadow. */
bool vcpu_is_quiet(struct vcpu *v, uint8_t *shadow);
/* The extended state, XSAVE_SIZE bytes: x87 and SSE as FXSAVE lays them out (SDM vol 1, "FXSAVE
 * Area"), the others where v->xsave says. Costs a call after every run, so it is read where
 * somebody asks. (KVM_GET_FPU leaves mxcsr out.) */
const uint8_t *vcpu_xsave(struct vcpu *v);
/* parts: a bit for each enum xsave_part that is written. */
int vcpu_set_xsave(struct vcpu *v, const uint8_t *xsave, unsigned parts);
/* XCR0. -EINVAL where this vCPU has none. */
int vcpu_get_xcr0(struct vcpu *v, uint64_t *value);
int vcpu_set_xcr0(struct vcpu *v, uint64_t value);
/* Model-specific registers by number. -EINVAL: KVM does not have it, or not this value. */
int vcpu_get_msr(struct vcpu *v, uint32_t number, uint64_t *value);
/* Many at once: fills the data of entries, whose index says which; -EINVAL: KVM has not all of them. */
int vcpu_get_msrs(struct vcpu *v, struct kvm_msr_entry *entries, unsigned count);
int vcpu_set_msr(struct vcpu *v, uint32_t number, uint64_t value);
/* What cpuid gives the guest now: some bits follow what it has enabled. NULL: no memory, or KVM tells none; the table is the
 * caller's, by free. vcpu_get_cpuid: into one of these, again. 0 or -errno. */
struct kvm_cpuid2 *vcpu_new_cpuid(struct vcpu *v);
int vcpu_get_cpuid(struct vcpu *v, struct kvm_cpuid2 *to);
/* cpuid gives the guest this from now on, before its first instruction. 0 or KVM's -errno: it is as it was then. */
int vcpu_use_cpuid(struct vcpu *v, const struct kvm_cpuid2 *c);
/* The guest's own TF, which vcpu_regs shows too. KVM hides it and loses it while it single-steps,
 * so it is kept here then, and whoever steps an instruction that loads TF says so. */
static inline bool vcpu_tf(struct vcpu *v)
{
	return vcpu_regs(v)->rflags & RFLAGS_TF;
}
void vcpu_set_tf(struct vcpu *v, bool tf);
/* The guest takes the exception, without an error code, when it runs next. vector 1: dr6's bits are
 * set in the guest's DR6. */
int vcpu_inject_exception(struct vcpu *v, uint8_t vector, uint64_t dr6);
/* After a run: an exception or int that KVM has not delivered is not delivered any more. */
int vcpu_drop_exception(struct vcpu *v);
/* The guest's own debug registers. */
int vcpu_get_debugregs(struct vcpu *v, struct kvm_debugregs *d);
int vcpu_set_debugregs(struct vcpu *v, const struct kvm_debugregs *d);
int vcpu_get_events(struct vcpu *v, struct kvm_vcpu_events *events);
int vcpu_set_events(struct vcpu *v, const struct kvm_vcpu_events *events);

/* Whether the CPU takes an interrupt now: IF is set, no sti or mov ss shadows it, no other event is
 * under way. KVM checks nothing of that itself on every host. */
bool vcpu_takes_interrupt(struct vcpu *v);
/* The guest takes it when it runs next, before its next instruction. Only where
 * vcpu_takes_interrupt said so and no access waits to be completed. There is no interrupt
 * controller in the kernel. */
int vcpu_interrupt(struct vcpu *v, uint8_t vector);
/* After a run: whether it came back before the guest took the interrupt, which is then taken back.
 */
int vcpu_take_back_interrupt(struct vcpu *v, bool *was_taken_back);
/* The runs from now on exit with EXIT_IRQ_WINDOW when the CPU takes interrupts. */
void vcpu_want_window(struct vcpu *v, bool is_wanted);

/* Sets what the next runs debug. KVM is told when it differs from what it was told last, or when it
 * may have lost it (vcpu_debug_stale), and always after registers were written: KVM keeps the
 * step's TF in rflags, where a register write or the guest wipes it out. */
void vcpu_set_debug(struct vcpu *v, const struct vcpu_debug *debug);
void vcpu_debug_stale(struct vcpu *v);

/* Runs the guest until it exits. 0 with *x, or -errno when KVM itself failed. A kick that came
 * before or during the run gives EXIT_KICKED, and is used up. EXIT_NO_PAGING: KVM was not run, for the guest has
 * 32-bit paging on, which it would leave out. */
int vcpu_run(struct vcpu *v, struct exit *x);
/* After an I/O or MMIO exit was answered: lets KVM finish that instruction and nothing more. *x is
 * EXIT_KICKED or EXIT_DEBUG when it is finished, or the instruction's next access. */
int vcpu_complete(struct vcpu *v, struct exit *x);
/* From any thread or a signal handler: the run that is under way or the next one returns. The
 * caller also sends the vCPU's thread a signal, to get it out of the guest. */
void vcpu_kick(struct vcpu *v);
/* Whether a kick waits for the next run; and taking it: it is used up. */
bool vcpu_is_kicked(const struct vcpu *v);
static inline bool vcpu_take_kick(struct vcpu *v)
{
	/* There is none nearly always, and to look costs less than to take. */
	return __atomic_load_n(&v->kicked, __ATOMIC_SEQ_CST) &&
	       __atomic_exchange_n(&v->kicked, 0, __ATOMIC_SEQ_CST);
}

#endif

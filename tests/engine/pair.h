/* The interpreter and KVM, side by side: two machines with the same registers and the same RAM do one
 * instruction each, and everything is compared.
 *
 * How KVM is brought to do it is said in kvm_side.h. */
#ifndef STEPVM_TESTS_ENGINE_PAIR_H
#define STEPVM_TESTS_ENGINE_PAIR_H

#include "compare/compare.h"
#include "debug/control.h"
#include "interp/interp.h"
#include "trial.h"

extern const uint32_t pair_slot_gpa[2], pair_slot_size[2];

struct pair {
	const struct world_mode *mode;
	struct vm vm;
	struct vcpu vcpu;
	struct control control;
	struct kvm_sregs base;
	uint8_t *kvm[2], *own[2]; /* both slots of each side */
	uint8_t *ram;             /* as it is before each instruction */
	struct interp *own_cpu;
	struct kvm_cpuid2 *cpuid; /* what both sides have; owned */
	struct compare_log own_log, kvm_log;
	struct kvm_debugregs own_debug;
	struct trial_source source;
	bool is_user; /* CPL 3: KVM's side runs to a ud2 */
	bool is_tcg;  /* KVM's CPU is QEMU's TCG, which passes over breakpoints: KVM's side steps */
	bool is_probing;
	bool by_steps;      /* KVM's side is run control's step, whatever the instruction, */
	bool steps_user;    /* and there are steps at CPL 3, too */
	uint8_t *trap;      /* where the ud2 stood in KVM's RAM, or NULL */
	volatile int ticks; /* seconds of the trial */
	uint64_t seed;      /* of the trial */
};

/* 0, or -errno with a text: this KVM can't be in this mode, or not be stepped there. One pair at a time. */
int pair_open(struct pair *p, const struct world_mode *mode, bool by_steps, struct error *e);
void pair_close(struct pair *p);
/* Whether this KVM does its guests' instructions itself. */
bool pair_kvm_emulates(struct pair *p);
void pair_try(struct pair *p, const struct trial *t, struct compare_result *r);

#endif

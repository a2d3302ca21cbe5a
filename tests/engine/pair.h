/* The interpreter and KVM, side by side: two machines with the same registers and the same RAM do one
 * instruction each, and everything is compared.
 *
 * How KVM is brought to do it is said in kvm_side.h. */
#ifndef STEPVM_TESTS_ENGINE_PAIR_H
#define STEPVM_TESTS_ENGINE_PAIR_H

#include "debug/control.h"
#include "interp/interp.h"
#include "trial.h"

/* What was read and written outside RAM. Reads give what the address says, on both sides the same. */
#define PAIR_ACCESSES 32

struct pair_access {
	bool is_port, is_write;
	uint8_t size;
	uint64_t at, value;
};

struct pair_log {
	unsigned count;
	struct pair_access all[PAIR_ACCESSES];
};

/* A CPU's state. */
struct pair_state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	uint8_t shadow; /* KVM_X86_SHADOW_INT_ bits */
};

enum pair_verdict {
	PAIR_SAME,
	PAIR_HANDED_OVER, /* and nothing had changed */
	PAIR_CHANGED,     /* handed over, and something had changed */
	PAIR_DIFFERS,
	PAIR_KVM_FAILS, /* KVM itself could not do it */
	PAIR_SKIPPED,   /* it can't be compared here */
};

/* What differs, a set. */
enum pair_part {
	PAIR_REGS = 1 << 0,
	PAIR_RIP = 1 << 1,
	PAIR_FLAGS = 1 << 2,
	PAIR_SEGMENTS = 1 << 3,
	PAIR_TABLES = 1 << 4, /* GDTR, IDTR, LDTR, TR */
	PAIR_CR2 = 1 << 5,
	PAIR_CONTROL = 1 << 6, /* other control registers, EFER */
	PAIR_MEMORY = 1 << 7,
	PAIR_ACCESS = 1 << 8,
	PAIR_SHADOW = 1 << 9,
	PAIR_EXTRAS = 1 << 10, /* extras.h */
};

struct pair_result {
	enum pair_verdict verdict;
	unsigned parts;
	uint64_t flags; /* of rflags that differ */
	uint64_t gpa;   /* of the first byte of RAM that differs */
	uint8_t own_byte, kvm_byte;
	bool has_odd_ram; /* the sides' RAM differs, be it for what is spared */
	enum stop_kind stop;
	uint32_t suberror; /* of STOP_FAILED */
	int own_vector;    /* of the exception or int n that the interpreter has delivered, or -1 */
	struct pair_state own, kvm;
	struct pair_log own_log, kvm_log;
};

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
	struct pair_log own_log, kvm_log;
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
void pair_try(struct pair *p, const struct trial *t, struct pair_result *r);

#endif

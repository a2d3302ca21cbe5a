/* The fake KVM's VM and vCPU, and one instruction of the latter. Private to fake_*.c. */
#ifndef STEPVM_TESTS_FAKE_CPU_H
#define STEPVM_TESTS_FAKE_CPU_H

#include <linux/kvm.h>

#include "fake_kvm.h"

#define FAKE_SLOTS    512 /* KVM_CAP_NR_MEMSLOTS has some 32764 */
#define FAKE_PAGES    64  /* of code, in which steps are known to have been made */
#define FAKE_ACCESSES 8   /* of one instruction: int n in long mode would push 5 times */

struct fake_slot {
	uint64_t gpa, size; /* size 0: none */
	uint8_t *hva;
	bool is_read_only;
};

struct fake_vm {
	uint64_t quirks;
	bool exits_at_efer; /* KVM_X86_SET_MSR_FILTER */
	struct fake_slot slots[FAKE_SLOTS];
	unsigned changes;    /* of slots */
	unsigned page_count; /* FAKE_EMPTY_STEPS: pages stepped on since the slots changed */
	uint64_t pages[FAKE_PAGES];
};

struct fake_access {
	uint64_t gva, gpa;
	unsigned len; /* bytes: 1 to 8 */
	bool is_write;
	bool is_mmio;
	uint64_t value; /* written, or read by MMIO */
};

/* What an instruction changes. */
struct fake_state {
	struct kvm_regs r;
	struct kvm_sregs s;
	struct kvm_debugregs d;
	uint8_t shadow; /* KVM_X86_SHADOW_INT_ */
	uint64_t pdptrs[4];
};

struct fake_vcpu {
	struct fake_vm *vm;
	struct kvm_run *run;
	struct fake_state now;
	/* KVM_SET_GUEST_DEBUG, and where the guest stood then (gva). */
	struct kvm_guest_debug debug;
	uint64_t step_from;
	bool is_step_lost;
	bool has_stale_bs, has_kept_hlt;
	/* Events that go before the next instruction. */
	bool has_exception, has_interrupt, has_queued_ud, has_queued_shutdown;
	uint8_t exception, interrupt;
	bool has_error; /* of the exception that KVM_SET_VCPU_EVENTS gave */
	uint32_t error;
	/* The instruction under way, between an exit and the next KVM_RUN. */
	enum fake_pending {
		FAKE_NOTHING,
		FAKE_OUT,   /* the state after it is `after`; wrmsr likewise */
		FAKE_AGAIN, /* in and MMIO reads: it is done again, with what has come in */
		FAKE_WRITE, /* the state is that after it; more writes may be to be told */
	} pending;
	struct fake_state after;
	struct fake_access accesses[FAKE_ACCESSES];
	unsigned access_count, writes_told, reads_known;
	uint64_t reads[FAKE_ACCESSES]; /* by MMIO */
	uint64_t again_rsp;            /* FAKE_READS_AGAIN */
	bool has_port_data;
	struct fake_trap {
		uint64_t ours, own; /* DR6's bits: told to the debugger, or the guest's #DB */
	} trap;
	bool is_in_rep;
	struct fake_trap rep_trap; /* FAKE_REP_WATCH_AT_END */
	unsigned iterations;       /* FAKE_REP_IN_ONE_STEP */
	unsigned insns;            /* FAKE_WINDOW_LATE */
	unsigned entries;          /* of handlers, in this KVM_RUN */
	unsigned hung_runs;
	void *cpu;              /* whoever does the instructions keeps here what it needs */
	struct kvm_xsave xsave; /* kept, and used by nothing */
};

enum fake_end {
	FAKE_DONE,    /* rip is where it leads */
	FAKE_HALTED,  /* hlt */
	FAKE_PORT,    /* run->io is filled in; FAKE_DONE when it is done again with data */
	FAKE_MSR,     /* wrmsr, and run->msr is filled in for who is to do it */
	FAKE_READS,   /* an MMIO read: `wanted` */
	FAKE_RAISES,  /* a fault: vector */
	FAKE_CALLS,   /* int n, int3: vector, whose handler rip is to go to */
	FAKE_BREAKS,  /* int3 */
	FAKE_GUARDED, /* a mov to or from a debug register, with DR7.GD set */
	FAKE_UNKNOWN, /* an emulation failure */
	FAKE_HANGS,   /* begins again for ever */
};

enum fake_how {
	FAKE_PLAIN,
	FAKE_LOADS_SS,
	FAKE_LOADS_FLAGS, /* popf, iret */
	FAKE_IS_REP,
	FAKE_EMULATED, /* by KVM, where the guest runs on the CPU */
	FAKE_HANDED,   /* to the CPU, where KVM emulates */
	FAKE_ENTERED,  /* it led to a handler */
};

struct fake_insn {
	struct fake_vcpu *v;
	struct fake_state to; /* v->now but for what is done so far */
	enum fake_end end;
	enum fake_how how;
	uint8_t opcode, vector;
	bool is_rep, is_last;              /* the last iteration, or none was left */
	bool is_elsewhere;                 /* rip is not after it */
	bool shows_tf;                     /* TF of KVM's step is in the flags that it saves */
	unsigned bits;                     /* 16 or 32: of the code */
	unsigned size;                     /* bytes of operands */
	const struct kvm_segment *segment; /* NULL: no prefix says */
	uint64_t begin, at;                /* rip: at the instruction, and how far it is read */
	struct fake_access wanted;
};

static inline bool fake_has(const struct fake_vcpu *v, enum fake_quirk quirk)
{
	return v->vm->quirks >> quirk & 1;
}

/* The linear address of the next instruction. */
uint64_t fake_pc(const struct fake_state *s);

/* Does the instruction at rip, in i->to. */
void fake_execute(struct fake_insn *i, struct fake_vcpu *v, bool shows_tf);
/* Goes to the handler of an exception or interrupt, in i->to; flags: what is pushed. False: there
 * is none, or (FAKE_HANGS) its table can't be read. */
bool fake_enter(struct fake_insn *i, uint8_t vector, uint64_t flags);
/* An i without an instruction, for fake_enter. */
void fake_begin(struct fake_insn *i, struct fake_vcpu *v);

/* Accesses, noted in v->accesses. False: the instruction can't go on now, and end says why. */
bool fake_load(struct fake_insn *i, uint64_t gva, unsigned len, uint64_t *value);
bool fake_store(struct fake_insn *i, uint64_t gva, unsigned len, uint64_t value);
bool fake_push(struct fake_insn *i, unsigned len, uint64_t value);
bool fake_pop(struct fake_insn *i, unsigned len, uint64_t *value);
/* Of the CPU by itself: tables and code, from RAM only. */
bool fake_fetch(struct fake_insn *i, uint64_t gva, unsigned len, void *to);

struct fake_modrm {
	unsigned reg, rm;
	bool is_memory;
	uint64_t gva;
};

/* size: bytes. Of 1 byte the registers 4 to 7 are ah, ch, dh, bh. */
uint64_t fake_mask(unsigned size);
uint64_t fake_get(struct fake_insn *i, unsigned number, unsigned size);
void fake_set(struct fake_insn *i, unsigned number, unsigned size, uint64_t value);
/* A count or an index, as wide as addresses are. */
void fake_add(struct fake_insn *i, __u64 *reg, uint64_t by);
/* The next bytes of the instruction. FAKE_UNKNOWN when they can't be read, or are of no form that
 * there is here. */
uint64_t fake_immediate(struct fake_insn *i, unsigned len);
uint64_t fake_immediate_signed(struct fake_insn *i, unsigned len);
struct fake_modrm fake_take_modrm(struct fake_insn *i);
bool fake_get_operand(
        struct fake_insn *i, const struct fake_modrm *m, unsigned size, uint64_t *value);
bool fake_set_operand(
        struct fake_insn *i, const struct fake_modrm *m, unsigned size, uint64_t value);
/* Where the instruction leads, if not to the next one. */
void fake_go_to(struct fake_insn *i, uint64_t rip);

/* Instructions of fake_strings.c, for the table in fake_cpu.c. */
void fake_do_string(struct fake_insn *i);
void fake_do_ins(struct fake_insn *i);
void fake_do_outs(struct fake_insn *i);
void fake_do_port(struct fake_insn *i);

/* The calls of api.rst but for those that make a descriptor: what they return, or -errno. */
int fake_check_extension(uint64_t quirks, unsigned long number);
int fake_call_vm(struct fake_vm *vm, unsigned long request, void *arg);
int fake_call_vcpu(struct fake_vcpu *v, unsigned long request, void *arg);

/* Whether a KVM_RUN that has come to no exit goes on after so many instructions; before that, a CPU that has a faster
 * way may do those here that nobody looks at. Then what it returns. */
bool fake_goes_on(struct fake_vcpu *v, unsigned insns);
int fake_give_up(struct fake_vcpu *v);

/* KVM_RUN. 0 or -errno. */
int fake_run(struct fake_vcpu *v);
void fake_get_regs(const struct fake_vcpu *v, struct kvm_regs *regs);
void fake_get_events(const struct fake_vcpu *v, struct kvm_vcpu_events *e);
/* As made or after INIT. SDM vol 3, "Processor State After Reset". */
void fake_reset(struct fake_state *s);

#endif

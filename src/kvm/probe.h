/* What this host's KVM does under a debugger, found out by trying in a scratch VM: never by name.
 *
 * Run control asks probe_run when it first needs a fact, for it costs about a millisecond. All that
 * is worth knowing is for people: probe_run_all, a few milliseconds. Neither tries an exec
 * breakpoint with a CS base other than 0: QEMU 10's TCG, as the host of kvm_amd, crashes on it; and
 * so it does when an exception of 32-bit code at CPL 3 wants the stack of the TSS ("invalid tss
 * type"), so CPL 3 is tried in long mode only. */
#ifndef STEPVM_KVM_PROBE_H
#define STEPVM_KVM_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kvm/scratch.h"

/* What run control decides by, tried in real mode. Where there is no answer, the careful one. */
struct probe {
	/* A planted int3 exits with KVM_GUESTDBG_USE_SW_BP. Where it does not, for an emulating KVM
	 * hands it to the guest's own vector, nothing is planted. */
	bool has_int3;
	/* One single-step runs a whole `rep` instruction instead of one iteration. */
	bool step_runs_whole_rep;
	/* Data breakpoints in debug registers fire. */
	bool has_data_breakpoints;
	/* A single-step of mov ss does not stop before the instruction after it. */
	bool mov_ss_hides_step;
	/* A single-step may leave its trap over, which comes in the next run: to the guest, where no debug register
	 * is in use. Without an answer this is false: only one KVM is known to do it, and the probe has its answer
	 * there; and where a KVM does not tell that a guest loads its own debug registers, they would not work in the
	 * run that is guarded against it. */
	bool step_leaves_trap;
};

/* Claims about this KVM. All are about CPL 0 but for those of CPL3. */
enum probe_fact {
	PROBE_RUNS,               /* moves to and from memory give the right result */
	PROBE_X87,                /* ... and x87 arithmetic, */
	PROBE_SSE,                /* ... and SSE arithmetic */
	PROBE_PAGING32,           /* a guest turns 32-bit paging on, and is translated */
	PROBE_PAGING32_FAULTS,    /* the mov to cr0 for that raises #GP */
	PROBE_INT_N,              /* int n comes to its handler */
	PROBE_IRET,               /* iret returns */
	PROBE_INT3_EXITS,         /* has_int3 */
	PROBE_EXEC_BREAKPOINTS,   /* exec breakpoints in debug registers fire */
	PROBE_RF_COUNTS,          /* going on from one with RF set does not hit it again */
	PROBE_DATA_BREAKPOINTS,   /* has_data_breakpoints */
	PROBE_OWN_BREAKPOINTS,    /* debug registers that the guest loads beside ours are noticed */
	PROBE_STEP_OVER_OUT_LATE, /* the stop after a step over out is an instruction late */
	PROBE_STEP_LOSES_HLT,     /* a step over hlt gives no KVM_EXIT_HLT */
	PROBE_STEP_SHOWS_TF,      /* pushf pushes the TF of KVM's single-step */
	PROBE_STEP_SKIPS_MOV_SS,  /* mov_ss_hides_step */
	PROBE_STEP_RUNS_WHOLE_REP,  /* step_runs_whole_rep */
	PROBE_STEP_LEAVES_TRAP,     /* step_leaves_trap */
	PROBE_READ_ONLY_SLOTS,      /* writes exit as MMIO, reads and execution go on */
	PROBE_DELETED_SLOTS,        /* reads and writes exit as MMIO */
	PROBE_GUARDS_FAIL,          /* an access can be an emulation failure for the guard alone */
	PROBE_SHUTDOWN_KEEPS_STATE, /* a triple fault leaves the registers as they were */
	PROBE_EFER_EXITS,           /* a write of EFER exits: efer_watch */
	PROBE_CPL3_RUNS,            /* PROBE_RUNS at CPL 3, and an exception comes to CPL 0 */
	PROBE_CPL3_STEPS,           /* a single-step there stops after its instruction */
	PROBE_CPL3_BREAKPOINTS,     /* PROBE_EXEC_BREAKPOINTS there */
	PROBE_CPL3_PORTS,           /* IOPL, as KVM_SET_REGS has it, allows ports there */
	PROBE_PUSHES_HALF, /* a push of a segment register in 32-bit code leaves the slot's upper half */
	PROBE_EMULATES, /* KVM emulates its guests, whose code takes much longer than here */
	PROBE_FACTS,
};

/* UNKNOWN: the mode does not run, or the guest came to something that is not in question. */
enum probe_answer { PROBE_UNKNOWN, PROBE_NO, PROBE_YES };

#define PROBE_MODES 3 /* SCRATCH_REAL16, SCRATCH_PROT32, SCRATCH_LONG64 */

struct probe_facts {
	enum probe_answer answers[PROBE_FACTS][PROBE_MODES];
	int api_version;       /* KVM_GET_API_VERSION */
	bool has_sync_regs;    /* KVM_CAP_SYNC_REGS */
	bool has_readonly_mem; /* KVM_CAP_READONLY_MEM */
};

/* Each returns 0 with the facts, or -errno when no VM can be made. beside: scratch_open's. */
int probe_run(struct probe *p, const struct vm *beside, struct error *e);
int probe_run_all(struct probe_facts *p, const struct vm *beside, struct error *e);
/* One of them alone. UNKNOWN also when no VM can be made. */
enum probe_answer probe_ask(enum probe_fact fact, enum scratch_mode mode, const struct vm *beside);

/* Whether the question makes sense in that mode. */
bool probe_is_tried(enum probe_fact fact, enum scratch_mode mode);

#endif

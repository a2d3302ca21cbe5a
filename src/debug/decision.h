/* What run control decides, for whoever doubts it: plain values as it goes, a line when somebody
 * reads them (--trace run, monitor log run). Pure.
 *
 * Run control notes a decision where it takes it (CONTROL_NOTE in state.h), which costs a test of a
 * pointer where nobody listens. */
#ifndef STEPVM_DEBUG_DECISION_H
#define STEPVM_DEBUG_DECISION_H

#include <stddef.h>
#include <stdint.h>

enum decision_kind {
	DECISION_BEGIN, /* the debugger lets the guest go on. at: the pc (gva) */
	DECISION_STEP,  /* an instruction is stepped. at: its pc; how, why; number: of how many
	                       * exceptions the handlers are watched */
	DECISION_STEPS, /* many at once, by the engine. at: the pc of the first; why; value: how many */
	DECISION_HANDLER,    /* the step has come to a handler. at: there; number: the vector */
	DECISION_AGAIN,      /* KVM stopped with nothing done, and runs once more. at: the pc */
	DECISION_INTERRUPT,  /* at: the pc; number: the vector; how: enum decision_interrupt */
	DECISION_BREAKPOINT, /* how it is kept. at: its gva; how: enum breakpoint_method; number: the
	                       * debug register; value: the gpa of a planted byte or a guarded page */
	DECISION_BREAKPOINTS, /* ... of more than DECISION_TOLD_MAX. number: in debug registers;
	                       * value: in all */
	DECISION_WATCH,       /* how it is kept. at: its gva; how: enum watch_method; why: enum
	                       * watch_kind; number: the first debug register; value: bytes */
	DECISION_GUARD,       /* at: a page's gpa; how: enum memory_access, MEMORY_ALL: lifted */
	DECISION_RUN,         /* a free run begins. at: the pc; number: debug registers in use; how:
	                       * 1: none is, but they are ours for it: cpu_take_leftover */
	DECISION_ENGINE,      /* a free run of the engine begins. at: the pc */
	DECISION_HANDED,      /* the engine hands an instruction over. at: its pc; how: enum
	                       * interp_reason; number: the opcode's last byte, 0x100 more after 0f */
	DECISION_GUARDED,     /* the guest's access to a guarded page is done for it. at: the gpa;
	                       * number: bytes; how: 1 for a write */
	DECISION_EXIT,        /* KVM came back, other than from a step that is done. at: the pc;
	                       * number: the exit's reason; value: DR6 of KVM_EXIT_DEBUG */
	DECISION_KICK,        /* somebody wants attention. at: the pc; how: 1: it waits for the next
	                       * run, for a step is under way */
	DECISION_GIVEN,       /* an exception is the guest's own. at: the pc; number: the vector */
	DECISION_PASS,        /* a breakpoint whose condition does not hold. at: its gva; number: as
	                       * many steps come before the next free run; value: after so many
	                       * hits steps are tried again */
	DECISION_STOP,        /* at: the pc; how: enum stop_kind */
};

/* How an instruction is stepped. */
enum step_how {
	STEP_BY_KVM,        /* KVM's single-step */
	STEP_REP_ONE,       /* a rep: its count is 1 for the step */
	STEP_REP_SOME,      /* a rep: as many iterations as KVM does at once */
	STEP_REP_ITERATION, /* a rep of which KVM's single-step does an iteration */
	STEP_TO_BYTE,  /* mov ss, pop ss: to a byte planted on the next instruction, if it can be */
	STEP_HERE,     /* hlt, int n in real mode: run control does it */
	STEP_GUEST_DB, /* the guest's own #DB is raised */
	STEP_BY_ENGINE,
};

/* Why an instruction is stepped. */
enum step_why {
	STEP_ASKED,          /* the debugger steps */
	STEP_OFF_BREAKPOINT, /* the guest stands at a breakpoint that was reported */
	STEP_FOLLOWED, /* each instruction is to be seen (tracepoints, software watchpoints) */
	STEP_CAUGHT,   /* a catchpoint can be kept by stepping alone */
	STEP_PUSHES,   /* an interrupt comes, and a watchpoint could be hit by what it pushes */
	STEP_NEAR,     /* it has just passed a breakpoint, and may come back soon */
	STEP_NOT_KEPT, /* a break- or watchpoint can be kept by stepping alone */
	STEP_ON_GUARD, /* it stands on a guarded page, */
	STEP_STACK_GUARDED,  /* or its stack is on one, */
	STEP_TABLE_GUARDED,  /* or IDT, GDT, LDT or TSS */
	STEP_TRANSLATED,     /* paging is on, and debug registers do not keep all that is set */
	STEP_LOADS_DR,       /* it reads or writes the debug registers, which we use */
	STEP_FAILED_GUARDED, /* a free run failed, maybe because of a guarded page */
	STEP_STUCK,          /* two kicks have found it with the same registers */
	STEP_APPROACHES,     /* 64-bit code is near, and the debugger is to be told: approach.h */
	STEP_GUEST_RF,       /* it has set RF to get past a breakpoint of its own */
	STEP_IN_RANGE,       /* the debugger steps until the pc leaves a range */
	STEP_HANDED_OVER,    /* the engine has handed it over */
};

enum decision_interrupt {
	INTERRUPT_INJECTED,   /* KVM has it with the free run */
	INTERRUPT_STEPPED,    /* the way to its handler is a step */
	INTERRUPT_TAKEN_BACK, /* a kick was quicker: it comes later */
	INTERRUPT_DELIVERED,  /* by the engine */
};

/* Of more breakpoints than this their number alone is told: monitor info breakpoints has them. */
#define DECISION_TOLD_MAX 32

struct decision {
	uint8_t kind, how, why; /* enum decision_kind, and what it says of the others */
	uint32_t number;
	uint64_t at, value;
};

/* A line without its end. */
void decision_describe(const struct decision *d, char *to, size_t size);

#endif

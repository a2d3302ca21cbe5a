/* What run control is made of: its state, the stops that it gives to its callers, and what it asks
 * of the devices. The files of this folder work on it; its verbs for everybody else are in
 * control.h. */
#ifndef STEPVM_DEBUG_STATE_H
#define STEPVM_DEBUG_STATE_H

#include <stddef.h>
#include <string.h>

#include "debug/breakpoints.h"
#include "debug/catch.h"
#include "debug/decision.h"
#include "debug/watch.h"
#include "debug/zero_vector.h"
#include "kvm/probe.h"
#include "kvm/vcpu.h"

enum stop_kind {
	STOP_STEPPED,     /* one instruction was done */
	STOP_BREAKPOINT,  /* before the instruction at a breakpoint; is_hardware: one of Z1 */
	STOP_CATCH,       /* after the event that control_caught says */
	STOP_WATCH,       /* after the instruction that hit watch */
	STOP_LONG,        /* before 64-bit code, or code that may lead there unseen: approach.h */
	STOP_KICKED,      /* vcpu_kick: the caller has something to do */
	STOP_DEVICE,      /* a device asked for it (control_io) */
	STOP_ZERO_VECTOR, /* before 0000:0000, where zero.vector has led */
	STOP_HALTED,      /* hlt was done: rip is after it; see control_is_halted */
	STOP_SHUTDOWN,    /* triple fault */
	STOP_FAILED,      /* KVM can't go on: exit tells why */
};

struct stop {
	enum stop_kind kind;
	bool is_hardware;
	struct {
		enum watch_kind kind;
		uint64_t gva; /* in the watched range */
	} watch;
	struct zero_jump zero; /* of STOP_ZERO_VECTOR */
	struct exit exit;      /* the exit that led to STOP_SHUTDOWN and STOP_FAILED */
};

/* A stop of a kind, with nothing else told. The data of an exit, which most stops have none of, are left as they
 * are: a step does this, and they are the most of it. */
static inline void stop_begin(struct stop *stop, enum stop_kind kind)
{
	memset(stop, 0, offsetof(struct stop, exit));
	stop->kind = kind;
	stop->exit.kind = EXIT_KICKED;
	stop->exit.reason = 0;
}

/* The devices. A read fills x's data. True: stop the guest after this instruction. */
struct control_io {
	bool (*io)(void *ctx, const struct exit *x);
	bool (*mmio)(void *ctx, const struct exit *x);
	/* Sees every exit, after a device has answered it. May be NULL. */
	void (*trace)(void *ctx, const struct exit *x);
	/* Whether an interrupt waits for the CPU, and taking it: its vector. */
	bool (*has_interrupt)(void *ctx);
	uint8_t (*acknowledge)(void *ctx);
	/* The guest's time stamp counter, where that is not the CPU's: else false. NULL: it never is. */
	bool (*tsc)(void *ctx, uint64_t *tsc, bool is_write);
	/* KVM has done an instruction of which the result is none of the machine's state: rdtsc, rdrand. May be NULL. */
	void (*undetermined)(void *ctx);
	void *ctx;
};

/* Asked when the guest has come to a breakpoint at gva. False: a run or a range of steps goes on
 * over it. It may kick the vCPU to be out of the run before the next instruction. */
typedef bool control_stops(void *ctx, uint64_t gva);

/* Asked after an instruction while is_followed: whether the next one is to be seen, too. */
typedef bool control_follows(void *ctx);

/* Hears of each decision. ctx: of control_io. */
typedef void control_decided(void *ctx, const struct decision *d);

/* Notes a struct decision, of which the members are given: .kind = DECISION_STEP, ... Where nobody
 * listens they are not even computed. */
#define CONTROL_NOTE(c, ...)                                                                       \
	do                                                                                         \
		if ((c)->decided)                                                                  \
			(c)->decided((c)->io.ctx, &(const struct decision) { __VA_ARGS__ });       \
	while (0)

/* Who does the guest's instructions: means.h. --engine, monitor engine. */
enum engine_choice {
	ENGINE_KVM,    /* KVM alone */
	ENGINE_INTERP, /* the engine first, and KVM what it hands over */
	ENGINE_AUTO,   /* the engine first where KVM emulates its guests; else for the steps that no
	                * debugger has asked for */
};

/* Who keeps the breakpoints and watchpoints: debug registers, bytes and guards, each its own; steps; or the engine. */
enum placed { PLACED_MIXED, PLACED_STEPPED, PLACED_COMPARED };

/* Whether the guest has run at CPL 3 within a step, unseen: control_take_unseen. */
enum unseen { UNSEEN_NEVER, UNSEEN_NEW, UNSEEN_TOLD };

/* The CPU as it was when it turned to the handler: pushed.h. */
struct came_from {
	uint64_t rsp;
	uint16_t tr;
	unsigned cpl;
	bool is_vm86;
	bool is_done; /* the instruction, before that: the guest's own #DB was a trap */
};

/* What belongs to one CPU of the guest. There is one so far. */
struct cpu_run {
	struct vcpu *vcpu; /* borrowed */

	/* Kept with the machine's state: struct control_state. */
	bool is_acknowledged; /* an interrupt was, and the guest has not come to its handler: */
	uint8_t acknowledged; /* its vector */
	bool is_shut_down; /* on the way to that handler: nothing but this interrupt comes next */
	bool is_halted;    /* the last instruction was hlt, and rip is after it */
	uint64_t halt_rip;

	/* The debug registers: the guest's own when knows_guest, and those in use: which
	 * watchpoint's each is, and which of the guest's own, or -1. */
	struct kvm_debugregs guest;
	bool knows_guest;
	int watch_of_slot[BREAKPOINT_REGISTERS], guest_of_slot[BREAKPOINT_REGISTERS];

	bool has_stepped; /* KVM's single-step was on in the last run: cpu_take_leftover */

	/* A step. */
	bool entered_handler;   /* it ended at an exception handler's first instruction */
	uint8_t vector;         /* ... of this vector, */
	enum catch_cause cause; /* to which this brought it */
	struct came_from came_from;
	enum step_why why;    /* it is made */
	enum unseen unseen;   /* of CPL 3, since the debugger came */
	bool may_last;        /* step_may_last: a kick ends it */
	bool was_kicked;      /* meanwhile, and it went on all the same */
	unsigned stuck;       /* kicks in a row that found it with nothing done */
	bool has_run_on;      /* KVM did not stop the guest after the instruction at run_on_from, */
	uint64_t run_on_from; /* (gva): a kick did */
	unsigned plain_steps; /* in a row, that needed no handlers watched */

	/* A free run. */
	enum placed placed; /* what the methods of all of them say, */
	bool is_for_paging; /* ... steps, for what is physical can't keep them */
	unsigned placed_breakpoints, placed_watches; /* ... after so many changes of the lists */
	bool must_step_off; /* the guest stands at a breakpoint that was reported */
	uint64_t run_from;  /* the pc (gva) where it began */
	bool loads_dr;      /* it has come to a mov to or from a debug register */
	/* Where the last kick met the guest, while guards stood: see control_wants_timer. */
	struct kvm_regs kicked_at;
	/* Steps left before it, whether the guest is on them, and when they are tried again: after
	 * so many hits, and after how many if that fails. See plan_near_steps. */
	unsigned near_left, near_wait, near_next;
	bool is_near;
	/* The debug register on linear address 0, or -1, and after how many exits it goes: see
	 * zero_vector.h. */
	int zero_slot;
	unsigned zero_left;
	unsigned approach_left; /* steps on the way to 64-bit code: approach.h */

	/* What was seen since the guest went on: seen.h. */
	bool device_stops; /* an access under way wants a stop, */
	bool has_hit;      /* or has hit a watchpoint */
	struct {
		enum watch_kind kind;
		uint64_t gva;
	} hit;
	bool has_zero;
	struct zero_jump zero;
	bool has_caught;
	char caught[6 * CATCH_TEXT_MAX]; /* lines */
};

/* A watchpoint that somebody but the CPU has hit: touch.h. */
struct touched {
	bool has_hit, is_write;
	enum watch_kind kind;
	uint64_t gva;      /* in the watched range */
	uint64_t gpa, len; /* of the access */
	bool has_other;    /* another watchpoint was hit after it, */
	uint64_t other;    /* and this is its gva */
};

/* What belongs to the machine. */
struct control {
	struct cpu_run cpu;
	struct control_io io;
	control_decided *decided; /* NULL: nobody listens */
	control_stops *stops;     /* NULL: at each */
	control_follows *follows;
	void *stops_ctx; /* of both */
	struct breakpoints breakpoints;
	struct watches watches;
	struct catches catches;
	struct touched touched;
	enum engine_choice engine_choice;
	struct engine *engine;  /* engine_state.h's; NULL: not used so far; owned */
	bool engine_shuts_down; /* what it has handed over last is sure to be a triple fault, */
	uint64_t engine_cr2;    /* ... with this CR2 then */
	struct log *log;        /* the last instructions; NULL: they are not noted; owned */
	uint64_t engine_done, engine_handed; /* instructions: by it, and by KVM in its place */
	struct check *check; /* check.c's; NULL: the engine is not compared with KVM; owned */
	struct trail *trail; /* where the guest has been; NULL: nobody wants to know; owned */
	bool is_recorded; /* io.undetermined is to be told, and with ENGINE_AUTO all is the engine's */
	bool tells_exits; /* somebody is told of KVM's exits: with ENGINE_AUTO all is KVM's */
	struct probe probe;
	bool is_probed;
	enum probe_answer emulates;      /* this KVM does its guests' instructions one by one */
	enum probe_answer zero_beside;   /* zero_vector.h may have a debug register */
	bool is_cpl3_probed, hides_cpl3; /* PROBE_CPL3_STEPS is NO */
	bool watches_long;               /* runs stop at 64-bit code: approach.h */
	bool watches_zero;               /* runs stop at jumps through vectors that are 0 */
	bool is_followed;                /* runs go step by step, and follows is asked after each */
	bool steps_whole_rep;            /* a step of a rep instruction does all its iterations */
	bool step_interrupts;            /* control_step takes interrupts */
	bool steps_bios;                 /* who owns the machine does not step over its firmware */
};

#endif

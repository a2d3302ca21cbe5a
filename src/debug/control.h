/* Run control: the guest goes on until something stops it, one instruction or as far as it gets,
 * and the promises of HACKING.md hold on every KVM.
 *
 * The caller's loop:
 *
 *	control_step(c, &stop)			one instruction
 *	control_step_range(c, from, to, &stop)	... of those that it takes to leave [from, to)
 *	control_begin(c), then			go on:
 *	control_run(c, &stop)			... again after STOP_KICKED, without control_begin
 *
 * Between these calls the guest is stopped at an instruction boundary: no access of the last
 * instruction is left to be completed, nothing is planted in its memory, no interrupt is in KVM's
 *hands.
 *
 * Interrupts of devices come during control_run, whether the guest runs freely or is stepped behind
 *the scenes; what a debugger steps (control_step) is shielded from them unless step_interrupts is
 *set. There a step ends at the handler's first instruction. */
#ifndef STEPVM_DEBUG_CONTROL_H
#define STEPVM_DEBUG_CONTROL_H

#include "debug/breakpoints.h"
#include "debug/catch.h"
#include "debug/watch.h"
#include "kvm/probe.h"
#include "kvm/vcpu.h"

enum stop_kind {
	STOP_STEPPED,    /* one instruction was done */
	STOP_BREAKPOINT, /* before the instruction at a breakpoint; is_hardware: one of Z1 */
	STOP_CATCH,      /* behind the event that control.caught tells of */
	STOP_WATCH,      /* behind the instruction that hit watch */
	STOP_KICKED,     /* vcpu_kick: the caller has something to do */
	STOP_DEVICE,     /* a device asked for it (control_io) */
	STOP_HALTED,     /* hlt was done: rip is behind it; see control_is_halted */
	STOP_SHUTDOWN,   /* triple fault */
	STOP_FAILED,     /* KVM can't go on: exit tells why */
};

struct stop {
	enum stop_kind kind;
	bool is_hardware;
	struct {
		enum watch_kind kind;
		uint64_t gva; /* in the watched range */
	} watch;
	struct exit exit; /* the exit behind STOP_SHUTDOWN and STOP_FAILED */
};

/* The devices. A read fills x's data. True: stop the guest behind this instruction. */
struct control_io {
	bool (*io)(void *ctx, const struct exit *x);
	bool (*mmio)(void *ctx, const struct exit *x);
	/* Sees every exit, after a device has answered it. May be NULL. */
	void (*trace)(void *ctx, const struct exit *x);
	/* Whether an interrupt waits for the CPU, and taking it: its vector. */
	bool (*has_interrupt)(void *ctx);
	uint8_t (*acknowledge)(void *ctx);
	void *ctx;
};

/* Asked when the guest has come to a breakpoint at gva. False: a run or a range of steps goes on
 * over it. It may kick the vCPU to be out of the run before the next instruction. */
typedef bool control_stops(void *ctx, uint64_t gva);

/* Asked behind an instruction while is_followed: whether the next one is to be seen, too. */
typedef bool control_follows(void *ctx);

struct control {
	struct vcpu *vcpu; /* borrowed */
	struct control_io io;
	control_stops *stops; /* NULL: at each */
	control_follows *follows;
	void *stops_ctx;  /* of both */
	bool is_followed; /* runs go step by step, and follows is asked behind each */
	struct breakpoints breakpoints;
	struct watches watches;
	struct catches catches;
	bool has_caught;
	char caught[6 * CATCH_TEXT_MAX]; /* lines */
	/* The debug registers in use: which watchpoint's, and which of the guest's own; or -1. */
	int watch_of_slot[BREAKPOINT_REGISTERS], guest_of_slot[BREAKPOINT_REGISTERS];
	unsigned plain_steps; /* in a row, that needed no handlers watched */
	/* Steps left before a free run, whether the guest is on them, and when they are tried
	 * again: after so many hits, and after how many if that fails. See plan_near_steps. */
	unsigned near_left, near_wait, near_next;
	bool is_near;
	struct kvm_debugregs guest; /* the guest's own, when knows_guest */
	bool knows_guest;
	bool device_stops; /* an access under way wants a stop, */
	bool has_hit;      /* or has hit a watchpoint */
	struct {
		enum watch_kind kind;
		uint64_t gva;
	} hit;
	struct probe probe;
	bool is_probed;
	bool steps_whole_rep; /* a step of a rep instruction does all its iterations */
	bool must_step_off;   /* the guest stands at a breakpoint that was reported */
	uint64_t run_from;    /* the pc (gva) where the free run began */
	bool loads_dr;        /* a free run has come to a mov to or from a debug register */
	/* Where the last kick met the guest, while guards stood: see control_wants_timer. */
	struct kvm_regs kicked_at;
	bool entered_handler; /* the step ended at an exception handler's first instruction */
	uint8_t vector;       /* ... of this vector */
	bool was_kicked;      /* during this step, which went on all the same */
	bool step_interrupts; /* control_step takes interrupts */
	bool is_acknowledged; /* an interrupt was, and the guest has not come to its handler: */
	uint8_t acknowledged; /* its vector */
	bool is_halted;       /* the last instruction was hlt, and rip behind it is */
	uint64_t halt_rip;
};

/* What run control knows of the guest that KVM does not: part of the machine's state. */
struct control_state {
	bool is_acknowledged, is_halted;
	uint8_t acknowledged;
	uint64_t halt_rip;
};

void control_init(struct control *c, struct vcpu *v, const struct control_io *io);
void control_close(struct control *c);
/* Drops all breakpoints, watchpoints and catchpoints: the debugger is gone. */
void control_forget(struct control *c);

/* The vCPU is a new one at the same place, and its memory too: breakpoints, watchpoints and
 * catchpoints stay. */
void control_restarted(struct control *c);
/* Between two runs. Loaded, the vCPU and its memory are others: what is set stays, as with
 * control_restarted. */
struct control_state control_save(const struct control *c);
void control_load(struct control *c, const struct control_state *s);
/* Somebody else has written registers of the stopped guest. */
void control_registers_written(struct control *c);

/* Each returns 0 with *stop, or -errno when KVM itself failed. control_step stops by STOP_KICKED
 * only with steps_whole_rep, between two iterations: the caller goes on by another control_step. */
int control_step(struct control *c, struct stop *stop);
/* One step. 1: the pc (gva) is in [begin, end) then, and nothing else stops the guest: the caller
 * goes on by another, and so it does after STOP_KICKED. */
int control_step_range(struct control *c, uint64_t begin, uint64_t end, struct stop *stop);
void control_begin(struct control *c);
int control_run(struct control *c, struct stop *stop);

/* The last thing that the CPU did was hlt, and nobody has moved rip since. Going on then begins
 * behind the hlt, unless an interrupt waits that the CPU takes: it comes first. */
bool control_is_halted(struct control *c);
/* An interrupt waits, whether or not the CPU takes it now. */
bool control_has_interrupt(const struct control *c);

/* Whether the next runs should be kicked every CONTROL_TIMER_NS: an instruction that KVM's emulator
 * can't do through a guarded page (lgdt and lidt of an operand there) is tried again for ever, and
 * a guest that two kicks find with the same registers takes a step without guards. */
#define CONTROL_TIMER_NS 10000000
bool control_wants_timer(const struct control *c);

/* What this KVM does; probed when first asked for. When the probe itself fails, the careful answer
 * to every question. */
const struct probe *control_probe(struct control *c);

#endif

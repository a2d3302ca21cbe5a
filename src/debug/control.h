/* Run control: the guest goes on until something stops it, one instruction or as far as it gets,
 * and the promises of README.md hold on every KVM.
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
 * hands.
 *
 * Interrupts of devices come during control_run, whether the guest runs freely or is stepped on
 * its way; what a debugger steps (control_step) is shielded from them unless
 * control_set_step_interrupts lets them in: then a step ends at the handler's first instruction. */
#ifndef STEPVM_DEBUG_CONTROL_H
#define STEPVM_DEBUG_CONTROL_H

#include "debug/state.h"

/* What run control knows of the guest that KVM does not: part of the machine's state. */
struct control_state {
	bool is_acknowledged, is_shut_down, is_halted;
	uint8_t acknowledged;
	uint64_t halt_rip;
};

void control_init(struct control *c, struct vcpu *v, const struct control_io *io);
void control_close(struct control *c);
/* Drops all breakpoints, watchpoints and catchpoints, and what a debugger has set: it is gone. */
void control_forget(struct control *c);

/* What a debugger sets, until control_forget; all of it is off at first. */
/* Whether control_step takes interrupts of devices. */
void control_set_step_interrupts(struct control *c, bool is_on);
/* Whether a step of a rep instruction does all its iterations, and not one. */
void control_set_whole_rep(struct control *c, bool is_on);
/* Whether a step goes into the firmware's code; run control does not look at it, but who owns the machine. */
void control_set_step_bios(struct control *c, bool is_on);
/* Whether the last instructions that the guest does are noted, LOG_INSNS of them, in c->log; control_forget forgets
 * them. False: no memory. */
bool control_log_insns(struct control *c, bool is_on);
/* Who does the guest's instructions: KVM alone at first. Not by the debugger but by who owns the machine:
 * control_forget leaves it. Between two runs. */
void control_set_engine(struct control *c, enum engine_choice choice);
/* Whether KVM's exits are reported to somebody: then ENGINE_AUTO leaves all to KVM. Likewise. */
void control_set_tells_exits(struct control *c, bool is_on);
/* The guest is recorded: control_io.undetermined is called, and with ENGINE_AUTO all is the engine's. control_forget
 * leaves it. */
void control_set_recorded(struct control *c, bool is_on);
/* Whether runs stop (STOP_LONG) where the guest comes to 64-bit code: approach.h. */
void control_set_watch_long(struct control *c, bool is_on);
/* Whether a jump through a vector of real mode that is 0 stops the guest (STOP_ZERO_VECTOR), as far as
 * zero_vector.h sees it. Not by the debugger but by who owns the machine: control_forget leaves it. */
void control_set_watch_zero(struct control *c, bool is_on);
/* Whether runs go step by step: follows is asked after each, and its false ends that. */
void control_set_followed(struct control *c, bool is_on);

/* From now on stops is asked at each breakpoint that the guest comes to, and follows after each
 * instruction while it is followed. stops NULL: the guest stops at all of them. */
void control_ask(
        struct control *c, control_stops *stops, control_follows *follows, void *stops_ctx);

/* The vCPU is a new one, borrowed, and its memory too: breakpoints, watchpoints and catchpoints
 * stay. */
void control_restarted(struct control *c, struct vcpu *v);
/* Between two runs. Loaded, the vCPU and its memory are others: what is set stays, as with
 * control_restarted. */
struct control_state control_save(const struct control *c);
void control_load(struct control *c, const struct control_state *s);
/* Between two runs: all breakpoints, watchpoints and catchpoints are as if there were none, and no one is asked, until
 * they are shown again. Not twice. */
struct control_points {
	struct breakpoints breakpoints;
	struct watches watches;
	struct catches catches;
	bool watches_zero, watches_long;
};
void control_hide_points(struct control *c, struct control_points *to);
void control_show_points(struct control *c, struct control_points *from);
/* Somebody else has written registers of the stopped guest. */
void control_registers_written(struct control *c);

/* Each returns 0 with *stop, or -errno when KVM itself failed. control_step stops by STOP_KICKED
 * where control_may_last, or where a kick has found the instruction with nothing done, and the caller goes
 * on by another control_step. Whoever wants to hear of anything meanwhile kicks after a time. */
int control_step(struct control *c, struct stop *stop);
/* The next control_step may take long, and can be kicked out of: with control_set_whole_rep,
 * between two iterations; where it is in code of CPL 3 of long mode, or leads there, for not every
 * KVM steps that. */
bool control_may_last(struct control *c);
/* Steps of a range. */
struct control_range {
	uint64_t begin, end;           /* as long as the pc (gva) is in [begin, end) */
	uint64_t max;                  /* up to so many at once, where */
	uint64_t many_begin, many_end; /* ... the pc is in here, too */
};
/* Whether a step of a range may be many, so that control_range.max has to be known. */
bool control_steps_many(struct control *c);
/* One step of the range, or many at once where the engine does them and none uses a device or leads through a vector.
 * *done: how many. 1: the pc is in the range then, and nothing else stops the guest: the caller goes on by another, and
 * so it does after STOP_KICKED. */
int control_step_range(
        struct control *c, const struct control_range *range, uint64_t *done, struct stop *stop);
/* One step on the way through code that the debugger does not look at, as a range of all addresses is: the
 * interrupts that the CPU takes are let in. 1: nothing has stopped it. */
int control_step_through(struct control *c, struct stop *stop);
/* The guest has been put to another place between two instructions, by the firmware, and a step follows. True: a
 * breakpoint stands there and wants to stop it; *stop is STOP_BREAKPOINT then. */
bool control_is_stopped_here(struct control *c, struct stop *stop);
void control_begin(struct control *c);
int control_run(struct control *c, struct stop *stop);

/* From now on decided hears of each decision, and may describe it (decision.h). NULL: nobody
 * does. */
void control_note(struct control *c, control_decided *decided);

/* The last thing that the CPU did was hlt, and nobody has moved rip since. Going on then begins
 * after the hlt, unless an interrupt waits that the CPU takes: it comes first. Whether the guest is
 * to go on at all is the caller's decision: run control does not ask what could wake the CPU. */
bool control_is_halted(struct control *c);
/* The CPU goes on after its hlt though no interrupt has come. */
void control_wake(struct control *c);
/* An interrupt waits, whether or not the CPU takes it now. */
bool control_has_interrupt(const struct control *c);
/* One waits that the CPU takes now, before its next instruction. */
bool control_takes_interrupt(struct control *c);
/* One has left its device and is on its way to the CPU: its vector. */
bool control_has_acknowledged(const struct control *c, uint8_t *vector);
/* Whether the CPU has shut down on the way to its handler. */
bool control_shut_down_by(const struct control *c, uint8_t *vector);
/* True once: a step that led to CPL 3 has come to its end only where the guest was back at CPL 0,
 * for this KVM does not step code there (PROBE_CPL3_STEPS). */
bool control_take_unseen(struct control *c);
/* Whether that was so since the debugger came. */
bool control_has_unseen(const struct control *c);
/* True once: KVM did not stop the guest after the instruction at *from (gva) that was stepped, and it ran on. */
bool control_take_run_on(struct control *c, uint64_t *from);
/* The last run stepped the guest, for paging is on, debug registers don't keep all breakpoints and watchpoints,
 * and the engine does not run it. */
bool control_is_stepped_for_paging(const struct control *c);
/* What was caught since the guest went on last, a line for each, or "". */
const char *control_caught(const struct control *c);

/* Whether the next runs and steps should be kicked every CONTROL_TIMER_NS: a step that was kicked with nothing
 * done may never be; an instruction that KVM's emulator can't do through a guarded page (lgdt and lidt of an
 * operand there) is tried again for ever, and a guest that two kicks find with the same registers takes a step
 * without guards; and so is int n of 80h and above in real mode, on kvm_pvm: a guest that a kick finds there takes
 * a step, in which run control does it. */
#define CONTROL_TIMER_NS 10000000
bool control_wants_timer(struct control *c);

#endif

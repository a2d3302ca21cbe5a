/* One guest and all that belongs to it: VM, vCPU, board and run control, made from struct
 * machine_config. */
#ifndef STEPVM_MACHINE_MACHINE_H
#define STEPVM_MACHINE_MACHINE_H

#include "debug/control.h"
#include "host/spool.h"
#include "machine/clock.h"
#include "machine/guest.h"
#include "machine/journal.h"
#include "machine/polling.h"
#include "machine/printer.h"
#include "machine/typist.h"

#define MACHINE_LINES 2 /* serial lines that bytes may come by */

/* A serial line to the guest: machine/input.h. */
struct machine_line {
	const struct device *device; /* NULL: none so far */
	bool is_open;                /* bytes from outside may still come */
	bool is_wanted;              /* some wait for the guest to make room: kick when it has */
	board_output *output;        /* where those from the guest go; NULL: the guest's output */
	void *ctx;
};

/* Who keeps what comes to the guest from outside, so that all it does can be done again: history/. */
struct machine_recorder {
	/* Bytes for a serial line, keys for the keyboard: before they are given to it. */
	void (*input)(void *ctx, const struct device *d, const uint8_t *bytes, size_t len);
	void (*keys)(void *ctx, const struct key_event *events, size_t count);
	/* Before a step, while the guest stands: whether it takes interrupts. And how many may follow it at once. */
	void (*before_step)(void *ctx, bool takes_interrupts);
	uint64_t (*steps_left)(void *ctx);
	/* So much of the guest's time passes in a halt. */
	void (*waited)(void *ctx, uint64_t ns);
	/* The last step had a result that is none of the machine's state: see control_io.undetermined. */
	void (*undetermined)(void *ctx);
	/* The guest prints: in the past, too, where nothing is shown. */
	void (*prints)(void *ctx, const uint8_t *bytes, size_t len);
};

struct machine {
	const struct machine_config *config; /* borrowed */
	struct guest *guest;                 /* owned; machine_reset puts another one there */
	struct control control;
	struct journal ports, log;    /* accesses of ports; these, MMIO and ends */
	struct journal_run decisions; /* run control's */
	struct journal_bios calls;    /* of the BIOS */
	char touched_by[24]; /* the first of them that has hit a watchpoint: "int 13h AH=02h" */
	struct spool output; /* the guest's: kept bytes go out before it goes on */
	/* The guest's output goes there first, with prints_to_debugger; false: nobody takes it. NULL: nobody
	 * ever does. */
	bool (*tell)(void *ctx, const uint8_t *bytes, size_t len);
	/* ... has printed something that is to be flushed soon; NULL: all goes out at once. */
	void (*has_printed)(void *ctx);
	void *tell_ctx; /* of both */
	bool prints_to_debugger;
	bool wants_hints; /* monitor hints: waits for keys, and gdb's end without quit, are reported */
	bool has_hinted; /* a wait for keys was reported since the guest was resumed last */
	struct machine_line lines[MACHINE_LINES];
	struct typist typist;    /* who types on the keyboard; */
	struct keys_script keys; /* ... what --keys says is typed; owned */
	bool has_asked;          /* the guest has asked for keys: by INT 16h, or the controller */
	bool holds_input;        /* bytes wait until it is known what for: kick when it is */
	bool expects_keys;       /* ... somebody may still give it keys */
	struct polling polling;  /* it may do nothing but look for them: */
	bool may_rest;           /* ... the CPU is not needed until the next interrupt */
	struct printer printer;  /* at its parallel port */
	struct clock clock;
	/* Steps so far, of those that were counted: machine_step_clock, machine_stepped. */
	uint64_t position;
	uint64_t step_ns;                        /* of the guest's time, that a step takes */
	const struct machine_recorder *recorder; /* borrowed; NULL: nobody records */
	void *recorder_ctx;
	/* What the guest does it has done before: it prints nothing, and takes nothing from outside. */
	bool is_past;
	bool shows_past; /* ... but what it printed is printed again */
	/* With a recorder: the guest's TSC at its time 0; from there the TSC goes on with that time. */
	uint64_t tsc_zero;
	const char *kvm_name; /* vm_module_name's, asked for before the sandbox closes /sys */
	int pagemap_fd; /* /proc/self/pagemap, open before the sandbox closes; -1: there is none */
};

static inline struct vcpu *machine_vcpu(const struct machine *m)
{
	return &m->guest->vcpus[0];
}

/* Gets the vCPU out of the guest, or out of the next run before it begins: the kicker's callback. A
 * signal handler of the thread that runs the guest may call it whenever there is a machine. */
void machine_kick(void *m);

/* Leaves nothing when it fails. */
int machine_open(struct machine *m, const struct machine_config *c, int output_fd, struct error *e);
/* ... through the /dev/kvm that another VM has open. */
int machine_open_beside(struct machine *m, const struct machine_config *c, const struct vm *beside,
        int output_fd, struct error *e);
void machine_close(struct machine *m);
/* As after machine_open, from the image as its file is now: a new VM with new memory and a new
 * board. Breakpoints, watchpoints and catchpoints stay. Bounded by the image: about a millisecond
 * here, and what reading it takes. Nothing has changed when it fails: an image that can't be read
 * or does not fit, one from a pipe (-ESPIPE). Pointers into the guest of before are dead then. */
int machine_reset(struct machine *m, struct error *e);
/* From now on the guest's time goes on with the host's (CLOCK_HOST of clock.h), or by steps alone
 * (CLOCK_STEPS), as it does with a recorder in any case. */
void machine_start_clock(struct machine *m);
void machine_stop_clock(struct machine *m);
/* With CLOCK_HOST: brings the guest's time to now. */
void machine_sync_clock(struct machine *m);
/* The guest's time of one step of a debugger's passes: a microsecond, about what an access to an
 * ISA device takes, whatever the step takes here. So a guest that waits for the timer gets there by
 * steps, and always after as many. takes_interrupts: the step does, and that of a halted CPU then takes as long
 * as it takes the timer. */
void machine_step_clock(struct machine *m, bool takes_interrupts);
/* So much of the guest's time passes in a halt. */
void machine_wait(struct machine *m, uint64_t ns);
/* How many steps more can be done before their time has to pass, for until then it brings nothing: no interrupt, no
 * key. And the time of so many, after them. */
uint64_t machine_steps_left(const struct machine *m);
void machine_stepped(struct machine *m, uint64_t steps);
/* The devices are as *state says, the guest's time among it; no timer of before is heeded. */
void machine_load_board(struct machine *m, const struct board_state *state);
/* A debugger is there, and the journals begin anew for it; it is gone, and they end. */
void machine_start_journals(struct machine *m);
void machine_end_journals(struct machine *m);
/* Whether something can still interrupt a CPU that is halted now: a device, or input for one. */
bool machine_can_wake(struct machine *m);

/* A device, the firmware or the output wants the guest to stand: its run ends by STOP_DEVICE. */
bool machine_is_stopping(const struct machine *m);
/* The status that stepvm ends with when the guest has ended itself: it wrote v to an exit port, (v << 1) |
 * 1; it has switched the machine off, 0; or reset it, where that is the end (STATUS_RESET). */
uint8_t machine_exit_status(const struct machine *m);

#endif

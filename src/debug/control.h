/* Run control: the guest goes on until something stops it, one instruction or as far as it gets,
 * and the promises of HACKING.md hold on every KVM.
 *
 * The caller's loop:
 *
 *	control_step(c, &stop)			one instruction
 *	control_begin(c), then			go on:
 *	control_run(c, &stop)			... again after STOP_KICKED, without control_begin
 *
 * Between these calls the guest is stopped at an instruction boundary: no access of the last
 * instruction is left to be completed, nothing is planted in its memory. */
#ifndef STEPVM_DEBUG_CONTROL_H
#define STEPVM_DEBUG_CONTROL_H

#include "debug/breakpoints.h"
#include "kvm/probe.h"
#include "kvm/vcpu.h"

enum stop_kind {
	STOP_STEPPED,    /* one instruction was done */
	STOP_BREAKPOINT, /* before the instruction at a breakpoint; is_hardware: one of Z1 */
	STOP_KICKED,     /* vcpu_kick: the caller has something to do */
	STOP_DEVICE,     /* a device asked for it (control_io) */
	STOP_HALTED,     /* hlt was done: rip is behind it */
	STOP_SHUTDOWN,   /* triple fault */
	STOP_FAILED,     /* KVM can't go on: exit tells why */
};

struct stop {
	enum stop_kind kind;
	bool is_hardware;
	struct exit exit; /* the exit behind STOP_SHUTDOWN and STOP_FAILED */
};

/* The devices. A read fills x's data. True: stop the guest behind this instruction. */
struct control_io {
	bool (*io)(void *ctx, const struct exit *x);
	bool (*mmio)(void *ctx, const struct exit *x);
	/* Sees every exit, after a device has answered it. May be NULL. */
	void (*trace)(void *ctx, const struct exit *x);
	void *ctx;
};

struct control {
	struct vcpu *vcpu; /* borrowed */
	struct control_io io;
	struct breakpoints breakpoints;
	struct probe probe;
	bool is_probed;
	bool must_step_off; /* the guest stands at a breakpoint that was reported */
	bool was_kicked;    /* during this step, which went on all the same */
};

void control_init(struct control *c, struct vcpu *v, const struct control_io *io);
void control_close(struct control *c);

/* Each returns 0 with *stop, or -errno when KVM itself failed. */
int control_step(struct control *c, struct stop *stop);
void control_begin(struct control *c);
int control_run(struct control *c, struct stop *stop);

/* What this KVM does; probed when first asked for. When the probe itself fails, the careful answer
 * to every question. */
const struct probe *control_probe(struct control *c);

/* One instruction by single-step, no breakpoint looked at. step.c. */
int control_single_step(struct control *c, struct stop *stop);
/* Hands x to the devices and lets KVM finish the instruction. *stop is STOP_STEPPED, STOP_DEVICE
 * or what else ended it. */
int control_finish_access(struct control *c, const struct exit *x, struct stop *stop);
/* An exit that is no access and no debug event, as a stop. */
void control_stop_by(const struct exit *x, struct stop *stop);

#endif

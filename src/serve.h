/* The glue: runs a machine and serves its debugger, on one thread.
 *
 *	debugger -> transport -> session -> target.c -> run control -> KVM
 *	KVM -> run control -> stop -> session -> transport -> debugger
 *
 * A packet that asks for a step crosses no thread and no queue: read, KVM_RUN, write. */
#ifndef STEPVM_SERVE_H
#define STEPVM_SERVE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "gdbstub/session.h"
#include "gdbstub/transport.h"
#include "kick.h"
#include "machine.h"
#include "options.h"
#include "snapshots.h"

/* Exit statuses of stepvm's own: even, so that none can be taken for an exit port's, which is odd.
 */
enum status {
	STATUS_OK = 0,
	STATUS_USAGE = 2,
	STATUS_HOST = 4,     /* no /dev/kvm, no memory, a broken pipe, ... */
	STATUS_SHUTDOWN = 6, /* triple fault */
	STATUS_FAILED = 8,   /* KVM could not go on */
};

enum serve_state {
	SERVE_STOPPED,
	SERVE_STEPPING, /* one step is to be done, or a range of them */
	SERVE_RUNNING,
	SERVE_WAITING, /* halted, until an interrupt or resume_at_ns (--hlt resume) */
	SERVE_ENDED,   /* status */
};

#define SERVE_INPUT_SIZE 0x10000

struct serve {
	struct machine *machine;
	const struct options *options;
	struct kicker kicker;
	int wake_fd; /* ends poll when a signal came */
	struct transport transport;
	bool has_transport;
	bool watches_stdin;      /* for its end: a debugger on it has detached */
	struct session *session; /* NULL: no debugger */
	struct target target;
	enum serve_state state;
	uint64_t range_begin, range_end; /* of the steps; the same: one step */
	bool is_interrupted;             /* the debugger wants a stop */
	bool was_heard;                  /* the debugger has sent something */
	bool is_attached;                /* see target_run.is_attached */
	bool is_killed;   /* by the debugger: what nobody has read of its output is dropped */
	bool is_dead;     /* the guest has ended, with status; an extended session may restart it */
	struct stop last; /* why the guest stopped last */
	struct snapshots snapshots;
	uint64_t resume_at_ns; /* UINT64_MAX: never by itself */
	int status;
	char file_path[PATH_MAX]; /* target_file_path's answer */
	int child_pid;            /* the gdb that `stepvm debug` started, or 0: its end is ours */
	uint8_t in[SERVE_INPUT_SIZE]; /* bytes from the debugger that the session has not taken */
	size_t in_at, in_len;
};

/* Opens the transport when the options name one, and what else serving needs. */
int serve_open(struct serve *s, struct machine *m, const struct options *o, struct error *e);
void serve_close(struct serve *s);
/* Runs until the guest ends, the debugger kills it or a signal says so. Returns the exit status, or
 * minus the number of the signal that ended it. */
int serve_run(struct serve *s);

/* The guest begins anew; it stands still if it did before. 0, or -errno with a text and nothing
 * changed; when even that can't be kept, s->state is SERVE_ENDED. serve_restart.c */
int serve_restart(struct serve *s, struct error *e);
/* The guest is what it was when n was taken; it stands still, or goes on from there, if it did
 * before. -errno with a text as of snapshot_load. serve_restart.c */
int serve_load(struct serve *s, const struct named_snapshot *n, struct error *e);

/* The target that s->session talks to. target.c */
void target_init(struct target *t, struct serve *s);

#endif

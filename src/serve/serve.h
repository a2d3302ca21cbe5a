/* The glue: runs a machine and serves its debugger, on one thread.
 *
 *	debugger -> transport -> session -> target.c -> run control -> KVM
 *	KVM -> run control -> stop -> session -> transport -> debugger
 *
 * A packet that asks for a step crosses no thread and no queue: read, KVM_RUN, write. */
#ifndef STEPVM_SERVE_SERVE_H
#define STEPVM_SERVE_SERVE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "gdbstub/session.h"
#include "gdbstub/transport.h"
#include "host/kick.h"
#include "machine/run.h"
#include "serve/config.h"
#include "serve/console.h"
#include "serve/viewer.h"

#define SERVE_INPUT_SIZE 0x10000
#define SERVE_WORDS_SIZE 1024

struct serve {
	struct machine *machine;
	const struct serve_config *config; /* borrowed */
	struct kicker kicker;
	int wake_fd;       /* ends poll when a signal came */
	int tick_fd;       /* a timer: something of ours is due then. serve_tick_after */
	uint64_t ticks_ns; /* the host's time that it is set to; 0: to none */
	struct console consoles[SERVE_CONSOLES];
	struct viewer viewer;
	struct key_reader typed; /* of standard input, where that is the guest's keyboard: */
	bool types_stdin;        /* ... it is, and has not ended */
	bool has_shown_last;     /* the last screen was looked at */
	bool may_hint;           /* at --screen: the terminal shows what is printed, and no more */
	uint64_t hint_ns;        /* of the host's time: when to look whether that is all, */
	uint64_t hint_every_ns;  /* ... and how long after it again */
	struct transport transport;
	bool has_transport;
	bool watches_stdin;      /* for its end: a debugger on it has detached */
	struct session *session; /* NULL: no debugger */
	struct target target;
	struct run run;     /* the guest's life */
	bool has_told_loss; /* standard output can't be written */
	bool is_let_go;     /* the last debugger has detached: the guest runs as without one */
	bool was_heard;     /* the debugger has sent something */
	bool was_resumed;   /* ... and has had the guest go on */
	bool has_alarm;     /* the kicker's timer is armed for steps */
	bool was_long;      /* the last monitor command was one that can take long */
	uint64_t
	        said_ns; /* when the debugger heard of us last (the host's time) in serve_begin_long; 0: not in one */
	bool is_attached;   /* see target_run.is_attached */
	bool has_user;      /* the debugger is a gdb that we have started in a user's terminal */
	bool goes_back;     /* the debugger wants to, and there is no recording */
	bool has_shown_end; /* the guest's end, as a stop: of a recording */
	bool has_told_past; /* that the past can't be changed, since the guest was resumed last */
	bool keeps_halt;    /* a step was asked for that does not pass the hlt */
	struct {
		bool is_on;
		uint64_t begin, end;
	} halt_range; /* a range of steps stopped at a hlt, and that was told; gdb may ask for it again */
	char file_path[PATH_MAX]; /* target_file_path's answer */
	uint8_t *screenshot;      /* target_file_open_screen's, owned */
	size_t screenshot_size;
	struct core *core;  /* target_file_open_core's, owned */
	uint8_t *recording; /* target_file_open_recording's, owned */
	size_t recording_size;
	int child_pid;    /* of serve_adopt_debugger, while it lives, or 0 */
	int child_signal; /* ... the one that has ended it, or 0 */
	uint64_t
	        child_end_ns; /* we are to end, and it has until then (the host's time); 0: we are not */
	/* Bytes from the debugger that the session has not taken: [in_at, in_len). Owned, of
	 * SERVE_INPUT_SIZE, which is much for a stack. */
	uint8_t *in;
	size_t in_at, in_len;
	/* What the guest has printed for the debugger: a line, or what of it has come so far. */
	uint8_t words[SERVE_WORDS_SIZE];
	size_t words_len;
	bool is_in_line; /* what was told last has no newline at its end */
};

/* Opens the transport when the config names one, and what else serving needs. */
int serve_open(struct serve *s, struct machine *m, const struct serve_config *c, struct error *e);
void serve_close(struct serve *s);
/* pid is a gdb that we have started for this guest: its end is ours (child_pid is 0 then), and the
 * guest ends with it. Before serve_run. */
void serve_adopt_debugger(struct serve *s, int pid);
/* The screen's terminal is the guest's from now on: after all that is said before. -errno with a text. */
int serve_begin_screen(struct serve *s, struct error *e);
/* Whether standard input is the guest's. */
bool serve_reads_stdin(const struct serve *s);
/* Runs until the guest ends, the debugger kills it or a signal says so. Returns the exit status, or
 * minus the number of the signal that ended it. */
int serve_run(struct serve *s);

/* The target that s->session talks to. target.c */
void target_init(struct target *t, struct serve *s);

#endif

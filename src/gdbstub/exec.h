/* Exec events: how a gdb without a script follows the CPU into another mode. Private to gdbstub.
 *
 * gdb reads the description of the registers again when a program is executed. So a stop in another
 * mode than gdb speaks is told as an exec event, the "program" being the mode, and the stop itself
 * is held back until gdb, which resumes by itself then, has shown it to its user:
 *
 *	resume ->  machine stops in another mode
 *	       <-  T05 exec:...           exec_put: gdb forgets its step and its breakpoints
 *	reads the description, inserts its breakpoints anew
 *	resume ->                         exec_answer: the machine stays where it is
 *	       <-  the stop
 *
 * Speaking a layout of 32 bits, gdb also cuts the addresses of its breakpoints and watchpoints to
 * 32 bits. So the machine says where it comes to 64-bit code (TARGET_STOP_LONG), gdb is told as
 * above and inserts them anew, and with that resume the machine goes on: its user sees no stop. Of
 * those that were there and that gdb does not insert anew, next and finish wait for one: they are
 * kept by us.
 *
 * A gdb with a script needs no events: the script has it read the description where it stops. But a
 * gdb that speaks 32 bits takes a breakpoint above 4 GiB for none of its own, and does not stop.
 * The script has a watchpoint of its own for that (gdb/stepvm_modes.py), at EXEC_ASK_GVA, where no
 * access can be: such a stop is told as a hit of that one, at which the script has gdb read the
 * description, and gdb goes on by itself, with all that it was at. That resume gets the stop.
 *
 * What gdb forgets, and what it does next, was found by experiment with gdb 13.1: README.md. */
#ifndef STEPVM_GDBSTUB_EXEC_H
#define STEPVM_GDBSTUB_EXEC_H

#include <stdbool.h>

#include "gdbstub/target.h"

struct session;

/* What gdb does since its user last saw a stop, as far as its packets tell. */
enum exec_course {
	EXEC_UNKNOWN, /* nothing, or a step off a breakpoint: any command begins by that */
	EXEC_GOES_ON, /* continue, finish, ...: a step off a breakpoint is on the way */
	EXEC_STEPS,   /* stepi, next, ..., or a software watchpoint */
};

/* A linear address that no CPU has: it is canonical neither with 48 nor with 57 bits. */
#define EXEC_ASK_GVA 0x8000000000000000u

/* More are not looked at: it has to be done for each pair. */
#define EXEC_KEPT_MAX 1024

struct exec {
	enum {
		EXEC_NOTHING, /* no stop is held back */
		EXEC_HELD,    /* the next resume gets it */
		EXEC_ASKED,   /* the same, and the script has been told */
		EXEC_TOLD,    /* gdb may have gone on over it without showing it */
	} held;
	enum exec_course course;
	/* Breakpoints that gdb had when the exec event for 64-bit code was sent; after its resume,
	 * those of them that it has dropped and the machine still has. */
	uint64_t kept[EXEC_KEPT_MAX];
	size_t kept_count;
	bool has_watch;  /* the script's, at EXEC_ASK_GVA, */
	bool has_script; /* or it has had one */
	/* The description that gdb reads next is the one of 64-bit code, whatever the CPU runs. */
	bool is_long;
	/* The last resume was a step of one CPU alone, which is how gdb steps off a breakpoint. */
	bool is_step_off;
};

/* How the debugger resumes: the first action that it names. */
struct exec_resume {
	enum target_resume how;
	bool is_alone; /* of one CPU, with nothing said of the others */
};

/* The machine has stopped: what was kept of gdb's is taken out. A breakpoint of those is nothing
 * that gdb knows. */
void exec_stopped(struct session *s);
/* Whether the stop is to be told as an exec event. */
bool exec_is_due(const struct session *s);
/* Whether the stop is to be told to the script first, and telling it. */
bool exec_must_ask(struct session *s);
void exec_ask(struct session *s);
/* Appends the exec event to the reply and holds the stop back. gdb takes it that the new program
 * has no breakpoints and inserts those that it still has: the machine is rid of all. */
void exec_put(struct session *s);
/* The debugger resumes. True: a stop is held back for it, and is in the reply now; the machine
 * stays where it is. */
bool exec_answer(struct session *s, struct exec_resume resume);
/* The layout of the description that gdb begins to read. */
enum target_layout exec_layout(struct session *s);
/* Before the machine goes on: whether it is to say where it comes to 64-bit code. */
void exec_watch_long(const struct session *s);
/* gdb's user sees the stop: gdb has asked for the threads, as it does before it shows one. */
void exec_shown(struct session *s);
/* The stop that is held back, if there is one, is of a guest that is gone. */
void exec_drop(struct session *s);

#endif

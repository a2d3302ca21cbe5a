/* What the protocol needs of a machine: the seam between the stub and whoever runs the vCPUs.
 *
 * The stub calls these from session_feed, on the caller's thread, and only while the machine is
 * stopped, but for run.interrupt and run.kill. A table of struct target that is NULL, and a call
 * that may be NULL, are not supported: the debugger is told so, by what is announced to it and by
 * the empty answer to a packet that needs them. ctx is the target's own. Addresses are linear (gva)
 * unless they are named gpa; register values are little-endian, as in guest memory. CPUs are
 * numbered from 0. */
#ifndef STEPVM_GDBSTUB_TARGET_H
#define STEPVM_GDBSTUB_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARGET_REGISTER_MAX 32 /* bytes of the widest register */
#define TARGET_NAME_MAX     64
#define TARGET_CPUS_MAX     16

/* Which registers gdb sees and how it decodes instructions; by CS.D, CS.L and paging, not by PE. */
enum target_layout { TARGET_REAL16, TARGET_PROT32, TARGET_LONG64, TARGET_LAYOUTS };

/* Where a refusal says why, for a person; stays empty when there is nothing to say. */
struct target_error {
	char text[200];
};

/* Registers by the machine's own names: rax to r15, rip, rflags, cs to gs, ... (x86_rows in x86.c
 * has them all) in each layout, and
 *
 *	pc          where the next instruction is, as a linear address
 *	sp_linear   in TARGET_REAL16: where the stack's top is, likewise
 *	mode        a number for gdb's $cpumode
 *
 * pc has to be there; a gdb that is to show where it stands wants rsp, rbp and rflags, too. Any
 * other may be missing. Of the core ones (general, segment, x87) a missing one is described all the
 * same, for gdb refuses a description that is not whole, and shown as unavailable. SSE (xmm,
 * mxcsr), AVX (the upper halves of ymm), AVX-512 and the bases of fs and gs are described where all
 * of them are there. Of the system's (control registers, descriptors, ...) those are that are
 * there.
 *
 * A refused write says why, without the register's name. */
struct target_registers {
	int (*find)(void *ctx, const char *name); /* a number for the calls below, or -1 */
	unsigned (*size)(void *ctx, int reg);     /* bytes, at most TARGET_REGISTER_MAX */
	bool (*read)(void *ctx, unsigned cpu, int reg, uint8_t *to);
	bool (*write)(
	        void *ctx, unsigned cpu, int reg, const uint8_t *from, struct target_error *e);
	enum target_layout (*layout)(void *ctx, unsigned cpu);
};

/* By linear address, as the CPU's page tables map it, and by guest-physical address. Each stops at
 * the first byte that can't be had, and returns the bytes done. */
struct target_memory {
	size_t (*read)(void *ctx, unsigned cpu, uint64_t gva, uint8_t *to, size_t len);
	size_t (*write)(void *ctx, unsigned cpu, uint64_t gva, const uint8_t *from, size_t len);
	/* Both may be NULL; where one is, the other is not called. */
	size_t (*read_physical)(void *ctx, uint64_t gpa, uint8_t *to, size_t len);
	size_t (*write_physical)(void *ctx, uint64_t gpa, const uint8_t *from, size_t len);
};

/* What one CPU is to do. */
struct target_action {
	enum target_resume {
		TARGET_STAY, /* it stands still */
		TARGET_CONTINUE,
		TARGET_STEP,
		TARGET_STEP_RANGE, /* step after step while the pc is in [begin, end): at least one */
	} how;
	uint64_t begin, end;
	/* A step of gdb's off a breakpoint, as it seems, which may be the beginning of `continue`
	 * as well as all of `stepi`. */
	bool is_step_off;
};

struct target_run {
	/* These four are there. */
	/* The machine goes on when session_feed has returned; its stop comes back through
	 * session_stopped. One action for each CPU; not all of them stay. A machine that comes to a
	 * breakpoint asks hit_breakpoint whether it is to stop. */
	void (*resume)(void *ctx, const struct target_action *actions);
	/* The debugger wants it stopped: session_stopped will follow. The call may come right after resume, or after a way
	 * back was asked for; the machine then stops where it stands, or after one step at most. */
	void (*interrupt)(void *ctx);
	/* The debugger goes; the machine runs on without it. */
	void (*detach)(void *ctx);
	/* The debugger ends the machine, and with it the session: nobody will start it again. */
	void (*kill)(void *ctx);
	/* These may be NULL, the first three together: no target extended-remote then, which starts
	 * and attaches to what has ended or was let go. */
	/* It stands still, dead, until restart. */
	void (*end)(void *ctx);
	/* As it was at the beginning, stopped before the first instruction, breakpoints kept. False
	 * with the reason: nothing has changed. */
	bool (*restart)(void *ctx, struct target_error *e);
	/* A debugger that had detached wants it stopped: true when it is, false when
	 * session_stopped will tell. */
	bool (*attach)(void *ctx);
	/* Whether steps take interrupts of devices, and whether they are to from now on. */
	bool (*steps_take_interrupts)(void *ctx);
	void (*let_steps_take_interrupts)(void *ctx, bool is_on);
	/* True, or NULL: the machine was there before the debugger, which leaves it alone when it
	 * quits. */
	bool (*is_attached)(void *ctx);
	/* Whether a machine that goes on by TARGET_CONTINUE stops by TARGET_STOP_LONG where it
	 * comes to 64-bit code. Said before each resume. NULL: it can't. */
	void (*watch_long)(void *ctx, bool is_on);
};

/* Backwards: bs and bc. Both are there. As resume does, they return at once, and session_stopped tells where that has
 * led; a machine that has no past stops by TARGET_STOP_BEGIN. */
struct target_history {
	void (*step_back)(void *ctx);
	void (*run_back)(void *ctx);
};

/* Z and z of type 0 (planted) and 1 (hardware). Inserting what is there and removing what is not
 * are no errors. False with the reason: it can't be kept. */
enum target_watch { TARGET_WATCH_WRITE, TARGET_WATCH_READ, TARGET_WATCH_ACCESS };

struct target_breakpoints {
	bool (*insert)(void *ctx, bool is_hardware, uint64_t gva, struct target_error *e);
	bool (*remove)(void *ctx, bool is_hardware, uint64_t gva, struct target_error *e);
	/* Z and z of type 2, 3, 4: len bytes at gva. Both may be NULL; where one is, the other is
	 * not called. */
	bool (*insert_watch)(void *ctx, enum target_watch kind, uint64_t gva, uint64_t len,
	        struct target_error *e);
	bool (*remove_watch)(void *ctx, enum target_watch kind, uint64_t gva, uint64_t len,
	        struct target_error *e);
};

/* NULL: there is one. */
struct target_cpus {
	unsigned (*count)(void *ctx); /* 1 to TARGET_CPUS_MAX */
	/* "vCPU0 [real16]" and "07c0:0000 (linear 0x7c00)". */
	void (*name)(void *ctx, unsigned cpu, char to[TARGET_NAME_MAX]);
	void (*where)(void *ctx, unsigned cpu, char to[TARGET_NAME_MAX]);
};

/* The ELF file that belongs to the guest, which gdb reads through the stub. */
struct target_file_status {
	uint64_t size;    /* bytes */
	uint32_t mtime_s; /* seconds since 1970: gdb reads a changed file again */
};
struct target_file {
	/* Its absolute path on the machine of the stub; NULL when there is none, or none that gdb
	 * should take for its own now. Valid until the next call. */
	const char *(*path)(void *ctx, unsigned cpu);
	/* Both return 0 or an errno value. *done is less than len at the end only. */
	int (*status)(void *ctx, struct target_file_status *to);
	int (*read)(void *ctx, uint64_t off, uint8_t *to, size_t len, size_t *done);
};

/* A file that is made when a debugger opens it, such as a picture of the machine's screen. No other
 * file than the guest's ELF and these can be read. */
struct target_made {
	const char *name; /* what opens it; no path leads to it */
	/* Makes it anew, of *size bytes. Returns 0, or an errno value when there is nothing to make it of;
	 * what was made before is as it was then. */
	int (*open)(void *ctx, uint64_t *size);
	/* What was made last, bytes from off on: fewer than len at the end only. */
	size_t (*read)(void *ctx, uint64_t off, uint8_t *to, size_t len);
};

#define TARGET_MADE_MAX 4 /* so many at most */

enum target_stop_kind {
	TARGET_STOP_SIGNAL,     /* signal */
	TARGET_STOP_BREAKPOINT, /* a planted breakpoint at pc, of gdb's */
	TARGET_STOP_HARDWARE,   /* the same in a debug register asked for with Z1 */
	TARGET_STOP_WATCH,      /* after the instruction that hit watch, at watch_gva */
	/* Before 64-bit code, or code that may lead there unseen: nothing that a debugger's user
	 * has asked for. */
	TARGET_STOP_LONG,
	TARGET_STOP_BEGIN,  /* there is nothing before it that can be gone back to */
	TARGET_STOP_END,    /* from the past, at the present */
	TARGET_STOP_EXITED, /* status: the machine is gone */
};

/* gdb's numbers (include/gdb/signals.def). */
#define TARGET_SIGNAL_0    0
#define TARGET_SIGNAL_INT  2
#define TARGET_SIGNAL_ILL  4
#define TARGET_SIGNAL_TRAP 5
#define TARGET_SIGNAL_ABRT 6
#define TARGET_SIGNAL_SEGV 11

struct target_stop {
	enum target_stop_kind kind;
	unsigned cpu;
	uint8_t signal, status;
	enum target_watch watch;
	uint64_t watch_gva;
};

#define TARGET_LINE_MAX 8191 /* characters of a monitor line: what is longer does not come here */

/* `monitor LINE`: its output goes through print, any number of times. True: the machine is another
 * one now (a snapshot was loaded, or it is at its beginning again), and *stop is why that one has
 * stopped; else *stop is left alone. */
typedef void target_print(void *to, const char *text);
struct target_monitor {
	bool (*command)(void *ctx, const char *line, target_print *print, void *to,
	        struct target_stop *stop);
	/* Whether the last command was one that can take long, so that its user may type Ctrl-C meanwhile: its output then
	 * is the reply, and no O packets. NULL: no command takes long. */
	bool (*has_lasted)(void *ctx);
};

/* Any of the tables may be NULL. */
struct target {
	void *ctx;
	const struct target_registers *registers;
	const struct target_memory *memory;
	const struct target_run *run;
	const struct target_breakpoints *breakpoints;
	const struct target_cpus *cpus;
	const struct target_monitor *monitor;
	const struct target_file *file;
	const struct target_made *made;
	unsigned made_count; /* of the array that made is */
	const struct target_history *history;
};

#endif

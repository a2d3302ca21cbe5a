/* A session's state, which all files of gdbstub share, what a handler of a packet may decide, and
 * what is asked of the target on the way. */
#ifndef STEPVM_GDBSTUB_STATE_H
#define STEPVM_GDBSTUB_STATE_H

#include "gdbstub/exec.h"
#include "gdbstub/features.h"
#include "gdbstub/packet.h"
#include "gdbstub/points.h"
#include "gdbstub/session.h"
#include "gdbstub/text.h"
#include "gdbstub/trace_store.h"
#include "gdbstub/verdict.h"

struct session {
	const struct target *target;
	enum session_state state;
	struct packet packet;
	struct text_out reply; /* the packet being made, without its frame */
	struct target_error why;
	struct target_stop stop; /* the last one, for `?` */
	unsigned cpu;            /* selected by Hg, */
	unsigned step_cpu;       /* ... and by Hc: the one that s steps */
	bool is_physical;        /* packets name memory by physical address: Qqemu.PhyMemMode */
	bool is_extended;        /* `!` */
	bool is_lldb;            /* qHostInfo, which gdb does not ask */
	bool is_dead;            /* idle after an end, not after a detach */
	/* How often each is open: the guest's ELF file, and those that are made; and the size of the latter since
	 * they were opened last. */
	unsigned open_files[1 + TARGET_MADE_MAX];
	uint64_t made_size[TARGET_MADE_MAX];

	/* What this gdb said it understands (qSupported). */
	bool has_no_ack, has_multiprocess, has_swbreak, has_hwbreak, has_exec;
	struct exec exec;
	/* The stop that is waited for answers vAttach. */
	bool is_attaching;
	/* A 0x03 has come, and no stop by it has been told yet: see session.h. */
	bool has_interrupt;

	/* Descriptions are made once each; latched is the one that gdb read last, and what g, p, P,
	 * G and T speak, whatever the machine's mode is by now. */
	struct features features[TARGET_LAYOUTS];
	enum target_layout latched;
	/* gdb's tsave reads the description, too, right after qTStatus, and goes on speaking what
	 * it spoke: this packet is qTStatus, the last one was. */
	bool is_status, follows_status;

	struct points points;
	struct trace trace;

	uint8_t *out; /* bytes to be sent: [out_start, out_end) */
	size_t out_start, out_end, out_size;
	size_t last_at, last_len; /* the last packet in out, for a `-` */
	uint8_t in_data[SESSION_PACKET_SIZE];
	uint8_t reply_data[SESSION_PACKET_SIZE];
};

enum match {
	EXACT,  /* the whole packet */
	PREFIX, /* the rest is the handler's */
};

/* When a request is legal: all-stop, so a running machine can only be ended. NO_PROGRAM: stopped,
 * or idle; the rest is refused to an idle session, for it is about a program that is not there. */
enum legal { STOPPED, NO_PROGRAM, ALWAYS };

/* The tables of struct target that a request needs: where one is NULL, it is not supported. */
enum {
	REGISTERS = 1,
	MEMORY = 2,
	RUN = 4,
	BREAKPOINTS = 8,
	CPUS = 16,
	MONITOR = 32,
	ELF_FILE = 64,
	ANY_FILE = 128, /* the ELF file or those that are made */
	HISTORY = 256,
	/* Z0 with a condition; a tracepoint */
	AGENT = REGISTERS | MEMORY | BREAKPOINTS,
};

struct command {
	const char *name;
	enum match match;
	enum legal legal;
	enum verdict (*handle)(struct session *s, struct text_in in);
	unsigned needs;
};

/* The longest name that matches wins: a table's order does not matter; it ends with a NULL name. */
const struct command *session_find(const struct command *table, const struct text_in *packet);

/* Whether the target has all of these tables. */
bool session_has(const struct session *s, unsigned needs);
unsigned session_cpu_count(const struct session *s);
/* The CPU's layout; TARGET_REAL16 where the target has no registers. */
enum target_layout session_layout(const struct session *s, unsigned cpu);
/* The description of layout, made when first asked for; NULL when out of memory, or when the target
 * has no registers. */
const struct features *session_features(struct session *s, enum target_layout layout);
/* Where the CPU is, as a linear address. */
uint64_t session_pc(struct session *s, unsigned cpu);

#endif

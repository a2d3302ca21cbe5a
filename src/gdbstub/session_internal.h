/* What the session's files share: its state, the verdicts of handlers, the tables of commands. */
#ifndef STEPVM_GDBSTUB_SESSION_INTERNAL_H
#define STEPVM_GDBSTUB_SESSION_INTERNAL_H

#include "gdbstub/features.h"
#include "gdbstub/frame.h"
#include "gdbstub/points.h"
#include "gdbstub/session.h"
#include "gdbstub/text.h"
#include "gdbstub/trace.h"

/* What a handler decided; the dispatcher sends it, once. */
enum verdict {
	REPLY,        /* session.reply */
	REPLY_OK,     /* OK */
	REPLY_FAULT,  /* memory or a register that can't be had: E14, as EFAULT */
	REPLY_WRONG,  /* a request that makes no sense: E22, as EINVAL */
	REPLY_WHY,    /* E. and session.why */
	REPLY_NONE,   /* empty: not supported */
	REPLY_LATER,  /* the machine goes on; the stop reply follows */
	REPLY_GONE,   /* no reply, the session is over */
	REPLY_SILENT, /* no reply */
	REPLY_LAST,   /* OK, then the session is over, or idle when it is extended */
};

struct session {
	const struct target *target;
	enum session_state state;
	struct frame frame;
	struct text_out reply; /* the packet being made, without its frame */
	struct target_error why;
	struct target_stop stop; /* the last one, for `?` */
	unsigned cpu;            /* selected by Hg */
	bool is_physical;        /* memory is meant by physical address: Qqemu.PhyMemMode */
	bool is_extended;        /* `!` */
	bool is_dead;            /* idle after an end, not after a detach */
	unsigned open_files;     /* of descriptor 1, the guest's ELF file: the only one there is */

	/* What this gdb said it understands (qSupported). */
	bool has_no_ack, has_multiprocess, has_swbreak, has_hwbreak, has_exec;
	/* gdb was told of an exec in the place of a stop in another mode than it speaks: its next
	 * resume gets the stop. */
	bool is_stop_held;
	/* The stop that is waited for answers vAttach. */
	bool is_attaching;

	/* Descriptions are made once each; latched is the one that gdb read last, and what g, p, P,
	 * G and T speak, whatever the machine's mode is by now. */
	struct features features[TARGET_LAYOUTS];
	enum target_layout latched;
	/* gdb's tsave reads the description, too, right behind qTStatus, and goes on speaking what
	 * it spoke: this packet is qTStatus, the last one was. */
	bool is_status, is_behind_status;

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

struct command {
	const char *name;
	enum match match;
	enum legal legal;
	enum verdict (*handle)(struct session *s, struct text_in in);
};

/* Both end with a NULL name. The longest name that matches wins: a table's order does not matter.
 */
extern const struct command session_commands[];
extern const struct command session_queries[];
/* vFile and qXfer:exec-file, which the tables above name. files.c */
enum verdict files_path(struct session *s, struct text_in in);
enum verdict files_set_system(struct session *s, struct text_in in);
enum verdict files_open(struct session *s, struct text_in in);
enum verdict files_close(struct session *s, struct text_in in);
enum verdict files_status(struct session *s, struct text_in in);
enum verdict files_read(struct session *s, struct text_in in);
/* x, qSearch:memory and qCRC. bulk.c */
enum verdict bulk_read(struct session *s, struct text_in in);
enum verdict bulk_search(struct session *s, struct text_in in);
enum verdict bulk_checksum(struct session *s, struct text_in in);
/* c, s, C, S, vCont? and vCont, which the first one names. resume.c */
enum verdict resume_continue(struct session *s, struct text_in in);
enum verdict resume_step(struct session *s, struct text_in in);
enum verdict resume_continue_with_signal(struct session *s, struct text_in in);
enum verdict resume_step_with_signal(struct session *s, struct text_in in);
enum verdict resume_actions(struct session *s, struct text_in in);
enum verdict resume_by_actions(struct session *s, struct text_in in);
/* Tracepoints: trace_define.c, */
enum verdict trace_init(struct session *s, struct text_in in);
enum verdict trace_define(struct session *s, struct text_in in);
enum verdict trace_define_variable(struct session *s, struct text_in in);
enum verdict trace_define_ranges(struct session *s, struct text_in in);
enum verdict trace_set_circular(struct session *s, struct text_in in);
enum verdict trace_set_size(struct session *s, struct text_in in);
enum verdict trace_set_notes(struct session *s, struct text_in in);
/* len bytes in hex, for the tracepoints to keep. REPLY_OK with *to, which the caller owns. */
enum verdict trace_take_text(struct session *s, struct text_in *in, size_t len, uint8_t **to);
enum verdict trace_refuse_text(struct session *s);
/* ... trace_source.c, */
enum verdict trace_define_source(struct session *s, struct text_in in);
/* ... trace_run.c, */
enum verdict trace_start(struct session *s, struct text_in in);
enum verdict trace_stop(struct session *s, struct text_in in);
enum verdict trace_enable(struct session *s, struct text_in in);
enum verdict trace_disable(struct session *s, struct text_in in);
/* ... trace_tell.c, */
enum verdict trace_status(struct session *s, struct text_in in);
enum verdict trace_point_status(struct session *s, struct text_in in);
enum verdict trace_first_point(struct session *s, struct text_in in);
enum verdict trace_next_point(struct session *s, struct text_in in);
enum verdict trace_first_variable(struct session *s, struct text_in in);
enum verdict trace_next_variable(struct session *s, struct text_in in);
/* ... trace_look.c. */
enum verdict trace_select(struct session *s, struct text_in in);
enum verdict trace_variable_value(struct session *s, struct text_in in);
enum verdict trace_read_info(struct session *s, struct text_in in);
enum verdict trace_read_buffer(struct session *s, struct text_in in);
const struct command *session_find(const struct command *table, const struct text_in *packet);

/* REPLY_WHY with this reason. */
enum verdict session_refuse(struct session *s, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* The same while a trace frame is selected; what: "which nothing can change". */
enum verdict session_refuse_in_frame(struct session *s, const char *what);
/* REPLY_WHY when the target has said why, or this verdict. */
enum verdict session_why(const struct session *s, enum verdict otherwise);
/* Where the CPU is, as a linear address. */
uint64_t session_pc(struct session *s, unsigned cpu);
/* Memory by linear or, in QEMU's PhyMemMode, physical address: the bytes that could be had. */
size_t session_read_memory(struct session *s, uint64_t at, uint8_t *to, size_t len);
/* Sends one packet of kind O with text in hex; it may come while a monitor command runs and before
 * a stop reply. */
void session_print(struct session *s, const char *text);
void session_print_bytes(struct session *s, const void *text, size_t len);
/* The output begins anew when all of it was sent. */
void session_make_room(struct session *s);
/* OFFSET,LENGTH of a document: `m` and a piece, or `l` and the last one. */
enum verdict session_piece(struct session *s, struct text_in in, const char *document, size_t size);
/* Appends the T or W packet for s->stop to s->reply. */
void session_put_stop(struct session *s, bool with_reason);
/* ... without registers, for a gdb that reads the description behind it and may not know the
 * layout. */
void session_put_first_stop(struct session *s);
/* The stop that an exec event took the place of. True: it is in s->reply. False: gdb wants a step,
 * which is to be made. */
bool session_put_held_stop(struct session *s, bool wants_step);
void session_put_thread(struct session *s, unsigned cpu);
/* Takes a thread id. *cpu: its number, or -1 for all, or 0 for any. */
bool session_take_thread(struct session *s, struct text_in *in, int *cpu);
/* The description of layout, made when first asked for; NULL when out of memory. */
const struct features *session_features(struct session *s, enum target_layout layout);

#endif

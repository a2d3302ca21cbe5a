/* Tracepoints: what the debugger has defined, a run of them, the frames that they have collected.
 * Private to gdbstub.
 *
 *	QTinit, QTDP..., QTDV...    trace_define.c   what is to be collected where; trace_source.c
 *	QTStart ... QTStop          trace_run.c      a tracepoint is a breakpoint that goes on
 *	qTStatus, qTP, qTfP...      trace_tell.c     how it stands, what was defined
 *	QTFrame, then g p m qTV     trace_look.c     a frame answers in the machine's place
 *
 * The machine goes on over a tracepoint. A full buffer, a pass count or an error in an expression
 * ends the run of tracepoints, never the machine's. All is the session's: it goes with the
 * debugger. Source: GDB manual, "Tracepoint Packets"; what gdb and gdbserver make of them. */
#ifndef STEPVM_GDBSTUB_TRACE_STORE_H
#define STEPVM_GDBSTUB_TRACE_STORE_H

#include "gdbstub/features.h"
#include "gdbstub/text.h"
#include "gdbstub/trace_buffer.h"
#include "gdbstub/verdict.h"

struct session;

#define TRACE_POINTS_MAX    1024
#define TRACE_ACTIONS_MAX   64       /* of one tracepoint */
#define TRACE_VARIABLES_MAX 256      /* gdb's opcodes could name 65536 */
#define TRACE_TEXT_MAX      0x100000 /* bytes of all expressions, source lines and names */
#define TRACE_RANGES_MAX    256      /* of QTro */
#define TRACE_NOTE_MAX      4096

struct trace_variable {
	unsigned number;
	bool is_builtin;
	uint64_t initial, value;
	char *name; /* owned; NULL: mentioned, not defined */
};

struct trace_action {
	char kind;        /* R, M, X, as in QTDP */
	bool is_stepping; /* of while-stepping */
	uint8_t mask[FEATURES_REGISTERS_MAX /
	             8];      /* R: bit n: register n of the tracepoint's layout */
	int base;             /* M: a register, or -1: none */
	uint64_t offset, len; /* M */
	uint8_t *code;        /* X; owned */
	size_t code_len;
};

/* What a user wrote, for who uploads the definitions: "at", "cond", "cmd". */
struct trace_source {
	char type[8];
	uint8_t *text; /* owned */
	size_t len;
};

struct tracepoint {
	unsigned number; /* gdb's; several addresses may have it */
	uint64_t gva;
	bool is_enabled, is_inserted;
	bool is_open, is_stepping; /* more packets follow; they are about while-stepping */
	uint64_t step_count, pass_count;
	uint64_t steps_left;       /* of while-stepping, since the last hit */
	enum target_layout layout; /* whose registers are meant */
	uint8_t *condition;        /* owned; NULL: none */
	size_t condition_len;
	struct trace_action *actions; /* owned, and the sources */
	unsigned action_count;
	struct trace_source *sources;
	unsigned source_count;
	uint64_t hits;
};

enum trace_end {
	TRACE_NOT_RUN,
	TRACE_BY_DEBUGGER,
	TRACE_BY_FULL_BUFFER,
	TRACE_BY_DISCONNECT,
	TRACE_BY_PASS_COUNT,
	TRACE_BY_ERROR,
};

struct trace {
	struct tracepoint *points; /* owned */
	unsigned count;
	struct trace_variable *variables; /* owned */
	unsigned variable_count;
	size_t text_used;
	struct {
		uint64_t begin, end; /* gva, [begin, end) */
	} ranges[TRACE_RANGES_MAX];
	unsigned range_count;
	char user[TRACE_NOTE_MAX + 1], notes[TRACE_NOTE_MAX + 1], end_note[TRACE_NOTE_MAX + 1];

	bool is_running, is_stepping; /* some while-stepping is under way */
	enum trace_end end;
	unsigned end_number;  /* of the tracepoint that ended the run, */
	char end_text[200];   /* ... by this error */
	enum trace_room room; /* why the frame being made was given up */
	size_t wanted_size;   /* of the buffer of the next run; 0: TRACE_BUFFER_DEFAULT */
	bool is_circular;
	struct trace_buffer buffer;

	bool has_frame; /* the debugger looks at a frame: */
	unsigned frame_number;
	size_t frame_at;
	struct trace_frame frame;
	bool has_read_g[TARGET_LAYOUTS]; /* so it knows how long R blocks are */

	unsigned told_point, told_part, told_variable; /* of qTsP, qTsV: what comes next */
	struct {
		unsigned number; /* a frame, */
		uint64_t at;     /* and where it begins in what qTBuffer gives */
		enum target_layout layout;
		uint64_t created;
	} saved;
};

void trace_close(struct trace *t);
/* Nothing is defined. */
void trace_forget(struct trace *t);
void trace_free_point(struct tracepoint *p);
struct trace_variable *trace_find_variable(struct trace *t, unsigned number);
/* Made where there is none; NULL: there is no room. */
struct trace_variable *trace_declare_variable(struct trace *t, unsigned number);
struct tracepoint *trace_find(struct trace *t, uint64_t number, uint64_t gva);
/* What was refused in parts is not kept by halves. */
void trace_remove(struct trace *t, struct tracepoint *p);
/* A tracepoint's breakpoint is there: it must not be removed. */
bool trace_keeps(const struct trace *t, uint64_t gva);
/* len bytes in hex, for the tracepoints to keep. REPLY_OK with *to, which the caller owns. */
enum verdict trace_take_text(struct session *s, struct text_in *in, size_t len, uint8_t **to);
enum verdict trace_refuse_text(struct session *s);

#endif

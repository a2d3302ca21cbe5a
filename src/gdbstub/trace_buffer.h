/* The trace buffer: frames of blocks in a ring of bytes, the oldest first. Pure, and it knows
 * neither sessions nor machines.
 *
 *	ring:   ... | frame | frame | frame being made | ...
 *	frame:  struct trace_frame's head, then blocks
 *	block:  'R'                                bytes of g   registers, as many as the layout's g has
 *	        'P'  number (2)   length (1)       bytes        a register that is not in g
 *	        'M'  address (8)  length (2)       bytes        memory
 *	        'V'  number (4)   value (8)                     a trace state variable
 *
 * R, M and V are as gdb's trace files have them (GDB manual, "Trace File Format"); numbers are
 * little-endian. A frame that does not fit is left out as a whole. */
#ifndef STEPVM_GDBSTUB_TRACE_BUFFER_H
#define STEPVM_GDBSTUB_TRACE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_BUFFER_DEFAULT 0x500000  /* 5 MiB, gdbserver's */
#define TRACE_BUFFER_MAX     0x4000000 /* 64 MiB */
#define TRACE_FRAME_MAX      0x100000  /* 1 MiB: what one hit can take of time */

struct trace_frame {
	uint32_t len;    /* bytes with the head; written by trace_buffer_commit */
	uint16_t number; /* the tracepoint's, gdb's */
	uint16_t index;  /* ... and the session's */
	uint32_t layout; /* enum target_layout */
	uint32_t g_size; /* bytes of an R block */
	uint64_t pc;     /* gva */
};

struct trace_buffer {
	uint8_t *data; /* owned */
	size_t size;
	bool is_circular; /* the oldest frames make room */
	size_t start;     /* of the oldest frame, in data */
	size_t used;      /* bytes from there, with the frame being made */
	size_t open;      /* bytes of the frame being made, or 0 */
	unsigned count;   /* frames that are whole */
	uint64_t created; /* ... and those that are gone */
	/* Where a search has been last: a frame's number and its offset. */
	unsigned seen_number;
	size_t seen_at;
};

/* 0 or -ENOMEM. Empty then. */
int trace_buffer_open(struct trace_buffer *b, size_t size);
void trace_buffer_close(struct trace_buffer *b);

enum trace_room {
	TRACE_FITS,
	TRACE_FULL, /* the buffer is full, or smaller than this frame */
	TRACE_LONG, /* the frame has more than TRACE_FRAME_MAX */
};

/* begin, any number of add, then commit. What does not fit takes the frame being made with it. */
enum trace_room trace_buffer_begin(struct trace_buffer *b, const struct trace_frame *head);
enum trace_room trace_buffer_add(struct trace_buffer *b, const void *bytes, size_t len);
void trace_buffer_commit(struct trace_buffer *b);
void trace_buffer_abandon(struct trace_buffer *b);

/* Frames are numbered from 0, the oldest. An offset (at) counts from the oldest frame's begin and
 * holds until a frame is added. */
bool trace_buffer_find(
        struct trace_buffer *b, unsigned number, size_t *at, struct trace_frame *frame);
/* len bytes at an offset that a find or a block has given. */
void trace_buffer_read(const struct trace_buffer *b, size_t at, void *to, size_t len);

struct trace_block {
	char kind;      /* R, P, M, V; 0: before the first */
	size_t at, len; /* the whole block */
	size_t data;    /* where its bytes are, data_len of them; V: the value */
	size_t data_len;
	uint64_t address; /* M; P and V: the number */
};

/* The block after *block in the frame at `at`; false: that was the last. */
bool trace_buffer_next(const struct trace_buffer *b, size_t at, const struct trace_frame *frame,
        struct trace_block *block);

#endif

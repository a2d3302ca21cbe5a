/* The ring: bytes by their offset from the oldest frame, a frame being made, frames looked at. */
#include "gdbstub/trace_buffer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

int trace_buffer_open(struct trace_buffer *b, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	if (!data)
		return -ENOMEM;
	*b = (struct trace_buffer) { .data = data, .size = size };
	return 0;
}

void trace_buffer_close(struct trace_buffer *b)
{
	free(b->data);
	*b = (struct trace_buffer) { 0 };
}

/* --- bytes by their offset from the oldest frame ---------------------------------------------- */

static size_t place(const struct trace_buffer *b, size_t at)
{
	return at < b->size - b->start ? b->start + at : at - (b->size - b->start);
}

void trace_buffer_read(const struct trace_buffer *b, size_t at, void *to, size_t len)
{
	assert(at <= b->used && len <= b->used - at);
	if (!len)
		return;
	size_t from = place(b, at), first = len < b->size - from ? len : b->size - from;
	memcpy(to, b->data + from, first);
	memcpy((uint8_t *)to + first, b->data, len - first);
}

static void write_bytes(struct trace_buffer *b, size_t at, const void *bytes, size_t len)
{
	if (!len)
		return;
	size_t to = place(b, at), first = len < b->size - to ? len : b->size - to;
	memcpy(b->data + to, bytes, first);
	memcpy(b->data, (const uint8_t *)bytes + first, len - first);
}

static uint64_t number_at(const struct trace_buffer *b, size_t at, unsigned size)
{
	uint8_t bytes[8];
	trace_buffer_read(b, at, bytes, size);
	return get_number(bytes, size);
}

/* --- a frame being made ----------------------------------------------------------------------- */

static void discard_oldest(struct trace_buffer *b)
{
	struct trace_frame oldest;
	trace_buffer_read(b, 0, &oldest, sizeof oldest);
	b->start = place(b, oldest.len);
	b->used -= oldest.len;
	b->count--;
	b->seen_number = 0;
	b->seen_at = 0;
}

void trace_buffer_abandon(struct trace_buffer *b)
{
	b->used -= b->open;
	b->open = 0;
}

enum trace_room trace_buffer_add(struct trace_buffer *b, const void *bytes, size_t len)
{
	enum trace_room room = TRACE_FITS;
	if (len > TRACE_FRAME_MAX - b->open)
		room = TRACE_LONG;
	else if (len > b->size - b->open || (!b->is_circular && len > b->size - b->used))
		room = TRACE_FULL;
	if (room != TRACE_FITS) {
		trace_buffer_abandon(b);
		return room;
	}
	while (len > b->size - b->used)
		discard_oldest(b);
	write_bytes(b, b->used, bytes, len);
	b->used += len;
	b->open += len;
	return TRACE_FITS;
}

enum trace_room trace_buffer_begin(struct trace_buffer *b, const struct trace_frame *head)
{
	trace_buffer_abandon(b);
	return trace_buffer_add(b, head, sizeof *head);
}

void trace_buffer_commit(struct trace_buffer *b)
{
	uint32_t len = (uint32_t)b->open; /* at most TRACE_FRAME_MAX */
	if (!b->open)
		return;
	write_bytes(b, b->used - b->open + offsetof(struct trace_frame, len), &len, sizeof len);
	b->open = 0;
	b->count++;
	b->created++;
}

/* --- looking at frames ------------------------------------------------------------------------ */

bool trace_buffer_find(
        struct trace_buffer *b, unsigned number, size_t *at, struct trace_frame *frame)
{
	if (number >= b->count)
		return false;
	if (number < b->seen_number) {
		b->seen_number = 0;
		b->seen_at = 0;
	}
	for (;;) {
		trace_buffer_read(b, b->seen_at, frame, sizeof *frame);
		if (b->seen_number == number)
			break;
		b->seen_number++;
		b->seen_at += frame->len;
	}
	*at = b->seen_at;
	return true;
}

bool trace_buffer_next(const struct trace_buffer *b, size_t at, const struct trace_frame *frame,
        struct trace_block *block)
{
	size_t next = block->kind ? block->at + block->len : at + sizeof *frame;
	size_t head = 1;
	char kind;
	if (next == at + frame->len)
		return false;
	trace_buffer_read(b, next, &kind, 1);
	*block = (struct trace_block) { .kind = kind, .at = next };
	switch (kind) {
	case 'R': block->data_len = frame->g_size; break;
	case 'P':
		block->address = number_at(b, next + 1, 2);
		block->data_len = (size_t)number_at(b, next + 3, 1);
		head = 4;
		break;
	case 'M':
		block->address = number_at(b, next + 1, 8);
		block->data_len = (size_t)number_at(b, next + 9, 2);
		head = 11;
		break;
	default: /* V */
		block->address = number_at(b, next + 1, 4);
		block->data_len = 8;
		head = 5;
	}
	block->data = next + head;
	block->len = head + block->data_len;
	return true;
}

/* QTFrame, and what is asked while a frame is selected; qTBuffer. */
#include "gdbstub/trace_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_buffer.h"
#include "gdbstub/trace_store.h"

/* --- choosing a frame ------------------------------------------------------------------------- */

void trace_look_away(struct trace *t)
{
	t->has_frame = false;
}

/* What a frame has to be. */
struct wanted {
	enum { BY_NUMBER, BY_POINT, INSIDE, OUTSIDE } by;
	uint64_t low, high; /* of the number, the tracepoint's number, the pc: all inclusive */
};

static bool take_wanted(struct text_in *in, struct wanted *w)
{
	w->by = text_take(in, "tdp:")       ? BY_POINT
	        : text_take(in, "outside:") ? OUTSIDE
	        : text_take(in, "range:")   ? INSIDE
	                                    : BY_NUMBER;
	bool is_range = w->by == INSIDE || w->by == OUTSIDE;
	if (text_take(in, "pc:"))
		w->by = INSIDE;
	if (!text_take_hex(in, &w->low))
		return false;
	w->high = w->low;
	if (is_range && (!text_take(in, ":") || !text_take_hex(in, &w->high)))
		return false;
	return text_take_end(in);
}

static bool is_wanted(const struct wanted *w, unsigned number, const struct trace_frame *frame)
{
	switch (w->by) {
	case BY_NUMBER: return number == w->low;
	case BY_POINT: return frame->number == w->low;
	case INSIDE: return frame->pc >= w->low && frame->pc <= w->high;
	case OUTSIDE: return frame->pc < w->low || frame->pc > w->high;
	}
	return false;
}

/* QTFrame:N, and QTFrame:-1, which looks at the machine again; or the next one of tdp, pc, range,
 * outside. */
enum verdict trace_select(struct session *s, struct text_in in)
{
	struct trace *t = &s->trace;
	struct trace_frame frame;
	struct wanted w;
	size_t at;
	if (text_equals(&in, "-1") || text_equals(&in, "ffffffff")) {
		trace_look_away(t);
		return REPLY_OK;
	}
	if (!take_wanted(&in, &w))
		return REPLY_WRONG;
	unsigned n = w.by == BY_NUMBER ? (w.low < UINT32_MAX ? (unsigned)w.low : UINT32_MAX)
	             : t->has_frame    ? t->frame_number + 1
	                               : 0;
	for (; trace_buffer_find(&t->buffer, n, &at, &frame); n++) {
		if (!is_wanted(&w, n, &frame))
			continue;
		t->has_frame = true;
		t->frame_number = n;
		t->frame_at = at;
		t->frame = frame;
		text_put_char(&s->reply, 'F');
		text_put_hex(&s->reply, n);
		text_put_char(&s->reply, 'T');
		text_put_hex(&s->reply, frame.number);
		return REPLY;
	}
	text_put(&s->reply, "F-1");
	return REPLY;
}

/* --- a frame in the machine's place ----------------------------------------------------------- */

static bool next_block(const struct trace *t, struct trace_block *block)
{
	return trace_buffer_next(&t->buffer, t->frame_at, &t->frame, block);
}

enum target_layout trace_layout(struct session *s)
{
	if (s->trace.has_frame)
		return (enum target_layout)s->trace.frame.layout;
	return session_layout(s, s->cpu);
}

/* Registers of another layout than the debugger's would be shown under wrong names. */
bool trace_read_register(struct session *s, unsigned n, uint8_t *to)
{
	struct trace *t = &s->trace;
	const struct features *f = session_features(s, s->latched);
	struct trace_block block = { 0 };
	size_t offset = 0;
	if (!f || t->frame.layout != (uint32_t)s->latched)
		return false;
	for (unsigned i = 0; i < n && n < f->in_g; i++)
		offset += f->registers[i].size;
	while (next_block(t, &block)) {
		if (block.kind == 'R' && n < f->in_g) {
			trace_buffer_read(
			        &t->buffer, block.data + offset, to, f->registers[n].size);
			return true;
		}
		if (block.kind == 'P' && block.address == n) {
			trace_buffer_read(&t->buffer, block.data, to, block.data_len);
			return true;
		}
	}
	if (n == f->pc)
		put_number(to, t->frame.pc, f->registers[n].size);
	return n == f->pc;
}

/* How much of len bytes at gva is read-only memory, which answers as it is now. */
static uint64_t in_ranges(const struct trace *t, uint64_t gva, uint64_t len)
{
	for (unsigned i = 0; i < t->range_count; i++)
		if (gva >= t->ranges[i].begin && gva < t->ranges[i].end)
			return len < t->ranges[i].end - gva ? len : t->ranges[i].end - gva;
	return 0;
}

size_t trace_read_memory(struct session *s, uint64_t gva, uint8_t *to, size_t len)
{
	struct trace *t = &s->trace;
	struct trace_block block = { 0 };
	uint64_t gap = UINT64_MAX; /* to the next byte that was collected */
	while (next_block(t, &block)) {
		if (block.kind != 'M')
			continue;
		uint64_t skip = gva - block.address;
		if (skip < block.data_len) {
			size_t left = block.data_len - (size_t)skip, n = len < left ? len : left;
			trace_buffer_read(&t->buffer, block.data + (size_t)skip, to, n);
			return n;
		}
		if (block.address - gva < gap)
			gap = block.address - gva;
	}
	size_t n = (size_t)in_ranges(t, gva, len < gap ? len : gap);
	return n ? s->target->memory->read(s->target->ctx, s->cpu, gva, to, n) : 0;
}

/* qTV:NUMBER */
enum verdict trace_variable_value(struct session *s, struct text_in in)
{
	struct trace *t = &s->trace;
	struct trace_block block = { 0 };
	uint64_t number, value = 0;
	bool is_known = false;
	if (!text_take_hex(&in, &number) || !text_take_end(&in))
		return REPLY_WRONG;
	if (t->has_frame) {
		while (!is_known && next_block(t, &block))
			is_known = block.kind == 'V' && block.address == number;
		uint8_t bytes[8] = { 0 };
		if (is_known)
			trace_buffer_read(&t->buffer, block.data, bytes, 8);
		value = get_number(bytes, sizeof bytes);
	} else if (number <= UINT16_MAX) {
		const struct trace_variable *v = trace_find_variable(t, (unsigned)number);
		is_known = v != NULL;
		value = v ? v->value : 0;
	}
	text_put_char(&s->reply, is_known ? 'V' : 'U');
	if (is_known)
		text_put_hex(&s->reply, value);
	return REPLY;
}

/* qXfer:traceframe-info:read::OFFSET,LENGTH: what of memory and variables the frame has. Without
 * it gdb does not tell unavailable memory from memory that can't be read. */
enum verdict trace_read_info(struct session *s, struct text_in in)
{
	static const char head[] = "<?xml version=\"1.0\"?>\n<traceframe-info>\n",
	                  tail[] = "</traceframe-info>\n";
	struct trace *t = &s->trace;
	struct trace_block block = { 0 };
	char row[80];
	size_t size = sizeof head + sizeof tail, rows = 0;
	if (!t->has_frame)
		return reply_refuse(s, "no trace frame is selected");
	while (next_block(t, &block))
		rows += block.kind == 'M' || block.kind == 'V';
	size += rows * sizeof row;
	char *xml = malloc(size);
	if (!xml)
		return reply_refuse(s, "out of memory");
	struct text_out out = { .data = (uint8_t *)xml, .size = size };
	text_put(&out, head);
	block.kind = 0;
	while (next_block(t, &block)) {
		row[0] = 0;
		if (block.kind == 'M')
			snprintf(row, sizeof row,
			        "<memory start=\"0x%" PRIx64 "\" length=\"0x%zx\"/>\n",
			        block.address, block.data_len);
		else if (block.kind == 'V')
			snprintf(row, sizeof row, "<tvar id=\"%" PRIu64 "\"/>\n", block.address);
		text_put(&out, row);
	}
	text_put(&out, tail);
	enum verdict verdict = reply_piece(s, in, xml, out.len);
	free(xml);
	return verdict;
}

/* --- qTBuffer: all frames as a trace file has them -------------------------------------------- */

/* A window of what is given: [at, at + size) of it is wanted, len bytes of that are there. */
struct window {
	uint64_t at;
	uint8_t *data;
	size_t size, len;
};

/* What stands at `at` goes into the window as far as it is in it. */
static void put_piece(struct window *w, const struct trace *t, uint64_t at, const uint8_t *bytes,
        size_t from, size_t len)
{
	uint64_t begin = at > w->at ? at : w->at, end = at + len;
	if (end > w->at + w->size)
		end = w->at + w->size;
	if (begin >= end)
		return;
	size_t skip = (size_t)(begin - at), n = (size_t)(end - begin);
	uint8_t *to = w->data + (begin - w->at);
	if (bytes)
		memcpy(to, bytes + skip, n);
	else
		trace_buffer_read(&t->buffer, from + skip, to, n);
	if (w->len < end - w->at)
		w->len = (size_t)(end - w->at);
}

/* A register that is not in g has no place in a file, nor have registers of a layout whose block
 * is not as long as the debugger thinks. */
static bool is_given(
        const struct trace_block *block, const struct trace_frame *frame, enum target_layout layout)
{
	return block->kind == 'R' ? frame->layout == (uint32_t)layout : block->kind != 'P';
}

/* Bytes of the frame in a file, which begins at `at` there; what is in w is put into it. */
static uint64_t put_frame(struct window *w, const struct trace *t, size_t frame_at,
        const struct trace_frame *frame, enum target_layout layout, uint64_t at)
{
	struct trace_block block = { 0 };
	uint64_t len = 0;
	uint8_t head[6];
	while (trace_buffer_next(&t->buffer, frame_at, frame, &block)) {
		if (!is_given(&block, frame, layout))
			continue;
		put_piece(w, t, at + sizeof head + len, NULL, block.at, block.len);
		len += block.len;
	}
	put_number(head, frame->number, 2);
	put_number(head + 2, len, 4);
	put_piece(w, t, at, head, 0, sizeof head);
	return sizeof head + len;
}

/* qTBuffer:OFFSET,LENGTH. The debugger asks for pieces one after the other. */
enum verdict trace_read_buffer(struct session *s, struct text_in in)
{
	static const size_t most = SESSION_PACKET_SIZE / 4; /* two digits each, and themselves */
	struct trace *t = &s->trace;
	uint8_t *data = s->reply.data + s->reply.size - most;
	uint64_t offset, len;
	struct trace_frame frame;
	size_t at;
	if (!text_take_hex(&in, &offset) || !text_take(&in, ",") || !text_take_hex(&in, &len) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	if (!t->has_read_g[s->latched] && t->buffer.count)
		return reply_refuse(s, "gdb does not know the size of the registers yet: say "
		                       "`info registers` first");
	struct window w = { offset, data, len < most ? (size_t)len : most, 0 };
	if (offset < t->saved.at || t->saved.layout != s->latched ||
	        t->saved.created != t->buffer.created) {
		t->saved.number = 0;
		t->saved.at = 0;
		t->saved.layout = s->latched;
		t->saved.created = t->buffer.created;
	}
	unsigned n = t->saved.number;
	uint64_t begin = t->saved.at;
	while (w.len < w.size && trace_buffer_find(&t->buffer, n, &at, &frame)) {
		t->saved.number = n++;
		t->saved.at = begin;
		begin += put_frame(&w, t, at, &frame, s->latched, begin);
	}
	if (w.len)
		text_put_bytes(&s->reply, data, w.len);
	else if (offset == begin || !t->buffer.count)
		text_put_char(&s->reply, 'l');
	else
		return REPLY_WRONG;
	return REPLY;
}

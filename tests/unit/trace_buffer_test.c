/* The trace buffer beside a naive twin, a list of frames; its edges. */
#include "gdbstub/trace_buffer.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "random.h"

#define TWIN_FRAMES 64
#define TWIN_BYTES  300
#define HEAD        sizeof(struct trace_frame)

/* What the buffer should hold: frames as they were added, the oldest first. */
struct twin {
	struct twin_frame {
		size_t len; /* with the head */
		uint64_t pc;
		uint8_t bytes[TWIN_BYTES];
	} frames[TWIN_FRAMES];
	unsigned count;
	size_t used;
};

static void twin_drop_oldest(struct twin *t)
{
	t->used -= t->frames[0].len;
	memmove(t->frames, t->frames + 1, --t->count * sizeof *t->frames);
}

/* A block of memory, as gdb's trace files have it. */
static size_t make_memory(uint8_t *to, uint64_t address, uint8_t fill, unsigned len)
{
	to[0] = 'M';
	for (unsigned i = 0; i < 8; i++)
		to[1 + i] = (uint8_t)(address >> 8 * i);
	to[9] = (uint8_t)len;
	to[10] = (uint8_t)(len >> 8);
	memset(to + 11, fill, len);
	return 11 + len;
}

static void check_frame(struct trace_buffer *b, const struct twin *t, unsigned number)
{
	struct trace_frame frame;
	struct trace_block block = { 0 };
	uint8_t bytes[TWIN_BYTES];
	size_t at, seen = HEAD;
	if (!trace_buffer_find(b, number, &at, &frame)) {
		CHECK_FAIL("frame %u of %u is not there", number, t->count);
		return;
	}
	const struct twin_frame *twin = &t->frames[number];
	CHECK_EQ(frame.len, twin->len);
	CHECK_EQ(frame.pc, twin->pc);
	trace_buffer_read(b, at + HEAD, bytes, frame.len - HEAD);
	CHECK(!memcmp(bytes, twin->bytes, twin->len - HEAD));
	while (trace_buffer_next(b, at, &frame, &block)) {
		CHECK_EQ(block.kind, 'M');
		CHECK_EQ(block.at, at + seen);
		CHECK_EQ(block.data_len, block.len - 11);
		CHECK_EQ(block.address, twin->pc + seen);
		seen += block.len;
	}
	CHECK_EQ(seen, twin->len);
}

static void check_same(struct trace_buffer *b, const struct twin *t, uint64_t *r)
{
	struct trace_frame frame;
	size_t at;
	CHECK_EQ(b->count, t->count);
	CHECK_EQ(b->used, t->used);
	CHECK(!trace_buffer_find(b, t->count, &at, &frame));
	for (unsigned i = 0; i < 4 && t->count; i++)
		check_frame(b, t, (unsigned)(random_next(r) % t->count));
}

/* One frame of a random number of blocks, in both. */
static void add_frame(struct trace_buffer *b, struct twin *t, uint64_t *r)
{
	struct twin_frame new = { .len = HEAD, .pc = random_next(r) };
	const struct trace_frame head = { .pc = new.pc };
	unsigned blocks = (unsigned)(random_next(r) % 5);
	enum trace_room room = trace_buffer_begin(b, &head);
	for (unsigned i = 0; i < blocks && room == TRACE_FITS; i++) {
		uint8_t *to = new.bytes + new.len - HEAD;
		size_t n = make_memory(to, new.pc + new.len, (uint8_t)random_next(r),
		        (unsigned)(random_next(r) % 40));
		room = trace_buffer_add(b, to, n);
		new.len += n;
	}
	bool fits = b->is_circular ? new.len <= b->size : new.len <= b->size - t->used;
	/* The rest of a frame that does not fit is not added. */
	CHECK_EQ(room, fits ? TRACE_FITS : TRACE_FULL);
	/* What was thrown out for its first blocks is gone all the same. */
	while (b->is_circular && t->count > b->count) {
		CHECK(t->used + new.len > b->size); /* none without need */
		twin_drop_oldest(t);
	}
	if (!fits)
		return;
	if (random_next(r) % 8 == 0) {
		trace_buffer_abandon(b);
		return;
	}
	trace_buffer_commit(b);
	t->used += new.len;
	t->frames[t->count++] = new;
}

static void frames_come_back_as_they_went_in(void)
{
	uint64_t r = 7;
	for (unsigned round = 0; round < 200; round++) {
		struct trace_buffer b;
		static struct twin t;
		t.count = 0;
		t.used = 0;
		CHECK_EQ(trace_buffer_open(&b, 1 + random_next(&r) % 1000), 0);
		b.is_circular = round % 2;
		for (unsigned i = 0; i < 60; i++) {
			add_frame(&b, &t, &r);
			check_same(&b, &t, &r);
		}
		if (!check_case_ok)
			CHECK_FAIL("that was round %u, %zu bytes", round, b.size);
		trace_buffer_close(&b);
		if (!check_case_ok)
			return;
	}
}

static void each_kind_of_block_is_read(void)
{
	/* R of 3 bytes, P 0x1234 of 2, M at 0x10 of 1, V 0x20 */
	static const uint8_t blocks[] = "Rabc"
	                                "P\x34\x12\x02xy"
	                                "M\x10\0\0\0\0\0\0\0\x01\0z"
	                                "V\x20\0\0\0\x07\0\0\0\0\0\0\x80";
	static const struct trace_block wanted[] = {
		{ 'R', 0, 4, 1, 3, 0 },
		{ 'P', 4, 6, 8, 2, 0x1234 },
		{ 'M', 10, 12, 21, 1, 0x10 },
		{ 'V', 22, 13, 27, 8, 0x20 },
	};
	const struct trace_frame head = { .g_size = 3, .number = 5, .index = 6, .layout = 2 };
	struct trace_buffer b;
	struct trace_frame frame;
	struct trace_block block = { 0 };
	size_t at;
	CHECK_EQ(trace_buffer_open(&b, 1000), 0);
	trace_buffer_begin(&b, &head);
	trace_buffer_add(&b, blocks, sizeof blocks - 1);
	trace_buffer_commit(&b);
	CHECK(trace_buffer_find(&b, 0, &at, &frame));
	CHECK_EQ(frame.number, 5);
	CHECK_EQ(frame.index, 6);
	CHECK_EQ(frame.layout, 2);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		size_t base = at + HEAD;
		CHECK(trace_buffer_next(&b, at, &frame, &block));
		CHECK_EQ(block.kind, wanted[i].kind);
		CHECK_EQ(block.at, base + wanted[i].at);
		CHECK_EQ(block.len, wanted[i].len);
		CHECK_EQ(block.data, base + wanted[i].data);
		CHECK_EQ(block.data_len, wanted[i].data_len);
		CHECK_EQ(block.address, wanted[i].address);
	}
	CHECK(!trace_buffer_next(&b, at, &frame, &block));
	trace_buffer_close(&b);
}

static void a_frame_has_limits(void)
{
	static const uint8_t bytes[TRACE_FRAME_MAX];
	const struct trace_frame head = { 0 };
	struct trace_buffer b;
	CHECK_EQ(trace_buffer_open(&b, 2 * TRACE_FRAME_MAX), 0);
	CHECK_EQ(trace_buffer_begin(&b, &head), TRACE_FITS);
	CHECK_EQ(trace_buffer_add(&b, bytes, TRACE_FRAME_MAX - HEAD), TRACE_FITS);
	trace_buffer_commit(&b);
	CHECK_EQ(b.count, 1);
	CHECK_EQ(trace_buffer_begin(&b, &head), TRACE_FITS);
	CHECK_EQ(trace_buffer_add(&b, bytes, TRACE_FRAME_MAX - HEAD), TRACE_FITS);
	CHECK_EQ(trace_buffer_add(&b, bytes, 1), TRACE_LONG);
	trace_buffer_commit(&b); /* nothing is left of it */
	CHECK_EQ(b.count, 1);
	CHECK_EQ(b.used, TRACE_FRAME_MAX);
	/* Filled to the last byte. */
	CHECK_EQ(trace_buffer_begin(&b, &head), TRACE_FITS);
	CHECK_EQ(trace_buffer_add(&b, bytes, TRACE_FRAME_MAX - HEAD), TRACE_FITS);
	trace_buffer_commit(&b);
	CHECK_EQ(b.used, b.size);
	CHECK_EQ(trace_buffer_begin(&b, &head), TRACE_FULL);
	CHECK_EQ(b.created, 2);
	trace_buffer_close(&b);
	/* One that was never opened takes nothing. */
	CHECK_EQ(trace_buffer_begin(&b, &head), TRACE_FULL);
}

int main(void)
{
	RUN(frames_come_back_as_they_went_in);
	RUN(each_kind_of_block_is_read);
	RUN(a_frame_has_limits);
	return check_done();
}

/* Memory by m, M and X: a reply has what could be read; a write is done as a whole or not at
 * all. */
#include "gdbstub/memory_packets.h"

#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_look.h"

/* From this length on a reply is run-length encoded. Below it is what people type and what simple
 * clients ask for. */
#define LONG_REPLY 2048
#define CHUNK      4096

/* The script of ours has gdb send all of an address (`set remoteaddresssize 64`), for breakpoints.
 * One that it has made of a signed number of 32 bits is cut here then, as gdb does without that. */
static uint64_t cut(const struct session *s, uint64_t gva)
{
	bool is_signed = gva >> 31 == 0x1ffffffff;
	return s->exec.has_script && is_signed && session_layout(s, s->cpu) != TARGET_LONG64
	               ? gva & 0xffffffff
	               : gva;
}

size_t memory_packets_get(struct session *s, uint64_t at, uint8_t *to, size_t len)
{
	const struct target_memory *m = s->target->memory;
	if (s->trace.has_frame) /* it has nothing by physical address */
		return s->is_physical ? 0 : trace_read_memory(s, at, to, len);
	return s->is_physical ? m->read_physical(s->target->ctx, at, to, len)
	                      : m->read(s->target->ctx, s->cpu, cut(s, at), to, len);
}

static size_t write_target(struct session *s, uint64_t at, const uint8_t *from, size_t len)
{
	const struct target_memory *m = s->target->memory;
	return s->is_physical ? m->write_physical(s->target->ctx, at, from, len)
	                      : m->write(s->target->ctx, s->cpu, cut(s, at), from, len);
}

enum verdict memory_packets_read(struct session *s, struct text_in in)
{
	uint64_t at, len;
	if (!text_take_hex(&in, &at) || !text_take(&in, ",") || !text_take_hex(&in, &len) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	/* A short reply is legal; gdb asks for the rest. */
	if (len > s->reply.size / 2)
		len = s->reply.size / 2;
	for (uint64_t done = 0; done < len;) {
		uint8_t chunk[CHUNK];
		size_t wanted = len - done < CHUNK ? (size_t)(len - done) : CHUNK;
		size_t n = memory_packets_get(s, at + done, chunk, wanted);
		text_put_bytes(&s->reply, chunk, n);
		done += n;
		if (n < wanted && !done)
			return REPLY_FAULT;
		if (n < wanted)
			break;
	}
	/* Memory is mostly zeros, and a gdb takes each character by itself. */
	if (s->reply.len >= LONG_REPLY)
		s->reply.len = packet_shorten(s->reply.data, s->reply.len);
	return REPLY;
}

static bool take_range(struct text_in *in, uint64_t *at, uint64_t *len)
{
	return text_take_hex(in, at) && text_take(in, ",") && text_take_hex(in, len) &&
	       text_take(in, ":");
}

/* A write that can't be done whole is not done at all. Memory is there or not by pages: SDM vol 3,
 * "Paging". */
#define PAGE 4096u

static bool is_writable(struct session *s, uint64_t at, size_t len)
{
	for (size_t done = 0; done < len; done += PAGE - (at + done) % PAGE) {
		uint8_t byte;
		if (!memory_packets_get(s, at + done, &byte, 1))
			return false;
	}
	return true;
}

static enum verdict store(struct session *s, uint64_t at, const uint8_t *data, size_t len)
{
	if (s->trace.has_frame)
		return reply_refuse_in_frame(s, "which nothing can change");
	if (!is_writable(s, at, len))
		return REPLY_FAULT;
	if (write_target(s, at, data, len) < len)
		return REPLY_FAULT;
	return REPLY_OK;
}

enum verdict memory_packets_write_hex(struct session *s, struct text_in in)
{
	uint64_t at, len;
	if (!take_range(&in, &at, &len) || text_left(&in) / 2 != len || text_left(&in) % 2)
		return REPLY_WRONG;
	/* The reply's buffer is free until the reply is made. */
	if (len > s->reply.size || !text_take_bytes(&in, s->reply.data, (size_t)len))
		return REPLY_WRONG;
	return store(s, at, s->reply.data, (size_t)len);
}

enum verdict memory_packets_write(struct session *s, struct text_in in)
{
	uint64_t at, len;
	if (!take_range(&in, &at, &len) || text_left(&in) != len)
		return REPLY_WRONG;
	return store(s, at, in.at, (size_t)len);
}

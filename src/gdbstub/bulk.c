/* Much memory in one request: x (binary read), qSearch:memory (gdb's find), qCRC
 * (compare-sections). Source: GDB manual, "Packets", "General Query Packets". */
#include "gdbstub/bulk.h"

#include <stdio.h>
#include <string.h>

#include "gdbstub/memory_packets.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"

#define CHUNK 4096

/* Nothing else is heard while a search or a checksum goes on, so both are bounded. RAM ends before
 * that, but page tables can show the same page at every address. gdb waits for 6 seconds
 * (remotetimeout, three times), in which this much is about what can be looked through. */
#define SCAN_MAX (1ull << 33)

static bool take_where(struct text_in *in, const char *separator, uint64_t *at, uint64_t *len)
{
	return text_take_hex(in, at) && text_take(in, separator) && text_take_hex(in, len);
}

/* ADDRESS,LENGTH. No bytes can be read anywhere: that is gdb's probe. Older lldbs have another
 * packet of this name, whose answer has no `b`; they send x0,0 and want OK, and stay with m where
 * none comes. Newer ones look for binary-upload in qSupported, as gdb does. */
enum verdict bulk_read(struct session *s, struct text_in in)
{
	uint64_t at, len, done = 0;
	if (!take_where(&in, ",", &at, &len) || !text_take_end(&in))
		return REPLY_WRONG;
	/* gdb asks for half a packet at most. A short reply is legal; it asks for the rest. */
	if (len > s->reply.size / 2)
		len = s->reply.size / 2;
	text_put_char(&s->reply, 'b');
	while (done < len) {
		uint8_t chunk[CHUNK];
		size_t wanted = len - done < CHUNK ? (size_t)(len - done) : CHUNK;
		size_t n = memory_packets_get(s, at + done, chunk, wanted);
		size_t put = text_put_binary_runs(&s->reply, chunk, n);
		done += put;
		if (put < wanted)
			break;
	}
	s->reply.is_full = false;
	return len && !done ? REPLY_FAULT : REPLY;
}

static enum verdict give_up(struct session *s)
{
	return reply_refuse(s, "given up after 0x%llx bytes: ask for less at a time", SCAN_MAX);
}

/* ADDRESS;LENGTH;PATTERN. A match lies in the range as a whole. */
enum verdict bulk_search(struct session *s, struct text_in in)
{
	uint64_t at, len, done = 0;
	uint8_t *window = s->reply.data; /* free until the reply is made */
	size_t size = s->reply.size, kept = 0;
	if (!take_where(&in, ";", &at, &len) || !text_take(&in, ";"))
		return REPLY_WRONG;
	size_t pattern_len = text_left(&in);
	if (!pattern_len || pattern_len > size / 2)
		return REPLY_WRONG;
	/* window: the end of what was looked through, in which a match may begin, and new bytes. */
	while (done < len) {
		if (done >= SCAN_MAX)
			return give_up(s);
		size_t wanted = len - done < size - kept ? (size_t)(len - done) : size - kept;
		size_t n = memory_packets_get(s, at + done, window + kept, wanted);
		const uint8_t *match = memmem(window, kept + n, in.at, pattern_len);
		if (match) {
			uint64_t found = at + done - kept + (uint64_t)(match - window);
			text_put(&s->reply, "1,");
			text_put_hex(&s->reply, found);
			return REPLY;
		}
		if (n < wanted)
			return REPLY_FAULT;
		done += n;
		size_t end = kept + n;
		kept = end < pattern_len - 1 ? end : pattern_len - 1;
		memmove(window, window + end - kept, kept);
	}
	text_put_char(&s->reply, '0');
	return REPLY;
}

/* --- qCRC --------------------------------------------------------------------------------------
 *
 * The CRC-32 of IEEE 802.3 with the most significant bit of each byte first, from 0xffffffff on and
 * not inverted. tables[k][b]: what b does to the remainder k bytes further on, so that four bytes
 * go at once. */

#define POLYNOMIAL 0x04c11db7u

struct crc {
	uint32_t tables[4][256], value;
};

static void crc_init(struct crc *c)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t v = b << 24;
		for (int bit = 0; bit < 8; bit++)
			v = v << 1 ^ (v >> 31 ? POLYNOMIAL : 0);
		c->tables[0][b] = v;
	}
	for (int k = 1; k < 4; k++)
		for (int b = 0; b < 256; b++) {
			uint32_t v = c->tables[k - 1][b];
			c->tables[k][b] = v << 8 ^ c->tables[0][v >> 24];
		}
	c->value = 0xffffffff;
}

static void crc_add(struct crc *c, const uint8_t *from, size_t len)
{
	uint32_t v = c->value;
	for (; len >= 4; len -= 4, from += 4)
		v = c->tables[3][v >> 24 ^ from[0]] ^ c->tables[2][(v >> 16 & 0xff) ^ from[1]] ^
		    c->tables[1][(v >> 8 & 0xff) ^ from[2]] ^ c->tables[0][(v & 0xff) ^ from[3]];
	for (; len; len--, from++)
		v = v << 8 ^ c->tables[0][v >> 24 ^ *from];
	c->value = v;
}

/* ADDRESS,LENGTH */
enum verdict bulk_checksum(struct session *s, struct text_in in)
{
	uint64_t at, len;
	struct crc crc;
	if (!take_where(&in, ",", &at, &len) || !text_take_end(&in))
		return REPLY_WRONG;
	crc_init(&crc);
	for (uint64_t done = 0; done < len;) {
		uint8_t chunk[CHUNK];
		size_t wanted = len - done < CHUNK ? (size_t)(len - done) : CHUNK;
		if (done >= SCAN_MAX)
			return give_up(s);
		if (memory_packets_get(s, at + done, chunk, wanted) < wanted)
			return REPLY_FAULT;
		crc_add(&crc, chunk, wanted);
		done += wanted;
	}
	text_put_char(&s->reply, 'C');
	text_put_hex(&s->reply, crc.value);
	return REPLY;
}

/* Numbers, checksums and packed runs of a recording's file. */
#include "history/file_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define FIRST_SIZE 4096

#define LITERAL_MAX    128
#define ZEROS          0x80
#define ZEROS_MAX      127
#define ZEROS_LONG     0xff
#define ZEROS_LONG_MAX 0xffff

void out_free(struct file_out *o)
{
	free(o->bytes);
	*o = (struct file_out) { 0 };
}

static bool make_room(struct file_out *o, size_t len)
{
	size_t size = o->size ? o->size : FIRST_SIZE;
	if (o->has_failed)
		return false;
	if (len <= o->size - o->len)
		return true;
	while (size - o->len < len && size <= SIZE_MAX / 2)
		size *= 2;
	uint8_t *bytes = size - o->len < len ? NULL : realloc(o->bytes, size);
	if (!bytes) {
		o->has_failed = true;
		return false;
	}
	o->bytes = bytes;
	o->size = size;
	return true;
}

void out_bytes(struct file_out *o, const void *bytes, size_t len)
{
	if (!len || !make_room(o, len))
		return;
	memcpy(o->bytes + o->len, bytes, len);
	o->len += len;
}

void out_number(struct file_out *o, uint64_t value, unsigned size)
{
	uint8_t bytes[8];
	put64(bytes, value);
	out_bytes(o, bytes, size);
}

void out_text(struct file_out *o, const char *text)
{
	size_t len = strlen(text);
	if (len > UINT16_MAX)
		len = UINT16_MAX;
	out_number(o, len, 2);
	out_bytes(o, text, len);
}

const uint8_t *in_bytes(struct file_in *in, size_t len)
{
	const uint8_t *at = in->at;
	if (in->has_failed || len > in->left) {
		in->has_failed = true;
		return NULL;
	}
	in->at += len;
	in->left -= len;
	return at;
}

uint64_t in_number(struct file_in *in, unsigned size)
{
	const uint8_t *at = in_bytes(in, size);
	return at ? get_number(at, size) : 0;
}

void in_text(struct file_in *in, char *to, size_t size)
{
	size_t len = (size_t)in_number(in, 2), kept = 0;
	const uint8_t *at = in_bytes(in, len);
	for (size_t i = 0; at && i < len && kept + 1 < size; i++)
		to[kept++] = (char)(at[i] < ' ' || at[i] == 0x7f ? '?' : at[i]);
	to[kept] = 0;
}

/* --- checksums --------------------------------------------------------------------------------- */

uint32_t crc32c(uint32_t before, const void *bytes, size_t len)
{
	/* The remainders of the 16 half bytes by the polynomial 0x1edc6f41, reflected. */
	static const uint32_t halves[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6,
		0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };
	const uint8_t *b = bytes;
	uint32_t crc = ~before;
	for (size_t i = 0; i < len; i++) {
		crc = crc >> 4 ^ halves[(crc ^ b[i]) & 15];
		crc = crc >> 4 ^ halves[(crc ^ b[i] >> 4) & 15];
	}
	return ~crc;
}

/* An odd constant near 2^64 divided by the golden ratio spreads each bit over those above it; the shift brings them down. */
#define SPREAD UINT64_C(0x9e3779b97f4a7c15)

uint64_t file_sum(uint64_t before, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	uint64_t sum = before ^ len;
	for (size_t i = 0; i < len; i += 8) {
		sum = (sum ^ get64(b + i)) * SPREAD;
		sum ^= sum >> 29;
	}
	return sum;
}

/* --- packed runs ------------------------------------------------------------------------------- */

static size_t zeros_at(const uint8_t *bytes, const uint8_t *before, size_t at, size_t len)
{
	size_t n = at;
	while (n < len && bytes[n] == (before ? before[n] : 0))
		n++;
	return n - at;
}

static void put_zeros(struct file_out *o, size_t count)
{
	while (count) {
		size_t part = count < ZEROS_LONG_MAX ? count : ZEROS_LONG_MAX;
		if (part <= ZEROS_MAX) {
			out_number(o, ZEROS + part - 1, 1);
		} else {
			out_number(o, ZEROS_LONG, 1);
			out_number(o, part, 2);
		}
		count -= part;
	}
}

static void put_literal(
        struct file_out *o, const uint8_t *bytes, const uint8_t *before, size_t at, size_t len)
{
	uint8_t part[LITERAL_MAX];
	while (len) {
		size_t n = len < LITERAL_MAX ? len : LITERAL_MAX;
		for (size_t i = 0; i < n; i++)
			part[i] = bytes[at + i] ^ (before ? before[at + i] : 0);
		out_number(o, n - 1, 1);
		out_bytes(o, part, n);
		at += n;
		len -= n;
	}
}

void pack(struct file_out *o, const uint8_t *bytes, const uint8_t *before, size_t len)
{
	size_t at = 0;
	while (at < len) {
		size_t zeros = zeros_at(bytes, before, at, len);
		put_zeros(o, zeros);
		at += zeros;
		/* One or two zeros on the way cost less than to end there. */
		size_t end = at;
		while (end < len && zeros_at(bytes, before, end, end + 3 < len ? end + 3 : len) < 3)
			end++;
		put_literal(o, bytes, before, at, end - at);
		at = end;
	}
}

bool unpack(const uint8_t *packed, size_t packed_len, uint8_t *to, size_t len)
{
	struct file_in in = { .at = packed, .left = packed_len };
	while (in.left && !in.has_failed) {
		const unsigned what = (unsigned)in_number(&in, 1);
		size_t n = what < ZEROS         ? what + 1
		           : what != ZEROS_LONG ? what - ZEROS + 1
		                                : (size_t)in_number(&in, 2);
		if (n > len)
			return false;
		const uint8_t *bytes = what < ZEROS ? in_bytes(&in, n) : NULL;
		for (size_t i = 0; bytes && i < n; i++)
			to[i] ^= bytes[i];
		to += n;
		len -= n;
	}
	return !in.has_failed && !len;
}

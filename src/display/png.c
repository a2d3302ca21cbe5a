/* PNG, from the signature to IEND, and the deflate that it needs. */
#include "display/png.h"

#include <string.h>

#include "display/raster.h"

#define PALETTE    256
#define MATCH_MIN  3
#define MATCH_MAX  258
#define ADLER_BASE 65521

/* --- chunks ----------------------------------------------------------------------------------- */

static uint8_t *put_be32(uint8_t *to, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
	return to + 4;
}

/* RFC 2083, 15 (appendix), bit by bit: a file has few bytes. */
static uint32_t crc_of(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;
	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* A chunk's data go after its 8 bytes; end closes it, and returns what comes after it. */
static uint8_t *begin_chunk(uint8_t *to, const char type[4])
{
	memcpy(to + 4, type, 4);
	return to + 8;
}

static uint8_t *end_chunk(uint8_t *chunk, const uint8_t *end)
{
	size_t len = (size_t)(end - chunk) - 8;
	put_be32(chunk, (uint32_t)len);
	return put_be32(chunk + 8 + len, crc_of(chunk + 4, len + 4));
}

/* --- deflate ---------------------------------------------------------------------------------- */

struct deflate {
	uint8_t *to;
	uint32_t bits; /* not written yet, the next one lowest */
	unsigned count;
};

static void put_bits(struct deflate *d, uint32_t value, unsigned count)
{
	d->bits |= value << d->count;
	for (d->count += count; d->count >= 8; d->count -= 8, d->bits >>= 8)
		*d->to++ = (uint8_t)d->bits;
}

/* A Huffman code goes out from its highest bit on. */
static void put_code(struct deflate *d, unsigned code, unsigned count)
{
	unsigned turned = 0;
	for (unsigned i = 0; i < count; i++)
		turned |= (code >> i & 1) << (count - 1 - i);
	put_bits(d, turned, count);
}

/* The fixed codes of RFC 1951, 3.2.6. */
static void put_symbol(struct deflate *d, unsigned symbol)
{
	if (symbol < 144)
		put_code(d, 0x30 + symbol, 8);
	else if (symbol < 256)
		put_code(d, 0x190 + symbol - 144, 9);
	else if (symbol < 280)
		put_code(d, symbol - 256, 7);
	else
		put_code(d, 0xc0 + symbol - 280, 8);
}

/* How RFC 1951, 3.2.5 divides numbers from 0 on: 2^k codes each, with `extra` bits after them; the
 * extra bits grow by 1 with each further group. Gives the code; the extra bits are value's low. */
static unsigned group_of(unsigned value, unsigned k, unsigned *extra)
{
	*extra = 0;
	while (value >> *extra >= 2u << k)
		++*extra;
	return *extra ? (*extra << k) + (value >> *extra) : value;
}

static void put_match(struct deflate *d, unsigned len, unsigned distance)
{
	unsigned extra, code = group_of(len - MATCH_MIN, 2, &extra);
	if (len == MATCH_MAX) /* it has a code of its own */
		put_symbol(d, 285);
	else {
		put_symbol(d, 257 + code);
		put_bits(d, (len - MATCH_MIN) & ((1u << extra) - 1), extra);
	}
	code = group_of(distance - 1, 1, &extra);
	put_code(d, code, 5);
	put_bits(d, (distance - 1) & ((1u << extra) - 1), extra);
}

/* How many bytes from at on are those that stand distance before them, MATCH_MAX at most. */
static unsigned match_len(const uint8_t *at, const uint8_t *end, size_t distance)
{
	unsigned len = 0;
	while (len < MATCH_MAX && at + len < end && at[len] == at[len - (ptrdiff_t)distance])
		len++;
	return len;
}

/* A line that stands after the one above it (both from the first byte on where it is the first). */
static void put_line(struct deflate *d, const uint8_t *line, size_t size, bool has_above)
{
	const uint8_t *end = line + size;
	for (const uint8_t *at = line; at < end;) {
		unsigned run = at > line || has_above ? match_len(at, end, 1) : 0;
		unsigned above = has_above ? match_len(at, end, size) : 0;
		if (run < MATCH_MIN && above < MATCH_MIN) {
			put_symbol(d, *at++);
		} else {
			put_match(d, run >= above ? run : above, run >= above ? 1 : (unsigned)size);
			at += run >= above ? run : above;
		}
	}
}

static void add_adler(uint32_t sums[2], const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sums[0] = (sums[0] + bytes[i]) % ADLER_BASE;
		sums[1] = (sums[1] + sums[0]) % ADLER_BASE;
	}
}

/* The lines of the picture, each with its filter byte (0: none) first. */
static uint8_t *put_picture(const struct screen *s, uint8_t *to)
{
	uint8_t lines[2 * (RASTER_WIDTH_MAX + 1)];
	uint32_t sums[2] = { 1, 0 };
	unsigned width, height;
	raster_size(s, &width, &height);
	size_t size = width + 1;
	*to++ = 0x78; /* zlib: deflate, a window of 32 KiB, */
	*to++ = 0x01; /* and a check of these two */
	struct deflate d = { .to = to };
	put_bits(&d, 1, 1); /* the last block, */
	put_bits(&d, 1, 2); /* of fixed codes */
	for (unsigned y = 0; y < height; y++) {
		memcpy(lines, lines + size, y ? size : 0);
		lines[size] = 0;
		raster_line(s, y, lines + size + 1);
		put_line(&d, lines + size, size, y > 0);
		add_adler(sums, lines + size, size);
	}
	put_symbol(&d, 256);
	put_bits(&d, 0, 7); /* to a whole byte */
	return put_be32(d.to, sums[1] << 16 | sums[0]);
}

size_t png_room(const struct screen *s)
{
	unsigned width, height;
	raster_size(s, &width, &height);
	size_t bytes = (size_t)(width + 1) * height;
	return bytes + bytes / 8 + 3 * PALETTE + 128; /* 9 bits for each, and the chunks */
}

size_t png_make(const struct screen *s, uint8_t *to)
{
	static const uint8_t signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	/* 8 bits, palette; deflate, filters by line, not interlaced */
	static const uint8_t form[] = { 8, 3, 0, 0, 0 };
	unsigned width, height;
	raster_size(s, &width, &height);
	memcpy(to, signature, sizeof signature);
	uint8_t *chunk = to + sizeof signature, *at = begin_chunk(chunk, "IHDR");
	at = put_be32(put_be32(at, width), height);
	memcpy(at, form, sizeof form);
	chunk = end_chunk(chunk, at + sizeof form);
	at = begin_chunk(chunk, "PLTE");
	for (unsigned color = 0; color < PALETTE; color++)
		raster_color(s, color, at + 3 * color);
	chunk = end_chunk(chunk, at + 3 * PALETTE);
	at = put_picture(s, begin_chunk(chunk, "IDAT"));
	chunk = end_chunk(chunk, at);
	chunk = end_chunk(chunk, begin_chunk(chunk, "IEND"));
	return (size_t)(chunk - to);
}

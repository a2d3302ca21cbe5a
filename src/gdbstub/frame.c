#include "gdbstub/frame.h"

#include <string.h>

#include "gdbstub/text.h"

void frame_init(struct frame *f, uint8_t *data, size_t size)
{
	*f = (struct frame) { .data = data, .size = size };
}

bool frame_is_idle(const struct frame *f)
{
	return f->state == FRAME_IDLE;
}

static void begin(struct frame *f)
{
	f->state = FRAME_DATA;
	f->len = 0;
	f->sum = 0;
	f->is_too_long = false;
}

static enum frame_event feed_idle(struct frame *f, uint8_t byte)
{
	switch (byte) {
	case '$': begin(f); return FRAME_NONE;
	case '+': return FRAME_ACK;
	case '-': return FRAME_NAK;
	case 0x03: return FRAME_INTERRUPT;
	default: return FRAME_NONE; /* noise between packets */
	}
}

static void store(struct frame *f, uint8_t byte)
{
	if (f->len < f->size)
		f->data[f->len++] = byte;
	else
		f->is_too_long = true;
}

static enum frame_event finish(struct frame *f)
{
	f->state = FRAME_IDLE;
	if (f->given != f->sum)
		return FRAME_BROKEN;
	return f->is_too_long ? FRAME_TOO_LONG : FRAME_PACKET;
}

enum frame_event frame_feed(struct frame *f, uint8_t byte)
{
	int digit;
	switch (f->state) {
	case FRAME_IDLE: return feed_idle(f, byte);
	case FRAME_DATA:
		if (byte == '#') {
			f->state = FRAME_SUM_HIGH;
		} else if (byte == '$') { /* the end of the packet before was lost */
			begin(f);
		} else {
			f->sum = (uint8_t)(f->sum + byte);
			if (byte == '}')
				f->state = FRAME_ESCAPED;
			else
				store(f, byte);
		}
		return FRAME_NONE;
	case FRAME_ESCAPED:
		f->sum = (uint8_t)(f->sum + byte);
		store(f, byte ^ 0x20);
		f->state = FRAME_DATA;
		return FRAME_NONE;
	case FRAME_SUM_HIGH:
		digit = text_digit(byte);
		f->given = digit < 0 ? -1 : digit << 4;
		f->state = FRAME_SUM_LOW;
		return FRAME_NONE;
	case FRAME_SUM_LOW:
		digit = text_digit(byte);
		f->given = digit < 0 || f->given < 0 ? -1 : f->given | digit;
		return finish(f);
	}
	return FRAME_NONE;
}

/* Modulo 256. Eight bytes at a time, in four lanes of 16 bits that take 128 words without a carry
 * into the next. */
static uint8_t sum_of(const uint8_t *data, size_t len)
{
	const uint64_t lanes = 0x00ff00ff00ff00ff;
	uint8_t sum = 0;
	while (len >= 8) {
		size_t words = len / 8 < 128 ? len / 8 : 128;
		uint64_t four = 0;
		for (size_t i = 0; i < words; i++) {
			uint64_t eight;
			memcpy(&eight, data + 8 * i, sizeof eight);
			four += (eight & lanes) + (eight >> 8 & lanes);
		}
		sum = (uint8_t)(sum + four + (four >> 16) + (four >> 32) + (four >> 48));
		data += 8 * words;
		len -= 8 * words;
	}
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + data[i]);
	return sum;
}

/* Looked through at once: a special byte among them is found again for each that comes before it.
 */
#define DATA_AT_ONCE 512

/* The first byte of the three that are more than data, or end. */
static const uint8_t *find_special(const uint8_t *at, const uint8_t *end)
{
	static const char specials[] = { '#', '$', '}' };
	for (size_t i = 0; i < sizeof specials; i++) {
		const uint8_t *found = memchr(at, specials[i], (size_t)(end - at));
		end = found ? found : end;
	}
	return end;
}

size_t frame_feed_data(struct frame *f, const uint8_t *bytes, size_t len)
{
	if (f->state != FRAME_DATA || f->is_too_long)
		return 0;
	size_t room = f->size - f->len, most = len < room ? len : room;
	most = most < DATA_AT_ONCE ? most : DATA_AT_ONCE;
	size_t n = (size_t)(find_special(bytes, bytes + most) - bytes);
	f->sum = (uint8_t)(f->sum + sum_of(bytes, n));
	memcpy(f->data + f->len, bytes, n);
	f->len += n;
	return n;
}

#define RUN_MIN 3 /* fewer are no longer than `*` and the character */

#define BLOCK 64 /* bytes looked at without a branch, which compilers do by vectors */

static uint8_t begins_run(const uint8_t *data)
{
	return (uint8_t)((data[0] == data[1]) & (data[1] == data[2]) & (data[2] == data[3]));
}

static bool has_run(const uint8_t *block)
{
	uint8_t found = 0;
	for (size_t i = 0; i < BLOCK; i++)
		found |= begins_run(block + i);
	return found;
}

/* Where a run that is worth it begins, or len. */
static size_t find_run(const uint8_t *data, size_t len)
{
	size_t at = 0;
	while (at + BLOCK + RUN_MIN <= len && !has_run(data + at))
		at += BLOCK;
	while (at + RUN_MIN < len && !begins_run(data + at))
		at++;
	return at + RUN_MIN < len ? at : len;
}

size_t frame_shorten(uint8_t *data, size_t len)
{
	size_t to = 0, at = 0;
	while (at < len) {
		size_t noise = find_run(data + at, len - at);
		if (to != at)
			memmove(data + to, data + at, noise);
		to += noise;
		at += noise;
		if (at == len)
			break;
		uint8_t c = data[at++];
		size_t more = RUN_MIN;
		while (more < TEXT_RUN_MAX && at + more < len && data[at + more] == c)
			more++;
		at += text_make_run(data + to, c, more);
		to += 3;
	}
	return to;
}

size_t frame_wrap(uint8_t *to, const uint8_t *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t sum = sum_of(data, len);
	to[0] = '$';
	memmove(to + 1, data, len);
	to[len + 1] = '#';
	to[len + 2] = (uint8_t)hex[sum >> 4];
	to[len + 3] = (uint8_t)hex[sum & 15];
	return len + FRAME_OVERHEAD;
}

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

#define RUN_BASE 29 /* the character for no repeats */
#define RUN_MIN  3  /* fewer are no longer than `*` and the character */
#define RUN_MAX  ('~' - RUN_BASE)

size_t frame_shorten(uint8_t *data, size_t len)
{
	size_t to = 0;
	for (size_t at = 0; at < len;) {
		uint8_t c = data[at++];
		size_t more = 0;
		while (more < RUN_MAX && at + more < len && data[at + more] == c)
			more++;
		data[to++] = c;
		if (more < RUN_MIN)
			continue;
		while (more + RUN_BASE == '#' || more + RUN_BASE == '$')
			more--;
		data[to++] = '*';
		data[to++] = (uint8_t)(more + RUN_BASE);
		at += more;
	}
	return to;
}

size_t frame_wrap(uint8_t *to, const uint8_t *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t sum = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + data[i]);
	to[0] = '$';
	memmove(to + 1, data, len);
	to[len + 1] = '#';
	to[len + 2] = (uint8_t)hex[sum >> 4];
	to[len + 3] = (uint8_t)hex[sum & 15];
	return len + FRAME_OVERHEAD;
}

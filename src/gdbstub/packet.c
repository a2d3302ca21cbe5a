/* The framing of packets: a byte machine on the way in; checksums and run lengths on the way
 * out. */
#include "gdbstub/packet.h"

#include <string.h>

#include "gdbstub/text.h"

void packet_init(struct packet *p, uint8_t *data, size_t size)
{
	*p = (struct packet) { .data = data, .size = size };
}

static void begin(struct packet *p)
{
	p->state = PACKET_DATA;
	p->len = 0;
	p->sum = 0;
	p->is_too_long = p->is_malformed = false;
}

static enum packet_event feed_idle(struct packet *p, uint8_t byte)
{
	switch (byte) {
	case '$': begin(p); return PACKET_NONE;
	case '+': return PACKET_ACK;
	case '-': return PACKET_NAK;
	case 0x03: return PACKET_INTERRUPT;
	default: return PACKET_NONE; /* noise between packets */
	}
}

static void store(struct packet *p, uint8_t byte)
{
	if (p->len < p->size)
		p->data[p->len++] = byte;
	else
		p->is_too_long = true;
}

static enum packet_event finish(struct packet *p)
{
	p->state = PACKET_IDLE;
	if (p->given != p->sum)
		return PACKET_BROKEN;
	return p->is_malformed ? PACKET_MALFORMED : p->is_too_long ? PACKET_TOO_LONG : PACKET_WHOLE;
}

/* The bytes that are more than data end what they are in, an escape too: escaped, they are
 * others. */
static bool ends(struct packet *p, uint8_t byte)
{
	if (byte == '$') { /* the end of the packet before was lost */
		begin(p);
		return true;
	}
	if (byte != '#')
		return false;
	p->is_malformed = p->state == PACKET_ESCAPED;
	p->state = PACKET_SUM_HIGH;
	return true;
}

enum packet_event packet_feed(struct packet *p, uint8_t byte)
{
	int digit;
	switch (p->state) {
	case PACKET_IDLE: return feed_idle(p, byte);
	case PACKET_DATA:
		if (ends(p, byte))
			return PACKET_NONE;
		p->sum = (uint8_t)(p->sum + byte);
		if (byte == '}')
			p->state = PACKET_ESCAPED;
		else
			store(p, byte);
		return PACKET_NONE;
	case PACKET_ESCAPED:
		if (ends(p, byte))
			return PACKET_NONE;
		p->sum = (uint8_t)(p->sum + byte);
		store(p, byte ^ 0x20);
		p->state = PACKET_DATA;
		return PACKET_NONE;
	case PACKET_SUM_HIGH:
		digit = text_digit(byte);
		p->given = digit < 0 ? -1 : digit << 4;
		p->state = PACKET_SUM_LOW;
		return PACKET_NONE;
	case PACKET_SUM_LOW:
		digit = text_digit(byte);
		p->given = digit < 0 || p->given < 0 ? -1 : p->given | digit;
		return finish(p);
	}
	return PACKET_NONE;
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

size_t packet_feed_data(struct packet *p, const uint8_t *bytes, size_t len)
{
	if (p->state != PACKET_DATA || p->is_too_long)
		return 0;
	size_t room = p->size - p->len, most = len < room ? len : room;
	most = most < DATA_AT_ONCE ? most : DATA_AT_ONCE;
	size_t n = (size_t)(find_special(bytes, bytes + most) - bytes);
	p->sum = (uint8_t)(p->sum + sum_of(bytes, n));
	memcpy(p->data + p->len, bytes, n);
	p->len += n;
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

size_t packet_shorten(uint8_t *data, size_t len)
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

size_t packet_wrap(uint8_t *to, const uint8_t *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t sum = sum_of(data, len);
	to[0] = '$';
	memmove(to + 1, data, len);
	to[len + 1] = '#';
	to[len + 2] = (uint8_t)hex[sum >> 4];
	to[len + 3] = (uint8_t)hex[sum & 15];
	return len + PACKET_OVERHEAD;
}

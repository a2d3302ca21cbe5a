/* Packets out of a byte stream: `$data#cs`, acknowledgements, 0x03. A byte machine, so any split of
 * the stream gives the same events. Pure; the buffer is the caller's.
 * Source: GDB manual, "Remote Protocol: Overview" and "Packet Acknowledgment". */
#ifndef STEPVM_GDBSTUB_FRAME_H
#define STEPVM_GDBSTUB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_event {
	FRAME_NONE,      /* nothing yet */
	FRAME_PACKET,    /* data[0..len) is a packet, unescaped */
	FRAME_BROKEN,    /* a packet whose checksum is wrong or no number */
	FRAME_TOO_LONG,  /* a whole packet with a right checksum that did not fit */
	FRAME_ACK,       /* '+' */
	FRAME_NAK,       /* '-' */
	FRAME_INTERRUPT, /* 0x03 between packets */
};

struct frame {
	enum { FRAME_IDLE, FRAME_DATA, FRAME_ESCAPED, FRAME_SUM_HIGH, FRAME_SUM_LOW } state;
	uint8_t *data; /* borrowed, size bytes */
	size_t size, len;
	uint8_t sum; /* of the bytes as they came: the sender chose what to escape */
	int given;   /* checksum so far, -1: not a number */
	bool is_too_long;
};

void frame_init(struct frame *f, uint8_t *data, size_t size);
/* Takes one byte. data stays until the next packet begins. */
enum frame_event frame_feed(struct frame *f, uint8_t byte);
/* Takes the bytes at the beginning of bytes[0, len) that are plain data of a packet under way, at
 * once: what frame_feed would do with each. Returns how many; 0 says nothing of the next one. */
size_t frame_feed_data(struct frame *f, const uint8_t *bytes, size_t len);
/* True between packets. */
bool frame_is_idle(const struct frame *f);

/* Shortens data in place by run-length encoding: `0* ` for `0000`. Returns the length. A run is of
 * at most 97 more characters, and of no number that would be written as `#` or `$`. Source: GDB
 * manual, "Remote Protocol: Overview". */
size_t frame_shorten(uint8_t *data, size_t len);

/* Writes `$`, len bytes of data, `#` and the checksum to to, which has room for len + 4. Returns
 * the length. data is escaped already. */
size_t frame_wrap(uint8_t *to, const uint8_t *data, size_t len);
#define FRAME_OVERHEAD 4

#endif

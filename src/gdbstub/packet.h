/* Packets out of a byte stream: `$data#cs`, acknowledgements, 0x03. A byte machine, so any split of
 * the stream gives the same events. Pure; the buffer is the caller's.
 * Source: GDB manual, "Remote Protocol: Overview" and "Packet Acknowledgment". */
#ifndef STEPVM_GDBSTUB_PACKET_H
#define STEPVM_GDBSTUB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_event {
	PACKET_NONE,      /* nothing yet */
	PACKET_WHOLE,     /* data[0..len) is a packet, unescaped */
	PACKET_BROKEN,    /* a packet whose checksum is wrong or no number */
	PACKET_TOO_LONG,  /* a whole packet with a right checksum that did not fit, */
	PACKET_MALFORMED, /* ... or whose last escape has nothing after it */
	PACKET_ACK,       /* '+' */
	PACKET_NAK,       /* '-' */
	PACKET_INTERRUPT, /* 0x03 between packets */
};

struct packet {
	enum { PACKET_IDLE, PACKET_DATA, PACKET_ESCAPED, PACKET_SUM_HIGH, PACKET_SUM_LOW } state;
	uint8_t *data; /* borrowed, size bytes */
	size_t size, len;
	uint8_t sum; /* of the bytes as they came: the sender chose what to escape */
	int given;   /* checksum so far, -1: not a number */
	bool is_too_long, is_malformed;
};

void packet_init(struct packet *p, uint8_t *data, size_t size);
/* Takes one byte. data stays until the next packet begins. */
enum packet_event packet_feed(struct packet *p, uint8_t byte);
/* Takes the bytes at the beginning of bytes[0, len) that are plain data of a packet under way, at
 * once: what packet_feed would do with each. Returns how many; 0 says nothing of the next one. */
size_t packet_feed_data(struct packet *p, const uint8_t *bytes, size_t len);

/* Shortens data in place by run-length encoding: `0* ` for `0000`. Returns the length. A run is of
 * at most 97 more characters, and of no number that would be written as `#` or `$`. Source: GDB
 * manual, "Remote Protocol: Overview". */
size_t packet_shorten(uint8_t *data, size_t len);

/* Writes `$`, len bytes of data, `#` and the checksum to to, which has room for len + 4. Returns
 * the length. data is escaped already. */
size_t packet_wrap(uint8_t *to, const uint8_t *data, size_t len);
#define PACKET_OVERHEAD 4

#endif

/* The bytes of a recording's file: numbers, checksums and packed runs. Pure. README.md has the format. */
#ifndef STEPVM_HISTORY_FILE_BYTES_H
#define STEPVM_HISTORY_FILE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that grow. All zeros is none; owned, by out_free. Without memory has_failed is set, and the rest is dropped. */
struct file_out {
	uint8_t *bytes;
	size_t len, size;
	bool has_failed;
};

void out_free(struct file_out *o);
void out_bytes(struct file_out *o, const void *bytes, size_t len);
/* Little-endian, of 1 to 8 bytes. */
void out_number(struct file_out *o, uint64_t value, unsigned size);
/* Its length in two bytes, and its characters: 65535 at most, the rest is dropped. */
void out_text(struct file_out *o, const char *text);

/* Bytes that are outside input, from the first to the last. What is not there any more reads as zeros, and has_failed is
 * set. */
struct file_in {
	const uint8_t *at;
	size_t left;
	bool has_failed;
};

uint64_t in_number(struct file_in *in, unsigned size);
/* NULL: there are not so many. */
const uint8_t *in_bytes(struct file_in *in, size_t len);
/* As of out_text, without control characters, cut to fit and ended. */
void in_text(struct file_in *in, char *to, size_t size);

/* CRC-32C (Castagnoli), as iSCSI has it: RFC 3720, section 12.1. before: of the bytes before these, or 0. */
uint32_t crc32c(uint32_t before, const void *bytes, size_t len);
/* Of contents, to find whether they are the same: not against somebody who wants to hide it. len: a multiple of 8. */
uint64_t file_sum(uint64_t before, const void *bytes, size_t len);

/* Packs what bytes differ in from before, which may be NULL for zeros: each byte is taken XOR the other. Appended to o:
 *
 *	00 to 7f	1 to 128 bytes follow
 *	80 to fe	1 to 127 zeros
 *	ff NN NN	so many zeros */
void pack(struct file_out *o, const uint8_t *bytes, const uint8_t *before, size_t len);
/* The same back: to, of len bytes, is the other one, and becomes these. False: it is no packed run of just so many
 * bytes, and *to is undefined. */
bool unpack(const uint8_t *packed, size_t packed_len, uint8_t *to, size_t len);

#endif

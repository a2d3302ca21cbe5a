/* What the fuzz targets share. A target is one function of bytes; libFuzzer calls it with bytes
 * that it makes up (`make fuzz`), tests/fuzz/replay.c with those of the corpus (`make check`). */
#ifndef STEPVM_TESTS_FUZZ_H
#define STEPVM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim about what is tested; on failure the input is a finding. */
#define FUZZ_CLAIM(claim)                                                                          \
	((claim) ? (void)0                                                                         \
	         : (fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim), abort()))

/* What is left of the input, taken from the front; zeros behind its end. */
struct fuzz_in {
	const uint8_t *at, *end;
};

static inline size_t fuzz_left(const struct fuzz_in *in)
{
	return (size_t)(in->end - in->at);
}

static inline void fuzz_take(struct fuzz_in *in, void *to, size_t len)
{
	size_t n = len < fuzz_left(in) ? len : fuzz_left(in);
	memset(to, 0, len);
	if (n)
		memcpy(to, in->at, n);
	in->at += n;
}

static inline uint64_t fuzz_number(struct fuzz_in *in, size_t len)
{
	uint8_t bytes[8];
	uint64_t value = 0;
	fuzz_take(in, bytes, len);
	for (size_t i = 0; i < len; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

/* What is left up to the next separator, which is taken, too. */
static inline struct fuzz_in fuzz_until(struct fuzz_in *in, uint8_t separator)
{
	struct fuzz_in part = { in->at, in->at };
	while (part.end < in->end && *part.end != separator)
		part.end++;
	in->at = part.end < in->end ? part.end + 1 : part.end;
	return part;
}

/* A copy of its own, so that a byte too far is seen; with a 0 behind it where is_string. */
static inline char *fuzz_copy(const struct fuzz_in *in, int is_string)
{
	size_t n = fuzz_left(in);
	char *copy = calloc(1, n + 1 - (n && !is_string));
	FUZZ_CLAIM(copy);
	if (n)
		memcpy(copy, in->at, n);
	if (is_string)
		copy[n] = 0;
	return copy;
}

#endif

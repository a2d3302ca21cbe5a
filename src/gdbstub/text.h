/* The protocol's text: a bounded cursor to read requests, a bounded buffer to write replies. Pure.
 * Source: GDB manual, "Remote Protocol: Overview" (hex, binary escapes). */
#ifndef STEPVM_GDBSTUB_TEXT_H
#define STEPVM_GDBSTUB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is left of a request. */
struct text_in {
	const uint8_t *at, *end;
};

/* A reply being made. What does not fit sets is_full and is left out. */
struct text_out {
	uint8_t *data;
	size_t size, len;
	bool is_full;
};

/* The value of a hex digit, or -1. */
int text_digit(uint8_t c);

struct text_in text_in(const void *data, size_t len);
static inline size_t text_left(const struct text_in *in)
{
	return (size_t)(in->end - in->at);
}
/* Each takes what it names and returns true, or takes nothing and returns false. */
bool text_take(struct text_in *in, const char *word);
bool text_take_end(const struct text_in *in);
/* 1 to 16 hex digits (more with leading zeros). */
bool text_take_hex(struct text_in *in, uint64_t *value);
/* Exactly 2 * len hex digits. */
bool text_take_bytes(struct text_in *in, uint8_t *to, size_t len);
/* All up to the separator or the end; the separator is not taken. */
struct text_in text_take_until(struct text_in *in, char separator);
bool text_equals(const struct text_in *in, const char *word);

void text_put(struct text_out *out, const char *string);
void text_put_char(struct text_out *out, char c);
/* Hex without leading zeros. */
void text_put_hex(struct text_out *out, uint64_t value);
/* Two hex digits a byte. */
void text_put_bytes(struct text_out *out, const void *data, size_t len);
/* Bytes as they are, with # $ } * escaped. Returns how many of them fitted. */
size_t text_put_binary(struct text_out *out, const void *data, size_t len);
/* The same with run-length encoding. A run's first byte is no escape's second one: what gdb expands
 * before it takes the escapes away, lldb does in one go. */
size_t text_put_binary_runs(struct text_out *out, const void *data, size_t len);

/* Run-length encoding: a character, `*`, and TEXT_RUN_BASE + how many more of it come. No count is
 * written as `#` or `$`. Source: GDB manual, "Remote Protocol: Overview". */
#define TEXT_RUN_BASE 29
#define TEXT_RUN_MAX  ('~' - TEXT_RUN_BASE)
/* c and so many more of it, 3 bytes. Returns how many more the count tells: it skips some. */
size_t text_make_run(uint8_t to[3], uint8_t c, size_t more);

#endif

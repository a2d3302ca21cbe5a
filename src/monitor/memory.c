/* monitor x and xp: memory by linear and by physical address, in QEMU's format (its
 * monitor/hmp-cmds.c, memory_dump) and, for people, in one of our own. */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/cursor.h"
#include "kvm/linear.h"
#include "monitor/internal.h"

#define BYTES_MAX  4096
#define LINE_BYTES 16

/* By linear address, or by physical one. */
static size_t read_memory(struct run *run, bool is_physical, uint64_t at, uint8_t *to, size_t len)
{
	return is_physical ? memory_read(&run->machine->guest->vm.memory, at, to, len)
	                   : linear_read(machine_vcpu(run->machine), at, to, len);
}

/* --- QEMU's: /FMT ADDRESS --------------------------------------------------------------------- */

struct format {
	uint64_t count;
	char kind;     /* x d u o c */
	unsigned size; /* bytes of one */
};

/* What follows the slash: a count, and letters in any order. False: one that there is not. */
static bool take_format(struct cursor *c, struct format *f)
{
	static const struct {
		char letter;
		uint8_t size;
	} sizes[] = { { 'b', 1 }, { 'h', 2 }, { 'w', 4 }, { 'g', 8 } };
	*f = (struct format) { .count = 1, .kind = 'x', .size = 4 };
	cursor_number(c, &f->count);
	while (!cursor_at_end(c) && *c->at != ' ') {
		bool is_known = strchr("xduoci", *c->at) != NULL;
		if (is_known)
			f->kind = *c->at;
		for (size_t i = 0; !is_known && i < ARRAY_SIZE(sizes); i++)
			if (*c->at == sizes[i].letter) {
				f->size = sizes[i].size;
				is_known = true;
			}
		if (!is_known)
			return false;
		c->at++;
	}
	if (f->kind == 'c')
		f->size = 1;
	return true;
}

static void add_char(char *to, size_t size, uint8_t c)
{
	static const char escapes[] = "\nn\rr\tt\\\\''";
	for (const char *e = escapes; *e; e += 2)
		if (c == (uint8_t)*e) {
			snprintf(to, size, " '\\%c'", e[1]);
			return;
		}
	snprintf(to, size, c >= 0x20 && c < 0x7f ? " '%c'" : " '\\x%02x'", c);
}

/* One value, as wide as the widest of its kind. */
static void add_value(char *to, size_t size, const struct format *f, const uint8_t *from)
{
	uint64_t value = get_number(from, f->size);
	int bits = 8 * (int)f->size;
	int64_t number = (int64_t)(value << (64 - bits)) >> (64 - bits);
	int decimals = (10 * bits + 32) / 33; /* of 2^bits, log10 of 2 is a little under 10/33 */
	switch (f->kind) {
	case 'd': snprintf(to, size, " %*" PRId64, decimals, number); break;
	case 'u': snprintf(to, size, " %*" PRIu64, decimals, value); break;
	case 'o': snprintf(to, size, " %#*" PRIo64, (bits + 2) / 3, value); break;
	case 'c': add_char(to, size, *from); break;
	default: snprintf(to, size, " 0x%0*" PRIx64, bits / 4, value); break;
	}
}

/* Lines of 16 bytes, of 8 where they are shown one by one. */
static void say_values(struct run *run, const struct output *out, bool is_physical, uint64_t at,
        const struct format *f)
{
	size_t left = (size_t)f->count * f->size;
	size_t line_len = f->size == 1 && f->kind != 'c' ? LINE_BYTES / 2 : LINE_BYTES;
	while (left) {
		uint8_t bytes[LINE_BYTES];
		char line[LINE_BYTES * 24] = "";
		size_t len = left < line_len ? left : line_len;
		if (read_memory(run, is_physical, at, bytes, len) < len) {
			say(out, "%016" PRIx64 ": Cannot access memory\n", at);
			return;
		}
		for (size_t i = 0; i < len; i += f->size) {
			size_t n = strlen(line);
			add_value(line + n, sizeof line - n, f, bytes + i);
		}
		say(out, "%016" PRIx64 ":%s\n", at, line);
		at += len;
		left -= len;
	}
}

static void examine(
        struct run *run, const struct output *out, const char *operands, bool is_physical)
{
	const char *word = is_physical ? "xp" : "x";
	struct cursor c = cursor_of(operands);
	struct format f = { .count = 1, .kind = 'x', .size = 4 };
	uint64_t at;
	if (cursor_char(&c, '/') && (!take_format(&c, &f) || !cursor_char(&c, ' '))) {
		refuse(out, word, operands,
		        "/FMT is a count, a letter of x d u o c, and one of b h w g, as in %s /4xw "
		        "$pc",
		        word);
	} else if (f.kind == 'i') {
		refuse(out, word, operands,
		        "stepvm has no disassembler; gdb's own does it: x/%" PRIu64 "i ADDRESS",
		        f.count);
	} else if (!monitor_take_value(machine_vcpu(run->machine), &c, &at) || !cursor_at_end(&c)) {
		refuse(out, word, operands,
		        "expected [/FMT] ADDRESS, made of numbers, registers such as $pc, and + - "
		        "* ( )");
	} else if (f.count > BYTES_MAX / f.size) {
		refuse(out, word, operands, "no more than %d bytes at once", BYTES_MAX);
	} else {
		say_values(run, out, is_physical, at, &f);
	}
}

void monitor_x(struct run *run, const struct output *out, const char *operands)
{
	examine(run, out, operands, false);
}

/* --- ours: ADDRESS [BYTES] -------------------------------------------------------------------- */

/* One line: the address, 16 bytes, their characters. */
static void say_bytes(const struct output *out, uint64_t gpa, const uint8_t *bytes, size_t len)
{
	char hex[3 * LINE_BYTES + 1], text[LINE_BYTES + 1];
	for (size_t i = 0; i < LINE_BYTES; i++) {
		bool is_text = i < len && bytes[i] >= 0x20 && bytes[i] < 0x7f;
		snprintf(hex + 3 * i, 4, i < len ? " %02x" : "   ", i < len ? bytes[i] : 0);
		text[i] = i >= len ? 0 : is_text ? (char)bytes[i] : '.';
	}
	text[LINE_BYTES] = 0;
	say(out, "0x%08" PRIx64 ":%s  %s\n", gpa, hex, text);
}

void monitor_xp(struct run *run, const struct output *out, const char *operands)
{
	struct cursor at = cursor_of(operands);
	uint64_t gpa, len = 64;
	if (*operands == '/') {
		examine(run, out, operands, true);
		return;
	}
	bool is_good = monitor_take_value(machine_vcpu(run->machine), &at, &gpa);
	if (is_good && cursor_char(&at, ' '))
		is_good = cursor_number(&at, &len);
	if (!is_good || !cursor_at_end(&at) || len > BYTES_MAX) {
		refuse(out, "xp", operands,
		        "expected /FMT ADDRESS, or ADDRESS [BYTES], up to %d bytes", BYTES_MAX);
		return;
	}
	while (len) {
		uint8_t bytes[LINE_BYTES];
		size_t wanted = len < LINE_BYTES ? (size_t)len : LINE_BYTES;
		size_t n = read_memory(run, true, gpa, bytes, wanted);
		if (n)
			say_bytes(out, gpa, bytes, n);
		if (n < wanted) {
			say(out, "0x%08" PRIx64 ": no RAM is there\n", gpa + n);
			return;
		}
		gpa += n;
		len -= n;
	}
}

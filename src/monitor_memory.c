/* monitor xp: memory by physical address. */
#include <inttypes.h>

#include "cursor.h"
#include "monitor_internal.h"

#define XP_BYTES 16
#define XP_MAX   4096

/* One line: the address, 16 bytes, their characters. */
static void say_bytes(const struct output *out, uint64_t gpa, const uint8_t *bytes, size_t len)
{
	char hex[3 * XP_BYTES + 1], text[XP_BYTES + 1];
	for (size_t i = 0; i < XP_BYTES; i++) {
		bool is_text = i < len && bytes[i] >= 0x20 && bytes[i] < 0x7f;
		snprintf(hex + 3 * i, 4, i < len ? " %02x" : "   ", i < len ? bytes[i] : 0);
		text[i] = i >= len ? 0 : is_text ? (char)bytes[i] : '.';
	}
	text[XP_BYTES] = 0;
	say(out, "0x%08" PRIx64 ":%s  %s\n", gpa, hex, text);
}

void monitor_xp(struct serve *s, const struct output *out, const char *operands)
{
	struct cursor at = cursor_of(operands);
	uint64_t gpa, len = 64;
	bool is_good = cursor_number(&at, &gpa);
	if (is_good && cursor_char(&at, ' '))
		is_good = cursor_number(&at, &len);
	if (!is_good || !cursor_at_end(&at) || len > XP_MAX) {
		say(out, "xp %s: ADDRESS and, perhaps, how many bytes (up to %d) were meant\n",
		        operands, XP_MAX);
		return;
	}
	while (len) {
		uint8_t bytes[XP_BYTES];
		size_t wanted = len < XP_BYTES ? (size_t)len : XP_BYTES;
		size_t n = memory_read(&s->machine->vm.memory, gpa, bytes, wanted);
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

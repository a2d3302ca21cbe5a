/* UTF-8: the shortest form only, no surrogates. */
#include "display/utf8.h"

#include <stdbool.h>

static bool is_character(uint32_t code_point)
{
	return code_point <= 0x10ffff && (code_point & ~0x7ffu) != 0xd800;
}

unsigned utf8_put(char to[UTF8_MAX], uint32_t code_point)
{
	static const uint8_t leads[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
	if (!is_character(code_point))
		code_point = UTF8_REPLACE;
	unsigned len = code_point < 0x80      ? 1
	               : code_point < 0x800   ? 2
	               : code_point < 0x10000 ? 3
	                                      : 4;
	for (unsigned i = len; --i > 0; code_point >>= 6)
		to[i] = (char)(0x80 | (code_point & 0x3f));
	to[0] = (char)(leads[len] | code_point);
	return len;
}

unsigned utf8_take(const uint8_t *bytes, size_t len, uint32_t *code_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (!len)
		return 0;
	uint8_t lead = bytes[0];
	unsigned wanted = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (!wanted || lead > 0xf4) {
		*code_point = UTF8_REPLACE;
		return 1;
	}
	uint32_t value = wanted == 1 ? lead : lead & (0x7fu >> wanted);
	for (unsigned i = 1; i < wanted; i++) {
		if (i == len)
			return 0;
		if ((bytes[i] & 0xc0) != 0x80) {
			*code_point = UTF8_REPLACE;
			return 1;
		}
		value = value << 6 | (bytes[i] & 0x3f);
	}
	bool is_good = value >= least[wanted] && is_character(value);
	*code_point = is_good ? value : UTF8_REPLACE;
	return is_good ? wanted : 1;
}

/* Prefixes and opcode maps. */
#include "compare/opcode.h"

#include <stdio.h>

#include "compare/compare.h"

static bool take_prefix(struct opcode *o, uint8_t byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		o->has_late_segment |= o->segment >= 0x64;
		o->segment = byte;
		return true;
	case 0x64:
	case 0x65: o->segment = byte; return true;
	case 0x66: o->has_66 = true; return true;
	case 0x67: o->has_67 = true; return true;
	case 0xf0: o->has_lock = true; return true;
	case 0xf2:
	case 0xf3: o->rep = byte; return true;
	default: return false;
	}
}

struct opcode opcode_decode(const uint8_t *bytes, unsigned bits)
{
	struct opcode o = { .map = MAP_1 };
	unsigned i = 0;
	for (; i < COMPARE_BYTES - 4; i++) {
		if (take_prefix(&o, bytes[i]))
			o.rex = 0; /* one before a prefix counts for nothing */
		else if (bits == 64 && (bytes[i] & 0xf0) == 0x40)
			o.rex = bytes[i];
		else
			break;
	}
	o.prefix_len = i;
	o.op = bytes[i++];
	if (o.op == 0x0f) {
		o.op = bytes[i++];
		o.map = o.op == 0x38 ? MAP_0F38 : o.op == 0x3a ? MAP_0F3A : MAP_0F;
		if (o.map != MAP_0F)
			o.op = bytes[i++];
	} else if ((o.op == 0xc4 || o.op == 0xc5 || o.op == 0x62) &&
	           (bits == 64 || bytes[i] >= 0xc0)) {
		o.map = MAP_VEX;
	}
	o.modrm = bytes[i];
	return o;
}

bool opcode_is_vector(const struct opcode *o)
{
	switch (o->map) {
	case MAP_1: return (o->op >= 0xd8 && o->op <= 0xdf) || o->op == 0x9b;
	case MAP_0F:
		return (o->op >= 0x10 && o->op <= 0x17) || (o->op >= 0x28 && o->op <= 0x2f) ||
		       (o->op >= 0x50 && o->op <= 0x7f) || o->op == 0xae || o->op == 0xc2 ||
		       (o->op >= 0xc4 && o->op <= 0xc6) || (o->op >= 0xd0 && o->op < 0xff) ||
		       o->op == 0x0d || o->op == 0x0e || o->op == 0x0f;
	case MAP_0F38:
	case MAP_0F3A:
	case MAP_VEX: return true;
	case MAP_COUNT: break;
	}
	return false;
}

bool opcode_is_group(const struct opcode *o)
{
	if (o->map == MAP_0F)
		return o->op == 0x00 || o->op == 0x01 || o->op == 0xba || o->op == 0xae ||
		       o->op == 0xc7 || o->op == 0x18;
	return o->map == MAP_1 &&
	       ((o->op >= 0x80 && o->op <= 0x83) || o->op == 0x8f || o->op == 0xc0 ||
	               o->op == 0xc1 || (o->op >= 0xd0 && o->op <= 0xd3) || o->op == 0xf6 ||
	               o->op == 0xf7 || o->op == 0xfe || o->op == 0xff);
}

void opcode_name(const struct opcode *o, char to[16])
{
	static const char *const maps[] = { "", "0f ", "0f 38 ", "0f 3a ", "vex " };
	int len = snprintf(to, 16, "%s%02x", maps[o->map], o->op);
	if (opcode_is_group(o))
		snprintf(to + len, (size_t)(16 - len), " /%u", o->modrm >> 3 & 7);
}

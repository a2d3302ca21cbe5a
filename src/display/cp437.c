/* A PC's characters and their code points: one table, and a search for the way back. */
#include "display/cp437.h"

#include <stddef.h>

#include "base/array.h"

/* 00h-1Fh, and from 7Fh on; what lies between is ASCII. */
static const uint16_t low[0x20] = {
	0x0020, 0x263a, 0x263b, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022, /* faces, suits, bullet */
	0x25d8, 0x25cb, 0x25d9, 0x2642, 0x2640, 0x266a, 0x266b, 0x263c, /* circles, signs, notes */
	0x25ba, 0x25c4, 0x2195, 0x203c, 0x00b6, 0x00a7, 0x25ac, 0x21a8, /* triangles, marks */
	0x2191, 0x2193, 0x2192, 0x2190, 0x221f, 0x2194, 0x25b2, 0x25bc, /* arrows */
};

static const uint16_t high[0x81] = {
	0x2302,                                                         /* 7F: a house */
	0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, /* 80: Latin letters */
	0x00ea, 0x00eb, 0x00e8, 0x00ef, 0x00ee, 0x00ec, 0x00c4, 0x00c5, /* 88 */
	0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9, /* 90 */
	0x00ff, 0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, /* 98: and currencies */
	0x00e1, 0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa, 0x00ba, /* A0 */
	0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb, /* A8 */
	0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, /* B0: shades, boxes */
	0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510, /* B8 */
	0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f, /* C0 */
	0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, /* C8 */
	0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b, /* D0 */
	0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, /* D8: and blocks */
	0x03b1, 0x00df, 0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, /* E0: Greek */
	0x03a6, 0x0398, 0x03a9, 0x03b4, 0x221e, 0x03c6, 0x03b5, 0x2229, /* E8 */
	0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248, /* F0: mathematics */
	0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0, /* F8 */
};

/* Code points that look like another one's character. */
static const struct {
	uint16_t code_point;
	uint8_t code;
} alike[] = {
	{ 0x03b2, 0xe1 },                   /* beta: the sharp s */
	{ 0x03bc, 0xe6 },                   /* mu: the micro sign */
	{ 0x2126, 0xea },                   /* ohm: omega */
	{ 0x2211, 0xe4 },                   /* the sum: sigma */
	{ 0x220f, 0xe3 },                   /* the product: pi */
	{ 0x2208, 0xee },                   /* element of: epsilon */
	{ 0x2205, 0xed },                   /* the empty set: phi */
	{ 0x25b6, 0x10 },                   /* triangles */
	{ 0x25c0, 0x11 }, { 0x2713, 0xfb }, /* a check mark: the root */
};

uint32_t cp437_unicode(uint8_t code)
{
	if (code < 0x20)
		return low[code];
	return code < 0x7f ? code : high[code - 0x7f];
}

int cp437_from(uint32_t code_point)
{
	if (code_point >= 0x20 && code_point < 0x7f)
		return (int)code_point;
	for (unsigned i = 1; i < ARRAY_SIZE(low); i++)
		if (low[i] == code_point)
			return (int)i;
	for (unsigned i = 0; i < ARRAY_SIZE(high); i++)
		if (high[i] == code_point)
			return (int)i + 0x7f;
	for (size_t i = 0; i < ARRAY_SIZE(alike); i++)
		if (alike[i].code_point == code_point)
			return alike[i].code;
	return -1;
}

char cp437_ascii(uint8_t code)
{
	static const char lower[] = " @@*****#oOmf&&*><|!PS_|^v><L-^v";
	static const char upper[] = "^"
	                            "CueaaaaceeeiiiAA"
	                            "EaAooouuyOUcLYPf"
	                            "aiounNao?--24!<>"
	                            ":%#|++++++|+++++"
	                            "++++-++++++++=++"
	                            "+++++++++++#_||^"
	                            "aBGpSsutFTOd8fen"
	                            "=+><||/~o..vn2# ";
	if (code < 0x20)
		return lower[code];
	return code < 0x7f ? (char)code : upper[code - 0x7f];
}

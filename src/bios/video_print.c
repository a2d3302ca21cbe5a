/* Int 05h: print screen: what the screen shows goes to the first printer by int 17h.
 *
 * Source: Ralf Brown's Interrupt List, INT 05; IBM Personal Computer AT Technical Reference, "Print
 * screen". */
#include "bios/video.h"

#define IS_PRINTING  0x01 /* in BDA_PRINT_SCREEN */
#define HAS_FAILED   0xff
#define PRINTER_FAIL 0x29 /* AH of int 17h: time out, error, no paper */

static bool put(struct bios *b, uint8_t character)
{
	struct bios_regs r = { .eax = character }; /* AH=00h; DX=0: the first printer */
	return bios_call(b, 0x17, &r) == BIOS_DONE && !(bios_ah(&r) & PRINTER_FAIL);
}

/* What can't be told in a graphics mode is a space. */
static bool put_row(struct bios *b, const struct video_screen *s, struct video_place at)
{
	bool is_good = true;
	for (unsigned i = 0; i < s->columns && i < 256 && is_good; i++) {
		at.column = (uint8_t)i;
		uint8_t character = video_read(s, at).character;
		is_good = put(b, character ? character : ' ');
	}
	return is_good && put(b, '\r') && put(b, '\n');
}

enum bios_verdict print_screen_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_screen s = video_screen(b);
	struct video_place at = { .page = bios_get8(b, BDA_PAGE) };
	bool is_good = bios_get16(b, BDA_LPT) != 0;
	(void)vector;
	(void)r;
	if (bios_get8(b, BDA_PRINT_SCREEN) == IS_PRINTING)
		return BIOS_DONE;
	bios_put8(b, BDA_PRINT_SCREEN, IS_PRINTING);
	for (unsigned row = 0; row < s.rows && is_good; row++) {
		at.row = (uint8_t)row;
		is_good = put_row(b, &s, at);
	}
	bios_put8(b, BDA_PRINT_SCREEN, is_good ? 0 : HAS_FAILED);
	return BIOS_DONE;
}

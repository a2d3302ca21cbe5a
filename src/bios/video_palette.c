/* Colours: int 10h AH=0Bh and AH=10h. A value of the palette is an index of the DAC's.
 *
 * Source: Ralf Brown's Interrupt List, INT 10/AH=0Bh, INT 10/AX=1000h to 101Bh; IBM VGA Technical
 * Reference, "Attribute controller registers". */
#include "bios/video.h"

#define PALETTE      16
#define MODE_CONTROL 0x10
#define OVERSCAN     0x11
#define COLOR_SELECT 0x14
#define BLINKS       0x08 /* of MODE_CONTROL: attribute bit 7 blinks */
#define SELECTS_4    0x80 /* of MODE_CONTROL: COLOR_SELECT has bits 7:4 of an index, not 7:6 */
#define CRT_BLINKS   0x20 /* of BDA_CRT_MODE */
#define CGA_BRIGHT   0x10 /* of a CGA mode's palette */
#define CGA_BLUE     0x01 /* tells cyan, magenta, white from green, red, brown */
#define DAC_MASK     0x3c6

/* A far pointer's byte i; the offset wraps at 64 KiB. */
static uint32_t far(uint16_t segment, uint32_t offset, unsigned i)
{
	return bios_linear(segment, (uint16_t)(offset + i));
}

/* AH=0Bh BH=00h: the background, and in text modes whatever attribute 0 shows. Bits 2:0 are the
 * colour, bit 3 makes it bright, bit 4 the other three colours of a CGA mode. BH=01h: which those
 * are. */
enum bios_verdict video_set_palette(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint8_t value = bios_low(r->ebx), which = bios_high(r->ebx);
	uint8_t port = bios_get8(b, BDA_CRT_PALETTE);
	(void)vector;
	if (which == 0) {
		uint8_t color = value & 0x0f;
		video_set_attribute(b, 0, color & 8 ? color + 8 : color);
		for (uint8_t i = 1; i < 4; i++)
			video_change_attribute(b, i, CGA_BRIGHT, value);
		port = (uint8_t)((port & ~0x1f) | (value & 0x1f));
	} else if (which == 1) {
		for (uint8_t i = 1; i < 4; i++)
			video_change_attribute(b, i, CGA_BLUE, value);
		port = (uint8_t)((port & ~0x20) | (value & 1) << 5);
	}
	bios_put8(b, BDA_CRT_PALETTE, port);
	return BIOS_DONE;
}

/* --- AX=10xxh: the attribute controller ------------------------------------------------------- */

enum bios_verdict video_palette_register(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	if (bios_low(r->ebx) <= COLOR_SELECT)
		video_set_attribute(b, bios_low(r->ebx), bios_high(r->ebx));
	return BIOS_DONE;
}

enum bios_verdict video_border(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	video_set_attribute(b, OVERSCAN, bios_high(r->ebx));
	return BIOS_DONE;
}

/* ES:DX: the palette's 16, and the border's. */
enum bios_verdict video_palette_registers(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	for (uint8_t i = 0; i <= PALETTE; i++)
		video_set_attribute(
		        b, i == PALETTE ? OVERSCAN : i, bios_get8(b, far(r->es, r->edx, i)));
	return BIOS_DONE;
}

enum bios_verdict video_blink(struct bios *b, unsigned vector, struct bios_regs *r)
{
	bool blinks = bios_low(r->ebx) & 1;
	uint8_t mode = bios_get8(b, BDA_CRT_MODE);
	(void)vector;
	video_change_attribute(b, MODE_CONTROL, BLINKS, blinks ? BLINKS : 0);
	bios_put8(b, BDA_CRT_MODE, (uint8_t)(blinks ? mode | CRT_BLINKS : mode & ~CRT_BLINKS));
	return BIOS_DONE;
}

enum bios_verdict video_read_register(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	if (bios_low(r->ebx) <= COLOR_SELECT)
		bios_set_high(&r->ebx, video_attribute(b, bios_low(r->ebx)));
	return BIOS_DONE;
}

enum bios_verdict video_read_border(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_high(&r->ebx, video_attribute(b, OVERSCAN));
	return BIOS_DONE;
}

enum bios_verdict video_read_registers(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	for (uint8_t i = 0; i <= PALETTE; i++)
		bios_put8(
		        b, far(r->es, r->edx, i), video_attribute(b, i == PALETTE ? OVERSCAN : i));
	return BIOS_DONE;
}

/* --- AX=10xxh: the DAC ------------------------------------------------------------------------ */

enum bios_verdict video_set_color(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_color c = { bios_high(r->edx), bios_high(r->ecx), bios_low(r->ecx) };
	(void)vector;
	video_set_dac(b, bios_low(r->ebx), c);
	return BIOS_DONE;
}

/* ES:DX: red, green, blue of CX colours from BX on. */
enum bios_verdict video_set_colors(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	for (unsigned i = 0; i < bios_word(r->ecx); i++) {
		struct video_color c = {
			bios_get8(b, far(r->es, r->edx, 3 * i)),
			bios_get8(b, far(r->es, r->edx, 3 * i + 1)),
			bios_get8(b, far(r->es, r->edx, 3 * i + 2)),
		};
		video_set_dac(b, (uint8_t)(r->ebx + i), c);
	}
	return BIOS_DONE;
}

enum bios_verdict video_read_color(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_color c = video_dac(b, bios_low(r->ebx));
	(void)vector;
	bios_set_high(&r->edx, c.red);
	bios_set_high(&r->ecx, c.green);
	bios_set_low(&r->ecx, c.blue);
	return BIOS_DONE;
}

enum bios_verdict video_read_colors(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	for (unsigned i = 0; i < bios_word(r->ecx); i++) {
		struct video_color c = video_dac(b, (uint8_t)(r->ebx + i));
		bios_put8(b, far(r->es, r->edx, 3 * i), c.red);
		bios_put8(b, far(r->es, r->edx, 3 * i + 1), c.green);
		bios_put8(b, far(r->es, r->edx, 3 * i + 2), c.blue);
	}
	return BIOS_DONE;
}

/* BL=00h: pages of 64 colours (BH=0) or of 16 (BH=1); BL=01h: page BH. */
enum bios_verdict video_select_page(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint8_t value = bios_high(r->ebx);
	(void)vector;
	if (!(bios_low(r->ebx) & 1)) {
		video_change_attribute(b, MODE_CONTROL, SELECTS_4, (uint8_t)(value << 7));
		return BIOS_DONE;
	}
	bool has_16 = video_attribute(b, MODE_CONTROL) & SELECTS_4;
	video_set_attribute(b, COLOR_SELECT, (has_16 ? value : (uint8_t)(value << 2)) & 0x0f);
	return BIOS_DONE;
}

enum bios_verdict video_read_page(struct bios *b, unsigned vector, struct bios_regs *r)
{
	bool has_16 = video_attribute(b, MODE_CONTROL) & SELECTS_4;
	uint8_t page = video_attribute(b, COLOR_SELECT) & 0x0f;
	(void)vector;
	bios_set_low(&r->ebx, has_16);
	bios_set_high(&r->ebx, has_16 ? page : page >> 2);
	return BIOS_DONE;
}

enum bios_verdict video_set_mask(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_out(b, DAC_MASK, bios_low(r->ebx));
	return BIOS_DONE;
}

enum bios_verdict video_read_mask(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_low(&r->ebx, bios_in(b, DAC_MASK));
	return BIOS_DONE;
}

enum bios_verdict video_make_gray(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	video_gray(b, bios_word(r->ebx), bios_word(r->ecx));
	return BIOS_DONE;
}

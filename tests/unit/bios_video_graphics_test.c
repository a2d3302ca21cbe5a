/* Int 10h in graphics modes: pixels and characters in the memory of modes 04h, 06h and 13h, fonts by
 * their vectors; what is not shown is said. */
#include "check.h"

#include "devices/font.h"
#include "bios_pc.h"

#define CGA    0xb8000u
#define PACKED 0xa0000u
#define FONT   0x20000u /* a guest's own */

static struct pc pc;

static void video(uint16_t ax, uint16_t bx, uint16_t cx, uint16_t dx)
{
	pc.writes = 0;
	CHECK_EQ(pc_int(&pc, 0x10, ax, bx, cx, dx), BIOS_DONE);
}

static void open_in(uint8_t mode)
{
	pc_open(&pc, 2 << 20);
	video(mode, 0, 0, 0);
}

/* A font of 8 lines: each line of a character is its number, but for the last, which is 81h. */
static void use_a_font(void)
{
	for (unsigned c = 0; c < 256; c++) {
		memset(pc.ram + FONT + 8 * c, (int)c, 7);
		pc.ram[FONT + 8 * c + 7] = 0x81;
	}
	pc.r.es = FONT / 16;
	pc.r.ebp = 128 * 8;
	video(0x1120, 0, 0, 0);
	pc.r.ebp = 0;
	video(0x1121, 0x0002, 8, 0);
}

static void modes_clear_their_memory(void)
{
	pc_open(&pc, 2 << 20);
	memset(pc.ram + PACKED, 0x55, 0x20000);
	video(0x0093, 0, 0, 0);
	CHECK_EQ(pc.ram[PACKED], 0x55);
	video(0x0013, 0, 0, 0);
	CHECK_EQ(pc.ram[PACKED], 0);
	CHECK_EQ(pc.ram[PACKED + 0xffff], 0);
	CHECK_EQ(pc.ram[0xb0000], 0x55);
	CHECK_EQ(pc_get16(&pc, BDA_COLUMNS), 40);
	CHECK_EQ(pc.ram[BDA_ROWS], 24);
	CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), 8);
	CHECK_EQ(pc_get16(&pc, BDA_PAGE_SIZE), 0x2000);
	video(0x0006, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x003f);
	CHECK_EQ(pc.ram[CGA + 0x3fff], 0);
	CHECK_EQ(pc.ram[BDA_CRT_PALETTE], 0x3f);
	CHECK_EQ(pc_get16(&pc, BDA_COLUMNS), 80);
}

static void pixels_of_a_byte(void)
{
	open_in(0x13);
	video(0x0c9a, 0, 319, 199);
	CHECK_EQ(pc.ram[PACKED + 63999], 0x9a);
	video(0x0d00, 0, 319, 199);
	CHECK_EQ(pc.r.eax, 0x0d9a);
	video(0x0c77, 0, 320, 1); /* of the next line */
	CHECK_EQ(pc.ram[PACKED + 640], 0x77);
	video(0x0c78, 0, 1536, 200); /* the offset wraps at 64 KiB */
	CHECK_EQ(pc.ram[PACKED], 0x78);
}

static void pixels_of_two_bits(void)
{
	open_in(0x04);
	video(0x0c02, 0, 5, 3);
	CHECK_EQ(pc.ram[CGA + 0x2000 + 80 + 1], 0x20);
	video(0x0c83, 0, 5, 3); /* exclusive or: 2 ^ 3 */
	CHECK_EQ(pc.ram[CGA + 0x2000 + 80 + 1], 0x10);
	video(0x0d00, 0, 5, 3);
	CHECK_EQ(pc.r.eax, 0x0d01);
	video(0x0cff, 0, 319, 198); /* of the three colours no more than its two bits */
	CHECK_EQ(pc.ram[CGA + 99 * 80 + 79], 0x03);
	video(0x0c01, 0, 0, 820); /* past the display memory */
	CHECK_EQ(pc.writes, 0);
	video(0x0d55, 0, 0, 820);
	CHECK_EQ(pc.r.eax, 0x0d00);
}

static void pixels_of_one_bit(void)
{
	open_in(0x06);
	video(0x0c01, 0, 639, 1);
	CHECK_EQ(pc.ram[CGA + 0x2000 + 79], 0x01);
	video(0x0c01, 0, 632, 1);
	CHECK_EQ(pc.ram[CGA + 0x2000 + 79], 0x81);
	video(0x0d00, 0, 632, 1);
	CHECK_EQ(pc.r.eax, 0x0d01);
	video(0x0c00, 0, 632, 1);
	CHECK_EQ(pc.ram[CGA + 0x2000 + 79], 0x01);
}

static void pixels_of_a_text_mode_are_none(void)
{
	open_in(0x03);
	video(0x0c01, 0, 0, 0);
	CHECK_EQ(pc.writes, 0);
	video(0x0d33, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x0d00);
}

static void characters_are_drawn_in_a_byte_a_pixel(void)
{
	open_in(0x13);
	use_a_font();
	video(0x0200, 0, 0, 0x0102);
	video(0x09a5, 0x0044, 2, 0);
	for (unsigned x = 0; x < 16; x++) {
		unsigned bit = 0x80 >> x % 8;
		CHECK_EQ(pc.ram[PACKED + 8 * 320 + 16 + x], 0xa5 & bit ? 0x44 : 0);
		CHECK_EQ(pc.ram[PACKED + 15 * 320 + 16 + x], 0x81 & bit ? 0x44 : 0);
	}
	CHECK_EQ(pc.ram[PACKED + 16 * 320 + 16], 0);
	video(0x0800, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x44a5);
	video(0x0e42, 0x0081, 0, 0); /* bit 7 is a colour here */
	CHECK_EQ(pc.ram[PACKED + 8 * 320 + 16 + 1], 0x81);
	CHECK_EQ(pc_get16(&pc, BDA_CURSORS), 0x0103);
}

static void characters_are_drawn_in_two_bits(void)
{
	open_in(0x04);
	use_a_font();
	video(0x0981, 0x0003, 1, 0);
	CHECK_EQ(pc.ram[CGA], 0xc0);
	CHECK_EQ(pc.ram[CGA + 1], 0x03);
	CHECK_EQ(pc.ram[CGA + 0x2000], 0xc0);
	CHECK_EQ(pc.ram[CGA + 3 * 80], 0xc0);
	CHECK_EQ(pc.ram[CGA + 4 * 80], 0x00);
	video(0x0981, 0x0081, 1, 0); /* mixed: 3 ^ 1 */
	CHECK_EQ(pc.ram[CGA], 0x80);
	video(0x0800, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x0281);
	video(0x0981, 0x0082, 1, 0);
	CHECK_EQ(pc.ram[CGA], 0x00);
}

static void characters_are_drawn_in_one_bit(void)
{
	open_in(0x06);
	use_a_font();
	video(0x0200, 0, 0, 0x184f);
	video(0x09c3, 0x0001, 1, 0);
	CHECK_EQ(pc.ram[CGA + 96 * 80 + 79], 0xc3);
	CHECK_EQ(pc.ram[CGA + 0x2000 + 99 * 80 + 79], 0x81);
}

static void what_is_no_character_reads_as_0(void)
{
	open_in(0x13);
	video(0x0c05, 0, 3, 3);
	video(0x0800, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0);
	video(0x0200, 0, 0, 0x0028); /* right of the screen */
	video(0x0941, 5, 1, 0);
	CHECK_EQ(pc.writes, 0);
	video(0x0800, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0);
}

static void graphics_scroll(void)
{
	open_in(0x13);
	use_a_font();
	for (unsigned row = 0; row < 25; row++)
		memset(pc.ram + PACKED + row * 8 * 320, (int)row, 8 * 320);
	video(0x0601, 0x9900, 0x0101, 0x0302); /* rows 1 to 3, columns 1 and 2 */
	CHECK_EQ(pc.ram[PACKED + 8 * 320 + 8], 2);
	CHECK_EQ(pc.ram[PACKED + 8 * 320 + 7], 1);
	CHECK_EQ(pc.ram[PACKED + 31 * 320 + 23], 0x99);
	CHECK_EQ(pc.ram[PACKED + 31 * 320 + 24], 3);
	CHECK_EQ(pc.ram[PACKED + 32 * 320 + 8], 4);
	video(0x0200, 0, 0, 0x1800);
	video(0x0e0a, 0x0007, 0, 0); /* as a teletype does: black comes in */
	CHECK_EQ(pc.ram[PACKED], 1);
	CHECK_EQ(pc.ram[PACKED + 199 * 320 + 319], 0);
	open_in(0x04);
	memset(pc.ram + CGA + 8 * 40, 0x1b, 80);
	memset(pc.ram + CGA + 0x2000 + 8 * 40, 0xe4, 80);
	video(0x0601, 0x0200, 0x0000, 0x184f); /* columns are cut to 40 */
	CHECK_EQ(pc.ram[CGA + 4 * 40], 0x00);
	CHECK_EQ(pc.ram[CGA], 0x1b);
	CHECK_EQ(pc.ram[CGA + 79], 0x1b);
	CHECK_EQ(pc.ram[CGA + 0x2000 + 79], 0xe4);
	CHECK_EQ(pc.ram[CGA + 96 * 80], 0xaa);
	CHECK_EQ(pc.ram[CGA + 0x2000 + 99 * 80 + 79], 0xaa);
}

static void fonts_are_found_in_the_rom(void)
{
	static const struct {
		uint8_t which, height;
		unsigned first; /* the first character's number */
	} rows[] = { { 1, 16, 0 }, { 0, 8, 128 }, { 2, 14, 0 }, { 3, 8, 0 }, { 4, 8, 128 },
		{ 6, 16, 0 } };
	pc_open(&pc, 2 << 20);
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		const uint8_t *font = rows[i].height == 16   ? font_8x16[0]
		                      : rows[i].height == 14 ? font_8x14[0]
		                                             : font_8x8[0];
		video(0x1130, (uint16_t)(rows[i].which << 8), 0, 0);
		CHECK_EQ(pc.r.es, ROM_SEGMENT);
		CHECK_EQ(pc.r.ecx, 16);
		CHECK_EQ(pc.r.edx, 24);
		CHECK(!memcmp(pc.ram + ROM_GPA + pc.r.ebp, font + rows[i].first * rows[i].height,
		        (256 - rows[i].first) * rows[i].height));
	}
	CHECK(!memcmp(pc.ram + ROM_GPA + ROM_FONT_8X8, font_8x8, 128 * 8));
	video(0x1130, 0x0500, 0, 0);
	CHECK_EQ(pc.ram[ROM_GPA + pc.r.ebp], 0); /* an empty list */
	pc.r.es = 0x1234;
	video(0x1130, 0x0800, 0x5678, 0);
	CHECK_EQ(pc.r.es, 0x1234);
	CHECK_EQ(pc.r.ecx, 0x5678);
}

static void graphics_fonts_have_their_rows(void)
{
	static const uint8_t rows[] = { 17, 14, 25, 43, 25 };
	open_in(0x13);
	for (unsigned bl = 0; bl < sizeof rows; bl++) {
		video(0x1122, (uint16_t)bl, 0, 17);
		CHECK_EQ(pc.ram[BDA_ROWS], rows[bl] - 1);
		CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), 14);
		CHECK_EQ(pc_get32(&pc, 0x43 * 4), 0xf0005000);
	}
	video(0x1123, 2, 0, 0);
	CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), 8);
	video(0x1124, 2, 0, 0);
	CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), 16);
	video(0x0e41, 7, 0, 0);
	for (unsigned line = 0; line < 16; line++)
		for (unsigned x = 0; x < 8; x++)
			CHECK_EQ(pc.ram[PACKED + line * 320 + x],
			        font_8x16['A'][line] & 0x80 >> x ? 7 : 0);
}

static void planes_are_said_once(void)
{
	pc_open(&pc, 2 << 20);
	CHECK_EQ(pc.said_count, 0);
	for (uint8_t mode = 0x0d; mode <= 0x12; mode++) {
		video(mode, 0, 0, 0);
		CHECK_EQ(pc.ram[BDA_VIDEO_MODE], mode);
		CHECK_EQ(vga_kind(&pc.board.state.vga), VGA_PLANAR);
		CHECK_EQ(pc_get16(&pc, BDA_CRTC), mode == 0x0f ? 0x3b4 : 0x3d4);
		CHECK_EQ(pc.said_count, 1);
	}
	CHECK(strstr(pc.said, "planes"));
	CHECK_EQ(pc.ram[BDA_ROWS], 29);
	CHECK_EQ(pc_get16(&pc, BDA_PAGE_SIZE), 0xa000);
	video(0x0c01, 0, 0, 0);
	video(0x0941, 1, 1, 0);
	CHECK_EQ(pc.writes, 0);
	video(0x0e41, 1, 0, 0);
	CHECK_EQ(pc_get16(&pc, BDA_CURSORS), 1);
	CHECK_STR(pc.printed, "A");
}

int main(void)
{
	RUN(modes_clear_their_memory);
	RUN(pixels_of_a_byte);
	RUN(pixels_of_two_bits);
	RUN(pixels_of_one_bit);
	RUN(pixels_of_a_text_mode_are_none);
	RUN(characters_are_drawn_in_a_byte_a_pixel);
	RUN(characters_are_drawn_in_two_bits);
	RUN(characters_are_drawn_in_one_bit);
	RUN(what_is_no_character_reads_as_0);
	RUN(graphics_scroll);
	RUN(fonts_are_found_in_the_rom);
	RUN(graphics_fonts_have_their_rows);
	RUN(planes_are_said_once);
	return check_done();
}

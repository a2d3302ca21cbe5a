/* screen.h and text.h: registers and memory as cells, pixels, colours and lines. */
#include "screen_rig.h"

#include "check.h"
#include "display/text.h"

static void check_row(const struct screen *s, unsigned row, const char *wanted)
{
	char text[SCREEN_TEXT_ROW_MAX];
	CHECK_EQ(screen_text_row(s, row, text), strlen(wanted));
	CHECK_STR(text, wanted);
}

static void mode_3_is_80_by_25_cells(void)
{
	rig_mode(3);
	rig_print(0, "hello", 0x07);
	rig_print(24 * 80 + 75, "world", 0x1e);
	const struct screen *s = rig_read();
	CHECK_EQ(s->kind, SCREEN_TEXT);
	CHECK_EQ(s->columns, 80);
	CHECK_EQ(s->rows, 25);
	CHECK_EQ(s->char_width, 9);
	CHECK_EQ(s->char_height, 16);
	CHECK_EQ(s->cells[24 * 80 + 79].character, 'd');
	CHECK_EQ(screen_foreground(s->cells[24 * 80 + 79]), 14);
	CHECK_EQ(screen_background(s, s->cells[24 * 80 + 79]), 1);
	check_row(s, 0, "hello");
	check_row(s, 1, "");
	check_row(s, 25, "");
	CHECK_EQ(screen_text_rows(s), 25);
}

static void forty_columns_and_fifty_rows(void)
{
	rig_mode(1);
	const struct screen *s = rig_read();
	CHECK_EQ(s->columns, 40);
	CHECK_EQ(s->rows, 25);
	CHECK_EQ(s->char_width, 16);
	rig_mode(3);
	rig_crtc(0x09, 0x47); /* cells of 8 lines */
	rig_print(49 * 80, "last", 0x07);
	s = rig_read();
	CHECK_EQ(s->rows, 50);
	CHECK_EQ(s->char_height, 8);
	CHECK_EQ(screen_text_rows(s), 50);
	check_row(s, 49, "last");
}

static void the_start_address_scrolls(void)
{
	rig_mode(3);
	rig_print(80, "second", 0x07);
	rig_print(0, "first", 0x07);
	rig_crtc(0x0d, 80);
	check_row(rig_read(), 0, "second");
	/* The window of 16 Ki cells goes round. */
	rig_crtc(0x0c, 0x3f);
	rig_crtc(0x0d, 0xb0);
	check_row(rig_read(), 1, "first");
	rig_crtc(0x0c, 0xff);
	rig_crtc(0x0d, 0xff);
	rig_read();
}

static void the_cursor_is_where_its_registers_say(void)
{
	rig_mode(3);
	rig_crtc(0x0e, 0);
	rig_crtc(0x0f, 3 * 80 + 7);
	const struct screen *s = rig_read();
	CHECK(s->cursor.is_on);
	CHECK_EQ(s->cursor.row, 3);
	CHECK_EQ(s->cursor.column, 7);
	CHECK_EQ(s->cursor.top, 13);
	CHECK_EQ(s->cursor.bottom, 14);
	rig_crtc(0x0d, 80);
	CHECK_EQ(rig_read()->cursor.row, 2);
	rig_crtc(0x0d, 248);
	CHECK(!rig_read()->cursor.is_on);
	rig_crtc(0x0d, 0);
	rig_crtc(0x0e, 0x07); /* past the last row */
	CHECK(!rig_read()->cursor.is_on);
	rig_crtc(0x0e, 0);
	rig_crtc(0x0a, 0x2d);
	CHECK(!rig_read()->cursor.is_on);
	rig_crtc(0x0a, 0x1f); /* it begins below the cell */
	rig_crtc(0x0b, 0x1f);
	CHECK(!rig_read()->cursor.is_on);
	rig_crtc(0x0a, 0x0d);
	rig_crtc(0x13, 0); /* all rows are one */
	CHECK(!rig_read()->cursor.is_on);
}

static void bit_7_blinks_or_is_bright(void)
{
	rig_mode(3);
	rig_cell(0, 'x', 0xcf);
	const struct screen *s = rig_read();
	CHECK(screen_blinks(s, s->cells[0]));
	CHECK_EQ(screen_background(s, s->cells[0]), 4);
	CHECK_EQ(screen_foreground(s->cells[0]), 15);
	rig.vga.attr[0x10] &= (uint8_t)~8u;
	s = rig_read();
	CHECK(!screen_blinks(s, s->cells[0]));
	CHECK_EQ(screen_background(s, s->cells[0]), 12);
}

static void check_color(const struct screen *s, unsigned color, uint32_t wanted)
{
	const uint8_t *p = s->palette[color];
	CHECK_EQ((uint32_t)(p[0] << 16 | p[1] << 8 | p[2]), wanted);
}

static void colours_go_through_palette_and_dac(void)
{
	rig_mode(3);
	const struct screen *s = rig_read();
	check_color(s, 0, 0x000000);
	check_color(s, 1, 0x0000a8);
	check_color(s, 6, 0xa85700);
	check_color(s, 7, 0xa8a8a8);
	check_color(s, 8, 0x575757);
	check_color(s, 15, 0xffffff);
	rig.vga.attr[7] = 1;
	check_color(rig_read(), 7, 0x0000a8);
	memcpy(rig.vga.dac[1], (uint8_t[]) { 63, 1, 32 }, 3);
	check_color(rig_read(), 7, 0xff0780);
	rig.vga.dac_mask = 0;
	check_color(rig_read(), 7, 0x000000);
}

static void mode_13h_is_bytes_of_the_dac(void)
{
	rig_mode(0x13);
	rig.vram[0] = 1;
	rig.vram[320 * 199 + 319] = 0xfe;
	memcpy(rig.vga.dac[0xfe], (uint8_t[]) { 10, 20, 30 }, 3);
	const struct screen *s = rig_read();
	CHECK_EQ(s->kind, SCREEN_GRAPHICS);
	CHECK_EQ(s->width, 320);
	CHECK_EQ(s->height, 200);
	CHECK_EQ(s->pixels[0], 1);
	CHECK_EQ(s->pixels[320 * 199 + 319], 0xfe);
	check_color(s, 0xfe, 0x285078);
	rig_crtc(0x0d, 80); /* a line further: the CRT controller counts four bytes */
	s = rig_read();
	CHECK_EQ(s->pixels[320 * 198 + 319], 0xfe);
	rig_crtc(0x0c, 0xff); /* around the end of the window */
	s = rig_read();
	CHECK_EQ(s->pixels[0x10000 - (4 * 0xff50 & 0xffff)], 1);
}

static void mode_4_is_two_bits_in_two_banks(void)
{
	rig_mode(4);
	rig.vram[RIG_TEXT] = 0x1b;
	rig.vram[RIG_TEXT + 0x2000] = 0xe4;
	rig.vram[RIG_TEXT + 80] = 0xc0;
	const struct screen *s = rig_read();
	CHECK_EQ(s->kind, SCREEN_GRAPHICS);
	CHECK_EQ(s->width, 320);
	CHECK_EQ(s->height, 200);
	for (unsigned x = 0; x < 4; x++) {
		CHECK_EQ(s->pixels[x], x);
		CHECK_EQ(s->pixels[320 + x], 3 - x);
	}
	CHECK_EQ(s->pixels[640], 3);
	check_color(s, 0, 0x000000);
	check_color(s, 1, 0x57ffff);
	check_color(s, 2, 0xff57ff);
	check_color(s, 3, 0xffffff);
}

static void mode_6_is_a_bit_a_pixel(void)
{
	rig_mode(6);
	rig.vram[RIG_TEXT] = 0xa0;
	rig.vram[RIG_TEXT + 0x2000 + 79] = 1;
	const struct screen *s = rig_read();
	CHECK_EQ(s->width, 640);
	CHECK_EQ(s->height, 200);
	CHECK_EQ(s->pixels[0], 1);
	CHECK_EQ(s->pixels[1], 0);
	CHECK_EQ(s->pixels[2], 1);
	CHECK_EQ(s->pixels[640 + 639], 1);
	check_color(s, 0, 0x000000);
	check_color(s, 1, 0xffffff);
}

static void what_has_no_text_says_what_it_is(void)
{
	char text[SCREEN_TEXT_ROW_MAX];
	rig_mode(3);
	CHECK(!screen_text_kind(rig_read(), text));
	rig_mode(0x12);
	CHECK_EQ(rig_read()->kind, SCREEN_NOT_SHOWN);
	CHECK_STR(screen_text_kind(&rig.screen, text), "graphics in planes, 640x480, not shown");
	rig_mode(0x13);
	CHECK_STR(screen_text_kind(rig_read(), text), "graphics, 320x200");
	CHECK_EQ(screen_text_rows(&rig.screen), 0);
	CHECK_EQ(screen_text_row(&rig.screen, 0, text), 0);
	rig.vga.attr_index = 0;
	CHECK_EQ(rig_read()->kind, SCREEN_BLANK);
	CHECK_STR(
	        screen_text_kind(&rig.screen, text), "blank: the guest has turned the picture off");
}

static void characters_are_utf8_and_blanks_are_cut(void)
{
	rig_mode(3);
	rig_print(2, "\x01 \xb3\xdb\xff", 0x07);
	rig_cell(7, 0, 0x70);
	check_row(rig_read(), 0, "  \xe2\x98\xba \xe2\x94\x82\xe2\x96\x88");
	CHECK_EQ(screen_text_rows(&rig.screen), 1);
}

/* Any registers: what is read stays within the memory and the struct (make asan sees the rest). */
static void any_registers_make_a_screen(void)
{
	uint32_t seed = 1;
	for (unsigned round = 0; round < 3000; round++) {
		rig_mode(round % 3 ? 3 : 0x13);
		uint8_t *const groups[] = { rig.vga.crtc, rig.vga.seq, rig.vga.gc, rig.vga.attr };
		static const unsigned sizes[] = { VGA_CRTC, VGA_SEQ, VGA_GC, VGA_ATTR };
		for (unsigned i = 0; i < 8; i++) {
			seed = seed * 1664525 + 1013904223;
			unsigned group = seed >> 30;
			groups[group][(seed >> 16 & 0xff) % sizes[group]] = (uint8_t)(seed >> 8);
		}
		const struct screen *s = rig_read();
		if (s->kind == SCREEN_TEXT)
			CHECK(s->columns <= SCREEN_COLUMNS_MAX && s->rows <= SCREEN_ROWS_MAX &&
			        s->char_height && s->columns && s->rows);
		if (s->kind == SCREEN_GRAPHICS)
			CHECK(s->width && s->width <= SCREEN_WIDTH_MAX && s->height &&
			        s->height <= SCREEN_HEIGHT_MAX);
	}
}

int main(void)
{
	RUN(mode_3_is_80_by_25_cells);
	RUN(forty_columns_and_fifty_rows);
	RUN(the_start_address_scrolls);
	RUN(the_cursor_is_where_its_registers_say);
	RUN(bit_7_blinks_or_is_bright);
	RUN(colours_go_through_palette_and_dac);
	RUN(mode_13h_is_bytes_of_the_dac);
	RUN(mode_4_is_two_bits_in_two_banks);
	RUN(mode_6_is_a_bit_a_pixel);
	RUN(what_has_no_text_says_what_it_is);
	RUN(characters_are_utf8_and_blanks_are_cut);
	RUN(any_registers_make_a_screen);
	return check_done();
}

/* Int 10h in text modes, on memory and a board of our own: what each function does to the screen, the
 * BDA and the CRTC, and that no register takes it out of the display memory. */
#include "check.h"

#include "bios_pc.h"
#include "random.h"

#define TEXT       0xb8000u
#define MONOCHROME 0xb0000u

static struct pc pc;

static uint8_t crtc(uint8_t index)
{
	pc_out(&pc, 0x3d4, index);
	return pc_in(&pc, 0x3d5);
}

static uint16_t cursor_address(void)
{
	return (uint16_t)(crtc(0x0e) << 8 | crtc(0x0f));
}

/* The cell at a place of a page of 80 columns. */
static uint16_t cell(unsigned page, unsigned row, unsigned column)
{
	return pc_get16(&pc, TEXT + page * 0x1000 + (row * 80 + column) * 2);
}

static void put_cell(unsigned page, unsigned row, unsigned column, uint16_t value)
{
	put16(pc.ram + TEXT + page * 0x1000 + (row * 80 + column) * 2, value);
}

static void video(uint16_t ax, uint16_t bx, uint16_t cx, uint16_t dx)
{
	pc.writes = 0;
	CHECK_EQ(pc_int(&pc, 0x10, ax, bx, cx, dx), BIOS_DONE);
}

static void print(const char *text)
{
	for (; *text; text++)
		video((uint16_t)(0x0e00 | (uint8_t)*text), 0x0007, 0, 0);
}

static uint16_t cursor_of(unsigned page)
{
	return pc_get16(&pc, BDA_CURSORS + 2 * page);
}

/* A row as text, its first 79 columns. */
static const char *row_text(unsigned row)
{
	static char text[80];
	for (unsigned i = 0; i < 79; i++)
		text[i] = (char)cell(0, row, i);
	for (size_t len = 79; len && text[len - 1] == ' '; len--)
		text[len - 1] = 0;
	return text;
}

static void power_on_leaves_mode_3(void)
{
	pc_open(&pc, 2 << 20);
	CHECK_EQ(pc.ram[BDA_VIDEO_MODE], 3);
	CHECK_EQ(pc_get16(&pc, BDA_COLUMNS), 80);
	CHECK_EQ(pc_get16(&pc, BDA_PAGE_SIZE), 0x1000);
	CHECK_EQ(pc_get16(&pc, BDA_CURSOR_SHAPE), 0x0607);
	CHECK_EQ(pc_get16(&pc, BDA_CRTC), 0x3d4);
	CHECK_EQ(pc.ram[BDA_CRT_MODE], 0x29);
	CHECK_EQ(pc.ram[BDA_CRT_PALETTE], 0x30);
	CHECK_EQ(pc.ram[BDA_ROWS], 24);
	CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), 16);
	CHECK_EQ(pc.ram[BDA_VIDEO_CONTROL], 0x60);
	CHECK_EQ(pc.ram[BDA_VIDEO_SWITCH], 0xf9);
	CHECK_EQ(pc.ram[BDA_VIDEO_FLAGS], 0x51);
	CHECK_EQ(pc.ram[BDA_VIDEO_DISPLAY], 8);
	for (unsigned i = 0; i < 0x8000; i += 2)
		CHECK_EQ(pc_get16(&pc, TEXT + i), 0x0720);
	CHECK_EQ(pc.said_count, 0);
}

static void setting_a_mode_clears_and_resets(void)
{
	pc_open(&pc, 2 << 20);
	print("text");
	video(0x0503, 0, 0, 0);
	video(0x0003, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x0030);
	CHECK_EQ(cell(0, 0, 0), 0x0720);
	CHECK_EQ(cursor_of(0), 0);
	CHECK_EQ(pc.ram[BDA_PAGE], 0);
	CHECK_EQ(pc_get16(&pc, BDA_PAGE_START), 0);
	CHECK_EQ(crtc(0x0c), 0);
	CHECK_EQ(crtc(0x0d), 0);
}

static void bit_7_of_a_mode_keeps_the_memory(void)
{
	pc_open(&pc, 2 << 20);
	print("text");
	video(0x0083, 0, 0, 0);
	CHECK_STR(row_text(0), "text");
	CHECK_EQ(pc.ram[BDA_VIDEO_MODE], 3);
	CHECK_EQ(pc.ram[BDA_VIDEO_CONTROL], 0xe0);
	video(0x0f00, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x5083);
}

static void a_mode_that_is_not_there_changes_nothing(void)
{
	static struct pc before;
	pc_open(&pc, 2 << 20);
	print("text");
	before = pc;
	for (unsigned mode = 0; mode < 0x80; mode++) {
		if (mode <= 7 || (mode >= 0x0d && mode <= 0x13))
			continue;
		video((uint16_t)mode, 0, 0, 0);
		CHECK_EQ(pc.r.eax, 0x0020);
	}
	CHECK(!memcmp(before.ram, pc.ram, sizeof pc.ram));
	CHECK(!memcmp(&before.board.state, &pc.board.state, sizeof pc.board.state));
}

static void modes_leave_their_sizes_in_the_bda(void)
{
	static const struct {
		uint8_t mode, al, columns, rows, height;
		uint16_t page;
		uint8_t crt_mode, palette;
	} rows[] = {
		{ 0x00, 0x30, 40, 25, 16, 0x0800, 0x2c, 0x30 },
		{ 0x01, 0x30, 40, 25, 16, 0x0800, 0x28, 0x30 },
		{ 0x02, 0x30, 80, 25, 16, 0x1000, 0x2d, 0x30 },
		{ 0x03, 0x30, 80, 25, 16, 0x1000, 0x29, 0x30 },
		{ 0x04, 0x30, 40, 25, 8, 0x4000, 0x2a, 0x30 },
		{ 0x05, 0x30, 40, 25, 8, 0x4000, 0x2e, 0x30 },
		{ 0x06, 0x3f, 80, 25, 8, 0x4000, 0x1e, 0x3f },
		{ 0x07, 0x30, 80, 25, 16, 0x1000, 0x29, 0x30 },
		{ 0x0d, 0x20, 40, 25, 8, 0x2000, 0x29, 0x30 },
		{ 0x0e, 0x20, 80, 25, 8, 0x4000, 0x29, 0x30 },
		{ 0x0f, 0x20, 80, 25, 14, 0x8000, 0x29, 0x30 },
		{ 0x10, 0x20, 80, 25, 14, 0x8000, 0x29, 0x30 },
		{ 0x11, 0x20, 80, 30, 16, 0xa000, 0x29, 0x30 },
		{ 0x12, 0x20, 80, 30, 16, 0xa000, 0x29, 0x30 },
		{ 0x13, 0x20, 40, 25, 8, 0x2000, 0x29, 0x30 },
	};
	pc_open(&pc, 2 << 20);
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is_text = rows[i].height == 16 && rows[i].rows == 25;
		video(rows[i].mode, 0, 0, 0);
		CHECK_EQ(pc.r.eax, rows[i].al);
		CHECK_EQ(pc.ram[BDA_VIDEO_MODE], rows[i].mode);
		CHECK_EQ(pc_get16(&pc, BDA_COLUMNS), rows[i].columns);
		CHECK_EQ(pc.ram[BDA_ROWS], rows[i].rows - 1);
		CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), rows[i].height);
		CHECK_EQ(pc_get16(&pc, BDA_PAGE_SIZE), rows[i].page);
		CHECK_EQ(pc.ram[BDA_CRT_MODE], rows[i].crt_mode);
		CHECK_EQ(pc.ram[BDA_CRT_PALETTE], rows[i].palette);
		CHECK_EQ(pc_get16(&pc, BDA_CURSOR_SHAPE), is_text ? 0x0607 : 0);
		for (unsigned page = 0; page < 8; page++)
			CHECK_EQ(cursor_of(page), 0);
	}
}

static void modes_have_their_columns_and_memory(void)
{
	pc_open(&pc, 2 << 20);
	video(0x0001, 0, 0, 0);
	CHECK_EQ(pc_get16(&pc, BDA_COLUMNS), 40);
	CHECK_EQ(pc_get16(&pc, BDA_PAGE_SIZE), 0x0800);
	video(0x0200, 0x0100, 0, 0x0102); /* page 1 */
	video(0x0941, 0x011f, 1, 0);
	CHECK_EQ(pc_get16(&pc, TEXT + 0x800 + (40 + 2) * 2), 0x1f41);
	video(0x0007, 0, 0, 0);
	CHECK_EQ(pc_get16(&pc, BDA_CRTC), 0x3b4);
	print("A");
	CHECK_EQ(pc_get16(&pc, MONOCHROME), 0x0741);
}

static void the_cursor_is_in_the_bda_and_the_crtc(void)
{
	pc_open(&pc, 2 << 20);
	video(0x0200, 0, 0, 0x0305);
	CHECK_EQ(cursor_of(0), 0x0305);
	CHECK_EQ(cursor_address(), 3 * 80 + 5);
	video(0x0200, 0x0200, 0, 0x0102); /* of a page that is not shown */
	CHECK_EQ(cursor_of(2), 0x0102);
	CHECK_EQ(cursor_address(), 3 * 80 + 5);
	video(0x0300, 0x0200, 0, 0);
	CHECK_EQ(pc.r.ecx, 0x0607);
	CHECK_EQ(pc.r.edx, 0x0102);
	video(0x0502, 0, 0, 0);
	CHECK_EQ(pc.ram[BDA_PAGE], 2);
	CHECK_EQ(pc_get16(&pc, BDA_PAGE_START), 0x2000);
	CHECK_EQ(crtc(0x0c) << 8 | crtc(0x0d), 0x1000);
	CHECK_EQ(cursor_address(), 0x1000 + 80 + 2);
	video(0x0300, 0x0800, 0, 0xffff); /* no such page */
	CHECK_EQ(pc.r.edx, 0);
	video(0x0200, 0xff00, 0, 0x0909);
	CHECK_EQ(cursor_address(), 0x1000 + 80 + 2);
	video(0x0508, 0, 0, 0);
	CHECK_EQ(pc.ram[BDA_PAGE], 2);
	video(0x0941, 0x084e, 1, 0); /* a cell of no page: the first one */
	CHECK_EQ(cell(0, 0, 0), 0x4e41);
	video(0x04ff, 0xffff, 0xffff, 0xffff); /* no light pen */
	CHECK_EQ(pc.r.eax | pc.r.ebx | pc.r.ecx | pc.r.edx, 0);
}

static void a_shape_of_8_lines_is_fitted(void)
{
	static const struct {
		uint16_t shape;
		uint8_t first, last;
	} rows[] = {
		{ 0x0607, 0x0e, 0x0f }, { 0x0007, 0x01, 0x0f }, /* a block */
		{ 0x2607, 0x26, 0x07 },                         /* hidden */
		{ 0x2000, 0x20, 0x00 }, { 0x0d0e, 0x0d, 0x0e }, /* of 16 lines already */
	};
	pc_open(&pc, 2 << 20);
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		video(0x0100, 0, rows[i].shape, 0);
		CHECK_EQ(pc_get16(&pc, BDA_CURSOR_SHAPE), rows[i].shape);
		CHECK_EQ(crtc(0x0a), rows[i].first);
		CHECK_EQ(crtc(0x0b), rows[i].last);
	}
	video(0x1201, 0x0034, 0, 0); /* no fitting */
	CHECK_EQ(pc.r.eax, 0x1212);
	video(0x0100, 0, 0x0607, 0);
	CHECK_EQ(crtc(0x0a), 0x06);
}

static void teletype_obeys_its_four_controls(void)
{
	pc_open(&pc, 2 << 20);
	print("ab\r\nc\bd\a");
	CHECK_STR(row_text(0), "ab");
	CHECK_STR(row_text(1), "d");
	CHECK_EQ(cursor_of(0), 0x0101);
	CHECK_EQ(cursor_address(), 81);
	CHECK_STR(pc.printed, "ab\r\nc\bd\a");
	print("\r\b");
	CHECK_EQ(cursor_of(0), 0x0100);
	print("\t\x1b"); /* these are glyphs */
	CHECK_EQ(cell(0, 1, 0), 0x0709);
	CHECK_EQ(cell(0, 1, 1), 0x071b);
}

static void teletype_keeps_attributes_and_ignores_the_page(void)
{
	pc_open(&pc, 2 << 20);
	put_cell(0, 0, 0, 0x1e20);
	video(0x0e41, 0xab4f, 0, 0);
	CHECK_EQ(cell(0, 0, 0), 0x1e41);
	video(0x0503, 0, 0, 0);
	video(0x0e42, 0x0007, 0, 0);
	CHECK_EQ(cell(3, 0, 0), 0x0742);
	CHECK_EQ(cursor_of(3), 1);
	CHECK_EQ(cursor_of(0), 1);
}

static void teletype_wraps_and_scrolls(void)
{
	pc_open(&pc, 2 << 20);
	video(0x0200, 0, 0, 0x004f);
	print("ab");
	CHECK_EQ(cell(0, 0, 79), 0x0761);
	CHECK_EQ(cell(0, 1, 0), 0x0762);
	put_cell(0, 24, 3, 0x4f58);
	put_cell(1, 0, 0, 0x1234);
	video(0x0200, 0, 0, 0x184f);
	print("z");
	CHECK_EQ(cursor_of(0), 0x1800);
	CHECK_STR(row_text(0), "b");
	CHECK_EQ(cell(0, 23, 3), 0x4f58);
	CHECK_EQ(cell(0, 23, 79), 0x077a);
	CHECK_EQ(cell(0, 24, 3), 0x0720);
	CHECK_EQ(cell(1, 0, 0), 0x1234);
	print("\n");
	CHECK_EQ(cursor_of(0), 0x1800);
	CHECK_EQ(cell(0, 22, 3), 0x4f58);
}

static void characters_are_written_and_read_where_the_cursor_is(void)
{
	pc_open(&pc, 2 << 20);
	video(0x0200, 0, 0, 0x024e);
	video(0x0958, 0x001f, 4, 0); /* over the end of the row */
	CHECK_EQ(cell(0, 2, 77), 0x0720);
	CHECK_EQ(cell(0, 2, 78), 0x1f58);
	CHECK_EQ(cell(0, 3, 1), 0x1f58);
	CHECK_EQ(cell(0, 3, 2), 0x0720);
	CHECK_EQ(cursor_of(0), 0x024e);
	video(0x0a59, 0x0044, 1, 0);
	CHECK_EQ(cell(0, 2, 78), 0x1f59);
	video(0x0800, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x1f59);
	video(0x090a, 0x0007, 1, 0); /* no control is obeyed */
	CHECK_EQ(cell(0, 2, 78), 0x070a);
	CHECK_STR(pc.printed, "");
	video(0x0941, 0x0007, 0, 0); /* none */
	CHECK_EQ(cell(0, 2, 78), 0x070a);
}

static void windows_scroll(void)
{
	pc_open(&pc, 2 << 20);
	for (unsigned row = 0; row < 25; row++)
		for (unsigned column = 0; column < 80; column++)
			put_cell(0, row, column, (uint16_t)(0x0741 + row));
	video(0x0602, 0x1700, 0x0105, 0x0507); /* rows 1 to 5, columns 5 to 7, up by 2 */
	CHECK_EQ(cell(0, 1, 5), 0x0741 + 3);
	CHECK_EQ(cell(0, 3, 7), 0x0741 + 5);
	CHECK_EQ(cell(0, 4, 5), 0x1720);
	CHECK_EQ(cell(0, 5, 7), 0x1720);
	CHECK_EQ(cell(0, 6, 5), 0x0741 + 6);
	CHECK_EQ(cell(0, 1, 4), 0x0741 + 1);
	CHECK_EQ(cell(0, 1, 8), 0x0741 + 1);
	video(0x0701, 0x2700, 0x0a00, 0x0c4f); /* rows 10 to 12, down */
	CHECK_EQ(cell(0, 9, 0), 0x0741 + 9);
	CHECK_EQ(cell(0, 10, 79), 0x2720);
	CHECK_EQ(cell(0, 11, 0), 0x0741 + 10);
	CHECK_EQ(cell(0, 12, 0), 0x0741 + 11);
	CHECK_EQ(cell(0, 13, 0), 0x0741 + 13);
	video(0x0600, 0x4e00, 0x1700, 0xffff); /* clear, cut at the screen's end */
	CHECK_EQ(cell(0, 22, 79), 0x0741 + 22);
	CHECK_EQ(cell(0, 23, 0), 0x4e20);
	CHECK_EQ(cell(0, 24, 79), 0x4e20);
	CHECK_EQ(cell(1, 0, 0), 0x0720);
	video(0x0619, 0x3000, 0x0000, 0x184f); /* as many lines as there are: all is cleared */
	CHECK_EQ(cell(0, 0, 0), 0x3020);
	video(0x0600, 0x7000, 0x0505, 0x0404); /* no window */
	CHECK_EQ(cell(0, 5, 5), 0x3020);
}

static void strings_are_written_in_four_ways(void)
{
	static const uint8_t with_attributes[] = { 'a', 0x11, '\n', 0x99, 'b', 0x22 };
	pc_open(&pc, 2 << 20);
	memcpy(pc.ram + 0x5fff, "ab\r\nc", 5);
	pc.r.es = 0x0500;
	pc.r.ebp = 0x0fff;
	video(0x1300, 0x001e, 5, 0x0203);
	CHECK_EQ(cell(0, 2, 3), 0x1e61);
	CHECK_EQ(cell(0, 3, 0), 0x1e63);
	CHECK_EQ(cursor_of(0), 0);
	video(0x1301, 0x012e, 2, 0x0000);
	CHECK_EQ(cell(1, 0, 1), 0x2e62);
	CHECK_EQ(cursor_of(1), 2);
	memcpy(pc.ram + 0x5fff, with_attributes, sizeof with_attributes);
	video(0x1303, 0x0077, 3, 0x0a00);
	CHECK_EQ(cell(0, 10, 0), 0x1161);
	CHECK_EQ(cell(0, 11, 1), 0x2262);
	CHECK_EQ(cursor_of(0), 0x0b02);
	video(0x1302, 0x0077, 1, 0x0c00);
	CHECK_EQ(cell(0, 12, 0), 0x1161);
	CHECK_EQ(cursor_of(0), 0x0b02);
	CHECK_STR(pc.printed, "ab\r\ncaba\nba");
	/* The offset wraps. */
	pc.ram[0x14fff] = 'y';
	pc.ram[0x5000] = 'z';
	pc.r.ebp = 0xffff;
	video(0x1300, 0x0007, 2, 0x0500);
	CHECK_EQ(cell(0, 5, 0), 0x0779);
	CHECK_EQ(cell(0, 5, 1), 0x077a);
}

static void fonts_of_8_lines_give_50_rows(void)
{
	pc_open(&pc, 2 << 20);
	video(0x1112, 0, 0, 0);
	CHECK_EQ(pc.ram[BDA_ROWS], 49);
	CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), 8);
	CHECK_EQ(pc_get16(&pc, BDA_PAGE_SIZE), 0x2000);
	CHECK_EQ(crtc(0x09) & 0x1f, 7);
	CHECK_EQ(crtc(0x0a), 6);
	CHECK_EQ(crtc(0x0b), 7);
	video(0x0200, 0, 0, 0x3100);
	print("\nx");
	CHECK_EQ(cursor_of(0), 0x3101);
	CHECK_EQ(cell(0, 49, 0), 0x0778);
	video(0x1111, 0, 0, 0);
	CHECK_EQ(pc.ram[BDA_ROWS], 27);
	CHECK_EQ(pc_get16(&pc, BDA_CURSOR_SHAPE), 0x0b0c);
	video(0x1114, 0, 0, 0);
	CHECK_EQ(pc.ram[BDA_ROWS], 24);
	CHECK_EQ(crtc(0x09) & 0x1f, 15);
	CHECK_EQ(pc_get16(&pc, BDA_PAGE_SIZE), 0x1000);
	CHECK_EQ(pc.said_count, 0);
	video(0x1110, 0x0800, 256, 0);
	CHECK_EQ(pc.ram[BDA_ROWS], 49);
	CHECK_EQ(pc.said_count, 1);
	video(0x1110, 0x0000, 256, 0); /* no height */
	video(0x1100, 0x1000, 256, 0);
	CHECK_EQ(pc.ram[BDA_ROWS], 49);
	CHECK_EQ(pc.said_count, 1);
}

static void text_modes_have_200_or_350_lines_where_chosen(void)
{
	pc_open(&pc, 2 << 20);
	video(0x1201, 0x0030, 0, 0);
	video(0x0003, 0, 0, 0);
	CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), 14);
	CHECK_EQ(pc.ram[BDA_ROWS], 24);
	CHECK_EQ(vga_char_height(&pc.board.state.vga), 14);
	CHECK_EQ(vga_rows(&pc.board.state.vga), 25);
	video(0x1112, 0, 0, 0);
	CHECK_EQ(pc.ram[BDA_ROWS], 42);
	CHECK_EQ(vga_rows(&pc.board.state.vga), 43);
	CHECK_EQ(pc_get16(&pc, BDA_PAGE_SIZE), 0x2000);
	video(0x1200, 0x0030, 0, 0);
	video(0x0003, 0, 0, 0);
	CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), 8);
	CHECK_EQ(pc.ram[BDA_ROWS], 24);
	CHECK_EQ(vga_rows(&pc.board.state.vga), 25);
	video(0x1112, 0, 0, 0);
	CHECK_EQ(pc.ram[BDA_ROWS], 24);
	video(0x0013, 0, 0, 0); /* not of graphics modes */
	CHECK_EQ(vga_lines(&pc.board.state.vga), 200);
	video(0x1202, 0x0030, 0, 0);
	video(0x0003, 0, 0, 0);
	CHECK_EQ(pc_get16(&pc, BDA_CHAR_HEIGHT), 16);
	CHECK_EQ(vga_rows(&pc.board.state.vga), 25);
}

static void a_mode_that_the_guest_made_up_is_not_drawn_in(void)
{
	pc_open(&pc, 2 << 20);
	pc.ram[BDA_VIDEO_MODE] = 0x55;
	video(0x0941, 0x001f, 10, 0);
	CHECK_EQ(pc.writes, 0);
	video(0x0502, 0, 0, 0);
	CHECK_EQ(pc.writes, 0);
	print("x");
	CHECK_EQ(cell(0, 0, 0), 0x0720);
	CHECK_EQ(cursor_of(0), 1);
	CHECK_STR(pc.printed, "x");
}

static void unknown_functions_leave_all_as_it_is(void)
{
	static const uint8_t known[] = { 0x10, 0x11, 0x12, 0x13, 0x1a, 0x1b };
	static struct pc before;
	pc_open(&pc, 2 << 20);
	pc.r.flags = 0x0247;
	before = pc;
	for (unsigned ah = 0x10; ah < 0x100; ah++) {
		if (memchr(known, (int)ah, sizeof known))
			continue;
		video((uint16_t)(ah << 8 | 0x5a), 1, 2, 3);
		CHECK_EQ(pc.r.eax, ah << 8 | 0x5a);
		CHECK_EQ(pc.r.flags, 0x0247);
		CHECK_EQ(pc.writes, 0);
	}
	CHECK(!memcmp(before.ram, pc.ram, sizeof pc.ram));
}

static void upper_halves_of_registers_stay(void)
{
	pc_open(&pc, 2 << 20);
	pc.r = (struct bios_regs) {
		.eax = 0x11110f00, .ebx = 0x22222222, .ecx = 0x33333333, .edx = 0x44444444
	};
	pc_call(&pc, 0x10);
	CHECK_EQ(pc.r.eax, 0x11115003);
	CHECK_EQ(pc.r.ebx, 0x22220022);
	CHECK_EQ(pc.r.ecx, 0x33333333);
	CHECK_EQ(pc.r.edx, 0x44444444);
}

/* Where a call with any registers may write: the mode's display memory and its fields of the BDA. */
static bool is_of_the_mode(const struct pc *p, uint32_t gpa, size_t len)
{
	uint8_t mode = p->ram[BDA_VIDEO_MODE];
	uint32_t screen = mode == 0x13 ? 0xa0000 : mode == 7 ? MONOCHROME : TEXT;
	uint32_t size = mode == 0x13 ? 0x10000 : 0x8000;
	if (gpa >= screen)
		return gpa - screen <= size && len <= size - (gpa - screen);
	return gpa >= BDA_VIDEO_MODE && gpa + len <= BDA_CRT_PALETTE + 1;
}

static void no_register_takes_a_call_out_of_its_memory(void)
{
	static const uint8_t modes[] = { 0, 2, 3, 7, 4, 6, 0x13 };
	uint64_t seed = 1;
	pc_open(&pc, 2 << 20);
	for (unsigned i = 0; i < 14000; i++) {
		if (i % 100 == 0) {
			pc.may_write = NULL;
			video(modes[i / 100 % sizeof modes], 0, 0, 0);
			pc.may_write = is_of_the_mode;
		}
		if (i % 3 == 0) /* the guest writes to what it finds in the BDA */
			pc.ram[BDA_COLUMNS +
			        random_below(&seed, BDA_CHAR_HEIGHT + 2 - BDA_COLUMNS)] =
			        (uint8_t)random_below(&seed, 256);
		uint8_t ah = (uint8_t)(1 + random_below(&seed, 15));
		bool repeats = ah == 0x09 || ah == 0x0a;
		video((uint16_t)(ah << 8 | random_below(&seed, 256)),
		        (uint16_t)random_below(&seed, 0x10000),
		        (uint16_t)random_below(&seed, repeats ? 300 : 0x10000),
		        (uint16_t)random_below(&seed, 0x10000));
		CHECK_EQ(pc.strays, 0);
	}
}

int main(void)
{
	RUN(power_on_leaves_mode_3);
	RUN(setting_a_mode_clears_and_resets);
	RUN(bit_7_of_a_mode_keeps_the_memory);
	RUN(a_mode_that_is_not_there_changes_nothing);
	RUN(modes_leave_their_sizes_in_the_bda);
	RUN(modes_have_their_columns_and_memory);
	RUN(the_cursor_is_in_the_bda_and_the_crtc);
	RUN(a_shape_of_8_lines_is_fitted);
	RUN(teletype_obeys_its_four_controls);
	RUN(teletype_keeps_attributes_and_ignores_the_page);
	RUN(teletype_wraps_and_scrolls);
	RUN(characters_are_written_and_read_where_the_cursor_is);
	RUN(windows_scroll);
	RUN(strings_are_written_in_four_ways);
	RUN(fonts_of_8_lines_give_50_rows);
	RUN(text_modes_have_200_or_350_lines_where_chosen);
	RUN(a_mode_that_the_guest_made_up_is_not_drawn_in);
	RUN(unknown_functions_leave_all_as_it_is);
	RUN(upper_halves_of_registers_stay);
	RUN(no_register_takes_a_call_out_of_its_memory);
	return check_done();
}

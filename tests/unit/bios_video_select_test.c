/* Int 10h's colours, choices and reports: AH=0Bh, 10h, 12h, 1Ah, 1Bh; print screen; calls in words. */
#include "check.h"

#include "bios_pc.h"

#define TABLE 0x20000u /* at ES:0000 */

static struct pc pc;

static void video(uint16_t ax, uint16_t bx, uint16_t cx, uint16_t dx)
{
	pc.r.es = TABLE / 16;
	pc.writes = 0;
	CHECK_EQ(pc_int(&pc, 0x10, ax, bx, cx, dx), BIOS_DONE);
}

static uint8_t attribute(uint8_t index)
{
	pc_in(&pc, 0x3da);
	pc_out(&pc, 0x3c0, index);
	uint8_t value = pc_in(&pc, 0x3c1);
	pc_in(&pc, 0x3da);
	pc_out(&pc, 0x3c0, 0x20);
	return value;
}

static uint32_t color(uint8_t index) /* as 0xRRGGBB */
{
	uint32_t value = 0;
	pc_out(&pc, 0x3c7, index);
	for (unsigned i = 0; i < 3; i++)
		value = value << 8 | pc_in(&pc, 0x3c9);
	return value;
}

static void palette_registers(void)
{
	pc_open(&pc, 2 << 20);
	video(0x1000, 0x2a05, 0, 0);
	CHECK_EQ(attribute(5), 0x2a);
	CHECK_EQ(pc.board.state.vga.attr_index & 0x20, 0x20); /* the screen is shown */
	video(0x1007, 0x0005, 0, 0);
	CHECK_EQ(pc.r.ebx, 0x2a05);
	video(0x1001, 0x1100, 0, 0);
	CHECK_EQ(attribute(0x11), 0x11);
	video(0x1008, 0, 0, 0);
	CHECK_EQ(pc.r.ebx, 0x1100);
	for (unsigned i = 0; i < 17; i++)
		pc.ram[TABLE + 0x100 + i] = (uint8_t)(0x10 + i);
	video(0x1002, 0, 0, 0x0100);
	CHECK_EQ(attribute(0), 0x10);
	CHECK_EQ(attribute(15), 0x1f);
	CHECK_EQ(attribute(0x11), 0x20);
	video(0x1009, 0, 0, 0x0200);
	CHECK(!memcmp(pc.ram + TABLE + 0x100, pc.ram + TABLE + 0x200, 17));
	video(0x1000, 0xff15, 0, 0); /* no such register */
	video(0x1007, 0x5515, 0, 0);
	CHECK_EQ(pc.r.ebx, 0x5515);
}

static void blinking_is_chosen(void)
{
	pc_open(&pc, 2 << 20);
	CHECK_EQ(attribute(0x10) & 0x08, 0x08);
	video(0x1003, 0, 0, 0);
	CHECK_EQ(attribute(0x10) & 0x08, 0);
	CHECK_EQ(pc.ram[BDA_CRT_MODE], 0x09);
	video(0x1003, 1, 0, 0);
	CHECK_EQ(attribute(0x10) & 0x08, 0x08);
	CHECK_EQ(pc.ram[BDA_CRT_MODE], 0x29);
}

static void colors(void)
{
	pc_open(&pc, 2 << 20);
	video(0x1010, 0x0012, 0x0203, 0x0100); /* green, blue; red */
	CHECK_EQ(color(0x12), 0x010203);
	video(0x1015, 0x0012, 0xffff, 0xffff);
	CHECK_EQ(pc.r.edx, 0x01ff);
	CHECK_EQ(pc.r.ecx, 0x0203);
	for (unsigned i = 0; i < 9; i++)
		pc.ram[TABLE + 0x100 + i] = (uint8_t)(0x20 + i);
	video(0x1012, 0x00fe, 3, 0x0100); /* past the last one it goes on with the first */
	CHECK_EQ(color(0xfe), 0x202122);
	CHECK_EQ(color(0x00), 0x262728);
	video(0x1017, 0x00fe, 3, 0x0200);
	CHECK(!memcmp(pc.ram + TABLE + 0x100, pc.ram + TABLE + 0x200, 9));
	video(0x1010, 0x0001, 0x3f00, 0x0000);
	video(0x1010, 0x0002, 0x003f, 0x3f00);
	video(0x101b, 0x0001, 2, 0);
	CHECK_EQ(color(1), 0x252525); /* 63 * 151 / 256 */
	CHECK_EQ(color(2), 0x1a1a1a); /* 63 * (77 + 28) / 256 */
	video(0x1018, 0x000f, 0, 0);
	CHECK_EQ(pc_in(&pc, 0x3c6), 0x0f);
	video(0x1019, 0, 0, 0);
	CHECK_EQ(pc.r.ebx, 0x000f);
}

static void pages_of_colors(void)
{
	pc_open(&pc, 2 << 20);
	video(0x1013, 0x0301, 0, 0); /* of 64 */
	CHECK_EQ(attribute(0x14), 0x0c);
	video(0x101a, 0, 0, 0);
	CHECK_EQ(pc.r.ebx, 0x0300);
	video(0x1013, 0x0100, 0, 0);
	CHECK_EQ(attribute(0x10) & 0x80, 0x80);
	video(0x1013, 0x0501, 0, 0); /* of 16 */
	CHECK_EQ(attribute(0x14), 0x05);
	video(0x101a, 0, 0, 0);
	CHECK_EQ(pc.r.ebx, 0x0501);
}

static void a_cga_palette(void)
{
	pc_open(&pc, 2 << 20);
	video(0x0004, 0, 0, 0);
	video(0x0b00, 0x0009, 0, 0);
	CHECK_EQ(attribute(0), 0x11);
	uint8_t second = attribute(2);
	video(0x0b00, 0x0101, 0, 0);
	CHECK_EQ(attribute(2), second | 1);
	CHECK_EQ(pc.ram[BDA_CRT_PALETTE], 0x29);
	video(0x0b00, 0x0100, 0, 0);
	CHECK_EQ(attribute(2), second & ~1);
	video(0x0b00, 0x0010, 0, 0);
	CHECK_EQ(attribute(2) & 0x10, 0x10);
	video(0x0b00, 0x0201, 0, 0); /* nothing */
	CHECK_EQ(pc.ram[BDA_CRT_PALETTE], 0x10);
}

static void the_palette_may_stay_and_be_gray(void)
{
	pc_open(&pc, 2 << 20);
	video(0x1010, 0x0001, 0x0203, 0x0100);
	video(0x1201, 0x0031, 0, 0);
	video(0x0003, 0, 0, 0);
	CHECK_EQ(color(1), 0x010203);
	video(0x1200, 0x0031, 0, 0);
	video(0x0003, 0, 0, 0);
	CHECK(color(1) != 0x010203);
	video(0x1200, 0x0033, 0, 0);
	video(0x0003, 0, 0, 0);
	for (unsigned i = 0; i < 256; i++) {
		uint32_t c = color((uint8_t)i);
		CHECK_EQ(c, (c & 0xff) * 0x010101);
	}
}

static void selects(void)
{
	pc_open(&pc, 2 << 20);
	video(0x1234, 0xff10, 0xffff, 0);
	CHECK_EQ(pc.r.ebx, 0x0003);
	CHECK_EQ(pc.r.ecx, 0x0009);
	CHECK_EQ(pc.r.eax, 0x1234);
	video(0x0007, 0, 0, 0);
	video(0x1234, 0x0010, 0, 0);
	CHECK_EQ(pc.r.ebx, 0x0103); /* monochrome */
	video(0x0003, 0, 0, 0);
	static const uint8_t answered[] = { 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36 };
	for (unsigned i = 0; i < sizeof answered; i++) {
		video(0x1200, answered[i], 0, 0);
		CHECK_EQ(pc.r.eax, 0x1212);
	}
	CHECK_EQ(pc.ram[BDA_VIDEO_FLAGS], 0xc3); /* 200 lines; gray */
	video(0x1201, 0x0033, 0, 0);
	video(0x1201, 0x0034, 0, 0);
	CHECK_EQ(pc.ram[BDA_VIDEO_CONTROL], 0x61);
	video(0x1200, 0x0034, 0, 0);
	CHECK_EQ(pc.ram[BDA_VIDEO_CONTROL], 0x60);
	video(0x1200, 0x0030, 0, 0);
	CHECK_EQ(pc.ram[BDA_VIDEO_FLAGS], 0xc1);
	CHECK_EQ(pc.ram[BDA_VIDEO_SWITCH], 0xf8);
	video(0x1202, 0x0030, 0, 0);
	CHECK_EQ(pc.ram[BDA_VIDEO_FLAGS], 0x51);
	CHECK_EQ(pc.ram[BDA_VIDEO_SWITCH], 0xf9);
	video(0x0013, 0, 0, 0);
	video(0x1201, 0x0036, 0, 0);
	pc_out(&pc, 0x3c4, 1);
	CHECK_EQ(pc_in(&pc, 0x3c5), 0x21);
	video(0x1200, 0x0036, 0, 0);
	CHECK_EQ(pc_in(&pc, 0x3c5), 0x01);
	video(0x1201, 0x0032, 0, 0);
	CHECK_EQ(pc_in(&pc, 0x3cc) & 0x02, 0);
	video(0x1200, 0x0032, 0, 0);
	CHECK_EQ(pc_in(&pc, 0x3cc) & 0x02, 0x02);
	video(0x1234, 0x5555, 0, 0); /* unknown */
	CHECK_EQ(pc.r.eax, 0x1234);
	CHECK_EQ(pc.r.ebx, 0x5555);
}

static void display_codes(void)
{
	pc_open(&pc, 2 << 20);
	video(0x1a00, 0xffff, 0, 0);
	CHECK_EQ(pc.r.eax, 0x1a1a);
	CHECK_EQ(pc.r.ebx, 0x0008);
	video(0x1a01, 0x0007, 0, 0);
	CHECK_EQ(pc.r.eax, 0x1a1a);
	video(0x1a00, 0, 0, 0);
	CHECK_EQ(pc.r.ebx, 0x0007);
	video(0x1a02, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x1a02);
}

static void the_state_is_reported(void)
{
	const uint8_t *state = pc.ram + TABLE + 0x100;
	pc_open(&pc, 2 << 20);
	pc.r.edi = 0x0100;
	video(0x0201, 0, 0, 0x0a0b);
	video(0x1b77, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x1b1b);
	CHECK_EQ(state[4], 3);
	CHECK_EQ(get16(state + 5), 80);
	CHECK_EQ(get16(state + 0x0b), 0x0a0b);
	CHECK_EQ(get16(state + 0x1e), 0x3d4);
	CHECK_EQ(state[0x22], 25);
	CHECK_EQ(get16(state + 0x23), 16);
	CHECK_EQ(state[0x25], 8);
	CHECK_EQ(get16(state + 0x27), 16);
	CHECK_EQ(state[0x29], 8);
	CHECK_EQ(state[0x2a], 2);
	CHECK_EQ(state[0x2d], 0x31);
	CHECK_EQ(state[0x31], 3);
	uint32_t tables = get32(state);
	CHECK_EQ(tables >> 16, ROM_SEGMENT);
	CHECK_EQ(
	        pc_get32(&pc, ROM_GPA + (tables & 0xffff)), 0x800ff); /* the modes that are shown */
	video(0x0013, 0, 0, 0);
	video(0x1b00, 0, 0, 0);
	CHECK_EQ(get16(state + 0x27), 256);
	CHECK_EQ(state[0x2a], 0);
	video(0x1b00, 1, 0, 0); /* no such state */
	CHECK_EQ(pc.r.eax, 0x1b00);
}

static void the_bda_leads_to_the_modes_registers(void)
{
	pc_open(&pc, 2 << 20);
	uint32_t save = pc_get32(&pc, BDA_VIDEO_TABLES);
	CHECK_EQ(save >> 16, ROM_SEGMENT);
	uint32_t modes = pc_get32(&pc, ROM_GPA + (save & 0xffff));
	CHECK_EQ(modes >> 16, ROM_SEGMENT);
	const uint8_t *row =
	        pc.ram + ROM_GPA + (modes & 0xffff) + 0x18 * 64; /* mode 03h, 400 lines */
	CHECK_EQ(row[0], 80);
	CHECK_EQ(row[1], 24);
	CHECK_EQ(row[2], 16);
	CHECK_EQ(get16(row + 3), 0x1000);
	CHECK(!memcmp(row + 10, pc.board.state.vga.crtc, 25));
	CHECK_EQ(row[9], pc.board.state.vga.misc);
	CHECK(!memcmp(row + 5, pc.board.state.vga.seq + 1, 4));
	CHECK(!memcmp(row + 35, pc.board.state.vga.attr, 20));
	CHECK(!memcmp(row + 55, pc.board.state.vga.gc, 9));
	static const uint8_t columns[] = { 40, 40, 80, 80, 40, 40, 80, 80, 0, 0, 0, 0, 0, 40, 80, 0,
		0, 80, 80, 40, 40, 80, 80, 40, 80, 80, 80, 80, 40 };
	for (int i = 0; i < 29; i++)
		CHECK_EQ(row[(i - 0x18) * 64], columns[i]);
	CHECK_EQ(row[-2 * 64 + 2], 14);   /* mode 03h, 350 lines */
	CHECK_EQ(row[-0x15 * 64 + 2], 8); /* 200 lines */
	row += 4 * 64;                    /* mode 13h, the last */
	CHECK_EQ(row[0], 40);
	CHECK_EQ(row[2], 8);
}

static void vectors_lead_to_old_tables(void)
{
	pc_open(&pc, 2 << 20);
	CHECK_EQ(pc_get32(&pc, 0x42 * 4), 0xf000f065); /* the board's int 10h */
	CHECK_EQ(pc_get32(&pc, 0x1d * 4), 0xf000f0a4);
	const uint8_t *crtc = pc.ram + ROM_GPA + 0xf0a4;
	CHECK_EQ(crtc[0x01], 40);
	CHECK_EQ(crtc[0x11], 80);
	CHECK_EQ(get16(crtc + 0x42), 4096);
	CHECK_EQ(crtc[0x48 + 3], 80);
	CHECK_EQ(crtc[0x50 + 3], 0x29);
}

static char printed[4096];
static size_t printed_len;

static void on_paper(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len && printed_len < sizeof printed; i++)
		printed[printed_len++] = (char)bytes[i];
}

static void the_screen_is_printed(void)
{
	pc_open(&pc, 2 << 20);
	CHECK_EQ(pc_call(&pc, 0x05), BIOS_DONE);
	CHECK_EQ(pc.ram[BDA_PRINT_SCREEN], 0xff); /* no printer is connected */
	printed_len = 0;
	board_wire(&pc.board, &parallel_device, on_paper, NULL);
	video(0x0200, 0, 0, 0x184e);
	video(0x0941, 7, 2, 0);
	CHECK_EQ(pc_call(&pc, 0x05), BIOS_DONE);
	CHECK_EQ(pc.ram[BDA_PRINT_SCREEN], 0);
	CHECK_EQ(printed_len, 25 * 82);
	CHECK(!memcmp(printed + 80, "\r\n ", 3));
	CHECK(!memcmp(printed + 25 * 82 - 5, " AA\r\n", 5));
	pc.ram[BDA_PRINT_SCREEN] = 1; /* it is at work already */
	CHECK_EQ(pc_call(&pc, 0x05), BIOS_DONE);
	CHECK_EQ(printed_len, 25 * 82);
	CHECK_EQ(pc.ram[BDA_PRINT_SCREEN], 1);
	pc.ram[BDA_PRINT_SCREEN] = 0;
	put16(pc.ram + BDA_LPT, 0); /* no adapter */
	CHECK_EQ(pc_call(&pc, 0x05), BIOS_DONE);
	CHECK_EQ(pc.ram[BDA_PRINT_SCREEN], 0xff);
}

static void calls_are_told(void)
{
	static const struct {
		struct bios_regs before, after;
		const char *text;
	} rows[] = {
		{ { .eax = 0x0e41 }, { 0 }, "int 10h AH=0eh teletype output 'A'" },
		{ { .eax = 0x0e0d }, { 0 }, "int 10h AH=0eh teletype output 0dh" },
		{ { .eax = 0x0093 }, { 0 }, "int 10h AH=00h set the video mode 13h, memory kept" },
		{ { .eax = 0x0200, .edx = 0x0a0b }, { 0 },
		        "int 10h AH=02h move the cursor to row 10 column 11 of page 0" },
		{ { .eax = 0x0300 }, { .edx = 0x0102 },
		        "int 10h AH=03h read the cursor of page 0: row 1 column 2" },
		{ { .eax = 0x0600, .ebx = 0x0700, .edx = 0x184f }, { 0 },
		        "int 10h AH=06h scroll up: clear rows 0 to 24, columns 0 to 79, attribute "
		        "07h" },
		{ { .eax = 0x0d00, .ecx = 3, .edx = 4 }, { .eax = 0x0d05 },
		        "int 10h AH=0dh read a pixel x 3 y 4: colour 5" },
		{ { .eax = 0x1003 }, { 0 }, "int 10h AX=1003h choose blinking or bright: bright" },
	};
	char text[200];
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		bios_describe(0x10, &rows[i].before, &rows[i].after, text, sizeof text);
		CHECK_STR(text, rows[i].text);
		for (size_t size = 1; size < sizeof text; size++) /* cut anywhere */
			bios_describe(0x10, &rows[i].before, NULL, text, size);
	}
}

int main(void)
{
	RUN(palette_registers);
	RUN(blinking_is_chosen);
	RUN(colors);
	RUN(pages_of_colors);
	RUN(a_cga_palette);
	RUN(the_palette_may_stay_and_be_gray);
	RUN(selects);
	RUN(display_codes);
	RUN(the_state_is_reported);
	RUN(the_bda_leads_to_the_modes_registers);
	RUN(vectors_lead_to_old_tables);
	RUN(the_screen_is_printed);
	RUN(calls_are_told);
	return check_done();
}

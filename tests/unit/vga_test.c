/* A VGA's registers by its ports, its modes, and what they say of the picture. */
#include "devices/vga.h"

#include "check.h"
#include "board_pc.h"

#define LINE_NS  31778u    /* 800 dots of 25.175 MHz, */
#define FRAME_NS 14268060u /* and 449 lines */

static void set(unsigned port, unsigned index, unsigned value)
{
	pc_out(port, index);
	pc_out(port + 1, value);
}

static unsigned get(unsigned port, unsigned index)
{
	pc_out(port, index);
	return pc_in(port + 1);
}

static unsigned get_attr(unsigned index)
{
	pc_in(0x3da);
	pc_out(0x3c0, index);
	unsigned value = pc_in(0x3c1);
	pc_in(0x3da);
	pc_out(0x3c0, 0x20);
	return value;
}

static void registers_keep_their_bits(void)
{
	pc_open();
	set(0x3c4, 2, 0xff);
	CHECK_EQ(get(0x3c4, 2), 0x0f);
	set(0x3ce, 8, 0xa5);
	CHECK_EQ(get(0x3ce, 8), 0xa5);
	set(0x3ce, 5, 0xff);
	CHECK_EQ(get(0x3ce, 5), 0x7b);
	CHECK_EQ(get(0x3ce, 15), 0);
	set(0x3d4, 0x0f, 0x42);
	CHECK_EQ(get(0x3d4, 0x0f), 0x42);
	CHECK_EQ(pc_in(0x3d4), 0x0f);
	set(0x3d4, 0xfe, 1);
	CHECK_EQ(get(0x3d4, 0xfe), 0);
	pc_out(0x3da, 0xff);
	CHECK_EQ(pc_in(0x3ca), 3);
	pc_out(0x3c6, 0x0f);
	CHECK_EQ(pc_in(0x3c6), 0x0f);
	uint8_t pair[2] = { 0x0e, 0x07 }; /* index and data in one access */
	board_io(&pc.board, 0x3d4, pair, 2, 1, true);
	CHECK_EQ(get(0x3d4, 0x0e), 7);
}

static void misc_moves_the_crt_controller(void)
{
	pc_open();
	CHECK_EQ(pc_in(0x3cc), 0x67);
	CHECK_EQ(pc_in(0x3b4), 0xff);
	set(0x3b4, 0x0f, 1);
	pc_out(0x3c2, 0x66);
	CHECK_EQ(pc_in(0x3d4), 0xff);
	CHECK_EQ(get(0x3b4, 0x0f), 0);
	CHECK(pc_in(0x3ba) != 0xff);
}

static void crtc_0_to_7_can_be_locked(void)
{
	pc_open();
	CHECK_EQ(get(0x3d4, 0x11) & 0x80, 0x80);
	set(0x3d4, 1, 0x27);
	CHECK_EQ(get(0x3d4, 1), 0x4f);
	set(0x3d4, 7, 0xff & ~0x10);
	CHECK_EQ(get(0x3d4, 7), 0x0f); /* the line compare bit alone */
	set(0x3d4, 0x11, 0x0e);
	set(0x3d4, 1, 0x27);
	CHECK_EQ(get(0x3d4, 1), 0x27);
}

static void attribute_port_takes_index_and_data_by_turns(void)
{
	pc_open();
	pc_in(0x3da);
	pc_out(0x3c0, 0x33);
	pc_out(0x3c0, 0x0f);
	pc_out(0x3c0, 0x21);
	pc_in(0x3da); /* the next is an index again */
	pc_out(0x3c0, 0x22);
	pc_out(0x3c0, 0xff);
	CHECK_EQ(pc_in(0x3c0), 0x22);
	CHECK_EQ(get_attr(0x13), 0x0f);
	CHECK_EQ(get_attr(0x01), 0x01);
	CHECK_EQ(get_attr(0x02), 0x3f);
	CHECK_EQ(get_attr(0x1f), 0);
	CHECK(!vga_is_blank(&pc.board.state.vga));
	pc_in(0x3da);
	pc_out(0x3c0, 0x00);
	CHECK(vga_is_blank(&pc.board.state.vga));
}

static void dac_goes_on_by_itself(void)
{
	const struct vga *v = &pc_open()->state.vga;

	pc_out(0x3c8, 254);
	for (unsigned i = 0; i < 9; i++)
		pc_out(0x3c9, 0xc0 | (i + 1));
	CHECK_EQ(pc_in(0x3c7), 0);
	CHECK_EQ(pc_in(0x3c8), 1);
	CHECK_EQ(v->dac[0][0], 7);
	pc_out(0x3c9, 63);
	CHECK_EQ(v->dac[1][0], 0); /* until all three are there */
	pc_out(0x3c7, 254);
	CHECK_EQ(pc_in(0x3c7), 3);
	for (unsigned i = 0; i < 9; i++)
		CHECK_EQ(pc_in(0x3c9), i + 1);
}

/* Time within a frame, which begins with the first line of the picture. */
static unsigned status_at(uint64_t ns)
{
	struct board *b = pc_open();

	board_advance(b, ns - 1000);
	pc_in(0x3da);
	board_advance(b, 1000);
	return pc_in(0x3da);
}

static void status_goes_with_time(void)
{
	CHECK_EQ(status_at(LINE_NS / 2), 0);
	CHECK_EQ(status_at(LINE_NS * 9 / 10), 0x01); /* the end of a line */
	CHECK_EQ(status_at(LINE_NS * 399 + LINE_NS / 2), 0);
	CHECK_EQ(status_at(LINE_NS * 400 + LINE_NS / 2), 0x01);
	CHECK_EQ(status_at(LINE_NS * 411 + LINE_NS / 2), 0x01);
	CHECK_EQ(status_at(LINE_NS * 412 + LINE_NS / 2), 0x09);
	CHECK_EQ(status_at(LINE_NS * 413 + LINE_NS / 2), 0x09);
	CHECK_EQ(status_at(LINE_NS * 414 + LINE_NS / 2), 0x01);
	CHECK_EQ(status_at(FRAME_NS * 3600ull + LINE_NS * 412 + LINE_NS / 2), 0x09);
	CHECK(board_port_has_time(&pc.board, 0x3da));
}

static unsigned retraces_seen(uint64_t every_ns)
{
	struct board *b = pc_open();
	unsigned rises = 0, before = 8;

	board_advance(b, 86400ull * 1000000000);
	for (uint64_t ns = 0; ns < 1000000000; ns += every_ns) {
		unsigned now = pc_in(0x3da) & 8;
		rises += now && !before;
		before = now;
		board_advance(b, every_ns);
	}
	return rises;
}

/* 70 frames in a second, also after a day of them, and however slow the guest is to look. */
static void no_retrace_is_missed(void)
{
	CHECK_EQ(retraces_seen(10000), 70);
	CHECK_EQ(retraces_seen(100000), 70);
	CHECK_EQ(retraces_seen(3000000), 70);
}

/* Whatever the guest programs: no division by zero, and an answer. */
static void nonsense_in_the_crtc_is_answered(void)
{
	struct board *b = pc_open();
	unsigned at, top, bottom;
	bool is_on;

	for (unsigned value = 0; value < 256; value += 51) {
		memset(b->state.vga.crtc, (int)value, VGA_CRTC);
		for (unsigned gc = 0; gc < 256; gc += 5) {
			b->state.vga.gc[5] = b->state.vga.gc[6] = (uint8_t)gc;
			board_advance(b, 12345678);
			CHECK_EQ(pc_in(0x3da) & ~9u, 0);
			CHECK(vga_rows(&b->state.vga) >= 1 &&
			        vga_rows(&b->state.vga) <= VGA_ROWS_MAX);
			CHECK(vga_columns(&b->state.vga) >= 1 && vga_lines(&b->state.vga) >= 1);
			CHECK(vga_window(&b->state.vga) < VGA_MEMORY);
			vga_cursor(&b->state.vga, &at, &top, &bottom, &is_on);
			CHECK(top < 32 && bottom < 32 && at <= 0xffff);
		}
	}
}

static void modes_look_as_they_should(void)
{
	static const struct {
		uint8_t mode;
		enum vga_kind kind;
		unsigned window, columns, lines, pitch;
	} wanted[] = {
		{ 0, VGA_TEXT, 0x18000, 40, 25, 40 },
		{ 1, VGA_TEXT, 0x18000, 40, 25, 40 },
		{ 2, VGA_TEXT, 0x18000, 80, 25, 80 },
		{ 3, VGA_TEXT, 0x18000, 80, 25, 80 },
		{ 4, VGA_CGA4, 0x18000, 40, 200, 80 },
		{ 5, VGA_CGA4, 0x18000, 40, 200, 80 },
		{ 6, VGA_CGA2, 0x18000, 80, 200, 80 },
		{ 7, VGA_TEXT, 0x10000, 80, 25, 80 },
		{ 0x0d, VGA_PLANAR, 0, 40, 200, 40 },
		{ 0x0e, VGA_PLANAR, 0, 80, 200, 80 },
		{ 0x0f, VGA_PLANAR, 0, 80, 350, 80 },
		{ 0x10, VGA_PLANAR, 0, 80, 350, 80 },
		{ 0x11, VGA_PLANAR, 0, 80, 480, 80 },
		{ 0x12, VGA_PLANAR, 0, 80, 480, 80 },
		{ 0x13, VGA_256, 0, 80, 200, 320 },
	};
	struct vga v;

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		memset(&v, 0xa5, sizeof v);
		CHECK(vga_set_mode(&v, wanted[i].mode));
		CHECK_EQ(vga_kind(&v), wanted[i].kind);
		CHECK_EQ(vga_window(&v), wanted[i].window);
		CHECK_EQ(vga_columns(&v), wanted[i].columns);
		CHECK_EQ(
		        wanted[i].kind == VGA_TEXT ? vga_rows(&v) : vga_lines(&v), wanted[i].lines);
		CHECK_EQ(vga_pitch(&v), wanted[i].pitch);
		CHECK_EQ(vga_start(&v), 0);
		CHECK(!vga_is_blank(&v));
		CHECK_EQ(vga_blinks(&v), wanted[i].kind == VGA_TEXT || wanted[i].mode == 0x0f);
	}
	struct vga before = v;
	CHECK(!vga_set_mode(&v, 0x08) && !vga_set_mode(&v, 0x14) && !vga_set_mode(&v, 0xff));
	CHECK(!memcmp(&v, &before, sizeof v));
}

static void the_cursor_and_the_start_are_the_crtcs(void)
{
	const struct vga *v = &pc_open()->state.vga;
	unsigned at, top, bottom;
	bool is_on;

	vga_cursor(v, &at, &top, &bottom, &is_on);
	CHECK(at == 0 && top == 13 && bottom == 14 && is_on);
	set(0x3d4, 0x0e, 1);
	set(0x3d4, 0x0f, 2);
	set(0x3d4, 0x0a, 0x20);
	set(0x3d4, 0x0c, 3);
	set(0x3d4, 0x0d, 4);
	vga_cursor(v, &at, &top, &bottom, &is_on);
	CHECK(at == 0x102 && !is_on);
	CHECK_EQ(vga_start(v), 0x304);
	set(0x3d4, 0x0a, 0x1f); /* begins below its end */
	vga_cursor(v, &at, &top, &bottom, &is_on);
	CHECK(!is_on);
	set(0x3d4, 9, 0x47); /* characters of 8 lines */
	CHECK_EQ(vga_rows(v), 50);
}

static bool has_rgb(const struct vga *v, unsigned i, unsigned red, unsigned green, unsigned blue)
{
	return v->dac[i][0] == red && v->dac[i][1] == green && v->dac[i][2] == blue;
}

static void default_colors_follow_their_rules(void)
{
	struct vga v = { .misc = 0 };

	vga_set_mode(&v, 3);
	CHECK_EQ(vga_color(&v, 6), 0x14);
	CHECK_EQ(vga_color(&v, 15), 0x3f);
	CHECK(has_rgb(&v, 0x14, 42, 21, 0)); /* brown */
	CHECK(has_rgb(&v, 0x3f, 63, 63, 63));
	CHECK(has_rgb(&v, 0x38, 21, 21, 21));
	CHECK(has_rgb(&v, 0x01, 0, 0, 42));
	CHECK(has_rgb(&v, 64, 0, 0, 0));
	vga_set_mode(&v, 4);
	CHECK_EQ(vga_color(&v, 1), 0x13);
	CHECK_EQ(vga_color(&v, 5), 0x04);
	CHECK(has_rgb(&v, 0x13, 21, 63, 63));
	CHECK(has_rgb(&v, 0x06, 42, 21, 0));
	CHECK(has_rgb(&v, 0x16, 63, 63, 21));
	vga_set_mode(&v, 7);
	CHECK(has_rgb(&v, vga_color(&v, 7), 42, 42, 42));
	CHECK(has_rgb(&v, vga_color(&v, 15), 63, 63, 63));
	CHECK(has_rgb(&v, vga_color(&v, 8), 42, 42, 42));
	CHECK(has_rgb(&v, vga_color(&v, 0), 0, 0, 0));
	vga_set_mode(&v, 0x13);
	CHECK(has_rgb(&v, 4, 42, 0, 0) && has_rgb(&v, 6, 42, 21, 0) && has_rgb(&v, 15, 63, 63, 63));
	CHECK(has_rgb(&v, 16, 0, 0, 0) && has_rgb(&v, 31, 63, 63, 63) &&
	        has_rgb(&v, 24, 28, 28, 28));
	CHECK(has_rgb(&v, 32, 0, 0, 63) && has_rgb(&v, 33, 16, 0, 63) &&
	        has_rgb(&v, 36, 63, 0, 63));
	CHECK(has_rgb(&v, 37, 63, 0, 47) && has_rgb(&v, 40, 63, 0, 0) &&
	        has_rgb(&v, 44, 63, 63, 0));
	CHECK(has_rgb(&v, 48, 0, 63, 0) && has_rgb(&v, 52, 0, 63, 63) &&
	        has_rgb(&v, 55, 0, 16, 63));
	CHECK(has_rgb(&v, 56, 31, 31, 63) && has_rgb(&v, 80, 45, 45, 63));
	CHECK(has_rgb(&v, 104, 0, 0, 28) && has_rgb(&v, 176, 0, 0, 16) &&
	        has_rgb(&v, 247, 11, 12, 16));
	CHECK(has_rgb(&v, 248, 0, 0, 0) && has_rgb(&v, 255, 0, 0, 0));
}

static void colors_go_through_select_and_mask(void)
{
	struct vga v = { .misc = 0 };

	vga_set_mode(&v, 3);
	v.attr[0x14] = 0x0f;
	CHECK_EQ(vga_color(&v, 6), 0xd4);
	v.attr[0x10] |= 0x80;
	CHECK_EQ(vga_color(&v, 6), 0xf4);
	v.dac_mask = 0x0f;
	CHECK_EQ(vga_color(&v, 6), 0x04);
}

static void monitor_info_tells_the_mode(void)
{
	struct device_text t = { .len = 0 };
	struct board *b = pc_open();

	vga_device.show(b, &t);
	CHECK(strstr(t.text,
	        "text         80 columns, 25 rows, characters of 16 lines, bit 7 blinks\n"));
	CHECK(strstr(t.text, "memory       at 0xb8000\n"));
	CHECK(t.len < sizeof t.text - 1);
	vga_set_mode(&b->state.vga, 0x13);
	t.len = 0;
	vga_device.show(b, &t);
	CHECK(!strncmp(t.text, "graphics     a byte a pixel\n", 28));
}

int main(void)
{
	RUN(registers_keep_their_bits);
	RUN(misc_moves_the_crt_controller);
	RUN(crtc_0_to_7_can_be_locked);
	RUN(attribute_port_takes_index_and_data_by_turns);
	RUN(dac_goes_on_by_itself);
	RUN(status_goes_with_time);
	RUN(no_retrace_is_missed);
	RUN(nonsense_in_the_crtc_is_answered);
	RUN(modes_look_as_they_should);
	RUN(the_cursor_and_the_start_are_the_crtcs);
	RUN(default_colors_follow_their_rules);
	RUN(colors_go_through_select_and_mask);
	RUN(monitor_info_tells_the_mode);
	return check_done();
}

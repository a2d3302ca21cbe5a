/* Keys as names, as text and as a terminal sends them; and screens of any registers and memory, as
 * lines, as a PNG and for a terminal of any size. The first byte says which. */
#include "fuzz.h"

#include "base/array.h"
#include "display/ansi.h"
#include "display/keys.h"
#include "display/png.h"
#include "display/terminal_keys.h"
#include "display/text.h"

/* Every code is whole, and what is pressed is released. */
static void check_keys(const struct keys *keys)
{
	unsigned down = 0;
	FUZZ_CLAIM(keys->len <= KEYS_BYTES_MAX);
	for (unsigned i = 0; i < keys->len;) {
		unsigned len = keys_code_len(keys->bytes[i]);
		FUZZ_CLAIM(len <= keys->len - i);
		down += keys->bytes[i + len - 1] & 0x80 ? -1u : 1u;
		i += len;
	}
	FUZZ_CLAIM(down == 0);
}

static void try_names(struct fuzz_in *in)
{
	struct fuzz_in part = fuzz_until(in, '\n');
	char *text = fuzz_copy(&part, 0);
	struct cursor c = { text, text + fuzz_left(&part) };
	struct keys keys;
	if (keys_named(&c, &keys))
		check_keys(&keys);
	c.at = text;
	while (keys_typed(&c, &keys))
		check_keys(&keys);
	free(text);
}

static void try_terminal(struct fuzz_in *in)
{
	struct terminal_keys t = { .count = 0 };
	struct keys keys;
	while (in->at < in->end) {
		terminal_keys_byte(&t, *in->at++, &keys);
		check_keys(&keys);
		FUZZ_CLAIM(t.count < TERMINAL_KEYS_MAX);
	}
	terminal_keys_end(&t, &keys);
	check_keys(&keys);
	FUZZ_CLAIM(!terminal_keys_wait(&t));
}

/* Until the terminal shows the screen; the number of steps is bounded by its cells. */
static void draw(struct ansi *a, const struct screen *s, size_t room)
{
	char *bytes = malloc(room);
	unsigned steps = 0;
	FUZZ_CLAIM(bytes);
	for (size_t len; (len = ansi_draw(a, s, bytes, room)); steps++)
		FUZZ_CLAIM(len <= room && steps < 2 * ANSI_COLUMNS_MAX * ANSI_ROWS_MAX);
	free(bytes);
}

static void make_all(const struct screen *s, struct ansi *a, struct fuzz_in *in)
{
	char row[SCREEN_TEXT_ROW_MAX], kind[64];
	for (unsigned i = 0; i <= screen_text_rows(s); i++)
		FUZZ_CLAIM(screen_text_row(s, i, row) == strlen(row));
	FUZZ_CLAIM(!screen_text_kind(s, kind) == (s->kind == SCREEN_TEXT));
	size_t room = png_room(s);
	uint8_t *png = malloc(room);
	FUZZ_CLAIM(png && png_make(s, png) <= room);
	free(png);
	draw(a, s, ANSI_STEP_MAX + fuzz_number(in, 2));
}

/* Register after register: an index and a value. Then what is in memory, over and over. */
static void try_screen(struct fuzz_in *in)
{
	static const uint8_t modes[] = { 3, 1, 0x13, 4, 6, 7, 0x12 };
	static struct vga vga;
	static uint8_t vram[VGA_MEMORY];
	static struct screen screen;
	static struct ansi ansi;
	const struct ansi_terminal t = { (unsigned)fuzz_number(in, 1), (unsigned)fuzz_number(in, 1),
		fuzz_number(in, 1) & 1, fuzz_number(in, 1) & 1 };
	ansi_init(&ansi, &t);
	for (unsigned round = 0; round < 2; round++) {
		uint8_t *const groups[] = { vga.crtc, vga.seq, vga.gc, vga.attr };
		const size_t sizes[] = { VGA_CRTC, VGA_SEQ, VGA_GC, VGA_ATTR };
		vga_set_mode(&vga, modes[fuzz_number(in, 1) % ARRAY_SIZE(modes)]);
		for (unsigned i = (unsigned)fuzz_number(in, 1) & 15; i; i--) {
			unsigned which = (unsigned)fuzz_number(in, 1);
			groups[which >> 6][(which & 63) % sizes[which >> 6]] =
			        (uint8_t)fuzz_number(in, 1);
		}
		struct fuzz_in part = { in->at, in->end };
		for (size_t i = 0; i < sizeof vram; i++) {
			if (part.at == part.end)
				part.at = in->at;
			vram[i] = part.at < part.end ? *part.at++ : 0x20;
		}
		screen_read(&screen, &vga, vram);
		make_all(&screen, &ansi, in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, data + size };
	switch (fuzz_number(&in, 1)) {
	case 'n':
		while (in.at < in.end)
			try_names(&in);
		break;
	case 't': try_terminal(&in); break;
	default: try_screen(&in);
	}
	return 0;
}

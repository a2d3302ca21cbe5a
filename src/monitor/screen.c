/* monitor screen and screendump: what the guest's screen shows. */
#include <stdlib.h>
#include <string.h>

#include "display/text.h"
#include "machine/screen.h"
#include "monitor/internal.h"

#define NO_SCREEN "this board has no screen: a PC's has one (--board pc)"

static void say_text(const struct output *out, const struct screen *screen)
{
	char row[SCREEN_TEXT_ROW_MAX], text[64];
	const char *kind = screen_text_kind(screen, text);
	if (kind)
		say(out,
		        "The screen has no text: %s. remote get screen.png FILE saves a picture.\n",
		        kind);
	else if (!screen_text_rows(screen))
		say(out, "(the screen is empty)\n");
	for (unsigned i = 0; i < screen_text_rows(screen); i++) {
		screen_text_row(screen, i, row);
		say(out, "%s\n", row);
	}
}

/* For programs: what a guest shows can't be taken for words of ours, and no blank is lost. */
static void say_rows(const struct output *out, const struct screen *screen)
{
	char row[SCREEN_TEXT_ROW_MAX], text[64];
	const char *kind = screen_text_kind(screen, text);
	if (kind) {
		refuse(out, "screen", "rows", "the screen has no text: %s", kind);
		return;
	}
	for (unsigned i = 0; i < screen->rows; i++) {
		screen_text_whole_row(screen, i, row);
		say(out, "%2u |%s|\n", i, row);
	}
}

void monitor_screen(struct run *run, const struct output *out, const char *operands)
{
	bool wants_rows = !strcmp(operands, "rows");
	if (*operands && !wants_rows) {
		refuse(out, "screen", operands, "expected rows, or nothing");
		return;
	}
	struct screen *screen = machine_screen(run->machine);
	if (!screen)
		refuse(out, "screen", operands, NO_SCREEN);
	else if (wants_rows)
		say_rows(out, screen);
	else
		say_text(out, screen);
	free(screen);
}

/* QEMU writes a file; stepvm opens none while it runs. */
void monitor_screendump(struct run *run, const struct output *out, const char *operands)
{
	if (!board_has(&run->machine->guest->board, &vga_device))
		refuse(out, "screendump", operands, NO_SCREEN);
	else
		refuse(out, "screendump", operands,
		        "gdb saves the screen as PNG, by remote get screen.png FILE, or stepvm "
		        "screenshot FILE");
}

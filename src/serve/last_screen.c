/* The screen as lines, for standard output. */
#include "serve/last_screen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "display/text.h"
#include "host/notice.h"

char *last_screen_text(const struct screen *s)
{
	char row[SCREEN_TEXT_ROW_MAX + 1];
	unsigned rows = s->kind == SCREEN_TEXT ? screen_text_rows(s) : 0;
	char *text = malloc((size_t)rows * sizeof row + 1);
	size_t at = 0;
	for (unsigned i = 0; text && i < rows; i++) {
		unsigned len = screen_text_row(s, i, row);
		if (!len && !at) /* blank rows above are left out */
			continue;
		row[len] = '\n';
		memcpy(text + at, row, len + 1);
		at += len + 1;
	}
	if (text)
		text[at] = 0;
	return text;
}

static void print_rows(struct spool *o, const struct screen *s)
{
	char *text = last_screen_text(s);
	if (o->is_in_line)
		spool_put(o, (const uint8_t *)"\n", 1);
	if (text)
		spool_put(o, (const uint8_t *)text, strlen(text));
	free(text);
}

/* Owned by the caller; NULL: no memory. */
static struct screen *read_screen(const struct machine *m)
{
	size_t len;
	const uint8_t *vram = memory_hva(&m->guest->vm.memory, VIEWER_WINDOW, &len);
	struct screen *screen = vram && len >= VGA_MEMORY ? malloc(sizeof *screen) : NULL;
	if (screen)
		screen_read(screen, &m->guest->board.state.vga, vram);
	return screen;
}

void last_screen_print(struct serve *s)
{
	struct machine *m = s->machine;
	char kind[64];
	if (s->has_shown_last || s->has_transport || s->config->has_screen ||
	        !m->guest->board.is_pc)
		return;
	s->has_shown_last = true;
	struct screen *screen = read_screen(m);
	if (screen) {
		const char *other = screen_text_kind(screen, kind);
		if (other && screen->kind != SCREEN_BLANK)
			notice_print("stepvm: the guest's last screen is %s%s\n", other,
			        screen->kind == SCREEN_NOT_SHOWN ? "" : ": --screen shows it");
		else if (!other && !teletype_has_all(&m->guest->teletype, screen))
			print_rows(&m->output, screen);
	}
	free(screen);
}

/* --- the hint at --screen ---------------------------------------------------------------------- */

#define HINT_FIRST_NS UINT64_C(500000000)
#define HINT_MAX_NS   UINT64_C(60000000000)

void screen_hint_begin(struct serve *s)
{
	s->may_hint = s->machine->guest->board.is_pc && !s->has_transport &&
	              !s->config->has_screen && isatty(s->machine->output.fd);
	s->hint_every_ns = HINT_FIRST_NS;
	s->hint_ns = clock_host_ns() + HINT_FIRST_NS;
}

void screen_hint_look(struct serve *s)
{
	struct screen *screen = s->may_hint ? read_screen(s->machine) : NULL;
	if (!screen)
		return;
	bool is_drawn = screen->kind == SCREEN_GRAPHICS ||
	                (screen->kind == SCREEN_TEXT &&
	                        !teletype_has_all(&s->machine->guest->teletype, screen));
	free(screen);
	if (!is_drawn)
		return;
	s->may_hint = false;
	notice_print(
	        "stepvm: the guest draws on its screen, which is not shown: --screen shows it\n");
}

uint64_t screen_hint_due_ns(const struct serve *s)
{
	uint64_t now = clock_host_ns();
	if (!s->may_hint || !run_is_going(&s->run))
		return RUN_FOREVER;
	return s->hint_ns > now ? s->hint_ns - now : 1;
}

void screen_hint_tick(struct serve *s)
{
	uint64_t now = clock_host_ns();
	if (!s->may_hint || now < s->hint_ns)
		return;
	screen_hint_look(s);
	if (s->hint_every_ns < HINT_MAX_NS)
		s->hint_every_ns *= 2;
	s->hint_ns = now + s->hint_every_ns;
}

/* The screen's terminal as the guest's keyboard, and the key that is stepvm's: Ctrl-], as telnet and
 * other consoles have it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "host/terminal.h"
#include "serve/viewer_internal.h"

#define ESCAPE_KEY 0x1d /* Ctrl-] */

/* --- the escape key's line -------------------------------------------------------------------- */

static void show_menu(struct viewer *v)
{
	char line[256];
	int n = snprintf(line, sizeof line,
	        "\033[%u;1H\033[0;7m\033[K %s  d Ctrl-Alt-Delete%s  ] Ctrl-] itself  other keys: "
	        "back\033[0m",
	        v->terminal.rows ? v->terminal.rows : 24,
	        v->place == VIEWER_CALLED ? "stepvm: q leave the screen" : "stepvm: q quit",
	        v->place == VIEWER_HERE ? "  z suspend" : "");
	viewer_unsay(v); /* the guest's user knows it now */
	v->is_menu = true;
	if (v->out_len) /* the terminal does not read: what it gets now would be torn */
		return;
	memcpy(v->out, line, (size_t)n);
	v->out_len = (size_t)n;
	viewer_go_on(v);
}

static void strike(struct viewer *v, const char *name)
{
	struct cursor c = cursor_of(name);
	struct keys keys;
	if (keys_named(&c, &keys))
		key_reader_strike(&v->reader, &keys);
}

static void obey(struct viewer *v, uint8_t byte)
{
	v->is_menu = false;
	switch (byte) {
	case 'q':
		if (v->place == VIEWER_CALLED)
			viewer_drop_caller(v, "stepvm: left the screen; the guest goes on");
		else
			run_end(v->run, STATUS_OK);
		return;
	case 'd': strike(v, "ctrl-alt-delete"); break;
	case ESCAPE_KEY:
	case ']': strike(v, "ctrl-bracket_right"); break;
	case 'z':
		if (v->place == VIEWER_HERE)
			terminal_suspend();
		break;
	default: break;
	}
	viewer_look(v);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void take_byte(struct viewer *v, uint8_t byte)
{
	if (v->is_menu) {
		obey(v, byte);
	} else if (byte == ESCAPE_KEY) {
		key_reader_end(&v->reader);
		show_menu(v);
	} else {
		if (v->note_end_ns != RUN_FOREVER)
			viewer_unsay(v);
		key_reader_take(&v->reader, &byte, 1);
	}
}

int viewer_input_fd(const struct viewer *v)
{
	return v->fd >= 0 && (key_reader_room(&v->reader) || v->is_menu) ? v->fd : -1;
}

void viewer_read_keys(struct viewer *v)
{
	uint8_t bytes[64];
	size_t max = v->is_menu ? 1 : key_reader_room(&v->reader);
	ssize_t n = read(v->fd, bytes, max < sizeof bytes ? max : sizeof bytes);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		viewer_lose(v);
		return;
	}
	for (ssize_t i = 0; i < n && v->fd >= 0; i++)
		take_byte(v, bytes[i]);
}

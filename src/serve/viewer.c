/* Drawing, where and when; the keys are in viewer_keys.c, callers in viewer_calls.c. */
#include "serve/viewer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/array.h"
#include "base/status.h"
#include "host/file.h"
#include "host/notice.h"
#include "host/terminal.h"
#include "machine/input.h"
#include "serve/last_screen.h"
#include "serve/viewer_internal.h"

#define FRAME_NS    UINT64_C(33000000) /* between two pictures */
#define GREETING_NS UINT64_C(5000000000)
#define SOON_NS     UINT64_C(3000000) /* the first one after a while: what the guest draws in one go */

/* --- opening ---------------------------------------------------------------------------------- */

/* By the environment, as programs find it out (setlocale(3), "Locales"). */
static bool is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

static bool has_rgb(void)
{
	const char *color = getenv("COLORTERM"), *term = getenv("TERM");
	return (color && (!strcmp(color, "truecolor") || !strcmp(color, "24bit"))) ||
	       (term && strstr(term, "direct"));
}

struct ansi_terminal viewer_terminal(void)
{
	return (struct ansi_terminal) { .is_utf8 = is_utf8(), .has_rgb = has_rgb() };
}

int viewer_open_terminal(struct error *e)
{
	const char *term = getenv("TERM"), *name = NULL;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && !name; fd++)
		name = ttyname(fd);
	if (!name)
		return error_set(e, -ENOTTY, "there is no terminal here");
	if (!term || !*term || !strcmp(term, "dumb"))
		return error_set(e, -ENOTTY, "a terminal of the kind TERM=%.40s shows no screen",
		        term ? term : "");
	int fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set(e, -errno, "%s: %s", name, strerror(errno));
	return fd;
}

static int open_named(const char *where, struct error *e)
{
	struct file_label label = file_label(where);
	int fd = open(where, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set(e, -errno, "%s: %s", label.text, strerror(errno));
	if (!isatty(fd)) {
		close(fd);
		return error_set(e, -EINVAL, "%s: not a terminal", label.text);
	}
	return fd;
}

static int open_socket(struct viewer *v, const char *where, struct error *e)
{
	struct transport_error why = { .text = "" };
	int err = transport_open(&v->transport, where, &why);
	return err ? error_set(e, err, "%s", why.text) : 0;
}

void viewer_init(struct viewer *v)
{
	*v = (struct viewer) {
		.fd = -1, .caller_fd = -1, .transport = { .listen_fd = -1, .refused_fd = -1 }
	};
}

int viewer_open(struct viewer *v, struct run *run, const char *where, struct error *e)
{
	int err = 0;
	viewer_init(v);
	v->run = run;
	v->reader.machine = run->machine;
	if (!run->machine->guest->board.is_pc)
		return error_set(e, -EINVAL, "the guest's board has no screen (--board pc has)");
	v->ansi = malloc(sizeof *v->ansi);
	v->screen = calloc(1, sizeof *v->screen);
	v->out = malloc(VIEWER_OUT_SIZE);
	v->vram = malloc(VGA_MEMORY);
	if (!v->ansi || !v->screen || !v->vram || !v->out)
		err = error_set(e, -ENOMEM, "out of memory");
	else if (where && !strncmp(where, "unix:", 5))
		err = open_socket(v, where, e);
	else
		err = v->fd = where ? open_named(where, e) : viewer_open_terminal(e);
	v->terminal = viewer_terminal();
	v->place = err < 0                       ? VIEWER_NOWHERE
	           : v->transport.listen_fd >= 0 ? VIEWER_CALLED
	           : where                       ? VIEWER_NAMED
	                                         : VIEWER_HERE;
	if (err < 0)
		viewer_close(v, NULL);
	else
		input_expect_keys(run->machine, true);
	return err < 0 ? err : 0;
}

bool viewer_has(const struct viewer *v, int fd)
{
	return v->place != VIEWER_NOWHERE && v->fd >= 0 && terminal_is_same(v->fd, fd);
}

int viewer_begin(struct viewer *v, struct error *e)
{
	if (v->fd < 0)
		return 0;
	int err = terminal_open_screen(v->fd, ansi_enter, ansi_leave);
	if (err)
		return error_set(
		        e, err, "--screen: the terminal can't be used: %s", strerror(-err));
	viewer_greet(v);
	return 0;
}

static void take_changes(struct viewer *v);

/* A terminal without UTF-8 gets a `?` for each character that it does not have. */
static void make_ascii(char *text)
{
	char *to = text;
	for (; *text; text++)
		if ((*text & 0xc0) != 0x80) /* RFC 3629: no byte but a character's first */
			*to++ = *text & 0x80 ? '?' : *text;
	*to = 0;
}

static char *take_text(struct viewer *v)
{
	take_changes(v);
	char *text = last_screen_text(v->screen);
	if (text && !v->terminal.is_utf8)
		make_ascii(text);
	return text;
}

void viewer_close(struct viewer *v, const char *why)
{
	char *text = why && v->fd >= 0 ? take_text(v) : NULL;
	if (v->place == VIEWER_HERE || v->place == VIEWER_NAMED) {
		terminal_close_screen();
		terminal_write(
		        v->fd, text ? text : ""); /* on the first page, where its user finds it */
	}
	viewer_dismiss_caller(v, text, why);
	free(text);
	if (v->place == VIEWER_CALLED)
		transport_close(&v->transport);
	if (v->fd >= 0)
		close(v->fd);
	free(v->ansi);
	free(v->screen);
	free(v->vram);
	free(v->out);
	v->ansi = NULL;
	v->screen = NULL;
	v->vram = NULL;
	v->out = NULL;
	v->fd = -1;
	v->place = VIEWER_NOWHERE;
}

/* --- drawing ---------------------------------------------------------------------------------- */

void viewer_lose(struct viewer *v)
{
	if (v->place == VIEWER_CALLED) {
		viewer_drop_caller(v, NULL);
		return;
	}
	if (v->place == VIEWER_HERE) {
		run_end(v->run, -SIGHUP); /* which comes, too, where it is the session's */
	} else {
		notice_print("stepvm: the screen's terminal is gone; the guest goes on without\n");
		input_expect_keys(v->run->machine, false);
	}
	terminal_close_screen();
	close(v->fd);
	v->fd = -1;
}

static void flush(struct viewer *v)
{
	while (v->out_at < v->out_len && v->fd >= 0) {
		ssize_t n = write(v->fd, v->out + v->out_at, v->out_len - v->out_at);
		if (n >= 0) {
			v->out_at += (size_t)n;
		} else {
			if (errno != EAGAIN && errno != EINTR)
				viewer_lose(v);
			return;
		}
	}
	v->out_at = v->out_len = 0;
}

/* The memory that the screen is made of. */
static const uint8_t *vram_of(const struct viewer *v)
{
	size_t len;
	const uint8_t *at = memory_hva(&v->run->machine->guest->vm.memory, VIEWER_WINDOW, &len);
	return at && len >= VGA_MEMORY ? at : NULL;
}

/* Something on the screen may be another: taken along with the registers, once. */
static void take_changes(struct viewer *v)
{
	const uint8_t *vram = vram_of(v);
	const struct vga *vga = &v->run->machine->guest->board.state.vga;
	if (!vram || (v->is_drawn && !memcmp(&v->vga, vga, sizeof *vga) &&
	                     !memcmp(v->vram, vram, VGA_MEMORY)))
		return;
	v->vga = *vga;
	memcpy(v->vram, vram, VGA_MEMORY);
	screen_read(v->screen, &v->vga, v->vram);
	v->is_drawn = true;
}

/* What the terminal shows is unknown, or its size is another. */
static void begin_anew(struct viewer *v)
{
	struct winsize size = { 0 };
	ioctl(v->fd, TIOCGWINSZ, &size);
	v->terminal.columns = size.ws_col;
	v->terminal.rows = size.ws_row;
	ansi_init(v->ansi, &v->terminal);
	ansi_note(v->ansi, v->note[0] ? v->note : NULL);
	v->is_drawn = false;
}

static bool has_other_size(const struct viewer *v)
{
	struct winsize size = { 0 };
	return ioctl(v->fd, TIOCGWINSZ, &size) == 0 &&
	       (size.ws_col != v->terminal.columns || size.ws_row != v->terminal.rows);
}

static void draw(struct viewer *v)
{
	if (v->fd < 0 || v->is_menu)
		return;
	if (v->out_len) { /* the terminal has not taken the last one */
		flush(v);
		if (v->out_len || v->fd < 0)
			return;
	}
	if (has_other_size(v))
		begin_anew(v);
	take_changes(v);
	while (v->fd >= 0 && !v->out_len) {
		v->out_len = ansi_draw(v->ansi, v->screen, v->out, VIEWER_OUT_SIZE);
		if (!v->out_len)
			return; /* it shows all */
		flush(v);
	}
}

void viewer_show(struct viewer *v)
{
	begin_anew(v);
	v->drawn_ns = clock_host_ns();
	draw(v);
}

/* --- when ------------------------------------------------------------------------------------- */

void viewer_touch(struct viewer *v)
{
	v->is_touched = true;
}

uint64_t viewer_due_ns(const struct viewer *v)
{
	uint64_t due = RUN_FOREVER;
	if (v->fd < 0)
		return RUN_FOREVER;
	uint64_t now = clock_host_ns();
	if (v->is_touched && !v->is_menu) {
		due = now - v->drawn_ns > FRAME_NS ? SOON_NS : v->drawn_ns + FRAME_NS - now;
		due = due > SOON_NS ? due : SOON_NS;
	}
	uint64_t end = key_reader_due_ns(&v->reader);
	due = end < due ? end : due;
	if (v->note[0] && v->note_end_ns != RUN_FOREVER)
		end = v->note_end_ns > now ? v->note_end_ns - now : 1;
	return end < due ? end : due;
}

void viewer_tick(struct viewer *v)
{
	if (v->fd < 0)
		return;
	uint64_t now = clock_host_ns();
	key_reader_tick(&v->reader);
	if (v->note[0] && now >= v->note_end_ns)
		viewer_unsay(v);
	if (v->is_touched && !v->is_menu && now - v->drawn_ns >= SOON_NS) {
		v->is_touched = false;
		v->drawn_ns = now;
		draw(v);
	}
}

static void set_note(struct viewer *v, const char *line, uint64_t end_ns)
{
	snprintf(v->note, sizeof v->note, "%s", line);
	v->note_end_ns = end_ns;
	if (v->fd < 0 || !v->is_drawn)
		return;
	ansi_note(v->ansi, line[0] ? v->note : NULL);
	draw(v);
}

void viewer_say(struct viewer *v, const char *line, uint64_t ns)
{
	if (v->fd >= 0 && strcmp(v->note, line) != 0)
		set_note(v, line, ns == RUN_FOREVER ? ns : clock_host_ns() + ns);
}

void viewer_unsay(struct viewer *v)
{
	if (v->note[0])
		set_note(v, "", 0);
}

/* How to leave, which nobody guesses: for a while, or until the user strikes a key. */
void viewer_greet(struct viewer *v)
{
	if (!v->note[0]) /* the guest waits, and that says so, too */
		viewer_say(v,
		        v->place == VIEWER_CALLED
		                ? "stepvm: Ctrl-] q leaves the screen; Ctrl-] shows what else"
		                : "stepvm: Ctrl-] q quits; Ctrl-] shows what else",
		        GREETING_NS);
	viewer_show(v);
}

void viewer_look(struct viewer *v)
{
	if (v->fd < 0)
		return;
	bool was_stopped = v->place != VIEWER_CALLED;
	if (was_stopped && !terminal_take_resumed())
		terminal_reenter_screen();
	v->is_menu = false;
	viewer_show(v);
}

void viewer_go_on(struct viewer *v)
{
	flush(v);
	v->is_touched = true;
}

int viewer_output_fd(const struct viewer *v)
{
	return v->out_len ? v->fd : -1;
}

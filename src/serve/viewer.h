/* The guest's screen in a terminal, and that terminal's keys for the guest: this terminal, another
 * one by its name, or the one of a `stepvm console` that calls at a Unix socket and hands it over.
 *
 *	the guest has run -> viewer_touch -> at most 30 times a second, where something has changed:
 *	VGA -> struct screen -> the bytes that differ -> the terminal
 *
 * A terminal that does not read gets what is on the screen when it does. A guest that stands or
 * sleeps costs nothing. All is opened before the sandbox but a caller's terminal, which comes
 * through the socket. */
#ifndef STEPVM_SERVE_VIEWER_H
#define STEPVM_SERVE_VIEWER_H

#include "base/error.h"
#include "display/ansi.h"
#include "gdbstub/transport.h"
#include "machine/run.h"
#include "serve/key_reader.h"

#define VIEWER_OUT_SIZE 16384
#define VIEWER_WINDOW   0xa0000  /* where the guest has the VGA's memory */
#define VIEWER_SOCKET   "screen" /* the socket's name in the private folder of a `stepvm debug` */

/* What a `stepvm console` sends when it has connected: these bytes, with its terminal's descriptor
 * (SCM_RIGHTS); then a byte 'W' when the terminal's size changes. It gets lines for its user. */
#define VIEWER_HELLO      "stepvm1"
#define VIEWER_HELLO_UTF8 1 /* bits of the byte after these */
#define VIEWER_HELLO_RGB  2
#define VIEWER_REFUSED    0x15 /* NAK: the first byte of what is said to one that is sent away */

enum viewer_place {
	VIEWER_NOWHERE, /* there is none */
	VIEWER_HERE,    /* this terminal: its end is ours */
	VIEWER_NAMED,   /* another one */
	VIEWER_CALLED,  /* of who calls */
};

struct viewer {
	enum viewer_place place;
	struct run *run; /* borrowed */
	int fd; /* the terminal, -1: none now. A description of our own, that does not wait */
	struct transport transport; /* CALLED: where */
	int caller_fd;              /* who called; -1: nobody */
	bool has_greeted;           /* ... and has sent its terminal */
	struct ansi_terminal terminal;
	struct ansi *ansi;     /* owned, NULL until a terminal is there */
	struct screen *screen; /* owned */
	struct vga vga;        /* as drawn last, with */
	uint8_t *vram;         /* ... the memory; owned */
	bool is_drawn;         /* these are what the terminal shows, or will */
	bool is_menu;          /* the escape key's line is shown */
	bool is_touched;       /* the guest has run since */
	uint64_t drawn_ns;     /* of the host's time */
	struct key_reader reader;
	char note[120];       /* a line for its user in the last row; "": none */
	uint64_t note_end_ns; /* of the host's time: until then, or RUN_FOREVER */
	char *out;            /* bytes for the terminal, of VIEWER_OUT_SIZE; owned */
	size_t out_at, out_len;
};

/* The terminal that stepvm was started in, opened anew: what it can show, and a descriptor that does not wait,
 * or -errno with a text: there is none, or one that shows no screen. */
struct ansi_terminal viewer_terminal(void);
int viewer_open_terminal(struct error *e);

/* There is none. */
void viewer_init(struct viewer *v);
/* where: NULL, this terminal; unix:PATH; or a terminal's name. -errno with a text that names it. */
int viewer_open(struct viewer *v, struct run *run, const char *where, struct error *e);
/* From now on the terminal shows the screen: after all that is said before. -errno with a text. */
int viewer_begin(struct viewer *v, struct error *e);
/* The terminal is as it was. why: a line for a caller's user. */
void viewer_close(struct viewer *v, const char *why);
/* Whether standard input, or output, is the screen's terminal. */
bool viewer_has(const struct viewer *v, int fd);

/* When the screen is to be looked at next, after the guest has run: ns from now, or RUN_FOREVER. */
uint64_t viewer_due_ns(const struct viewer *v);
void viewer_touch(struct viewer *v);
/* The time has come: draws what has changed, ends what waits of keys. */
void viewer_tick(struct viewer *v);
/* A line for its user, which takes the terminal's last row: until viewer_unsay, or for so long. */
void viewer_say(struct viewer *v, const char *line, uint64_t ns);
void viewer_unsay(struct viewer *v);
/* A signal came (signals_screen): another size, or back from a stop. */
void viewer_look(struct viewer *v);

/* Descriptors to be waited for, -1: not now; and what is done when they are ready. */
int viewer_input_fd(const struct viewer *v);
int viewer_output_fd(const struct viewer *v);
int viewer_listen_fd(const struct viewer *v);
int viewer_caller_fd(const struct viewer *v);
void viewer_read_keys(struct viewer *v);
/* ... and what has changed since is drawn, too. */
void viewer_go_on(struct viewer *v);
void viewer_accept(struct viewer *v);
void viewer_hear(struct viewer *v);

#endif

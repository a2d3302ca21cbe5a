/* A recording of what the guest does, in memory, and ways back in it.
 *
 * While it is recorded the guest is stepped (by the engine, many steps at once), and its time goes on by steps, and by events. Then
 * all it does is a function of its first state and of what comes from outside, which is kept with its position (events.h).
 * Checkpoints on the way make any position reachable by a short run.
 *
 * A position is a number of steps: an instruction, an iteration of a rep, a hlt, the way to an interrupt's handler. The
 * state at position p is the one before step p, after all that came from outside then. The present is the last position;
 * before it is the past, where the guest can be looked at but not changed.
 *
 * Whoever serves the guest calls history_changed where somebody else than the guest has changed it, and history_run instead
 * of run_freely, and of run_steps where history_has_task. All on the thread that runs the guest. */
#ifndef STEPVM_HISTORY_HISTORY_H
#define STEPVM_HISTORY_HISTORY_H

#include "machine/run.h"

#define HISTORY_MEMORY_DEFAULT (UINT64_C(512) << 20)
#define HISTORY_MEMORY_UNASKED (UINT64_C(128) << 20)
#define HISTORY_MARKS_MAX      64
#define HISTORY_NAME_MAX       32
#define HISTORY_HITS_MAX       20
#define HISTORY_LINES_MAX      4096
#define HISTORY_LINE_TEXT      80

struct history;

/* From now on r's guest is recorded, up to so many bytes of memory; 0: HISTORY_MEMORY_DEFAULT. -errno with a text. The
 * recording is r's (run.history) until history_end. */
int history_begin(struct run *r, uint64_t memory_max, struct error *e);
/* No longer: the guest is as at the present, and its time goes with the host's again. NULL is fine. */
void history_end(struct run *r);
/* Everything anew from here: the machine is another one. */
int history_restart(struct run *r, struct error *e);

/* How much memory a recording that begins later may take; 0: as much as by default. is_unasked: a recording begins by
 * itself, in history_due. */
void history_expect(struct run *r, bool is_unasked, uint64_t memory_max);
/* To be called before the guest goes on for a debugger, and before its recording is asked for something. Gives r->history,
 * which begins here if it is to begin by itself and the engine runs the guest. NULL: the guest is not recorded. */
struct history *history_due(struct run *r);
/* Whether it has begun by itself. NULL: false. */
bool history_is_unasked(const struct history *h);
/* The user wants what a recording does not allow. A recording that has begun by itself ends, unless the guest stands in
 * its past; another one may begin in history_due. True: it has ended. */
bool history_give_way(struct run *r);

/* Whether the guest stands in the past. NULL: false. */
bool history_is_past(const struct history *h);
/* ... and may not be changed: true, and the sentence says why and what to do. */
bool history_refuses(const struct history *h, struct error *e);
/* Somebody else than the guest has changed it: its registers, its memory, the machine. NULL is fine. */
void history_changed(struct history *h);
/* At the present the guest has been stepped to *stop, not by history_run. NULL is fine. */
void history_stepped(struct history *h, const struct stop *stop);
/* At the present the CPU is shut down, or stands at what nobody can do, and nobody has changed anything since: it does no
 * step, and going on (history_run) leads to the same stop. NULL: false. */
bool history_is_down(const struct history *h);
/* The guest has reset the machine, which has begun anew: a step of its own. NULL is fine. */
void history_rebooted(struct history *h);

/* In the past: this is the present from now on, and what has happened after it is forgotten. */
void history_cut(struct history *h);

/* --- files (README.md has the format) ----------------------------------------------------------- */

/* From now on the recording is written to a file as well, which is open and empty: fd is the recording's then, name is
 * borrowed. -errno with a text. Whatever fails later ends the file with a line for the user, and the guest goes on. */
int history_write_to(struct history *h, int fd, const char *name, struct error *e);
/* The guest stands, and somebody looks at it: the file has all up to here. NULL is fine. */
void history_stands(struct history *h);
/* The whole recording as a file's bytes, the caller's by free. -errno with a text. */
int history_save(struct history *h, uint8_t **bytes, size_t *len, struct error *e);

/* A file's recording, opened: what its guest is made of, and what happened to it. */
struct recording;
/* Reads and checks it: at most memory_max bytes of memory for what it holds, 0: HISTORY_MEMORY_DEFAULT. *to is owned, by
 * recording_close. -errno with a text that names the file. */
int recording_open(struct recording **to, const char *path, uint64_t memory_max, struct error *e);
void recording_close(struct recording *r);
/* Whether a file's first bytes are of a recording: a regular file's. */
bool recording_is_at(const char *path);
/* What the recorded guest was made of goes into c; it borrows from r. */
void recording_configure(const struct recording *r, struct machine_config *c);
/* "of boot.bin by stepvm 0.1.0 on GenuineIntel, ..., positions 0 to 123"; and what is wrong with it, or "". */
void recording_describe(const struct recording *r, char *to, size_t size);
const char *recording_warning(const struct recording *r);
/* What stepvm has ended with when it was recorded, or -1: it is not known. */
int recording_status(const struct recording *r);
/* r's guest, which machine_open has made of that config, stands at the first position of the recording, and all of that is
 * its past. r lives longer than it. -errno with a text. */
int history_open(struct run *run, struct recording *r, struct error *e);
/* Whether the guest of a file's recording stands at its end because something kept it from going on; *stop says what: a
 * triple fault, an instruction that nobody can do, a hlt. The last step is done again to find that out, unless the
 * machine shows what it prints in the past (shows_past), for it would be printed twice. */
bool history_last_stop(struct history *h, struct stop *stop);
/* All of it happens again, and is compared with what the file says. 0; -EILSEQ with a text that names the position and
 * what differs; -EINTR: somebody has kicked. *checked: how many positions. */
int history_check(struct history *h, const struct recording *r, uint64_t *checked, struct error *e);

struct history_state {
	uint64_t begin, position, end; /* begin: the first that can be reached */
	uint64_t checkpoints, events, bytes, bytes_max;
	uint64_t now_ns; /* the guest's time */
	bool has_lost;   /* what was before begin was given up for memory */
	bool is_file;    /* it comes from a file, and all of it is the past */
};
void history_state(const struct history *h, struct history_state *to);

/* --- going ------------------------------------------------------------------------------------- */

enum history_outcome {
	HISTORY_STOP,   /* *stop */
	HISTORY_KICKED, /* somebody wants attention: history_run is to be called again */
	HISTORY_BEGIN,  /* the first position that there is */
	HISTORY_END,    /* from the past, at the present */
	HISTORY_FAILED, /* KVM itself, no memory, or a replay is another than what was recorded: the text says it */
};

/* What the guest is to do; run.state says the same of the present. */
void history_go_on(struct history *h);
void history_step(struct history *h, uint64_t range_begin, uint64_t range_end);
void history_step_back(struct history *h);
void history_run_back(struct history *h);
/* RUN_STEPPING: whether history_run is to do it, in the past or backwards, and not run_steps. NULL: false. */
bool history_has_task(const struct history *h);
bool history_goes_back(const struct history *h);
/* Breakpoints are looked for backwards: conditions count, and nothing else is to happen at them. */
bool history_is_searching(const struct history *h);
/* Every breakpoint stops, for it is history_find's. */
bool history_is_finding(const struct history *h);
/* RUN_FREE or RUN_STEPPING: until an outcome. e: a text for the last one. */
enum history_outcome history_run(struct history *h, struct stop *stop, struct error *e);
/* Somebody wants the guest to stand: what was searched is given up, where the search began. True: it stands for another
 * reason, *stop, for a step that was begun had to be done. stop: NULL where nobody wants to know. NULL is fine. */
bool history_interrupt(struct history *h, struct stop *stop);
/* ... and the guest stands at the present: it goes on by itself. NULL is fine. -errno with a text. */
int history_leave_past(struct history *h, struct error *e);
/* RUN_WAITING, as run_wait. */
bool history_wait(struct history *h, uint64_t *timeout_ns);

/* --- finding ----------------------------------------------------------------------------------- */

/* The guest stands there then. -ERANGE: it is not recorded; -EINTR: a signal ends stepvm, or run.is_called_off, and it
 * stands where it stood; others as HISTORY_FAILED. With a text. */
int history_seek(struct history *h, uint64_t position, struct error *e);
/* A name for where the guest stands; NULL of history_mark_at: there is none of that name or number. */
struct history_mark {
	char name[HISTORY_NAME_MAX];
	uint64_t position;
};
int history_mark(struct history *h, const char *name, struct error *e);
const struct history_mark *history_mark_at(const struct history *h, unsigned i);
const struct history_mark *history_find_mark(const struct history *h, const char *name);

/* Where before now the guest has written to, or come to, an address: the last max positions, the newest first. Returns
 * how many, or -errno with a text (-EINTR: a signal ends stepvm, or run.is_called_off). The guest stands where it
 * stood. */
enum history_what { HISTORY_WRITES, HISTORY_COMES };
int history_find(struct history *h, enum history_what what, uint64_t gva, uint64_t len,
        uint64_t *positions, unsigned max, struct error *e);
/* After history_find of writes: the bytes have more linear addresses than it has watched. A write by one of the others is
 * not found. */
bool history_has_passed_over(const struct history *h);

/* The last calls of an int's vector before now, up to max, the newest first: by int n, and of the BIOS however the guest
 * has come to it. Returns as history_find. */
struct history_call {
	uint64_t position; /* of the int n; of the BIOS where there was none */
	uint16_t ax;
	bool is_int, is_by_bios;
};
int history_calls(
        struct history *h, unsigned vector, struct history_call *to, unsigned max, struct error *e);

/* Does the recording of a file again, once, so that the lines below are known: a file does not have them. It takes as long
 * as the guest has taken. 0 or, with a text, as history_seek; the guest stands where it stood. */
int history_gather_lines(struct history *h, struct error *e);
/* The guest's output by lines, which count from 1 where the recording begins; those that are known. */
struct history_line {
	uint64_t position; /* before its first byte is printed */
	char text[HISTORY_LINE_TEXT];
};
void history_lines(const struct history *h, uint64_t *first, uint64_t *count);
/* -ERANGE with a text: it is not known. */
int history_line(
        const struct history *h, uint64_t number, struct history_line *to, struct error *e);
/* As history_seek, of a line's position; where the firmware has printed it, to before the call. */
int history_seek_line(struct history *h, uint64_t position, struct error *e);

#endif

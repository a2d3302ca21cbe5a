/* What the files of this room share. */
#ifndef STEPVM_HISTORY_STATE_H
#define STEPVM_HISTORY_STATE_H

#include "history/history.h"
#include "history/pages.h"
#include "machine/kept.h"

struct checkpoint {
	uint64_t position;
	size_t event;   /* the first one that has not happened then */
	uint8_t steps;  /* STEPS_ */
	bool is_pinned; /* an event leads to it */
	bool is_fine;   /* on the way to a place that was sought, to be used again soon */
	struct kept kept;
	struct pages pages;
};

/* How steps are done. */
#define STEPS_LET 1u /* they take interrupts */
#define STEPS_ASKED                                                                                \
	2u /* the debugger has asked for them: they take as much time as without a recording, STEPS_ASKED_NS */
#define STEPS_ALL (STEPS_LET | STEPS_ASKED)

/* What comes from outside, before the step at position. */
enum event_kind {
	EVENT_INPUT,   /* bytes for a serial line */
	EVENT_KEYS,    /* keys for the keyboard */
	EVENT_WAITED,  /* ns pass in a halt, or for steps that have taken longer than they count */
	EVENT_STEPS,   /* how steps are done from here on (ns: STEPS_) */
	EVENT_CHANGED, /* the machine is what the checkpoint has */
};

struct event {
	uint64_t position;
	enum event_kind kind;
	uint32_t len; /* bytes, or keys */
	union {
		uint64_t ns;
		struct key_event *keys; /* owned */
		uint8_t *bytes;         /* owned */
		struct checkpoint *checkpoint;
	};
	const struct device *device;
};

/* A disk of the guest's: disks.c. */
struct watched_disk {
	struct history *history;
	struct disk_medium medium; /* its own */
	unsigned number;
	struct overlay seen; /* what was read of it */
};

struct file_writer; /* file_write.c */
struct file_out;    /* file_bytes.h */

enum task {
	TASK_LIVE,      /* nothing that is not recorded anew */
	TASK_FORWARD,   /* in the past, to the present */
	TASK_STEP,      /* in the past, one step or those of a range */
	TASK_STEP_BACK, /* one step */
	TASK_RUN_BACK,  /* to the last stop before */
};

struct span;
struct spans {
	struct span *all; /* owned, by position */
	size_t count, size;
	uint64_t bytes;
	uint64_t from; /* the one that is under way, at the present */
};

struct output_line {
	uint64_t begin,
	        end; /* the steps that have printed its first byte and its last one so far */
	uint8_t len;
	char text[HISTORY_LINE_TEXT]; /* as far as it goes */
};

struct output_lines {
	struct output_line *all; /* owned, the oldest first */
	size_t count, size;
	uint64_t dropped; /* before these */
	bool is_open;     /* the last one has not ended */
};

/* The bytes that history_find looks for writes to, by pages. */
#define ALIAS_PIECES (WATCH_LEN_MAX / MEMORY_PAGE + 1)
#define ALIASES_MAX  64 /* linear addresses of them that are watched */
struct alias_piece {
	uint64_t gva, gpa, len;
	bool is_mapped; /* else it is its linear address that counts */
};
struct aliases {
	struct alias_piece pieces[ALIAS_PIECES];
	unsigned count;
	bool is_cut; /* the bytes have more linear addresses than are watched */
};

/* What history_calls has found in a segment. */
struct calls {
	unsigned vector, count, max;
	struct history_call all[HISTORY_HITS_MAX]; /* the oldest first */
};

struct history {
	struct run *run;
	struct machine *machine;
	uint64_t bytes_max;
	uint64_t step_before_ns; /* the time of a step before it began, */
	uint64_t step_ns;        /* ... and since, of those that are not STEPS_ASKED */
	struct pages_store store;
	struct checkpoint **checkpoints; /* owned, by position and event */
	size_t checkpoint_count, checkpoint_size;
	struct spans spans;
	struct output_lines output;
	struct event *events; /* owned, by position */
	size_t event_count, event_size;
	uint64_t event_bytes;
	struct history_mark marks[HISTORY_MARKS_MAX];
	unsigned mark_count;

	struct watched_disk watched[DISKS_MAX];
	const struct media *media;       /* whose disks these are */
	struct file_writer *writer;      /* the file that it goes to; owned; NULL: none */
	bool is_file;                    /* it comes from a file: all of it is the past */
	bool is_unasked;                 /* it has begun by itself */
	bool is_gathering, has_gathered; /* history_gather_lines does it again, or has done so */
	size_t events_stop;              /* so many events happen at most: of --check */

	/* Where the guest stands: machine.position, and the first event that has not happened. */
	size_t next;
	uint8_t steps;              /* STEPS_ */
	uint64_t end;               /* in the past: the present's position */
	struct checkpoint *present; /* ... and state; owned */
	struct stop last;           /* in the past: what the last step before end has led to */
	bool has_changed;           /* by somebody else than the guest, since the last step */
	bool has_lost;
	bool is_down;           /* history_is_down, */
	struct stop down;       /* ... and to this stop */
	struct error failure;   /* of the recorder, which can't tell it at once */
	bool was_kicked;        /* within a seek, */
	bool can_be_called_off; /* ... that whoever waits for it may end: search_is_called_off */

	/* When the next checkpoint is due, and how far they are apart. */
	uint64_t next_checkpoint, interval;
	uint64_t taken_ns; /* of the host's time */

	enum task task;
	uint64_t range_begin, range_end;
	uint64_t step_to;  /* TASK_STEP: the position after it, */
	bool steps_in_rom; /* ... unless it leads into the firmware, and it is not to stop there */
	/* TASK_RUN_BACK: where it began; the segment that is searched, from a checkpoint to a position, and whether it
	 * is under way; the last stop that was found in it. */
	uint64_t origin, segment_end;
	size_t segment;
	bool is_searching, has_found;
	bool is_finding;        /* within history_find or history_calls */
	struct calls *calls;    /* within history_calls; else NULL */
	struct aliases aliases; /* within history_find of writes */
	bool was_touch; /* the last stop: the firmware's access to what is watched, and not the CPU's */
	bool found_touch; /* ... the one that was found */
	uint64_t found;
	uint64_t found_after; /* the one that was found before that in its segment */
	struct stop found_stop;
	char found_text[6 * CATCH_TEXT_MAX];

	/* The host's time and the guest's from which on the two are compared, at which position again, and how much the
	 * guest's is ahead. */
	uint64_t pace_host_ns, pace_guest_ns, next_pace, ahead_ns;
	unsigned runs_since_pace; /* of the engine, since they were compared */

	/* RUN_WAITING: when it began, of the host's time. */
	uint64_t wait_ns;
	bool is_waiting;
	uint64_t rested_ns; /* until when the guest rests, of its own time; 0: it does not */
};

/* --- history.c ---------------------------------------------------------------------------------- */

/* How steps are done from now on: STEPS_. */
void set_steps(struct history *h, uint8_t steps);

/* run's, with nothing in it yet; history_end frees it. NULL without memory. */
struct history *history_make(struct run *r, uint64_t memory_max);

/* --- checkpoints.c ------------------------------------------------------------------------------ */

/* Keeps the machine as it is now. NULL with a text: no memory, or KVM's own error. */
struct checkpoint *checkpoint_take(struct history *h, struct error *e);
/* The machine is what it was then. 0, or -errno with a text. */
int checkpoint_load(struct history *h, const struct checkpoint *c, struct error *e);
/* Into the list, in its place. Owned by the list then. */
int checkpoints_add(struct history *h, struct checkpoint *c);
/* The last one at or before position. */
size_t checkpoints_before(const struct history *h, uint64_t position);
/* At the present: gives up others where they take too many bytes. */
void checkpoints_keep_within(struct history *h);
/* At the present: one more where it is time for it. */
int checkpoints_look(struct history *h, struct error *e);
void checkpoint_free(struct history *h, struct checkpoint *c);
uint64_t history_bytes(const struct history *h);

/* --- spans.c ------------------------------------------------------------------------------------ */

/* At the present: one begins here. */
void spans_begin(struct history *h);
/* ... and ends here, and the next begins. Without memory there is a gap. */
void spans_take(struct history *h);
/* What comes after here is forgotten, and one begins. */
void spans_cut(struct history *h);
/* Those that end before a position are no longer needed. */
void spans_drop(struct history *h, uint64_t before);
void spans_free(struct history *h);
uint64_t spans_bytes(const struct history *h);
/* After which position, of those after from up to to, nothing that is set stops the guest for sure: a breakpoint, a
 * watchpoint; from: after none of them. A search needs to look no further. */
uint64_t spans_last(const struct history *h, uint64_t from, uint64_t to);

/* --- events.c ----------------------------------------------------------------------------------- */

extern const struct machine_recorder history_recorder;
/* In the past: all events of this position happen. 0, or -errno with a text. */
int events_happen(struct history *h, struct error *e);
/* The position of the next event, or UINT64_MAX. */
uint64_t events_next(const struct history *h);
/* At the present: what somebody else has changed is kept. */
int events_keep_changes(struct history *h, struct error *e);
/* The first count of them are no longer needed; all but these are of a future that is none. */
void events_drop(struct history *h, size_t count);
void events_cut(struct history *h, size_t count);
void events_free(struct history *h);

/* --- disks.c ------------------------------------------------------------------------------------ */

/* From now on what is read of the guest's disks is kept; and no longer, all of it forgotten. */
void disks_watch(struct history *h);
void disks_unwatch(struct history *h);
uint64_t disks_bytes(const struct history *h);

/* --- file_head.c -------------------------------------------------------------------------------- */

/* Appends what a file of this recording begins with: the magic, HEAD and CPID. No memory: to->has_failed. */
void file_put_beginning(const struct history *h, struct file_out *to);

/* --- file_write.c ------------------------------------------------------------------------------- */

/* All do nothing where no file is written. What fails ends the file with a line, and nothing else. */
/* A recording begins: at its first checkpoint. */
void file_begin(struct history *h);
/* A checkpoint has come by itself; or by a change, which is the event; or something from outside has come. */
void file_checkpoint(struct history *h, const struct checkpoint *c);
void file_changed(struct history *h, const struct checkpoint *c);
void file_event(struct history *h, const struct event *v);
/* The guest has read count new sectors of a disk, 0 to any. */
void file_sectors(
        struct history *h, unsigned disk, uint64_t first, const uint8_t *bytes, size_t count);
/* What was to come from here on is forgotten. */
void file_cut(struct history *h);
/* The recording ends, and the guest stands at its end where is_present. */
void file_end(struct history *h, bool is_present);

/* --- drive.c ------------------------------------------------------------------------------------ */

enum drive {
	DRIVE_THERE, /* at the position */
	DRIVE_LEFT,  /* the range */
	DRIVE_STOP,  /* *stop */
	DRIVE_KICKED,
	DRIVE_FAILED, /* KVM's own error, no memory, or a replay is another than the recording: a text */
};

/* The guest goes on, up to a position, or until something stops it. range: as long as its pc is in it; NULL: always. */
enum drive drive(struct history *h, uint64_t to, const struct control_range *range,
        struct stop *stop, struct error *e);
/* How much of the guest's time is so much of the host's: --speed. */
uint64_t guest_time(const struct history *h, uint64_t host_ns);
/* The guest stands at a position of the recording, with nothing that stops it on the way. finely: with checkpoints before
 * it, so that what is just before can be reached soon. 0 or -errno with a text. */
int seek(struct history *h, uint64_t position, bool finely, struct error *e);
/* On from here, to a position at or after it, with nothing that stops it on the way. */
int run_to(struct history *h, uint64_t position, struct error *e);
/* Into the past: the present is kept. 0 or -errno with a text. */
int leave_present(struct history *h, struct error *e);

/* --- search.c ----------------------------------------------------------------------------------- */

/* The firmware's code, for drive. */
extern const struct control_range history_rom;
/* The segment from the checkpoint at on begins. True: the guest is stopped there already, where it is the recording's
 * beginning, to which nobody comes. */
bool search_begin_segment(struct history *h, size_t at, struct stop *stop, struct error *e);
/* The guest goes on to the position `to`, or to its own end where that comes first. saw is called at each stop on the way.
 * 0, or -errno with a text. */
typedef void search_saw(void *ctx, const struct stop *stop);
int search_segment(struct history *h, uint64_t to, search_saw *saw, void *ctx, struct error *e);
/* Whoever waits for what is looked for wants it no more: a text. */
bool search_is_called_off(const struct history *h, struct error *e);
/* Where the guest stands within a call of the firmware's: to before the call. */
int search_before_call(struct history *h, struct error *e);
/* history_run's, of TASK_STEP_BACK and TASK_RUN_BACK. */
enum history_outcome search_step_back(struct history *h, struct stop *stop, struct error *e);
enum history_outcome search_run_back(struct history *h, struct stop *stop, struct error *e);

/* --- aliases.c ---------------------------------------------------------------------------------- */

/* Watches for writes to the bytes that gva leads to now, by whatever linear address: by those that the page tables have
 * now, up to ALIASES_MAX, and by the one that is their physical address. 0 or -errno as watches_add. */
int aliases_watch(struct history *h, uint64_t gva, uint64_t len);
/* After a hit of one of these watchpoints at gva: whether gva leads to those bytes here. */
bool aliases_are_hit(struct history *h, uint64_t gva);

/* --- calls.c, output.c -------------------------------------------------------------------------- */

/* After a step: it may be a call of the BIOS, for history_calls. */
void calls_look(struct history *h);

/* The guest prints, at the present or while history_gather_lines does the recording again. */
void output_note(struct history *h, const uint8_t *bytes, size_t len);
/* What was printed after here is forgotten; and what was before a position. */
void output_cut(struct history *h);
void output_drop(struct history *h, uint64_t before);
void output_free(struct history *h);
uint64_t output_bytes(const struct history *h);

#endif

/* A recording written to a file as it goes: what a STAT holds is told as the difference to the one before it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history/file.h"
#include "history/file_machine.h"
#include "host/file.h"
#include "host/notice.h"
#include "machine/media.h"

#define BUFFER_MAX      (64u << 10)
#define FLUSH_NS        UINT64_C(5000000)
#define PAGES_AT_ONCE   64
#define SECTORS_AT_ONCE 256
/* Steps from one STAT to the next: a twentieth of a second of the engine's, and as many more as keep the file from growing by
 * more than a byte in so many steps. Between them a HASH. */
#define STATE_STEPS    UINT64_C(4000000)
#define STEPS_PER_BYTE 64

struct file_writer {
	int fd;           /* -1: into memory, buffer */
	const char *name; /* borrowed */
	struct file_out buffer;
	uint64_t flushed_ns; /* of the host's time */
	uint64_t position;   /* the last one that the file knows */
	/* As of the last STAT. */
	struct file_out machine;
	struct pages pages;
	struct overlay overlays[DISKS_MAX];
	uint64_t state_position, state_bytes;
	/* Of a PAGE or an OVER that is being made. */
	const struct memory *memory;
	struct file_out part;
	unsigned part_count;
};

/* --- the file ----------------------------------------------------------------------------------- */

static void free_writer(struct history *h)
{
	struct file_writer *w = h->writer;
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	out_free(&w->buffer);
	out_free(&w->machine);
	out_free(&w->part);
	pages_free(&h->store, &w->pages);
	for (unsigned i = 0; i < DISKS_MAX; i++)
		overlay_free(&w->overlays[i]);
	free(w);
	h->writer = NULL;
}

static void give_up(struct history *h, int err)
{
	notice_print("stepvm: --record=%s: %s; the recording in the file ends here, and goes on in "
	             "memory\n",
	        file_label(h->writer->name).text, strerror(-err));
	free_writer(h);
}

/* What is in the buffer is written. False: there is no file any more. */
static bool flush(struct history *h)
{
	struct file_writer *w = h->writer;
	size_t done = 0;
	if (w->buffer.has_failed || w->machine.has_failed) {
		if (w->fd >= 0)
			give_up(h, -ENOMEM);
		return false;
	}
	if (w->fd < 0)
		return true;
	while (done < w->buffer.len) {
		ssize_t n = write(w->fd, w->buffer.bytes + done, w->buffer.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			give_up(h, n < 0 ? -errno : -EIO);
			return false;
		}
		done += (size_t)n;
	}
	w->buffer.len = 0;
	w->flushed_ns = clock_host_ns();
	return true;
}

static void flush_some(struct history *h)
{
	struct file_writer *w = h->writer;
	if (w->buffer.len > BUFFER_MAX || clock_host_ns() - w->flushed_ns > FLUSH_NS)
		flush(h);
}

static void put(struct file_writer *w, enum file_type type, const struct file_out *payload)
{
	file_put_chunk(&w->buffer, type, payload);
}

/* --- STAT --------------------------------------------------------------------------------------- */

static void end_part(struct file_writer *w, enum file_type type)
{
	if (w->part_count)
		put(w, type, &w->part);
	w->part.len = 0;
	w->part_count = 0;
}

/* What is packed has its length before it. */
static void put_packed(struct file_out *o, const uint8_t *bytes, const uint8_t *before, size_t len)
{
	const size_t at = o->len;
	out_number(o, 0, 2);
	pack(o, bytes, before, len);
	const uint16_t packed = (uint16_t)(o->len - at - 2);
	if (!o->has_failed)
		memcpy(o->bytes + at, &packed, sizeof packed);
}

static int put_page(void *ctx, uint64_t page, const uint8_t *before, const uint8_t *now)
{
	struct file_writer *w = ctx;
	out_number(&w->part, page, 4);
	out_number(&w->part, (uint32_t)page_sum(now), 4);
	put_packed(&w->part, now, before, MEMORY_PAGE);
	if (++w->part_count == PAGES_AT_ONCE)
		end_part(w, FILE_PAGES);
	return 0;
}

static int put_sector(void *ctx, uint64_t sector, const uint8_t *bytes)
{
	struct file_writer *w = ctx;
	out_number(&w->part, sector, 8);
	put_packed(&w->part, bytes, NULL, DISK_SECTOR);
	if (++w->part_count == SECTORS_AT_ONCE) {
		const uint8_t disk = w->part.bytes ? w->part.bytes[0] : 0;
		end_part(w, FILE_OVERLAY);
		out_number(&w->part, disk, 1);
		out_number(&w->part, false, 1);
	}
	return 0;
}

static int is_gone(void *ctx, uint64_t sector, const uint8_t *bytes)
{
	(void)bytes;
	return !overlay_has(ctx, sector);
}

static void put_overlay(struct file_writer *w, unsigned disk, const struct overlay *now)
{
	struct overlay *before = &w->overlays[disk];
	struct overlay copy;
	const bool is_new = overlay_each(before, now, is_gone, (void *)now);
	out_number(&w->part, disk, 1);
	out_number(&w->part, is_new, 1);
	w->part_count = is_new;
	overlay_each(now, is_new ? NULL : before, put_sector, w);
	end_part(w, FILE_OVERLAY);
	if (overlay_copy(&copy, now)) {
		w->buffer.has_failed = true;
		return;
	}
	overlay_free(before);
	*before = copy;
}

static void put_memory(struct history *h, const struct checkpoint *c)
{
	struct file_writer *w = h->writer;
	struct pages now;
	w->memory = &h->machine->guest->vm.memory;
	w->buffer.has_failed |= w->part.has_failed;
	pages_differ(&w->pages, &c->pages, w->memory, put_page, w);
	end_part(w, FILE_PAGES);
	if (pages_same(&h->store, &now, &c->pages)) {
		w->buffer.has_failed = true;
		return;
	}
	pages_free(&h->store, &w->pages);
	w->pages = now;
}

/* The machine's bytes, and those that were. */
static void put_machine(struct file_writer *w, struct file_out *o, const struct kept *k)
{
	struct file_out now = { 0 };
	machine_out(&now, k);
	while (w->machine.len < now.len && !w->machine.has_failed)
		out_number(&w->machine, 0, 1);
	out_number(o, now.len, 4);
	if (!now.has_failed && !w->machine.has_failed)
		pack(o, now.bytes, w->machine.bytes, now.len);
	o->has_failed |= now.has_failed;
	out_free(&w->machine);
	w->machine = now;
}

static void put_state(struct history *h, const struct checkpoint *c, enum file_state kind)
{
	struct file_writer *w = h->writer;
	struct file_out o = { 0 };
	const size_t begin = w->buffer.len;
	put_memory(h, c);
	for (unsigned i = 0; i < c->kept.disks.count; i++)
		put_overlay(w, i, &c->kept.disks.overlays[i]);
	out_number(&o, c->position, 8);
	out_number(&o, kind, 1);
	out_number(&o, c->steps, 1);
	out_number(&o, pages_sum(&c->pages, w->memory), 8);
	out_number(&o, machine_sum(&c->kept), 8);
	put_machine(w, &o, &c->kept);
	put(w, FILE_STATE, &o);
	out_free(&o);
	w->position = w->state_position = c->position;
	w->state_bytes = w->buffer.len - begin;
}

static void put_hash(struct history *h, const struct checkpoint *c)
{
	struct file_writer *w = h->writer;
	struct file_out o = { 0 };
	out_number(&o, c->position, 8);
	out_number(&o, c->kept.board.now_ns, 8);
	out_number(&o, machine_sum(&c->kept), 8);
	out_number(&o, pages_sum(&c->pages, &h->machine->guest->vm.memory), 8);
	out_bytes(&o, &c->kept.vcpu.regs, sizeof c->kept.vcpu.regs);
	put(w, FILE_HASH, &o);
	out_free(&o);
	w->position = c->position;
}

/* --- as it goes --------------------------------------------------------------------------------- */

void file_begin(struct history *h)
{
	struct file_writer *w = h->writer;
	if (!w)
		return;
	w->position = 0;
	put_state(h, h->checkpoints[0], FILE_BEGIN);
	flush(h);
}

void file_checkpoint(struct history *h, const struct checkpoint *c)
{
	struct file_writer *w = h->writer;
	if (!w)
		return;
	const uint64_t steps = c->position - w->state_position;
	if (steps >= STATE_STEPS && steps / STEPS_PER_BYTE >= w->state_bytes)
		put_state(h, c, FILE_CHECKPOINT);
	else
		put_hash(h, c);
	flush(h);
}

void file_changed(struct history *h, const struct checkpoint *c)
{
	if (!h->writer)
		return;
	put_state(h, c, FILE_CHANGED);
	flush_some(h);
}

void file_event(struct history *h, const struct event *v)
{
	struct file_writer *w = h->writer;
	struct file_out o = { 0 };
	if (!w)
		return;
	file_put_event(&o, v);
	put(w, FILE_EVENT, &o);
	out_free(&o);
	w->position = v->position;
	flush_some(h);
}

void file_sectors(
        struct history *h, unsigned disk, uint64_t first, const uint8_t *bytes, size_t count)
{
	struct file_writer *w = h->writer;
	while (w && count) {
		struct file_out o = { 0 };
		const size_t part = count < SECTORS_AT_ONCE ? count : SECTORS_AT_ONCE;
		out_number(&o, disk, 1);
		out_number(&o, first, 8);
		out_number(&o, part, 2);
		for (size_t i = 0; i < part; i++)
			put_packed(&o, bytes + i * DISK_SECTOR, NULL, DISK_SECTOR);
		put(w, FILE_DISK, &o);
		out_free(&o);
		first += part;
		bytes += part * DISK_SECTOR;
		count -= part;
	}
}

void file_cut(struct history *h)
{
	struct file_writer *w = h->writer;
	struct file_out o = { 0 };
	if (!w)
		return;
	out_number(&o, h->machine->position, 8);
	out_number(&o, h->event_count, 8);
	put(w, FILE_CUT, &o);
	out_free(&o);
	w->position = w->state_position = h->machine->position;
	flush(h);
}

static void put_position(struct history *h)
{
	struct file_writer *w = h->writer;
	struct file_out o = { 0 };
	out_number(&o, h->machine->position, 8);
	put(w, FILE_POSITION, &o);
	out_free(&o);
	w->position = h->machine->position;
}

void history_stands(struct history *h)
{
	if (!h || !h->writer || h->machine->is_past)
		return;
	if (h->machine->position != h->writer->position)
		put_position(h);
	if (h->writer->buffer.len)
		flush(h);
}

/* The last state, and the end. last: NULL where there is no memory for one. */
static void put_end(struct history *h, const struct checkpoint *last)
{
	struct file_out o = { 0 };
	if (last)
		put_state(h, last, FILE_LAST);
	out_number(&o, run_is_over(h->run), 1);
	out_number(&o, (uint32_t)h->run->status, 4);
	put(h->writer, FILE_END, &o);
	out_free(&o);
}

void file_end(struct history *h, bool is_present)
{
	struct error e = { 0 };
	struct checkpoint *last = NULL;
	if (!h->writer)
		return;
	/* A step that is counted and not done leads to no state of its own. */
	is_present = is_present && !h->failure.text[0] && !h->machine->control.cpu.stuck;
	if (is_present && !events_keep_changes(h, &e))
		last = checkpoint_take(h, &e);
	if (h->writer) {
		put_end(h, last);
		flush(h);
	}
	checkpoint_free(h, last);
	free_writer(h);
}

static int new_writer(struct history *h, int fd, const char *name)
{
	struct file_writer *w = calloc(1, sizeof *w);
	if (!w)
		return -ENOMEM;
	w->fd = fd;
	w->name = name;
	if (pages_zero(&h->store, &w->pages, &h->machine->guest->vm.memory)) {
		free(w);
		return -ENOMEM;
	}
	h->writer = w;
	return 0;
}

/* --- all at once -------------------------------------------------------------------------------- */

static int put_seen(void *ctx, uint64_t sector, const uint8_t *bytes)
{
	struct watched_disk *w = ctx;
	file_sectors(w->history, w->number, sector, bytes, 1);
	return 0;
}

static void put_disks(struct history *h)
{
	for (unsigned i = 0; h->media && i < h->media->disks.count; i++)
		overlay_each(&h->watched[i].seen, NULL, put_seen, &h->watched[i]);
}

/* Events and checkpoints in the order in which they happened. */
static void put_all(struct history *h)
{
	size_t at = h->checkpoints[0]->event;
	for (size_t i = 1; i < h->checkpoint_count; i++) {
		const struct checkpoint *c = h->checkpoints[i];
		bool is_change = false;
		for (; at < c->event && at < h->event_count; at++) {
			is_change = h->events[at].kind == EVENT_CHANGED;
			if (is_change)
				put_state(h, h->events[at].checkpoint, FILE_CHANGED);
			else
				file_event(h, &h->events[at]);
		}
		if (!is_change && !c->is_pinned && !c->is_fine)
			file_checkpoint(h, c);
	}
	for (; at < h->event_count; at++)
		file_event(h, &h->events[at]);
}

static int begin(struct history *h, int fd, const char *name, struct error *e)
{
	if (new_writer(h, fd, name))
		return error_set(e, -ENOMEM, "out of memory");
	file_put_beginning(h, &h->writer->buffer);
	put_disks(h);
	put_state(h, h->checkpoints[0], FILE_BEGIN);
	return 0;
}

int history_write_to(struct history *h, int fd, const char *name, struct error *e)
{
	int err = begin(h, fd, name, e);
	if (!err)
		flush(h);
	return err;
}

static int save(
        struct history *h, const struct checkpoint *last, struct file_out *to, struct error *e)
{
	int err = begin(h, -1, "", e);
	if (err)
		return err;
	put_all(h);
	put_end(h, last);
	struct file_writer *w = h->writer;
	if (w->buffer.has_failed || w->machine.has_failed) {
		err = error_set(e, -ENOMEM, "out of memory");
	} else {
		*to = w->buffer;
		w->buffer = (struct file_out) { 0 };
	}
	free_writer(h);
	return err;
}

int history_save(struct history *h, uint8_t **bytes, size_t *len, struct error *e)
{
	struct file_writer *other = h->writer;
	struct checkpoint *last = NULL;
	struct file_out all = { 0 };
	if (h->is_file)
		return error_set(e, -ENOENT, "the recording has come from a file, and is there");
	if (!h->machine->is_past) {
		if (events_keep_changes(h, e) || !(last = checkpoint_take(h, e)))
			return -ENOMEM;
	}
	h->writer = NULL;
	int err = save(h, last ? last : h->present, &all, e);
	h->writer = other;
	checkpoint_free(h, last);
	if (err)
		return err;
	*bytes = all.bytes;
	*len = all.len;
	return 0;
}

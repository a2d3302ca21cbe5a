/* A recording's file, read: chunk after chunk, each of which changes what stands until the next STAT keeps it. Pure, and all
 * of it is outside input. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "history/file.h"
#include "history/file_lists.h"
#include "history/file_machine.h"

#define MACHINE_MAX (FILE_CHUNK_MAX - 64) /* bytes of a machine, unpacked */

struct parse {
	struct recording *r;
	uint64_t bytes_max;
	bool has_head, has_begun;
	uint64_t position;
	/* As of the last STAT and what came after it. */
	struct file_out machine;
	struct pages pages;
	struct overlay overlays[DISKS_MAX];
};

bool recording_is_one(const uint8_t *bytes, size_t len)
{
	return len >= FILE_MAGIC_SIZE && !memcmp(bytes, FILE_MAGIC, FILE_MAGIC_SIZE);
}

static int no_memory(struct error *e)
{
	return error_set(e, -ENOMEM, "out of memory");
}

/* --- HEAD, CPID, DISK -------------------------------------------------------------------------- */

static int take_head(struct parse *p, struct file_in *in, struct error *e)
{
	int err = p->has_head ? error_set(e, -EINVAL, "it has two heads")
	                      : file_take_head(in, &p->r->head, e);
	if (err)
		return err;
	p->has_head = true;
	return pages_zero(&p->r->store, &p->pages, &p->r->head.shape) ? no_memory(e) : 0;
}

static int take_cpuid(struct parse *p, struct file_in *in, struct error *e)
{
	const uint64_t count = in_number(in, 4);
	struct kvm_cpuid2 *c = NULL;
	if (count > FILE_CPUID_MAX || p->r->cpuid)
		return error_set(e, -EINVAL, "its CPUID is longer than a CPU has");
	c = calloc(1, sizeof *c + (size_t)count * sizeof c->entries[0]);
	if (!c)
		return no_memory(e);
	p->r->cpuid = c;
	c->nent = (uint32_t)count;
	for (uint32_t i = 0; i < c->nent; i++) {
		struct kvm_cpuid_entry2 *x = &c->entries[i];
		uint32_t *const all[] = { &x->function, &x->index, &x->flags, &x->eax, &x->ebx,
			&x->ecx, &x->edx };
		for (size_t k = 0; k < ARRAY_SIZE(all); k++)
			*all[k] = (uint32_t)in_number(in, 4);
	}
	return 0;
}

static struct file_disk *disk_of(struct parse *p, struct file_in *in)
{
	const unsigned number = (unsigned)in_number(in, 1);
	return number < p->r->head.disk_count ? &p->r->head.disks[number] : NULL;
}

static bool has_sectors(const struct file_disk *d, uint64_t first, uint64_t count)
{
	/* A floppy disk's format may be larger than its file. */
	const uint64_t sectors = d->size / DISK_SECTOR + 8192;
	return first <= sectors && count <= sectors - first;
}

static int take_disk(struct parse *p, struct file_in *in, struct error *e)
{
	uint8_t sector[DISK_SECTOR];
	struct file_disk *d = disk_of(p, in);
	const uint64_t first = in_number(in, 8), count = in_number(in, 2);
	if (!d || !has_sectors(d, first, count))
		return error_set(e, -EINVAL, "it has sectors of no disk");
	for (uint64_t i = 0; i < count; i++) {
		const size_t len = (size_t)in_number(in, 2);
		const uint8_t *packed = in_bytes(in, len);
		memset(sector, 0, sizeof sector);
		if (!packed || !unpack(packed, len, sector, sizeof sector))
			return error_set(e, -EINVAL, "a disk's sector is none");
		if (overlay_write(&d->contents, first + i, sector, DISK_OVERLAY_BLOCKS))
			return no_memory(e);
	}
	return 0;
}

/* --- RAM, and what was written beside the disks ------------------------------------------------- */

static void note_damage(struct parse *p, uint64_t gpa)
{
	if (!p->r->damage[0])
		snprintf(p->r->damage, sizeof p->r->damage,
		        "after position %" PRIu64 ": the page of RAM at 0x%" PRIx64
		        " is not what its checksum says",
		        p->position, gpa);
}

static int take_pages(struct parse *p, struct file_in *in, struct error *e)
{
	const struct memory *shape = &p->r->head.shape;
	uint8_t bytes[MEMORY_PAGE];
	while (in->left) {
		const uint64_t page = in_number(in, 4);
		const uint32_t sum = (uint32_t)in_number(in, 4);
		const size_t len = (size_t)in_number(in, 2);
		const uint8_t *packed = in_bytes(in, len);
		if (!packed || page >= pages_count(shape))
			return error_set(e, -EINVAL, "it has pages of no RAM");
		memcpy(bytes, pages_at(&p->pages, shape, page), MEMORY_PAGE);
		if (!unpack(packed, len, bytes, MEMORY_PAGE))
			return error_set(e, -EINVAL, "a page of RAM is none");
		if ((uint32_t)page_sum(bytes) != sum)
			note_damage(p, pages_gpa(shape, page));
		if (pages_change(&p->r->store, &p->pages, shape, page, bytes))
			return no_memory(e);
	}
	return file_keep_within(p->r, p->bytes_max, e);
}

static int take_overlay(struct parse *p, struct file_in *in, struct error *e)
{
	const struct file_disk *d = disk_of(p, in);
	struct overlay *o = d ? &p->overlays[d - p->r->head.disks] : NULL;
	const bool is_new = in_number(in, 1) != 0;
	uint8_t sector[DISK_SECTOR];
	if (!o)
		return error_set(e, -EINVAL, "it has sectors of no disk");
	if (is_new)
		overlay_free(o);
	while (in->left) {
		const uint64_t number = in_number(in, 8);
		const size_t len = (size_t)in_number(in, 2);
		const uint8_t *packed = in_bytes(in, len);
		memset(sector, 0, sizeof sector);
		if (!packed || !has_sectors(d, number, 1) ||
		        !unpack(packed, len, sector, sizeof sector))
			return error_set(e, -EINVAL, "a disk's sector is none");
		if (overlay_write(o, number, sector, DISK_OVERLAY_BLOCKS))
			return no_memory(e);
	}
	return 0;
}

/* --- STAT -------------------------------------------------------------------------------------- */

/* The machine's bytes become those of now. */
static int take_machine(struct parse *p, struct file_in *in, struct error *e)
{
	const size_t len = (size_t)in_number(in, 4);
	struct file_out *m = &p->machine;
	if (len > MACHINE_MAX || in->has_failed)
		return error_set(e, -EINVAL, "a machine is larger than one is");
	while (m->len < len && !m->has_failed)
		out_number(m, 0, 1);
	m->len = len;
	if (m->has_failed)
		return no_memory(e);
	return unpack(in->at, in->left, m->bytes, len) ? 0
	                                               : error_set(e, -EINVAL, "a machine is cut");
}

static int make_checkpoint(struct parse *p, struct checkpoint *c, struct error *e)
{
	struct recording *r = p->r;
	struct file_in machine = { .at = p->machine.bytes, .left = p->machine.len };
	int err = pages_same(&r->store, &c->pages, &p->pages);
	c->kept.disks.count = r->head.disk_count;
	for (unsigned i = 0; i < r->head.disk_count && !err; i++)
		err = overlay_copy(&c->kept.disks.overlays[i], &p->overlays[i]);
	if (err)
		return no_memory(e);
	return machine_in(&machine, &c->kept, r->head.script.count, e);
}

static bool goes_on(struct parse *p, uint64_t position)
{
	if (position < p->position || position > FILE_POSITION_MAX)
		return false;
	p->position = position;
	return true;
}

/* The state leads to itself: it is an event. */
static int keep_change(struct parse *p, struct checkpoint *c, struct error *e)
{
	struct event *v = file_new_event(p->r);
	if (!v)
		return no_memory(e);
	*v = (struct event) { .position = c->position, .kind = EVENT_CHANGED, .checkpoint = c };
	file_keep_event(p->r);
	c->event = p->r->event_count;
	c->is_pinned = true;
	return 0;
}

static int take_state(struct parse *p, struct file_in *in, struct error *e)
{
	struct recording *r = p->r;
	const uint64_t position = in_number(in, 8);
	const unsigned kind = (unsigned)in_number(in, 1);
	const uint8_t steps = in_number(in, 1) & STEPS_ALL;
	const uint64_t ram_sum = in_number(in, 8), machine_sum_ = in_number(in, 8);
	if (kind > FILE_LAST || (kind != FILE_BEGIN && !p->has_begun))
		return error_set(e, -EINVAL, "a state is of no kind, or before the beginning");
	if (kind == FILE_BEGIN) {
		file_forget_all(r);
		p->position = 0;
		r->is_ended = false;
	}
	if (!goes_on(p, position))
		return error_set(e, -EINVAL, "its positions go back");
	struct checkpoint *c = calloc(1, sizeof *c);
	int err = c ? take_machine(p, in, e) : no_memory(e);
	if (!err)
		err = make_checkpoint(p, c, e);
	if (!err && !file_add_checkpoint(r, c))
		err = no_memory(e);
	if (err) {
		file_free_checkpoint(r, c);
		return err;
	}
	c->position = position;
	c->steps = steps;
	c->event = r->event_count;
	p->has_begun = true;
	if (kind == FILE_CHANGED && (err = keep_change(p, c, e)))
		return err;
	struct file_check *check = file_new_check(r);
	if (!check)
		return no_memory(e);
	check->position = position;
	check->all = c;
	check->is_changed = kind == FILE_CHANGED || kind == FILE_BEGIN;
	check->now_ns = c->kept.board.now_ns;
	check->machine_sum = machine_sum_;
	check->ram_sum = ram_sum;
	return file_keep_within(p->r, p->bytes_max, e);
}

/* --- EVNT, HASH, POSN, CUT ---------------------------------------------------------------------- */

static int take_event(struct parse *p, struct file_in *in, struct error *e)
{
	struct recording *r = p->r;
	struct event *v = file_new_event(r);
	int err = v ? file_take_event(in, v, e) : no_memory(e);
	if (err)
		return err;
	if (!goes_on(p, v->position)) {
		file_free_event(v);
		return error_set(e, -EINVAL, "its positions go back");
	}
	file_keep_event(r);
	return 0;
}

static int take_hash(struct parse *p, struct file_in *in, struct error *e)
{
	struct file_check c = { .position = in_number(in, 8), .event = p->r->event_count };
	c.now_ns = in_number(in, 8);
	c.machine_sum = in_number(in, 8);
	c.ram_sum = in_number(in, 8);
	const uint8_t *regs = in_bytes(in, sizeof c.regs);
	if (!regs || !goes_on(p, c.position))
		return error_set(e, -EINVAL, "a hash is cut, or goes back");
	memcpy(&c.regs, regs, sizeof c.regs);
	c.has_regs = true;
	struct file_check *to = file_new_check(p->r);
	if (!to)
		return no_memory(e);
	*to = c;
	return 0;
}

static int take_cut(struct parse *p, struct file_in *in, struct error *e)
{
	const uint64_t position = in_number(in, 8), events = in_number(in, 8);
	if (in->has_failed || position > p->position || events > p->r->event_count)
		return error_set(e, -EINVAL, "it is cut where it was not");
	file_forget(p->r, position, (size_t)events);
	p->position = position;
	return p->r->checkpoint_count ? 0 : error_set(e, -EINVAL, "its beginning is cut away");
}

static int take_end(struct parse *p, struct file_in *in, struct error *e)
{
	const bool has_status = in_number(in, 1) != 0;
	const uint32_t status = (uint32_t)in_number(in, 4);
	if (in->has_failed)
		return error_set(e, -EINVAL, "its end is cut");
	p->r->is_ended = true;
	p->r->status = has_status && status <= UINT8_MAX ? (int)status : -1;
	return 0;
}

static int take(struct parse *p, struct file_chunk *c, struct error *e)
{
	struct file_in *in = &c->payload;
	if (c->type != FILE_HEAD && !p->has_head)
		return error_set(e, -EINVAL, "it does not begin with its head");
	if (!p->has_begun && (c->type == FILE_EVENT || c->type == FILE_HASH ||
	                             c->type == FILE_POSITION || c->type == FILE_CUT))
		return error_set(e, -EINVAL, "something happens before its beginning");
	switch (c->type) {
	case FILE_HEAD: return take_head(p, in, e);
	case FILE_CPUID: return take_cpuid(p, in, e);
	case FILE_DISK: return take_disk(p, in, e);
	case FILE_PAGES: return take_pages(p, in, e);
	case FILE_OVERLAY: return take_overlay(p, in, e);
	case FILE_STATE: return take_state(p, in, e);
	case FILE_EVENT: return take_event(p, in, e);
	case FILE_HASH: return take_hash(p, in, e);
	case FILE_POSITION:
		return goes_on(p, in_number(in, 8)) ? 0 : error_set(e, -EINVAL, "it goes back");
	case FILE_CUT: return take_cut(p, in, e);
	case FILE_END: return take_end(p, in, e);
	default: return error_set(e, -EINVAL, "it has a chunk of a type that no recording has");
	}
}

/* --- all of it --------------------------------------------------------------------------------- */

static int parse(struct parse *p, const uint8_t *bytes, size_t len, struct error *e)
{
	struct file_in in = { .at = bytes, .left = len };
	struct file_chunk c;
	struct error why = { 0 };
	int err = 0;
	if (!recording_is_one(bytes, len))
		return error_set(e, -EINVAL, "not a recording of stepvm's");
	in_bytes(&in, FILE_MAGIC_SIZE);
	while (!err) {
		const uint64_t at = len - in.left;
		if (!file_chunk(&in, &c))
			break;
		p->r->is_ended = false;
		p->r->status = -1;
		err = take(p, &c, &why);
		if (err)
			error_set(e, err, "at byte %" PRIu64 ": %s", at, why.text);
	}
	p->r->used = len - in.left;
	p->r->end = p->position;
	if (!err && !p->has_head)
		err = error_set(e, -EINVAL, "it was cut within its head");
	if (!err && !p->has_begun)
		err = error_set(e, -EINVAL, "it was cut before its beginning was whole");
	return err;
}

int recording_parse(
        struct recording *to, const uint8_t *bytes, size_t len, uint64_t bytes_max, struct error *e)
{
	struct parse p = { .r = to, .bytes_max = bytes_max };
	*to = (struct recording) { .end = 0 };
	int err = parse(&p, bytes, len, e);
	out_free(&p.machine);
	pages_free(&to->store, &p.pages);
	for (unsigned i = 0; i < DISKS_MAX; i++)
		overlay_free(&p.overlays[i]);
	if (err)
		recording_free(to);
	return err;
}

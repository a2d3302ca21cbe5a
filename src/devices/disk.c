/* Sectors between the medium and the overlay, and the list of disks. */
#include "devices/disk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert(
        DISK_SECTOR == OVERLAY_SECTOR && DISK_SECTOR == GEOMETRY_SECTOR, "one size of sectors");

static bool is_on(const struct disk *d, uint64_t lba, size_t count)
{
	return lba <= d->sectors && count <= d->sectors - lba;
}

/* How many sectors from lba on are not in the overlay. */
static size_t run_beside(const struct disk *d, uint64_t lba, size_t count)
{
	size_t n = 0;

	if (!d->overlay.block_count)
		return count;
	while (n < count && !overlay_has(&d->overlay, lba + n))
		n++;
	return n;
}

int disk_read(const struct disk *d, uint64_t lba, size_t count, uint8_t *to)
{
	if (!is_on(d, lba, count))
		return -ERANGE;
	while (count) {
		size_t n = run_beside(d, lba, count);
		if (n) {
			int err = d->medium.read(
			        d->medium.ctx, lba * DISK_SECTOR, to, n * DISK_SECTOR);
			if (err)
				return err;
		} else {
			overlay_read(&d->overlay, lba, to);
			n = 1;
		}
		lba += n;
		count -= n;
		to += n * DISK_SECTOR;
	}
	return 0;
}

int disk_write(struct disk *d, uint64_t lba, size_t count, const uint8_t *from)
{
	if (!is_on(d, lba, count))
		return -ERANGE;
	if (d->medium.is_writable && count) {
		/* Even one that fails may have written something. */
		d->writes++;
		return d->medium.write(d->medium.ctx, lba * DISK_SECTOR, from, count * DISK_SECTOR);
	}
	for (size_t i = 0; i < count; i++) {
		int err = overlay_write(
		        &d->overlay, lba + i, from + i * DISK_SECTOR, d->overlay_blocks);
		if (err)
			return err;
	}
	return 0;
}

int disk_flush(struct disk *d)
{
	return d->medium.is_writable ? d->medium.flush(d->medium.ctx) : 0;
}

bool disk_lba(
        const struct disk *d, unsigned cylinder, unsigned head, unsigned sector, uint64_t *lba)
{
	const struct geometry *g = &d->geometry;

	if (cylinder >= g->cylinders || head >= g->heads || sector == 0 || sector > g->sectors)
		return false;
	*lba = ((uint64_t)cylinder * g->heads + head) * g->sectors + sector - 1;
	return true;
}

void disk_describe(const struct disk *d, char *to, size_t size)
{
	const struct geometry *g = &d->geometry;
	char kind[80];

	if (d->floppy)
		snprintf(kind, sizeof kind, "a floppy disk of %s", d->floppy->name);
	else
		snprintf(kind, sizeof kind, "a hard disk of %" PRIu64 " sectors", d->sectors);
	snprintf(to, size, "drive %02xh, %s: %s, %u/%u/%u (cylinders/heads/sectors), %s", d->number,
	        d->name, kind, g->cylinders, g->heads, g->sectors,
	        d->medium.is_writable ? "its file is written to"
	                              : "its file is not written to: what the guest writes stays "
	                                "in memory");
}

/* --- the list --------------------------------------------------------------------------------- */

#define FIRST_HARD 0x80u

unsigned disks_count(const struct disks *s, enum disk_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->count; i++)
		n += s->all[i].kind == kind;
	return n;
}

struct disk *disks_find(struct disks *s, uint8_t number)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->all[i].number == number)
			return &s->all[i];
	return NULL;
}

static int set_shape(struct disk *d, enum disk_kind kind, const uint8_t *first, struct error *e)
{
	d->kind = kind == DISK_AUTO ? geometry_kind(d->medium.size, first) : kind;
	if (d->kind == DISK_HARD) {
		d->sectors = d->medium.size / DISK_SECTOR + (d->medium.size % DISK_SECTOR != 0);
		d->geometry = geometry_hard(d->sectors, first);
		return 0;
	}
	d->floppy = geometry_floppy(d->medium.size, first);
	if (!d->floppy)
		return error_set(e, -EFBIG,
		        "%s: %" PRIu64 " bytes are more than a floppy disk has, 2.88M", d->name,
		        d->medium.size);
	d->geometry = d->floppy->geometry;
	d->sectors = geometry_sectors(&d->geometry);
	return 0;
}

int disks_add(struct disks *s, const char *name, const struct disk_medium *m, enum disk_kind kind,
        struct error *e)
{
	uint8_t first[DISK_SECTOR];
	struct disk d = { .medium = *m, .overlay_blocks = DISK_OVERLAY_BLOCKS };

	snprintf(d.name, sizeof d.name, "%s", name);
	if (s->count == DISKS_MAX)
		return error_set(e, -ENOSPC, "%s: there are %d disks already", d.name, DISKS_MAX);
	int err = m->read(m->ctx, 0, first, sizeof first);
	if (err)
		return error_set(e, err, "%s: cannot read: %s", d.name, strerror(-err));
	err = set_shape(&d, kind, first, e);
	if (err)
		return err;
	unsigned before = disks_count(s, d.kind);
	if (d.kind == DISK_FLOPPY && before == DISKS_FLOPPIES_MAX)
		return error_set(e, -ENOSPC,
		        "%s: there are %d floppy disks already; with ,hd it is a hard disk", d.name,
		        DISKS_FLOPPIES_MAX);
	d.number = (uint8_t)(before + (d.kind == DISK_HARD ? FIRST_HARD : 0));
	s->all[s->count++] = d;
	return 0;
}

void disks_close(struct disks *s)
{
	disks_forget(s);
	*s = (struct disks) { 0 };
}

int disks_flush(struct disks *s)
{
	int first = 0;

	for (unsigned i = 0; i < s->count; i++) {
		int err = disk_flush(&s->all[i]);
		if (!first)
			first = err;
	}
	return first;
}

void disks_forget(struct disks *s)
{
	for (unsigned i = 0; i < s->count; i++)
		overlay_free(&s->all[i].overlay);
}

/* --- snapshots -------------------------------------------------------------------------------- */

int disks_save(const struct disks *s, struct disks_image *to)
{
	struct disks_image new = { .count = 0 };

	for (unsigned i = 0; i < s->count; i++) {
		new.writes[i] = s->all[i].writes;
		int err = overlay_copy(&new.overlays[i], &s->all[i].overlay);
		if (err) {
			disks_image_free(&new);
			return err;
		}
		new.count++;
	}
	*to = new;
	return 0;
}

int disks_check(const struct disks *s, const struct disks_image *from, struct error *e)
{
	if (s->count != from->count)
		return error_set(e, -EINVAL, "the machine has other disks");
	for (unsigned i = 0; i < s->count; i++)
		if (s->all[i].writes != from->writes[i])
			return error_set(e, -EBUSY,
			        "%s has been written to since, and what is in a file is not taken "
			        "back",
			        s->all[i].name);
	return 0;
}

int disks_load(struct disks *s, const struct disks_image *from, struct error *e)
{
	struct disks_image copy = { .count = 0 };
	int err = disks_check(s, from, e);

	if (err)
		return err;
	for (; copy.count < from->count; copy.count++) {
		err = overlay_copy(&copy.overlays[copy.count], &from->overlays[copy.count]);
		if (err) {
			disks_image_free(&copy);
			return error_set(e, err, "out of memory");
		}
	}
	for (unsigned i = 0; i < s->count; i++) {
		overlay_free(&s->all[i].overlay);
		s->all[i].overlay = copy.overlays[i];
	}
	return 0;
}

void disks_image_free(struct disks_image *i)
{
	for (unsigned k = 0; k < i->count; k++)
		overlay_free(&i->overlays[k]);
	*i = (struct disks_image) { 0 };
}

uint64_t disks_image_size(const struct disks_image *i)
{
	uint64_t size = 0;

	for (unsigned k = 0; k < i->count; k++)
		size += overlay_size(&i->overlays[k]);
	return size;
}

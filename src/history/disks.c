/* What the guest reads of its disks' files: kept, so that a file of the recording has it, and found again where somebody
 * else has changed it meanwhile. Between a disk and its medium. */
#include <errno.h>
#include <string.h>

#include "history/state.h"
#include "machine/media.h"

/* Of one sector. True: it was not read before. */
static bool is_news(struct watched_disk *w, uint64_t sector, uint8_t *bytes)
{
	struct history *h = w->history;
	uint8_t old[DISK_SECTOR];
	if (!overlay_read(&w->seen, sector, old)) {
		int err = overlay_write(&w->seen, sector, bytes, DISK_OVERLAY_BLOCKS);
		if (err)
			error_set(&h->failure, err,
			        err == -ENOSPC ? "the guest has read more of a disk than the %d "
			                         "MiB that a recording keeps"
			                       : "out of memory",
			        (int)(DISK_OVERLAY_BLOCKS / (1048576 / OVERLAY_BLOCK)));
		return !err;
	}
	if (!memcmp(old, bytes, sizeof old))
		return false;
	if (!h->machine->is_past)
		error_set(&h->failure, -EBUSY,
		        "%s was changed by somebody else while the guest used it",
		        h->machine->guest->media->disks.all[w->number].name);
	memcpy(bytes, old, sizeof old);
	return false;
}

static int read_watched(void *ctx, uint64_t offset, void *to, size_t len)
{
	struct watched_disk *w = ctx;
	uint8_t *bytes = to;
	uint64_t first = offset / DISK_SECTOR;
	size_t news = 0;
	int err = w->medium.read(w->medium.ctx, offset, to, len);
	if (err)
		return err;
	for (size_t i = 0; i < len / DISK_SECTOR; i++) {
		if (is_news(w, first + i, bytes + i * DISK_SECTOR)) {
			news++;
			continue;
		}
		file_sectors(w->history, w->number, first + i - news,
		        bytes + (i - news) * DISK_SECTOR, news);
		news = 0;
	}
	file_sectors(w->history, w->number, first + len / DISK_SECTOR - news,
	        bytes + (len / DISK_SECTOR - news) * DISK_SECTOR, news);
	return 0;
}

void disks_watch(struct history *h)
{
	struct media *media = h->machine->guest->media;
	uint8_t first[DISK_SECTOR];
	h->media = media;
	for (unsigned i = 0; media && i < media->disks.count; i++) {
		struct disk *d = &media->disks.all[i];
		struct watched_disk *w = &h->watched[i];
		*w = (struct watched_disk) { .history = h, .medium = d->medium, .number = i };
		d->medium.ctx = w;
		d->medium.read = read_watched;
		read_watched(w, 0, first, sizeof first); /* who opened the disk has looked at it */
	}
}

void disks_unwatch(struct history *h)
{
	struct media *media = h->machine->guest->media;
	for (unsigned i = 0; media && media == h->media && i < media->disks.count; i++)
		media->disks.all[i].medium = h->watched[i].medium;
	for (unsigned i = 0; i < DISKS_MAX; i++)
		overlay_free(&h->watched[i].seen);
	h->media = NULL;
}

uint64_t disks_bytes(const struct history *h)
{
	uint64_t bytes = 0;
	for (unsigned i = 0; i < DISKS_MAX; i++)
		bytes += overlay_size(&h->watched[i].seen);
	return bytes;
}

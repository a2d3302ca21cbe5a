/* The files of a guest's disks: opened with the guest, and what the disks in devices/ read and write.
 *
 * A new guest (machine_reset) opens them anew, so that it begins with the files as they are then;
 * one that may be written to stays open, for nobody else may write to it meanwhile. */
#ifndef STEPVM_MACHINE_MEDIA_H
#define STEPVM_MACHINE_MEDIA_H

#include "boot/image.h"
#include "devices/disk.h"
#include "machine/config.h"

/* On the heap, for the disks point into it. */
struct media {
	struct disks disks;
	struct media_file *files[DISKS_MAX]; /* of each disk; NULL: it is bytes */
	uint8_t *bytes;                      /* owned: the boot disk's that came by a pipe */
	size_t size;
};

/* image: what was loaded, on a PC's board or a bare one. A boot sector's image is the first disk, and
 * what --disk says of the same file is said of it; the others follow. image->stream is taken.
 * before: what a guest of the same config has, whose writable files are used on, or NULL.
 * -errno with a text, and *to is nothing: as of disk_file_open and disks_add; -EINVAL: the board has
 * no disks; -EFBIG: too much came by a pipe. */
int media_open(struct media **to, const struct machine_config *c, struct image_loaded *image,
        const struct media *before, struct error *e);
/* The disks of a recorded guest. */
int media_open_replayed(struct media **to, const struct config_replay *r, struct error *e);
/* Flushes what was written, and tells the user where that fails. NULL is allowed. */
void media_close(struct media *m);
/* Whether a guest that begins with the files would find them as this one has. -EBUSY with a text:
 * one has been written to. */
int media_check_restart(const struct media *m, struct error *e);
/* One of them may be written to. */
bool media_is_writable(const struct media *m);

#endif

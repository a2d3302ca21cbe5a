/* The disks of a machine, as a BIOS and disk controllers see them: kinds, geometries, sectors.
 *
 * What is on a disk comes from its medium, which whoever has the file provides. What the guest
 * writes goes to the medium where that is writable, and else into an overlay in memory, so that the
 * file stays as it is. No descriptor here, and no time. */
#ifndef STEPVM_DEVICES_DISK_H
#define STEPVM_DEVICES_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "devices/geometry.h"
#include "devices/overlay.h"

#define DISK_SECTOR        512u
#define DISKS_MAX          8
#define DISKS_FLOPPIES_MAX 2 /* that a PC's equipment word counts without a second controller */
/* What the guest may have written to a disk beside its file: blocks of OVERLAY_BLOCK bytes. */
#define DISK_OVERLAY_BLOCKS 65536u
#define DISK_NAME_SIZE      128

/* Where a disk's bytes are kept. Offsets and lengths are in bytes. */
struct disk_medium {
	void *ctx;
	uint64_t size;    /* not 0 */
	bool is_writable; /* what the guest writes goes there */
	/* Bytes past its end are zeros. -errno: they can't be read now, *to is undefined. */
	int (*read)(void *ctx, uint64_t offset, void *to, size_t len);
	/* Both may be NULL where it is not writable. A medium grows where it is written to past its
	 * end. -errno: not all of it was written. flush: what was written outlives the host. */
	int (*write)(void *ctx, uint64_t offset, const void *from, size_t len);
	int (*flush)(void *ctx);
};

struct disk {
	char name[DISK_NAME_SIZE]; /* of the file, for sentences */
	struct disk_medium medium;
	enum disk_kind kind; /* not DISK_AUTO */
	uint8_t number; /* as INT 13h takes it in DL: 0 and 1 floppy disks, 0x80 and up hard disks */
	struct geometry geometry;
	const struct floppy_format *floppy; /* NULL: a hard disk */
	uint64_t sectors;                   /* whole ones, of which the medium may lack the end */
	struct overlay overlay;
	size_t overlay_blocks; /* how many it may have: DISK_OVERLAY_BLOCKS */
	uint64_t writes;       /* how often the medium has been written to since it was opened */
};

/* What is read past a floppy disk's medium is zeros, up to the size of its format, for images of
 * floppy disks are often cut after their last byte that is not 0. A hard disk ends with its medium;
 * the rest of its last sector is zeros. count sectors from number lba on, 0 to any; the caller has
 * room for them.
 *
 * -ERANGE: they are not all on the disk; others come from the medium (read) or say that there is no
 * room for what is written: -ENOSPC, -ENOMEM. Sectors before the one that fails may have been
 * written. */
int disk_read(const struct disk *d, uint64_t lba, size_t count, uint8_t *to);
int disk_write(struct disk *d, uint64_t lba, size_t count, const uint8_t *from);
/* What the medium was given is to be safe now. -errno of the medium. */
int disk_flush(struct disk *d);
/* False: there is no such sector in the geometry. Sectors count from 1. */
bool disk_lba(
        const struct disk *d, unsigned cylinder, unsigned head, unsigned sector, uint64_t *lba);
/* "drive 80h, hd.img: a hard disk of 2880 sectors, 3/16/63 (cylinders/heads/sectors), its file is
 * written to" and its like, cut where it is too long. */
void disk_describe(const struct disk *d, char *to, size_t size);

/* All zeros: there are none. The first floppy disk is number 0 and the first hard disk 0x80, the
 * next ones follow in the order in which they are added. */
struct disks {
	unsigned count;
	struct disk all[DISKS_MAX];
	bool has_boot; /* the first one is what the machine starts from */
};

/* Reads the first sector to see what it is. -errno of the medium; -ENOSPC: there are DISKS_MAX, or
 * DISKS_FLOPPIES_MAX floppy disks; -EFBIG: too large for a floppy disk. With a text that begins with
 * the name. */
int disks_add(struct disks *s, const char *name, const struct disk_medium *m, enum disk_kind kind,
        struct error *e);
/* Its memory only: media are their owner's. */
void disks_close(struct disks *s);
/* NULL: no disk has that number. */
struct disk *disks_find(struct disks *s, uint8_t number);
/* How many of a kind there are. */
unsigned disks_count(const struct disks *s, enum disk_kind kind);
/* All of them. The first -errno; the others are flushed all the same. */
int disks_flush(struct disks *s);
/* As their files are: what was written beside them is forgotten. */
void disks_forget(struct disks *s);

/* The disks' part of a snapshot: what was written beside the files, and how often to them. */
struct disks_image {
	unsigned count;
	struct overlay overlays[DISKS_MAX];
	uint64_t writes[DISKS_MAX];
};

/* -ENOMEM: *to is nothing. */
int disks_save(const struct disks *s, struct disks_image *to);
/* -EBUSY with a text: a file has been written to since, and is not made as it was. -ENOMEM. Nothing
 * has changed then. */
int disks_load(struct disks *s, const struct disks_image *from, struct error *e);
/* Why disks_load would refuse, without doing it. */
int disks_check(const struct disks *s, const struct disks_image *from, struct error *e);
void disks_image_free(struct disks_image *i);
uint64_t disks_image_size(const struct disks_image *i);

#endif

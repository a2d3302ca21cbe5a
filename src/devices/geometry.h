/* What kind of disk some bytes are, and its cylinders, heads and sectors, which a file does not
 * say: by its size and its partition table. Pure. */
#ifndef STEPVM_DEVICES_GEOMETRY_H
#define STEPVM_DEVICES_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#define GEOMETRY_SECTOR        512u
#define GEOMETRY_CYLINDERS_MAX 1024u /* that INT 13h can name: ten bits */
#define GEOMETRY_FLOPPY_MAX    (UINT64_C(2880) << 10)

enum disk_kind {
	DISK_AUTO, /* by its size and table */
	DISK_FLOPPY,
	DISK_HARD,
};

/* How many of each: none is 0. Cylinders and heads count from 0, sectors from 1. */
struct geometry {
	uint16_t cylinders, heads;
	uint8_t sectors;
};

/* A kind of floppy disk, and the drive that it is in. */
struct floppy_format {
	struct geometry geometry;
	uint8_t drive; /* as CMOS 10h and INT 13h AH=08h call it: 1: 360K, 2: 1.2M, 3: 720K, 4: 1.44M,
	                  5: 2.88M */
	const char *name; /* "1.44M" */
};

static inline uint64_t geometry_sectors(const struct geometry *g)
{
	return (uint64_t)g->cylinders * g->heads * g->sectors;
}

/* DISK_FLOPPY or DISK_HARD, of size bytes whose first sector is first. A size of a floppy disk's or
 * less is one, unless the sector has a partition table: that has to be sound in all four entries,
 * for the code of a boot sector often goes on to where a table would be. Where the size is none that
 * floppy disks have, code that loads DL with 80h tells that the image was made for a hard disk: such
 * files are run as QEMU's first hard disk. */
enum disk_kind geometry_kind(uint64_t size, const uint8_t first[GEOMETRY_SECTOR]);
/* The floppy disk that size bytes are, up to GEOMETRY_FLOPPY_MAX: the one with just that size; else,
 * for a file that was cut, the one that FAT's parameters in its first sector tell of; else 1.44M, or
 * 2.88M where that is too small, as QEMU takes them. NULL: no floppy disk has so many. */
const struct floppy_format *geometry_floppy(uint64_t size, const uint8_t first[GEOMETRY_SECTOR]);
/* A hard disk's: the one in which the partition table's addresses by cylinder and by sector number
 * agree; without a table, or where none does, 63 sectors and so many heads, 16, 32, 64, 128 or 255,
 * that 1024 cylinders hold it, or come next to it ("LBA assist", Phoenix EDD 3.0 6). A disk that is
 * no whole number of cylinders has a last one that ends early. */
struct geometry geometry_hard(uint64_t sectors, const uint8_t first[GEOMETRY_SECTOR]);

#endif

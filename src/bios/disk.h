/* What the files of int 13h share: how a call's function is written, the status codes, and moving
 * sectors between a disk and the guest's memory.
 *
 * Source of the codes: Ralf Brown's Interrupt List, INT 13 AH=01h, table 00234. */
#ifndef STEPVM_BIOS_DISK_H
#define STEPVM_BIOS_DISK_H

#include "bios/internal.h"
#include "devices/disk.h"

enum disk_status {
	DISK_OK = 0x00,
	DISK_BAD_CALL = 0x01,   /* a function or a parameter that there is not */
	DISK_NO_SECTOR = 0x04,  /* past a floppy disk's end */
	DISK_NO_TRACK = 0x0c,   /* past a hard disk's end */
	DISK_UNREADABLE = 0x10, /* the file could not be read */
	DISK_CONTROLLER = 0x20, /* a floppy disk could not be written to */
	DISK_NO_SEEK = 0x40,    /* to a cylinder that there is not */
	DISK_NOT_REMOVABLE = 0xb2,
	DISK_WRITE_FAULT = 0xcc, /* a hard disk could not be written to */
};

/* A function of int 13h on a disk that is there: its status, which goes to AH, CF and the BDA. */
typedef enum disk_status disk_function(struct bios *b, struct disk *d, struct bios_regs *r);

/* disk_call.c: to or from the guest's memory at gpa, or nowhere (DISK_VERIFIES), count sectors from
 * lba on, across tracks. *done: how many came over. gpa goes on past 64 KiB and 1 MiB, for no DMA
 * controller is asked; what is not RAM there is not changed, and gives all ones. DISK_BAD_CALL where it comes to 4
 * GiB. */
enum disk_way {
	DISK_READS,
	DISK_WRITES,
	DISK_VERIFIES,
};
enum disk_status disk_transfer(struct bios *b, struct disk *d, enum disk_way way, uint64_t lba,
        uint32_t count, uint64_t gpa, uint32_t *done);

/* The status for -errno of the disk's; the user is told, once. */
enum disk_status disk_fail(struct bios *b, const struct disk *d, enum disk_way way, int err);

/* disk_chs.c, disk_parameters.c and disk_edd.c, by AH. */
disk_function disk_reset, disk_last_status, disk_read_sectors, disk_write_sectors, disk_verify,
        disk_format, disk_parameters, disk_seek, disk_nothing, disk_type, disk_change,
        disk_media_type;
disk_function disk_edd_check, disk_edd_read, disk_edd_write, disk_edd_verify, disk_edd_lock,
        disk_edd_eject, disk_edd_seek, disk_edd_parameters, disk_edd_change, disk_edd_configure;
/* Of the CD that the machine started from: none. */
disk_function disk_cd_status;

/* disk_tell.c: adds what a call says of itself to its description (struct bios_function). */
void disk_tell(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size);
void disk_tell_sectors(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size);
void disk_tell_packet(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size);

/* disk_tables.c: where drive d's diskette parameters stand in ROM_SEGMENT. */
uint16_t disk_table_at(const struct disk *d);

#endif

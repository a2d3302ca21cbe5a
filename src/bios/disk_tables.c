/* What int 13h lays down at power-on: the parameters of diskettes and hard disks in the ROM, the
 * vectors that lead to them, and how many disks there are.
 *
 * Source: Ralf Brown's Interrupt List, INT 1E, INT 41, INT 46, INT 40; MEMORY.LST, 0040:003E,
 * 0040:0075, 0040:008F and 0040:0090. */
#include "base/array.h"
#include "base/bytes.h"
#include "bios/disk.h"
#include "bios/rom.h"

#define TABLE_SIZE 11u
#define FDPT_SIZE  16u
#define HARD_MAX   2u /* that have a table */

/* IBM's table of 47 types of fixed disks stands from here to E6F0h; ours are those of our disks. */
#define ROM_FDPT 0xe401u
/* The second drive's; the first one's is ROM_DISKETTE. */
#define ROM_DISKETTE_2 (ROM_FDPT + HARD_MAX * FDPT_SIZE)

/* Data rates of the controller, as the BDA has them in bits 7:6. */
#define RATE_500K 0x00
#define RATE_250K 0x80
#define RATE_1M   0xc0
#define IS_KNOWN  0x10 /* the disk's kind */

/* By the type of drive, as struct floppy_format has it. */
static const struct {
	uint8_t gap, format_gap;
	uint8_t media; /* the BDA's byte, with the disk that the drive is made for */
} drives[] = {
	{ 0x1b, 0x6c, 0 }, [1] = { 0x2a, 0x50, RATE_250K | IS_KNOWN | 0x03 }, /* 360K */
	[2] = { 0x1b, 0x54, RATE_500K | IS_KNOWN | 0x05 },                    /* 1.2M */
	[3] = { 0x2a, 0x50, RATE_250K | IS_KNOWN | 0x07 },                    /* 720K */
	[4] = { 0x1b, 0x6c, RATE_500K | IS_KNOWN | 0x07 },                    /* 1.44M */
	[5] = { 0x1b, 0x50, RATE_1M | IS_KNOWN | 0x07 },                      /* 2.88M */
};

uint16_t disk_table_at(const struct disk *d)
{
	return d->number ? ROM_DISKETTE_2 : ROM_DISKETTE;
}

static void write_rom(struct bios *b, uint16_t offset, const uint8_t *bytes, size_t len)
{
	b->memory->write(b->memory->ctx, ROM_GPA + offset, bytes, len);
}

static void lay_down_diskette(struct bios *b, uint16_t offset, unsigned drive, uint8_t sectors)
{
	const uint8_t table[TABLE_SIZE] = {
		0xdf, /* step rate 3 ms, head unload time 240 ms */
		0x02, /* head load time 2 ms, by DMA */
		37,   /* ticks until the motor stops: 2 s */
		2,    /* 512 bytes in a sector */
		sectors, drives[drive].gap,
		0xff, /* the length of a sector's data where its code is 0 */
		drives[drive].format_gap, 0xf6, /* what formatting fills sectors with */
		15,                             /* ms until the head stands still */
		8,                              /* eighths of a second until the motor runs */
	};
	write_rom(b, offset, table, sizeof table);
}

static void lay_down_hard(struct bios *b, const struct disk *d)
{
	static const uint8_t vectors[HARD_MAX] = { 0x41, 0x46 };
	uint8_t table[FDPT_SIZE] = { 0 };
	unsigned i = d->number & 0x7fu;

	if (i >= HARD_MAX)
		return;
	uint16_t offset = (uint16_t)(ROM_FDPT + i * FDPT_SIZE);
	put16(table, d->geometry.cylinders);
	table[2] = (uint8_t)d->geometry.heads;
	put16(table + 5, 0xffff);                       /* no write precompensation */
	table[8] = d->geometry.heads > 8 ? 0xc8 : 0xc0; /* no retries; more than eight heads */
	put16(table + 12, d->geometry.cylinders);       /* where the heads are parked */
	table[14] = d->geometry.sectors;
	write_rom(b, offset, table, sizeof table);
	bios_put32(b, vectors[i] * 4, (uint32_t)ROM_SEGMENT << 16 | offset);
}

static void lay_down_floppy(struct bios *b, const struct disk *d)
{
	lay_down_diskette(b, disk_table_at(d), d->floppy->drive, d->geometry.sectors);
	bios_put8(b, BDA_FLOPPY_MEDIA + d->number, drives[d->floppy->drive].media);
	/* Both heads stand on cylinder 0. */
	bios_put8(b, BDA_FLOPPY_SEEK, (uint8_t)(bios_get8(b, BDA_FLOPPY_SEEK) | 1u << d->number));
}

void disk_power_on(struct bios *b)
{
	static const uint8_t floppies[] = { 0x00, 0x07, 0x77 };

	/* Guests look at it without a drive, too. */
	lay_down_diskette(b, ROM_DISKETTE, 4, 18);
	bios_put32(b, 0x1e * 4, (uint32_t)ROM_SEGMENT << 16 | ROM_DISKETTE);
	if (!b->disks)
		return;
	for (unsigned i = 0; i < b->disks->count; i++) {
		const struct disk *d = &b->disks->all[i];
		if (d->floppy)
			lay_down_floppy(b, d);
		else
			lay_down_hard(b, d);
	}
	unsigned count = disks_count(b->disks, DISK_FLOPPY);
	bios_put8(b, BDA_FLOPPY_DRIVES, floppies[count < ARRAY_SIZE(floppies) ? count : 2]);
	bios_put8(b, BDA_DISK_COUNT, (uint8_t)disks_count(b->disks, DISK_HARD));
}

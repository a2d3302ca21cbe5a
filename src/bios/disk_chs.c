/* int 13h by cylinder, head and sector.
 *
 * Source: Ralf Brown's Interrupt List, INT 13 AH=00h to AH=05h and AH=0Ch. */
#include "base/bytes.h"
#include "bios/disk.h"

#define FORMAT_BYTE    0xf6 /* where int 1Eh leads nowhere */
#define FORMAT_BYTE_AT 8    /* in its table */
#define SECTORS_MAX    128u /* at once: 64 KiB */

/* CH has the low eight bits of the cylinder, CL the high two in bits 7:6. */
static unsigned cylinder_of(const struct bios_regs *r)
{
	return bios_high(r->ecx) | (bios_low(r->ecx) & 0xc0u) << 2;
}

static unsigned sector_of(const struct bios_regs *r)
{
	return bios_low(r->ecx) & 0x3fu;
}

enum disk_status disk_reset(struct bios *b, struct disk *d, struct bios_regs *r)
{
	(void)b, (void)r;
	return disk_flush(d) ? DISK_WRITE_FAULT : DISK_OK;
}

enum disk_status disk_last_status(struct bios *b, struct disk *d, struct bios_regs *r)
{
	(void)d;
	return (enum disk_status)bios_get8(
	        b, bios_low(r->edx) & 0x80 ? BDA_DISK_STATUS : BDA_FLOPPY_STATUS);
}

/* AL is how many sectors came over, also where one failed. */
static enum disk_status transfer(
        struct bios *b, struct disk *d, enum disk_way way, struct bios_regs *r)
{
	uint32_t count = bios_al(r), done = 0;
	uint64_t lba;

	if (count == 0 || count > SECTORS_MAX ||
	        !disk_lba(d, cylinder_of(r), bios_high(r->edx), sector_of(r), &lba)) {
		bios_set_al(r, 0);
		return DISK_BAD_CALL;
	}
	enum disk_status status =
	        disk_transfer(b, d, way, lba, count, bios_linear(r->es, bios_word(r->ebx)), &done);
	bios_set_al(r, (uint8_t)done);
	return status;
}

enum disk_status disk_read_sectors(struct bios *b, struct disk *d, struct bios_regs *r)
{
	return transfer(b, d, DISK_READS, r);
}

enum disk_status disk_write_sectors(struct bios *b, struct disk *d, struct bios_regs *r)
{
	return transfer(b, d, DISK_WRITES, r);
}

enum disk_status disk_verify(struct bios *b, struct disk *d, struct bios_regs *r)
{
	return transfer(b, d, DISK_VERIFIES, r);
}

/* Of a diskette the byte that int 1Eh's table names, of a hard disk zeros. */
static uint8_t fill_byte(const struct bios *b, const struct disk *d)
{
	uint32_t table = bios_get32(b, 0x1e * 4);
	uint8_t byte = 0;

	if (d->kind == DISK_HARD)
		return 0;
	uint32_t gpa = bios_linear((uint16_t)(table >> 16), (uint16_t)table) + FORMAT_BYTE_AT;
	return b->memory->read(b->memory->ctx, gpa, &byte, 1) ? byte : FORMAT_BYTE;
}

/* All of the track, whatever order of sectors the table at ES:BX wants. */
enum disk_status disk_format(struct bios *b, struct disk *d, struct bios_regs *r)
{
	uint8_t bytes[DISK_SECTOR];
	uint64_t lba;

	if (!disk_lba(d, cylinder_of(r), bios_high(r->edx), 1, &lba))
		return DISK_BAD_CALL;
	memset(bytes, fill_byte(b, d), sizeof bytes);
	for (unsigned i = 0; i < d->geometry.sectors && lba + i < d->sectors; i++) {
		int err = disk_write(d, lba + i, 1, bytes);
		if (err)
			return disk_fail(b, d, DISK_WRITES, err);
	}
	return DISK_OK;
}

enum disk_status disk_seek(struct bios *b, struct disk *d, struct bios_regs *r)
{
	uint64_t lba;

	(void)b;
	return disk_lba(d, cylinder_of(r), bios_high(r->edx), 1, &lba) ? DISK_OK : DISK_NO_SEEK;
}

enum disk_status disk_nothing(struct bios *b, struct disk *d, struct bios_regs *r)
{
	(void)b, (void)d, (void)r;
	return DISK_OK;
}

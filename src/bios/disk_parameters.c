/* int 13h: what kind of drive and disk there is.
 *
 * Source: Ralf Brown's Interrupt List, INT 13 AH=08h, 15h, 16h and 18h. */
#include "bios/disk.h"
#include "bios/rom.h"

/* Types of AH=15h. */
#define TYPE_FLOPPY        1 /* it does not notice that a disk was changed, */
#define TYPE_FLOPPY_CHANGE 2 /* and it does */
#define TYPE_HARD          3

#define DRIVE_360K 1 /* as struct floppy_format has it: it has no change line */

static void set_geometry(struct bios_regs *r, const struct geometry *g)
{
	unsigned last = g->cylinders - 1u;

	bios_set_high(&r->ecx, (uint8_t)last);
	bios_set_low(&r->ecx, (uint8_t)((last >> 2 & 0xc0) | g->sectors));
	bios_set_high(&r->edx, (uint8_t)(g->heads - 1u));
}

static void set_table(struct bios_regs *r, const struct disk *d)
{
	r->es = ROM_SEGMENT;
	bios_set_word(&r->edi, disk_table_at(d));
}

/* The last cylinder, too, can be used: nothing is kept there for diagnostics. */
enum disk_status disk_parameters(struct bios *b, struct disk *d, struct bios_regs *r)
{
	bios_set_al(r, 0);
	set_geometry(r, &d->geometry);
	if (d->floppy) {
		bios_set_word(&r->ebx, d->floppy->drive);
		set_table(r, d);
	}
	bios_set_low(&r->edx, (uint8_t)disks_count(b->disks, d->kind));
	return DISK_OK;
}

enum disk_status disk_type(struct bios *b, struct disk *d, struct bios_regs *r)
{
	uint32_t sectors = d->sectors < UINT32_MAX ? (uint32_t)d->sectors : UINT32_MAX;

	(void)b;
	if (d->floppy) {
		bios_set_ah(r, d->floppy->drive == DRIVE_360K ? TYPE_FLOPPY : TYPE_FLOPPY_CHANGE);
		return DISK_OK;
	}
	bios_set_word(&r->ecx, (uint16_t)(sectors >> 16));
	bios_set_word(&r->edx, (uint16_t)sectors);
	bios_set_ah(r, TYPE_HARD);
	return DISK_OK;
}

/* Nobody changes one. */
enum disk_status disk_change(struct bios *b, struct disk *d, struct bios_regs *r)
{
	(void)b, (void)r;
	return d->floppy ? DISK_OK : DISK_BAD_CALL;
}

/* Before a diskette is formatted: only what it is can be set. */
enum disk_status disk_media_type(struct bios *b, struct disk *d, struct bios_regs *r)
{
	unsigned last = bios_high(r->ecx) | (bios_low(r->ecx) & 0xc0u) << 2;

	(void)b;
	if (!d->floppy)
		return DISK_BAD_CALL;
	if (last + 1 != d->geometry.cylinders || (bios_low(r->ecx) & 0x3f) != d->geometry.sectors)
		return DISK_NO_TRACK;
	set_table(r, d);
	return DISK_OK;
}

/* int 19h: the first sector of the first disk that starts something goes to 0000:7c00, and runs.
 * int 18h: nothing does, and the machine stops.
 *
 * Source: Ralf Brown's Interrupt List, INT 18, INT 19; IBM Personal System/2 and Personal Computer
 * BIOS Interface Technical Reference, "Interrupt 19H": a hard disk's sector ends with 55h AAh; a
 * floppy disk's need not, but it begins with code. int 19h leaves the interrupt vectors as they
 * are. */
#include "base/bytes.h"
#include "bios/internal.h"
#include "devices/disk.h"

#define SIGNATURE_AT 510
#define SIGNATURE    0xaa55
#define LEAST_CODE   0x06 /* less than that in a floppy disk's first byte: an empty sector */

static bool starts(const struct disk *d, const uint8_t *sector)
{
	if (get16(sector + SIGNATURE_AT) == SIGNATURE)
		return true;
	return d->kind == DISK_FLOPPY && sector[0] >= LEAST_CODE;
}

/* False: it has no sector that starts. */
static bool load(struct bios *b, const struct disk *d, struct bios_regs *r)
{
	uint8_t sector[DISK_SECTOR];

	if (disk_read(d, 0, 1, sector) || !starts(d, sector))
		return false;
	if (!b->memory->write(b->memory->ctx, BOOT_GPA, sector, sizeof sector))
		return false;
	bios_set_low(&r->edx, d->number);
	return true;
}

/* The disk that the machine started from first, then the others in their order. */
static bool load_one(struct bios *b, struct bios_regs *r)
{
	for (unsigned i = 0; b->disks && i < b->disks->count; i++)
		if (load(b, &b->disks->all[i], r))
			return true;
	return false;
}

static void print(struct bios *b, const char *text)
{
	for (; *text; text++) {
		struct bios_regs r = { .eax = 0x0e00u | (uint8_t)*text, .ebx = 0x0007 };
		bios_call(b, 0x10, &r);
	}
}

/* int 18h. */
enum bios_verdict no_start_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector, (void)r;
	print(b, "No disk to start from.\r\n");
	bios_say(b, "the guest called int 0x18: no disk starts, and there is no BASIC in ROM");
	return BIOS_OFF;
}

/* int 19h. */
enum bios_verdict start_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	if (load_one(b, r))
		return BIOS_BOOTS;
	print(b, "No disk to start from.\r\n");
	bios_say(b, "int 0x19: no disk has a first sector that starts");
	return BIOS_OFF;
}

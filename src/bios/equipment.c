/* int 11h and int 12h: which adapters there are, and how much memory below 640 KiB.
 *
 * Source: Ralf Brown's Interrupt List, INT 11, INT 12, MEMORY.LST 0040:0010 and 13. */
#include <stdio.h>

#include "bios/internal.h"
#include "devices/disk.h"

/* The equipment word. */
#define HAS_FLOPPY  0x0001
#define HAS_FPU     0x0002
#define VIDEO_80X25 0x0020 /* the mode at power-on: 80 columns, colour */
#define FLOPPIES_AT 6      /* how many, less one */
#define SERIALS_AT  9
#define PRINTERS_AT 14

enum bios_verdict equipment_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_ax(r, bios_get16(b, BDA_EQUIPMENT));
	return BIOS_DONE;
}

enum bios_verdict memory_size_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_ax(r, bios_get16(b, BDA_MEMORY_KIB));
	return BIOS_DONE;
}

static unsigned count_words(const struct bios *b, uint32_t gpa, unsigned most)
{
	unsigned count = 0;
	while (count < most && bios_get16(b, gpa + count * 2))
		count++;
	return count;
}

/* After serial and printer adapters have been found. */
void equipment_power_on(struct bios *b)
{
	unsigned floppies = b->disks ? disks_count(b->disks, DISK_FLOPPY) : 0;
	unsigned word = HAS_FPU | VIDEO_80X25;

	if (floppies)
		word |= HAS_FLOPPY | (floppies - 1) << FLOPPIES_AT;
	word |= count_words(b, BDA_COM, 4) << SERIALS_AT;
	word |= count_words(b, BDA_LPT, 3) << PRINTERS_AT;
	bios_put16(b, BDA_EQUIPMENT, (uint16_t)word);
	bios_put16(b, BDA_MEMORY_KIB, EBDA_GPA / 1024);
}

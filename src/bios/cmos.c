/* CMOS RAM: access, and what the power-on self-test writes there: which memory, floppy drives and
 * adapters the machine has.
 *
 * Source: IBM Personal Computer AT Technical Reference, "CMOS RAM Information"; Ralf Brown's Interrupt
 * List, CMOS.LST: 0Eh to 18h, 2Eh to 31h, 34h, 35h, and 5Bh to 5Dh, which are later than IBM's. */
#include "bios/cmos.h"

#include "bios/internal.h"
#include "bios/memory_map.h"
#include "devices/disk.h"

#define PORT_INDEX 0x70
#define PORT_DATA  0x71

#define CMOS_FLOPPIES  0x10 /* the first drive's type in bits 7:4 */
#define CMOS_EQUIPMENT 0x14 /* as the low byte of int 11h's word */
#define CMOS_BASE      0x15 /* KiB below 640 KiB, low and high byte */
#define CMOS_EXTENDED  0x17 /* KiB above 1 MiB, */
#define CMOS_FOUND     0x30 /* and again, as the self-test has found them */
#define CMOS_ABOVE_16M 0x34 /* in units of 64 KiB, below 4 GiB */
#define CMOS_ABOVE_4G  0x5b /* in units of 64 KiB, three bytes */
#define CMOS_SUM       0x2e /* of 10h to 2Dh; the high byte first */
#define CMOS_SUM_FIRST 0x10
#define CMOS_SUM_LAST  0x2d

uint8_t cmos_get(const struct bios *b, uint8_t index)
{
	bios_out(b, PORT_INDEX, index);
	return bios_in(b, PORT_DATA);
}

void cmos_put(const struct bios *b, uint8_t index, uint8_t value)
{
	bios_out(b, PORT_INDEX, index);
	bios_out(b, PORT_DATA, value);
}

void cmos_change_b(const struct bios *b, uint8_t set, uint8_t clear)
{
	uint8_t value = cmos_get(b, CMOS_B);
	cmos_put(b, CMOS_B, (uint8_t)((value & ~clear) | set));
}

unsigned cmos_from_bcd(uint8_t bcd)
{
	return (bcd >> 4) * 10u + (bcd & 0x0f);
}

static void put_number(const struct bios *b, uint8_t index, uint64_t value, unsigned size)
{
	uint64_t most = (UINT64_C(1) << 8 * size) - 1;
	if (value > most)
		value = most;
	for (unsigned i = 0; i < size; i++)
		cmos_put(b, (uint8_t)(index + i), (uint8_t)(value >> 8 * i));
}

static uint8_t floppy_types(const struct bios *b)
{
	uint8_t types = 0;
	for (unsigned number = 0; b->disks && number < DISKS_FLOPPIES_MAX; number++) {
		const struct disk *d = disks_find(b->disks, (uint8_t)number);
		if (d)
			types |= (uint8_t)(d->floppy->drive << (number ? 0 : 4));
	}
	return types;
}

static void put_sum(const struct bios *b)
{
	unsigned sum = 0;
	for (unsigned i = CMOS_SUM_FIRST; i <= CMOS_SUM_LAST; i++)
		sum += cmos_get(b, (uint8_t)i);
	cmos_put(b, CMOS_SUM, (uint8_t)(sum >> 8));
	cmos_put(b, CMOS_SUM + 1, (uint8_t)sum);
}

void cmos_power_on(struct bios *b)
{
	uint64_t extended = memory_extended(b->memory);
	uint64_t above_16m = extended > 15 * MEMORY_MIB ? extended - 15 * MEMORY_MIB : 0;

	cmos_put(b, CMOS_FLOPPIES, floppy_types(b));
	cmos_put(b, CMOS_EQUIPMENT, bios_get8(b, BDA_EQUIPMENT));
	put_number(b, CMOS_BASE, 640, 2);
	put_number(b, CMOS_EXTENDED, extended / MEMORY_KIB, 2);
	put_number(b, CMOS_FOUND, extended / MEMORY_KIB, 2);
	put_number(b, CMOS_ABOVE_16M, above_16m / (64 * MEMORY_KIB), 2);
	put_number(b, CMOS_ABOVE_4G, memory_above_4g(b->memory) / (64 * MEMORY_KIB), 3);
	put_sum(b);
}

/* What the tests of int 13h share: a BIOS with one disk, its calls, and what they leave behind. */
#ifndef STEPVM_TESTS_BIOS_DISK_H
#define STEPVM_TESTS_BIOS_DISK_H

#include "bios/disk.h"
#include "check.h"
#include "disk_rig.h"

#define OK     0x0000
#define BAD    0x0100
#define FLOPPY 0x00
#define HARD   0x80
#define BUFFER 0x8000u

static struct disk_rig rig;

/* A floppy disk of 1.44M or a hard disk of so many sectors, and its BIOS. */
static inline struct disk *open_disk(uint64_t sectors, bool is_writable)
{
	rig_open(&rig);
	struct disk *d = rig_add(&rig, sectors ? sectors * 512 : 1440 << 10, is_writable,
	        sectors ? DISK_HARD : DISK_FLOPPY);
	rig.disks.has_boot = true;
	bios_power_on(&rig.bios);
	return d;
}

static inline void close_disk(void)
{
	rig_close(&rig);
}

static inline void call(uint16_t ax, uint16_t cx, uint16_t dx)
{
	rig.r.eax = ax;
	rig.r.ecx = cx;
	rig.r.edx = dx;
	CHECK_EQ(bios_call(&rig.bios, 0x13, &rig.r), BIOS_DONE);
}

static inline bool has_carry(void)
{
	return rig.r.flags & BIOS_CF;
}

/* What AX has to be, and CF with it: set where AH is not 0. */
static inline void check_ax(uint16_t wanted)
{
	CHECK_EQ(rig.r.eax & 0xffff, wanted);
	CHECK_EQ(has_carry(), wanted >> 8 != 0);
	CHECK_EQ(rig.ram[rig.r.edx & 0x80 ? BDA_DISK_STATUS : BDA_FLOPPY_STATUS], wanted >> 8);
}

static inline void set_buffer(uint16_t segment, uint16_t offset)
{
	rig.r.es = segment;
	rig.r.ebx = offset;
}

/* count sectors at gpa, the first of which has this number on a disk of fake_open's. */
static inline void check_sectors(uint32_t gpa, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count * 512; i++)
		if (rig.ram[gpa + i] != (uint8_t)(first + i / 512)) {
			CHECK_EQ(i, count * 512);
			return;
		}
}

#define PACKET 0x600u

static inline void set_packet(uint8_t size, uint16_t count, uint32_t buffer, uint64_t lba)
{
	uint8_t *at = rig.ram + PACKET;

	memset(at, 0, 24);
	at[0] = size;
	put16(at + 2, count);
	put32(at + 4, buffer);
	put64(at + 8, lba);
	rig.r.ds = PACKET >> 4;
	rig.r.esi = 0;
}

#endif

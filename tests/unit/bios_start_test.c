/* int 19h and int 18h: which disk a PC starts from. */
#include "bios/bios.h"

#include <errno.h>
#include <stdio.h>

#include "bios_pc.h"
#include "base/array.h"
#include "check.h"

static struct pc pc;
static uint8_t sectors[4][1474560];
static size_t size; /* of the next disk */

static int read_medium(void *ctx, uint64_t offset, void *to, size_t len)
{
	memcpy(to, (uint8_t *)ctx + offset, len);
	return 0;
}

static int fail_to_read(void *ctx, uint64_t offset, void *to, size_t len)
{
	(void)ctx, (void)offset, (void)to, (void)len;
	return -EIO;
}

/* A disk whose first sector begins with two bytes, and ends with a word. */
static void add(unsigned number, enum disk_kind kind, uint8_t first, uint16_t signature)
{
	struct error e;
	struct disk_medium m = { sectors[number], size, false, read_medium, NULL, NULL };
	sectors[number][0] = first;
	sectors[number][1] = (uint8_t)number;
	put16(sectors[number] + 510, signature);
	CHECK_EQ(disks_add(&pc.disks, "a disk", &m, kind, &e), 0);
}

static void start(void)
{
	pc_make(&pc, 1u << 20);
	memset(sectors, 0, sizeof sectors);
	size = sizeof sectors[0];
}

static void power_on(void)
{
	bios_power_on(&pc.bios);
	pc.r = (struct bios_regs) { .edx = 0xabcd00ff };
}

static void the_first_disk_that_starts_is_started(void)
{
	start();
	add(0, DISK_HARD, 0xeb, 0); /* a hard disk without a signature, */
	add(1, DISK_FLOPPY, 0, 0);  /* an empty floppy disk, */
	add(2, DISK_HARD, 0xfa, 0xaa55);
	add(3, DISK_FLOPPY, 0xeb, 0xaa55);
	power_on();
	CHECK_EQ(pc_call(&pc, 0x19), BIOS_BOOTS);
	CHECK_EQ(pc.r.edx, 0xabcd0081);
	CHECK_EQ(pc.ram[BOOT_GPA], 0xfa);
	CHECK_EQ(pc.ram[BOOT_GPA + 1], 2);
	CHECK_EQ(get16(pc.ram + BOOT_GPA + 510), 0xaa55);
}

static void a_floppy_disk_needs_no_signature(void)
{
	start();
	add(0, DISK_FLOPPY, 0xeb, 0);
	power_on();
	CHECK_EQ(pc_call(&pc, 0x19), BIOS_BOOTS);
	CHECK_EQ(pc.r.edx & 0xff, 0);
	CHECK_EQ(get16(pc.ram + BDA_EQUIPMENT) & 0xc1, 0x01); /* one floppy drive */
}

static void two_floppy_drives_are_counted(void)
{
	start();
	size = 737280;
	add(0, DISK_FLOPPY, 0xeb, 0);
	size = sizeof sectors[0];
	add(1, DISK_FLOPPY, 0xeb, 0);
	power_on();
	CHECK_EQ(get16(pc.ram + BDA_EQUIPMENT) & 0xc1, 0x41);
	pc_out(&pc, 0x70, 0x10);
	CHECK_EQ(pc_in(&pc, 0x71), 0x34); /* 720K, 1.44M */
}

static void a_disk_that_can_t_be_read_is_not_started(void)
{
	start();
	add(0, DISK_HARD, 0xfa, 0xaa55);
	add(1, DISK_HARD, 0xfb, 0xaa55);
	pc.disks.all[0].medium.read = fail_to_read;
	power_on();
	CHECK_EQ(pc_call(&pc, 0x19), BIOS_BOOTS);
	CHECK_EQ(pc.ram[BOOT_GPA], 0xfb);
	CHECK_EQ(pc.r.edx & 0xff, 0x81);
}

static void without_a_disk_the_machine_ends_and_says_so(void)
{
	start();
	power_on();
	CHECK_EQ(pc_call(&pc, 0x19), BIOS_OFF);
	CHECK_STR(pc.said, "int 0x19: no disk has a first sector that starts");
	pc.bios.disks = NULL;
	CHECK_EQ(pc_call(&pc, 0x19), BIOS_OFF);
	CHECK_EQ(pc_call(&pc, 0x18), BIOS_OFF);
}

int main(void)
{
	RUN(the_first_disk_that_starts_is_started);
	RUN(a_floppy_disk_needs_no_signature);
	RUN(two_floppy_drives_are_counted);
	RUN(a_disk_that_can_t_be_read_is_not_started);
	RUN(without_a_disk_the_machine_ends_and_says_so);
	return check_done();
}

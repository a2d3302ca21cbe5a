#include "devices/geometry.h"

#include "base/bytes.h"
#include "check.h"

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)

static uint8_t sector[GEOMETRY_SECTOR];

static void put_chs(uint8_t *at, uint64_t lba, unsigned heads, unsigned sectors)
{
	uint64_t cylinder = lba / sectors / heads;

	at[0] = (uint8_t)(lba / sectors % heads);
	at[1] = (uint8_t)(lba % sectors + 1);
	if (cylinder > 1023) {
		at[0] = (uint8_t)(heads - 1);
		at[1] = (uint8_t)sectors;
		cylinder = 1023;
	}
	at[1] |= (uint8_t)(cylinder >> 2 & 0xc0);
	at[2] = (uint8_t)cylinder;
}

/* An empty table, signed. */
static void begin_table(void)
{
	memset(sector, 0, sizeof sector);
	put16(sector + 510, 0xaa55);
}

/* As a program writes it that takes the disk for so many heads and sectors. */
static uint8_t *put_entry(
        unsigned i, uint32_t begin, uint32_t count, unsigned heads, unsigned sectors)
{
	uint8_t *at = sector + 446 + 16 * i;

	at[4] = 0x0c;
	put_chs(at + 1, begin, heads, sectors);
	put_chs(at + 5, (uint64_t)begin + count - 1, heads, sectors);
	put32(at + 8, begin);
	put32(at + 12, count);
	return at;
}

static void check_geometry(struct geometry g, unsigned cylinders, unsigned heads, unsigned sectors)
{
	CHECK_EQ(g.cylinders, cylinders);
	CHECK_EQ(g.heads, heads);
	CHECK_EQ(g.sectors, sectors);
}

static void a_floppy_disk_by_its_size(void)
{
	static const struct {
		uint64_t size;
		unsigned cylinders, heads, sectors, drive;
	} rows[] = {
		{ KIB(160), 40, 1, 8, 1 },
		{ KIB(180), 40, 1, 9, 1 },
		{ KIB(320), 40, 2, 8, 1 },
		{ KIB(360), 40, 2, 9, 1 },
		{ KIB(640), 80, 2, 8, 3 },
		{ KIB(720), 80, 2, 9, 3 },
		{ KIB(1200), 80, 2, 15, 2 },
		{ KIB(1440), 80, 2, 18, 4 },
		{ KIB(1680), 80, 2, 21, 4 },
		{ KIB(2880), 80, 2, 36, 5 },
		/* others: 1.44M, or 2.88M */
		{ 1, 80, 2, 18, 4 },
		{ 512, 80, 2, 18, 4 },
		{ KIB(160) - 1, 80, 2, 18, 4 },
		{ KIB(160) + 1, 80, 2, 18, 4 },
		{ KIB(1440) - 512, 80, 2, 18, 4 },
		{ KIB(1440) + 1, 80, 2, 36, 5 },
		{ KIB(2880) - 1, 80, 2, 36, 5 },
	};

	memset(sector, 0, sizeof sector);
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct floppy_format *f = geometry_floppy(rows[i].size, sector);
		CHECK(f != NULL);
		if (!f)
			continue;
		check_geometry(f->geometry, rows[i].cylinders, rows[i].heads, rows[i].sectors);
		CHECK_EQ(f->drive, rows[i].drive);
		CHECK(geometry_sectors(&f->geometry) * 512 >= rows[i].size);
	}
	CHECK(geometry_floppy(KIB(2880) + 1, sector) == NULL);
	CHECK(geometry_floppy(UINT64_MAX, sector) == NULL);
}

static void check_by_bpb(uint64_t size, unsigned sectors)
{
	const struct floppy_format *f = geometry_floppy(size, sector);

	CHECK(f && f->geometry.sectors == sectors);
}

/* A file that was cut is of the disk that FAT's parameters tell of, where they fit. */
static void a_floppy_disk_by_its_file_system(void)
{
	memset(sector, 0, sizeof sector);
	put16(sector + 11, 512);
	put16(sector + 19, 720);
	put16(sector + 24, 9);
	put16(sector + 26, 2);
	check_by_bpb(5000, 9);
	check_by_bpb(KIB(360) - 1, 9);
	check_by_bpb(KIB(360) + 1, 18); /* longer than that */
	check_by_bpb(KIB(1200), 15);    /* a size that says what it is */
	for (unsigned at = 11; at <= 26; at++) {
		if (!sector[at])
			continue;
		sector[at]++;
		check_by_bpb(5000, 18);
		sector[at]--;
	}
}

static void a_kind_by_size(void)
{
	memset(sector, 0, sizeof sector);
	CHECK_EQ(geometry_kind(1, sector), DISK_FLOPPY);
	CHECK_EQ(geometry_kind(KIB(1440), sector), DISK_FLOPPY);
	CHECK_EQ(geometry_kind(KIB(2880), sector), DISK_FLOPPY);
	CHECK_EQ(geometry_kind(KIB(2880) + 1, sector), DISK_HARD);
	CHECK_EQ(geometry_kind(UINT64_MAX, sector), DISK_HARD);
}

static void a_kind_by_what_the_code_names(void)
{
	memset(sector, 0, sizeof sector);
	memcpy(sector + 100, "\xb2\x80", 2);
	CHECK_EQ(geometry_kind(1024, sector), DISK_HARD);
	CHECK_EQ(geometry_kind(KIB(1440), sector), DISK_FLOPPY); /* the size says more */
	memcpy(sector + 100, "\xb2\x00", 2);
	CHECK_EQ(geometry_kind(1024, sector), DISK_FLOPPY);
	memcpy(sector + 443, "\xba\x80\x00", 3);
	CHECK_EQ(geometry_kind(1024, sector), DISK_HARD);
	memcpy(sector + 443, "\xba\x80\x01", 3);
	CHECK_EQ(geometry_kind(1024, sector), DISK_FLOPPY);
	memcpy(sector + 446, "\xb2\x80", 2); /* no code of the sector's */
	CHECK_EQ(geometry_kind(1024, sector), DISK_FLOPPY);
}

static enum disk_kind kind_now(void)
{
	return geometry_kind(KIB(1440), sector);
}

/* A small disk with a partition table is a hard disk; code where a table would be is none. */
static void a_kind_by_table(void)
{
	begin_table();
	CHECK_EQ(kind_now(), DISK_FLOPPY); /* no entry */
	put_entry(0, 63, 2000, 16, 63)[0] = 0x80;
	CHECK_EQ(kind_now(), DISK_HARD);
	put_entry(2, 2063, 100, 16, 63);
	CHECK_EQ(kind_now(), DISK_HARD);

	sector[511] = 0; /* not signed */
	CHECK_EQ(kind_now(), DISK_FLOPPY);
	sector[511] = 0xaa;
	put_entry(2, 2062, 100, 16, 63); /* overlaps */
	CHECK_EQ(kind_now(), DISK_FLOPPY);
	put_entry(2, 2063, 100, 16, 63)[0] = 0x80; /* two are active */
	CHECK_EQ(kind_now(), DISK_FLOPPY);
	put_entry(2, 2063, 100, 16, 63)[0] = 1; /* no flag */
	CHECK_EQ(kind_now(), DISK_FLOPPY);
	put_entry(2, 2063, 100, 16, 63)[0] = 0;
	CHECK_EQ(kind_now(), DISK_HARD);
	sector[446 + 16 + 3] = 1; /* an empty entry that is not */
	CHECK_EQ(kind_now(), DISK_FLOPPY);
	sector[446 + 16 + 3] = 0;
	put_entry(3, 2880, 100, 16, 63); /* begins past the end */
	CHECK_EQ(kind_now(), DISK_FLOPPY);
	put_entry(3, 2879, 100, 16, 63); /* ends past the end: the file was cut */
	CHECK_EQ(kind_now(), DISK_HARD);
	put_entry(3, 0, 10, 16, 63); /* has the table itself */
	CHECK_EQ(kind_now(), DISK_FLOPPY);
}

static void a_hard_disk_by_its_table(void)
{
	static const struct {
		unsigned heads, sectors;
	} rows[] = { { 16, 63 }, { 255, 63 }, { 240, 63 }, { 64, 32 }, { 4, 17 }, { 2, 18 },
		{ 15, 63 } };

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned heads = rows[i].heads, sectors = rows[i].sectors;
		begin_table();
		/* A partition from the second track to the end of the tenth cylinder. */
		put_entry(0, sectors, heads * sectors * 10 - sectors, heads, sectors);
		check_geometry(geometry_hard(heads * sectors * 20, sector), 20, heads, sectors);
		check_geometry(geometry_hard(heads * sectors * 20 + 1, sector), 21, heads, sectors);
	}
}

/* Today's partitions end with a MiB, so their last address is no cylinder's end. */
static void a_table_that_ends_within_a_cylinder(void)
{
	begin_table();
	put_entry(0, 2048, 18432, 255, 63);
	check_geometry(geometry_hard(20480, sector), 2, 255, 63);
	begin_table();
	put_entry(0, 2048, 18432, 16, 63);
	check_geometry(geometry_hard(20480, sector), 21, 16, 63);
}

/* Its addresses say nothing that agrees: the size has to. */
static void a_table_that_makes_no_sense(void)
{
	begin_table();
	memset(put_entry(0, 2048, 18432, 255, 63) + 5, 0xff, 3);
	check_geometry(geometry_hard(20480, sector), 21, 16, 63);
	begin_table();
	memset(put_entry(0, 2048, 18432, 255, 63) + 5, 0, 3);
	check_geometry(geometry_hard(20480, sector), 21, 16, 63);
}

static void a_hard_disk_by_its_size(void)
{
	static const struct {
		uint64_t sectors;
		unsigned cylinders, heads;
	} rows[] = {
		{ 1, 1, 16 },
		{ 1008, 1, 16 },
		{ 1009, 2, 16 },
		{ 20480, 21, 16 },
		{ 1024 * 1008, 1024, 16 },
		{ 1024 * 1008 + 1, 513, 32 },
		{ MIB(1024) / 512, 521, 64 },
		{ MIB(4096) / 512, 523, 255 },
		{ UINT64_MAX, 1024, 255 },
	};

	memset(sector, 0, sizeof sector);
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_geometry(geometry_hard(rows[i].sectors, sector), rows[i].cylinders,
		        rows[i].heads, 63);
}

/* A table of a large disk tells nothing past cylinder 1023, and is one all the same. */
static void a_large_disk_with_a_table(void)
{
	begin_table();
	put_entry(0, 2048, 60000000, 255, 63);
	check_geometry(geometry_hard(MIB(32768) / 512, sector), 1024, 255, 63);
	CHECK_EQ(geometry_kind(MIB(32768), sector), DISK_HARD);
}

int main(void)
{
	RUN(a_floppy_disk_by_its_size);
	RUN(a_floppy_disk_by_its_file_system);
	RUN(a_kind_by_size);
	RUN(a_kind_by_table);
	RUN(a_kind_by_what_the_code_names);
	RUN(a_hard_disk_by_its_table);
	RUN(a_table_that_ends_within_a_cylinder);
	RUN(a_table_that_makes_no_sense);
	RUN(a_hard_disk_by_its_size);
	RUN(a_large_disk_with_a_table);
	return check_done();
}

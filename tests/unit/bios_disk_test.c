#include "bios_disk.h"

static void sectors_are_read_across_tracks(void)
{
	open_disk(0, false);
	set_buffer(0x0000, BUFFER);
	call(0x0201, 0x0001, FLOPPY);
	check_ax(0x0001);
	check_sectors(BUFFER, 0, 1);
	CHECK_EQ(rig.ram[BUFFER + 512], 0);
	call(0x0200 | 54, 0x0002, FLOPPY); /* over both heads and into cylinder 1 */
	check_ax(54);
	check_sectors(BUFFER, 1, 54);
	call(0x0202, 0x4f12, 0x0100 | FLOPPY); /* C79 H1 S18, and one more */
	check_ax(0x0401);
	CHECK_EQ(rig.ram[BUFFER], (uint8_t)2879);
	CHECK(rig.largest_write <= ROM_SIZE);
	close_disk();
}

/* What a service writes comes in pieces, and the way there is not bounded by a segment. */
static void a_buffer_may_be_long_and_anywhere(void)
{
	open_disk(4000, false);
	rig.largest_write = 0;
	set_buffer(0x0000, 0x8000);
	call(0x0280, 0x0001, HARD); /* 64 KiB from 0x8000 on */
	check_ax(128);
	check_sectors(0x8000, 0, 128);
	CHECK(rig.largest_write <= 4096);
	set_buffer(0xffff, 0xfff0); /* above 1 MiB */
	call(0x0208, 0x0001, HARD);
	check_ax(8);
	check_sectors(0x10ffe0, 0, 8);
	close_disk();
}

static void what_is_not_there_is_a_bad_call(void)
{
	static const struct {
		uint16_t ax, cx, dx;
	} rows[] = {
		{ 0x0200, 0x0001, FLOPPY },          /* no sectors */
		{ 0x0281, 0x0001, FLOPPY },          /* 129 */
		{ 0x0201, 0x0000, FLOPPY },          /* sector 0 */
		{ 0x0201, 0x0013, FLOPPY },          /* sector 19 */
		{ 0x0201, 0x5001, FLOPPY },          /* cylinder 80 */
		{ 0x0201, 0x0041, FLOPPY },          /* cylinder 256 */
		{ 0x0201, 0x0001, 0x0200 | FLOPPY }, /* head 2 */
	};

	open_disk(0, false);
	set_buffer(0, BUFFER);
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		call(rows[i].ax, rows[i].cx, rows[i].dx);
		check_ax(BAD);
	}
	CHECK_EQ(rig.ram[BUFFER], 0);
	/* Other drives, and functions that nobody has. */
	call(0x0201, 0x0001, 1);
	check_ax(BAD | 1);
	call(0x0201, 0x0001, HARD);
	check_ax(BAD | 1);
	call(0x0801, 0, HARD);
	check_ax(BAD | 1);
	call(0x4100, 0, FLOPPY);
	check_ax(BAD);
	call(0x4100, 0, HARD);
	check_ax(BAD);
	call(0xff12, 0, FLOPPY);
	check_ax(BAD | 0x12);
	call(0x1500, 0, HARD);
	CHECK_EQ(rig.r.eax, 0);
	CHECK(has_carry());
	close_disk();
}

static void a_hard_disk_ends_with_an_error(void)
{
	open_disk(10, false);
	set_buffer(0, BUFFER);
	call(0x0204, 0x0009, HARD); /* sectors 8 to 11 of 0 to 9 */
	check_ax(0x0c02);
	check_sectors(BUFFER, 8, 2);
	CHECK_EQ(rig.ram[BUFFER + 1024], 0);
	call(0x0201, 0x000b, HARD);
	check_ax(0x0c00);
	close_disk();
}

/* An image that is cut short is a whole floppy disk, whose end is zeros. */
static void a_short_floppy_disk_goes_on(void)
{
	rig_open(&rig);
	rig_add(&rig, 600, false, DISK_AUTO);
	bios_power_on(&rig.bios);
	memset(rig.ram + BUFFER, 0xee, 4096);
	set_buffer(0, BUFFER);
	call(0x0204, 0x0001, FLOPPY);
	check_ax(4);
	CHECK_EQ(rig.ram[BUFFER + 599], 1);
	for (unsigned i = 600; i < 2048; i++)
		CHECK_EQ(rig.ram[BUFFER + i], 0);
	CHECK_EQ(rig.ram[BUFFER + 2048], 0xee);
	close_disk();
}

static void what_is_written_is_read(void)
{
	struct disk *d = open_disk(0, false);

	for (unsigned i = 0; i < 20 * 512; i++)
		rig.ram[BUFFER + i] = (uint8_t)(100 + i / 512);
	set_buffer(0, BUFFER);
	call(0x0314, 0x0010, FLOPPY); /* 20 sectors from C0 H0 S16 */
	check_ax(20);
	CHECK_EQ(rig.media[0].writes, 0);
	CHECK_EQ(d->overlay.block_count, 4);
	set_buffer(0x2000, 0);
	call(0x0216, 0x000f, FLOPPY);
	check_ax(22);
	check_sectors(0x20000, 14, 1);
	check_sectors(0x20200, 100, 20);
	check_sectors(0x20000 + 21 * 512, 35, 1);
	close_disk();
}

static void errors_are_those_of_a_bios(void)
{
	struct disk *d = open_disk(100, false);

	set_buffer(0, BUFFER);
	d->overlay_blocks = 1;
	call(0x0314, 0x0001, HARD);
	check_ax(0xcc08);
	CHECK_STR(rig.said,
	        "a.img: the guest has written more than is kept beside the file; the guest got an "
	        "error");
	call(0x0301, 0x0014, HARD);
	check_ax(0xcc00);
	CHECK_EQ(rig.said_count, 1); /* once */
	rig.media[0].error = -EIO;
	call(0x0201, 0x0014, HARD);
	check_ax(0x1000);
	CHECK_STR(rig.said, "a.img: cannot read: the file has become shorter, or its medium fails; "
	                    "the guest got an error");
	CHECK_EQ(rig.said_count, 2);
	/* AH=01h gives it again, and of the other kind its own. */
	call(0x01ff, 0, HARD);
	check_ax(0x10ff);
	call(0x01ff, 0, FLOPPY);
	check_ax(0x00ff);
	close_disk();

	open_disk(0, true);
	rig.media[0].error = -ENOSPC;
	call(0x0301, 0x0001, FLOPPY);
	check_ax(0x2000);
	CHECK_STR(rig.said, "a.img: No space left on device; the guest got an error");
	call(0x0000, 0, FLOPPY);
	check_ax(0xcc00);
	close_disk();
}

/* It has been written at once, and is safe after a reset. */
/* A file that shrinks while it is used: the sectors before its end come over, and AL counts them. */
static void what_is_left_of_a_short_file_is_read(void)
{
	open_disk(100, false);
	rig.media[0].ends_at = 10 * 512 + 100;
	set_buffer(BUFFER >> 4, 0);
	memset(rig.ram + BUFFER, 0xee, 20 * 512);
	call(0x0210, 0x0001, HARD);
	check_ax(0x100a);
	check_sectors(BUFFER, 0, 10);
	CHECK_EQ(rig.ram[BUFFER + 10 * 512], 0xee);
	CHECK_EQ(rig.said_count, 1);
	call(0x0202, 0x000b, HARD);
	check_ax(0x1000);
	call(0x040c, 0x0001, HARD); /* verified */
	check_ax(0x100a);
	close_disk();
}

static void a_writable_one_is_written_to(void)
{
	open_disk(100, true);
	memset(rig.ram + BUFFER, 0xee, 1024);
	set_buffer(0, BUFFER);
	call(0x0302, 0x0003, HARD);
	check_ax(2);
	CHECK(rig.media[0].bytes[2 * 512] == 0xee && rig.media[0].bytes[4 * 512 - 1] == 0xee);
	CHECK_EQ(rig.media[0].bytes[4 * 512], 4);
	CHECK_EQ(rig.media[0].flushes, 0);
	call(0x0000, 0, HARD);
	check_ax(OK);
	CHECK_EQ(rig.media[0].flushes, 1);
	call(0x0d00, 0, HARD);
	CHECK_EQ(rig.media[0].flushes, 2);
	close_disk();
}

static void verify_seek_and_what_does_nothing(void)
{
	static const uint8_t nothing[] = { 0x09, 0x10, 0x11, 0x14 };

	open_disk(100, false);
	set_buffer(0, BUFFER);
	call(0x0405, 0x0001, HARD);
	check_ax(5);
	CHECK_EQ(rig.ram[BUFFER + 512], 0);
	call(0x0402, 0x0023, 0x0100 | HARD); /* sectors 97, 98 */
	check_ax(2);
	call(0x0405, 0x0023, 0x0100 | HARD);
	check_ax(0x0c03);
	call(0x0c00, 0x0001, HARD);
	check_ax(OK);
	call(0x0c00, 0x0101, HARD);
	check_ax(0x4000);
	for (unsigned i = 0; i < sizeof nothing; i++) {
		call((uint16_t)(nothing[i] << 8), 0, HARD);
		check_ax(OK);
	}
	close_disk();
	open_disk(0, false);
	call(0x1000, 0, FLOPPY);
	check_ax(BAD);
	close_disk();
}

static void a_track_is_formatted(void)
{
	struct disk *d = open_disk(0, false);
	uint8_t bytes[512];

	call(0x0512, 0x0100, FLOPPY); /* cylinder 1, head 0: sectors 36 to 53 */
	check_ax(0x0012);
	for (unsigned lba = 35; lba <= 54; lba++) {
		CHECK_EQ(disk_read(d, lba, 1, bytes), 0);
		CHECK_EQ(bytes[511], lba == 35 || lba == 54 ? lba : 0xf6);
	}
	/* The byte is that of the table that int 1Eh leads to. */
	put32(rig.ram + 0x1e * 4, 0x00500000);
	rig.ram[0x508] = 0x55;
	call(0x0512, 0x0000, FLOPPY);
	CHECK_EQ(disk_read(d, 0, 1, bytes), 0);
	CHECK_EQ(bytes[0], 0x55);
	call(0x0512, 0x5000, FLOPPY);
	check_ax(BAD | 0x12);
	close_disk();
}

static void parameters_of_floppy_disks(void)
{
	static const struct {
		unsigned kib;
		uint16_t cx, dx;
		uint8_t drive, type;
	} rows[] = {
		{ 160, 0x2708, 0x0001, 1, 1 },
		{ 180, 0x2709, 0x0001, 1, 1 },
		{ 320, 0x2708, 0x0101, 1, 1 },
		{ 360, 0x2709, 0x0101, 1, 1 },
		{ 720, 0x4f09, 0x0101, 3, 2 },
		{ 1200, 0x4f0f, 0x0101, 2, 2 },
		{ 1440, 0x4f12, 0x0101, 4, 2 },
		{ 2880, 0x4f24, 0x0101, 5, 2 },
	};

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rig_open(&rig);
		rig_add(&rig, rows[i].kib << 10, false, DISK_AUTO);
		bios_power_on(&rig.bios);
		call(0x0855, 0, FLOPPY);
		CHECK_EQ(rig.r.eax, 0);
		CHECK(!has_carry());
		CHECK_EQ(rig.r.ecx, rows[i].cx);
		CHECK_EQ(rig.r.edx, rows[i].dx);
		CHECK_EQ(rig.r.ebx, rows[i].drive);
		CHECK_EQ(rig.r.es, 0xf000);
		CHECK_EQ(rig.r.edi, 0xefc7);
		CHECK_EQ(get32(rig.ram + 0x78), 0xf000efc7);
		const uint8_t *table = rig.ram + 0xfefc7;
		CHECK_EQ(table[3], 2);
		CHECK_EQ(table[4], rows[i].cx & 0x3f);
		CHECK_EQ(table[8], 0xf6);
		call(0x1500, 0, FLOPPY);
		CHECK_EQ(rig.r.eax, rows[i].type << 8);
		CHECK(!has_carry());
		CHECK_EQ(rig.ram[BDA_FLOPPY_STATUS], 0);
		call(0x1600, 0, FLOPPY);
		check_ax(OK);
		/* The media type that it has can be set, and no other. */
		call(0x1800, rows[i].cx, FLOPPY);
		check_ax(OK);
		call(0x1800, rows[i].cx ^ 3, FLOPPY);
		check_ax(0x0c00);
		close_disk();
	}
}

static void parameters_of_hard_disks(void)
{
	open_disk(200000, false); /* 199 cylinders, 16 heads, 63 sectors */
	rig_add(&rig, 100 * 512, false, DISK_HARD);
	bios_power_on(&rig.bios);
	rig.r.es = 0x1234;
	rig.r.edi = 0x5678;
	call(0x0855, 0, HARD);
	CHECK_EQ(rig.r.eax, 0);
	CHECK_EQ(rig.r.ecx, 198 << 8 | 63);
	CHECK_EQ(rig.r.edx, 15 << 8 | 2);
	CHECK(rig.r.es == 0x1234 && rig.r.edi == 0x5678);
	call(0x1500, 0, HARD);
	CHECK_EQ(rig.r.eax, 0x0300);
	CHECK_EQ(rig.r.ecx << 16 | rig.r.edx, 200000);
	call(0x1500, 0, HARD + 1);
	CHECK_EQ(rig.r.edx, 100);
	call(0x1600, 0, HARD);
	check_ax(BAD);
	CHECK_EQ(rig.ram[BDA_DISK_COUNT], 2);
	CHECK_EQ(rig.ram[BDA_FLOPPY_DRIVES], 0);
	const uint8_t *table = rig.ram + 0xf0000 + get16(rig.ram + 0x41 * 4);
	CHECK_EQ(get16(rig.ram + 0x41 * 4 + 2), 0xf000);
	CHECK(get16(table) == 199 && table[2] == 16 && table[14] == 63);
	table = rig.ram + 0xf0000 + get16(rig.ram + 0x46 * 4);
	CHECK(get16(table) == 1 && table[2] == 16 && table[14] == 63);
	close_disk();
}

/* A disk of 2 heads and 4 sectors a track, as its table says it: 8192 sectors are 1024 cylinders, and
 * CL has the high bits of a cylinder. */
static void cylinders_have_ten_bits(void)
{
	static const uint8_t entry[16] = { 0, 0, 2, 0, 0x0c, 1, 4, 99, 1, 0, 0, 0, 0x1f, 3, 0, 0 };

	rig_open(&rig);
	fake_open(&rig.media[0], 8192 * 512, 8192 * 512);
	memset(rig.media[0].bytes, 0, 512);
	memcpy(rig.media[0].bytes + 446, entry, sizeof entry);
	put16(rig.media[0].bytes + 510, 0xaa55);
	const struct disk_medium m = fake_of(&rig.media[0], false);
	CHECK_EQ(disks_add(&rig.disks, "a.img", &m, DISK_AUTO, NULL), 0);
	bios_power_on(&rig.bios);
	call(0x0800, 0, HARD);
	CHECK_EQ(rig.r.ecx, 0xff << 8 | 0xc0 | 4);
	CHECK_EQ(rig.r.edx, 1 << 8 | 1);
	set_buffer(0, BUFFER);
	call(0x0201, 0x2c << 8 | 0x40 | 3, 1 << 8 | HARD); /* C300 H1 S3 */
	check_ax(1);
	check_sectors(BUFFER, 300 * 8 + 4 + 2, 1);
	call(0x0201, 0xff << 8 | 0xc0 | 4, 1 << 8 | HARD);
	check_ax(1);
	check_sectors(BUFFER, 8191, 1);
	call(0x0c00, 0x2c << 8 | 0x40 | 3, HARD);
	check_ax(OK);
	close_disk();
}

/* Two floppy disks: each has a table of its own. */
static void drives_are_counted(void)
{
	rig_open(&rig);
	rig_add(&rig, 1440 << 10, false, DISK_AUTO);
	rig_add(&rig, 720 << 10, false, DISK_AUTO);
	rig_add(&rig, 4 << 20, false, DISK_AUTO);
	bios_power_on(&rig.bios);
	call(0x0800, 0, 1);
	CHECK_EQ(rig.r.edx & 0xff, 2);
	CHECK_EQ(rig.ram[0xf0000 + rig.r.edi + 4], 9);
	call(0x0800, 0, 0);
	CHECK_EQ(rig.ram[0xf0000 + rig.r.edi + 4], 18);
	CHECK_EQ(rig.ram[BDA_DISK_COUNT], 1);
	CHECK_EQ(rig.ram[BDA_FLOPPY_DRIVES], 0x77);
	CHECK_EQ(rig.ram[BDA_FLOPPY_MEDIA], 0x17);
	CHECK_EQ(rig.ram[BDA_FLOPPY_MEDIA + 1], 0x97);
	close_disk();
}

/* --- the words -------------------------------------------------------------------------------- */

/* Whose image is no such drive gets to know. */
static void a_drive_that_is_not_there_is_told(void)
{
	open_disk(0, false);
	set_buffer(0, BUFFER);
	call(0x0800, 0, HARD);
	call(0x0201, 1, 3);
	call(0x0201, 1, HARD + 1);
	CHECK_EQ(rig.said_count, 0);
	call(0x0201, 1, HARD);
	CHECK_STR(rig.said,
	        "the guest reads from drive 80h, which is not there: a.img is drive 00h "
	        "(--disk FILE,hd makes it drive 80h)");
	call(0x0201, 1, HARD);
	CHECK_EQ(rig.said_count, 1);
	close_disk();
}

static void check_told(unsigned vector, const char *wanted)
{
	struct bios_regs before = rig.r;
	char text[200];

	bios_call(&rig.bios, vector, &rig.r);
	bios_describe(vector, &before, &rig.r, text, sizeof text);
	CHECK_STR(text, wanted);
}

static void calls_in_words(void)
{
	open_disk(100, false);
	set_buffer(0, 0x7e00);
	rig.r.eax = 0x0211;
	rig.r.ecx = 0x0002;
	rig.r.edx = HARD;
	check_told(0x13, "int 13h AH=02h read 17 sectors C0 H0 S2 \u2192 0000:7e00: ok");
	rig.r.eax = 0x0301;
	check_told(0x13, "int 13h AH=03h write 1 sector C0 H0 S2 \u2190 0000:7e00: ok");
	rig.r.eax = 0x0440;
	check_told(0x40, "int 40h AH=04h verify 64 sectors C0 H0 S2: ok");
	rig.r.eax = 0x0280;
	check_told(0x13, "int 13h AH=02h read 128 sectors C0 H0 S2 \u2192 0000:7e00, drive 80h: "
	                 "error 0ch, past the end of the disk");
	rig.r.eax = 0x0800;
	rig.r.edx = 1;
	check_told(0x13, "int 13h AH=08h drive parameters, drive 01h: error 01h, no such drive, "
	                 "function or sector");
	set_packet(16, 1, 0x20000000, 0);
	rig.r.eax = 0x4200;
	rig.r.edx = HARD;
	check_told(0x13, "int 13h AH=42h read 1 sector from LBA 0 \u2192 2000:0000: ok");
	set_packet(16, 2, 0x30000010, 99);
	rig.r.eax = 0x4300;
	check_told(0x13, "int 13h AH=43h write 2 sectors from LBA 99 \u2190 3000:0010, drive 80h: "
	                 "error 0ch, past the end of the disk");
	set_packet(8, 2, 0x30000010, 99);
	rig.r.eax = 0x4400;
	rig.r.packet.count = 0;
	check_told(0x13, "int 13h AH=44h verify as the packet at 0060:0000 says, drive 80h: error "
	                 "01h, no such drive, function or sector");
	close_disk();
}

/* The table of names and that of functions are the same. */
static void each_function_has_a_name(void)
{
	const struct bios_function *f = disk_functions;

	open_disk(100, false);
	for (unsigned ah = 0; ah < 256; ah++) {
		bool is_named = f->run && f->ah == ah;
		rig.r.es = 0x1000;
		set_packet(80, 0, 0, 0);
		put16(rig.ram + PACKET, 80);
		call((uint16_t)(ah << 8 | 1), 1, HARD);
		/* Those of floppy disks alone are refused here, and so is what is not named. */
		if (!is_named || ah == 0x16 || ah == 0x18)
			CHECK_EQ(rig.r.eax >> 8, 1);
		else
			CHECK(rig.r.eax >> 8 != 1 || ah == 0x4b);
		f += is_named;
	}
	CHECK(!f->run);
	close_disk();
}

int main(void)
{
	RUN(sectors_are_read_across_tracks);
	RUN(a_buffer_may_be_long_and_anywhere);
	RUN(what_is_not_there_is_a_bad_call);
	RUN(a_hard_disk_ends_with_an_error);
	RUN(a_short_floppy_disk_goes_on);
	RUN(what_is_written_is_read);
	RUN(errors_are_those_of_a_bios);
	RUN(what_is_left_of_a_short_file_is_read);
	RUN(a_writable_one_is_written_to);
	RUN(verify_seek_and_what_does_nothing);
	RUN(a_track_is_formatted);
	RUN(parameters_of_floppy_disks);
	RUN(parameters_of_hard_disks);
	RUN(cylinders_have_ten_bits);
	RUN(drives_are_counted);
	RUN(a_drive_that_is_not_there_is_told);
	RUN(calls_in_words);
	RUN(each_function_has_a_name);
	return check_done();
}

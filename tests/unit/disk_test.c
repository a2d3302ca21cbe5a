#include "devices/disk.h"

#include "check.h"
#include "disk_medium.h"

static struct fake_medium medium;
static struct disks disks;

static struct disk *open_disk(size_t size, bool is_writable, enum disk_kind kind)
{
	fake_open(&medium, size, 4 << 20);
	const struct disk_medium m = fake_of(&medium, is_writable);
	CHECK_EQ(disks_add(&disks, "a.img", &m, kind, NULL), 0);
	return &disks.all[0];
}

static void close_disk(void)
{
	disks_close(&disks);
	fake_close(&medium);
}

/* How many of the count sectors from lba on are full of the byte that is wanted. */
static bool is_full_of(struct disk *d, uint64_t lba, uint8_t wanted)
{
	uint8_t is[DISK_SECTOR], all[DISK_SECTOR];

	memset(all, wanted, sizeof all);
	return disk_read(d, lba, 1, is) == 0 && !memcmp(is, all, sizeof is);
}

static uint8_t many[40 * DISK_SECTOR];

static const uint8_t *full_of(uint8_t with)
{
	memset(many, with, sizeof many);
	return many;
}

static void a_floppy_disk_goes_on_after_its_file(void)
{
	struct disk *d = open_disk(3 * 512, false, DISK_AUTO);

	CHECK_EQ(d->kind, DISK_FLOPPY);
	CHECK_EQ(d->number, 0);
	CHECK_EQ(d->sectors, 2880);
	CHECK(is_full_of(d, 2, 2) && is_full_of(d, 3, 0) && is_full_of(d, 2879, 0));
	CHECK_EQ(disk_read(d, 2880, 1, many), -ERANGE);
	CHECK_EQ(disk_read(d, 2879, 2, many), -ERANGE);
	CHECK_EQ(disk_read(d, UINT64_MAX, 1, many), -ERANGE);
	CHECK_EQ(disk_read(d, 1, SIZE_MAX, many), -ERANGE);
	CHECK_EQ(disk_write(d, 2880, 1, full_of(1)), -ERANGE);
	CHECK_EQ(disk_read(d, 2880, 0, many), 0);
	close_disk();
}

static void a_hard_disk_ends_with_its_file(void)
{
	struct disk *d = open_disk(3 * 512 + 1, false, DISK_HARD);

	CHECK_EQ(d->number, 0x80);
	CHECK_EQ(d->sectors, 4);
	CHECK_EQ(disk_read(d, 3, 1, many), 0);
	CHECK_EQ(many[0], 3);
	CHECK_EQ(many[1], 0);
	CHECK_EQ(disk_read(d, 4, 1, many), -ERANGE);
	close_disk();
}

static void what_is_written_stays_beside_the_file(void)
{
	struct disk *d = open_disk(1440 << 10, false, DISK_AUTO);

	CHECK_EQ(disk_write(d, 10, 3, full_of(0xee)), 0);
	CHECK_EQ(medium.writes, 0);
	CHECK_EQ(d->writes, 0);
	CHECK_EQ(disk_read(d, 9, 5, many), 0);
	for (unsigned i = 0; i < 5; i++)
		CHECK_EQ(many[i * 512 + 511], i >= 1 && i <= 3 ? 0xee : 9 + i);
	CHECK_EQ(disk_flush(d), 0);
	CHECK_EQ(medium.flushes, 0);
	disks_forget(&disks);
	CHECK(is_full_of(d, 10, 10));
	close_disk();
}

static void a_writable_one_is_written_to(void)
{
	struct disk *d = open_disk(3 * 512, true, DISK_FLOPPY);

	CHECK_EQ(disk_write(d, 1, 1, full_of(0xee)), 0);
	CHECK_EQ(disk_write(d, 20, 2, full_of(0xdd)), 0);
	CHECK_EQ(medium.bytes[512], 0xee);
	CHECK_EQ(medium.size, 22 * 512);
	CHECK_EQ(d->overlay.block_count, 0);
	CHECK(is_full_of(d, 1, 0xee) && is_full_of(d, 19, 0) && is_full_of(d, 21, 0xdd));
	CHECK_EQ(d->writes, 2);
	CHECK_EQ(disks_flush(&disks), 0);
	CHECK_EQ(medium.flushes, 1);
	close_disk();
}

static void errors_of_the_medium_are_told(void)
{
	struct disk *d = open_disk(1440 << 10, true, DISK_AUTO);

	medium.error = -EIO;
	CHECK_EQ(disk_read(d, 0, 1, many), -EIO);
	CHECK_EQ(disk_write(d, 0, 1, full_of(1)), -EIO);
	CHECK_EQ(disk_flush(d), -EIO);
	CHECK_EQ(disks_flush(&disks), -EIO);
	close_disk();
}

/* Where the file can't be read, what was written can. */
static void memory_does_not_fail_with_the_file(void)
{
	struct disk *d = open_disk(1440 << 10, false, DISK_AUTO);

	CHECK_EQ(disk_write(d, 8, 2, full_of(0xee)), 0);
	medium.error = -EIO;
	CHECK(is_full_of(d, 8, 0xee) && is_full_of(d, 9, 0xee));
	CHECK_EQ(disk_read(d, 8, 3, many), -EIO);
	close_disk();
}

static void what_is_kept_is_bounded(void)
{
	struct disk *d = open_disk(1440 << 10, false, DISK_AUTO);

	CHECK_EQ(d->overlay_blocks, DISK_OVERLAY_BLOCKS);
	d->overlay_blocks = 1;
	CHECK_EQ(disk_write(d, 6, 4, full_of(0xee)), -ENOSPC);
	CHECK(is_full_of(d, 7, 0xee) && is_full_of(d, 8, 8));
	CHECK_EQ(disk_write(d, 0, 8, full_of(0xdd)), 0);
	close_disk();
}

static void addresses_by_cylinder(void)
{
	struct disk *d = open_disk(1440 << 10, false, DISK_AUTO);
	uint64_t lba = 77;

	CHECK(disk_lba(d, 0, 0, 1, &lba) && lba == 0);
	CHECK(disk_lba(d, 0, 1, 1, &lba) && lba == 18);
	CHECK(disk_lba(d, 79, 1, 18, &lba) && lba == 2879);
	CHECK(!disk_lba(d, 80, 0, 1, &lba) && !disk_lba(d, 0, 2, 1, &lba));
	CHECK(!disk_lba(d, 0, 0, 0, &lba) && !disk_lba(d, 0, 0, 19, &lba));
	CHECK_EQ(lba, 2879);
	close_disk();
}

static void numbers_and_how_many(void)
{
	struct disks s = { 0 };
	struct error e = { 0 };
	struct fake_medium small, large;

	fake_open(&small, 512, 512);
	fake_open(&large, 4 << 20, 4 << 20);
	const struct disk_medium s_of = fake_of(&small, false), l_of = fake_of(&large, false);
	CHECK_EQ(disks_add(&s, "l", &l_of, DISK_AUTO, NULL), 0);
	CHECK_EQ(disks_add(&s, "s", &s_of, DISK_AUTO, NULL), 0);
	CHECK_EQ(disks_add(&s, "s", &s_of, DISK_AUTO, NULL), 0);
	CHECK_EQ(disks_add(&s, "s", &s_of, DISK_HARD, NULL), 0);
	CHECK(disks_find(&s, 0x80) == &s.all[0] && disks_find(&s, 0) == &s.all[1]);
	CHECK(disks_find(&s, 1) == &s.all[2] && disks_find(&s, 0x81) == &s.all[3]);
	CHECK(!disks_find(&s, 2) && !disks_find(&s, 0x82) && !disks_find(&s, 0xff));
	CHECK_EQ(disks_count(&s, DISK_FLOPPY), 2);
	CHECK_EQ(disks_count(&s, DISK_HARD), 2);

	CHECK_EQ(disks_add(&s, "third", &s_of, DISK_FLOPPY, &e), -ENOSPC);
	CHECK_STR(e.text, "third: there are 2 floppy disks already; with ,hd it is a hard disk");
	e = (struct error) { 0 };
	CHECK_EQ(disks_add(&s, "big", &l_of, DISK_FLOPPY, &e), -EFBIG);
	CHECK_STR(e.text, "big: 4194304 bytes are more than a floppy disk has, 2.88M");
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(disks_add(&s, "l", &l_of, DISK_AUTO, NULL), 0);
	e = (struct error) { 0 };
	CHECK_EQ(disks_add(&s, "ninth", &l_of, DISK_AUTO, &e), -ENOSPC);
	CHECK_STR(e.text, "ninth: there are 8 disks already");
	CHECK_EQ(s.count, 8);
	disks_close(&s);
	CHECK_EQ(s.count, 0);

	small.error = -EIO;
	e = (struct error) { 0 };
	CHECK_EQ(disks_add(&s, "bad", &s_of, DISK_AUTO, &e), -EIO);
	CHECK(strstr(e.text, "bad: cannot read: ") == e.text && strstr(e.text, strerror(EIO)));
	fake_close(&small);
	fake_close(&large);
}

static void snapshots_have_what_was_written(void)
{
	struct disk *d = open_disk(1440 << 10, false, DISK_AUTO);
	struct disks_image before, after;

	CHECK_EQ(disk_write(d, 5, 1, full_of(1)), 0);
	CHECK_EQ(disks_save(&disks, &before), 0);
	CHECK_EQ(disk_write(d, 5, 2, full_of(2)), 0);
	CHECK_EQ(disks_save(&disks, &after), 0);
	CHECK(disks_image_size(&before) > 4096 && disks_image_size(&before) < 8192);
	CHECK_EQ(disks_load(&disks, &before, NULL), 0);
	CHECK(is_full_of(d, 5, 1) && is_full_of(d, 6, 6));
	CHECK_EQ(disk_write(d, 7, 1, full_of(3)), 0);
	CHECK_EQ(disks_load(&disks, &after, NULL), 0);
	CHECK(is_full_of(d, 5, 2) && is_full_of(d, 6, 2) && is_full_of(d, 7, 7));
	CHECK_EQ(disks_load(&disks, &before, NULL), 0);
	CHECK(is_full_of(d, 5, 1) && is_full_of(d, 7, 7));
	disks_image_free(&before);
	disks_image_free(&after);
	close_disk();
}

/* A file that was written to is not made as it was: only a snapshot of since then is loaded. */
static void snapshots_do_not_change_a_file(void)
{
	struct disk *d = open_disk(1440 << 10, true, DISK_AUTO);
	struct disks_image before;
	struct error e = { 0 };

	CHECK_EQ(disk_write(d, 5, 1, full_of(1)), 0);
	CHECK_EQ(disks_save(&disks, &before), 0);
	CHECK_EQ(disks_load(&disks, &before, NULL), 0);
	CHECK_EQ(disk_write(d, 5, 1, full_of(2)), 0);
	CHECK_EQ(disks_check(&disks, &before, &e), -EBUSY);
	CHECK_STR(
	        e.text, "a.img has been written to since, and what is in a file is not taken back");
	CHECK_EQ(disks_load(&disks, &before, NULL), -EBUSY);
	CHECK(is_full_of(d, 5, 2));
	disks_image_free(&before);
	close_disk();
}

static void it_says_what_it_is(void)
{
	char text[200];

	disk_describe(open_disk(1440 << 10, false, DISK_AUTO), text, sizeof text);
	CHECK_STR(text,
	        "drive 00h, a.img: a floppy disk of 1.44M, 80/2/18 (cylinders/heads/sectors),"
	        " its file is not written to: what the guest writes stays in memory");
	close_disk();
	disk_describe(open_disk(4 << 20, true, DISK_AUTO), text, sizeof text);
	CHECK_STR(text, "drive 80h, a.img: a hard disk of 8192 sectors, 9/16/63"
	                " (cylinders/heads/sectors), its file is written to");
	close_disk();
}

int main(void)
{
	RUN(a_floppy_disk_goes_on_after_its_file);
	RUN(a_hard_disk_ends_with_its_file);
	RUN(what_is_written_stays_beside_the_file);
	RUN(a_writable_one_is_written_to);
	RUN(errors_of_the_medium_are_told);
	RUN(memory_does_not_fail_with_the_file);
	RUN(what_is_kept_is_bounded);
	RUN(addresses_by_cylinder);
	RUN(numbers_and_how_many);
	RUN(snapshots_have_what_was_written);
	RUN(snapshots_do_not_change_a_file);
	RUN(it_says_what_it_is);
	return check_done();
}

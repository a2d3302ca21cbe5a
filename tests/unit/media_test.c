#include "machine/media.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/stepvm-media-test-XXXXXX";
static char a[sizeof folder + 16], b[sizeof folder + 16];
static struct machine_config config;
static struct image_loaded image;
static struct error e;

static void write_file(const char *path, size_t len, uint8_t with)
{
	uint8_t *bytes = malloc(len);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	memset(bytes, with, len);
	CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
	free(bytes);
}

/* The guest's image is a, a boot sector on a PC; both files are there. */
static void begin(void)
{
	write_file(a, 1024, 0xaa);
	write_file(b, 4 << 20, 0xbb);
	config = (struct machine_config) { .image.path = a };
	image = (struct image_loaded) { .format = IMAGE_BOOT, .board = IMAGE_BOARD_PC };
	e = (struct error) { 0 };
}

static void add(const char *text, bool is_writable, enum disk_kind kind)
{
	config.disks[config.disk_count++] =
	        (struct config_disk) { text, strlen(text), is_writable, kind };
}

static struct media *open_all(const struct media *before)
{
	struct media *m = NULL;

	CHECK_EQ(media_open(&m, &config, &image, before, &e), 0);
	CHECK_STR(e.text, "");
	return m;
}

static void check_refused(int wanted, const char *text)
{
	struct media *m = NULL;

	e = (struct error) { 0 };
	CHECK_EQ(media_open(&m, &config, &image, NULL, &e), wanted);
	CHECK_STR(e.text, text);
	CHECK(!m);
}

static uint8_t first_byte(struct media *m, unsigned i)
{
	uint8_t bytes[DISK_SECTOR] = { 0 };

	CHECK_EQ(disk_read(&m->disks.all[i], 0, 1, bytes), 0);
	return bytes[0];
}

static void write_sector(struct media *m, unsigned i, uint8_t with)
{
	uint8_t bytes[DISK_SECTOR];

	memset(bytes, with, sizeof bytes);
	CHECK_EQ(disk_write(&m->disks.all[i], 0, 1, bytes), 0);
}

static void the_image_is_the_first_disk(void)
{
	begin();
	add(b, false, DISK_AUTO);
	struct media *m = open_all(NULL);
	CHECK_EQ(m->disks.count, 2);
	CHECK(m->disks.has_boot);
	CHECK_EQ(m->disks.all[0].number, 0);
	CHECK_EQ(first_byte(m, 0), 0xaa);
	CHECK_EQ(m->disks.all[1].number, 0x80);
	CHECK_EQ(first_byte(m, 1), 0xbb);
	CHECK(!media_is_writable(m));
	media_close(m);
}

/* What --disk says of the image's file, by whatever name, is said of the first disk. */
static void the_image_may_be_named_again(void)
{
	char link_name[sizeof folder + 16];

	begin();
	snprintf(link_name, sizeof link_name, "%s/link", folder);
	CHECK_EQ(symlink(a, link_name), 0);
	add(b, false, DISK_AUTO);
	add(link_name, true, DISK_HARD);
	struct media *m = open_all(NULL);
	CHECK_EQ(m->disks.count, 2);
	CHECK_EQ(m->disks.all[0].number, 0x80);
	CHECK_EQ(m->disks.all[1].number, 0x81);
	CHECK(media_is_writable(m) && m->disks.all[0].medium.is_writable);
	CHECK_EQ(first_byte(m, 0), 0xaa);
	media_close(m);
	unlink(link_name);
}

static void other_formats_have_the_disks_that_are_named(void)
{
	begin();
	image.format = IMAGE_MULTIBOOT;
	struct media *m = open_all(NULL);
	CHECK_EQ(m->disks.count, 0);
	media_close(m);
	add(a, false, DISK_AUTO);
	m = open_all(NULL);
	CHECK_EQ(m->disks.count, 1);
	CHECK(!m->disks.has_boot);
	media_close(m);
}

static void a_bare_board_has_none(void)
{
	struct media *m = NULL;

	begin();
	image.board = IMAGE_BOARD_BARE;
	CHECK_EQ(media_open(&m, &config, &image, NULL, NULL), 0);
	CHECK(!m && !media_is_writable(NULL));
	CHECK_EQ(media_check_restart(NULL, NULL), 0);
	media_close(NULL);
	add("x.img,hd", false, DISK_HARD);
	check_refused(-EINVAL, "--disk x.img,hd: a bare board has no disks; --board pc has some");
}

static void a_comma_in_a_name_is_two(void)
{
	char path[sizeof folder + 16], text[sizeof folder + 16];

	begin();
	snprintf(path, sizeof path, "%s/c,d", folder);
	snprintf(text, sizeof text, "%s/c,,d", folder);
	write_file(path, 512, 0xcc);
	add(text, false, DISK_AUTO);
	struct media *m = open_all(NULL);
	CHECK_EQ(first_byte(m, 1), 0xcc);
	media_close(m);
	unlink(path);
}

static void bytes_of_a_pipe_are_a_disk(void)
{
	begin();
	image.is_stream = true;
	image.stream = calloc(1, 700);
	memset(image.stream, 0x11, 700);
	image.stream_size = 700;
	struct media *m = open_all(NULL);
	uint8_t bytes[2 * DISK_SECTOR];
	CHECK(!image.stream);
	CHECK_EQ(disk_read(&m->disks.all[0], 1, 2, bytes), 0);
	CHECK(bytes[187] == 0x11 && bytes[188] == 0 && bytes[512] == 0);
	write_sector(m, 0, 0x22);
	CHECK_EQ(first_byte(m, 0), 0x22);
	media_close(m);

	snprintf(image.name, sizeof image.name, "pipe");
	check_refused(-EFBIG,
	        "pipe: more came by the pipe than there is RAM: a disk of that size has "
	        "to be a file");
	add(a, true, DISK_AUTO);
	config.disks[0].text = "a,write";
	config.disks[0].path_len = 1;
	config.image.path = "a";
	CHECK_EQ(chdir(folder), 0);
	rename(a, "a");
	check_refused(-EINVAL, "--disk a: a pipe can't be written to");
	unlink("a");
}

/* The file is as it is now, also where it is another than before. */
static void a_new_guest_begins_with_the_file(void)
{
	begin();
	struct media *m = open_all(NULL);
	write_sector(m, 0, 0x55);
	CHECK_EQ(first_byte(m, 0), 0x55);
	CHECK_EQ(media_check_restart(m, NULL), 0);
	unlink(a);
	write_file(a, 2 << 20, 0x66);
	struct media *next = open_all(m);
	media_close(m);
	CHECK_EQ(first_byte(next, 0), 0x66);
	media_close(next);
}

/* One that is written to stays open, for its locks keep all others out; nothing is lost by it. */
static void a_writable_file_stays_open(void)
{
	struct media *m, *next, *other = NULL;

	begin();
	add(a, true, DISK_AUTO);
	m = open_all(NULL);
	next = open_all(m);
	media_close(m);
	CHECK_EQ(media_open(&other, &config, &image, NULL, NULL), -EBUSY);
	CHECK_EQ(media_check_restart(next, NULL), 0);
	write_sector(next, 0, 0x77);
	CHECK_EQ(media_check_restart(next, &e), -EBUSY);
	CHECK(strstr(e.text, "disk.img, and what is in a file is not taken back"));
	media_close(next);
	e = (struct error) { 0 };
	m = open_all(NULL);
	CHECK_EQ(first_byte(m, 0), 0x77);
	media_close(m);
}

static int free_descriptor(void)
{
	int fd = dup(1);

	close(fd);
	return fd;
}

static void nothing_stays_open_after_a_failure(void)
{
	int before = free_descriptor();

	begin();
	for (unsigned i = 0; i < DISKS_MAX; i++)
		add(b, false, DISK_AUTO);
	char text[200];
	snprintf(text, sizeof text, "%s: there are 8 disks already", b);
	check_refused(-ENOSPC, text);
	CHECK_EQ(free_descriptor(), before);
	config.disk_count = 1;
	config.disks[0].kind = DISK_FLOPPY;
	snprintf(text, sizeof text, "%s: 4194304 bytes are more than a floppy disk has, 2.88M", b);
	check_refused(-EFBIG, text);
	CHECK_EQ(free_descriptor(), before);
}

static void a_file_that_is_written_to_is_one_disk(void)
{
	begin();
	add(b, false, DISK_HARD);
	add(b, false, DISK_HARD);
	media_close(open_all(NULL)); /* each with changes of its own */
	config.disks[1].is_writable = true;
	char text[200];
	snprintf(text, sizeof text,
	        "--disk %s: that file was given already, and with write it can be one disk only",
	        b);
	check_refused(-EINVAL, text);
	config.disks[0].is_writable = true;
	check_refused(-EINVAL, text);
	config.disks[1].is_writable = false;
	check_refused(-EINVAL, text);
	begin(); /* the image is one, too */
	add(a, false, DISK_AUTO);
	add(a, true, DISK_AUTO);
	snprintf(text, sizeof text,
	        "--disk %s: that file was given already, and with write it can be one disk only",
	        a);
	check_refused(-EINVAL, text);
}

int main(void)
{
	CHECK(mkdtemp(folder) != NULL);
	snprintf(a, sizeof a, "%s/disk.img", folder);
	snprintf(b, sizeof b, "%s/b.img", folder);
	RUN(the_image_is_the_first_disk);
	RUN(the_image_may_be_named_again);
	RUN(other_formats_have_the_disks_that_are_named);
	RUN(a_bare_board_has_none);
	RUN(a_comma_in_a_name_is_two);
	RUN(a_new_guest_begins_with_the_file);
	RUN(a_writable_file_stays_open);
	RUN(nothing_stays_open_after_a_failure);
	RUN(a_file_that_is_written_to_is_one_disk);
	RUN(bytes_of_a_pipe_are_a_disk);
	unlink(a);
	unlink(b);
	rmdir(folder);
	return check_done();
}

#include "host/disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/stepvm-disk-file-test-XXXXXX";
static char path[sizeof folder + 16];
static uint8_t bytes[70000], read_back[70000];

static void write_file(size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

static bool file_is(size_t len)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, read_back, sizeof read_back);

	close(fd);
	return n == (ssize_t)len && !memcmp(read_back, bytes, len);
}

/* What a refusal says after the name. */
static void check_refused(bool is_writable, int wanted, const char *why)
{
	struct disk_file f = { .fd = 77 };
	struct error e = { 0 };
	char text[300];

	CHECK_EQ(disk_file_open(&f, path, is_writable, &e), wanted);
	CHECK_EQ(f.fd, 77);
	snprintf(text, sizeof text, "%s: %s", path, why);
	CHECK_STR(e.text, text);
}

static void what_is_no_disk_is_refused(void)
{
	unlink(path);
	check_refused(false, -ENOENT, "cannot open: No such file or directory");
	check_refused(true, -ENOENT, "cannot open for writing: No such file or directory");
	write_file(0);
	check_refused(false, -ENODATA, "it is empty, and a disk has a sector at least");
	check_refused(true, -ENODATA, "it is empty, and a disk has a sector at least");
	unlink(path);
	CHECK_EQ(mkfifo(path, 0600), 0);
	check_refused(false, -ESPIPE, "a pipe is no disk: copy what it gives into a file");
	check_refused(true, -ESPIPE, "a pipe is no disk: copy what it gives into a file");
	unlink(path);
	CHECK_EQ(mkdir(path, 0700), 0);
	check_refused(false, -EISDIR, "a folder is no disk");
	check_refused(true, -EISDIR, "a folder is no disk");
	rmdir(path);
	CHECK_EQ(symlink("/dev/null", path), 0);
	check_refused(false, -ESPIPE,
	        "a device without blocks is no disk: copy what it gives into a file");
	unlink(path);
}

static void permissions_are_kept_to(void)
{
	if (geteuid() == 0)
		CHECK_SKIP("root may open everything");
	write_file(512);
	chmod(path, 0400);
	check_refused(true, -EACCES, "cannot open for writing: Permission denied");
	chmod(path, 0);
	check_refused(false, -EACCES, "cannot open: Permission denied");
	unlink(path);
}

static void it_reads_and_fills_up_with_zeros(void)
{
	static const size_t lens[] = { 1, 511, 512, 513, sizeof bytes };
	struct disk_file f;

	for (unsigned i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		size_t len = lens[i];
		write_file(len);
		CHECK_EQ(disk_file_open(&f, path, false, NULL), 0);
		CHECK_EQ(f.size, len);
		memset(read_back, 0xee, sizeof read_back);
		CHECK_EQ(disk_file_read(&f, 0, read_back, sizeof read_back), 0);
		CHECK(!memcmp(read_back, bytes, len));
		for (size_t k = len; k < sizeof read_back; k++)
			CHECK_EQ(read_back[k], 0);
		read_back[0] = 0xee;
		CHECK_EQ(disk_file_read(&f, UINT64_MAX - 511, read_back, 512), 0);
		CHECK_EQ(read_back[0], 0);
		CHECK_EQ(disk_file_close(&f), 0);
	}
}

static void it_writes_in_place_and_grows(void)
{
	struct disk_file f;

	write_file(1000);
	CHECK_EQ(disk_file_open(&f, path, true, NULL), 0);
	bytes[512] ^= 0xff;
	CHECK_EQ(disk_file_write(&f, 512, bytes + 512, 512), 0);
	CHECK_EQ(f.size, 1024);
	CHECK(f.is_dirty);
	CHECK(file_is(1024)); /* at once, without a flush */
	CHECK_EQ(disk_file_flush(&f), 0);
	CHECK(!f.is_dirty);
	CHECK_EQ(disk_file_read(&f, 512, read_back, 512), 0);
	CHECK(!memcmp(read_back, bytes + 512, 512));
	CHECK_EQ(disk_file_close(&f), 0);
	CHECK(file_is(1024));
}

static void a_file_that_shrinks_is_an_error(void)
{
	struct disk_file f;

	write_file(4096);
	CHECK_EQ(disk_file_open(&f, path, false, NULL), 0);
	CHECK_EQ(truncate(path, 1000), 0);
	CHECK_EQ(disk_file_read(&f, 0, read_back, 1000), 0);
	CHECK_EQ(disk_file_read(&f, 512, read_back, 512), -EIO);
	CHECK_EQ(disk_file_read(&f, 2048, read_back, 512), -EIO);
	CHECK_EQ(disk_file_read(&f, 4096, read_back, 512), 0);
	CHECK_EQ(disk_file_close(&f), 0);
}

/* As on a full file system; without SIGXFSZ, which would end us. */
static void a_write_that_fails_is_an_error(void)
{
	struct disk_file f;
	struct rlimit before, small = { 2048, 2048 };

	write_file(1024);
	CHECK_EQ(disk_file_open(&f, path, true, NULL), 0);
	CHECK_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	fflush(stdout);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	CHECK_EQ(disk_file_write(&f, 2048, bytes, 512), -EFBIG);
	CHECK_EQ(disk_file_write(&f, 1024, bytes, 512), 0);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
	CHECK_EQ(disk_file_close(&f), 0);
}

static void two_do_not_write(void)
{
	struct disk_file a, b;

	write_file(1024);
	CHECK_EQ(disk_file_open(&a, path, true, NULL), 0);
	check_refused(true, -EBUSY, "it is open for writing elsewhere");
	CHECK_EQ(disk_file_open(&b, path, false, NULL), 0);
	CHECK_EQ(disk_file_close(&b), 0);
	check_refused(true, -EBUSY, "it is open for writing elsewhere");
	CHECK_EQ(disk_file_close(&a), 0);
	/* Who reads keeps nobody out. */
	CHECK_EQ(disk_file_open(&b, path, false, NULL), 0);
	CHECK_EQ(disk_file_open(&a, path, true, NULL), 0);
	CHECK_EQ(disk_file_close(&a), 0);
	CHECK_EQ(disk_file_close(&b), 0);
}

static int lock_as_qemu(off_t byte)
{
	struct flock lock = { F_RDLCK, SEEK_SET, byte, 1, 0 };
	int fd = open(path, O_RDWR);

	CHECK_EQ(fcntl(fd, F_OFD_SETLK, &lock), 0);
	return fd;
}

/* QEMU's are read locks: of byte 101 where it writes to the image, of 201 where it expects that nobody
 * else does. Ours are seen the same way. */
static void locks_are_qemus(void)
{
	struct disk_file f;

	write_file(1024);
	int fd = lock_as_qemu(101);
	check_refused(true, -EBUSY, "it is open for writing elsewhere");
	CHECK_EQ(disk_file_open(&f, path, false, NULL), 0);
	disk_file_close(&f);
	close(fd);
	fd = lock_as_qemu(201);
	check_refused(
	        true, -EBUSY, "it is open elsewhere, where nobody is expected to write to it");
	close(fd);
	CHECK_EQ(disk_file_open(&f, path, true, NULL), 0);
	static const off_t ours[] = { 100, 101, 103, 201, 203 };
	fd = open(path, O_RDWR);
	for (off_t byte = 90; byte < 210; byte++) {
		struct flock lock = { F_WRLCK, SEEK_SET, byte, 1, 0 };
		bool is_ours = false;
		for (unsigned i = 0; i < sizeof ours / sizeof ours[0]; i++)
			is_ours |= ours[i] == byte;
		CHECK_EQ(fcntl(fd, F_OFD_GETLK, &lock), 0);
		CHECK_EQ(lock.l_type, is_ours ? F_RDLCK : F_UNLCK);
	}
	close(fd);
	disk_file_close(&f);
}

int main(void)
{
	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/disk.img", folder);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(1 + i * 7 % 255);
	RUN(what_is_no_disk_is_refused);
	RUN(permissions_are_kept_to);
	RUN(it_reads_and_fills_up_with_zeros);
	RUN(it_writes_in_place_and_grows);
	RUN(a_file_that_shrinks_is_an_error);
	RUN(a_write_that_fails_is_an_error);
	RUN(two_do_not_write);
	RUN(locks_are_qemus);
	unlink(path);
	rmdir(folder);
	return check_done();
}

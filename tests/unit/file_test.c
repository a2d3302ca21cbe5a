#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define SIZE 200000u /* more than the reader's first buffer, twice over */

static char folder[] = "/tmp/stepvm-file-test-XXXXXX";
static char path[sizeof folder + 16];
static uint8_t bytes[SIZE];

static void write_file(size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

/* What file_read must say of the first len bytes, size 0 where a pipe does not tell. */
static void check_file(const struct file *f, size_t len, size_t limit, uint64_t size)
{
	CHECK_EQ(f->len, len < limit ? len : limit);
	CHECK_EQ(f->is_whole, len <= limit);
	CHECK_EQ(f->size, len <= limit ? len : size);
	CHECK(!f->len || !memcmp(f->bytes, bytes, f->len));
}

static void regular_files_around_the_limit(void)
{
	static const size_t lens[] = { 0, 1, 511, 512, 513, 65535, 65536, 65537, 131073, SIZE };
	struct file f;

	for (unsigned i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		write_file(lens[i]);
		for (unsigned j = 0; j < sizeof lens / sizeof lens[0]; j++) {
			for (int d = -1; d <= 1; d++) {
				size_t limit = lens[j] + (size_t)d;
				if (limit == (size_t)-1)
					continue;
				CHECK_EQ(file_read(&f, path, limit, NULL), 0);
				check_file(&f, lens[i], limit, lens[i]);
				file_free(&f);
			}
		}
	}
}

/* A writer that hands over len bytes in pieces. */
static void check_pipe(size_t len, size_t piece, size_t limit)
{
	int fds[2];
	char name[32];
	static uint8_t rest[4096];
	struct file f;

	CHECK_EQ(pipe(fds), 0);
	pid_t writer = fork();
	if (writer == 0) {
		close(fds[0]);
		for (size_t at = 0; at < len; at += piece)
			if (write(fds[1], bytes + at, piece < len - at ? piece : len - at) < 0)
				break;
		_exit(0);
	}
	close(fds[1]);
	snprintf(name, sizeof name, "/dev/fd/%d", fds[0]);
	CHECK_EQ(file_read(&f, name, limit, NULL), 0);
	check_file(&f, len, limit, 0);
	file_free(&f);
	/* No more was taken than the limit and the byte that shows there is more. */
	size_t left = 0, taken = len <= limit ? len : limit + 1;
	for (ssize_t n; (n = read(fds[0], rest, sizeof rest)) > 0;)
		left += (size_t)n;
	CHECK_EQ(left, len - taken);
	close(fds[0]);
	waitpid(writer, NULL, 0);
}

static void pipes_in_any_pieces(void)
{
	static const size_t pieces[] = { 1, 7, 512, 4095, SIZE };

	for (unsigned i = 0; i < 5; i++) {
		check_pipe(5000, pieces[i], SIZE);
		check_pipe(5000, pieces[i], 5000);
		check_pipe(5000, pieces[i], 4999);
	}
	check_pipe(SIZE, 4095, SIZE);
	check_pipe(SIZE, SIZE, 70000);
	check_pipe(0, 1, 10);
}

static void endless_devices_end_at_the_limit(void)
{
	struct file f;

	CHECK_EQ(file_read(&f, "/dev/zero", 100000, NULL), 0);
	CHECK_EQ(f.len, 100000);
	CHECK(!f.is_whole);
	CHECK_EQ(f.size, 0);
	file_free(&f);
	CHECK_EQ(file_read(&f, "/dev/null", 100000, NULL), 0);
	CHECK_EQ(f.len, 0);
	CHECK(f.is_whole);
	file_free(&f);
}

/* proc(5): regular files that say they have no bytes. */
static void files_without_a_size_are_read_all_the_same(void)
{
	struct file f;

	CHECK_EQ(file_read(&f, "/proc/self/status", 100000, NULL), 0);
	CHECK(f.is_whole && f.len > 100 && f.size == f.len);
	file_free(&f);
	CHECK_EQ(file_read(&f, "/proc/self/status", 10, NULL), 0);
	CHECK(!f.is_whole && f.len == 10 && f.size == 0);
	file_free(&f);
}

/* What could not be done stands after the path, and why, in the C library's words; the file must be as it was. */
static void check_refused(const char *name, int wanted, const char *what)
{
	struct file f = { .len = 77 };
	struct error e = { 0 };
	char text[200];

	CHECK_EQ(-file_read(&f, name, 100, &e), wanted);
	CHECK_EQ(f.len, 77);
	const char *colon = strchr(e.text, ':');
	snprintf(text, sizeof text, ": %s: %s", what, strerror(wanted));
	CHECK_STR(colon ? colon : e.text, text);
}

static void refusals_say_what_failed(void)
{
	check_refused(folder, EISDIR, "cannot read");
	unlink(path);
	check_refused(path, ENOENT, "cannot open");
	check_refused("", ENOENT, "cannot open");
	static char long_path[5000];
	memset(long_path, 'p', sizeof long_path - 1);
	check_refused(long_path, ENAMETOOLONG, "cannot open");
}

static void no_permission(void)
{
	bool is_root = geteuid() == 0;

	write_file(1);
	CHECK_EQ(chmod(path, 0), 0);
	if (is_root && seteuid(65534)) { /* nobody */
		printf("# SKIP no_permission: root may read everything here\n");
	} else {
		check_refused(path, EACCES, "cannot open");
		if (is_root)
			CHECK_EQ(seteuid(0), 0);
	}
	unlink(path);
}

static void labels_keep_a_message_on_one_line(void)
{
	char name[200];

	CHECK_STR(file_label("a\nb\033c\x7f").text, "a?b?c?");
	CHECK_STR(file_label("g\xc3\xa4st.bin").text, "g\xc3\xa4st.bin");
	CHECK_STR(file_label("").text, "");
	for (size_t len = 120; len < 140; len++) {
		memset(name, 'p', len);
		memcpy(name + len - 4, ".bin", 5);
		struct file_label label = file_label(name);
		CHECK_EQ(strlen(label.text), len < 128 ? len : 127);
		CHECK_STR(label.text + strlen(label.text) - 4, ".bin");
		CHECK_EQ(!strncmp(label.text, "...", 3), len >= 128);
	}
}

/* The lowest free descriptor (dup(2)): a forgotten one would move it. */
static int free_descriptor(void)
{
	int fd = dup(1);

	close(fd);
	return fd;
}

static void leaves_no_descriptor_open(void)
{
	int before = free_descriptor();
	struct file f;

	write_file(100);
	CHECK_EQ(file_read(&f, path, 10, NULL), 0);
	file_free(&f);
	CHECK_EQ(file_read(&f, folder, 10, NULL), -EISDIR);
	CHECK_EQ(free_descriptor(), before);
}

static void files_are_known_by_other_names(void)
{
	char other[sizeof path + 8];

	write_file(1);
	snprintf(other, sizeof other, "%s-link", path);
	CHECK_EQ(symlink(path, other), 0);
	CHECK(file_is_same(path, other) && file_is_same(path, path));
	CHECK(!file_is_same(path, folder) && !file_is_same(path, "/nowhere") &&
	        !file_is_same("/nowhere", "/nowhere"));
	CHECK(!file_is_stream(path) && !file_is_stream(other) && !file_is_stream("/nowhere"));
	CHECK(file_is_stream("/dev/null"));
	unlink(other);
}

int main(void)
{
	if (!mkdtemp(folder)) {
		perror(folder);
		return 1;
	}
	snprintf(path, sizeof path, "%s/file", folder);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
	RUN(regular_files_around_the_limit);
	RUN(pipes_in_any_pieces);
	RUN(endless_devices_end_at_the_limit);
	RUN(files_without_a_size_are_read_all_the_same);
	RUN(refusals_say_what_failed);
	RUN(leaves_no_descriptor_open);
	RUN(files_are_known_by_other_names);
	RUN(no_permission);
	RUN(labels_keep_a_message_on_one_line);
	unlink(path);
	rmdir(folder);
	return check_done();
}

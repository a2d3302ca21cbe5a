#include "host/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static char named[64], other[64];
static bool reads_files, writes_files; /* as struct sandbox has them */

/* --- what must not go on: each does what it is named for, and succeeds without a sandbox ------ */

static bool runs_a_program(void)
{
	return execl("/bin/true", "true", (char *)NULL) == 0;
}

static bool opens_to_read(void)
{
	return open("/dev/null", O_RDONLY) >= 0;
}

static bool opens_to_write(void)
{
	return open(named, O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool forks(void)
{
	return fork() >= 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static bool starts_a_thread(void)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, nothing, NULL) == 0;
}

static bool makes_a_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0) >= 0;
}

static int datagram_fd;

static bool sends_elsewhere(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path, sizeof a.sun_path, "%s", other);
	sendto(datagram_fd, "x", 1, 0, (struct sockaddr *)&a, sizeof a);
	return true;
}

static bool maps_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static bool makes_code(void)
{
	static _Alignas(4096) char page[4096];
	return mprotect(page, sizeof page, PROT_READ | PROT_EXEC) == 0;
}

static bool types_into_a_terminal(void)
{
	char c = 'x';
	ioctl(0, TIOCSTI, &c);
	return true;
}

static pid_t tester; /* asking for it would end a confined child, too */

static bool kills_its_parent(void)
{
	return kill(tester, 0) == 0;
}

static bool signals_a_thread_of_its_parent(void)
{
	return syscall(SYS_tgkill, tester, tester, 0) == 0;
}

static bool signals_its_parent_by_a_socket(void)
{
	return fcntl(datagram_fd, F_SETOWN, tester) == 0;
}

static bool removes_another_file(void)
{
	return unlink(other) == 0;
}

/* The same name at another address, which code from outside could have written there. */
static bool removes_a_copy_of_the_name(void)
{
	char copy[sizeof named];
	memcpy(copy, named, sizeof copy);
	return unlink(copy) == 0;
}

static bool traces(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) == 0;
}

static bool calls_another_abi(void)
{
	syscall(0x40000000 | SYS_getpid); /* x32: __X32_SYSCALL_BIT */
	return true;
}

/* --- what has to go on ------------------------------------------------------------------------ */

static volatile sig_atomic_t was_signalled;

static void on_signal(int number)
{
	was_signalled = number;
}

static bool allocates(void)
{
	char *big = realloc(malloc(1 << 20), 64 << 20);
	if (!big)
		return false;
	memset(big, 1, 64 << 20);
	free(big);
	for (size_t i = 1; i < 2000; i++)
		if (!malloc(i * 64))
			return false;
	return true;
}

static bool is_signalled(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	return sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0 &&
	       was_signalled == SIGUSR1;
}

static int pair[2];

static bool is_signalled_by_a_socket(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	int on = 1;
	return sigaction(SIGIO, &action, NULL) == 0 && fcntl(pair[0], F_SETOWN, getpid()) == 0 &&
	       ioctl(pair[0], FIOASYNC, &on) == 0 && write(pair[1], "x", 1) == 1 &&
	       was_signalled == SIGIO;
}

static bool looks_and_writes(void)
{
	struct pollfd p = { .fd = 1, .events = POLLOUT };
	struct timespec t;
	struct stat st;
	isatty(1);
	return poll(&p, 1, 0) >= 0 && fstat(1, &st) == 0 && write(1, "", 0) == 0 &&
	       syscall(SYS_clock_gettime, 1, &t) == 0;
}

static bool removes_its_socket(void)
{
	return unlink(named) == 0;
}

/* --- each in a process of its own ------------------------------------------------------------- */

struct deed {
	const char *name;
	bool (*does)(void);
};
#define DEED(function)                                                                             \
	{                                                                                          \
#function, function                                                                \
	}
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static bool enter(void)
{
	const struct sandbox s = {
		.unlinked = { named }, .writes_files = writes_files, .reads_files = reads_files
	};
	struct error e = { 0 };
	if (sandbox_enter(&s, &e) == 0)
		return true;
	printf("# %s\n", e.text);
	fflush(stdout);
	return false;
}

/* The status of a child that does it: 0 it did, 1 it could not, 256 and the signal that ended it,
 * -1 there is no sandbox. */
static int status_of(bool (*does)(void), bool is_confined)
{
	const struct rlimit no_core = { 0 };
	int status;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		if (is_confined && !enter())
			_exit(100);
		_exit(does() ? 0 : 1);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFSIGNALED(status))
		return 256 + WTERMSIG(status);
	return WEXITSTATUS(status) == 100 ? -1 : WEXITSTATUS(status);
}

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	close(fd);
}

static bool is_skipped(void)
{
	if (!sandbox_is_built())
		check_skipped = "built with a sanitizer";
	return check_skipped;
}

static void ends_at_what_nobody_needs(void)
{
	static const struct deed deeds[] = { DEED(runs_a_program), DEED(opens_to_read),
		DEED(opens_to_write), DEED(forks), DEED(starts_a_thread), DEED(makes_a_socket),
		DEED(sends_elsewhere), DEED(maps_code), DEED(makes_code),
		DEED(types_into_a_terminal), DEED(kills_its_parent),
		DEED(signals_a_thread_of_its_parent), DEED(signals_its_parent_by_a_socket),
		DEED(removes_another_file), DEED(removes_a_copy_of_the_name), DEED(traces),
		DEED(calls_another_abi) };
	if (is_skipped())
		return;
	for (size_t i = 0; i < COUNT_OF(deeds); i++) {
		touch(named);
		touch(other);
		int free_status = status_of(deeds[i].does, false);
		if (free_status >= 256)
			CHECK_FAIL("%s: ended by signal %d without a sandbox", deeds[i].name,
			        free_status - 256);
		touch(named);
		touch(other);
		int status = status_of(deeds[i].does, true);
		if (status != 256 + SIGSYS)
			CHECK_FAIL("%s: %d", deeds[i].name, status);
	}
	CHECK(access(other, F_OK) == 0);
}

static void goes_on_with_what_it_needs(void)
{
	static const struct deed deeds[] = { DEED(allocates), DEED(is_signalled),
		DEED(is_signalled_by_a_socket), DEED(looks_and_writes), DEED(removes_its_socket) };
	if (is_skipped())
		return;
	for (size_t i = 0; i < COUNT_OF(deeds); i++) {
		touch(named);
		int status = status_of(deeds[i].does, true);
		if (status)
			CHECK_FAIL("%s: %d", deeds[i].name, status);
	}
}

static bool opens_to_change(void)
{
	return open(other, O_RDWR) >= 0;
}

static bool makes_a_nameless_file(void)
{
	open("/tmp", O_TMPFILE | O_WRONLY, 0600);
	return true;
}

static void files_are_opened_to_be_read_and_only_where_wanted(void)
{
	static const struct deed deeds[] = { DEED(opens_to_write), DEED(opens_to_change),
		DEED(makes_a_nameless_file), DEED(runs_a_program) };
	if (is_skipped())
		return;
	touch(other);
	reads_files = true;
	CHECK_EQ(status_of(opens_to_read, true), 0);
	for (size_t i = 0; i < COUNT_OF(deeds); i++) {
		int status = status_of(deeds[i].does, true);
		if (status != 256 + SIGSYS)
			CHECK_FAIL("%s: %d", deeds[i].name, status);
	}
	reads_files = false;
}

static int disk_fd;

static bool writes_to_a_disk(void)
{
	return pwrite(disk_fd, "x", 1, 0) == 1;
}

static bool flushes_a_disk(void)
{
	return fdatasync(disk_fd) == 0;
}

static bool locks_a_disk(void)
{
	struct flock lock = { F_RDLCK, SEEK_SET, 100, 1, 0 };
	return fcntl(disk_fd, F_OFD_SETLK, &lock) == 0 && fcntl(disk_fd, F_OFD_GETLK, &lock) == 0;
}

static void a_disk_is_written_to_only_where_wanted(void)
{
	if (is_skipped())
		return;
	touch(other);
	disk_fd = open(other, O_RDWR);
	CHECK_EQ(status_of(writes_to_a_disk, true), 256 + SIGSYS);
	CHECK_EQ(status_of(flushes_a_disk, true), 256 + SIGSYS);
	CHECK_EQ(status_of(locks_a_disk, true), 256 + SIGSYS);
	writes_files = true;
	CHECK_EQ(status_of(writes_to_a_disk, true), 0);
	CHECK_EQ(status_of(flushes_a_disk, true), 0);
	CHECK_EQ(status_of(opens_to_change, true), 256 + SIGSYS);
	writes_files = false;
	/* Where the guest may be started again, its disks are opened and locked again. */
	reads_files = true;
	CHECK_EQ(status_of(locks_a_disk, true), 0);
	CHECK_EQ(status_of(writes_to_a_disk, true), 256 + SIGSYS);
	reads_files = false;
	close(disk_fd);
}

static int begin_fd[2];

static void *open_when_told(void *arg)
{
	char byte;
	if (read(begin_fd[0], &byte, 1) == 1)
		makes_a_socket();
	_exit(1); /* it was allowed */
	return arg;
}

static bool a_thread_of_before_is_confined(void)
{
	pthread_t thread;
	if (pipe(begin_fd) < 0 || pthread_create(&thread, NULL, open_when_told, NULL) || !enter())
		return false;
	if (write(begin_fd[1], "", 1) == 1)
		pthread_join(thread, NULL);
	return false;
}

static void confines_all_threads(void)
{
	if (!is_skipped())
		CHECK_EQ(status_of(a_thread_of_before_is_confined, false), 256 + SIGSYS);
}

int main(void)
{
	char folder[] = "/tmp/stepvm-sandbox.XXXXXX";
	if (!mkdtemp(folder))
		return 1;
	snprintf(named, sizeof named, "%s/socket", folder);
	snprintf(other, sizeof other, "%s/other", folder);
	tester = getpid();
	datagram_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (datagram_fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 1;
	RUN(ends_at_what_nobody_needs);
	RUN(goes_on_with_what_it_needs);
	RUN(files_are_opened_to_be_read_and_only_where_wanted);
	RUN(a_disk_is_written_to_only_where_wanted);
	RUN(confines_all_threads);
	unlink(named);
	unlink(other);
	rmdir(folder);
	return check_done();
}

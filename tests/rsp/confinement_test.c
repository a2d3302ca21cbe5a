/* What a running stepvm has given up, as the kernel tells it. */
#include <dirent.h>
#include <sys/stat.h>

#include "rsp_check.h"

#ifdef __SANITIZE_ADDRESS__ /* stepvm is built the same way */
#define HAS_SANDBOX false
#else
#define HAS_SANDBOX true
#endif

/* A number in /proc/PID/task/TID/status, or -1. */
static long status_field(pid_t pid, const char *task, const char *name)
{
	char path[300], line[300];
	long value = -1;
	size_t n = strlen(name);
	snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, task);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, name, n) && line[n] == ':')
			value = strtol(line + n + 1, NULL, 10);
	if (f)
		fclose(f);
	return value;
}

/* All threads have the field so; how many they are. */
static unsigned check_threads(pid_t pid, const char *name, long wanted)
{
	char path[100];
	unsigned count = 0;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		long is = status_field(pid, e->d_name, name);
		if (is != wanted)
			CHECK_FAIL("thread %s: %s is %ld, wanted %ld", e->d_name, name, is, wanted);
		count++;
	}
	if (d)
		closedir(d);
	return count;
}

static void all_threads_are_in_the_sandbox(void)
{
	if (!HAS_SANDBOX)
		CHECK_SKIP("built with a sanitizer");
	for (size_t k = 0; k < RSP_TRANSPORTS; k++) {
		struct rsp r;
		RSP_OPEN(&r, rsp_transports[k], "spin", NULL);
		RSP_BEGINS(&r, "T05", "s"); /* it serves, so it has been confined */
		/* 2: SECCOMP_MODE_FILTER. KVM may have a thread of its own in the process. */
		CHECK(check_threads(r.pid, "Seccomp", 2) >= 2);
		check_threads(r.pid, "NoNewPrivs", 1);
		rsp_close(&r);
	}
}

static void no_sandbox_keeps_all_calls(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--no-sandbox", NULL);
	RSP_BEGINS(&r, "T05", "s");
	CHECK(check_threads(r.pid, "Seccomp", 0) >= 2);
	check_threads(r.pid, "NoNewPrivs", 0);
	rsp_close(&r);
}

/* Standard output and error are the user's; all else with a path is /dev/kvm and /dev/null. */
static void no_other_file_is_writable(void)
{
	struct rsp r;
	char path[400], to[300];
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	RSP_BEGINS(&r, "T05", "s");
	snprintf(path, sizeof path, "/proc/%d/fd", (int)r.pid);
	DIR *d = opendir(path);
	unsigned count = 0;
	for (struct dirent *e; d && (e = readdir(d));) {
		struct stat st;
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)r.pid, e->d_name);
		ssize_t n = readlink(path, to, sizeof to - 1);
		to[n > 0 ? n : 0] = 0;
		/* The test's own file in memory is the guest's standard output. */
		if (to[0] == '/' && strncmp(to, "/memfd:", 7) && strcmp(to, "/dev/kvm") &&
		        strcmp(to, "/dev/null") && lstat(path, &st) == 0 && st.st_mode & S_IWUSR)
			CHECK_FAIL("%s is open for writing: %s", e->d_name, to);
		count++;
	}
	if (d)
		closedir(d);
	CHECK(count > 5);
	rsp_close(&r);
}

int main(void)
{
	RUN(all_threads_are_in_the_sandbox);
	RUN(no_sandbox_keeps_all_calls);
	RUN(no_other_file_is_writable);
	return check_done();
}

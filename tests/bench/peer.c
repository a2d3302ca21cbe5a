#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_S 10

double peer_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void peer_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A port that was free a moment ago: QEMU can't be asked which one it took. */
static uint16_t free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 ||
	        getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		peer_die("no port");
	close(fd);
	return ntohs(a.sin_port);
}

/* Its input and output go nowhere. */
static bool spawn(pid_t *pid, const char *const *args)
{
	posix_spawn_file_actions_t quiet;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	int err = posix_spawnp(pid, args[0], &quiet, NULL, (char *const *)args, environ);
	posix_spawn_file_actions_destroy(&quiet);
	errno = err;
	return !err;
}

bool peer_start(struct peer *p, const struct peer_kind *kind)
{
	char image[500], where[40], drive[600];
	p->kind = kind;
	p->port = free_port();
	p->fd = -1;
	p->has_ack = true;
	/* QEMU stands at the reset vector and steps its BIOS: segments is only a disk to boot. */
	snprintf(image, sizeof image, "%s/%s.bin", kind->guests,
	        kind->is_qemu ? "segments" : "spin");
	snprintf(where, sizeof where, "%s:%u", kind->is_qemu ? "tcp:127.0.0.1" : "127.0.0.1",
	        p->port);
	snprintf(drive, sizeof drive, "format=raw,snapshot=on,file=%s", image);
	const char *const ours[] = { kind->stepvm, "run", "--engine", kind->by, "--gdb", where,
		image, NULL };
	/* Nobody has let the PIC's interrupts through QEMU's APIC yet, so TCG has none; with KVM it does not run so. */
	const char *cpu = strcmp(kind->by, "tcg") ? "qemu64" : "qemu64,-apic";
	const char *const qemu[] = { "qemu-system-x86_64", "-accel", kind->by, "-cpu", cpu,
		"-display", "none", "-S", "-nodefaults", "-m", "64", "-gdb", where, "-drive", drive,
		NULL };
	p->started_at = peer_now();
	return spawn(&p->pid, kind->is_qemu ? qemu : ours);
}

double peer_run(const struct peer_kind *kind, const char *guest)
{
	char image[500], drive[600];
	pid_t pid;
	snprintf(image, sizeof image, "%s/%s.bin", kind->guests, guest);
	snprintf(drive, sizeof drive, "format=raw,snapshot=on,file=%s", image);
	const char *const ours[] = { kind->stepvm, "run", "--engine", kind->by, image, NULL };
	const char *const qemu[] = { "qemu-system-x86_64", "-accel", kind->by, "-display", "none",
		"-m", "64", "-net", "none", "-device", "isa-debug-exit,iobase=0xf4", "-drive",
		drive, NULL };
	double begin = peer_now();
	if (!spawn(&pid, kind->is_qemu ? qemu : ours))
		return 0;
	/* Readable when it has ended: pidfd_open(2). */
	struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	bool has_ended = end.fd >= 0 && poll(&end, 1, PEER_WAIT_S * 1000) == 1;
	double seconds = peer_now() - begin;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (end.fd >= 0)
		close(end.fd);
	return has_ended ? seconds : 0;
}

void peer_stop(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
}

void peer_connect(struct peer *p)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(p->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;
	double deadline = peer_now() + CONNECT_S;
	while (peer_now() < deadline) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
			p->fd = fd;
			return;
		}
		close(fd);
	}
	peer_die(p->kind->name);
}

void peer_send_raw(struct peer *p, const void *bytes, size_t len)
{
	for (const char *at = bytes; len;) {
		ssize_t n = write(p->fd, at, len);
		if (n < 0)
			peer_die("write");
		at += n;
		len -= (size_t)n;
	}
}

__attribute__((format(printf, 2, 0))) static void make_packet(
        struct peer *p, const char *format, va_list args)
{
	char *out = p->request;
	uint8_t sum = 0;
	int n = vsnprintf(out + 1, PEER_REQUEST_SIZE - 4, format, args);
	out[0] = '$';
	for (int i = 1; i <= n; i++)
		sum = (uint8_t)(sum + out[i]);
	p->request_len = (size_t)n + 1 + (size_t)snprintf(out + n + 1, 4, "#%02x", sum);
}

void peer_make(struct peer *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	make_packet(p, format, args);
	va_end(args);
}

char peer_ask_made(struct peer *p)
{
	peer_send_raw(p, p->request, p->request_len);
	return peer_receive(p);
}

void peer_send(struct peer *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	make_packet(p, format, args);
	va_end(args);
	peer_send_raw(p, p->request, p->request_len);
}

char peer_receive(struct peer *p)
{
	double deadline = peer_now() + PEER_WAIT_S;
	p->reply_len = 0;
	while (peer_now() < deadline) {
		char *in = p->reply;
		ssize_t got = recv(
		        p->fd, in + p->reply_len, sizeof p->reply - 1 - p->reply_len, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			peer_die("the peer went away");
		if (got < 0)
			continue;
		p->reply_len += (size_t)got;
		in[p->reply_len] = 0;
		char *begin = memchr(in, '$', p->reply_len);
		/* Its end is among the last bytes: nothing is sent behind it. */
		if (!begin || p->reply_len < 4 || in[p->reply_len - 3] != '#')
			continue;
		if (p->has_ack)
			peer_send_raw(p, "+", 1);
		return begin[1];
	}
	return PEER_NO_REPLY;
}

char peer_ask(struct peer *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	make_packet(p, format, args);
	va_end(args);
	return peer_ask_made(p);
}

void peer_tell(struct peer *p, char wanted, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	make_packet(p, format, args);
	va_end(args);
	char is = peer_ask_made(p);
	if (is == wanted)
		return;
	fprintf(stderr, "bench: %s answered %.30s with %.40s\n", p->kind->name, format, p->reply);
	exit(1);
}

void peer_shake_hands(struct peer *p)
{
	peer_ask(p, "qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+");
	p->has_ack = peer_ask(p, "QStartNoAckMode") != 'O'; /* QEMU has no such packet */
	peer_ask(p, "vCont?");
	peer_ask(p, "qXfer:features:read:target.xml:0,ffb"); /* QEMU has no P before */
}

double peer_gdb(const struct peer *p, const char *before, const char *command)
{
	char line[2000], said[200];
	const char *gdb = getenv("GDB");
	double seconds = 0;
	snprintf(line, sizeof line,
	        "timeout 120 '%s' -nx -batch -ex 'set pagination off' -ex 'set confirm off' "
	        "-ex 'target remote 127.0.0.1:%u' %s "
	        "-ex 'python import time; t = time.monotonic(); gdb.execute(\"%s\", False, True); "
	        "print(\"bench\", time.monotonic() - t)' -ex kill 2>&1 </dev/null",
	        gdb ? gdb : "gdb", p->port, before, command);
	FILE *out = popen(line, "r");
	while (out && fgets(said, sizeof said, out))
		if (!strncmp(said, "bench ", 6))
			seconds = strtod(said + 6, NULL);
	if (out)
		pclose(out);
	return seconds;
}

/* Nanoseconds that a thread has run: proc(5), schedstat. */
static double thread_ns(const char *path)
{
	double ns = 0;
	FILE *f = fopen(path, "r");
	if (f && fscanf(f, "%lf", &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return ns;
}

double peer_cpu(const struct peer *p)
{
	char path[60];
	double ns = 0;
	glob_t threads;
	snprintf(path, sizeof path, "/proc/%d/task/*/schedstat", p->pid);
	if (glob(path, 0, NULL, &threads))
		return 0;
	for (size_t i = 0; i < threads.gl_pathc; i++)
		ns += thread_ns(threads.gl_pathv[i]);
	globfree(&threads);
	return ns / 1e9;
}

double peer_resident_mib(const struct peer *p)
{
	char path[40], line[200];
	double kib = 0;
	snprintf(path, sizeof path, "/proc/%d/status", p->pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, "VmRSS:", 6))
			kib = strtod(line + 6, NULL);
	if (f)
		fclose(f);
	return kib / 1024;
}

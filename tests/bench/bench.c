/* stepvm beside QEMU on the same work, by turns in one run: medians and ratios, as a Markdown
 *table.
 *
 *	bench STEPVM GUESTS [ROUNDS]
 *
 * Each round starts both, one after the other, and measures: the time from the start to the first
 * `?` reply; resident memory then; `s` packets a second over TCP; `s` followed by `g`; how often a
 * second the guest goes from one breakpoint to the next, as gdb does it (z, s, Z, c); how long a
 * watchpoint takes to stop. QEMU with KVM has four breakpoints, and its watchpoints never stop
 * here, so there a gdb steps and looks (`s`, `m`): measured for 2,000 steps and multiplied. The
 *client is the same for both and polls without sleeping, so that its own wake-up does not count.
 *Without qemu-system-x86_64 only stepvm's own figures are shown. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define ROUNDS_MAX 99
#define STEPS      5000
#define WAIT_S     2 /* a reply that takes longer does not come */
#define NO_REPLY   0

enum { START, MEMORY, STEP, STEP_AND_READ, BREAK_4, BREAK_64, WATCH, MEASURES };

static const struct {
	const char *name, *unit;
	bool less_is_better;
} measures[MEASURES] = {
	[START] = { "start to the first `?` reply", "ms", true },
	[MEMORY] = { "resident memory", "MiB", true },
	[STEP] = { "`s` over TCP", "/s", false },
	[STEP_AND_READ] = { "`s` and `g`", "/s", false },
	[BREAK_4] = { "breakpoint to breakpoint, 4 set", "/s", false },
	[BREAK_64] = { "the same, 64 set", "/s", false },
	[WATCH] = { "watch until a change after 1,000,000 instructions", "s", true },
};

struct peer {
	const char *name;
	bool is_qemu;
	double figures[MEASURES][ROUNDS_MAX];
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
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
		die("no port");
	close(fd);
	return ntohs(a.sin_port);
}

static pid_t start(const struct peer *p, const char *stepvm, const char *guests, uint16_t port)
{
	char image[500], where[40], drive[600];
	pid_t pid;
	/* QEMU stands at the reset vector and steps its BIOS: segments is only a disk to boot. */
	snprintf(image, sizeof image, "%s/%s.bin", guests, p->is_qemu ? "segments" : "spin");
	snprintf(where, sizeof where, "%s:%u", p->is_qemu ? "tcp:127.0.0.1" : "127.0.0.1", port);
	snprintf(drive, sizeof drive, "format=raw,snapshot=on,file=%s", image);
	const char *const ours[] = { stepvm, "run", "--gdb", where, image, NULL };
	const char *const qemu[] = { "qemu-system-x86_64", "-accel", "kvm", "-display", "none",
		"-S", "-nodefaults", "-m", "64", "-gdb", where, "-drive", drive, NULL };
	posix_spawn_file_actions_t quiet;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	int err = posix_spawnp(&pid, p->is_qemu ? qemu[0] : ours[0], &quiet, NULL,
	        (char *const *)(p->is_qemu ? qemu : ours), environ);
	posix_spawn_file_actions_destroy(&quiet);
	errno = err;
	return err ? -1 : pid;
}

static int dial(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;
	double deadline = now() + 10;
	while (now() < deadline) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
			return fd;
		}
		close(fd);
	}
	die("no connection");
	return -1;
}

/* Sends body as a packet and takes the reply, whose first byte it returns, or NO_REPLY. */
static char ask(int fd, bool has_ack, const char *body)
{
	static char in[1 << 16];
	char out[256];
	uint8_t sum = 0;
	size_t len = 0;
	for (const char *c = body; *c; c++)
		sum = (uint8_t)(sum + *c);
	int n = snprintf(out, sizeof out, "$%s#%02x", body, sum);
	if (write(fd, out, (size_t)n) != n)
		die("write");
	double deadline = now() + WAIT_S;
	while (now() < deadline) {
		ssize_t got = recv(fd, in + len, sizeof in - len, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			die("the peer went away");
		if (got < 0)
			continue;
		len += (size_t)got;
		char *begin = memchr(in, '$', len);
		char *end = begin ? memchr(begin, '#', len - (size_t)(begin - in)) : NULL;
		if (!end || (size_t)(end - in) + 3 > len)
			continue;
		if (has_ack && write(fd, "+", 1) != 1)
			die("write");
		return begin[1];
	}
	return NO_REPLY;
}

static double resident_mib(pid_t pid)
{
	char path[40], line[200];
	double kib = 0;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, "VmRSS:", 6))
			kib = strtod(line + 6, NULL);
	if (f)
		fclose(f);
	return kib / 1024;
}

static void expect(char is, char wanted, const char *what)
{
	if (is == wanted)
		return;
	fprintf(stderr, "bench: %s was answered with %c\n", what, is);
	exit(1);
}

/* Writes code to 0x1000 and makes it the next instruction, CS 0. */
static void put_code(int fd, bool is_qemu, bool has_ack, const char *hex)
{
	char packet[400];
	snprintf(packet, sizeof packet, "M1000,%zx:%s", strlen(hex) / 2, hex);
	ask(fd, has_ack, "g"); /* QEMU loses a P that no g came before */
	expect(ask(fd, has_ack, packet), 'O', "M");
	/* cs and rip in QEMU's x86-64 layout, cs and eip in stepvm's for 16-bit code. */
	expect(ask(fd, has_ack, is_qemu ? "P12=00000000" : "Pa=00000000"), 'O', "P cs");
	expect(ask(fd, has_ack, is_qemu ? "P10=0010000000000000" : "P8=00100000"), 'O', "P pc");
}

/* 64 nops in a loop, a breakpoint at every gap-th. */
static double breaks_a_second(int fd, bool is_qemu, bool has_ack, unsigned gap, int stops)
{
	char code[200] = "", packet[40];
	for (int i = 0; i < 64; i++)
		strcat(code, "90");
	strcat(code, "40ebbd"); /* inc ax; jmp to the first */
	put_code(fd, is_qemu, has_ack, code);
	for (unsigned i = 0; i < 64; i += gap) {
		snprintf(packet, sizeof packet, "Z1,%x,1", 0x1000 + i);
		if (!is_qemu)
			packet[1] = '0';
		expect(ask(fd, has_ack, packet), 'O', packet);
	}
	double begin = now();
	for (int i = 0; i < stops; i++) {
		unsigned at = 0x1000 + (unsigned)i * gap % 64;
		snprintf(packet, sizeof packet, "z%d,%x,1", is_qemu, at);
		ask(fd, has_ack, packet);
		expect(ask(fd, has_ack, "s"), 'T', "s");
		packet[0] = 'Z';
		ask(fd, has_ack, packet);
		/* With a breakpoint on every instruction the step has come to the next one. */
		if (gap > 1 && ask(fd, has_ack, "c") != 'T')
			return 0; /* it never stops */
	}
	double rate = stops / (now() - begin);
	for (unsigned i = 0; i < 64; i += gap) {
		snprintf(packet, sizeof packet, "z%d,%x,1", is_qemu, 0x1000 + i);
		ask(fd, has_ack, packet);
	}
	return rate;
}

/* mov $500000, %ecx; 1: dec %ecx; jnz 1b; movb $1, 0x500; jmp . */
#define COUNTDOWN                                                                                  \
	"66b920a107006649"                                                                         \
	"75fc"                                                                                     \
	"c606000501"                                                                               \
	"ebfe"

static double watch_seconds(int fd, bool is_qemu, bool has_ack)
{
	put_code(fd, is_qemu, has_ack, COUNTDOWN);
	double begin = now();
	if (is_qemu) {
		for (int i = 0; i < 2000; i++) {
			expect(ask(fd, has_ack, "s"), 'T', "s");
			ask(fd, has_ack, "m500,1");
		}
		return (now() - begin) * 1000000 / 2000;
	}
	expect(ask(fd, has_ack, "Z2,500,1"), 'O', "Z2");
	if (ask(fd, has_ack, "c") != 'T')
		return 0;
	double seconds = now() - begin;
	ask(fd, has_ack, "z2,500,1");
	return seconds;
}

static bool measure(struct peer *p, int round, const char *stepvm, const char *guests)
{
	uint16_t port = free_port();
	double begin = now();
	pid_t pid = start(p, stepvm, guests, port);
	if (pid < 0)
		return false;
	int fd = dial(port);
	expect(ask(fd, true, "?"), 'T', "?");
	p->figures[START][round] = (now() - begin) * 1e3;
	p->figures[MEMORY][round] = resident_mib(pid);
	/* A gdb turns acknowledgements off where it can; QEMU has no such packet. */
	ask(fd, true, "qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+");
	bool has_ack = ask(fd, true, "QStartNoAckMode") != 'O';
	ask(fd, has_ack, "vCont?");
	ask(fd, has_ack, "qXfer:features:read:target.xml:0,ffb"); /* QEMU has no P before */
	begin = now();
	for (int i = 0; i < STEPS; i++)
		expect(ask(fd, has_ack, "s"), 'T', "s");
	p->figures[STEP][round] = STEPS / (now() - begin);
	begin = now();
	for (int i = 0; i < STEPS / 2; i++) {
		expect(ask(fd, has_ack, "s"), 'T', "s");
		ask(fd, has_ack, "g");
	}
	p->figures[STEP_AND_READ][round] = STEPS / 2 / (now() - begin);
	p->figures[WATCH][round] = watch_seconds(fd, p->is_qemu, has_ack);
	if (!p->is_qemu)
		p->figures[BREAK_64][round] = breaks_a_second(fd, false, has_ack, 1, 500);
	p->figures[BREAK_4][round] = breaks_a_second(fd, p->is_qemu, has_ack, 16, 500);
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *figures, int n)
{
	qsort(figures, (size_t)n, sizeof *figures, compare);
	return figures[n / 2];
}

int main(int argc, char **argv)
{
	static struct peer ours = { .name = "stepvm" }, qemu = { .name = "QEMU", .is_qemu = true };
	int rounds = argc > 3 ? atoi(argv[3]) : 9;
	bool has_qemu = true;
	if (argc < 3 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench STEPVM GUESTS [ROUNDS]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < rounds; i++) {
		if (!measure(&ours, i, argv[1], argv[2]))
			die(argv[1]);
		has_qemu = has_qemu && measure(&qemu, i, argv[1], argv[2]);
	}
	if (!has_qemu)
		printf("qemu-system-x86_64 is not there (apt-get install qemu-system-x86): stepvm "
		       "alone\n\n");
	printf("| median of %d | stepvm | QEMU -accel kvm | ratio |\n|---|---|---|---|\n", rounds);
	for (int m = 0; m < MEASURES; m++) {
		double a = median(ours.figures[m], rounds);
		double b = has_qemu ? median(qemu.figures[m], rounds) : 0;
		printf("| %s | %.*f %s | ", measures[m].name, a < 1 ? 3 : a < 100, a,
		        measures[m].unit);
		if (has_qemu && b > 0)
			printf("%.*f %s | %.1f |\n", b < 100, b, measures[m].unit,
			        measures[m].less_is_better ? b / a : a / b);
		else
			printf("- | - |\n");
	}
	return 0;
}

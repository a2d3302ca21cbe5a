/* A debugger's end of a real stepvm: starts it, talks to it over any transport, ends it.
 *
 *	struct rsp r;
 *	rsp_start(&r, RSP_UNIX, rsp_guest("ports"), NULL);
 *	rsp_connect(&r);
 *	rsp_ask(&r, "m%x,4", 0x7c00);		-> "ea057c00"
 *	rsp_close(&r);
 *
 * The environment says what to start and on what: STEPVM, the program; GUESTS, the folder of the
 * built guests. Nothing here waits without an end: what does not come within RSP_WAIT_MS gives
 * "(no reply)" or an error. The programs started die with the one that started them.
 * Source: GDB manual, appendix "GDB Remote Serial Protocol". */
#ifndef STEPVM_TESTS_RSP_H
#define STEPVM_TESTS_RSP_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RSP_WAIT_MS     rsp_wait_ms() /* RSP_WAIT_S in the environment; 20 s unless it is there */
#define RSP_PACKET_SIZE 0x80000       /* a reply's body: stepvm announces half of it */
#define RSP_ARGS_MAX    24

enum rsp_transport { RSP_UNIX, RSP_TCP, RSP_STDIO };

struct rsp {
	enum rsp_transport transport;
	pid_t pid;
	int in_fd, out_fd; /* the connection, -1: none; the same but for stdio */
	int stderr_fd;     /* a pipe */
	int stdout_fd;     /* the guest's output: a file in memory, or a pipe's end */
	char folder[64];   /* of the socket */
	char where[128];   /* what stepvm announced */
	bool is_no_ack;
	unsigned naks;     /* `-` seen */
	char errors[8192]; /* standard error so far */
	size_t errors_len;
	uint8_t in[65536]; /* read, not yet taken */
	size_t in_at, in_len;
	char *packet; /* the last packet's body, raw and with a 0 behind it */
	size_t packet_len;
	char failure[600]; /* rsp_failure.h */
};

static inline const char *rsp_env(const char *name)
{
	const char *value = getenv(name);
	if (value && value[0])
		return value;
	printf("Bail out! %s is not set: run tests/check BUILD\n", name);
	exit(1);
}

static inline int rsp_wait_ms(void)
{
	const char *value = getenv("RSP_WAIT_S");
	return 1000 * (value && value[0] ? atoi(value) : 20);
}

/* The image of a guest; a few at a time. */
static inline const char *rsp_guest(const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s%s", rsp_env("GUESTS"), name,
	        strchr(name, '.') ? "" : ".bin");
	return path;
}

static inline int64_t rsp_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- the program ----------------------------------------------------------------------------- */

/* Takes what stands on its standard error. */
static inline bool rsp_drain(struct rsp *r)
{
	char dropped[512];
	size_t room = sizeof r->errors - 1 - r->errors_len;
	ssize_t n = room ? read(r->stderr_fd, r->errors + r->errors_len, room)
	                 : read(r->stderr_fd, dropped, sizeof dropped);
	if (n <= 0)
		return false;
	if (room)
		r->errors_len += (size_t)n;
	r->errors[r->errors_len] = 0;
	return true;
}

/* Waits until standard error holds text, any number of lines of it. */
static inline bool rsp_wait_errors(struct rsp *r, const char *text)
{
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	while (!strstr(r->errors, text)) {
		struct pollfd p = { .fd = r->stderr_fd, .events = POLLIN };
		int64_t left = until - rsp_now_ms();
		if (left <= 0 || poll(&p, 1, (int)left) != 1 || !rsp_drain(r))
			return false;
	}
	return true;
}

/* The guest's output so far, as a string. */
static inline const char *rsp_output(const struct rsp *r)
{
	static char text[4096];
	ssize_t n = pread(r->stdout_fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = 0;
	return text;
}

static inline void rsp_exec(const char **argv, int in_fd, int out_fd, int err_fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	dup2(in_fd, 0);
	dup2(out_fd, 1);
	dup2(err_fd, 2);
	execv(argv[0], (char **)argv);
	_exit(127);
}

/* What --gdb is to be told; makes the socket's folder. */
static inline bool rsp_choose_where(struct rsp *r, char *to, size_t size)
{
	const char *tmp = getenv("TMPDIR");
	switch (r->transport) {
	case RSP_TCP: snprintf(to, size, ":0"); return true;
	case RSP_STDIO: snprintf(to, size, "-"); return true;
	case RSP_UNIX: break;
	}
	snprintf(r->folder, sizeof r->folder, "%.40s/stepvm-rsp.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(r->folder)) {
		r->folder[0] = 0;
		return false;
	}
	snprintf(to, size, "unix:%s/socket", r->folder);
	return true;
}

/* "... target remote WHERE\n" */
static inline bool rsp_read_where(struct rsp *r)
{
	static const char before[] = "target remote ";
	if (r->transport == RSP_STDIO)
		return true;
	if (!rsp_wait_errors(r, before))
		return false;
	const char *at = strstr(r->errors, before) + sizeof before - 1;
	if (!rsp_wait_errors(r, "\n"))
		return false;
	snprintf(r->where, sizeof r->where, "%.*s", (int)strcspn(at, "\n"), at);
	return true;
}

/* What a guest stands on where its options don't say --board. Run control is tested on a bare board: no
 * tick of a PC's comes between two steps of a guest on a slow simulator. A test of the PC's defines it as
 * auto before this header. */
#ifndef RSP_BOARD
#define RSP_BOARD "bare"
#endif

/* As rsp_start, with stdout_fd for the guest's output: r's from now on. */
static inline bool rsp_start_on(
        struct rsp *r, enum rsp_transport transport, int stdout_fd, const char *image, va_list args)
{
	const char *argv[RSP_ARGS_MAX] = { rsp_env("STEPVM"), "run", "--gdb" };
	char where[160];
	int err[2], in[2] = { -1, -1 }, out[2] = { -1, -1 };
	size_t n = 3;
	bool has_board = false, has_engine = false;
	memset(r, 0, sizeof *r);
	r->transport = transport;
	r->in_fd = r->out_fd = r->stderr_fd = -1;
	r->stdout_fd = stdout_fd;
	r->packet = malloc(RSP_PACKET_SIZE + 1);
	signal(SIGPIPE, SIG_IGN);
	if (!r->packet || !rsp_choose_where(r, where, sizeof where) || pipe(err) < 0)
		return false;
	argv[n++] = where;
	for (const char *option;
	        (option = va_arg(args, const char *)) != NULL && n < RSP_ARGS_MAX - 6;) {
		has_board |= !strcmp(option, "--board");
		has_engine |= !strcmp(option, "--engine");
		argv[n++] = option;
	}
	/* Who does the guests' instructions: "auto", "kvm", "interp". */
	if (getenv("RSP_ENGINE") && !has_engine) {
		argv[n++] = "--engine";
		argv[n++] = getenv("RSP_ENGINE");
	}
	if (!has_board) {
		argv[n++] = "--board";
		argv[n++] = RSP_BOARD;
	}
	argv[n++] = image;
	bool is_stdio = transport == RSP_STDIO;
	if (is_stdio && (pipe(in) < 0 || pipe(out) < 0))
		return false;
	pid_t parent = getpid();
	fflush(stdout);
	r->pid = fork();
	if (r->pid == 0) {
		FILE *nothing = is_stdio ? NULL : fopen("/dev/null", "r");
		if (is_stdio) {
			close(in[1]); /* so that the end of our side is seen */
			close(out[0]);
		}
		rsp_exec(argv, is_stdio ? in[0] : fileno(nothing), is_stdio ? out[1] : r->stdout_fd,
		        err[1], parent);
	}
	close(err[1]);
	r->stderr_fd = err[0];
	if (is_stdio) {
		close(in[0]);
		close(out[1]);
		r->in_fd = out[0];
		r->out_fd = in[1];
	}
	return r->pid > 0 && rsp_read_where(r);
}

/* Runs IMAGE with the options behind it, which end with NULL. False when it did not come up: then
 * r->errors may say why, and rsp_close is still to be called. */
static inline bool rsp_start(struct rsp *r, enum rsp_transport transport, const char *image, ...)
{
	va_list args;
	va_start(args, image);
	bool ok = rsp_start_on(r, transport, memfd_create("stdout", 0), image, args);
	va_end(args);
	return ok;
}

/* The same with the guest's output in a pipe of one page. *to: where it can be read, without
 * waiting; the caller's. */
static inline bool rsp_start_piped(
        struct rsp *r, enum rsp_transport transport, int *to, const char *image, ...)
{
	int out[2];
	va_list args;
	if (pipe2(out, O_CLOEXEC) < 0)
		return false;
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(out[1], F_SETPIPE_SZ, 4096);
	*to = out[0];
	va_start(args, image);
	bool ok = rsp_start_on(r, transport, out[1], image, args);
	va_end(args);
	return ok;
}

/* Its exit status, 256 and the signal when one ended it, -1 when it does not end. */
static inline int rsp_wait_exit(struct rsp *r)
{
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	int status;
	/* Standard error ends when the program does. */
	while (rsp_now_ms() < until) {
		struct pollfd p = { .fd = r->stderr_fd, .events = POLLIN };
		if (poll(&p, 1, (int)(until - rsp_now_ms())) == 1 && !rsp_drain(r))
			break;
	}
	if (rsp_now_ms() >= until || waitpid(r->pid, &status, 0) != r->pid)
		return -1;
	r->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static inline void rsp_disconnect(struct rsp *r)
{
	if (r->in_fd >= 0)
		close(r->in_fd);
	if (r->out_fd >= 0 && r->out_fd != r->in_fd)
		close(r->out_fd);
	r->in_fd = r->out_fd = -1;
	r->in_at = r->in_len = 0;
	r->is_no_ack = false;
}

static inline void rsp_close(struct rsp *r)
{
	char path[128];
	rsp_disconnect(r);
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
	}
	if (r->stderr_fd >= 0)
		close(r->stderr_fd);
	if (r->stdout_fd >= 0)
		close(r->stdout_fd);
	if (r->folder[0]) {
		snprintf(path, sizeof path, "%s/socket", r->folder);
		unlink(path);
		rmdir(r->folder);
	}
	free(r->packet);
}

/* --- the connection -------------------------------------------------------------------------- */

/* A descriptor of a new connection, or -1. */
static inline int rsp_dial(const struct rsp *r)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	struct sockaddr_in i = { .sin_family = AF_INET };
	int fd, one = 1;
	bool is_unix = r->transport == RSP_UNIX;
	const char *colon = strrchr(r->where, ':');
	snprintf(u.sun_path, sizeof u.sun_path, "%.107s", r->where);
	i.sin_port = htons((uint16_t)(colon ? atoi(colon + 1) : 0));
	i.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!is_unix)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, is_unix ? (struct sockaddr *)&u : (struct sockaddr *)&i,
	            is_unix ? sizeof u : sizeof i) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static inline bool rsp_connect(struct rsp *r)
{
	if (r->transport == RSP_STDIO)
		return r->in_fd >= 0; /* since the start */
	rsp_disconnect(r);
	r->in_fd = r->out_fd = rsp_dial(r);
	return r->in_fd >= 0;
}

static inline bool rsp_send_raw(struct rsp *r, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	while (len) {
		ssize_t n = write(r->out_fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* Escapes what would end a packet. to has room for 2 * len. Returns the length. */
static inline size_t rsp_escape(uint8_t *to, const void *from, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = ((const uint8_t *)from)[i];
		bool is_special = c == '#' || c == '$' || c == '}' || c == '*';
		if (is_special)
			to[n++] = '}';
		to[n++] = is_special ? c ^ 0x20 : c;
	}
	return n;
}

static inline size_t rsp_unescape(uint8_t *to, const void *from, size_t len)
{
	const uint8_t *at = from, *end = at + len;
	size_t n = 0;
	while (at < end) {
		bool is_escape = *at == '}' && at + 1 < end;
		to[n++] = is_escape ? at[1] ^ 0x20 : at[0];
		at += is_escape ? 2 : 1;
	}
	return n;
}

/* `$`, body, `#` and the checksum; to has room for len + 4. Returns the length. */
static inline size_t rsp_wrap(uint8_t *to, const void *body, size_t len)
{
	uint8_t sum = 0;
	char digits[3];
	to[0] = '$';
	memcpy(to + 1, body, len);
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + to[1 + i]);
	snprintf(digits, sizeof digits, "%02x", sum);
	to[len + 1] = '#';
	memcpy(to + len + 2, digits, 2);
	return len + 4;
}

/* body: escaped already. */
static inline bool rsp_send(struct rsp *r, const void *body, size_t len)
{
	uint8_t small[512], *packet = len + 4 > sizeof small ? malloc(len + 4) : small;
	bool ok = packet && rsp_send_raw(r, packet, rsp_wrap(packet, body, len));
	if (packet != small)
		free(packet);
	return ok;
}

/* One byte, or -1: none within the time, or the connection is gone. */
static inline int rsp_byte(struct rsp *r, int timeout_ms)
{
	int64_t until = rsp_now_ms() + timeout_ms;
	while (r->in_at == r->in_len) {
		struct pollfd p[] = { { .fd = r->in_fd, .events = POLLIN },
			{ .fd = r->stderr_fd, .events = POLLIN } };
		int64_t left = until - rsp_now_ms();
		int n = poll(p, 2, left > 0 ? (int)left : 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		if (p[1].revents & POLLIN)
			rsp_drain(r);
		if (!p[0].revents) {
			if (p[1].revents & POLLIN)
				continue;
			return -1; /* the program is gone, and sent nothing more */
		}
		ssize_t got = read(r->in_fd, r->in, sizeof r->in);
		if (got <= 0)
			return -1;
		r->in_at = 0;
		r->in_len = (size_t)got;
	}
	return r->in[r->in_at++];
}

/* The next packet's body, raw, in r->packet; acknowledged unless r->is_no_ack. Counts `-`, skips
 * `+`. False when none comes, or with a wrong checksum. */
static inline bool rsp_receive(struct rsp *r, int timeout_ms)
{
	uint8_t sum = 0;
	unsigned given;
	char digits[3] = { 0 };
	int c;
	r->packet_len = 0;
	r->packet[0] = 0;
	while ((c = rsp_byte(r, timeout_ms)) != '$') {
		if (c < 0)
			return false;
		r->naks += c == '-';
	}
	while ((c = rsp_byte(r, timeout_ms)) != '#') {
		int more = 1;
		sum = (uint8_t)(sum + c);
		if (c == '*') { /* run-length encoding: so many more of the last character */
			more = rsp_byte(r, timeout_ms);
			sum = (uint8_t)(sum + more);
			more -= 29;
			c = r->packet_len ? (uint8_t)r->packet[r->packet_len - 1] : -1;
		}
		if (c < 0 || more < 0 || r->packet_len + (size_t)more > RSP_PACKET_SIZE)
			return false;
		memset(r->packet + r->packet_len, c, (size_t)more);
		r->packet_len += (size_t)more;
	}
	r->packet[r->packet_len] = 0;
	for (int i = 0; i < 2; i++) {
		c = rsp_byte(r, timeout_ms);
		if (c < 0)
			return false;
		digits[i] = (char)c;
	}
	if (!r->is_no_ack && !rsp_send_raw(r, "+", 1))
		return true; /* it has gone, and that was its last word */
	return sscanf(digits, "%2x", &given) == 1 && given == sum;
}

/* The next packet that is no text (O), or "(no reply)". */
static inline const char *rsp_reply(struct rsp *r)
{
	do {
		if (!rsp_receive(r, RSP_WAIT_MS))
			return "(no reply)";
	} while (r->packet[0] == 'O' && strcmp(r->packet, "OK") != 0);
	return r->packet;
}

static inline const char *rsp_ask_bytes(struct rsp *r, const void *body, size_t len)
{
	return rsp_send(r, body, len) ? rsp_reply(r) : "(no connection)";
}

/* Sends what format makes, as it is; the reply's body. */
static inline const char *rsp_ask(struct rsp *r, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static inline const char *rsp_ask(struct rsp *r, const char *format, ...)
{
	char body[4096];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(body, sizeof body, format, args);
	va_end(args);
	return n > 0 && (size_t)n < sizeof body ? rsp_ask_bytes(r, body, (size_t)n) : "(too long)";
}

/* Hex digits become text. False: they are none. */
static inline bool rsp_unhex(const char *hex, char *text, size_t size)
{
	size_t len = 0;
	unsigned byte;
	for (; sscanf(hex, "%2x", &byte) == 1 && strlen(hex) >= 2 && len < size - 1; hex += 2)
		text[len++] = (char)byte;
	text[len] = 0;
	return len && !*hex;
}

/* Runs `monitor LINE`; what it prints, up to the next call. */
static inline const char *rsp_monitor(struct rsp *r, const char *line)
{
	static char text[0x40000];
	size_t len = 0;
	uint8_t body[600] = "qRcmd,";
	size_t n = strlen((char *)body);
	for (; *line && n < sizeof body - 3; line++)
		n += (size_t)snprintf((char *)body + n, 3, "%02x", (uint8_t)*line);
	if (!rsp_send(r, body, n))
		return "(no connection)";
	while (rsp_receive(r, RSP_WAIT_MS) && r->packet[0] == 'O' && strcmp(r->packet, "OK")) {
		unsigned byte;
		for (const char *at = r->packet + 1;
		        sscanf(at, "%2x", &byte) == 1 && len < sizeof text - 1; at += 2)
			text[len++] = (char)byte;
	}
	text[len] = 0;
	if (!strcmp(r->packet, "OK"))
		return text;
	return rsp_unhex(r->packet, text, sizeof text) ? text : "(no OK)";
}

#endif

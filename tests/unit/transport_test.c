#include "gdbstub/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

#define WAIT_MS 10000 /* longer means that it never comes */

static char folder[64];

static const char *in_folder(const char *name)
{
	static char path[120];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static const char *unix_where(const char *name)
{
	static char where[130];
	snprintf(where, sizeof where, "unix:%s", in_folder(name));
	return where;
}

static int connect_to(const struct transport *t)
{
	int fd = -1;
	if (t->kind == TRANSPORT_UNIX) {
		struct sockaddr_un a = { .sun_family = AF_UNIX };
		snprintf(a.sun_path, sizeof a.sun_path, "%s", t->path);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
			CHECK_FAIL("no connection to %s: %s", t->path, strerror(errno));
	} else {
		struct sockaddr_in a = { .sin_family = AF_INET };
		a.sin_port = htons((uint16_t)atoi(strrchr(t->where, ':') + 1));
		a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
			CHECK_FAIL("no connection to %s: %s", t->where, strerror(errno));
	}
	return fd;
}

static void wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	if (poll(&p, 1, WAIT_MS) != 1)
		CHECK_FAIL("nothing came");
}

static int open_pair(struct transport *t, const char *where)
{
	struct transport_error e;
	if (transport_open(t, where, &e)) {
		CHECK_FAIL("%s", e.text);
		return -1;
	}
	CHECK_EQ(transport_accept(t), 0); /* nobody there yet, and it does not wait */
	CHECK_EQ(t->in_fd, -1);
	int fd = connect_to(t);
	wait_for(t->listen_fd, POLLIN);
	CHECK_EQ(transport_accept(t), 1);
	CHECK(t->in_fd >= 0);
	return fd;
}

static void bytes_go_both_ways(const char *where)
{
	struct transport t;
	uint8_t bytes[8];
	char got[8];
	int fd = open_pair(&t, where);
	if (fd < 0)
		return;
	CHECK_EQ(transport_read(&t, bytes, sizeof bytes), 0); /* none now */
	CHECK_EQ(write(fd, "hello", 5), 5);
	wait_for(t.in_fd, POLLIN);
	CHECK_EQ(transport_read(&t, bytes, 3), 3);
	CHECK_EQ(transport_read(&t, bytes + 3, 5), 2);
	CHECK(!memcmp(bytes, "hello", 5));
	CHECK_EQ(transport_write(&t, bytes, 4), 4);
	CHECK_EQ(recv(fd, got, 4, MSG_WAITALL), 4);
	CHECK(!memcmp(got, "hell", 4));
	close(fd);
	wait_for(t.in_fd, POLLIN);
	CHECK(transport_read(&t, bytes, sizeof bytes) < 0);
	transport_drop(&t);
	CHECK_EQ(t.in_fd, -1);
	fd = connect_to(&t); /* the next one may come */
	wait_for(t.listen_fd, POLLIN);
	CHECK_EQ(transport_accept(&t), 1);
	close(fd);
	transport_close(&t);
}

static void tcp_carries_bytes(void)
{
	bytes_go_both_ways(":0");
}

static void a_unix_socket_carries_bytes(void)
{
	bytes_go_both_ways(unix_where("bytes"));
}

/* Full buffers are no error and no wait; what was written arrives. */
static void a_reader_that_does_not_read_blocks_nothing(void)
{
	struct transport t;
	static uint8_t bytes[65536];
	int fd = open_pair(&t, unix_where("slow"));
	long n, total = 0;
	while ((n = transport_write(&t, bytes, sizeof bytes)) > 0 && total < 1 << 28)
		total += n;
	CHECK_EQ(n, 0);
	CHECK(total > 0);
	close(fd);
	CHECK(transport_write(&t, bytes, 1) < 0); /* and no SIGPIPE */
	transport_close(&t);
}

static void a_second_debugger_is_told_and_sent_away(void)
{
	static const char told[] = "+$E.stepvm has a debugger already; end that one first#";
	const char *const wheres[] = { ":0", unix_where("second") };
	for (size_t i = 0; i < 2; i++) {
		struct transport t;
		char got[200];
		uint8_t byte;
		size_t len = 0;
		ssize_t n;
		int first = open_pair(&t, wheres[i]);
		int second = connect_to(&t);
		CHECK_EQ(write(second, "+$qSupported#37", 15), 15); /* as a gdb does at once */
		wait_for(t.listen_fd, POLLIN);
		CHECK_EQ(transport_accept(&t), -EBUSY);
		while ((n = read(second, got + len, sizeof got - len)) > 0)
			len += (size_t)n;
		CHECK_EQ(len, sizeof told - 1 + 2);
		CHECK(!memcmp(got, told, sizeof told - 1));
		CHECK_EQ(write(first, "x", 1), 1); /* the first is not disturbed */
		wait_for(t.in_fd, POLLIN);
		CHECK_EQ(transport_read(&t, &byte, 1), 1);
		CHECK_EQ(byte, 'x');
		close(first);
		close(second);
		transport_close(&t);
	}
}

static void where_is_what_gdb_takes(void)
{
	struct transport t;
	struct transport_error e;
	CHECK_EQ(transport_open(&t, ":0", &e), 0);
	CHECK(t.where[0] == ':' && atoi(t.where + 1) > 0);
	CHECK(!t.is_open_to_network);
	transport_close(&t);
	CHECK_EQ(transport_open(&t, "localhost:0", &e), 0);
	CHECK(t.where[0] == ':' && !t.is_open_to_network);
	transport_close(&t);
	CHECK_EQ(transport_open(&t, "127.0.0.2:0", &e), 0);
	CHECK(!strncmp(t.where, "127.0.0.2:", 10) && !t.is_open_to_network);
	transport_close(&t);
	CHECK_EQ(transport_open(&t, "0.0.0.0:0", &e), 0);
	CHECK(t.is_open_to_network);
	transport_close(&t);
	CHECK_EQ(transport_open(&t, unix_where("where"), &e), 0);
	CHECK_STR(t.where, in_folder("where"));
	transport_close(&t);
}

static void loopback_of_ipv6_is_loopback(void)
{
	struct transport t;
	struct transport_error e;
	if (transport_open(&t, "[::1]:0", &e)) {
		CHECK(strstr(e.text, "[::1]:0")); /* a host without IPv6: said so */
		return;
	}
	CHECK(!strncmp(t.where, "[::1]:", 6));
	CHECK(!t.is_open_to_network);
	transport_close(&t);
}

static void bad_addresses_are_refused_by_name(void)
{
	static const char *const bad[] = { "", "1234", ":", ":65536", ":-1", ":12x", ": 1", ":1 ",
		"localhost", "localhost:", "example.org:1", "1.2.3:1", "1.2.3.4.5:1", "[::1:1",
		"::1:1", "[]:1", "unix:", ":99999999999999999999",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct transport t;
		struct transport_error e = { 0 };
		int err = transport_open(&t, bad[i], &e);
		if (err != -EINVAL || !strstr(e.text, bad[i]))
			CHECK_FAIL("\"%s\": %d, \"%s\"", bad[i], err, e.text);
	}
	struct transport t;
	struct transport_error e = { 0 };
	char path[200] = "unix:/";
	memset(path + 6, 'a', 107);
	CHECK_EQ(transport_open(&t, path, &e), -EINVAL); /* 108 with the / */
	CHECK(strstr(e.text, "107"));
}

static void a_taken_port_is_said_to_be_taken(void)
{
	struct transport t, other;
	struct transport_error e = { 0 };
	CHECK_EQ(transport_open(&t, ":0", &e), 0);
	CHECK_EQ(transport_open(&other, t.where, &e), -EADDRINUSE);
	CHECK(strstr(e.text, t.where));
	CHECK(strstr(e.text, "another program listens there"));
	transport_close(&t);
}

static void the_socket_file_is_the_users_alone(void)
{
	struct transport t;
	struct transport_error e;
	struct stat st;
	mode_t before = umask(0);
	CHECK_EQ(transport_open(&t, unix_where("mode"), &e), 0);
	CHECK_EQ(stat(in_folder("mode"), &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(umask(before), 0); /* as it was */
	transport_close(&t);
	CHECK(stat(in_folder("mode"), &st) < 0);
}

static void a_stale_socket_is_replaced_and_nothing_else(void)
{
	struct transport t, other;
	struct transport_error e = { 0 };
	struct stat st;
	CHECK_EQ(transport_open(&t, unix_where("stale"), &e), 0);
	CHECK_EQ(transport_open(&other, unix_where("stale"), &e), -EADDRINUSE); /* in use */
	CHECK(strstr(e.text, "another program listens there"));
	CHECK_EQ(stat(in_folder("stale"), &st), 0);
	close(t.listen_fd); /* as if killed: the file stays */
	CHECK_EQ(transport_open(&other, unix_where("stale"), &e), 0);
	transport_close(&other);
	int fd = open(in_folder("file"), O_CREAT | O_WRONLY, 0600);
	close(fd);
	CHECK_EQ(transport_open(&other, unix_where("file"), &e), -EEXIST);
	CHECK_EQ(stat(in_folder("file"), &st), 0);
	unlink(in_folder("file"));
	CHECK_EQ(transport_open(&other, unix_where("none/file"), &e), -ENOENT);
}

/* With 0 and 1 turned into pipes for as long as it takes. */
static void standard_input_and_output_connect_once(void)
{
	struct transport t;
	struct transport_error e;
	int in[2], out[2], saved_in = dup(0), saved_out = dup(1);
	uint8_t bytes[8];
	bool ok = pipe(in) == 0 && pipe(out) == 0;
	fflush(stdout);
	dup2(in[0], 0);
	dup2(out[1], 1);
	ok = ok && transport_open(&t, "-", &e) == 0 && transport_accept(&t) == 1 &&
	     transport_accept(&t) == 0 && transport_read(&t, bytes, 8) == 0;
	ok = ok && write(in[1], "abc", 3) == 3 && transport_read(&t, bytes, 8) == 3 &&
	     transport_write(&t, bytes, 3) == 3;
	close(in[1]);
	ok = ok && transport_read(&t, bytes, 8) == -EPIPE;
	transport_drop(&t);
	ok = ok && transport_accept(&t) == 0 && fcntl(0, F_GETFD) >= 0; /* not ours to close */
	transport_close(&t);
	dup2(saved_in, 0);
	dup2(saved_out, 1);
	CHECK(ok);
	CHECK_EQ(read(out[0], bytes, 8), 3);
	CHECK(!memcmp(bytes, "abc", 3));
	close(in[0]);
	close(out[0]);
	close(out[1]);
}

/* As many as a port scan may leave behind: none of them, nor the next one, has to wait. */
static void a_queue_of_connections_keeps_nobody_waiting(void)
{
	struct transport t;
	struct transport_error e;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fds[100];
	CHECK_EQ(transport_open(&t, unix_where("queue"), &e), 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", t.path);
	for (int i = 0; i < 100; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fds[i], (struct sockaddr *)&a, sizeof a) < 0)
			CHECK_FAIL("connection %d: %s", i, strerror(errno));
	}
	for (int i = 0; i < 100; i++)
		CHECK_EQ(transport_accept(&t), i ? -EBUSY : 1);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
	transport_close(&t);
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%.40s/transport.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder)) {
		printf("Bail out! no folder in %s\n", tmp ? tmp : "/tmp");
		return 1;
	}
	RUN(tcp_carries_bytes);
	RUN(a_unix_socket_carries_bytes);
	RUN(a_reader_that_does_not_read_blocks_nothing);
	RUN(a_second_debugger_is_told_and_sent_away);
	RUN(a_queue_of_connections_keeps_nobody_waiting);
	RUN(where_is_what_gdb_takes);
	RUN(loopback_of_ipv6_is_loopback);
	RUN(bad_addresses_are_refused_by_name);
	RUN(a_taken_port_is_said_to_be_taken);
	RUN(the_socket_file_is_the_users_alone);
	RUN(a_stale_socket_is_replaced_and_nothing_else);
	RUN(standard_input_and_output_connect_once);
	rmdir(folder);
	return check_done();
}

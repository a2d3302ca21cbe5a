/* --screen and `stepvm console`, at a terminal of ours: what it shows, what its keys do, and that it is as it
 * was however that ends. */
#define RSP_BOARD "auto"
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include "rsp_check.h"

#define ENTER "\033[?1049h"
#define LEAVE "\033[?1049l"

/* A program in a terminal: its controlling one, and its standard input, output and error. */
struct seat {
	pid_t pid;
	int master, slave;
	char text[1 << 20]; /* all that it has printed */
	size_t len;
	struct termios before;
};

static const char *term = "xterm", *lang = "C.UTF-8";

static void sit(struct seat *s, const char *const *argv)
{
	memset(s, 0, sizeof *s);
	s->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(s->master >= 0 && grantpt(s->master) == 0 && unlockpt(s->master) == 0);
	s->slave = open(ptsname(s->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(s->slave >= 0 && tcgetattr(s->slave, &s->before) == 0);
	ioctl(s->slave, TIOCSWINSZ, &(struct winsize) { .ws_row = 30, .ws_col = 90 });
	fflush(stdout);
	pid_t parent = getpid();
	s->pid = fork();
	if (s->pid)
		return;
	setsid();
	ioctl(s->slave, TIOCSCTTY, 0);
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	unsetenv("COLORTERM");
	setenv("LANG", lang, 1);
	setenv("TERM", term, 1);
	rsp_exec((const char **)argv, s->slave, s->slave, s->slave, parent);
}

/* n bytes more were read. They stay one string. */
static void take(struct seat *s, size_t n)
{
	for (size_t i = 0; i < n; i++, s->len++)
		s->text[s->len] += s->text[s->len] == 0;
	s->text[s->len] = 0;
}

/* Reads on until text stands in what comes from at on; the place after it, or NULL. */
static const char *see(struct seat *s, size_t at, const char *text)
{
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	for (;;) {
		const char *found = strstr(s->text + at, text);
		if (found)
			return found + strlen(text);
		struct pollfd p = { .fd = s->master, .events = POLLIN };
		int64_t left = until - rsp_now_ms();
		if (left <= 0 || poll(&p, 1, (int)left) != 1 || s->len + 1 >= sizeof s->text)
			return NULL;
		ssize_t n = read(s->master, s->text + s->len, sizeof s->text - 1 - s->len);
		if (n <= 0)
			return NULL;
		take(s, (size_t)n);
	}
}
#define SEE(s, at, what)                                                                           \
	do {                                                                                       \
		if (!see(s, at, what))                                                             \
			CHECK_FAIL("line %d: no \"%s\" in \"%.300s\"", __LINE__, what,             \
			        (s)->text + (at));                                                 \
	} while (0)

/* Reads what is there now. */
static void drain(struct seat *s)
{
	struct pollfd p = { .fd = s->master, .events = POLLIN };
	while (poll(&p, 1, 0) == 1 && s->len + 1 < sizeof s->text) {
		ssize_t n = read(s->master, s->text + s->len, sizeof s->text - 1 - s->len);
		if (n <= 0)
			return;
		take(s, (size_t)n);
	}
}

static void strike(struct seat *s, const char *keys)
{
	CHECK_EQ(write(s->master, keys, strlen(keys)), strlen(keys));
}

/* Its exit status, 256 and the signal; reads what it still prints. */
static int rise(struct seat *s)
{
	int status;
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	while (waitpid(s->pid, &status, WNOHANG) != s->pid) {
		struct pollfd p = { .fd = s->master, .events = POLLIN };
		if (rsp_now_ms() > until) {
			kill(s->pid, SIGKILL);
			waitpid(s->pid, &status, 0);
			return -1;
		}
		if (poll(&p, 1, 20) == 1)
			drain(s);
	}
	drain(s);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* The last of what it has printed left the second page. */
static bool has_left(const struct seat *s)
{
	const char *last_enter = NULL, *last_leave = NULL;
	for (const char *at = s->text; (at = strstr(at, ENTER)) != NULL; at++)
		last_enter = at;
	for (const char *at = s->text; (at = strstr(at, LEAVE)) != NULL; at++)
		last_leave = at;
	return last_enter && last_leave && last_leave > last_enter;
}

/* The settings are what they were, and the first page is shown: by whom the terminal was lent to, who may
 * be later than the end of who lent it. */
static void check_restored(struct seat *s)
{
	struct termios now;
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	while (!has_left(s) && rsp_now_ms() < until) {
		struct pollfd p = { .fd = s->master, .events = POLLIN };
		if (poll(&p, 1, 20) == 1)
			drain(s);
	}
	CHECK(has_left(s));
	CHECK_EQ(tcgetattr(s->slave, &now), 0);
	CHECK(now.c_lflag == s->before.c_lflag && now.c_iflag == s->before.c_iflag &&
	        now.c_oflag == s->before.c_oflag);
}

static void close_seat(struct seat *s)
{
	close(s->master);
	close(s->slave);
}

static struct seat seat, guest_seat;

static void begin(struct seat *s)
{
	const char *const argv[] = { rsp_env("STEPVM"), "run", "--screen", rsp_guest("typed"),
		NULL };
	sit(s, argv);
	SEE(s, 0, ENTER);
	strike(s, "ab");
	SEE(s, 0, "b"); /* a may have come with a picture before */
}

static void keys_go_to_the_guest_and_its_screen_comes_back(void)
{
	begin(&seat);
	strike(&seat, "C\x1b[A\x03"); /* Up and Ctrl-C are the guest's, too */
	SEE(&seat, 0, "C");
	CHECK(!strstr(seat.text, LEAVE));
	strike(&seat, "\x1b"); /* Esc alone, after a while */
	CHECK_EQ(rise(&seat), 1);
	check_restored(&seat);
	/* What was printed waited for the end: the last screen first. A terminal may give it after the
	 * program's end only. */
	const char *after = see(&seat, 0, LEAVE);
	const char *screen = after ? see(&seat, (size_t)(after - seat.text), "abC") : NULL;
	CHECK(screen && see(&seat, (size_t)(screen - seat.text), "\nabC"));
	close_seat(&seat);
}

/* A guest that has its screen to itself, and says how one leaves it. */
static void how_to_leave_is_said_until_a_key_is_struck(void)
{
	const char *const argv[] = { rsp_env("STEPVM"), "run", "--screen", rsp_guest("typed"),
		NULL };
	sit(&seat, argv);
	SEE(&seat, 0, ENTER);
	SEE(&seat, 0, "stepvm: Ctrl-] q quits");
	drain(&seat);
	size_t at = seat.len;
	strike(&seat, "a");
	SEE(&seat, at, "\033[30;1H"); /* the last row, where it stood, has the screen's again */
	strike(&seat, "\x1dq");
	CHECK_EQ(rise(&seat), 0);
	check_restored(&seat);
	close_seat(&seat);
}

static void a_guest_that_waits_for_its_debugger_says_so(void)
{
	char folder[] = "/tmp/stepvm-screen.XXXXXX", where[80];
	CHECK(mkdtemp(folder));
	snprintf(where, sizeof where, "unix:%s/gdb", folder);
	const char *const argv[] = { rsp_env("STEPVM"), "run", "--screen", "--gdb", where,
		rsp_guest("typed"), NULL };
	sit(&seat, argv);
	SEE(&seat, 0, "the guest waits for target remote ");
	SEE(&seat, 0, folder);
	strike(&seat, "\x1dq");
	CHECK_EQ(rise(&seat), 0);
	check_restored(&seat);
	close_seat(&seat);
	rmdir(folder);
}

static void the_escape_key_has_a_line_of_help(void)
{
	begin(&seat);
	strike(&seat, "\x1d");
	SEE(&seat, 0, "q quit");
	strike(&seat, "x"); /* back: all is drawn again */
	size_t at = (size_t)(strstr(seat.text, "q quit") - seat.text);
	SEE(&seat, at, "ab");
	strike(&seat, "y\x1d");
	SEE(&seat, at, "y");
	SEE(&seat, at + 10, "q quit");
	strike(&seat, "q");
	CHECK_EQ(rise(&seat), 0);
	check_restored(&seat);
	close_seat(&seat);
}

static void every_end_puts_the_terminal_back(void)
{
	static const int numbers[] = { SIGTERM, SIGSEGV, SIGABRT, SIGHUP };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		begin(&seat);
		kill(seat.pid, numbers[i]);
		CHECK_EQ(rise(&seat), 256 + numbers[i]);
		check_restored(&seat);
		close_seat(&seat);
	}
}

/* Under a shell, for a session without one has nobody to stop for. */
static void a_stop_draws_it_anew(void)
{
	static const char script[] =
	        "set -m; \"$0\" run --screen \"$1\"; echo stopped; read; fg; echo status $?";
	const char *const argv[] = { "/bin/bash", "-c", script, rsp_env("STEPVM"),
		rsp_guest("typed"), NULL };
	if (access(argv[0], X_OK) < 0) {
		CHECK_SKIP("there is no bash, which stops jobs");
		return;
	}
	sit(&seat, argv);
	SEE(&seat, 0, ENTER);
	strike(&seat, "ab");
	SEE(&seat, 0, "b");
	strike(&seat, "\x1dz");
	SEE(&seat, 0, "stopped");
	check_restored(&seat);
	size_t at = seat.len;
	strike(&seat, "\n");
	SEE(&seat, at, ENTER);
	SEE(&seat, at, "ab");
	strike(&seat, "\x1dq");
	SEE(&seat, at, "status 0");
	CHECK_EQ(rise(&seat), 0);
	check_restored(&seat);
	close_seat(&seat);
}

static void another_size_draws_it_anew(void)
{
	begin(&seat);
	drain(&seat);
	size_t at = seat.len;
	ioctl(seat.master, TIOCSWINSZ, &(struct winsize) { .ws_row = 20, .ws_col = 60 });
	SEE(&seat, at, "ab");
	strike(&seat, "\x1dq");
	CHECK_EQ(rise(&seat), 0);
	check_restored(&seat);
	close_seat(&seat);
}

static void a_terminal_that_goes_ends_it(void)
{
	begin(&seat);
	close_seat(&seat);
	int status, tries = 0;
	while (waitpid(seat.pid, &status, WNOHANG) != seat.pid && tries++ < RSP_WAIT_MS / 10)
		poll(NULL, 0, 10);
	if (tries >= RSP_WAIT_MS / 10)
		kill(seat.pid, SIGKILL);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
}

static void nothing_is_written_while_nothing_changes(void)
{
	begin(&seat);
	struct pollfd p = { .fd = seat.master, .events = POLLIN };
	while (poll(&p, 1, 100) == 1) /* the rest of the picture */
		drain(&seat);
	CHECK_EQ(poll(&p, 1, 300), 0);
	strike(&seat, "\x1dq");
	CHECK_EQ(rise(&seat), 0);
	close_seat(&seat);
}

static void a_plain_locale_gets_no_utf8(void)
{
	lang = "C";
	begin(&seat);
	strike(&seat, "\x1dq");
	CHECK_EQ(rise(&seat), 0);
	for (size_t i = 0; i < seat.len; i++)
		CHECK(!(seat.text[i] & 0x80));
	close_seat(&seat);
	lang = "C.UTF-8";
}

static void refused(const char *const *argv, const char *why)
{
	sit(&seat, argv);
	SEE(&seat, 0, why);
	CHECK(rise(&seat) > 0);
	CHECK(!strstr(seat.text, ENTER));
	close_seat(&seat);
}

static void where_it_can_not_be_is_said(void)
{
	char own[600];
	snprintf(own, sizeof own, "%s", rsp_guest("typed"));
	const char *const plain[] = { rsp_env("STEPVM"), "run", "--screen", own, NULL };
	const char *const bare[] = { rsp_env("STEPVM"), "run", "--screen", rsp_guest("hello"),
		NULL };
	const char *const file[] = { rsp_env("STEPVM"), "run", "--screen=/dev/null", own, NULL };
	const char *const none[] = { rsp_env("STEPVM"), "run", "--screen=/nonexistent", own, NULL };
	term = "dumb";
	refused(plain, "--screen: a terminal of the kind TERM=dumb shows no screen");
	term = "xterm";
	refused(bare, "--screen: the guest's board has no screen (--board pc has)");
	refused(file, "--screen: /dev/null: not a terminal");
	refused(none, "--screen: /nonexistent: No such file or directory");
	const char *const console[] = { rsp_env("STEPVM"), "console", "/nonexistent", NULL };
	refused(console, "/nonexistent: no guest's screen is there: No such file or directory");
	struct rsp r;
	CHECK(!rsp_start(&r, RSP_UNIX, rsp_guest("typed"), "--screen", NULL)); /* all are pipes */
	CHECK(strstr(r.errors, "there is no terminal here"));
	rsp_close(&r);
}

/* Keys come at once and are echoed by the guest alone; Ctrl-C is the terminal's. */
static void without_a_screen_the_terminal_types(void)
{
	const char *const argv[] = { rsp_env("STEPVM"), "run", rsp_guest("knock"), NULL };
	struct termios now;
	sit(&seat, argv);
	SEE(&seat, 0, "Who is there? ");
	strike(&seat, "me");
	SEE(&seat, 0, "? me");
	strike(&seat, "\r");
	SEE(&seat, 0, "me\r\n\xe2\x98\xba Who is there? ");
	strike(&seat, "\x03");
	CHECK_EQ(rise(&seat), 256 + SIGINT);
	CHECK(tcgetattr(seat.slave, &now) == 0 && now.c_lflag == seat.before.c_lflag);
	CHECK(!strstr(seat.text, ENTER));
	CHECK(!strstr(seat.text, "--screen")); /* it has shown all */
	close_seat(&seat);
}

static void a_guest_that_draws_without_a_screen_is_told_of_one(void)
{
	const char *const argv[] = { rsp_env("STEPVM"), "run", rsp_guest("typed"), NULL };
	sit(&seat, argv);
	strike(&seat, "a");
	SEE(&seat, 0,
	        "stepvm: the guest draws on its screen, which is not shown: --screen shows it");
	size_t at = seat.len;
	strike(&seat, "bc");
	SEE(&seat, at, "c");
	CHECK(!strstr(seat.text + at, "--screen")); /* once */
	strike(&seat, "\x03");
	CHECK_EQ(rise(&seat), 256 + SIGINT);
	close_seat(&seat);
}

/* ... also where it asks for no key. */
static void a_guest_that_draws_and_runs_on_is_told_of_it_too(void)
{
	const char *const argv[] = { rsp_env("STEPVM"), "run", rsp_guest("picture"), NULL };
	sit(&seat, argv);
	SEE(&seat, 0, "--screen shows it");
	kill(seat.pid, SIGTERM);
	rise(&seat);
	close_seat(&seat);
}

/* --- at a socket ------------------------------------------------------------------------------ */

static void a_console_lends_its_terminal(void)
{
	char folder[] = "/tmp/stepvm-screen.XXXXXX", path[64], where[80];
	struct rsp r;
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/screen", folder);
	snprintf(where, sizeof where, "--screen=unix:%s", path);
	if (!rsp_start(&r, RSP_UNIX, rsp_guest("typed"), "--no-wait", where, NULL))
		CHECK_FAIL("it did not start: %s", r.errors);
	const char *const argv[] = { rsp_env("STEPVM"), "console", path, NULL };
	sit(&seat, argv);
	SEE(&seat, 0, ENTER);
	strike(&seat, "ab");
	SEE(&seat, 0, "b");
	sit(&guest_seat, argv); /* a second one */
	SEE(&guest_seat, 0, "stepvm console: somebody else has the screen");
	CHECK_EQ(rise(&guest_seat), 4);
	check_restored(&guest_seat);
	close_seat(&guest_seat);
	strike(&seat, "\x1dq");
	SEE(&seat, 0, "the guest goes on");
	CHECK_EQ(rise(&seat), 0);
	check_restored(&seat);
	close_seat(&seat);
	sit(&seat, argv);
	SEE(&seat, 0, "ab"); /* as it was */
	kill(seat.pid, SIGTERM);
	CHECK_EQ(rise(&seat), 256 + SIGTERM);
	check_restored(&seat);
	close_seat(&seat);
	sit(&seat, argv);
	SEE(&seat, 0, "ab");
	ioctl(seat.slave, TIOCSWINSZ, &(struct winsize) { .ws_row = 20, .ws_col = 60 });
	size_t at = seat.len;
	kill(seat.pid, SIGWINCH);
	SEE(&seat, at, "ab");
	strike(&seat, "\x1b");
	CHECK_EQ(rsp_wait_exit(&r), 1);
	SEE(&seat, 0, "stepvm: the guest has ended");
	const char *after = strstr(seat.text, LEAVE);
	CHECK(after && strstr(after, "ab\r\nstepvm: the guest has ended"));
	CHECK_EQ(rise(&seat), 0);
	check_restored(&seat);
	close_seat(&seat);
	rsp_close(&r);
	CHECK(access(path, F_OK) < 0);
	rmdir(folder);
}

/* Whoever can open the socket: what is no console's is sent away, and nothing ends. */
static void what_calls_and_is_no_console_is_sent_away(void)
{
	char folder[] = "/tmp/stepvm-screen.XXXXXX", path[64], where[80], text[100] = "";
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	struct rsp r;
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/screen", folder);
	snprintf(where, sizeof where, "--screen=unix:%s", path);
	strcpy(u.sun_path, path);
	if (!rsp_start(&r, RSP_UNIX, rsp_guest("typed"), "--no-wait", where, NULL))
		CHECK_FAIL("it did not start: %s", r.errors);
	for (unsigned i = 0; i < 3; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		CHECK_EQ(connect(fd, (struct sockaddr *)&u, sizeof u), 0);
		const char *hello =
		        i == 0 ? "GET / HTTP/1.0\r\n\r\n" : "stepvm1?"; /* no terminal */
		CHECK(i == 2 || write(fd, hello, strlen(hello)) > 0);
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (i < 2 && poll(&p, 1, RSP_WAIT_MS) == 1)
			text[read(fd, text, sizeof text - 1)] = 0;
		CHECK(i == 2 || strstr(text, "not a stepvm console"));
		close(fd);
	}
	CHECK(rsp_connect(&r));
	RSP_BEGINS(&r, "T0", "?");
	rsp_close(&r);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	RUN(keys_go_to_the_guest_and_its_screen_comes_back);
	RUN(how_to_leave_is_said_until_a_key_is_struck);
	RUN(a_guest_that_waits_for_its_debugger_says_so);
	RUN(the_escape_key_has_a_line_of_help);
	RUN(every_end_puts_the_terminal_back);
	RUN(a_stop_draws_it_anew);
	RUN(another_size_draws_it_anew);
	RUN(a_terminal_that_goes_ends_it);
	RUN(nothing_is_written_while_nothing_changes);
	RUN(a_plain_locale_gets_no_utf8);
	RUN(where_it_can_not_be_is_said);
	RUN(without_a_screen_the_terminal_types);
	RUN(a_guest_that_draws_without_a_screen_is_told_of_one);
	RUN(a_guest_that_draws_and_runs_on_is_told_of_it_too);
	RUN(a_console_lends_its_terminal);
	RUN(what_calls_and_is_no_console_is_sent_away);
	return check_done();
}

/* A debugger that does whatever comes to its mind, but for what a guest must feel: it writes only
 * what is there already, and to memory that the guest leaves alone. At the end the guest goes on to
 * a round that a twin has gone to without a debugger's doing, and both must be equal. */
#include <fcntl.h>

#include "session.h"

/* --- actions: each leaves a connection to a stopped guest ------------------------------------- */

static const char *const questions[] = { "g", "p8", "p0", "m7c00,40", "m10000,8000", "m9fff0,20",
	"mffffffffffffffff,2", "x10000,8000", "xffffffffffffffff,2", "qCRC:10000,8000",
	"qSearch:memory:0;100000;zz", "qSearch:memory:3ff0000;ffffffffffffffff;}]",
	"qqemu.sstepbits", "qqemu.sstep", "?", "qC", "qfThreadInfo", "qsThreadInfo",
	"qThreadExtraInfo,1", "qAttached", "qXfer:features:read:target.xml:0,ffb",
	"qXfer:threads:read::0,100", "Hg1", "Hc-1", "T1", "vCont?", "qSupported:swbreak+;hwbreak+",
	"vMustReplyEmpty", "qRcmd,696e666f", "qRcmd,68656c70", "qRcmd,696e666f206578697473",
	"qRcmd,6361746368", "z0,7c00,1", "z2,10000,4" };
#define QUESTIONS (sizeof questions / sizeof *questions)

static void ask_something(struct session *s)
{
	rsp_must_ask(&s->r, "%s", questions[below(s, QUESTIONS)]);
}

/* A question gone wrong. Of those that only ask, and so it stays. */
static void ask_nonsense(struct session *s)
{
	char body[64];
	snprintf(body, sizeof body, "%s", questions[below(s, QUESTIONS)]);
	size_t len = strlen(body);
	for (uint32_t n = 1 + below(s, 4); n; n--) {
		static const char likely[] = "0123456789abcdef,:;=-pmgxXZ.\x7f\xff ";
		uint32_t at = 1 + below(s, (uint32_t)len);
		if (at < sizeof body - 1)
			body[at] = likely[below(s, sizeof likely - 1)];
		if (at == len && len < sizeof body - 2)
			body[++len] = 0;
	}
	bool is_monitor = !strncmp(body, "qR", 2);
	if (body[0] != 'v' && !is_monitor)
		rsp_ask_bytes(&s->r, body, strlen(body));
	if (!strcmp(s->r.packet, "(no reply)"))
		rsp_fail(&s->r, "no reply to %s", body);
}

static void send_broken(struct session *s)
{
	char packet[80];
	const char *body = questions[below(s, QUESTIONS)];
	uint8_t sum = (uint8_t)(1 + below(s, 255));
	for (const char *c = body; *c; c++)
		sum = (uint8_t)(sum + *c);
	int n = below(s, 4) ? snprintf(packet, sizeof packet, "$%s#%02x", body, sum)
	                    : snprintf(packet, sizeof packet, "$%s#z%x", body, sum & 15);
	unsigned before = s->r.naks;
	rsp_send_raw(&s->r, packet, (size_t)n);
	rsp_must_ask(&s->r, "qC");
	if (strcmp(s->r.packet, "QC1") || s->r.naks != before + !s->r.is_no_ack)
		rsp_fail(&s->r, "%s: %u naks, then %.60s", packet, s->r.naks - before, s->r.packet);
}

/* Bytes that are no packet: any but `$`, and `-`, which would have a reply sent again. */
static void send_noise(struct session *s)
{
	uint8_t noise[200];
	uint32_t n = below(s, sizeof noise);
	for (uint32_t i = 0; i < n; i++) {
		noise[i] = (uint8_t)random_next(&s->seed);
		if (noise[i] == '$' || noise[i] == '-')
			noise[i] = '+';
	}
	rsp_send_raw(&s->r, noise, n);
	rsp_must_ask(&s->r, "qC");
}

static void nak_replies(struct session *s)
{
	if (s->r.is_no_ack)
		return;
	char first[64];
	snprintf(first, sizeof first, "%s", rsp_must_ask(&s->r, "m7c00,10"));
	for (uint32_t n = below(s, 4); n; n--) {
		rsp_send_raw(&s->r, "-", 1);
		if (strcmp(rsp_reply(&s->r), first))
			rsp_fail(&s->r, "sent again: %.60s, was %s", s->r.packet, first);
	}
}

static void step(struct session *s)
{
	for (uint32_t n = below(s, 30); n; n--)
		if (strncmp(rsp_must_ask(&s->r, n & 1 ? "s" : "vCont;s:1;c"), "T05", 3))
			rsp_fail(&s->r, "a step -> %.60s", s->r.packet);
}

/* 0x03 at any moment: with the request, in its midst, behind it. */
static void run_and_interrupt(struct session *s)
{
	uint32_t moment = below(s, 4);
	if (moment == 0) {
		rsp_send_raw(&s->r, "$c#63\x03", 6);
	} else {
		rsp_send(&s->r, "c", 1);
		if (moment > 1)
			spin_us(below(s, moment == 2 ? 60 : 1500));
		rsp_send_raw(&s->r, "\x03\x03\x03", 1 + below(s, 3));
	}
	wait_for_stop(s, "c and 0x03");
}

static void interrupt_the_stopped(struct session *s)
{
	rsp_send_raw(&s->r, "\x03\x03\x03\x03", 1 + below(s, 4));
	rsp_must_ask(&s->r, "qC");
}

/* With breakpoints and watchpoints the guest is stopped by them or by us. */
static void run_to_something(struct session *s)
{
	uint64_t at[8];
	uint32_t type[8], count = 1 + below(s, 8);
	for (uint32_t i = 0; i < count; i++) {
		type[i] = below(s, 8) ? below(s, 2) : 2 + below(s, 3);
		at[i] = type[i] >= 2 ? DATA_GVA + below(s, DATA_SIZE) : place(s);
		rsp_must_ask(&s->r, "Z%u,%" PRIx64 ",%x", type[i], at[i],
		        type[i] >= 2 ? 1 + below(s, 8) : 1);
	}
	for (uint32_t n = 1 + below(s, 3); n; n--) {
		rsp_send(&s->r, "c", 1);
		spin_us(below(s, 300));
		rsp_send_raw(&s->r, "\x03", 1);
		wait_for_stop(s, "c to a breakpoint");
		/* The 0x03 may come while it is stopped already, and is nothing then. */
		rsp_must_ask(&s->r, "qC");
	}
	for (uint32_t i = 0; i < count && below(s, 4); i++)
		rsp_must_ask(&s->r, "z%u,%" PRIx64 ",%x", type[i], at[i], 1 + below(s, 8));
	if (below(s, 2)) /* else they go with the connection */
		connect_again(s);
}

static void write_scratch(struct session *s)
{
	uint8_t bytes[600], body[1300], hex[1201];
	uint32_t len = 1 + below(s, sizeof bytes),
	         gva = SCRATCH_GVA + below(s, SCRATCH_SIZE - sizeof bytes);
	for (uint32_t i = 0; i < len; i++) {
		bytes[i] = (uint8_t)random_next(&s->seed);
		snprintf((char *)hex + 2 * i, 3, "%02x", bytes[i]);
	}
	int n = snprintf((char *)body, sizeof body, "%c%x,%x:", below(s, 2) ? 'X' : 'M', gva, len);
	if (body[0] == 'X') {
		n += (int)rsp_escape(body + n, bytes, len);
	} else {
		memcpy(body + n, hex, 2 * len);
		n += (int)(2 * len);
	}
	if (strcmp(rsp_ask_bytes(&s->r, body, (size_t)n), "OK"))
		rsp_fail(&s->r, "%.20s -> %.60s", body, s->r.packet);
	if (strcmp(rsp_must_ask(&s->r, "m%x,%x", gva, len), (char *)hex))
		rsp_fail(&s->r, "%.20s was not read back", body);
}

static void write_back_registers(struct session *s)
{
	char value[2000];
	uint32_t reg = below(s, 16);
	if (below(s, 2)) {
		snprintf(value, sizeof value, "%s", rsp_must_ask(&s->r, "p%x", reg));
		if (strlen(value) == 8) /* else an error */
			rsp_must_ask(&s->r, "P%x=%s", reg, value);
	} else {
		value[0] = 'G';
		snprintf(value + 1, sizeof value - 1, "%s", rsp_must_ask(&s->r, "g"));
		rsp_ask_bytes(&s->r, value, strlen(value));
	}
	if (strcmp(s->r.packet, "OK"))
		rsp_fail(&s->r, "written back: %.60s", s->r.packet);
}

void leave(struct session *s)
{
	static const char *const last_words[] = { "", "$", "$m7c0", "$X60000,4:ab}", "$c#", "$g#6",
		"\x03", "-", "$X60000,3fff0:" };
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };
	uint32_t n = below(s, sizeof last_words / sizeof *last_words);
	if (below(s, 3) == 0)
		rsp_send(&s->r, "c", 1);
	else if (below(s, 8) == 0)
		rsp_must_ask(&s->r, "D");
	rsp_send_raw(&s->r, last_words[n], strlen(last_words[n]));
	if (below(s, 2)) /* tcp(7): close then sends RST */
		setsockopt(s->r.in_fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	rsp_disconnect(&s->r);
	connect_again(s);
}

/* Replies pile up until they don't fit any more; then it leaves, or takes them all. */
static void flood(struct session *s)
{
	char packet[32];
	size_t n = rsp_wrap((uint8_t *)packet, "m10000,8000", 11), sent = 0;
	fcntl(s->r.in_fd, F_SETFL, O_NONBLOCK);
	while (sent < 3000) {
		ssize_t done = send(s->r.in_fd, packet, n, MSG_NOSIGNAL);
		if (done != (ssize_t)n)
			break;
		sent++;
	}
	fcntl(s->r.in_fd, F_SETFL, 0);
	if (below(s, 3) == 0)
		for (size_t i = 0; i < sent && i < 20; i++)
			if (rsp_reply(&s->r)[0] == '(')
				rsp_fail(&s->r, "reply %zu of %zu did not come", i, sent);
	connect_again(s);
}

/* One packet that is too long, whole or not. */
static void send_too_much(struct session *s)
{
	size_t len = 0x40000 + below(s, 0x20000);
	uint8_t *body = malloc(len), *packet = malloc(len + 4);
	memset(body, 'a', len);
	memcpy(body, "X60000,4:", 9);
	size_t n = rsp_wrap(packet, body, len);
	bool is_whole = below(s, 2);
	rsp_send_raw(&s->r, packet, is_whole ? n : below(s, (uint32_t)n));
	if (is_whole && strcmp(rsp_reply(&s->r), "E22"))
		rsp_fail(&s->r, "a packet of 0x%zx bytes -> %.60s", len, s->r.packet);
	if (!is_whole)
		connect_again(s);
	free(body);
	free(packet);
}

static void storm(struct session *s)
{
	int fds[20];
	uint32_t count = 1 + below(s, 20);
	for (uint32_t i = 0; i < count; i++) {
		fds[i] = rsp_dial(&s->r);
		if (fds[i] >= 0 && below(s, 2))
			if (write(fds[i], "$g#67$c#63", below(s, 11)) < 0)
				errno = 0; /* it was sent away already */
		if (fds[i] >= 0 && below(s, 2)) {
			close(fds[i]);
			fds[i] = -1;
		}
	}
	rsp_must_ask(&s->r, "qC"); /* the first debugger is served all the time */
	for (uint32_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (below(s, 2))
		return;
	rsp_disconnect(&s->r);
	for (uint32_t i = 0; i < count; i++)
		close(rsp_dial(&s->r));
	/* One of those may be the debugger until its end has been seen. */
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	while (rsp_now_ms() < until) {
		read_errors(s);
		if (rsp_connect(&s->r) && rsp_ask(&s->r, "?")[0] == 'T')
			return;
	}
	rsp_fail(&s->r, "no debugger is let in any more");
}

static void set_many_breakpoints(struct session *s)
{
	uint32_t begin = SCRATCH_GVA + below(s, 0x1000), count = below(s, 300);
	for (uint32_t i = 0; i < count; i++)
		rsp_must_ask(&s->r, "Z%u,%x,1", below(s, 20) ? 0 : 2, begin + i * 3);
	run_and_interrupt(s);
	connect_again(s);
}

/* The guest goes on from before, to the same end. */
static void save_and_load(struct session *s)
{
	rsp_monitor(&s->r, "savevm torture");
	run_and_interrupt(s);
	if (below(s, 2))
		rsp_monitor(&s->r, "loadvm torture");
}

/* How often each is done, of 100. */
static const struct {
	const char *name;
	void (*act)(struct session *s);
	unsigned weight;
} actions[] = {
	{ "ask_something", ask_something, 18 },
	{ "ask_nonsense", ask_nonsense, 16 },
	{ "send_broken", send_broken, 8 },
	{ "send_noise", send_noise, 6 },
	{ "nak_replies", nak_replies, 5 },
	{ "step", step, 8 },
	{ "run_and_interrupt", run_and_interrupt, 10 },
	{ "interrupt_the_stopped", interrupt_the_stopped, 5 },
	{ "run_to_something", run_to_something, 4 },
	{ "write_scratch", write_scratch, 5 },
	{ "write_back_registers", write_back_registers, 5 },
	{ "leave", leave, 5 },
	{ "save_and_load", save_and_load, 1 },
	{ "storm", storm, 2 },
	{ "send_too_much", send_too_much, 1 },
	{ "flood", flood, 1 },
	/* rarer than 1 of 100: done at every tenth of these */
	{ "set_many_breakpoints", set_many_breakpoints, 0 },
};
#define ACTIONS (sizeof actions / sizeof *actions)

/* Those that change nothing. */
void misbehave(struct session *s)
{
	static void (*const all[])(struct session *) = { ask_something, ask_nonsense, send_broken,
		send_noise, nak_replies, interrupt_the_stopped, send_too_much, flood, storm };
	/* The last three are slow. */
	all[below(s, below(s, 8) ? 6 : sizeof all / sizeof *all)](s);
}

static void act(struct session *s)
{
	uint32_t n = below(s, 1000) ? below(s, 100) : UINT32_MAX;
	size_t i = ACTIONS - 1;
	if (n != UINT32_MAX)
		for (i = 0; n >= actions[i].weight; i++)
			n -= actions[i].weight;
	s->name = actions[i].name;
	actions[i].act(s);
	read_errors(s);
}

bool torture_live(const struct torture *t)
{
	static struct session s; /* large */
	static const struct workload workload = { .act = act };
	memset(&s, 0, sizeof s);
	return torture_session(t, &workload, &s);
}

/* A debugger's end of a session with a fake target: packets go in, what comes out is kept. */
#ifndef STEPVM_TESTS_SESSION_WIRE_H
#define STEPVM_TESTS_SESSION_WIRE_H

#include <stdlib.h>

#include "check.h"
#include "fake_target.h"
#include "gdbstub/hit.h"
#include "gdbstub/packet.h"
#include "gdbstub/session.h"

#define WIRE_OUT_SIZE (4u << 20)
#define WIRE_BIG      (SESSION_PACKET_SIZE + 1u)

struct wire {
	struct fake_target fake;
	struct session *session;
	bool stops_at_once; /* a machine that went on stops as soon as it may */
	uint8_t *out; /* all that came out since wire_forget; wire_collect puts a zero after it */
	size_t out_len;
	char *reply; /* wire_ask's */
};

static const struct target_stop wire_trap = { .kind = TARGET_STOP_SIGNAL, .signal = 5 };

static inline void wire_open(struct wire *w)
{
	fake_init(&w->fake);
	w->session = session_open(&w->fake.target, &wire_trap);
	w->stops_at_once = true;
	w->out = malloc(WIRE_OUT_SIZE + 1);
	w->reply = malloc(WIRE_BIG);
	w->out_len = 0;
}

static inline void wire_close(struct wire *w)
{
	session_close(w->session);
	free(w->out);
	free(w->reply);
}

static inline void wire_forget(struct wire *w)
{
	w->out_len = 0;
}

/* Takes the output, at most so many bytes at a time. */
static inline void wire_collect(struct wire *w, size_t at_once)
{
	const uint8_t *bytes;
	size_t len;
	while ((bytes = session_output(w->session, &len)) != NULL) {
		if (len > at_once)
			len = at_once;
		if (len > WIRE_OUT_SIZE - w->out_len)
			len = WIRE_OUT_SIZE - w->out_len; /* the count will show it */
		memcpy(w->out + w->out_len, bytes, len);
		w->out_len += len;
		session_sent(w->session, len);
		if (!len)
			break;
	}
	w->out[w->out_len] = 0;
}

static inline void wire_feed(struct wire *w, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	while (len) {
		size_t n = session_feed(w->session, at, len);
		at += n;
		len -= n;
		wire_collect(w, SIZE_MAX);
		if (w->stops_at_once && session_state(w->session) == SESSION_RUNNING) {
			session_stopped(w->session, &wire_trap, NULL);
			wire_collect(w, SIZE_MAX);
		}
		if (!n)
			return;
	}
}

/* body as it stands on the wire: escaped. */
static inline void wire_send(struct wire *w, const void *body, size_t len)
{
	uint8_t *packet = malloc(len + PACKET_OVERHEAD);
	wire_feed(w, packet, packet_wrap(packet, body, len));
	free(packet);
}

/* What came out, looked at naively. */
struct wire_seen {
	unsigned acks, naks, packets, broken,
	        text_packets; /* text_packets: O, not OK; in packets */
	const uint8_t *last;  /* body of the last packet */
	size_t last_len;
};

static inline struct wire_seen wire_seen(const struct wire *w)
{
	struct wire_seen seen = { 0 };
	for (size_t i = 0; i < w->out_len; i++) {
		if (w->out[i] == '+')
			seen.acks++;
		else if (w->out[i] == '-')
			seen.naks++;
		if (w->out[i] != '$')
			continue;
		unsigned sum = 0, given = 0;
		size_t begin = ++i;
		for (; i < w->out_len && w->out[i] != '#'; i++)
			sum += w->out[i];
		char digits[3] = { 0 };
		if (w->out_len - i >= 3)
			memcpy(digits, w->out + i + 1, 2);
		if (sscanf(digits, "%2x", &given) != 1 || given != (sum & 0xff))
			seen.broken++;
		seen.packets++;
		seen.last = w->out + begin;
		seen.last_len = i - begin;
		seen.text_packets += seen.last_len != 2 && seen.last_len && *seen.last == 'O';
		i += 2;
	}
	return seen;
}

/* Sends one packet; the body of the one reply as a string, or "(N packets)". */
static inline const char *wire_ask_bytes(struct wire *w, const void *body, size_t len)
{
	wire_forget(w);
	wire_send(w, body, len);
	struct wire_seen seen = wire_seen(w);
	if (seen.packets - seen.text_packets != 1 || seen.broken)
		snprintf(w->reply, WIRE_BIG, "(%u packets, %u broken)", seen.packets, seen.broken);
	else
		snprintf(w->reply, WIRE_BIG, "%.*s", (int)seen.last_len, (const char *)seen.last);
	return w->reply;
}

static inline const char *wire_ask(struct wire *w, const char *body)
{
	return wire_ask_bytes(w, body, strlen(body));
}

struct wire_row {
	const char *packet, *reply;
};

/* Each packet to a session of its own. */
static inline void wire_check_rows(const struct wire_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct wire w;
		wire_open(&w);
		const char *reply = wire_ask(&w, rows[i].packet);
		if (strcmp(reply, rows[i].reply))
			CHECK_FAIL("%s -> %.200s, wanted %s", rows[i].packet, reply, rows[i].reply);
		wire_close(&w);
	}
}
#define WIRE_CHECK_ROWS(rows) wire_check_rows(rows, sizeof rows / sizeof *rows)

#endif

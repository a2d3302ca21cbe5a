/* A conversation with the stub, as lines:
 *
 *	BODY	a packet, with the checksum that is right
 *	!BYTES	bytes as they are
 *	<N	from now on N bytes of output (a hex digit) are taken after each line; <: all
 *	.K	the machine, if it runs, stops; K: how
 *	@A	the machine, if it runs, comes to a breakpoint at A0, and goes on step by step for
 *		as long as tracepoints want to see it, or 20 steps
 *	=L	the machine's layout is now L, and registers and breakpoints are refused or not
 *
 * A twin session gets the same cut at other places, and has to answer the same. */
#include "fuzz.h"

#include "gdbstub/hit.h"
#include "gdbstub/packet.h"
#include "gdbstub/session.h"

#include "../unit/fake_target.h"

#define OUT_MAX (SESSION_PACKET_SIZE + PACKET_OVERHEAD + 2 + 0x80000) /* as session.c has it */

struct side {
	struct fake_target fake;
	struct session *session;
	uint8_t *out;
	size_t out_len, out_size, take; /* take: bytes of output a line, 0: all */
	uint32_t cut;                   /* where input is cut next; 0: never */
};

static void collect(struct side *s, size_t at_most)
{
	size_t len;
	const uint8_t *bytes;
	while (at_most && (bytes = session_output(s->session, &len))) {
		FUZZ_CLAIM(len <= OUT_MAX);
		if (len > at_most)
			len = at_most;
		if (s->out_size - s->out_len < len) {
			s->out_size = 2 * (s->out_len + len);
			s->out = realloc(s->out, s->out_size);
		}
		memcpy(s->out + s->out_len, bytes, len);
		s->out_len += len;
		at_most -= len;
		session_sent(s->session, len);
	}
}

static void stop(struct side *s, uint8_t how)
{
	const struct target_stop t = {
		.kind = (enum target_stop_kind)(how % (TARGET_STOP_EXITED + 1)),
		.signal = 5,
		.status = how,
		.watch = (enum target_watch)(how % 3),
		.watch_gva = how,
	};
	session_stopped(s->session, &t, how & 16 ? "a line\nand another\n" : NULL);
}

static void come_to(struct side *s, uint8_t where)
{
	unsigned steps = 0;
	if (session_state(s->session) != SESSION_RUNNING)
		return;
	collect(s, SIZE_MAX);
	hit_breakpoint(s->session, 0, where << 4);
	while (hit_wants_steps(s->session) && steps++ < 20)
		hit_stepped(s->session, 0);
	collect(s, s->take ? s->take : SIZE_MAX);
}

/* All of it, in pieces; a machine that runs stops when nothing else goes on. */
static void feed(struct side *s, const uint8_t *bytes, size_t len)
{
	while (len && session_state(s->session) != SESSION_GONE) {
		s->cut = s->cut * 1103515245u + 12345;
		size_t piece = s->cut ? 1 + (s->cut >> 16) % len : len;
		size_t n = session_feed(s->session, bytes, piece);
		bytes += n;
		len -= n;
		if (n)
			continue;
		size_t waiting;
		if (session_output(s->session, &waiting))
			collect(s, s->take ? s->take : SIZE_MAX);
		else if (session_state(s->session) == SESSION_RUNNING)
			stop(s, 0);
	}
	collect(s, s->take ? s->take : SIZE_MAX);
}

static void do_line(struct side *s, const struct fuzz_in *line)
{
	size_t n = fuzz_left(line);
	uint8_t kind = n ? *line->at : 0, value = n > 1 ? line->at[1] : 0;
	if (kind == '!') {
		feed(s, line->at + 1, n - 1);
	} else if (kind == '<') {
		s->take = value & 15;
	} else if (kind == '.') {
		collect(s, SIZE_MAX);
		stop(s, value);
		collect(s, s->take ? s->take : SIZE_MAX);
	} else if (kind == '@') {
		come_to(s, value);
	} else if (kind == '=') {
		s->fake.layout = (enum target_layout)(value % TARGET_LAYOUTS);
		s->fake.refuses = value & 4;
		s->fake.because = value & 8 ? "for a reason" : NULL;
	} else {
		uint8_t *packet = malloc(n + PACKET_OVERHEAD);
		feed(s, packet, packet_wrap(packet, line->at, n));
		free(packet);
	}
}

static void begin(struct side *s, uint32_t cut)
{
	static const struct target_stop trap = { .kind = TARGET_STOP_SIGNAL, .signal = 5 };
	fake_init(&s->fake);
	strcpy(s->fake.said, "said\n");
	s->session = session_open(&s->fake.target, &trap);
	s->cut = cut;
	FUZZ_CLAIM(s->session);
}

static void end(struct side *s)
{
	session_close(s->session);
	free(s->out);
}

/* Every packet has its checksum. */
static void check_frames(const struct side *s)
{
	for (size_t i = 0; i < s->out_len; i++) {
		uint8_t sum = 0;
		char digits[3] = "";
		if (s->out[i] == '+' || s->out[i] == '-')
			continue;
		FUZZ_CLAIM(s->out[i] == '$');
		for (i++; i < s->out_len && s->out[i] != '#'; i++)
			sum = (uint8_t)(sum + s->out[i]);
		FUZZ_CLAIM(s->out_len - i >= 3);
		snprintf(digits, sizeof digits, "%02x", sum);
		FUZZ_CLAIM(!memcmp(s->out + i + 1, digits, 2));
		i += 2;
	}
}

static int has_nak(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] == '-')
			return 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct side a, b; /* large */
	struct fuzz_in in = { data, data + size };
	uint32_t hash = 1;
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	for (size_t i = 0; i < size; i++)
		hash = hash * 31 + data[i];
	begin(&a, 0);
	begin(&b, hash | 1);
	while (in.at < in.end) {
		struct fuzz_in line = fuzz_until(&in, '\n');
		do_line(&a, &line);
		do_line(&b, &line);
		FUZZ_CLAIM(session_state(a.session) == session_state(b.session));
	}
	collect(&a, SIZE_MAX);
	collect(&b, SIZE_MAX);
	/* A `-` has the last packet sent again from its begin, which may have been under way. */
	if (!has_nak(data, size)) {
		check_frames(&a);
		FUZZ_CLAIM(a.out_len == b.out_len);
		FUZZ_CLAIM(!a.out_len || !memcmp(a.out, b.out, a.out_len));
	}
	FUZZ_CLAIM(!strcmp(a.fake.log, b.fake.log));
	end(&a);
	end(&b);
	return 0;
}

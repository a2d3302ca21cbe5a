/* Registers by g, G, p and P, in the layout that gdb speaks. */
#include "gdbstub/register_packets.h"

#include <string.h>

#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_look.h"

/* A trace frame that is selected answers in the machine's place. */
static bool read_target_register(
        struct session *s, const struct features *f, unsigned n, uint8_t *to)
{
	return s->trace.has_frame ? trace_read_register(s, n, to)
	                          : features_read(&f->registers[n], s->target, s->cpu, to);
}

/* Unavailable: in a trace frame, or because the machine has none. */
static void put_unavailable(struct session *s, const struct feature_register *r)
{
	for (unsigned i = 0; i < r->size; i++)
		text_put(&s->reply, "xx");
}

static enum verdict refuse_in_frame(struct session *s)
{
	return reply_refuse_in_frame(s, "which nothing can change");
}

enum verdict register_packets_read_all(struct session *s, struct text_in in)
{
	const struct features *f = session_features(s, s->latched);
	(void)in;
	if (!f)
		return REPLY_FAULT;
	s->trace.has_read_g[s->latched] = true;
	for (unsigned i = 0; i < f->in_g; i++) {
		uint8_t value[TARGET_REGISTER_MAX];
		if (read_target_register(s, f, i, value))
			text_put_bytes(&s->reply, value, f->registers[i].size);
		else
			put_unavailable(s, &f->registers[i]);
	}
	return REPLY;
}

/* The registers of `g`. Every one is checked for its size before the first is written. Written are
 * those that differ from what they were before the packet: a write has effects (a selector moves
 * its base), and some are two names of one thing (eip and ip). */
enum verdict register_packets_write_all(struct session *s, struct text_in in)
{
	const struct features *f = session_features(s, s->latched);
	uint8_t before[FEATURES_REGISTERS_MAX][TARGET_REGISTER_MAX];
	size_t digits = 0;
	if (!f)
		return REPLY_FAULT;
	if (s->trace.has_frame)
		return refuse_in_frame(s);
	for (unsigned i = 0; i < f->in_g; i++) {
		digits += 2u * f->registers[i].size;
		if (f->registers[i].reg >= 0 &&
		        !features_read(&f->registers[i], s->target, s->cpu, before[i]))
			return REPLY_FAULT;
	}
	if (text_left(&in) != digits)
		return REPLY_WRONG;
	for (struct text_in check = in; !text_take_end(&check); check.at++)
		if (text_digit(*check.at) < 0 && *check.at != 'x')
			return REPLY_WRONG;
	for (unsigned i = 0; i < f->in_g; i++) {
		const struct feature_register *r = &f->registers[i];
		uint8_t value[TARGET_REGISTER_MAX];
		if (!text_take_bytes(&in, value, r->size)) { /* xx: keep what it is */
			in.at += 2u * r->size;
			continue;
		}
		if (r->reg < 0 || !memcmp(before[i], value, r->size))
			continue;
		if (!features_write(r, s->target, s->cpu, value, &s->why))
			return reply_why(s, REPLY_FAULT);
	}
	return REPLY_OK;
}

static const struct feature_register *take_register(struct session *s, struct text_in *in)
{
	const struct features *f = session_features(s, s->latched);
	uint64_t n;
	if (!f || !text_take_hex(in, &n) || n >= f->count)
		return NULL;
	return &f->registers[n];
}

enum verdict register_packets_read(struct session *s, struct text_in in)
{
	uint8_t value[TARGET_REGISTER_MAX];
	const struct feature_register *r = take_register(s, &in);
	if (!r || !text_take_end(&in))
		return REPLY_WRONG;
	const struct features *f = session_features(s, s->latched);
	if (read_target_register(s, f, (unsigned)(r - f->registers), value))
		text_put_bytes(&s->reply, value, r->size);
	else if (s->trace.has_frame || r->reg < 0)
		put_unavailable(s, r);
	else
		return REPLY_FAULT;
	return REPLY;
}

enum verdict register_packets_write(struct session *s, struct text_in in)
{
	uint8_t value[TARGET_REGISTER_MAX];
	const struct feature_register *r = take_register(s, &in);
	if (!r || !text_take(&in, "=") || !text_take_bytes(&in, value, r->size) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	if (s->trace.has_frame)
		return refuse_in_frame(s);
	if (!features_write(r, s->target, s->cpu, value, &s->why))
		return reply_why(s, REPLY_FAULT);
	return REPLY_OK;
}

/* The packets by letter, but for q and Q. Grouped by what they are about; the table is at the end.
 */
#include <stdio.h>
#include <string.h>

#include "gdbstub/session_internal.h"

/* --- registers ------------------------------------------------------------------------------- */

/* A trace frame that is selected answers in the machine's place. */
static bool read_target_register(
        struct session *s, const struct features *f, unsigned n, uint8_t *to)
{
	return s->trace.has_frame ? trace_read_register(s, n, to)
	                          : features_read(&f->registers[n], s->target, s->cpu, to);
}

static void put_unavailable(struct session *s, const struct feature_register *r)
{
	for (unsigned i = 0; i < r->size; i++)
		text_put(&s->reply, "xx");
}

static enum verdict refuse_in_frame(struct session *s)
{
	return session_refuse_in_frame(s, "which nothing can change");
}

static enum verdict read_all(struct session *s, struct text_in in)
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
static enum verdict write_all(struct session *s, struct text_in in)
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
		if (!features_read(&f->registers[i], s->target, s->cpu, before[i]))
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
		if (!memcmp(before[i], value, r->size))
			continue;
		if (!features_write(r, s->target, s->cpu, value, &s->why))
			return session_why(s, REPLY_FAULT);
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

static enum verdict read_one(struct session *s, struct text_in in)
{
	uint8_t value[TARGET_REGISTER_MAX];
	const struct feature_register *r = take_register(s, &in);
	if (!r || !text_take_end(&in))
		return REPLY_WRONG;
	const struct features *f = session_features(s, s->latched);
	if (read_target_register(s, f, (unsigned)(r - f->registers), value))
		text_put_bytes(&s->reply, value, r->size);
	else if (s->trace.has_frame)
		put_unavailable(s, r);
	else
		return REPLY_FAULT;
	return REPLY;
}

static enum verdict write_one(struct session *s, struct text_in in)
{
	uint8_t value[TARGET_REGISTER_MAX];
	const struct feature_register *r = take_register(s, &in);
	if (!r || !text_take(&in, "=") || !text_take_bytes(&in, value, r->size) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	if (s->trace.has_frame)
		return refuse_in_frame(s);
	if (!features_write(r, s->target, s->cpu, value, &s->why))
		return session_why(s, REPLY_FAULT);
	return REPLY_OK;
}

/* --- memory ---------------------------------------------------------------------------------- */

/* From this length on a reply is run-length encoded. Below it is what people type and what simple
 * clients ask for. */
#define LONG_REPLY 2048
#define CHUNK      4096

size_t session_read_memory(struct session *s, uint64_t at, uint8_t *to, size_t len)
{
	const struct target_memory *m = s->target->memory;
	if (s->trace.has_frame) /* it has nothing by physical address */
		return s->is_physical ? 0 : trace_read_memory(s, at, to, len);
	return s->is_physical ? m->read_physical(s->target->ctx, at, to, len)
	                      : m->read(s->target->ctx, s->cpu, at, to, len);
}

static size_t write_target(struct session *s, uint64_t at, const uint8_t *from, size_t len)
{
	const struct target_memory *m = s->target->memory;
	return s->is_physical ? m->write_physical(s->target->ctx, at, from, len)
	                      : m->write(s->target->ctx, s->cpu, at, from, len);
}

static enum verdict read_memory(struct session *s, struct text_in in)
{
	uint64_t at, len;
	if (!text_take_hex(&in, &at) || !text_take(&in, ",") || !text_take_hex(&in, &len) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	/* A short reply is legal; gdb asks for the rest. */
	if (len > s->reply.size / 2)
		len = s->reply.size / 2;
	for (uint64_t done = 0; done < len;) {
		uint8_t chunk[CHUNK];
		size_t wanted = len - done < CHUNK ? (size_t)(len - done) : CHUNK;
		size_t n = session_read_memory(s, at + done, chunk, wanted);
		text_put_bytes(&s->reply, chunk, n);
		done += n;
		if (n < wanted && !done)
			return REPLY_FAULT;
		if (n < wanted)
			break;
	}
	/* Memory is mostly zeros, and a gdb takes each character by itself. */
	if (s->reply.len >= LONG_REPLY)
		s->reply.len = frame_shorten(s->reply.data, s->reply.len);
	return REPLY;
}

static bool take_range(struct text_in *in, uint64_t *at, uint64_t *len)
{
	return text_take_hex(in, at) && text_take(in, ",") && text_take_hex(in, len) &&
	       text_take(in, ":");
}

/* A write that can't be done whole is not done at all. Memory is there or not by pages: SDM vol 3,
 * "Paging". */
#define PAGE 4096u

static bool is_writable(struct session *s, uint64_t at, size_t len)
{
	for (size_t done = 0; done < len; done += PAGE - (at + done) % PAGE) {
		uint8_t byte;
		if (!session_read_memory(s, at + done, &byte, 1))
			return false;
	}
	return true;
}

static enum verdict store(struct session *s, uint64_t at, const uint8_t *data, size_t len)
{
	if (s->trace.has_frame)
		return refuse_in_frame(s);
	if (!is_writable(s, at, len))
		return REPLY_FAULT;
	if (write_target(s, at, data, len) < len)
		return REPLY_FAULT;
	return REPLY_OK;
}

static enum verdict write_memory_hex(struct session *s, struct text_in in)
{
	uint64_t at, len;
	if (!take_range(&in, &at, &len) || text_left(&in) / 2 != len || text_left(&in) % 2)
		return REPLY_WRONG;
	/* The reply's buffer is free until the reply is made. */
	if (len > s->reply.size || !text_take_bytes(&in, s->reply.data, (size_t)len))
		return REPLY_WRONG;
	return store(s, at, s->reply.data, (size_t)len);
}

static enum verdict write_memory_binary(struct session *s, struct text_in in)
{
	uint64_t at, len;
	if (!take_range(&in, &at, &len) || text_left(&in) != len)
		return REPLY_WRONG;
	return store(s, at, in.at, (size_t)len);
}

/* --- breakpoints ----------------------------------------------------------------------------- */

/* Types 0 and 1: the last number is the length of an instruction to replace and means nothing here;
 * conditions and commands may follow (points.h). Types 2, 3, 4: watchpoints for writes, reads, all
 * accesses; it is the length, and gdb evaluates their conditions itself. */
static enum verdict breakpoint(struct session *s, struct text_in in, bool is_insert)
{
	static const enum target_watch watches[] = { TARGET_WATCH_WRITE, TARGET_WATCH_READ,
		TARGET_WATCH_ACCESS };
	const struct target_breakpoints *b = s->target->breakpoints;
	void *ctx = s->target->ctx;
	uint64_t type, gva, len;
	bool ok;
	if (!text_take_hex(&in, &type))
		return REPLY_WRONG;
	if (type > 4)
		return REPLY_NONE;
	if (!text_take(&in, ",") || !text_take_hex(&in, &gva) || !text_take(&in, ",") ||
	        !text_take_hex(&in, &len))
		return REPLY_WRONG;
	bool has_options = !text_take_end(&in);
	if (has_options && (type >= 2 || !is_insert))
		return REPLY_WRONG;
	if (type < 2 && is_insert && !points_add(s, type == 1, gva, in))
		return session_why(s, REPLY_WRONG);
	if (type >= 2)
		ok = is_insert ? b->insert_watch(ctx, watches[type - 2], gva, len, &s->why)
		               : b->remove_watch(ctx, watches[type - 2], gva, len, &s->why);
	else if (!is_insert && type == 0 && trace_keeps(&s->trace, gva))
		ok = true; /* a tracepoint is there still */
	else
		ok = is_insert ? b->insert(ctx, type == 1, gva, &s->why)
		               : b->remove(ctx, type == 1, gva, &s->why);
	if (type < 2 && is_insert != ok)
		points_remove(s, type == 1, gva);
	if (ok)
		return REPLY_OK;
	return session_why(s, REPLY_WRONG);
}

static enum verdict insert(struct session *s, struct text_in in)
{
	return breakpoint(s, in, true);
}

static enum verdict remove_breakpoint(struct session *s, struct text_in in)
{
	return breakpoint(s, in, false);
}

/* --- CPUs and the session -------------------------------------------------------------------- */

static enum verdict why_stopped(struct session *s, struct text_in in)
{
	(void)in;
	if (s->state == SESSION_IDLE)
		text_put(&s->reply, "W00");
	else
		session_put_stop(s, false);
	return REPLY;
}

/* Hg: which CPU g, m and so on mean. Hc: the same for c and s, which vCont has replaced. */
static enum verdict select_thread(struct session *s, struct text_in in)
{
	int cpu;
	if (!text_take(&in, "g") && !text_take(&in, "c"))
		return REPLY_WRONG;
	if (!session_take_thread(s, &in, &cpu) || !text_take_end(&in))
		return REPLY_WRONG;
	if (cpu > 0)
		s->cpu = (unsigned)cpu - 1;
	return REPLY_OK;
}

static enum verdict is_alive(struct session *s, struct text_in in)
{
	int cpu;
	return session_take_thread(s, &in, &cpu) && text_take_end(&in) ? REPLY_OK : REPLY_WRONG;
}

static enum verdict detach(struct session *s, struct text_in in)
{
	int process;
	if (text_take(&in, ";") && !session_take_thread(s, &in, &process))
		return REPLY_WRONG;
	if (!text_take_end(&in))
		return REPLY_WRONG;
	trace_end(s, TRACE_BY_DISCONNECT);
	trace_look_away(&s->trace);
	s->is_stop_held = false;
	points_forget(&s->points); /* as the machine does */
	s->target->run->detach(s->target->ctx);
	return REPLY_LAST;
}

/* In an extended session the program dies, and the session stays to start it again. */
static void end_program(struct session *s)
{
	if (s->is_extended) {
		s->is_dead = true;
		s->target->run->end(s->target->ctx);
	} else {
		s->target->run->kill(s->target->ctx);
	}
}

static enum verdict kill_now(struct session *s, struct text_in in)
{
	(void)in;
	end_program(s);
	if (!s->is_extended)
		return REPLY_GONE;
	s->state = SESSION_IDLE;
	return REPLY_SILENT;
}

static enum verdict kill_politely(struct session *s, struct text_in in)
{
	(void)in;
	end_program(s);
	return REPLY_LAST;
}

static enum verdict extend(struct session *s, struct text_in in)
{
	(void)in;
	s->is_extended = true;
	return REPLY_OK;
}

static bool start_again(struct session *s)
{
	if (!s->target->run->restart(s->target->ctx, &s->why))
		return false;
	const struct target_stop stop = { .kind = TARGET_STOP_SIGNAL,
		.signal = TARGET_SIGNAL_TRAP };
	session_replaced(s, &stop);
	s->state = SESSION_STOPPED;
	s->cpu = 0;
	return true;
}

/* vRun;FILE;ARGUMENTS: both are the guest's own. */
static enum verdict run(struct session *s, struct text_in in)
{
	(void)in;
	if (!s->is_extended)
		return REPLY_NONE;
	if (!start_again(s))
		return REPLY_WHY;
	session_put_first_stop(s);
	return REPLY;
}

static enum verdict restart(struct session *s, struct text_in in)
{
	(void)in;
	if (!s->is_extended)
		return REPLY_NONE;
	start_again(s); /* the packet has no reply: a refusal shows at the next `?` */
	return REPLY_SILENT;
}

/* vAttach;PROCESS, after a detach. */
static enum verdict attach(struct session *s, struct text_in in)
{
	uint64_t process;
	if (!s->is_extended)
		return REPLY_NONE;
	if (!text_take_hex(&in, &process) || !text_take_end(&in))
		return REPLY_WRONG;
	const char *why = process != 1               ? "the guest is process 1"
	                  : s->state != SESSION_IDLE ? "gdb is attached to the guest already"
	                  : s->is_dead               ? "the guest has ended; run starts it again"
	                                             : NULL;
	if (why)
		return session_refuse(s, "%s", why);
	if (!s->target->run->attach(s->target->ctx)) {
		s->is_attaching = true;
		return REPLY_LATER;
	}
	s->state = SESSION_STOPPED;
	session_put_first_stop(s);
	return REPLY;
}

static enum verdict query(struct session *s, struct text_in in)
{
	struct text_in whole = { .at = in.at - 1, .end = in.end };
	const struct command *c = session_find(session_queries, &whole);
	if (!c)
		return REPLY_NONE;
	if (s->state == SESSION_IDLE && c->legal == STOPPED)
		return REPLY_WRONG;
	whole.at += strlen(c->name);
	return c->handle(s, whole);
}

/* A debugger sends it to see what an unknown v packet gets: nothing. */
static enum verdict must_be_empty(struct session *s, struct text_in in)
{
	(void)s, (void)in;
	return REPLY_NONE;
}

const struct command session_commands[] = {
	{ "g", EXACT, STOPPED, read_all },
	{ "G", PREFIX, STOPPED, write_all },
	{ "p", PREFIX, STOPPED, read_one },
	{ "P", PREFIX, STOPPED, write_one },
	{ "m", PREFIX, STOPPED, read_memory },
	{ "x", PREFIX, STOPPED, bulk_read },
	{ "M", PREFIX, STOPPED, write_memory_hex },
	{ "X", PREFIX, STOPPED, write_memory_binary },
	{ "c", PREFIX, STOPPED, resume_continue },
	{ "C", PREFIX, STOPPED, resume_continue_with_signal },
	{ "s", PREFIX, STOPPED, resume_step },
	{ "S", PREFIX, STOPPED, resume_step_with_signal },
	{ "vCont?", EXACT, NO_PROGRAM, resume_actions },
	{ "vCont;", PREFIX, STOPPED, resume_by_actions },
	{ "Z", PREFIX, STOPPED, insert },
	{ "z", PREFIX, STOPPED, remove_breakpoint },
	{ "?", EXACT, NO_PROGRAM, why_stopped },
	{ "!", EXACT, NO_PROGRAM, extend },
	{ "vRun;", PREFIX, NO_PROGRAM, run },
	{ "R", PREFIX, NO_PROGRAM, restart },
	{ "vAttach;", PREFIX, NO_PROGRAM, attach },
	{ "H", PREFIX, NO_PROGRAM, select_thread },
	{ "T", PREFIX, STOPPED, is_alive },
	{ "D", PREFIX, STOPPED, detach },
	{ "k", EXACT, ALWAYS, kill_now },
	{ "vKill;", PREFIX, ALWAYS, kill_politely },
	{ "vFile:setfs:", PREFIX, NO_PROGRAM, files_set_system },
	{ "vFile:open:", PREFIX, NO_PROGRAM, files_open },
	{ "vFile:close:", PREFIX, NO_PROGRAM, files_close },
	{ "vFile:fstat:", PREFIX, NO_PROGRAM, files_status },
	{ "vFile:pread:", PREFIX, NO_PROGRAM, files_read },
	{ "vMustReplyEmpty", EXACT, NO_PROGRAM, must_be_empty },
	{ "q", PREFIX, NO_PROGRAM, query },
	{ "Q", PREFIX, NO_PROGRAM, query },
	{ 0 },
};

/* The packets by letter, but for q and Q. Grouped by what they are about; the table is at the end.
 */
#include "gdbstub/commands.h"

#include <stdio.h>
#include <string.h>

#include "gdbstub/bulk.h"
#include "gdbstub/files.h"
#include "gdbstub/memory_packets.h"
#include "gdbstub/points.h"
#include "gdbstub/program.h"
#include "gdbstub/queries.h"
#include "gdbstub/register_packets.h"
#include "gdbstub/reply.h"
#include "gdbstub/resume.h"
#include "gdbstub/state.h"
#include "gdbstub/stop_reply.h"
#include "gdbstub/trace_store.h"

/* --- breakpoints ----------------------------------------------------------------------------- */

static bool insert_watch(struct session *s, struct point_watch w)
{
	const struct target_breakpoints *b = s->target->breakpoints;
	void *ctx = s->target->ctx;
	if (!b->insert_watch(ctx, w.kind, w.gva, w.len, &s->why))
		return false;
	if (points_add_watch(&s->points, w))
		return true;
	b->remove_watch(ctx, w.kind, w.gva, w.len, &s->why);
	reply_refuse(s, "out of memory");
	return false;
}

static bool remove_watch(struct session *s, struct point_watch w)
{
	if (!s->target->breakpoints->remove_watch(s->target->ctx, w.kind, w.gva, w.len, &s->why))
		return false;
	points_remove_watch(&s->points, w);
	return true;
}

/* options: conditions and commands (points.h). */
static bool insert_breakpoint(
        struct session *s, bool is_hardware, uint64_t gva, struct text_in options)
{
	if (!points_add(s, is_hardware, gva, options))
		return false;
	if (s->target->breakpoints->insert(s->target->ctx, is_hardware, gva, &s->why))
		return true;
	points_remove(s, is_hardware, gva);
	return false;
}

/* The machine keeps one where a tracepoint is. */
static bool remove_breakpoint(struct session *s, bool is_hardware, uint64_t gva)
{
	bool is_kept = !is_hardware && trace_keeps(&s->trace, gva);
	if (!is_kept && !s->target->breakpoints->remove(s->target->ctx, is_hardware, gva, &s->why))
		return false;
	points_remove(s, is_hardware, gva);
	return true;
}

/* TYPE,ADDRESS,NUMBER[OPTIONS]. Types 0 and 1 are breakpoints: the number is the length of an
 * instruction to replace, which means nothing here, and options may follow. Types 2, 3, 4 are
 * watchpoints for writes, reads, all accesses: it is their length, and gdb evaluates their conditions
 * itself. */
static enum verdict change_point(struct session *s, struct text_in in, bool is_insert)
{
	static const enum target_watch watches[] = { TARGET_WATCH_WRITE, TARGET_WATCH_READ,
		TARGET_WATCH_ACCESS };
	const struct target_breakpoints *b = s->target->breakpoints;
	uint64_t type, gva, number;
	bool ok;
	if (!text_take_hex(&in, &type))
		return REPLY_WRONG;
	if (type > 4 || (type >= 2 && !(b->insert_watch && b->remove_watch)))
		return REPLY_NONE;
	if (!text_take(&in, ",") || !text_take_hex(&in, &gva) || !text_take(&in, ",") ||
	        !text_take_hex(&in, &number))
		return REPLY_WRONG;
	bool has_options = !text_take_end(&in);
	if (has_options && (type >= 2 || !is_insert || !session_has(s, AGENT)))
		return REPLY_WRONG;
	if (type == 4 && gva == EXEC_ASK_GVA) { /* for us: exec.h */
		s->exec.has_watch = is_insert;
		s->exec.has_script = true;
		return REPLY_OK;
	}
	if (type >= 2) {
		const struct point_watch w = { watches[type - 2], gva, number };
		ok = is_insert ? insert_watch(s, w) : remove_watch(s, w);
	} else {
		ok = is_insert ? insert_breakpoint(s, type == 1, gva, in)
		               : remove_breakpoint(s, type == 1, gva);
	}
	return ok ? REPLY_OK : reply_why(s, REPLY_WRONG);
}

static enum verdict insert_point(struct session *s, struct text_in in)
{
	return change_point(s, in, true);
}

static enum verdict remove_point(struct session *s, struct text_in in)
{
	return change_point(s, in, false);
}

/* --- CPUs and the session -------------------------------------------------------------------- */

static enum verdict why_stopped(struct session *s, struct text_in in)
{
	(void)in;
	/* gdb begins anew, and with `set remote interrupt-on-connect` it sends a 0x03 before. */
	s->has_interrupt = false;
	if (s->state == SESSION_IDLE)
		text_put(&s->reply, "W00");
	else
		stop_reply_put(s, false);
	return REPLY;
}

/* Hg: which CPU g, m and so on mean. Hc: the same for s, which vCont has replaced. */
static enum verdict select_thread(struct session *s, struct text_in in)
{
	bool is_step = text_take(&in, "c");
	int cpu;
	if (!is_step && !text_take(&in, "g"))
		return REPLY_WRONG;
	if (!reply_take_thread(s, &in, &cpu) || !text_take_end(&in))
		return REPLY_WRONG;
	if (cpu > 0)
		*(is_step ? &s->step_cpu : &s->cpu) = (unsigned)cpu - 1;
	return REPLY_OK;
}

static enum verdict is_alive(struct session *s, struct text_in in)
{
	int cpu;
	return reply_take_thread(s, &in, &cpu) && text_take_end(&in) ? REPLY_OK : REPLY_WRONG;
}

static enum verdict query(struct session *s, struct text_in in)
{
	struct text_in whole = { .at = in.at - 1, .end = in.end };
	const struct command *c = session_find(session_queries, &whole);
	if (!c || !session_has(s, c->needs))
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
	{ "g", EXACT, STOPPED, register_packets_read_all, REGISTERS },
	{ "G", PREFIX, STOPPED, register_packets_write_all, REGISTERS },
	{ "p", PREFIX, STOPPED, register_packets_read, REGISTERS },
	{ "P", PREFIX, STOPPED, register_packets_write, REGISTERS },
	{ "m", PREFIX, STOPPED, memory_packets_read, MEMORY },
	{ "x", PREFIX, STOPPED, bulk_read, MEMORY },
	{ "M", PREFIX, STOPPED, memory_packets_write_hex, MEMORY },
	{ "X", PREFIX, STOPPED, memory_packets_write, MEMORY },
	{ "c", PREFIX, STOPPED, resume_continue, RUN },
	{ "C", PREFIX, STOPPED, resume_continue_with_signal, RUN },
	{ "s", PREFIX, STOPPED, resume_step, RUN },
	{ "S", PREFIX, STOPPED, resume_step_with_signal, RUN },
	{ "bs", EXACT, STOPPED, resume_step_back, RUN | HISTORY },
	{ "bc", EXACT, STOPPED, resume_run_back, RUN | HISTORY },
	{ "vCont?", EXACT, NO_PROGRAM, resume_actions, RUN },
	{ "vCont;", PREFIX, STOPPED, resume_by_actions, RUN },
	{ "Z", PREFIX, STOPPED, insert_point, BREAKPOINTS },
	{ "z", PREFIX, STOPPED, remove_point, BREAKPOINTS },
	{ "?", EXACT, NO_PROGRAM, why_stopped },
	{ "!", EXACT, NO_PROGRAM, program_extend, RUN },
	{ "vRun;", PREFIX, NO_PROGRAM, program_run, RUN },
	{ "R", PREFIX, NO_PROGRAM, program_restart, RUN },
	{ "vAttach;", PREFIX, NO_PROGRAM, program_attach, RUN },
	{ "H", PREFIX, NO_PROGRAM, select_thread },
	{ "T", PREFIX, STOPPED, is_alive },
	{ "D", PREFIX, STOPPED, program_detach },
	{ "k", EXACT, ALWAYS, program_kill },
	{ "vKill;", PREFIX, ALWAYS, program_kill_politely },
	{ "vFile:setfs:", PREFIX, NO_PROGRAM, files_set_system, ANY_FILE },
	{ "vFile:open:", PREFIX, NO_PROGRAM, files_open, ANY_FILE },
	{ "vFile:close:", PREFIX, NO_PROGRAM, files_close, ANY_FILE },
	{ "vFile:fstat:", PREFIX, NO_PROGRAM, files_status, ANY_FILE },
	{ "vFile:pread:", PREFIX, NO_PROGRAM, files_read, ANY_FILE },
	{ "vMustReplyEmpty", EXACT, NO_PROGRAM, must_be_empty },
	{ "q", PREFIX, NO_PROGRAM, query },
	{ "Q", PREFIX, NO_PROGRAM, query },
	{ 0 },
};

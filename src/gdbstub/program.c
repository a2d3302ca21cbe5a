/* Ending, letting go and beginning anew, and what is left of the session's state each time. */
#include "gdbstub/program.h"

#include "gdbstub/exec.h"
#include "gdbstub/points.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/stop_reply.h"
#include "gdbstub/trace_look.h"
#include "gdbstub/trace_run.h"

void program_replaced(struct session *s, const struct target_stop *stop)
{
	s->stop = *stop;
	s->is_dead = s->is_attaching = s->has_interrupt = false;
	exec_drop(s);
	trace_restarted(&s->trace);
}

enum verdict program_detach(struct session *s, struct text_in in)
{
	int process;
	if (text_take(&in, ";") && !reply_take_thread(s, &in, &process))
		return REPLY_WRONG;
	if (!text_take_end(&in))
		return REPLY_WRONG;
	trace_end(s, TRACE_BY_DISCONNECT);
	trace_look_away(&s->trace);
	exec_drop(s);
	s->has_interrupt = false;
	points_forget(&s->points); /* as the machine does */
	if (s->target->run)
		s->target->run->detach(s->target->ctx);
	return REPLY_LAST;
}

/* In an extended session the program dies, and the session stays to start it again. */
static void end_program(struct session *s)
{
	s->has_interrupt = false;
	if (!s->target->run)
		return;
	if (s->is_extended) {
		s->is_dead = true;
		s->target->run->end(s->target->ctx);
	} else {
		s->target->run->kill(s->target->ctx);
	}
}

enum verdict program_kill(struct session *s, struct text_in in)
{
	(void)in;
	end_program(s);
	if (!s->is_extended)
		return REPLY_GONE;
	s->state = SESSION_IDLE;
	return REPLY_SILENT;
}

enum verdict program_kill_politely(struct session *s, struct text_in in)
{
	(void)in;
	end_program(s);
	return REPLY_LAST;
}

enum verdict program_extend(struct session *s, struct text_in in)
{
	const struct target_run *run = s->target->run;
	(void)in;
	if (!run->end || !run->restart || !run->attach)
		return REPLY_NONE;
	s->is_extended = true;
	return REPLY_OK;
}

static bool start_again(struct session *s)
{
	if (!s->target->run->restart(s->target->ctx, &s->why))
		return false;
	const struct target_stop stop = { .kind = TARGET_STOP_SIGNAL,
		.signal = TARGET_SIGNAL_TRAP };
	program_replaced(s, &stop);
	s->state = SESSION_STOPPED;
	s->cpu = s->step_cpu = 0;
	return true;
}

/* vRun;FILE;ARGUMENTS: both are the guest's own. */
enum verdict program_run(struct session *s, struct text_in in)
{
	(void)in;
	if (!s->is_extended)
		return REPLY_NONE;
	if (!start_again(s))
		return REPLY_WHY;
	stop_reply_put_first(s);
	return REPLY;
}

enum verdict program_restart(struct session *s, struct text_in in)
{
	(void)in;
	if (!s->is_extended)
		return REPLY_NONE;
	start_again(s); /* the packet has no reply: a refusal shows at the next `?` */
	return REPLY_SILENT;
}

/* vAttach;PROCESS, after a detach. */
enum verdict program_attach(struct session *s, struct text_in in)
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
		return reply_refuse(s, "%s", why);
	if (!s->target->run->attach(s->target->ctx)) {
		s->is_attaching = true;
		return REPLY_LATER;
	}
	s->state = SESSION_STOPPED;
	stop_reply_put_first(s);
	return REPLY;
}

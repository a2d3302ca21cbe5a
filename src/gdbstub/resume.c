/* Going on: c, s, C, S, vCont. */
#include <string.h>

#include "bytes.h"
#include "gdbstub/session_internal.h"

#define FROM_FRAME "from which nothing goes on"

static enum verdict resume(struct session *s, unsigned cpu, enum target_resume how)
{
	if (s->is_stop_held && session_put_held_stop(s, how == TARGET_STEP))
		return REPLY;
	s->target->run->resume(s->target->ctx, cpu, how);
	return REPLY_LATER;
}

/* c and s with an optional address to go on from: it becomes the pc. */
static enum verdict resume_from(struct session *s, struct text_in in, enum target_resume how)
{
	uint64_t gva;
	if (s->trace.has_frame)
		return session_refuse_in_frame(s, FROM_FRAME);
	if (text_take_end(&in))
		return resume(s, s->cpu, how);
	const struct features *f = session_features(s, s->latched);
	if (!f || f->pc == f->count || !text_take_hex(&in, &gva) || !text_take_end(&in))
		return REPLY_WRONG;
	const struct feature_register *pc = &f->registers[f->pc];
	uint8_t value[TARGET_REGISTER_MAX] = { 0 };
	put_number(value, gva, pc->size);
	if (!features_write(pc, s->target, s->cpu, value, &s->why))
		return session_why(s, REPLY_FAULT);
	return resume(s, s->cpu, how);
}

enum verdict resume_continue(struct session *s, struct text_in in)
{
	return resume_from(s, in, TARGET_CONTINUE);
}

enum verdict resume_step(struct session *s, struct text_in in)
{
	return resume_from(s, in, TARGET_STEP);
}

/* C and S: a signal to deliver, which a machine has no use for, then as c and s. */
static enum verdict resume_with_signal(struct session *s, struct text_in in, enum target_resume how)
{
	uint64_t signal;
	if (!text_take_hex(&in, &signal))
		return REPLY_WRONG;
	if (!text_take_end(&in) && !text_take(&in, ";"))
		return REPLY_WRONG;
	return resume_from(s, in, how);
}

enum verdict resume_continue_with_signal(struct session *s, struct text_in in)
{
	return resume_with_signal(s, in, TARGET_CONTINUE);
}

enum verdict resume_step_with_signal(struct session *s, struct text_in in)
{
	return resume_with_signal(s, in, TARGET_STEP);
}

enum verdict resume_actions(struct session *s, struct text_in in)
{
	(void)in;
	/* gdb uses vCont only where the first four are there. */
	text_put(&s->reply, "vCont;c;C;s;S;r");
	return REPLY;
}

struct vcont_action {
	enum target_resume how;
	uint64_t begin, end; /* rBEGIN,END: steps as long as the pc is in [begin, end) */
};

static bool take_action(struct text_in *in, struct vcont_action *a)
{
	uint64_t signal;
	*a = (struct vcont_action) { TARGET_CONTINUE };
	if (text_take(in, "c") || (text_take(in, "C") && text_take_hex(in, &signal)))
		return true;
	a->how = TARGET_STEP;
	if (text_take(in, "s") || (text_take(in, "S") && text_take_hex(in, &signal)))
		return true;
	a->how = TARGET_STEP_RANGE;
	return text_take(in, "r") && text_take_hex(in, &a->begin) && text_take(in, ",") &&
	       text_take_hex(in, &a->end) && a->begin <= a->end;
}

/* An action that is none of those that `vCont?` names: `t` stops a thread, which in all-stop cannot
 * be asked for while one runs. */
static bool is_unknown(const struct text_in *action)
{
	return text_left(action) && !memchr("cCsSr", *action->at, 5);
}

/* vCont;ACTION[:THREAD];...: for each CPU the leftmost action that names it counts. A CPU that none
 * names stays where it is. */
enum verdict resume_by_actions(struct session *s, struct text_in in)
{
	bool is_resumed = false;
	unsigned cpu = 0;
	struct vcont_action how = { TARGET_CONTINUE };
	while (!text_take_end(&in)) {
		struct text_in action = text_take_until(&in, ';');
		struct vcont_action wanted;
		int thread = -1;
		text_take(&in, ";");
		if (is_unknown(&action))
			return REPLY_NONE;
		if (!take_action(&action, &wanted))
			return REPLY_WRONG;
		if (text_take(&action, ":") && !session_take_thread(s, &action, &thread))
			return REPLY_WRONG;
		if (!text_take_end(&action))
			return REPLY_WRONG;
		if (!is_resumed) {
			is_resumed = true;
			how = wanted;
			cpu = thread > 0 ? (unsigned)thread - 1 : s->cpu;
		}
	}
	if (!is_resumed)
		return REPLY_WRONG;
	if (s->trace.has_frame)
		return session_refuse_in_frame(s, FROM_FRAME);
	if (how.how != TARGET_STEP_RANGE)
		return resume(s, cpu, how.how);
	s->is_stop_held = false; /* gdb wants steps: see session_put_held_stop */
	s->target->run->step_range(s->target->ctx, cpu, how.begin, how.end);
	return REPLY_LATER;
}

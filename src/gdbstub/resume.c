/* Going on: c, s, C, S, vCont; and back: bs, bc. */
#include "gdbstub/resume.h"

#include <string.h>

#include "base/bytes.h"
#include "gdbstub/exec.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"

#define FROM_FRAME "from which nothing goes on"

/* What the CPUs are to do, and what is said first. */
struct plan {
	struct target_action actions[TARGET_CPUS_MAX];
	struct exec_resume first;
};

/* The machine goes on; a 0x03 that has waited for that stops it at once. */
static enum verdict begin(struct session *s)
{
	if (s->has_interrupt)
		s->target->run->interrupt(s->target->ctx);
	return REPLY_LATER;
}

static enum verdict resume(struct session *s, const struct plan *plan)
{
	if (exec_answer(s, plan->first))
		return REPLY;
	exec_watch_long(s);
	s->target->run->resume(s->target->ctx, plan->actions);
	return begin(s);
}

/* c: all CPUs go on. s: one makes a step, while the others stay. */
static enum verdict resume_all(struct session *s, enum target_resume how)
{
	struct plan plan = { .first = { how } };
	unsigned count = session_cpu_count(s);
	for (unsigned i = 0; i < count && i < TARGET_CPUS_MAX; i++)
		if (how == TARGET_CONTINUE || i == s->step_cpu)
			plan.actions[i].how = how;
	return resume(s, &plan);
}

/* c and s with an optional address to go on from: it becomes the pc. */
static enum verdict resume_from(struct session *s, struct text_in in, enum target_resume how)
{
	uint64_t gva;
	if (s->trace.has_frame)
		return reply_refuse_in_frame(s, FROM_FRAME);
	if (text_take_end(&in))
		return resume_all(s, how);
	const struct features *f = session_features(s, s->latched);
	if (!f || !text_take_hex(&in, &gva) || !text_take_end(&in))
		return REPLY_WRONG;
	const struct feature_register *pc = &f->registers[f->pc];
	uint8_t value[TARGET_REGISTER_MAX] = { 0 };
	put_number(value, gva, pc->size);
	if (!features_write(pc, s->target, s->step_cpu, value, &s->why))
		return reply_why(s, REPLY_FAULT);
	return resume_all(s, how);
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

static enum verdict go_back(struct session *s, enum target_resume how, void (*back)(void *ctx))
{
	if (s->trace.has_frame)
		return reply_refuse_in_frame(s, FROM_FRAME);
	if (exec_answer(s, (struct exec_resume) { how }))
		return REPLY;
	back(s->target->ctx);
	return begin(s);
}

enum verdict resume_step_back(struct session *s, struct text_in in)
{
	(void)in;
	return go_back(s, TARGET_STEP, s->target->history->step_back);
}

enum verdict resume_run_back(struct session *s, struct text_in in)
{
	(void)in;
	return go_back(s, TARGET_CONTINUE, s->target->history->run_back);
}

enum verdict resume_actions(struct session *s, struct text_in in)
{
	(void)in;
	/* gdb uses vCont only where the first four are there. */
	text_put(&s->reply, "vCont;c;C;s;S;r");
	return REPLY;
}

static bool take_action(struct text_in *in, struct target_action *a)
{
	uint64_t signal;
	*a = (struct target_action) { TARGET_CONTINUE };
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

/* thread: as reply_take_thread gives it. */
static void apply(struct session *s, struct plan *plan, int thread, const struct target_action *a)
{
	unsigned count = session_cpu_count(s);
	for (unsigned i = 0; i < count && i < TARGET_CPUS_MAX; i++) {
		bool is_named = thread < 0 || i + 1 == (thread ? (unsigned)thread : s->cpu + 1);
		if (is_named && plan->actions[i].how == TARGET_STAY)
			plan->actions[i] = *a;
	}
}

/* vCont;ACTION[:THREAD];...: for each CPU the leftmost action that names it counts; one without a
 * thread names all. A CPU that none names stays where it is. */
enum verdict resume_by_actions(struct session *s, struct text_in in)
{
	struct plan plan = { .first = { TARGET_STAY } };
	while (!text_take_end(&in)) {
		struct text_in action = text_take_until(&in, ';');
		struct target_action wanted;
		int thread = -1;
		text_take(&in, ";");
		if (is_unknown(&action))
			return REPLY_NONE;
		if (!take_action(&action, &wanted))
			return REPLY_WRONG;
		if (text_take(&action, ":") && !reply_take_thread(s, &action, &thread))
			return REPLY_WRONG;
		if (!text_take_end(&action))
			return REPLY_WRONG;
		if (plan.first.how == TARGET_STAY)
			plan.first = (struct exec_resume) { wanted.how,
				thread > 0 && text_take_end(&in) };
		apply(s, &plan, thread, &wanted);
	}
	if (plan.first.how == TARGET_STAY)
		return REPLY_WRONG;
	if (s->trace.has_frame)
		return reply_refuse_in_frame(s, FROM_FRAME);
	/* Only gdb says swbreak. For stepi where no breakpoint is it lets the other CPUs go on. */
	for (unsigned i = 0; plan.first.is_alone && s->has_swbreak && i < TARGET_CPUS_MAX; i++)
		plan.actions[i].is_step_off = plan.actions[i].how == TARGET_STEP;
	return resume(s, &plan);
}

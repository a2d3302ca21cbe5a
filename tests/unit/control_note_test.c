/* Run control on every kind of KVM: it notes each decision, for --trace run and monitor log run. */
#include "control_rig.h"

#define NOTES_MAX 64

static struct {
	unsigned count;
	struct decision all[NOTES_MAX];
} notes;

static void note(void *ctx, const struct decision *d)
{
	CHECK(ctx != NULL);
	if (notes.count < NOTES_MAX)
		notes.all[notes.count++] = *d;
}

static void listen(struct rig *r)
{
	notes.count = 0;
	control_note(&r->control, note);
}

/* The n'th of a kind, or one that holds nothing. */
static struct decision note_of(enum decision_kind kind, unsigned n)
{
	for (unsigned i = 0; i < notes.count; i++)
		if (notes.all[i].kind == kind && n-- == 0)
			return notes.all[i];
	return (struct decision) { .kind = UINT8_MAX };
}

static bool has_note(enum decision_kind kind)
{
	return note_of(kind, 0).kind == kind;
}

EVERYWHERE(a_step_is_noted_with_how_and_why)
{
	PUT(r, NOP, HLT);
	listen(r);
	CHECK_STEP(r, RIG_CODE + 1);
	struct decision step = note_of(DECISION_STEP, 0);
	CHECK_EQ(step.at, RIG_CODE);
	CHECK_EQ(step.how, r->is_engine ? STEP_BY_ENGINE : STEP_BY_KVM);
	CHECK_EQ(step.why, STEP_ASKED);
	CHECK(!has_note(DECISION_RUN));
	struct decision stop = notes.all[notes.count - 1];
	CHECK_EQ(stop.kind, DECISION_STOP);
	CHECK_EQ(stop.at, RIG_CODE + 1);
	CHECK_EQ(stop.how, STOP_STEPPED);
}

EVERYWHERE(a_step_of_hlt_is_run_controls_own)
{
	PUT(r, HLT);
	listen(r);
	CHECK_EQ(control_step(&r->control, &r->stop), 0);
	CHECK_EQ(note_of(DECISION_STEP, 0).how, STEP_HERE);
	CHECK_EQ(note_of(DECISION_STOP, 0).how, STOP_HALTED);
}

EVERYWHERE(a_run_notes_what_stands_in_its_way_and_what_came_back)
{
	if (r->is_engine)
		return;
	PUT(r, NOP, NOP, HLT);
	CHECK_BREAK(r, RIG_CODE + 1);
	listen(r);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 1);
	CHECK_EQ(notes.all[0].kind, DECISION_BEGIN);
	CHECK_EQ(notes.all[0].at, RIG_CODE);
	struct decision p = note_of(DECISION_BREAKPOINT, 0);
	CHECK_EQ(p.at, RIG_CODE + 1);
	CHECK_EQ(p.how, BREAKPOINT_REGISTER);
	CHECK_EQ(note_of(DECISION_RUN, 0).number, 1);
	CHECK_EQ(note_of(DECISION_EXIT, 0).number, KVM_EXIT_DEBUG);
	struct decision stop = notes.all[notes.count - 1];
	CHECK_EQ(stop.kind, DECISION_STOP);
	CHECK_EQ(stop.how, STOP_BREAKPOINT);
	/* Off it, by a step. */
	listen(r);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 3);
	CHECK_EQ(note_of(DECISION_STEP, 0).why, STEP_OFF_BREAKPOINT);
	CHECK_EQ(note_of(DECISION_STOP, 0).how, STOP_HALTED);
}

EVERYWHERE(guards_are_noted_when_they_are_set_and_lifted)
{
	if (r->is_engine)
		return; /* it needs none */
	PUT(r, MOV_DL_M, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_READ); /* which no register keeps */
	listen(r);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 2);
	struct decision w = note_of(DECISION_WATCH, 0);
	CHECK_EQ(w.at, RIG_DATA);
	CHECK_EQ(w.how, WATCH_BY_GUARD);
	CHECK_EQ(w.why, WATCH_READ);
	CHECK_EQ(note_of(DECISION_GUARD, 0).at, RIG_DATA);
	CHECK_EQ(note_of(DECISION_GUARD, 0).how, MEMORY_NO_ACCESS);
	CHECK_EQ(note_of(DECISION_GUARDED, 0).at, RIG_DATA);
	listen(r);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_EQ(note_of(DECISION_GUARD, 0).at, RIG_DATA);
	CHECK_EQ(note_of(DECISION_GUARD, 0).how, MEMORY_ALL);
}

EVERYWHERE(a_kick_is_noted)
{
	PUT(r, NOP, HLT);
	listen(r);
	vcpu_kick(&r->vcpu);
	CHECK_RUN(r, STOP_KICKED, RIG_CODE);
	CHECK(has_note(DECISION_KICK));
	CHECK_EQ(note_of(DECISION_KICK, 0).how, 0);
}

EVERYWHERE(where_nobody_listens_nothing_is_noted)
{
	PUT(r, NOP, NOP, HLT);
	listen(r);
	control_note(&r->control, NULL);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 3);
	CHECK_EQ(notes.count, 0);
}

int main(void)
{
	RUN(a_step_is_noted_with_how_and_why);
	RUN(a_step_of_hlt_is_run_controls_own);
	RUN(a_run_notes_what_stands_in_its_way_and_what_came_back);
	RUN(guards_are_noted_when_they_are_set_and_lifted);
	RUN(a_kick_is_noted);
	RUN(where_nobody_listens_nothing_is_noted);
	return check_done();
}

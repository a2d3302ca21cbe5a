/* What is known of the past: states by position, noted where the guest has stood, and marks. */
#include "past.h"

bool past_look(struct session *s, struct where *w)
{
	uint64_t seconds = 0, ns = 0;
	const char *text = rsp_monitor(&s->r, "when");
	const char *comma = strrchr(text, ',');
	if (sscanf(text, "position %" SCNu64 " of %" SCNu64, &w->position, &w->end) != 2 ||
	        !comma || sscanf(comma, ", %" SCNu64 ".%9" SCNu64, &seconds, &ns) != 2)
		return rsp_fail(&s->r, "when -> %.200s", text);
	w->ns = seconds * 1000000000 + ns;
	w->is_present = strstr(text, "(the present)");
	return true;
}

bool past_look_begin(struct session *s, uint64_t *begin)
{
	const char *text = rsp_monitor(&s->r, "record info");
	return sscanf(text, "on: positions %" SCNu64, begin) == 1
	               ? true
	               : rsp_fail(&s->r, "record info -> %.200s", text);
}

static uint64_t add(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* Registers, RAM that is used, and devices. */
static uint64_t hash_guest(struct session *s)
{
	uint64_t hash = add(1, rsp_must_ask(&s->r, "g"));
	hash = add(hash, rsp_must_ask(&s->r, "qCRC:0,18000"));
	hash = add(hash, rsp_must_ask(&s->r, "qCRC:60000,10000"));
	hash = add(hash, rsp_monitor(&s->r, "info segments"));
	if (s->is_pc) {
		hash = add(hash, rsp_must_ask(&s->r, "qCRC:b8000,1000"));
		hash = add(hash, rsp_monitor(&s->r, "info pic"));
	}
	return hash;
}

void past_forget_from(struct past *t, uint64_t position)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < t->count; i++)
		if (t->notes[i].position < position)
			t->notes[kept++] = t->notes[i];
	t->count = kept;
}

void past_forget_marks(struct past *t, uint64_t last)
{
	for (unsigned i = 0; i < PAST_MARKS; i++)
		if (t->marks[i] > last)
			t->marks[i] = UINT64_MAX;
}

void past_forget_all(struct past *t)
{
	t->count = 0;
	memset(t->marks, 0xff, sizeof t->marks);
}

static void compare_note(struct past *t, struct note *n, const struct where *w, uint64_t hash)
{
	if (n->hash != hash)
		rsp_fail(&t->s.r,
		        "position %" PRIu64 " of %" PRIu64 " is another state than before",
		        w->position, w->end);
	if (!w->is_present && n->ns == UNKNOWN_NS)
		n->ns = w->ns;
	if (!w->is_present && n->ns != w->ns)
		rsp_fail(&t->s.r, "position %" PRIu64 " is at %" PRIu64 " ns, and was at %" PRIu64,
		        w->position, w->ns, n->ns);
}

void past_check_here(struct past *t)
{
	struct where w;
	if (rsp_has_failed(&t->s.r) || !past_look(&t->s, &w))
		return;
	const uint64_t hash = hash_guest(&t->s);
	for (unsigned i = 0; i < t->count; i++)
		if (t->notes[i].position == w.position) {
			compare_note(t, &t->notes[i], &w, hash);
			return;
		}
	const unsigned at = t->count < PAST_NOTES ? t->count++ : below(&t->s, PAST_NOTES);
	t->notes[at] = (struct note) { w.position, hash, w.is_present ? UNKNOWN_NS : w.ns };
}

/* Which watchpoints are hit by what others than the CPU do to the guest's RAM, and the stop that comes of
 * it. */
#include "debug/touch.h"

#include <inttypes.h>
#include <stdio.h>

#include "debug/seen.h"
#include "debug/trail.h"
#include "kvm/linear.h"

void touch_begin(struct control *c)
{
	c->touched = (struct touched) { 0 };
}

/* Whether the bytes at from, that are about to be written to gpa, are others than those there now, where w
 * looks. */
static bool changes(
        struct control *c, const struct watch *w, uint64_t gpa, const uint8_t *from, uint64_t len)
{
	const struct memory *m = &c->cpu.vcpu->vm->memory;
	uint64_t at, run;
	uint8_t now;
	for (uint64_t done = 0; done < w->len; done++) {
		if (!linear_to_gpa(c->cpu.vcpu, w->gva + done, &at, &run) || at - gpa >= len)
			continue;
		if (memory_read(m, at, &now, 1) == 1 && now != from[at - gpa])
			return true;
	}
	return false;
}

/* w is hit, at gva. */
static void take(struct touched *t, const struct watch *w, uint64_t gva, uint64_t gpa,
        bool is_write, uint64_t len)
{
	if (!t->has_hit) {
		*t = (struct touched) { true, is_write, w->kind, gva, gpa, len };
	} else if (!t->has_other && t->gva - w->gva >= w->len) {
		t->has_other = true;
		t->other = w->gva;
	}
}

/* from: of a write, or NULL. */
static void touch(struct control *c, uint64_t gpa, const uint8_t *from, uint64_t len)
{
	uint64_t gva = 0;
	trail_touch(c, gpa, len, from != NULL);
	for (size_t i = 0; i < c->watches.count && len && !c->touched.has_other; i++) {
		struct watches one = { .all = &c->watches.all[i], .count = 1 };
		const struct watch *w =
		        watches_hit_gpa(&one, c->cpu.vcpu, gpa, len, from != NULL, &gva);
		if (w && (w->kind != WATCH_WRITE || changes(c, w, gpa, from, len)))
			take(&c->touched, w, gva, gpa, from != NULL, len);
	}
}

void touch_read(struct control *c, uint64_t gpa, uint64_t len)
{
	touch(c, gpa, NULL, len);
}

void touch_write(struct control *c, uint64_t gpa, const void *from, uint64_t len)
{
	touch(c, gpa, from, len);
}

bool touch_end(struct control *c, const char *who, struct stop *stop)
{
	const struct touched t = c->touched;
	char other[100] = "";
	if (!t.has_hit)
		return false;
	if (t.has_other)
		snprintf(other, sizeof other,
		        " It has hit the watchpoint at 0x%" PRIx64 ", too, which has no stop "
		        "of its own.",
		        t.other);
	snprintf(seen_next_line(&c->cpu), CATCH_TEXT_MAX,
	        "%s %s it: 0x%" PRIx64 " to 0x%" PRIx64 ".%s\n", who, t.is_write ? "wrote" : "read",
	        t.gpa, t.gpa + t.len - 1, other);
	seen_caught(&c->cpu, true);
	*stop = (struct stop) { .kind = STOP_WATCH, .watch = { t.kind, t.gva } };
	touch_begin(c);
	return true;
}

bool touch_reset(struct control *c, const char *how, struct stop *stop)
{
	if (!catches_reset(&c->catches, how, seen_next_line(&c->cpu)))
		return false;
	seen_caught(&c->cpu, true);
	*stop = (struct stop) { .kind = STOP_CATCH };
	return true;
}

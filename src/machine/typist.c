/* The queue, the script after it, and when the next byte goes. */
#include "machine/typist.h"

#include <string.h>

#include "devices/i8042.h"

#define MS UINT64_C(1000000) /* ns */

/* How long a byte waits before it is tried again: for the guest to read the one before, or for a
 * program to take a key from the BIOS. One that does neither is asked less often after a while. */
#define SOON_NS  MS
#define LATER_NS (20 * MS)
#define SOON_MAX 50 /* tries */

#define RELEASED 0x80

void typist_init(struct typist *t, const struct keys_script *script)
{
	*t = (struct typist) { .script = script };
	typist_power_on(t);
}

/* The script's next event is due. */
static void plan_script(struct typist *t, uint64_t now_ns)
{
	struct typist_state *s = &t->state;
	s->script_due_ns = TYPIST_NEVER;
	if (!t->script || s->script_at >= t->script->count)
		return;
	const struct key_event *next = &t->script->events[s->script_at];
	uint64_t ns = next->ms * MS;
	s->script_due_ns = !next->is_at ? now_ns + ns : ns > now_ns ? ns : now_ns;
}

void typist_power_on(struct typist *t)
{
	t->state = (struct typist_state) { .count = 0 };
	plan_script(t, 0);
}

void typist_restart(struct typist *t, uint64_t now_ns)
{
	t->state.due_ns = now_ns;
	plan_script(t, now_ns);
}

size_t typist_free(const struct typist *t)
{
	return TYPIST_MAX - t->state.count;
}

static void push(struct typist_state *s, struct key_event event, uint64_t now_ns)
{
	if (!s->count)
		s->due_ns = now_ns + event.ms * MS;
	s->queue[(s->head + s->count++) % TYPIST_MAX] = event;
}

/* The code of the byte that goes i bytes after the next one; before it where i is negative. */
static uint8_t code_at(const struct typist_state *s, int i)
{
	return (uint8_t)s->queue[((int)s->head + TYPIST_MAX + i) % TYPIST_MAX].code;
}

/* How many bytes are left of a code that was given in part. */
static unsigned code_left(const struct typist_state *s)
{
	if (!s->count)
		return 0;
	return code_at(s, -1) == 0xe1                             ? 2
	       : code_at(s, -1) == 0xe0 || code_at(s, -2) == 0xe1 ? 1
	                                                          : 0;
}

/* What was typed ahead is dropped, but for the rest of a code, and keys that are to be released. */
static void drop_presses(struct typist_state *s)
{
	unsigned at = code_left(s), kept = at;
	while (at < s->count) {
		unsigned len = keys_code_len(code_at(s, (int)at));
		if (len > s->count - at)
			len = s->count - at;
		bool is_release = code_at(s, (int)(at + len - 1)) & RELEASED;
		for (unsigned i = 0; i < len && is_release; i++, kept++)
			s->queue[(s->head + kept) % TYPIST_MAX] =
			        (struct key_event) { .code = code_at(s, (int)(at + i)) };
		at += len;
	}
	s->count = kept;
}

bool typist_put(struct typist *t, const struct key_event *events, size_t count, uint64_t now_ns)
{
	struct typist_state *s = &t->state;
	if (count && events[0].is_urgent)
		drop_presses(s);
	if (count > typist_free(t))
		return false;
	for (size_t i = 0; i < count; i++)
		push(s, events[i], now_ns);
	return true;
}

uint64_t typist_due_ns(const struct typist *t)
{
	if (t->state.count)
		return t->state.due_ns;
	return t->script ? t->state.script_due_ns : TYPIST_NEVER;
}

/* A whole code of the script's. */
static void take_script(struct typist *t, uint64_t now_ns)
{
	struct typist_state *s = &t->state;
	unsigned len = keys_code_len((uint8_t)t->script->events[s->script_at].code);
	for (; len && s->script_at < t->script->count; len--) {
		struct key_event event = t->script->events[s->script_at++];
		event.ms = 0; /* that is over */
		push(s, event, now_ns);
	}
	s->script_due_ns = TYPIST_NEVER; /* until this was given */
}

/* A key that is pressed goes into the BIOS's buffer, but for Shift and its like. A prefix is as what
 * comes after it. */
static bool fills_buffer(const struct typist_state *s)
{
	struct key_event e = s->queue[s->head];
	if ((e.code == 0xe0 || e.code == 0xe1) && s->count > 1)
		e = s->queue[(s->head + 1) % TYPIST_MAX];
	bool is_modifier = e.code == 0x2a || e.code == 0x36 || e.code == 0x1d || e.code == 0x38;
	return !e.is_urgent && !(e.code & RELEASED) && !is_modifier;
}

static bool has_taken_all(const struct board *b)
{
	return !b->state.i8042.is_full && board_scancode_room(b) == KEYBOARD_QUEUE;
}

/* The first byte has gone. */
static void give(struct typist *t, uint64_t now_ns)
{
	struct typist_state *s = &t->state;
	s->head = (s->head + 1) % TYPIST_MAX;
	s->count--;
	if (s->count)
		s->due_ns = now_ns + s->queue[s->head].ms * MS;
	else if (s->script_due_ns == TYPIST_NEVER)
		plan_script(t, now_ns);
}

void typist_feed(struct typist *t, struct board *b, typist_room *has_room, void *ctx)
{
	struct typist_state *s = &t->state;
	uint64_t now = b->state.now_ns;
	while (typist_due_ns(t) <= now) {
		if (!s->count)
			take_script(t, now);
		if (has_taken_all(b) && (!fills_buffer(s) || has_room(ctx)) &&
		        board_scancode(b, (uint8_t)s->queue[s->head].code)) {
			s->tries = 0;
			give(t, now);
		} else {
			s->due_ns = now + (s->tries < SOON_MAX ? SOON_NS : LATER_NS);
			s->tries += s->tries < SOON_MAX;
		}
	}
}

/* Which calls the guest has made of an int's vector: by int n, and of the BIOS that answers it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "history/state.h"
#include "kvm/registers.h"

/* From an int n to the instruction of the ROM by which the BIOS hears of it: a few steps. */
#define STEPS_TO_BIOS 4

static void note(struct history *h, const struct history_call *call)
{
	struct calls *s = h->calls;
	struct history_call *last = s->count ? &s->all[s->count - 1] : NULL;
	if (last && call->is_by_bios && !last->is_by_bios && last->is_int &&
	        call->position - last->position <= STEPS_TO_BIOS) {
		last->is_by_bios = true;
		return;
	}
	if (s->count == s->max)
		memmove(s->all, s->all + 1, --s->count * sizeof *s->all);
	s->all[s->count++] = *call;
}

/* The step that has been done is counted already. */
static struct history_call call_of(const struct history *h)
{
	return (struct history_call) { .position = h->machine->position - 1,
		.ax = (uint16_t)vcpu_regs(machine_vcpu(h->machine))->rax };
}

void calls_look(struct history *h)
{
	const struct guest *g = h->machine->guest;
	if (!h->calls || !g->is_call_due || g->call_vector != h->calls->vector)
		return;
	struct history_call call = call_of(h);
	call.is_by_bios = true;
	if (call.position < h->origin)
		note(h, &call);
}

static void see_int(void *ctx, const struct stop *stop)
{
	struct history *h = ctx;
	struct history_call call = call_of(h);
	call.is_int = true;
	if (stop->kind == STOP_CATCH && h->machine->control.cpu.cause == CATCH_BY_INT &&
	        call.position < h->origin)
		note(h, &call);
}

/* Those of one segment, in order, come before those that are there, the newest first. An int n at its end may have led
 * to a call of the next one. */
static unsigned take_over(
        const struct calls *s, struct history_call *to, unsigned count, unsigned max)
{
	for (unsigned i = s->count; i-- > 0;) {
		const struct history_call *call = &s->all[i];
		struct history_call *next = count ? &to[count - 1] : NULL;
		if (next && !next->is_int && call->is_int && !call->is_by_bios &&
		        next->position - call->position <= STEPS_TO_BIOS) {
			*next = *call;
			next->is_by_bios = true;
		} else if (count < max) {
			to[count++] = *call;
		}
	}
	return count;
}

static int look_back(struct history *h, struct history_call *to, unsigned max, struct error *e)
{
	unsigned count = 0;
	uint64_t end = h->origin;
	struct stop stop;
	if (end <= h->checkpoints[0]->position)
		return 0;
	for (size_t at = checkpoints_before(h, end - 1) + 1; at-- > 0 && count < max;) {
		struct calls one = { .vector = h->calls->vector, .max = max };
		if (search_is_called_off(h, e))
			return -EINTR;
		h->calls = &one;
		search_begin_segment(h, at, &stop, e);
		int err = e->text[0] ? -EIO : search_segment(h, end, see_int, h, e);
		if (err)
			return err;
		count = take_over(&one, to, count, max);
		end = h->checkpoints[at]->position;
	}
	return (int)count;
}

int history_calls(
        struct history *h, unsigned vector, struct history_call *to, unsigned max, struct error *e)
{
	struct control *c = &h->machine->control;
	struct control_points points;
	struct catchpoint catch;
	struct calls calls = { .vector = vector };
	char words[16];
	int err = leave_present(h, e);
	if (err)
		return err;
	if (max > HISTORY_HITS_MAX)
		max = HISTORY_HITS_MAX;
	h->origin = h->machine->position;
	control_hide_points(c, &points);
	snprintf(words, sizeof words, "int 0x%x", vector & 0xff);
	err = catch_parse(&catch, words, e);
	if (!err)
		err = catches_add(&c->catches, &catch);
	h->is_finding = true;
	h->calls = &calls;
	int count = err ? err : look_back(h, to, max, e);
	h->calls = NULL;
	h->is_finding = false;
	control_show_points(c, &points);
	struct error again = { 0 };
	err = seek(h, h->origin, false, &again);
	return err && count >= 0 ? error_set(e, err, "%s", again.text) : count;
}

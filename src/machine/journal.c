/* A ring of what the guest did last, in which what repeats is counted. */
#include "machine/journal.h"

#include "base/bytes.h"

/* Where the n'th last event of a ring is, of those that it holds. */
static unsigned nth_last(unsigned next, unsigned n)
{
	return (next + JOURNAL_EVENTS - 1 - n) % JOURNAL_EVENTS;
}

/* One was written at next. */
static void go_on(unsigned *next, unsigned *used)
{
	*next = (*next + 1) % JOURNAL_EVENTS;
	if (*used < JOURNAL_EVENTS)
		++*used;
}

void journal_start(struct journal *j)
{
	j->next = j->used = 0;
	j->is_on = true;
}

void journal_end(struct journal *j)
{
	j->is_on = false;
}

static struct journal_event event_of(const struct exit *x)
{
	struct journal_event e = { .kind = x->kind, .reason = x->reason, .count = 1, .times = 1 };
	if (x->kind == EXIT_IO) {
		e.is_write = x->io.is_write;
		e.size = x->io.size;
		e.at = x->io.port;
		e.count = x->io.count;
		e.value = x->io.count ? get_number(x->io.data, x->io.size) : 0;
	} else if (x->kind == EXIT_MMIO) {
		e.is_write = x->mmio.is_write;
		e.size = x->mmio.size;
		e.at = x->mmio.gpa;
		e.value = get_number(x->mmio.data, x->mmio.size);
	}
	return e;
}

static bool is_same(const struct journal_event *a, const struct journal_event *b)
{
	return a->kind == b->kind && a->reason == b->reason && a->is_write == b->is_write &&
	       a->size == b->size && a->at == b->at && a->value == b->value && a->count == 1 &&
	       b->count == 1; /* the other elements are not known */
}

void journal_note(struct journal *j, const struct exit *x)
{
	if (!j->is_on)
		return;
	const struct journal_event e = event_of(x);
	if (j->used) {
		struct journal_event *last = &j->events[nth_last(j->next, 0)];
		if (is_same(last, &e)) {
			last->times++;
			return;
		}
	}
	j->events[j->next] = e;
	go_on(&j->next, &j->used);
}

const struct journal_event *journal_last(const struct journal *j, unsigned n)
{
	return n < j->used ? &j->events[nth_last(j->next, n)] : NULL;
}

void journal_run_start(struct journal_run *j)
{
	j->next = j->used = 0;
	j->is_on = true;
}

void journal_run_end(struct journal_run *j)
{
	j->is_on = false;
}

static bool is_same_decision(const struct decision *a, const struct decision *b)
{
	return a->kind == b->kind && a->how == b->how && a->why == b->why &&
	       a->number == b->number && a->at == b->at && a->value == b->value;
}

void journal_run_note(struct journal_run *j, const struct decision *d)
{
	if (!j->is_on)
		return;
	struct journal_decision *last = &j->decisions[nth_last(j->next, 0)];
	if (j->used && is_same_decision(&last->decision, d)) {
		last->times++;
		return;
	}
	j->decisions[j->next] = (struct journal_decision) { *d, 1 };
	go_on(&j->next, &j->used);
}

const struct journal_decision *journal_run_last(const struct journal_run *j, unsigned n)
{
	return n < j->used ? &j->decisions[nth_last(j->next, n)] : NULL;
}

void journal_bios_start(struct journal_bios *j)
{
	j->next = j->used = 0;
	j->has_wait = false;
	j->is_on = true;
}

void journal_bios_end(struct journal_bios *j)
{
	j->is_on = false;
}

/* Where it was called from, and with which stack, is no part of what was called. */
static bool is_same_regs(const struct bios_regs *x, const struct bios_regs *y)
{
	return x->eax == y->eax && x->ebx == y->ebx && x->ecx == y->ecx && x->edx == y->edx &&
	       x->esi == y->esi && x->edi == y->edi && x->ebp == y->ebp && x->ds == y->ds &&
	       x->es == y->es && x->flags == y->flags;
}

bool journal_bios_note(struct journal_bios *j, unsigned vector, const struct bios_regs *before,
        const struct bios_regs *after)
{
	bool waits_still = !after && j->has_wait && j->waiting == vector;
	if (!j->is_on || waits_still)
		return false;
	struct journal_call call = {
		.vector = (uint16_t)vector, .is_done = after, .before = *before, .times = 1
	};
	struct journal_call *last = &j->calls[nth_last(j->next, 0)];
	if (after)
		call.after = *after;
	if (!after || (j->has_wait && j->waiting == vector)) {
		j->has_wait = !after;
		j->waiting = (uint16_t)vector;
		j->wait = *before;
	}
	bool is_again = j->used && last->vector == vector && is_same_regs(&last->before, before);
	if (is_again && !last->is_done) {
		*last = call;
	} else if (is_again && after && is_same_regs(&last->after, after)) {
		last->times++;
		return false;
	} else {
		j->calls[j->next] = call;
		go_on(&j->next, &j->used);
	}
	return true;
}

const struct journal_call *journal_bios_last(const struct journal_bios *j, unsigned n)
{
	return n < j->used ? &j->calls[nth_last(j->next, n)] : NULL;
}

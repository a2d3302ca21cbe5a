/* What the guest has hit and what was caught since it went on last. */
#include "debug/seen.h"

#include <string.h>

void seen_forget(struct cpu_run *r)
{
	r->has_hit = r->has_caught = r->has_zero = r->device_stops = false;
}

void seen_hit(struct cpu_run *r, const struct watch *w, uint64_t gva)
{
	if (!w || r->has_hit)
		return;
	r->has_hit = true;
	r->hit.kind = w->kind;
	r->hit.gva = gva;
}

char *seen_next_line(struct cpu_run *r)
{
	size_t len = r->has_caught ? strlen(r->caught) : 0,
	       last = sizeof r->caught - CATCH_TEXT_MAX;
	return r->caught + (len < last ? len : last);
}

void seen_caught(struct cpu_run *r, bool is_caught)
{
	r->has_caught |= is_caught;
}

void seen_stop(const struct cpu_run *r, struct stop *stop)
{
	stop->kind = STOP_STEPPED;
	if (r->device_stops) {
		stop->kind = STOP_DEVICE;
	} else if (r->has_hit) {
		stop->kind = STOP_WATCH;
		stop->watch.kind = r->hit.kind;
		stop->watch.gva = r->hit.gva;
	} else if (r->has_zero) {
		stop->kind = STOP_ZERO_VECTOR;
		stop->zero = r->zero;
	} else if (r->has_caught) {
		stop->kind = STOP_CATCH;
	}
}

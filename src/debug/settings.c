/* What run control is told before the guest goes on, and what it keeps with the machine: all of control.h that
 * runs nothing. */
#include "debug/check.h"
#include "debug/control.h"
#include "debug/engine.h"
#include "debug/log.h"
#include "debug/touch.h"
#include "debug/trail.h"

void control_init(struct control *c, struct vcpu *v, const struct control_io *io)
{
	*c = (struct control) { .cpu = { .vcpu = v, .zero_slot = -1 }, .io = *io };
	breakpoints_init(&c->breakpoints);
	watches_init(&c->watches);
}

void control_close(struct control *c)
{
	breakpoints_close(&c->breakpoints);
	watches_close(&c->watches);
	engine_close(c);
	control_keep_trail(c, false);
	check_close(c);
	log_close(c);
}

void control_forget(struct control *c)
{
	breakpoints_clear(&c->breakpoints);
	watches_clear(&c->watches);
	catches_clear(&c->catches);
	touch_begin(c);
	log_close(c);
	c->cpu.unseen = UNSEEN_NEVER;
	c->step_interrupts = c->steps_whole_rep = c->steps_bios = false;
	c->is_followed = c->watches_long = false;
}

void control_hide_points(struct control *c, struct control_points *to)
{
	*to = (struct control_points) { c->breakpoints, c->watches, c->catches, c->watches_zero,
		c->watches_long };
	breakpoints_init(&c->breakpoints);
	watches_init(&c->watches);
	c->breakpoints.changes = to->breakpoints.changes + 1;
	c->watches.changes = to->watches.changes + 1;
	c->catches = (struct catches) { 0 };
	c->watches_zero = c->watches_long = false;
}

void control_show_points(struct control *c, struct control_points *from)
{
	from->breakpoints.changes = c->breakpoints.changes + 1;
	from->watches.changes = c->watches.changes + 1;
	breakpoints_close(&c->breakpoints);
	watches_close(&c->watches);
	c->breakpoints = from->breakpoints;
	c->watches = from->watches;
	c->catches = from->catches;
	c->watches_zero = from->watches_zero;
	c->watches_long = from->watches_long;
}

void control_set_step_interrupts(struct control *c, bool is_on)
{
	c->step_interrupts = is_on;
}

void control_set_step_bios(struct control *c, bool is_on)
{
	c->steps_bios = is_on;
}

void control_set_whole_rep(struct control *c, bool is_on)
{
	c->steps_whole_rep = is_on;
}

void control_set_engine(struct control *c, enum engine_choice choice)
{
	c->engine_choice = choice;
}

void control_set_tells_exits(struct control *c, bool is_on)
{
	c->tells_exits = is_on;
}

void control_set_recorded(struct control *c, bool is_on)
{
	c->is_recorded = is_on;
	control_keep_trail(c, is_on);
}

void control_set_watch_long(struct control *c, bool is_on)
{
	c->watches_long = is_on;
}

void control_set_watch_zero(struct control *c, bool is_on)
{
	c->watches_zero = is_on;
}

void control_set_followed(struct control *c, bool is_on)
{
	c->is_followed = is_on;
}

void control_ask(struct control *c, control_stops *stops, control_follows *follows, void *stops_ctx)
{
	c->stops = stops;
	c->follows = follows;
	c->stops_ctx = stops_ctx;
}

void control_restarted(struct control *c, struct vcpu *v)
{
	/* What a step has left over in the CPU is still there: a state that is loaded changes nothing about it. */
	const bool has_stepped = c->cpu.vcpu == v && c->cpu.has_stepped;
	c->cpu = (struct cpu_run) { .vcpu = v, .zero_slot = -1, .has_stepped = has_stepped };
	c->is_followed = false;
	engine_close(c);
	check_forget_machine(c);
	log_forget(c);
}

struct control_state control_save(const struct control *c)
{
	return (struct control_state) {
		.is_acknowledged = c->cpu.is_acknowledged,
		.is_shut_down = c->cpu.is_shut_down,
		.is_halted = c->cpu.is_halted,
		.acknowledged = c->cpu.acknowledged,
		.halt_rip = c->cpu.halt_rip,
	};
}

void control_load(struct control *c, const struct control_state *s)
{
	control_restarted(c, c->cpu.vcpu);
	c->cpu.is_acknowledged = s->is_acknowledged;
	c->cpu.is_shut_down = s->is_shut_down;
	c->cpu.acknowledged = s->acknowledged;
	c->cpu.is_halted = s->is_halted;
	c->cpu.halt_rip = s->halt_rip;
}

void control_registers_written(struct control *c)
{
	c->cpu.knows_guest = false; /* it may have been a debug register */
}

/* monitor info: the machine's state in stepvm's own words. */
#include <inttypes.h>
#include <string.h>

#include "kvm/registers.h"
#include "monitor_internal.h"
#include "report.h"

void monitor_info_mode(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	struct vcpu *v = &s->machine->vcpu;
	const struct kvm_sregs *sregs = vcpu_sregs(v);
	char where[100];
	report_where(v, where, sizeof where);
	say(out, "mode         %s, CPL %u, at %s\n", registers_mode_name(registers_mode(v)),
	        registers_cpl(v), where);
	say(out,
	        "             cr0 0x%" PRIx64 "  cr3 0x%" PRIx64 "  cr4 0x%" PRIx64
	        "  efer 0x%" PRIx64 "\n",
	        (uint64_t)sregs->cr0, (uint64_t)sregs->cr3, (uint64_t)sregs->cr4,
	        (uint64_t)sregs->efer);
}

void monitor_info_segments(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct kvm_sregs *r = vcpu_sregs(&s->machine->vcpu);
	const struct {
		const char *name;
		const struct kvm_segment *seg;
	} rows[] = { { "cs", &r->cs }, { "ss", &r->ss }, { "ds", &r->ds }, { "es", &r->es },
		{ "fs", &r->fs }, { "gs", &r->gs }, { "tr", &r->tr }, { "ldtr", &r->ldt } };
	say(out, "segment      selector base               limit      type dpl bits\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct kvm_segment *g = rows[i].seg;
		if (g->unusable) {
			say(out, "%-12s 0x%04x   unusable\n", rows[i].name, g->selector);
			continue;
		}
		say(out, "%-12s 0x%04x   0x%-16" PRIx64 " 0x%08x 0x%x  %u   %s\n", rows[i].name,
		        g->selector, (uint64_t)g->base, g->limit, g->type, g->dpl,
		        g->l    ? "64"
		        : g->db ? "32"
		                : "16");
	}
	say(out, "gdtr         base 0x%" PRIx64 " limit 0x%x\n", (uint64_t)r->gdt.base,
	        r->gdt.limit);
	say(out, "idtr         base 0x%" PRIx64 " limit 0x%x\n", (uint64_t)r->idt.base,
	        r->idt.limit);
}

void monitor_info_exits(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct vcpu *v = &s->machine->vcpu;
	bool has_any = false;
	for (unsigned i = 0; i < VCPU_REASONS; i++) {
		const char *name = exit_name(i);
		if (!v->exits[i])
			continue;
		if (name)
			say(out, "%-28s %" PRIu64 "\n", name, v->exits[i]);
		else
			say(out, "exit reason %-16u %" PRIu64 "\n", i, v->exits[i]);
		has_any = true;
	}
	if (!has_any)
		say(out, "no exit yet: the guest has not run\n");
}

void monitor_info_breakpoints(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct breakpoints *b = &s->machine->control.breakpoints;
	const struct watches *w = &s->machine->control.watches;
	if (!b->count && !w->count)
		say(out, "none (gdb tells of its breakpoints when the guest goes on)\n");
	for (size_t i = 0; i < b->count; i++) {
		const struct breakpoint *p = &b->all[i];
		say(out, "0x%-16" PRIx64 " %s, %s\n", p->gva,
		        p->is_hardware ? "hardware" : "software",
		        breakpoint_method_name(p->method));
	}
}

void monitor_info_memory(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct memory *m = &s->machine->vm.memory;
	const struct image_loaded *i = &s->machine->image;
	for (unsigned k = 0; k < m->count; k++)
		say(out, "RAM          0x%" PRIx64 " to 0x%" PRIx64 "\n", m->slots[k].gpa,
		        m->slots[k].gpa + m->slots[k].size - 1);
	say(out, "image        %s, format %s\n", s->options->image.path,
	        image_format_name(i->format));
	for (unsigned k = 0; k < i->piece_count; k++)
		say(out, "             %s, %" PRIu64 " bytes at 0x%" PRIx64 "\n", i->pieces[k].name,
		        i->pieces[k].size, i->pieces[k].gpa);
}

static void say_pic_chip(const struct output *out, const char *name, const struct pic_chip *c)
{
	if (!c->is_initialized || c->expects != PIC_READY) {
		say(out, "%-12s not initialized\n", name);
		return;
	}
	say(out,
	        "%-12s vectors 0x%02x to 0x%02x, masked 0x%02x, edges 0x%02x, lines 0x%02x, "
	        "in service 0x%02x%s\n",
	        name, c->base, c->base + 7, c->imr, c->edges, c->lines, c->isr,
	        c->is_auto ? ", automatic EOI" : "");
}

void monitor_info_pic(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct control *c = &s->machine->control;
	const struct board *b = &s->machine->board;
	say_pic_chip(out, "pic 0x20", &b->state.pic.master);
	say_pic_chip(out, "pic 0xa0", &b->state.pic.slave);
	if (c->is_acknowledged)
		say(out, "             vector 0x%02x is on its way to the CPU\n", c->acknowledged);
	say(out, "             %s; a step %s\n",
	        control_has_interrupt(c) ? "an interrupt waits" : "no interrupt waits",
	        c->step_interrupts ? "takes interrupts" : "takes none (monitor step-interrupts)");
}

void monitor_info_pit(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct board_state *b = &s->machine->board.state;
	struct pit pit = b->pit;
	uint64_t next = board_next_interrupt_ns(&s->machine->board);
	for (unsigned i = 0; i < PIT_COUNTERS; i++) {
		if (!pit.counters[i].has_count) {
			say(out, "counter %u    no count was written\n", i);
			continue;
		}
		say(out, "counter %u    mode %u, count 0x%04x, now 0x%04x, out %u\n", i,
		        pit_mode(&pit, i), pit.counters[i].count, pit_value(&pit, i, b->now_ns),
		        pit_out(&pit, i, b->now_ns));
	}
	say(out, "time         %" PRIu64 ".%09" PRIu64 " s since power-on", b->now_ns / 1000000000u,
	        b->now_ns % 1000000000u);
	if (next != BOARD_NEVER)
		say(out, ", the next tick in %" PRIu64 " ns", next - b->now_ns);
	say(out, "\n");
}

void monitor_info_all(struct serve *s, const struct output *out, const char *operands)
{
	monitor_info_mode(s, out, operands);
	monitor_info_segments(s, out, operands);
	monitor_info_memory(s, out, operands);
	say(out, "\n");
	monitor_info_exits(s, out, operands);
	say(out, "\n");
	monitor_info_breakpoints(s, out, operands);
	say(out, "\n");
	monitor_info_pic(s, out, operands);
	monitor_info_pit(s, out, operands);
}

/* monitor info: the machine's state in stepvm's own words. */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "kvm/registers.h"
#include "machine/report.h"
#include "monitor/internal.h"

void monitor_info_mode(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	struct vcpu *v = machine_vcpu(run->machine);
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

void monitor_info_segments(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	const struct kvm_sregs *r = vcpu_sregs(machine_vcpu(run->machine));
	const struct {
		const char *name;
		const struct kvm_segment *seg;
	} rows[] = { { "cs", &r->cs }, { "ss", &r->ss }, { "ds", &r->ds }, { "es", &r->es },
		{ "fs", &r->fs }, { "gs", &r->gs }, { "tr", &r->tr }, { "ldtr", &r->ldt } };
	say(out, "segment      selector base               limit      type dpl bits\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
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

void monitor_info_exits(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	const struct vcpu *v = machine_vcpu(run->machine);
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

static void say_watches(const struct output *out, const struct watches *w)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct watch *p = &w->all[i];
		say(out, "0x%-16" PRIx64 " %s watchpoint, %u byte%s, %s\n", p->gva,
		        watch_kind_name(p->kind), p->len, p->len == 1 ? "" : "s",
		        watch_method_name(p->method));
	}
}

/* What tracepoints stop at is among the breakpoints. */
void monitor_info_breakpoints(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	const struct breakpoints *b = &run->machine->control.breakpoints;
	const struct watches *w = &run->machine->control.watches;
	const struct catches *c = &run->machine->control.catches;
	bool is_empty = !b->count && !w->count && !c->count;
	if (is_empty)
		say(out, "none (gdb sends its breakpoints when the guest goes on)\n");
	for (size_t i = 0; i < b->count; i++) {
		const struct breakpoint *p = &b->all[i];
		say(out, "0x%-16" PRIx64 " %s, %s\n", p->gva, breakpoint_kind_name(p),
		        breakpoint_method_name(p->method));
	}
	say_watches(out, w);
	for (unsigned i = 0; i < c->count; i++)
		say(out, "catch %-12u %s, %s\n", i + 1, c->all[i].text,
		        catch_needs_steps(&c->all[i]) ? "stepping" : "exits");
	if (!is_empty)
		say(out, "(gdb sends its changes when the guest goes on)\n");
	if (control_is_stepped_for_paging(&run->machine->control))
		say(out, "Paging is on, and debug registers do not keep all of these: the guest is "
		         "stepped. (monitor engine auto has the engine run it.)\n");
	if (control_has_unseen(&run->machine->control))
		say(out,
		        "The guest runs at CPL 3, where %s stops at none of them (see stepvm "
		        "probe).\n",
		        run->machine->kvm_name);
}

void monitor_info_memory(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	const struct memory *m = &run->machine->guest->vm.memory;
	const struct image_loaded *i = &run->machine->guest->image;
	for (unsigned k = 0; k < m->count; k++)
		say(out, "RAM          0x%" PRIx64 " to 0x%" PRIx64 "\n", m->slots[k].gpa,
		        m->slots[k].gpa + m->slots[k].size - 1);
	say(out, "image        %s, format %s\n", run->machine->config->image.path,
	        image_format_name(i->format));
	for (unsigned k = 0; k < i->piece_count; k++)
		say(out, "             %s, %" PRIu64 " bytes at 0x%" PRIx64 "\n", i->pieces[k].name,
		        i->pieces[k].size, i->pieces[k].gpa);
}

/* What run control makes of the interrupts that the controllers have. */
static void say_interrupts(struct run *run, const struct output *out)
{
	const struct control *c = &run->machine->control;
	uint8_t vector;
	char held[200] = "";
	report_held_back(run->machine, held, sizeof held);
	if (held[0])
		say(out, "             %s", held);
	if (control_has_acknowledged(c, &vector))
		say(out, "             vector 0x%02x is on its way to the CPU\n", vector);
	say(out, "             %s; a step %s\n",
	        control_has_interrupt(c) ? "an interrupt waits"
	        : held[0]                ? "no other interrupt waits"
	                                 : "no interrupt waits",
	        c->step_interrupts ? "takes interrupts" : "takes none (monitor step-interrupts)");
}

static void say_device(struct run *run, const struct output *out, const struct device *d)
{
	struct device_text text = { .len = 0 };
	d->show(&run->machine->guest->board, &text);
	out->print(out->to, text.text);
	if (d == &pic_device)
		say_interrupts(run, out);
}

bool monitor_info_device(struct run *run, const struct output *out, const char *name)
{
	const struct device *d;
	for (unsigned i = 0; (d = board_device(i)); i++) {
		if (!board_has(&run->machine->guest->board, d) || !d->show ||
		        strcmp(d->name, name) != 0)
			continue;
		say_device(run, out, d);
		return true;
	}
	return false;
}

void monitor_info_all(struct run *run, const struct output *out, const char *operands)
{
	monitor_info_mode(run, out, operands);
	monitor_info_engine(run, out, operands);
	monitor_info_segments(run, out, operands);
	monitor_info_memory(run, out, operands);
	say(out, "\n");
	monitor_info_exits(run, out, operands);
	say(out, "\n");
	monitor_info_breakpoints(run, out, operands);
	say(out, "\n");
	for (unsigned i = 0; board_device(i); i++)
		if (board_has(&run->machine->guest->board, board_device(i)) &&
		        board_device(i)->show)
			say_device(run, out, board_device(i));
}

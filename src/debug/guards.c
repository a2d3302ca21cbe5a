/* Which pages are guarded, and where the CPU can't do with that. */
#include "debug/guards.h"

#include "base/array.h"
#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

void guards_add_page(struct guards *g, uint64_t gpa, enum memory_access access)
{
	gpa &= ~(uint64_t)(MEMORY_PAGE - 1);
	for (unsigned i = 0; i < g->count; i++)
		if (g->all[i].gpa == gpa) {
			if (access > g->all[i].access)
				g->all[i].access = access;
			return;
		}
	if (g->count == MEMORY_GUARDS_MAX)
		g->is_full = true;
	else
		g->all[g->count++] = (struct memory_guard) { gpa, access };
}

bool guards_add_watch(struct control *c, const struct watch *w, struct guards *g)
{
	for (uint64_t at = 0; at < w->len;) {
		uint64_t gpa;
		if (!cpu_is_in_ram(c->cpu.vcpu, w->gva + at, &gpa))
			return false;
		guards_add_page(
		        g, gpa, w->kind == WATCH_WRITE ? MEMORY_NO_WRITE : MEMORY_NO_ACCESS);
		at += MEMORY_PAGE - gpa % MEMORY_PAGE;
	}
	return true;
}

static const struct memory_guard *find_guard(
        const struct memory_guard *all, unsigned count, uint64_t gpa)
{
	for (unsigned i = 0; i < count; i++)
		if (all[i].gpa == gpa)
			return &all[i];
	return NULL;
}

/* The pages whose guard changes. */
static void note_guards(struct control *c, const struct memory_guard *all, unsigned count)
{
	const struct memory *m = &c->cpu.vcpu->vm->memory;
	for (unsigned i = 0; i < m->guard_count; i++)
		if (!find_guard(all, count, m->guards[i].gpa))
			CONTROL_NOTE(c, .kind = DECISION_GUARD, .at = m->guards[i].gpa,
			        .how = MEMORY_ALL);
	for (unsigned i = 0; i < count; i++) {
		const struct memory_guard *old = find_guard(m->guards, m->guard_count, all[i].gpa);
		if (!old || old->access != all[i].access)
			CONTROL_NOTE(
			        c, .kind = DECISION_GUARD, .at = all[i].gpa, .how = all[i].access);
	}
}

int guards_set(struct control *c, const struct guards *g)
{
	if (c->decided)
		note_guards(c, g->all, g->count);
	return memory_guard(&c->cpu.vcpu->vm->memory, g->all, g->count);
}

int guards_lift(struct control *c)
{
	static const struct guards none = { 0 };
	return guards_set(c, &none);
}

/* --- where the guest has to be stepped -------------------------------------------------------- */

/* Bytes below the top of the stack that one instruction may write, and above it that it may read: a
 * pusha or popa in 32-bit code 32; an interrupt in long mode 40 and up to 8 to align them (SDM vol
 * 3, "64-Bit Mode Stack Frame"). */
#define STACK_REACH 48

static bool is_guarded(struct control *c, const struct memory_guard *all, unsigned count,
        uint64_t gva, enum memory_access least)
{
	uint64_t gpa, len;
	if (!linear_to_gpa(c->cpu.vcpu, gva, &gpa, &len))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (all[i].access >= least && gpa - all[i].gpa < MEMORY_PAGE)
			return true;
	return false;
}

/* An instruction that pushes more than once (a far call, int, pusha, an exception) can't be done
 * there: KVM's emulator keeps one access outside of RAM for the exit, and the next write of the
 * same instruction takes its place (emulator_read_write in Linux's arch/x86/kvm/x86.c). */
static bool guards_pushes(
        struct control *c, const struct memory_guard *all, unsigned count, uint64_t top)
{
	return is_guarded(c, all, count, top - 1, MEMORY_NO_WRITE) ||
	       is_guarded(c, all, count, top - STACK_REACH, MEMORY_NO_WRITE);
}

/* Nor one that pops more than once (popa, iret, a far return): the emulator begins it anew after
 * each exit, but with the stack pointer of then. */
static bool has_guarded_stack(struct control *c, const struct memory_guard *all, unsigned count)
{
	uint64_t top = registers_stack_address(c->cpu.vcpu, vcpu_regs(c->cpu.vcpu)->rsp);
	return guards_pushes(c, all, count, top) ||
	       is_guarded(c, all, count, top, MEMORY_NO_ACCESS) ||
	       is_guarded(c, all, count, top + STACK_REACH - 1, MEMORY_NO_ACCESS);
}

bool guards_are_on_stack(struct control *c)
{
	const struct memory *m = &c->cpu.vcpu->vm->memory;
	return has_guarded_stack(c, m->guards, m->guard_count);
}

/* The CPU's own tables must stay readable: KVM's emulator reads them past the exits, and when it
 * can't it tries again for ever. */
static bool has_guarded_table(struct control *c, const struct guards *g)
{
	const struct kvm_sregs *s = vcpu_sregs(c->cpu.vcpu);
	bool is_real = registers_is_real(registers_mode(c->cpu.vcpu));
	/* At reset GDTR and IDTR span 64 KiB at 0 (SDM vol 3, "Processor State After Reset"): no
	 * GDT is meant by that, and of an IVT there are 256 vectors of 4 bytes. */
	bool has_gdt = s->gdt.base || s->gdt.limit != 0xffff;
	const struct {
		uint64_t gva, size;
	} tables[] = {
		{ s->idt.base, is_real ? 0x400 : s->idt.limit + 1u },
		{ s->gdt.base, has_gdt ? s->gdt.limit + 1u : 0 },
		{ s->ldt.base, is_real || s->ldt.unusable ? 0 : (uint64_t)s->ldt.limit + 1 },
		{ s->tr.base, is_real || s->tr.unusable ? 0 : (uint64_t)s->tr.limit + 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		uint64_t first = tables[i].gva / MEMORY_PAGE * MEMORY_PAGE;
		/* A limit is 16 bits in tables and may be anything in a guest's own LDT. */
		uint64_t size = tables[i].size < 0x10000 ? tables[i].size : 0x10000;
		for (uint64_t at = first; size && at - first < tables[i].gva - first + size;
		        at += MEMORY_PAGE)
			if (is_guarded(c, g->all, g->count, at, MEMORY_NO_ACCESS))
				return true;
	}
	return false;
}

/* Whether the guest stands on a page that it will not be able to execute. */
static bool stands_guarded(struct control *c, const struct guards *g)
{
	return is_guarded(c, g->all, g->count, registers_pc(c->cpu.vcpu), MEMORY_NO_ACCESS);
}

enum step_why guards_why_step(struct control *c, struct guards *g)
{
	return stands_guarded(c, g)                     ? STEP_ON_GUARD
	       : has_guarded_stack(c, g->all, g->count) ? STEP_STACK_GUARDED
	       : has_guarded_table(c, g)                ? STEP_TABLE_GUARDED
	                                                : STEP_ASKED;
}

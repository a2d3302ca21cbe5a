/* Where others than the engine have been, which it does not see. */
#include "debug/trail.h"

#include <stdlib.h>

#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/engine.h"
#include "kvm/registers.h"

#define A20 (UINT64_C(1) << 20)

void control_keep_trail(struct control *c, bool is_on)
{
	engine_leave_trail(c);
	free(c->trail);
	c->trail = is_on ? calloc(1, sizeof *c->trail) : NULL;
	engine_follow_trail(c);
}

const struct trail *control_trail(struct control *c)
{
	engine_leave_trail(c);
	if (c->trail)
		trail_note_pc(c->trail, registers_pc(c->cpu.vcpu));
	return c->trail;
}

void control_restart_trail(struct control *c)
{
	if (!c->trail)
		return;
	engine_leave_trail(c);
	trail_clear(c->trail);
	engine_follow_trail(c);
}

/* Instructions that write to no memory, and are often KVM's. */
static bool is_quiet(const struct insn *i)
{
	static const uint8_t one[] = { 0x90, 0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef, 0xf4,
		0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd };
	static const uint8_t two[] = { 0x06, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32,
		0x33, 0xa2 };
	return i->is_0f ? memchr(two, i->opcode, sizeof two) != NULL
	                : memchr(one, i->opcode, sizeof one) != NULL;
}

bool trail_before_kvm(struct control *c)
{
	struct insn insn;
	if (!c->trail)
		return true;
	trail_note_pc(c->trail, registers_pc(c->cpu.vcpu));
	c->trail->has_accessed_all = true;
	return cpu_look_ahead(c->cpu.vcpu, &insn) && !insn_is_vex(&insn) && is_quiet(&insn);
}

/* Whatever wrote it: a watchpoint is also reported by what has changed in the bytes, wherever they were written from. */
void trail_after_kvm(struct control *c, bool is_quiet_one)
{
	struct trail *t = c->trail;
	if (!t)
		return;
	if (c->cpu.has_run_on || c->cpu.unseen == UNSEEN_NEW)
		trail_note_all(t);
	if (!is_quiet_one || c->cpu.entered_handler)
		t->has_written_all = true;
}

/* Without paging a linear address is the physical one, but for address line 20. */
void trail_touch(struct control *c, uint64_t gpa, uint64_t len, bool is_write)
{
	struct trail *t = c->trail;
	if (!t)
		return;
	if (vcpu_sregs(c->cpu.vcpu)->cr0 & CR0_PG) {
		t->has_accessed_all = true;
		t->has_written_all |= is_write;
		return;
	}
	trail_note_bytes(t, gpa, len, is_write);
	trail_note_bytes(t, gpa ^ A20, len, is_write);
}

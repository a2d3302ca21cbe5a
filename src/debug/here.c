/* Instructions that run control does by itself, for they do nothing that it can't do. */
#include "debug/here.h"

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

/* The interrupt shadow of a sti or mov ss before it ends with the instruction. */
static int end_shadow(struct vcpu *v)
{
	struct kvm_vcpu_events events;
	int err = vcpu_get_events(v, &events);
	if (err || !events.interrupt.shadow)
		return err;
	events.interrupt.shadow = 0;
	events.flags = KVM_VCPUEVENT_VALID_SHADOW;
	return vcpu_set_events(v, &events);
}

/* --- hlt ---------------------------------------------------------------------------------------- */

/* Goes past it. kvm_pvm's step swallows the exit and runs on; kvm_intel's tells of it twice.
 * steps_test: hlt_halts_and_says_so. */
int here_hlt(struct control *c, const struct insn *insn, struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	struct kvm_regs regs = *vcpu_regs(v);
	cpu_note_step(c, STEP_HERE, 0);
	regs.rip += insn->len;
	if (registers_mode(v) != CPU_LONG64)
		regs.rip &= 0xffffffff;
	int err = vcpu_set_regs(v, &regs);
	if (!err)
		err = end_shadow(v);
	stop->kind = STOP_HALTED;
	return err;
}

/* --- int n in real mode ------------------------------------------------------------------------- */

#define FRAME 6u /* ip, cs and flags */

/* The linear address below the stack's top, where the frame goes. False: the CPU may raise #SS, or it is
 * not all RAM. */
static bool find_frame(struct vcpu *v, uint64_t *gva)
{
	const struct kvm_segment *ss = &vcpu_sregs(v)->ss;
	const unsigned expands_down = 4, is_writable = 2, code = 8;
	struct memory *m = &v->vm->memory;
	uint16_t sp = (uint16_t)vcpu_regs(v)->rsp;
	uint64_t gpa, run;
	size_t len;
	if (ss->db || ss->unusable || !ss->s || ss->type & (code | expands_down) ||
	        !(ss->type & is_writable) || ss->limit < 0xffff || (sp && sp < FRAME))
		return false;
	*gva = registers_stack_address(v, sp - FRAME);
	return linear_to_gpa(v, *gva, &gpa, &run) && run >= FRAME && memory_hva(m, gpa, &len) &&
	       len >= FRAME && !memory_is_rom(m, gpa) && !memory_is_rom(m, gpa + FRAME - 1);
}

/* SDM vol 2, "INT n", in real mode: "if (vector_number << 2) + 3 is not within IDT limit then #GP". */
bool here_is_shutdown(struct vcpu *v, const struct insn *insn)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint8_t bytes[2] = { 0 };
	if (registers_mode(v) != CPU_REAL16 || s->idt.limit >= 4 * VECTOR_DF + 3 ||
	        insn->prefix_len)
		return false;
	if (insn->kind == INSN_INT) /* into looks at OF first: KVM's */
		return insn->opcode != 0xce && 4u * insn->vector + 3 > s->idt.limit;
	linear_read(v, registers_pc(v), bytes, sizeof bytes);
	return bytes[0] == 0x0f && bytes[1] == 0x0b && 4 * VECTOR_UD + 3 > s->idt.limit;
}

bool here_can_int(struct vcpu *v, const struct insn *insn, struct here_int *to)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	const uint32_t entry_at = 4u * insn->vector;
	uint8_t entry[4];
	/* With CS.D kvm_pvm pushes otherwise than the SDM says; and what is fetched past the limit, or
	 * with more prefixes than an instruction may have, is the CPU's. */
	if (!insn_is_int_n(insn) || registers_mode(v) != CPU_REAL16 || insn->prefix_len ||
	        s->cs.limit > 0xffff || vcpu_regs(v)->rip + insn->len - 1 > s->cs.limit ||
	        entry_at + sizeof entry - 1 > s->idt.limit || !find_frame(v, &to->frame) ||
	        linear_read(v, s->idt.base + entry_at, entry, sizeof entry) != sizeof entry)
		return false;
	to->ip = get16(entry);
	to->cs = get16(entry + 2);
	return true;
}

/* SDM vol 2, INT n: "Real-address-mode". On kvm_pvm one of 80h and above never gets done: its emulator
 * takes the number for a negative one. steps_test: an_int_of_any_number… */
int here_int(struct control *c, const struct insn *insn, const struct here_int *to)
{
	struct vcpu *v = c->cpu.vcpu;
	struct kvm_regs regs = *vcpu_regs(v);
	struct kvm_sregs s = *vcpu_sregs(v);
	uint8_t frame[FRAME];
	cpu_note_step(c, STEP_HERE, 0);
	put16(frame, (uint16_t)(regs.rip + insn->len));
	put16(frame + 2, s.cs.selector);
	put16(frame + 4, (uint16_t)regs.rflags);
	linear_write(v, to->frame, frame, sizeof frame);
	regs.rsp = (regs.rsp & ~0xffffull) | ((regs.rsp - FRAME) & 0xffff);
	regs.rip = to->ip;
	regs.rflags &= ~(uint64_t)(RFLAGS_TF | RFLAGS_IF | RFLAGS_AC | RFLAGS_RF);
	s.cs.selector = to->cs;
	s.cs.base = (uint64_t)to->cs << 4;
	int err = vcpu_set_sregs(v, &s);
	if (!err)
		err = vcpu_set_regs(v, &regs);
	if (!err)
		err = end_shadow(v);
	cpu_enter_handler(c, insn->vector, CATCH_BY_INT);
	return err;
}

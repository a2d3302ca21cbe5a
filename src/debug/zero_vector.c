/* What has led the CPU to 0000:0000, and the debug register that stops it there. */
#include "debug/zero_vector.h"

#include <stdio.h>
#include <string.h>

#include "debug/insn.h"
#include "debug/state.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

static bool is_real(struct vcpu *v)
{
	return registers_is_real(registers_mode(v));
}

bool zero_vector_is(struct vcpu *v, uint8_t vector)
{
	uint32_t entry;
	return is_real(v) &&
	       linear_read(v, vcpu_sregs(v)->idt.base + 4u * vector, &entry, sizeof entry) ==
	               sizeof entry &&
	       entry == 0;
}

/* The frame of real mode: IP, CS, FLAGS (SDM vol 3, "Real-Address Mode Operation"). */
static bool read_frame(struct vcpu *v, uint16_t *ip, uint16_t *cs)
{
	uint16_t frame[2];
	uint64_t gva = registers_stack_address(v, vcpu_regs(v)->rsp);
	if (linear_read(v, gva, frame, sizeof frame) != sizeof frame)
		return false;
	*ip = frame[0];
	*cs = frame[1];
	return true;
}

/* int n, int3, into or int1 that ends at cs:ip. */
static bool find_int(struct vcpu *v, uint16_t cs, uint16_t ip, struct zero_jump *jump)
{
	static const struct {
		uint8_t opcode, vector;
	} of_one_byte[] = { { 0xcc, VECTOR_BP }, { 0xce, VECTOR_OF }, { 0xf1, VECTOR_DB } };
	uint8_t code[2];
	const uint16_t at = (uint16_t)(ip - 2);
	if (ip < 2 || linear_read(v, ((uint64_t)cs << 4) + at, code, 2) != 2)
		return false;
	if (code[0] == 0xcd && zero_vector_is(v, code[1])) {
		*jump = (struct zero_jump) { CATCH_BY_INT, code[1], cs, at };
		return true;
	}
	for (size_t i = 0; i < 3; i++)
		if (code[1] == of_one_byte[i].opcode && zero_vector_is(v, of_one_byte[i].vector)) {
			*jump = (struct zero_jump) { CATCH_BY_EXCEPTION, of_one_byte[i].vector, cs,
				(uint16_t)(ip - 1) };
			return true;
		}
	return false;
}

/* #UD or #DE of the instruction at cs:ip. */
static bool find_exception(struct vcpu *v, uint16_t cs, uint16_t ip, struct zero_jump *jump)
{
	uint8_t code[INSN_MAX];
	struct insn insn;
	size_t n = linear_read(v, ((uint64_t)cs << 4) + ip, code, sizeof code);
	bool is_known = insn_decode(&insn, code, n, 16);
	int vector = !is_known                            ? -1
	             : insn.faults == INSN_FAULTS_INVALID ? VECTOR_UD
	             : insn.faults == INSN_FAULTS_DIVIDE  ? VECTOR_DE
	                                                  : -1;
	if (vector < 0 || !zero_vector_is(v, (uint8_t)vector))
		return false;
	*jump = (struct zero_jump) { CATCH_BY_EXCEPTION, (uint8_t)vector, cs, ip };
	return true;
}

bool zero_vector_find(struct vcpu *v, struct zero_jump *jump)
{
	uint16_t ip, cs;
	return is_real(v) && read_frame(v, &ip, &cs) &&
	       (find_int(v, cs, ip, jump) || find_exception(v, cs, ip, jump));
}

bool zero_vector_led(struct vcpu *v, uint8_t vector, struct zero_jump *jump)
{
	uint16_t ip, cs;
	if (zero_vector_find(v, jump))
		return true;
	if (!is_real(v) || !read_frame(v, &ip, &cs))
		return false;
	*jump = (struct zero_jump) { CATCH_BY_EXCEPTION, vector, cs, ip };
	return true;
}

void zero_vector_begin(struct control *c)
{
	c->cpu.zero_left = c->watches_zero ? ZERO_EXITS_MAX : 0;
}

/* Where KVM runs guests on the CPU, which a step in CPL 3 shows, the step that a guest's mov to a debug
 * register takes beside ours leaves a trap behind, and the guest gets it (kvm_intel in Bochs): there is none
 * of ours until that is cured. selfcheck_test: free_it_is_well. */
static bool is_harmless(struct control *c)
{
	if (c->zero_beside == PROBE_UNKNOWN)
		c->zero_beside =
		        probe_ask(PROBE_CPL3_STEPS, SCRATCH_LONG64, c->cpu.vcpu->vm) == PROBE_YES
		                ? PROBE_NO
		                : PROBE_YES;
	return c->zero_beside == PROBE_YES;
}

bool zero_vector_is_wanted(struct control *c)
{
	return c->watches_zero && c->cpu.zero_left && is_real(c->cpu.vcpu) && is_harmless(c);
}

/* Ours is the only register where nothing else is in use. */
static void take_away(struct control *c)
{
	struct vcpu_debug debug = c->cpu.vcpu->debug;
	const uint64_t enables = 0xff;
	debug.dr7 &= ~(3ull << 2 * (unsigned)c->cpu.zero_slot);
	if (!(debug.dr7 & enables)) {
		debug.control &= ~(uint32_t)KVM_GUESTDBG_USE_HW_BP;
		debug.dr7 = 0;
	}
	if (debug.control == KVM_GUESTDBG_ENABLE)
		debug.control = 0;
	vcpu_set_debug(c->cpu.vcpu, &debug);
	c->cpu.zero_slot = -1;
	c->cpu.zero_left = 0;
}

void zero_vector_count(struct control *c)
{
	if (c->cpu.zero_slot >= 0 && (--c->cpu.zero_left == 0 || !is_real(c->cpu.vcpu)))
		take_away(c);
}

bool zero_vector_is_met(struct control *c)
{
	return c->cpu.zero_slot >= 0 && registers_pc(c->cpu.vcpu) == 0;
}

bool zero_vector_stops(struct control *c, struct stop *stop)
{
	if (zero_vector_find(c->cpu.vcpu, &stop->zero)) {
		stop->kind = STOP_ZERO_VECTOR;
		return true;
	}
	take_away(c); /* the guest has code there, and may come back to it often */
	return false;
}

void zero_jump_describe(const struct zero_jump *jump, char *to, size_t size)
{
	struct catch_vector_text name = catch_vector_describe(jump->vector, jump->cause);
	if (jump->cause == CATCH_BY_INT)
		snprintf(to, size, "int 0x%02x at %04x:%04x: its vector is 0", jump->vector,
		        jump->cs, jump->ip);
	else
		snprintf(to, size, "%s at %04x:%04x: its vector is 0", name.text, jump->cs,
		        jump->ip);
}

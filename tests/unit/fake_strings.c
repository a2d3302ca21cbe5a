/* The fake CPU's instructions on strings and ports. Source: SDM vol 2; api.rst, KVM_EXIT_IO. */
#include "fake_cpu.h"

#include <string.h>

#define RFLAGS_DF (1u << 10)

/* --- strings ---------------------------------------------------------------------------------- */

/* movs and stos, an iteration. */
void fake_do_string(struct fake_insn *i)
{
	bool is_mov = i->opcode < 0xaa;
	unsigned size = i->opcode & 1 ? i->size : 1;
	struct kvm_regs *r = &i->to.r;
	const struct kvm_segment *from = i->segment ? i->segment : &i->to.s.ds;
	uint64_t mask = fake_mask(i->bits / 8),
	         by = r->rflags & RFLAGS_DF ? 0 - (uint64_t)size : size;
	uint64_t value = r->rax;
	i->how = i->is_rep ? FAKE_IS_REP : FAKE_PLAIN;
	i->is_last = !i->is_rep || (r->rcx & mask) <= 1;
	if (i->is_rep && !(r->rcx & mask))
		return;
	if (is_mov && !fake_load(i, (from->base + (r->rsi & mask)) & 0xffffffff, size, &value))
		return;
	if (!fake_store(i, (i->to.s.es.base + (r->rdi & mask)) & 0xffffffff, size, value))
		return;
	if (is_mov)
		fake_add(i, &r->rsi, by);
	fake_add(i, &r->rdi, by);
	if (i->is_rep)
		fake_add(i, &r->rcx, UINT64_MAX);
	i->is_elsewhere = !i->is_last;
}

/* --- ports ------------------------------------------------------------------------------------ */

static uint8_t *port_data(const struct fake_insn *i)
{
	return (uint8_t *)i->v->run + 4096;
}

static void leave_by_port(
        struct fake_insn *i, bool is_out, uint16_t port, unsigned size, uint64_t number)
{
	struct kvm_run *run = i->v->run;
	run->io.direction = is_out ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
	run->io.size = (uint8_t)size;
	run->io.port = port;
	run->io.count = (uint32_t)number;
	run->io.data_offset = 4096;
	i->end = FAKE_PORT;
}

/* outsb: an exit an iteration. */
void fake_do_outs(struct fake_insn *i)
{
	struct kvm_regs *r = &i->to.r;
	uint64_t mask = fake_mask(i->bits / 8), value;
	if (i->is_rep && !(r->rcx & mask))
		return;
	if (!fake_load(i, (i->to.s.ds.base + (r->rsi & mask)) & 0xffffffff, 1, &value))
		return;
	*port_data(i) = (uint8_t)value;
	leave_by_port(i, true, (uint16_t)r->rdx, 1, 1);
	fake_add(i, &r->rsi, 1);
	if (i->is_rep)
		fake_add(i, &r->rcx, UINT64_MAX);
	i->is_elsewhere = i->is_rep && r->rcx & mask; /* again */
}

/* insb: KVM reads ahead, one exit for all iterations (as many as there is room for here). */
void fake_do_ins(struct fake_insn *i)
{
	struct kvm_regs *r = &i->to.r;
	uint64_t mask = fake_mask(i->bits / 8), number = i->is_rep ? r->rcx & mask : 1;
	if (number > FAKE_ACCESSES)
		i->end = FAKE_UNKNOWN;
	else if (number && !i->v->has_port_data)
		leave_by_port(i, false, (uint16_t)r->rdx, 1, number);
	if (i->end != FAKE_DONE)
		return;
	for (unsigned k = 0; k < number; k++)
		fake_store(i, (i->to.s.es.base + ((r->rdi + k) & mask)) & 0xffffffff, 1,
		        port_data(i)[k]);
	fake_add(i, &r->rdi, number);
	if (i->is_rep)
		fake_add(i, &r->rcx, 0 - number);
}

void fake_do_port(struct fake_insn *i)
{
	bool is_out = i->opcode & 2;
	unsigned size = i->opcode & 1 ? i->size : 1;
	uint16_t port = i->opcode & 8 ? (uint16_t)i->to.r.rdx : (uint16_t)fake_immediate(i, 1);
	uint64_t value = 0;
	if (i->end == FAKE_UNKNOWN)
		return;
	if (!is_out && i->v->has_port_data) {
		memcpy(&value, port_data(i), size);
		fake_set(i, 0, size, value);
		return;
	}
	memcpy(port_data(i), &i->to.r.rax, size);
	leave_by_port(i, is_out, port, size, 1);
}

/* Registers, ModRM and immediates of the fake CPU's instructions. Source: SDM vol 2, chapter 2. */
#include "fake_cpu.h"

static __u64 *general(struct fake_insn *i, unsigned number)
{
	struct kvm_regs *r = &i->to.r;
	__u64 *const all[] = { &r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi,
		&r->rdi };
	return all[number & 7];
}

uint64_t fake_mask(unsigned size)
{
	return (1ull << 8 * size) - 1;
}

/* Of 1 byte 4 to 7 are ah, ch, dh, bh. */
uint64_t fake_get(struct fake_insn *i, unsigned number, unsigned size)
{
	if (size == 1 && number >= 4)
		return *general(i, number - 4) >> 8 & 0xff;
	return *general(i, number) & fake_mask(size);
}

void fake_set(struct fake_insn *i, unsigned number, unsigned size, uint64_t value)
{
	bool is_high = size == 1 && number >= 4;
	__u64 *to = general(i, is_high ? number - 4 : number);
	unsigned shift = is_high ? 8 : 0;
	*to = (*to & ~(fake_mask(size) << shift)) | (value & fake_mask(size)) << shift;
}

void fake_add(struct fake_insn *i, __u64 *reg, uint64_t by)
{
	uint64_t mask = fake_mask(i->bits / 8);
	*reg = (*reg & ~mask) | ((*reg + by) & mask);
}

uint64_t fake_immediate(struct fake_insn *i, unsigned len)
{
	uint64_t value = 0;
	uint64_t gva = (i->to.s.cs.base + i->at) & 0xffffffff;
	if (!fake_fetch(i, gva, len, &value))
		i->end = FAKE_UNKNOWN;
	i->at += len;
	return value;
}

uint64_t fake_immediate_signed(struct fake_insn *i, unsigned len)
{
	uint64_t value = fake_immediate(i, len), sign = 1ull << (8 * len - 1);
	return (value ^ sign) - sign;
}

/* SDM vol 2, table 2-1. */
static uint64_t offset16(struct fake_insn *i, unsigned mod, unsigned rm, bool *is_stack)
{
	const struct kvm_regs *r = &i->to.r;
	const uint64_t bases[] = { r->rbx + r->rsi, r->rbx + r->rdi, r->rbp + r->rsi,
		r->rbp + r->rdi, r->rsi, r->rdi, r->rbp, r->rbx };
	if (mod == 0 && rm == 6)
		return fake_immediate(i, 2);
	*is_stack = rm == 2 || rm == 3 || rm == 6;
	return bases[rm] + (mod == 1          ? fake_immediate_signed(i, 1)
	                           : mod == 2 ? fake_immediate(i, 2)
	                                      : 0);
}

/* Table 2-2, without a SIB byte. */
static uint64_t offset32(struct fake_insn *i, unsigned mod, unsigned rm, bool *is_stack)
{
	if (rm == 4)
		i->end = FAKE_UNKNOWN;
	if (mod == 0 && rm == 5)
		return fake_immediate(i, 4);
	*is_stack = rm == 5;
	return *general(i, rm) + (mod == 1          ? fake_immediate_signed(i, 1)
	                                 : mod == 2 ? fake_immediate(i, 4)
	                                            : 0);
}

struct fake_modrm fake_take_modrm(struct fake_insn *i)
{
	uint8_t byte = (uint8_t)fake_immediate(i, 1);
	struct fake_modrm m = { .reg = byte >> 3 & 7, .rm = byte & 7, .is_memory = byte < 0xc0 };
	bool is_stack = false;
	if (!m.is_memory)
		return m;
	uint64_t offset = i->bits == 16 ? offset16(i, byte >> 6, m.rm, &is_stack) & 0xffff
	                                : offset32(i, byte >> 6, m.rm, &is_stack);
	const struct kvm_segment *s = i->segment ? i->segment
	                              : is_stack ? &i->to.s.ss
	                                         : &i->to.s.ds;
	m.gva = (s->base + offset) & 0xffffffff;
	return m;
}

bool fake_get_operand(
        struct fake_insn *i, const struct fake_modrm *m, unsigned size, uint64_t *value)
{
	if (i->end == FAKE_UNKNOWN)
		return false;
	if (m->is_memory)
		return fake_load(i, m->gva, size, value);
	*value = fake_get(i, m->rm, size);
	return true;
}

bool fake_set_operand(
        struct fake_insn *i, const struct fake_modrm *m, unsigned size, uint64_t value)
{
	if (i->end == FAKE_UNKNOWN)
		return false;
	if (m->is_memory)
		return fake_store(i, m->gva, size, value);
	fake_set(i, m->rm, size, value);
	return true;
}

void fake_go_to(struct fake_insn *i, uint64_t rip)
{
	i->to.r.rip = rip & fake_mask(i->bits / 8);
	i->is_elsewhere = true;
}

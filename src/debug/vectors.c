/* A vector's handler: through the IVT in real mode, through the IDT's gates otherwise. */
#include "debug/vectors.h"

#include "base/cpu_bits.h"
#include "kvm/linear.h"
#include "kvm/registers.h"
#include "kvm/segment.h"

/* IVT: 4 bytes a vector, offset then segment. */
static bool real_target(struct vcpu *v, unsigned vector, uint64_t *gva)
{
	uint16_t entry[2];
	if (linear_read(v, vcpu_sregs(v)->idt.base + 4 * vector, entry, sizeof entry) !=
	        sizeof entry)
		return false;
	*gva = ((uint64_t)entry[1] << 4) + entry[0];
	return true;
}

/* The base of the code segment that a gate names. */
static bool code_base(struct vcpu *v, uint16_t selector, uint64_t *base)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint64_t descriptor, table = selector & 4 ? s->ldt.base : s->gdt.base;
	uint32_t limit = selector & 4 ? s->ldt.limit : s->gdt.limit;
	uint16_t index = selector & 0xfff8;
	if (selector == s->cs.selector) { /* the usual case needs no look into memory */
		*base = s->cs.base;
		return true;
	}
	if (index + 7u > limit ||
	        linear_read(v, table + index, &descriptor, sizeof descriptor) != sizeof descriptor)
		return false;
	struct kvm_segment seg = segment_decode(descriptor);
	*base = seg.base;
	return seg.present && seg.s;
}

/* IDT gates: 8 bytes, 16 in long mode. */
static bool gate_target(struct vcpu *v, unsigned vector, uint64_t *gva, unsigned *slot_size)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	bool is_long = s->efer & (1u << 10); /* LMA */
	unsigned size = is_long ? 16 : 8;
	uint8_t g[16];
	uint64_t base, offset;
	if (vector * size + size - 1 > s->idt.limit ||
	        linear_read(v, s->idt.base + vector * size, g, size) != size)
		return false;
	unsigned type = g[5] & 0x1f;
	bool is_32 = type == 0xe || type == 0xf, is_16 = type == 6 || type == 7;
	if (!(g[5] & 0x80) || !(is_32 || (is_16 && !is_long)))
		return false;
	offset = g[0] | g[1] << 8;
	if (is_32)
		offset |= (uint64_t)g[6] << 16 | (uint64_t)g[7] << 24;
	if (is_long) {
		for (unsigned i = 0; i < 4; i++)
			offset |= (uint64_t)g[8 + i] << (32 + 8 * i);
		*gva = offset;
		*slot_size = 8;
		return true;
	}
	if (!code_base(v, (uint16_t)(g[2] | g[3] << 8), &base))
		return false;
	*gva = (base + offset) & 0xffffffff;
	*slot_size = is_32 ? 4 : 2;
	return true;
}

bool vector_target(struct vcpu *v, unsigned vector, uint64_t *gva, unsigned *slot_size)
{
	switch (registers_mode(v)) {
	case CPU_REAL16:
	case CPU_REAL32: *slot_size = 2; return real_target(v, vector, gva);
	case CPU_VM86:
	case CPU_PROT16:
	case CPU_PROT32:
	case CPU_COMPAT16:
	case CPU_COMPAT32:
	case CPU_LONG64: return gate_target(v, vector, gva, slot_size);
	}
	return false;
}

/* SDM vol 3, "System-Segment and Gate-Descriptor Types": a task gate is 5, and interrupt and trap gates are 6 and 7, of
 * 16 bits, and 14 and 15. */
static bool is_gate(unsigned type, bool is_long)
{
	return type == 14 || type == 15 || (!is_long && type >= 5 && type <= 7);
}

bool vector_leads_nowhere(struct vcpu *v, unsigned vector)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	const bool is_long = s->efer & EFER_LMA, is_real = registers_is_real(registers_mode(v));
	const unsigned size = is_real ? 4 : is_long ? 16 : 8;
	uint8_t g[8];
	if (vector * size + size - 1 > s->idt.limit)
		return true;
	if (is_real || linear_read(v, s->idt.base + vector * size, g, sizeof g) != sizeof g)
		return false;
	return !(g[5] & 0x80) || !is_gate(g[5] & 0x1f, is_long);
}

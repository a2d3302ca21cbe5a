/* The frame's length is told by the stack pointers, not by the gate: not every KVM pushes slots of the
 * gate's size. */
#include "debug/pushed.h"

#include "base/cpu_bits.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

/* Ten slots of 4 bytes: of virtual-8086 mode, with an error code. */
#define LEGACY_MAX 40u

void pushed_begin(struct control *c, bool is_done)
{
	struct vcpu *v = c->cpu.vcpu;
	c->cpu.came_from = (struct came_from) { .rsp = vcpu_regs(v)->rsp,
		.tr = vcpu_sregs(v)->tr.selector,
		.cpl = registers_cpl(v),
		.is_vm86 = vcpu_regs(v)->rflags & RFLAGS_VM,
		.is_done = is_done };
}

/* SDM vol 3, "64-Bit Mode Stack Frame": five slots below an address that is a multiple of 16, then maybe an
 * error code. */
static uint32_t long_length(uint64_t rsp)
{
	return rsp % 16 ? 40 : 48;
}

/* Where the frame ends. SDM vol 3, figures "32-Bit Task-State Segment (TSS)" and "16-Bit TSS Format".
 * False: not readable. */
static bool legacy_top(struct vcpu *v, const struct came_from *f, uint64_t *top)
{
	const struct kvm_segment *tr = &vcpu_sregs(v)->tr;
	const unsigned cpl = registers_cpl(v);
	const bool is_32 = tr->type & 8;
	const size_t size = is_32 ? 4 : 2;
	*top = f->rsp;
	if (!f->is_vm86 && cpl == f->cpl)
		return true;
	*top = 0;
	return linear_read(v, tr->base + (is_32 ? 4 + 8 * cpl : 2 + 4 * cpl), top, size) == size;
}

unsigned pushed_find(const struct control *c, struct operand *frame)
{
	struct vcpu *v = c->cpu.vcpu;
	const struct kvm_sregs *s = vcpu_sregs(v);
	const uint64_t rsp = vcpu_regs(v)->rsp;
	uint64_t top, len;
	*frame = (struct operand) { .gva = registers_stack_address(v, rsp), .is_write = true };
	if (s->tr.selector != c->cpu.came_from.tr)
		return 0;
	if (s->efer & EFER_LMA) {
		frame->len = long_length(rsp);
		return 1;
	}
	if (!legacy_top(v, &c->cpu.came_from, &top))
		return 0;
	len = (top - rsp) & (s->ss.db ? 0xffffffff : 0xffff);
	frame->len = len <= LEGACY_MAX ? (uint32_t)len : 0;
	return frame->len != 0;
}

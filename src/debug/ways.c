/* Where an instruction leads whose trap KVM may lose:
 *
 * - What kvm_pvm does not emulate but hands to the CPU (endbr, fences, swapgs, rdrand and others
 *   of the two-byte map) is followed by the next instruction: a debug register there. So is iretq.
 * - syscall masks TF by FMASK, and sysret loads r11's.
 * - A task switch loads the flags of the new task's TSS, and stores those of now, with KVM's TF, in
 *   the old one's. */
#include "debug/ways.h"

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/handlers.h"
#include "kvm/linear.h"
#include "kvm/paging.h"
#include "kvm/registers.h"
#include "kvm/segment.h"

/* --- the next instruction ----------------------------------------------------------------------- */

/* Two-byte opcodes without ModRM. SDM vol 2, table A-3. */
static bool has_modrm(uint8_t opcode)
{
	switch (opcode & 0xf8) {
	case 0x30: return false; /* wrmsr to getsec */
	case 0x80:               /* jcc */
	case 0x88: return false;
	case 0xc8: return false; /* bswap */
	}
	switch (opcode) {
	case 0x05:
	case 0x06:
	case 0x07:
	case 0x08:
	case 0x09:
	case 0x0b:
	case 0x77:
	case 0xa0:
	case 0xa1:
	case 0xa2:
	case 0xa8:
	case 0xa9:
	case 0xaa: return false;
	default: return true;
	}
}

static bool has_immediate(uint8_t opcode)
{
	switch (opcode) {
	case 0x0f: /* 3DNow */
	case 0x3a:
	case 0x70:
	case 0x71:
	case 0x72:
	case 0x73:
	case 0xa4:
	case 0xac:
	case 0xba:
	case 0xc2:
	case 0xc4:
	case 0xc5:
	case 0xc6: return true;
	default: return false;
	}
}

static bool find_next(struct vcpu *v, const struct insn *insn, uint64_t *gva)
{
	uint8_t bytes[INSN_MAX];
	size_t n = linear_read(v, registers_pc(v), bytes, sizeof bytes), at = insn->prefix_len + 2;
	bool is_longer = insn->opcode == 0x38 || insn->opcode == 0x3a; /* three-byte opcodes */
	if (!insn->is_0f || (insn->opcode & 0xf0) == 0x80)
		return false;
	at += is_longer;
	if (has_modrm(insn->opcode) || is_longer) {
		bool is_register = insn->opcode >= 0x20 && insn->opcode <= 0x23; /* mov cr, dr */
		unsigned len = at >= n ? 0
		               : is_register
		                       ? 1
		                       : insn_modrm_len(bytes + at, n - at, insn->address_bits);
		if (!len)
			return false;
		at += len;
	}
	at += has_immediate(insn->opcode);
	*gva = registers_code_address(vcpu_sregs(v), vcpu_regs(v)->rip + at);
	return true;
}

/* --- system calls ------------------------------------------------------------------------------- */

#define SYSCALL_BYTE  0x05
#define SYSRET_BYTE   0x07
#define SYSENTER_BYTE 0x34
#define SYSEXIT_BYTE  0x35

/* SDM vol 2, SYSCALL, SYSENTER and their returns; APM vol 3 for SYSCALL outside of long mode, which
 * goes to STAR's lower half. */
static bool find_system(struct vcpu *v, const struct insn *insn, uint64_t *gva)
{
	const struct kvm_regs *r = vcpu_regs(v);
	bool is_long = vcpu_sregs(v)->efer & EFER_LMA, is_wide = insn->operand_bits == 64;
	enum cpu_mode mode = registers_mode(v);
	switch (insn->opcode) {
	case SYSCALL_BYTE:
		if (vcpu_get_msr(v,
		            mode == CPU_LONG64 ? MSR_LSTAR
		            : is_long          ? MSR_CSTAR
		                               : MSR_STAR,
		            gva))
			return false;
		*gva &= is_long ? UINT64_MAX : 0xffffffff;
		return true;
	case SYSENTER_BYTE:
		if (vcpu_get_msr(v, MSR_SYSENTER_EIP, gva))
			return false;
		*gva &= is_long ? UINT64_MAX : 0xffffffff;
		return true;
	case SYSRET_BYTE: *gva = is_wide ? r->rcx : r->rcx & 0xffffffff; return true;
	case SYSEXIT_BYTE: *gva = is_wide ? r->rdx : r->rdx & 0xffffffff; return true;
	}
	return false;
}

bool ways_tf_after_system(struct vcpu *v, const struct insn *insn)
{
	uint64_t mask = 0;
	bool is_long = vcpu_sregs(v)->efer & EFER_LMA;
	if (insn->opcode == SYSRET_BYTE && is_long)
		return vcpu_regs(v)->r11 & RFLAGS_TF;
	if (insn->opcode == SYSCALL_BYTE && is_long && !vcpu_get_msr(v, MSR_FMASK, &mask) &&
	        mask & RFLAGS_TF)
		return false;
	return vcpu_tf(v);
}

int ways_hide_tf(struct vcpu *v, const struct insn *insn, bool tf)
{
	struct kvm_regs regs = *vcpu_regs(v);
	if (insn->opcode != SYSCALL_BYTE || !(vcpu_sregs(v)->efer & EFER_LMA) ||
	        !(regs.r11 & RFLAGS_TF) == !tf)
		return 0;
	regs.r11 ^= RFLAGS_TF;
	return vcpu_set_regs(v, &regs);
}

/* --- tasks -------------------------------------------------------------------------------------- */

/* Where a TSS has what is needed. SDM vol 3, figures "32-Bit Task-State Segment (TSS)" and "16-Bit
 * TSS Format". */
struct tss_layout {
	unsigned ip, flags, cs, ldt, size; /* size: of ip and flags */
};
static const struct tss_layout tss32 = { 0x20, 0x24, 0x4c, 0x60, 4 };
static const struct tss_layout tss16 = { 0x0e, 0x10, 0x22, 0x2a, 2 };

/* The types of system descriptors: table "System-Segment and Gate-Descriptor Types". */
#define TYPE_IS_32     8u
#define TYPE_TASK_GATE 5u
#define TYPE_TSS       1u /* and 9, 32 bits; with bit 1 it is busy */

static const struct tss_layout *layout_of(unsigned type)
{
	return type & TYPE_IS_32 ? &tss32 : &tss16;
}

static bool read_descriptor(struct vcpu *v, uint16_t selector, uint64_t ldt, uint64_t *to)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint64_t table = selector & 4 ? ldt : s->gdt.base;
	return selector & ~3u && (selector & 4 || (selector | 7u) <= s->gdt.limit) &&
	       linear_read(v, table + (selector & 0xfff8u), to, sizeof *to) == sizeof *to;
}

bool ways_find_task(struct vcpu *v, uint16_t selector, uint64_t *gva)
{
	uint64_t d, ip = 0;
	uint16_t cs, ldt;
	if (selector & 4 || !read_descriptor(v, selector, 0, &d))
		return false;
	struct kvm_segment tss = segment_decode(d), code, table = { 0 };
	const struct tss_layout *l = layout_of(tss.type);
	if (tss.s || (tss.type & ~(TYPE_IS_32 | 2u)) != TYPE_TSS ||
	        linear_read(v, tss.base + l->ip, &ip, l->size) != l->size ||
	        linear_read(v, tss.base + l->cs, &cs, 2) != 2 ||
	        linear_read(v, tss.base + l->ldt, &ldt, 2) != 2)
		return false;
	if (cs & 4 && (!read_descriptor(v, ldt, 0, &d) || (table = segment_decode(d)).s))
		return false;
	if (!read_descriptor(v, cs, table.base, &d))
		return false;
	code = segment_decode(d);
	*gva = (code.base + ip) & 0xffffffff;
	return true;
}

/* Whether selector names a TSS or a task gate: then the task's first instruction. */
static bool find_task_of(struct vcpu *v, uint16_t selector, uint64_t *gva)
{
	uint64_t d;
	if (!read_descriptor(v, selector, vcpu_sregs(v)->ldt.base, &d))
		return false;
	struct kvm_segment g = segment_decode(d);
	if (g.s)
		return false;
	if (g.type == TYPE_TASK_GATE)
		selector = (uint16_t)(d >> 16);
	return ways_find_task(v, selector, gva);
}

/* The selector that a far jump or call names, in its bytes or in memory. */
static bool far_selector(struct vcpu *v, const struct insn *insn, uint16_t *selector)
{
	struct operand o[OPERANDS_MAX];
	const unsigned offset = insn->operand_bits / 8;
	if (insn->opcode == 0xea || insn->opcode == 0x9a)
		return linear_read(v, registers_pc(v) + insn->prefix_len + 1 + offset, selector,
		               2) == 2;
	if (insn->opcode != 0xff || insn->faults != INSN_FAULTS_SEGMENT)
		return false;
	for (unsigned n = cpu_operands(v, o); n > 0; n--)
		if (o[n - 1].is_read && o[n - 1].len == offset + 2)
			return linear_read(v, o[n - 1].gva + offset, selector, 2) == 2;
	return false;
}

static bool find_switch(struct vcpu *v, const struct insn *insn, uint64_t *gva)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint16_t selector;
	if (!(s->cr0 & CR0_PE) || s->efer & EFER_LMA || vcpu_regs(v)->rflags & RFLAGS_VM ||
	        insn->is_0f)
		return false;
	if (insn->kind == INSN_IRET)
		return vcpu_regs(v)->rflags & RFLAGS_NT &&
		       linear_read(v, s->tr.base, &selector, 2) == 2 &&
		       ways_find_task(v, selector, gva);
	return far_selector(v, insn, &selector) && find_task_of(v, selector, gva);
}

bool ways_has_switched(struct vcpu *v, const struct insn *insn, const struct kvm_sregs *before)
{
	bool is_ltr = insn->is_0f && insn->opcode == 0x00;
	return vcpu_sregs(v)->tr.selector != before->tr.selector && !is_ltr;
}

static bool read_table(void *ctx, uint64_t gpa, void *to, size_t len)
{
	return memory_read(ctx, gpa, to, len) == len;
}

void ways_set_tf_of_tasks(struct vcpu *v, const struct kvm_sregs *before, bool tf)
{
	struct memory *m = &v->vm->memory;
	const struct kvm_segment *new_tr = &vcpu_sregs(v)->tr;
	/* The old one's is mapped as it was before: CR3 is the new task's. */
	const struct paging paging = { before->cr0, before->cr3, before->cr4, before->efer };
	const struct tss_layout *l = layout_of(before->tr.type), *new_l = layout_of(new_tr->type);
	uint64_t gpa, len;
	uint16_t flags;
	if (paging_translate(&paging, read_table, m, before->tr.base + l->flags, &gpa, &len) &&
	        memory_read(m, gpa, &flags, 2) == 2) {
		flags = (uint16_t)((flags & ~RFLAGS_TF) | (tf ? RFLAGS_TF : 0));
		memory_write(m, gpa, &flags, 2);
	}
	if (linear_read(v, new_tr->base + new_l->flags, &flags, 2) == 2)
		vcpu_set_tf(v, flags & RFLAGS_TF);
}

/* --- all of them -------------------------------------------------------------------------------- */

bool ways_find(struct vcpu *v, const struct insn *insn, uint64_t *gva)
{
	if (insn->kind == INSN_SYSTEM)
		return find_system(v, insn, gva);
	if (insn->kind == INSN_IRET && registers_mode(v) == CPU_LONG64)
		return handlers_read_slot(v, 0, insn->operand_bits / 8, gva);
	return find_next(v, insn, gva) || find_switch(v, insn, gva);
}

/* One instruction of the fake CPU. The table at the end lists all that there are; what a table row
 * does not know (a ModRM form, a SIB byte, a prefix) is an emulation failure.
 * Source: SDM vol 2. */
#include "fake_cpu.h"

#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "kvm/segment.h"

#define FLAGS_KEPT 0x2u      /* always 1: SDM vol 1, "EFLAGS Register" */
#define FLAGS_OWN  0x257fd5u /* the ones that there are, up to ID */
#define RFLAGS_CF  (1u << 0)
#define RFLAGS_SF  (1u << 7)
#define RFLAGS_DF  (1u << 10)

typedef void fake_do(struct fake_insn *i);

uint64_t fake_pc(const struct fake_state *s)
{
	return (s->s.cs.base + s->r.rip) & 0xffffffff;
}

/* --- moves ------------------------------------------------------------------------------------ */

static void do_nop(struct fake_insn *i)
{
	(void)i;
}

/* endbr: its ModRM names no operand. */
static void do_endbr(struct fake_insn *i)
{
	fake_take_modrm(i);
	i->how = FAKE_HANDED;
}

static void do_mov_imm8(struct fake_insn *i)
{
	fake_set(i, i->opcode & 7, 1, fake_immediate(i, 1));
}

static void do_mov_imm(struct fake_insn *i)
{
	fake_set(i, i->opcode & 7, i->size, fake_immediate(i, i->size));
}

static void do_mov_to_memory(struct fake_insn *i)
{
	unsigned size = i->opcode & 1 ? i->size : 1;
	struct fake_modrm m = fake_take_modrm(i);
	fake_set_operand(i, &m, size, fake_get(i, m.reg, size));
}

static void do_mov_from_memory(struct fake_insn *i)
{
	unsigned size = i->opcode & 1 ? i->size : 1;
	struct fake_modrm m = fake_take_modrm(i);
	uint64_t value;
	if (fake_get_operand(i, &m, size, &value))
		fake_set(i, m.reg, size, value);
}

static struct kvm_segment *segment(struct fake_insn *i, unsigned number)
{
	struct kvm_sregs *s = &i->to.s;
	struct kvm_segment *const all[] = { &s->es, &s->cs, &s->ss, &s->ds, &s->fs, &s->gs };
	return number < ARRAY_SIZE(all) ? all[number] : NULL;
}

static void load_segment(struct fake_insn *i, struct kvm_segment *to, uint16_t selector)
{
	uint64_t descriptor;
	if (to == &i->to.s.ss) {
		i->how = FAKE_LOADS_SS;
		i->to.shadow = KVM_X86_SHADOW_INT_MOV_SS;
	}
	if (i->to.s.cr0 & CR0_PE) {
		if (!fake_fetch(i, i->to.s.gdt.base + (selector & 0xfff8u), 8, &descriptor)) {
			i->end = FAKE_HANGS;
			return;
		}
		*to = segment_decode(descriptor);
	} else {
		to->base = (uint64_t)selector << 4;
	}
	to->selector = selector;
}

static void do_mov_segment(struct fake_insn *i)
{
	struct fake_modrm m = fake_take_modrm(i);
	struct kvm_segment *to = segment(i, m.reg);
	uint64_t value;
	if (!to || to == &i->to.s.cs)
		i->end = FAKE_UNKNOWN;
	else if (fake_get_operand(i, &m, 2, &value))
		load_segment(i, to, (uint16_t)value);
}

static void do_pop_ss(struct fake_insn *i)
{
	uint64_t value;
	if (fake_pop(i, i->size, &value))
		load_segment(i, &i->to.s.ss, (uint16_t)value);
}

static void do_push_segment(struct fake_insn *i)
{
	fake_push(i, i->size, segment(i, i->opcode >> 3 & 3)->selector);
}

static void do_push(struct fake_insn *i)
{
	fake_push(i, i->size, fake_get(i, i->opcode & 7, i->size));
}

static void do_pop(struct fake_insn *i)
{
	uint64_t value;
	if (fake_pop(i, i->size, &value))
		fake_set(i, i->opcode & 7, i->size, value);
}

static void do_fst(struct fake_insn *i)
{
	struct fake_modrm m = fake_take_modrm(i);
	bool is_fst = m.reg == 2 && m.is_memory;
	if (!is_fst || fake_has(i->v, FAKE_NO_FLOAT) || !fake_store(i, m.gva, 4, 0) ||
	        i->v->accesses[i->v->access_count - 1].is_mmio)
		i->end = FAKE_UNKNOWN;
}

/* KVM's emulator reads the operand past all exits, and where it can't it begins again. */
static void do_lidt(struct fake_insn *i)
{
	struct fake_modrm m = fake_take_modrm(i);
	struct kvm_dtable *to = &i->to.s.idt;
	if (i->end != FAKE_DONE)
		return;
	if (m.reg != 3 || !m.is_memory)
		i->end = FAKE_UNKNOWN;
	else if (!fake_fetch(i, m.gva, 2, &to->limit) || !fake_fetch(i, m.gva + 2, 4, &to->base))
		i->end = FAKE_HANGS;
	else
		to->base &= i->size == 2 ? 0xffffff : 0xffffffff;
}

static void do_mov_cr(struct fake_insn *i)
{
	bool is_read = i->opcode == 0x20;
	struct fake_modrm m = fake_take_modrm(i);
	if (m.reg != 0 || m.is_memory)
		i->end = FAKE_UNKNOWN;
	else if (is_read)
		fake_set(i, m.rm, 4, i->to.s.cr0);
	else
		i->to.s.cr0 = fake_get(i, m.rm, 4);
	i->how = FAKE_EMULATED;
}

/* All leaves are 0. */
static void do_cpuid(struct fake_insn *i)
{
	i->to.r.rax = i->to.r.rbx = i->to.r.rcx = i->to.r.rdx = 0;
	i->how = FAKE_EMULATED;
}

static void do_mov_dr(struct fake_insn *i)
{
	const struct kvm_guest_debug *debug = &i->v->debug;
	bool is_read = i->opcode == 0x21;
	struct fake_modrm m = fake_take_modrm(i);
	struct kvm_debugregs *d = &i->to.d;
	__u64 *const all[] = { &d->db[0], &d->db[1], &d->db[2], &d->db[3], NULL, NULL, &d->dr6,
		&d->dr7 };
	__u64 *reg = all[m.reg];
	bool is_ours = debug->control & KVM_GUESTDBG_USE_HW_BP &&
	               debug->arch.debugreg[7] & DR7_GD && !fake_has(i->v, FAKE_GD_IGNORED);
	if (!reg || m.is_memory)
		i->end = FAKE_UNKNOWN;
	else if (is_ours || d->dr7 & DR7_GD)
		i->end = FAKE_GUARDED;
	else if (is_read)
		fake_set(i, m.rm, 4, *reg);
	else
		*reg = fake_get(i, m.rm, 4) | (reg == &d->dr7 ? 0x400 : 0); /* always 1 */
}

/* --- arithmetic and flags --------------------------------------------------------------------- */

static uint64_t count(struct fake_insn *i, uint64_t value, unsigned size, bool is_dec)
{
	__u64 *flags = &i->to.r.rflags;
	value = (is_dec ? value - 1 : value + 1) & fake_mask(size);
	*flags &= ~(uint64_t)(RFLAGS_ZF | RFLAGS_SF);
	*flags |= (value ? 0 : RFLAGS_ZF) | (value >> (8 * size - 1) ? RFLAGS_SF : 0);
	return value;
}

static void do_inc_dec(struct fake_insn *i)
{
	unsigned reg = i->opcode & 7;
	uint64_t value = fake_get(i, reg, i->size);
	fake_set(i, reg, i->size, count(i, value, i->size, i->opcode & 8));
}

/* fe and ff: inc and dec of memory. */
static void do_group(struct fake_insn *i)
{
	unsigned size = i->opcode & 1 ? i->size : 1;
	struct fake_modrm m = fake_take_modrm(i);
	uint64_t value;
	if (m.reg > 1)
		i->end = FAKE_UNKNOWN;
	else if (fake_get_operand(i, &m, size, &value))
		fake_set_operand(i, &m, size, count(i, value, size, m.reg == 1));
}

static void do_flag(struct fake_insn *i)
{
	__u64 *flags = &i->to.r.rflags;
	switch (i->opcode) {
	case 0xf8: *flags &= ~(uint64_t)RFLAGS_CF; break;
	case 0xf9: *flags |= RFLAGS_CF; break;
	case 0xfa: *flags &= ~(uint64_t)RFLAGS_IF; break;
	case 0xfb:
		if (!(*flags & RFLAGS_IF))
			i->to.shadow = KVM_X86_SHADOW_INT_STI;
		*flags |= RFLAGS_IF;
		break;
	case 0xfc: *flags &= ~(uint64_t)RFLAGS_DF; break;
	}
}

static void do_pushf(struct fake_insn *i)
{
	uint64_t flags = i->to.r.rflags & ~(uint64_t)(RFLAGS_RF | RFLAGS_VM);
	if (i->shows_tf && fake_has(i->v, FAKE_PUSHF_SHOWS_TF))
		flags |= RFLAGS_TF;
	fake_push(i, i->size, flags);
}

static void load_flags(struct fake_insn *i, uint64_t flags, bool has_rf)
{
	uint64_t own = FLAGS_OWN & fake_mask(i->size) & ~(uint64_t)(has_rf ? 0 : RFLAGS_RF);
	i->to.r.rflags =
	        (i->to.r.rflags & ~own & ~(uint64_t)RFLAGS_RF) | (flags & own) | FLAGS_KEPT;
	i->how = FAKE_LOADS_FLAGS;
}

static void do_popf(struct fake_insn *i)
{
	uint64_t flags;
	if (fake_pop(i, i->size, &flags))
		load_flags(i, flags, false);
}

/* --- ways to elsewhere ------------------------------------------------------------------------ */

static void do_jmp(struct fake_insn *i)
{
	uint64_t by = fake_immediate_signed(i, i->opcode == 0xeb ? 1 : i->size);
	fake_go_to(i, i->at + by);
}

static void do_jmp_far(struct fake_insn *i)
{
	uint64_t to = fake_immediate(i, i->size), cs = fake_immediate(i, 2);
	if (i->end != FAKE_DONE)
		return;
	load_segment(i, &i->to.s.cs, (uint16_t)cs);
	fake_go_to(i, to);
}

static void do_jz(struct fake_insn *i)
{
	uint64_t by = fake_immediate_signed(i, 1);
	bool zf = i->to.r.rflags & RFLAGS_ZF;
	if (zf == (i->opcode == 0x74))
		fake_go_to(i, i->at + by);
}

static void do_loop(struct fake_insn *i)
{
	uint64_t by = fake_immediate_signed(i, 1);
	fake_add(i, &i->to.r.rcx, UINT64_MAX);
	if (i->to.r.rcx & fake_mask(i->bits / 8))
		fake_go_to(i, i->at + by);
}

static void do_call(struct fake_insn *i)
{
	uint64_t by = fake_immediate_signed(i, i->size);
	if (i->end == FAKE_DONE && fake_push(i, i->size, i->at))
		fake_go_to(i, i->at + by);
}

static void do_ret(struct fake_insn *i)
{
	uint64_t to;
	if (fake_pop(i, i->size, &to))
		fake_go_to(i, to);
}

static void do_int(struct fake_insn *i)
{
	if (i->bits == 32 && fake_has(i->v, FAKE_NO_INT32)) {
		i->end = FAKE_UNKNOWN;
		return;
	}
	i->vector = i->opcode == 0xcc ? 3 : (uint8_t)fake_immediate(i, 1);
	if (i->vector >= 0x80 && i->bits == 16 && fake_has(i->v, FAKE_INT_80_HANGS))
		i->end = FAKE_HANGS;
	if (i->end == FAKE_DONE)
		i->end = i->opcode == 0xcc ? FAKE_BREAKS : FAKE_CALLS;
}

/* To the same privilege. */
static void do_iret(struct fake_insn *i)
{
	uint64_t rip, cs, flags;
	if (i->bits == 32 && fake_has(i->v, FAKE_NO_INT32))
		i->end = FAKE_UNKNOWN;
	if (i->end != FAKE_DONE || !fake_pop(i, i->size, &rip) || !fake_pop(i, i->size, &cs) ||
	        !fake_pop(i, i->size, &flags))
		return;
	if (!(i->to.s.cr0 & CR0_PE) || (uint16_t)cs != i->to.s.cs.selector)
		load_segment(i, &i->to.s.cs, (uint16_t)cs);
	load_flags(i, flags, true);
	fake_go_to(i, rip);
}

static void do_hlt(struct fake_insn *i)
{
	i->end = FAKE_HALTED;
}

static void do_ud2(struct fake_insn *i)
{
	i->vector = 6;
	i->end = FAKE_RAISES;
}

bool fake_enter(struct fake_insn *i, uint8_t vector, uint64_t flags)
{
	struct kvm_sregs *s = &i->to.s;
	bool is_real = !(s->cr0 & CR0_PE);
	unsigned slot = is_real ? 2 : 4, size = is_real ? 4 : 8;
	uint64_t gate = 0, rip, limit = vector * size + size - 1u;
	if (limit > s->idt.limit && !(is_real && fake_has(i->v, FAKE_IVT_HAS_NO_LIMIT)))
		return false;
	if (!fake_fetch(i, s->idt.base + vector * size, size, &gate)) {
		i->end = FAKE_HANGS;
		return false;
	}
	if (!is_real && (gate >> 40 & 0x8f) != 0x8e) /* a 32-bit interrupt gate, present */
		return false;
	fake_push(i, slot, flags);
	fake_push(i, slot, s->cs.selector);
	fake_push(i, slot, i->to.r.rip);
	if (is_real) {
		rip = gate & 0xffff;
		load_segment(i, &s->cs, (uint16_t)(gate >> 16));
	} else {
		rip = (gate & 0xffff) | (gate >> 32 & 0xffff0000);
		if ((uint16_t)(gate >> 16) != s->cs.selector)
			load_segment(i, &s->cs, (uint16_t)(gate >> 16));
	}
	i->to.r.rip = rip;
	i->to.r.rflags &= ~(uint64_t)(RFLAGS_IF | RFLAGS_TF | RFLAGS_RF | RFLAGS_AC);
	i->to.shadow = 0;
	return i->end != FAKE_HANGS;
}

/* --- all of them ------------------------------------------------------------------------------ */

static const struct {
	uint8_t first, last;
	fake_do *act;
} one_byte[] = {
	{ 0x0e, 0x0e, do_push_segment }, { 0x16, 0x16, do_push_segment }, /* push cs, ss */
	{ 0x17, 0x17, do_pop_ss },          /* pop ss */
	{ 0x40, 0x4f, do_inc_dec },         /* inc, dec */
	{ 0x50, 0x57, do_push },            /* push */
	{ 0x58, 0x5f, do_pop },             /* pop */
	{ 0x6c, 0x6c, fake_do_ins },             /* insb */
	{ 0x6e, 0x6e, fake_do_outs },            /* outsb */
	{ 0x74, 0x75, do_jz },              /* jz, jnz */
	{ 0x88, 0x89, do_mov_to_memory },   /* mov */
	{ 0x8a, 0x8b, do_mov_from_memory }, /* mov */
	{ 0x8e, 0x8e, do_mov_segment },     /* mov to a segment register */
	{ 0x90, 0x90, do_nop },             /* nop */
	{ 0x9c, 0x9c, do_pushf },           /* pushf */
	{ 0x9d, 0x9d, do_popf },            /* popf */
	{ 0xa4, 0xa5, fake_do_string },          /* movs */
	{ 0xaa, 0xab, fake_do_string },          /* stos */
	{ 0xb0, 0xb7, do_mov_imm8 },        /* mov imm */
	{ 0xb8, 0xbf, do_mov_imm },         /* mov imm */
	{ 0xc3, 0xc3, do_ret },             /* ret */
	{ 0xcc, 0xcd, do_int },             /* int3, int n */
	{ 0xcf, 0xcf, do_iret },            /* iret */
	{ 0xd9, 0xd9, do_fst },             /* fst dword [m] */
	{ 0xe2, 0xe2, do_loop },            /* loop */
	{ 0xe4, 0xe7, fake_do_port },            /* in, out imm */
	{ 0xe8, 0xe8, do_call },            /* call */
	{ 0xe9, 0xe9, do_jmp }, { 0xeb, 0xeb, do_jmp }, /* jmp */
	{ 0xea, 0xea, do_jmp_far },         /* jmp far */
	{ 0xec, 0xef, fake_do_port },            /* in, out dx */
	{ 0xf4, 0xf4, do_hlt },             /* hlt */
	{ 0xf8, 0xfc, do_flag },            /* clc, stc, cli, sti, cld */
	{ 0xfe, 0xff, do_group },           /* inc, dec */
}, two_byte[] = {
	{ 0x01, 0x01, do_lidt },   /* lidt */
	{ 0x0b, 0x0b, do_ud2 },    /* ud2 */
	{ 0x1e, 0x1e, do_endbr },  /* endbr */
	{ 0x20, 0x20, do_mov_cr }, /* mov from and to cr0 */
	{ 0x22, 0x22, do_mov_cr },
	{ 0x21, 0x21, do_mov_dr }, /* mov from and to a debug register */
	{ 0x23, 0x23, do_mov_dr },
	{ 0xa2, 0xa2, do_cpuid },  /* cpuid */
};

static fake_do *find(bool is_0f, uint8_t opcode)
{
	for (size_t k = 0; !is_0f && k < ARRAY_SIZE(one_byte); k++)
		if (opcode >= one_byte[k].first && opcode <= one_byte[k].last)
			return one_byte[k].act;
	for (size_t k = 0; is_0f && k < ARRAY_SIZE(two_byte); k++)
		if (opcode >= two_byte[k].first && opcode <= two_byte[k].last)
			return two_byte[k].act;
	return NULL;
}

static uint8_t misdone; /* 0: none */

void fake_kvm_misdo(uint8_t opcode)
{
	misdone = opcode;
}

void fake_begin(struct fake_insn *i, struct fake_vcpu *v)
{
	*i = (struct fake_insn) { .v = v, .to = v->now };
	i->bits = v->now.s.cs.db ? 32 : 16;
	i->size = i->bits / 8;
	i->begin = i->at = v->now.r.rip;
	v->access_count = 0;
}

/* True when it was one. */
static bool take_prefix(struct fake_insn *i, uint8_t byte)
{
	switch (byte) {
	case 0x26: i->segment = &i->to.s.es; return true;
	case 0x2e: i->segment = &i->to.s.cs; return true;
	case 0x36: i->segment = &i->to.s.ss; return true;
	case 0x3e: i->segment = &i->to.s.ds; return true;
	case 0x66: i->size = i->bits == 16 ? 4 : 2; return true;
	case 0xf3: i->is_rep = true; return true;
	default: return false;
	}
}

void fake_execute(struct fake_insn *i, struct fake_vcpu *v, bool shows_tf)
{
	fake_begin(i, v);
	i->shows_tf = shows_tf;
	i->to.shadow = 0;
	if (v->pending == FAKE_AGAIN && fake_has(v, FAKE_READS_AGAIN))
		i->to.r.rsp = v->again_rsp;
	do
		i->opcode = (uint8_t)fake_immediate(i, 1);
	while (i->end == FAKE_DONE && take_prefix(i, i->opcode));
	bool is_0f = i->opcode == 0x0f;
	if (is_0f)
		i->opcode = (uint8_t)fake_immediate(i, 1);
	fake_do *act = i->end == FAKE_DONE ? find(is_0f, i->opcode) : NULL;
	if (!act) {
		i->end = FAKE_UNKNOWN;
		return;
	}
	if (!is_0f && misdone && i->opcode == misdone)
		i->to.r.rax++;
	act(i);
	if (!i->is_elsewhere && i->end != FAKE_RAISES && i->end != FAKE_GUARDED)
		fake_go_to(i, i->at);
}

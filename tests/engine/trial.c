/* Instructions of any opcode map, and states in which many of them work: addresses mostly lead to data, stacks
 * hold frames that lead somewhere, selectors are of the GDT. */
#include "trial.h"

#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "random.h"

struct maker {
	struct trial *t;
	uint64_t seed;
	const uint8_t *ram;
	uint64_t never; /* flags */
	unsigned bits;
	bool is_real, is_long;
};

static uint64_t next(struct maker *m)
{
	return random_next(&m->seed);
}

static uint32_t below(struct maker *m, uint32_t n)
{
	return random_below(&m->seed, n);
}

/* Once in n times. */
static bool once_in(struct maker *m, uint32_t n)
{
	return below(m, n) == 0;
}

unsigned trial_bits(const struct trial *t)
{
	return t->sregs.efer & EFER_LMA && t->sregs.cs.l ? 64 : t->sregs.cs.db ? 32 : 16;
}

static bool has_paging(const struct maker *m)
{
	return m->t->sregs.cr0 & CR0_PG;
}

static uint64_t make_address(struct maker *m)
{
	if (has_paging(m) && once_in(m, 5)) {
		uint64_t at = WORLD_ODD + below(m, WORLD_ODD_PAGES * 0x1000);
		return once_in(m, 4) ? (at & ~0xfffull) + 0x1000 - below(m, 16) : at;
	}
	if (once_in(m, 12)) /* across a page */
		return WORLD_DATA + 0x1000 * below(m, 15) + 0x1000 - below(m, 16);
	return once_in(m, 60) ? below(m, WORLD_TABLES) : WORLD_DATA + below(m, 0x10000);
}

static uint16_t make_selector(struct maker *m)
{
	uint16_t index = (uint16_t)(8 * below(m, WORLD_GDT_END / 8 + 1));
	uint16_t rpl = (uint16_t)(once_in(m, 4) ? below(m, 4) : m->t->mode->cpl);
	return once_in(m, 40) ? (uint16_t)next(m) : index | rpl;
}

static uint64_t make_value(struct maker *m)
{
	static const uint64_t edges[] = { 0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff,
		0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000,
		0xffffffffffffffff, 0x100000000 };
	switch (below(m, 10)) {
	case 0:
	case 1:
	case 2:
	case 3: return make_address(m);
	case 4: return once_in(m, 3) ? make_selector(m) : below(m, 0x100);
	case 5: return 0 - (uint64_t)below(m, 0x100);
	case 6:
	case 7: return edges[below(m, ARRAY_SIZE(edges))];
	case 8: return next(m) & 0xffffffff;
	default: return next(m);
	}
}

/* --- the instruction --------------------------------------------------------------------------- */

static void put(struct maker *m, unsigned *n, uint8_t byte)
{
	if (*n < COMPARE_BYTES)
		m->t->bytes[(*n)++] = byte;
}

static void make_prefixes(struct maker *m, unsigned *n)
{
	static const uint8_t segments[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
	if (once_in(m, 5))
		put(m, n, 0x66);
	if (once_in(m, 6))
		put(m, n, 0x67);
	if (once_in(m, 7))
		put(m, n, segments[below(m, ARRAY_SIZE(segments))]);
	if (once_in(m, 12))
		put(m, n, 0xf0);
	if (once_in(m, 7))
		put(m, n, once_in(m, 2) ? 0xf3 : 0xf2);
	if (m->bits == 64 && once_in(m, 2))
		put(m, n, (uint8_t)(0x40 | below(m, 16)));
	if (once_in(m, 100))
		put(m, n, segments[below(m, ARRAY_SIZE(segments))]);
}

/* Displacements and immediates: small, an address, anything. */
static void make_rest(struct maker *m, unsigned n)
{
	while (n < COMPARE_BYTES) {
		uint32_t v = (uint32_t)next(m);
		if (!once_in(m, 3))
			v = once_in(m, 2) ? (uint32_t)make_address(m) : below(m, 512) - 256;
		unsigned len = COMPARE_BYTES - n < 4 ? COMPARE_BYTES - n : 4;
		if (once_in(m, 4)) /* byte immediates come out of step */
			len = 1;
		memcpy(m->t->bytes + n, &v, len);
		n += len;
	}
}

/* Opcodes of which the chance draws too few, without their 0f, 0x0f00 and up with it. */
static const uint16_t favoured[] = { 0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x60, 0x61, 0x62,
	0x63, 0x6c, 0x6d, 0x6e, 0x6f, 0x8c, 0x8e, 0x8e, 0x8f, 0x9a, 0x9b, 0x9c, 0x9d, 0x9d, 0xa4,
	0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0xc2, 0xc3, 0xc4, 0xc5, 0xc8, 0xc8,
	0xc9, 0xca, 0xca, 0xcb, 0xcb, 0xcc, 0xcd, 0xcd, 0xcd, 0xce, 0xcf, 0xcf, 0xcf, 0xcf, 0xd4,
	0xd5, 0xd7, 0xdb, 0xdd, 0xd9, 0xe4, 0xe5, 0xe6, 0xe7, 0xea, 0xea, 0xec, 0xed, 0xee, 0xef,
	0xf6, 0xf7, 0xfa, 0xfb, 0xff, 0xff, 0x0f00, 0x0f01, 0x0f02, 0x0f03, 0x0f05, 0x0f06, 0x0f07,
	0x0f0b, 0x0f20, 0x0f21, 0x0f22, 0x0f22, 0x0f30, 0x0f31, 0x0f32, 0x0f34, 0x0fa0, 0x0fa1,
	0x0fa2, 0x0fa8, 0x0fa9, 0x0fae, 0x0fb2, 0x0fb4, 0x0fb5, 0x0fc7, 0x0fa4, 0x0fa5, 0x0fac,
	0x0fad };

static void make_insn(struct maker *m)
{
	unsigned n = 0;
	make_prefixes(m, &n);
	if (once_in(m, 3)) {
		uint16_t op = favoured[below(m, ARRAY_SIZE(favoured))];
		if (op >> 8)
			put(m, &n, 0x0f);
		put(m, &n, (uint8_t)op);
	} else {
		if (once_in(m, 3))
			put(m, &n, 0x0f);
		put(m, &n, (uint8_t)next(m));
	}
	put(m, &n, (uint8_t)next(m)); /* ModRM */
	if (once_in(m, 2))
		put(m, &n, (uint8_t)next(m)); /* SIB */
	make_rest(m, n);
	/* Immediate counts, vectors and ports that mean something. */
	if (m->t->bytes[0] == 0xcd || m->t->bytes[0] == 0xc8)
		m->t->bytes[3] = (uint8_t)(once_in(m, 3) ? next(m) : 0);
}

/* --- the state --------------------------------------------------------------------------------- */

static void make_flags(struct maker *m)
{
	uint64_t f = 2 | (next(m) & 0x8d5);
	if (once_in(m, 3))
		f |= 1u << 10; /* DF */
	if (once_in(m, 2))
		f |= RFLAGS_IF;
	if (once_in(m, 10))
		f |= RFLAGS_AC;
	if (once_in(m, 10))
		f |= 1u << 21; /* ID */
	if (once_in(m, 20))
		f |= RFLAGS_RF;
	if (once_in(m, 60))
		f |= 1u << 14; /* NT */
	if (once_in(m, m->t->mode->cpl ? 3 : 8))
		f |= (uint64_t)below(m, 4) << 12; /* IOPL */
	m->t->regs.rflags = f & ~m->never;
}

static void make_real_segments(struct maker *m)
{
	struct kvm_sregs *s = &m->t->sregs;
	struct kvm_segment *all[] = { &s->es, &s->ss, &s->ds, &s->fs, &s->gs, &s->cs };
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		all[i]->selector = (uint16_t)(once_in(m, 4) ? 0x800 + below(m, 0x1000) : 0x1000);
		if (all[i] == &s->cs)
			all[i]->selector = (uint16_t)below(m, 0x900);
		all[i]->base = (uint64_t)all[i]->selector << 4;
	}
}

/* A register of data or the stack that a guest could have loaded; NOT_PRESENT and the system's could not be. */
static void make_segment(struct maker *m, struct kvm_segment *s, bool is_stack)
{
	static const uint16_t data[] = { WORLD_DATA32, WORLD_DATA16, WORLD_READ_ONLY, WORLD_DOWN,
		WORLD_SHORT, WORLD_CODE32, WORLD_USER_DATA32, WORLD_NULL };
	static const uint16_t user[] = { WORLD_USER_DATA32, WORLD_USER_CODE32, WORLD_NULL };
	static const uint16_t stack[] = { WORLD_DATA16, WORLD_DOWN, WORLD_SHORT };
	if (m->t->mode->cpl) {
		if (!is_stack)
			*s = world_segment(m->ram, user[below(m, ARRAY_SIZE(user))] | 3);
	} else if (is_stack) {
		if (!m->is_long)
			*s = world_segment(m->ram, stack[below(m, ARRAY_SIZE(stack))]);
	} else {
		*s = world_segment(m->ram, data[below(m, ARRAY_SIZE(data))]);
	}
}

static void make_segments(struct maker *m)
{
	struct kvm_sregs *s = &m->t->sregs;
	if (m->is_real) {
		make_real_segments(m);
		return;
	}
	if (once_in(m, 6))
		make_segment(m, &s->ds, false);
	if (once_in(m, 6))
		make_segment(m, &s->es, false);
	if (once_in(m, 6))
		make_segment(m, &s->fs, false);
	if (once_in(m, 6))
		make_segment(m, &s->gs, false);
	if (once_in(m, 8))
		make_segment(m, &s->ss, true);
	if (!m->is_long && m->t->mode->cpl == 0 && once_in(m, 8))
		s->cs = world_segment(m->ram, WORLD_CODE16);
	if (m->is_long && once_in(m, 20)) /* compatibility mode */
		s->cs = world_segment(
		        m->ram, m->t->mode->cpl ? WORLD_USER_CODE32 | 3 : WORLD_CODE32);
	if (m->is_long && once_in(m, 2)) {
		s->fs.base = below(m, 0x8000);
		s->gs.base = 0 - (uint64_t)below(m, 0x8000);
	}
	if (once_in(m, 12))
		s->ldt = world_segment(m->ram, WORLD_LDT);
}

static void make_control(struct maker *m)
{
	struct kvm_sregs *s = &m->t->sregs;
	s->cr2 = next(m) & 0xffffffff;
	if (once_in(m, 12))
		s->cr0 |= CR0_TS;
	if (once_in(m, 12))
		s->cr0 |= CR0_MP;
	if (once_in(m, 16))
		s->cr0 |= CR0_EM;
	if (once_in(m, 6))
		s->cr0 ^= 1u << 18; /* AM */
	if (!m->is_real && has_paging(m) && once_in(m, 6))
		s->cr0 &= ~(uint64_t)(1u << 16); /* WP */
}

static void make_regs(struct maker *m)
{
	struct kvm_regs *r = &m->t->regs;
	__u64 *const all[] = { &r->rax, &r->rbx, &r->rcx, &r->rdx, &r->rsi, &r->rdi, &r->rsp,
		&r->rbp, &r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15 };
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		uint64_t v = make_value(m);
		/* The upper halves are undefined in 32-bit code: SDM vol 1, "General-Purpose
		 * Registers in 64-Bit Mode". */
		*all[i] = m->bits == 64 ? v : i < 8 ? (uint32_t)v : 0;
	}
	bool is_narrow = !m->is_long && !m->t->sregs.ss.db;
	if (!once_in(m, 8))
		r->rsp = is_narrow || m->t->sregs.ss.base ? 0x100 + below(m, 0xfe00)
		                                          : make_address(m);
	if (once_in(m, 2)) /* a count */
		r->rcx = once_in(m, 2) ? below(m, 40) : (r->rcx & ~0xffffull) | below(m, 40);
	if (once_in(m, 8))
		r->rdx = below(m, WORLD_PORTS);
}

/* Offset in cs of the code. */
static void make_place(struct maker *m)
{
	uint64_t at = WORLD_CODE + (once_in(m, 4) ? 0xff0 + below(m, 20) : below(m, 0x800));
	if (has_paging(m) && once_in(m, 24)) {
		unsigned page = below(m, WORLD_ODD_PAGES - 1);
		at = WORLD_ODD + page * 0x1000u + (once_in(m, 3) ? 0xff0 + below(m, 15) : 0x100);
	}
	m->t->regs.rip = at - m->t->sregs.cs.base;
}

/* --- what is in memory for it ------------------------------------------------------------------- */

/* Not into the gates that lead to the handlers. */
static void poke(struct maker *m, uint64_t gpa, const void *bytes, unsigned len)
{
	struct trial *t = m->t;
	bool is_gate = gpa + len > WORLD_IDT && gpa < WORLD_TABLES;
	if (t->poke_count == TRIAL_POKES || gpa >= WORLD_RAM - len || is_gate)
		return;
	struct trial_poke *p = &t->pokes[t->poke_count++];
	p->gpa = (uint32_t)gpa;
	p->len = (uint8_t)len;
	memcpy(p->bytes, bytes, len);
}

/* The gpa behind a linear address of this world. */
static uint64_t physical(const struct maker *m, uint64_t gva)
{
	if (has_paging(m) && gva - WORLD_ODD < WORLD_ODD_PAGES * 0x1000)
		return WORLD_DATA + (gva & 0xffff);
	return gva;
}

static uint16_t make_code_selector(struct maker *m)
{
	static const uint16_t code[] = { WORLD_CODE32, WORLD_CODE16, WORLD_CODE64, WORLD_CONFORMING,
		WORLD_USER_CODE32 | 3, WORLD_USER_CODE64 | 3, WORLD_GATE32, WORLD_GATE64,
		WORLD_EXECUTE_ONLY, WORLD_CODE64_NOT_ACCESSED, WORLD_TSS };
	if (m->is_real)
		return (uint16_t)below(m, 0x900);
	if (once_in(m, 3))
		return code[below(m, ARRAY_SIZE(code))];
	unsigned rpl = m->t->mode->cpl;
	if (m->is_long)
		return (uint16_t)(rpl ? WORLD_USER_CODE64 | 3 : WORLD_CODE64);
	return (uint16_t)(rpl ? WORLD_USER_CODE32 | 3 : WORLD_CODE32);
}

/* On the stack a frame of slots: ip, cs, flags, sp, ss; or a selector alone. */
static void make_frame(struct maker *m)
{
	struct trial *t = m->t;
	static const unsigned sizes[] = { 2, 4, 8 };
	unsigned usual = m->bits / 8, size = once_in(m, 4) ? sizes[below(m, 3)] : usual;
	uint64_t base = t->sregs.ss.base & (m->is_long ? 0 : UINT32_MAX);
	uint64_t sp = t->sregs.ss.db || m->is_long ? t->regs.rsp : t->regs.rsp & 0xffff;
	uint64_t flags = 2 | (next(m) & (once_in(m, 4) ? 0x27ed5 : 0x6ed5));
	if (!once_in(m, 20))
		flags &= ~(uint64_t)RFLAGS_TF;
	if (once_in(m, 8))
		flags |= RFLAGS_RF | (next(m) & (RFLAGS_AC | 1u << 21));
	uint16_t ss = once_in(m, 3)
	                      ? make_selector(m)
	                      : (uint16_t)(t->mode->cpl ? WORLD_USER_DATA32 | 3 : WORLD_DATA32);
	uint64_t slots[5] = { WORLD_CODE + below(m, 0x100), make_code_selector(m), flags,
		WORLD_DATA + 0x1000 + below(m, 0x8000), ss };
	uint8_t bytes[40];
	if (m->is_real && size != 2 && !once_in(m, 8))
		size = 2;
	if (once_in(m, 4)) { /* for pop of a segment register */
		slots[0] = make_selector(m);
		slots[2] = slots[3] = WORLD_DATA + below(m, 0xf000); /* and leave, and enter */
	}
	for (unsigned i = 0; i < 5; i++)
		memcpy(bytes + i * size, &slots[i], size);
	poke(m, physical(m, base + sp), bytes, 5 * size);
}

/* A far pointer, or a descriptor table's limit and base, where many addresses lead. */
static void make_pointer(struct maker *m)
{
	const struct kvm_regs *r = &m->t->regs;
	const uint64_t at[] = { r->rbx, r->rsi, r->rdi, r->rbp, r->rax, r->rcx, r->rdx };
	uint64_t off = WORLD_CODE + below(m, 0x100);
	uint16_t sel = once_in(m, 2) ? make_code_selector(m) : make_selector(m);
	uint8_t bytes[10] = { 0 };
	unsigned size = once_in(m, 4) ? 2 : 4;
	memcpy(bytes, &off, 8);
	memcpy(bytes + size, &sel, 2);
	uint64_t base = m->is_real ? m->t->sregs.ds.base : 0;
	uint64_t gva = base + (m->bits == 16 ? at[below(m, 7)] & 0xffff : at[below(m, 7)]);
	poke(m, physical(m, gva), bytes, sizeof bytes);
}

void trial_make_plain(struct trial *t, const struct trial_source *from, uint64_t flags,
        const uint8_t *bytes, unsigned len)
{
	struct maker m = { .t = t };
	*t = (struct trial) { .mode = from->mode, .sregs = *from->base };
	t->regs.rip = WORLD_CODE;
	t->regs.rsp = WORLD_DATA;
	t->regs.rflags = 2 | flags;
	if (from->mode->kind == WORLD_REAL16)
		t->regs.rsp = 0x8000;
	memset(t->bytes, 0x90, sizeof t->bytes);
	memcpy(t->bytes, bytes, len);
	poke(&m, WORLD_CODE, t->bytes, COMPARE_BYTES);
	poke(&m, t->regs.rsp, (const uint8_t[8]) { 0, (WORLD_CODE + 0x100) >> 8 }, 8);
}

void trial_make(struct trial *t, const struct trial_source *from, uint64_t seed)
{
	const struct world_mode *mode = from->mode;
	struct maker m = { .t = t,
		.seed = seed,
		.ram = from->ram,
		.never = from->flags,
		.is_real = mode->kind == WORLD_REAL16,
		.is_long = mode->kind == WORLD_LONG64 };
	*t = (struct trial) { .mode = mode, .seed = seed, .sregs = *from->base };
	make_control(&m);
	make_segments(&m);
	m.bits = trial_bits(t);
	make_regs(&m);
	make_flags(&m);
	make_place(&m);
	make_insn(&m);
	if (!once_in(&m, 4))
		make_frame(&m);
	if (once_in(&m, 4))
		make_pointer(&m);
	uint64_t gva = (t->sregs.cs.base & (m.is_long ? 0 : UINT32_MAX)) + t->regs.rip;
	poke(&m, physical(&m, gva), t->bytes, COMPARE_BYTES);
}

/* How a run ends: breakpoints, watches, interrupts, kicks, exceptions; and that a handover has changed
 * nothing. */
#include "interp/interp.h"

#include "base/array.h"
#include "base/cpu_bits.h"
#include "check.h"
#include "interp_rig.h"
#include "random.h"

#define IF 0x200u
#define RF 0x10000u

static void a_breakpoint_stops_before_its_instruction(void)
{
	struct rig r;
	static const uint64_t at[] = { RIG_CODE, RIG_CODE + 2 };
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x40, 0x40, 0x40, 0xeb, 0xfb); /* inc eax, three times; jmp */
	interp_set_breakpoints(r.c, at, 2);
	CHECK_EQ(rig_run(&r, 100), INTERP_BREAKPOINT); /* not at the first */
	CHECK_EQ(r.regs.rip, RIG_CODE + 2);
	CHECK_EQ(r.done, 2);
	CHECK(interp_is_at_breakpoint(r.c));
	CHECK_EQ(rig_run(&r, 2), INTERP_BREAKPOINT); /* where the count ends, too */
	CHECK_EQ(r.regs.rip, RIG_CODE);
	CHECK_EQ(r.done, 2);
	interp_set_breakpoints(r.c, NULL, 0);
	CHECK_EQ(rig_run(&r, 1000), INTERP_COUNT);
	rig_close(&r);
}

static void breakpoints_are_linear_addresses(void)
{
	struct rig r;
	static const uint64_t at[] = { 0x1101 };
	rig_open(&r, 16);
	r.sregs.cs.selector = 0x10;
	r.sregs.cs.base = 0x100;
	r.regs.rip = 0x1000;
	RIG_CODE_IS(&r, 0x40, 0x40);
	interp_set_breakpoints(r.c, at, 1);
	CHECK_EQ(rig_run(&r, 100), INTERP_BREAKPOINT);
	CHECK_EQ(r.regs.rip, 0x1001);
	CHECK_EQ(interp_pc(r.c), 0x1101);
	rig_close(&r);
}

static void a_rep_is_met_once(void)
{
	struct rig r;
	static const uint64_t at[] = { RIG_CODE + 1 };
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x90, 0xf3, 0xaa, 0x41, 0xeb,
	        0xfb); /* nop; rep stosb; inc ecx; jmp to the rep */
	r.regs.rdi = RIG_DATA;
	r.regs.rcx = 5;
	interp_set_breakpoints(r.c, at, 1);
	CHECK_EQ(rig_run(&r, 100), INTERP_BREAKPOINT);
	CHECK_EQ(r.done, 1);
	CHECK_EQ(interp_run(r.c, 3, &r.done), INTERP_COUNT);
	CHECK_EQ(interp_run(r.c, 100, &r.done), INTERP_BREAKPOINT);
	CHECK_EQ(r.done, 4); /* two iterations, inc, jmp */
	rig_close(&r);
}

static void many_breakpoints_are_told_apart(void)
{
	struct rig r;
	enum { COUNT = 16384 };
	uint64_t *at = calloc(COUNT, sizeof *at);
	rig_open(&r, 32);
	for (unsigned k = 0; k < COUNT; k++)
		at[k] = RIG_CODE + 1 + 2 * k; /* within instructions */
	memset(r.ram + RIG_CODE, 0x90, 0x1000);
	for (unsigned k = 0; k < 0x1000; k += 2)
		memcpy(r.ram + RIG_CODE + k, "\x89\xc0", 2); /* mov eax, eax */
	interp_set_breakpoints(r.c, at, COUNT);
	CHECK_EQ(rig_run(&r, 1000), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, RIG_CODE + 2000);
	rig_close(&r);
	free(at);
}

static void watches_are_exact(void)
{
	static const struct {
		uint8_t code[8];
		struct interp_watch watch;
		bool hits, is_write;
		uint64_t gva;
	} rows[] = {
		{ { 0xa1, 0, 0x20, 0, 0 }, { 0x2003, 1, true, false }, true, false,
		        0x2003 }, /* mov eax, [2000h] */
		{ { 0xa1, 0, 0x20, 0, 0 }, { 0x2004, 1, true, true }, false, false, 0 },
		{ { 0xa1, 0, 0x20, 0, 0 }, { 0x1ffc, 4, true, true }, false, false, 0 },
		{ { 0xa1, 0, 0x20, 0, 0 }, { 0x2000, 4, false, true }, false, false, 0 },
		{ { 0xa3, 0, 0x20, 0, 0 }, { 0x1f00, 0x101, false, true }, true, true,
		        0x2000 }, /* mov [2000h], eax */
		{ { 0xa3, 0, 0x20, 0, 0 }, { 0x2000, 4, true, false }, false, false, 0 },
		{ { 0xff, 0x05, 0, 0x20, 0, 0 }, { 0x2000, 4, true, false }, true, false,
		        0x2000 }, /* inc [2000h] */
		{ { 0xff, 0x05, 0, 0x20, 0, 0 }, { 0x2002, 8, true, true }, true, true, 0x2002 },
		{ { 0x50 }, { 0x7ffe, 1, false, true }, true, true, 0x7ffe }, /* push eax */
		{ { 0xff, 0x05, 0xfe, 0x2f, 0, 0 }, { 0x3001, 1, false, true }, true, true,
		        0x3001 }, /* over a page's end */
		{ { 0xff, 0x05, 0xfe, 0x2f, 0, 0 }, { 0x3002, 1, false, true }, false, false, 0 },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		const struct interp_hit *hits;
		rig_open(&r, 32);
		rig_code(&r, rows[k].code, 8);
		interp_set_watches(r.c, &rows[k].watch, 1);
		enum interp_why why = rig_run(&r, 1);
		unsigned count = interp_hits(r.c, &hits);
		if (why != (rows[k].hits ? INTERP_WATCH : INTERP_COUNT) || count != rows[k].hits ||
		        (count && (hits->gva != rows[k].gva || hits->is_write != rows[k].is_write)))
			CHECK_FAIL("row %zu: why %d, %u hits, gva %" PRIx64, k, why, count,
			        count ? hits->gva : 0);
		CHECK_EQ(r.done, 1);
		rig_close(&r);
	}
}

static void both_accesses_of_an_instruction_are_told(void)
{
	struct rig r;
	const struct interp_hit *hits;
	static const struct interp_watch watches[] = { { 0x2000, 1, true, false },
		{ 0x2100, 1, false, true } };
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xa4); /* movsb */
	r.regs.rsi = 0x2000;
	r.regs.rdi = 0x2100;
	interp_set_watches(r.c, watches, 2);
	CHECK_EQ(rig_run(&r, 1), INTERP_WATCH);
	CHECK_EQ(interp_hits(r.c, &hits), 2);
	CHECK(hits[0].watch == 0 && !hits[0].is_write && hits[1].watch == 1 && hits[1].is_write);
	rig_close(&r);
}

static void an_interrupt_waits_for_if_and_shadows(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0x90, 0xfb, 0x90, 0x90); /* nop; sti; nop; nop */
	interp_set_irq(r.c, true);
	CHECK_EQ(rig_run(&r, 100), INTERP_WINDOW);
	CHECK_EQ(r.done, 3); /* the one after sti is done first */
	CHECK_EQ(rig_run(&r, 100), INTERP_WINDOW);
	CHECK_EQ(r.done, 0);
	CHECK(interp_deliver(r.c, 8));
	interp_save(r.c, &r.regs, &r.sregs);
	CHECK_EQ(r.regs.rip, RIG_HANDLER + 0x80);
	CHECK(!(r.regs.rflags & IF));
	CHECK_EQ(r.regs.rsp, RIG_STACK - 6);
	CHECK_EQ(rig_get(&r, RIG_STACK - 6, 2), RIG_CODE + 3);
	CHECK_EQ(rig_get(&r, RIG_STACK - 2, 2) & IF, IF);
	rig_close(&r);
}

/* SDM vol 3, "Instruction-Breakpoint Exception Condition": what it pushes has RF set, but after the last iteration. */
static void an_interrupt_within_a_rep_pushes_rf(void)
{
	for (unsigned bits = 32; bits <= 64; bits *= 2)
		for (unsigned done = 2; done <= 3; done++) {
			struct rig r;
			rig_open(&r, bits);
			RIG_CODE_IS(&r, 0xf3, 0xac, 0x90); /* rep lodsb; nop */
			r.regs.rcx = 3;
			r.regs.rsi = RIG_STACK;
			CHECK_EQ(rig_run(&r, done), INTERP_COUNT);
			CHECK(interp_deliver(r.c, 8));
			interp_save(r.c, &r.regs, &r.sregs);
			CHECK_EQ(rig_get(&r, r.regs.rsp, 4), RIG_CODE + (done == 3 ? 2 : 0));
			CHECK_EQ(
			        rig_get(&r, r.regs.rsp + 2 * bits / 8, 4) & RF, done == 3 ? 0 : RF);
			CHECK(!(r.regs.rflags & RF));
			rig_close(&r);
		}
}

static void a_port_may_raise_an_interrupt(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0x90, 0xe6, 0x20, 0x90); /* nop; out 20h, al; nop */
	r.regs.rflags |= IF;
	r.port_raises = true;
	CHECK_EQ(rig_run(&r, 100), INTERP_WINDOW);
	CHECK_EQ(r.done, 2);
	rig_close(&r);
}

static void mov_ss_has_a_shadow(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0x8e, 0xd0, 0x90); /* mov ss, ax; nop */
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(interp_shadow(r.c), KVM_X86_SHADOW_INT_MOV_SS);
	CHECK_EQ(interp_run(r.c, 1, &r.done), INTERP_COUNT);
	CHECK_EQ(interp_shadow(r.c), 0);
	rig_close(&r);
}

static void a_kick_ends_a_run(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xeb, 0xfe);
	r.kick = 1;
	CHECK_EQ(rig_run(&r, UINT64_MAX), INTERP_KICKED);
	CHECK_EQ(r.done, 0);
	rig_close(&r);
}

static void exceptions_come_to_their_handlers(void)
{
	static const struct {
		const char *name;
		unsigned bits;
		uint8_t code[8];
		int vector;
		int64_t error; /* -1: none */
	} rows[] = {
		{ "div by 0", 16, { 0xf6, 0xf1 }, 0, -1 },
		{ "div by 0", 32, { 0xf7, 0xf1 }, 0, -1 },
		{ "div by 0", 64, { 0xf7, 0xf1 }, 0, -1 },
		{ "div edx: too large by one", 32, { 0xf7, 0xf2 }, 0, -1 },
		{ "idiv: a quotient of 2^31", 32, { 0xf7, 0xfb }, 0, -1 },
		{ "ud2", 64, { 0x0f, 0x0b }, 6, -1 },
		{ "lock mov", 32, { 0xf0, 0x89, 0xc0 }, 6, -1 },
		{ "mov cs, ax", 32, { 0x8e, 0xc8 }, 6, -1 },
		{ "mov ss, null", 32, { 0x8e, 0xd1 }, 13, 0 },
		{ "mov ds, past the limit", 32, { 0x66, 0xb8, 0x43, 0, 0x8e, 0xd8 }, 13, 0x40 },
		{ "mov ds, not present", 32, { 0x66, 0xb8, 0x28, 0, 0x8e, 0xd8 }, 11, 0x28 },
		{ "mov ss, not present", 32, { 0x66, 0xb8, 0x28, 0, 0x8e, 0xd0 }, 12, 0x28 },
		{ "mov ss, read-only", 32, { 0x66, 0xb8, 0x20, 0, 0x8e, 0xd0 }, 13, 0x20 },
		{ "word at ffff", 16, { 0xa1, 0xff, 0xff }, 13, -1 },
		{ "not mapped", 64, { 0xa1, 0, 0, 0x10, 0, 0, 0, 0 }, 14, 0 },
		{ "not mapped, written", 64, { 0xa2, 0, 0, 0x10, 0, 0, 0, 0 }, 14, 2 },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		unsigned slot = rows[k].bits / 8;
		rig_open(&r, rows[k].bits);
		rig_code(&r, rows[k].code, 8);
		r.regs.rdx = 1; /* edx:eax is 2^32; ebx 2 */
		r.regs.rbx = 2;
		interp_catch(r.c, 1u << rows[k].vector);
		enum interp_why why = rig_run(&r, 2);
		uint64_t fault_rip = RIG_CODE + (rows[k].code[0] == 0x66 && r.done == 2 ? 4 : 0);
		bool has_error = rows[k].error >= 0;
		uint64_t frame = r.regs.rsp + (has_error ? slot : 0);
		if (why != INTERP_EXCEPTION || interp_last_vector(r.c) != rows[k].vector ||
		        r.regs.rip != RIG_HANDLER + 16u * (unsigned)rows[k].vector ||
		        rig_get(&r, frame, slot) != fault_rip ||
		        (has_error && rig_get(&r, r.regs.rsp, slot) != (uint64_t)rows[k].error))
			CHECK_FAIL("%s, %u bits: why %d, vector %d, rip %llx, frame %" PRIx64
			           " %" PRIx64,
			        rows[k].name, rows[k].bits, why, interp_last_vector(r.c),
			        r.regs.rip, rig_get(&r, r.regs.rsp, slot),
			        rig_get(&r, frame, slot));
		if (rows[k].bits != 16) /* a fault: RF in the frame */
			CHECK(rig_get(&r, frame + 2 * slot, slot) & RF);
		if (rows[k].vector == 14)
			CHECK_EQ(r.sregs.cr2, 0x100000);
		rig_close(&r);
	}
}

static void int_and_iret_come_back(void)
{
	for (unsigned bits = 16; bits <= 64; bits *= 2) {
		struct rig r;
		rig_open(&r, bits);
		RIG_CODE_IS(&r, 0xcd, 0x10, 0x90); /* int 10h */
		memcpy(r.ram + RIG_HANDLER + 0x100, bits == 64 ? "\x48\xcf" : "\xcf", 2);
		r.regs.rflags |= IF;
		uint64_t flags = r.regs.rflags;
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rip, RIG_HANDLER + 0x100);
		CHECK(!(r.regs.rflags & IF));
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rip, RIG_CODE + 2);
		CHECK_EQ(r.regs.rflags, flags);
		CHECK_EQ(r.regs.rsp, RIG_STACK);
		rig_close(&r);
	}
}

/* A device's stop is not lost where a watch is hit, too; the hits are there. */
static void a_device_and_a_watch_are_both_told(void)
{
	struct rig r;
	const struct interp_hit *hits;
	static const struct interp_watch watch = { RIG_DATA, 1, false, true };
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0x6c); /* insb */
	r.regs.rdi = RIG_DATA;
	r.port_stops = true;
	interp_set_watches(r.c, &watch, 1);
	CHECK_EQ(rig_run(&r, 1), INTERP_DEVICE);
	CHECK_EQ(interp_hits(r.c, &hits), 1);
	rig_close(&r);
}

static void a_breakpoint_is_met_where_the_state_is_kvms(void)
{
	struct rig r;
	static const uint64_t at[] = { RIG_CODE + 3 };
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x0f, 0x22, 0xc0, 0x90); /* mov cr0, eax: real mode with 32-bit code */
	r.regs.rax = 0x10;
	interp_set_breakpoints(r.c, at, 1);
	CHECK_EQ(rig_run(&r, 10), INTERP_BREAKPOINT);
	CHECK_EQ(rig_run(&r, 10), INTERP_HANDOVER);
	CHECK_EQ(r.done, 0);
	rig_close(&r);
}

static void what_is_not_known_is_handed_over(void)
{
	static const struct {
		uint8_t code[6];
		enum interp_reason reason;
		unsigned opcode;
	} rows[] = {
		{ { 0xf1 }, INTERP_UNKNOWN, 0xf1 }, { { 0x0f, 0x58, 0xc0 }, INTERP_UNKNOWN, 0x158 },
		{ { 0xc1, 0x20, 0x00 }, INTERP_UNSURE, 0xc1 }, /* a shift by 0 to memory */
		{ { 0xc1, 0x20, 0x20 }, INTERP_UNSURE, 0xc1 }, /* by 32 is by 0 */
		{ { 0x26, 0x26, 0x26, 0x26, 0x0f, 0x0b }, INTERP_UNKNOWN, 0x10b }, /* a long ud2 */
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		unsigned opcode = 0;
		rig_open(&r, 32);
		rig_code(&r, rows[k].code, 6);
		r.sregs.cr4 |= CR4_OSFXSR; /* SSE may be used, and is KVM's */
		CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
		CHECK_EQ(r.done, 0);
		CHECK_EQ(interp_handed(r.c, &opcode), rows[k].reason);
		CHECK_EQ(opcode, rows[k].opcode);
		rig_close(&r);
	}
}

/* Past the limit of the code segment, and not mapped: which of the two is raised is not asked here. */
static void code_past_the_limit_is_handed_over(void)
{
	struct rig r;
	rig_open(&r, 32);
	r.sregs.cr0 |= 1u << 31;
	r.sregs.cr3 = RIG_TABLES; /* nothing is mapped but the IDT's page and the stack's */
	rig_put(&r, RIG_TABLES, (RIG_TABLES + 0x1000) | 0x63, 4);
	for (unsigned page = 0; page < 16; page++)
		rig_put(&r, RIG_TABLES + 0x1000 + page * 4, page << 12 | 0x63, 4);
	r.sregs.cs.limit = 0x1fff;
	r.regs.rip = 0x20000;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	r.sregs.cs.limit = 0xffffffff;
	interp_catch(r.c, 1u << 14);
	CHECK_EQ(rig_run(&r, 1), INTERP_EXCEPTION);
	rig_close(&r);
}

static void some_states_are_kvms(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x90);
	CHECK(!interp_load(r.c, &r.regs, &r.sregs, 0, true));
	CHECK_EQ(interp_run(r.c, 1, &r.done), INTERP_HANDOVER);
	r.regs.rflags |= 0x100; /* TF */
	CHECK(!interp_load(r.c, &r.regs, &r.sregs, 0, false));
	r.regs.rflags = 2;
	CHECK(interp_load(r.c, &r.regs, &r.sregs, 0, false));
	rig_close(&r);
}

/* Accessed and Dirty bits of what was handed over are not set later, either. */
static void a_handover_leaves_no_marks(void)
{
	struct rig r;
	rig_open(&r, 64);
	rig_put(&r, rig_pte(RIG_DATA), 0x2003, 8);
	RIG_CODE_IS(&r, 0x0f, 0xbc, 0x06, 0x90); /* bsf eax, [rsi], of 0; nop */
	r.regs.rsi = RIG_DATA;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	r.regs.rip = RIG_CODE + 3;
	interp_load(r.c, &r.regs, &r.sregs, KVM_X86_SHADOW_INT_STI, false);
	CHECK_EQ(interp_run(r.c, 1, &r.done), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, rig_pte(RIG_DATA), 8), 0x2003);
	rig_close(&r);
}

static void iret_sets_rf_for_one_instruction(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xcf);
	memset(r.ram + 0x3000, 0x90, 4);
	const uint32_t frame[] = { 0x3000, RIG_CS, 0x10202 };
	memcpy(r.ram + RIG_STACK, frame, sizeof frame);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.regs.rflags & RF);
	CHECK_EQ(interp_run(r.c, 1, &r.done), INTERP_COUNT);
	interp_save(r.c, &r.regs, &r.sregs);
	CHECK(!(r.regs.rflags & RF));
	rig_close(&r);
}

/* Runs to the hlt; by one instruction at a time, or many. */
static uint64_t run_rep(struct rig *r, uint64_t at_once)
{
	uint64_t done, all = 0;
	enum interp_why why;
	interp_load(r->c, &r->regs, &r->sregs, 0, false);
	do {
		why = interp_run(r->c, at_once, &done);
		all += done;
	} while (why != INTERP_HANDOVER && all < 100000);
	interp_save(r->c, &r->regs, &r->sregs);
	return all;
}

/* What many iterations at once leave is what one by one leave: registers, flags, RAM, their number. */
static void a_rep_at_once_is_as_one_by_one(void)
{
	static const uint8_t ops[] = { 0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf };
	uint64_t seed = 5, most = 0;
	uint8_t *before = malloc(RIG_RAM), *after = malloc(RIG_RAM);
	for (unsigned round = 0; round < 3000 && check_case_ok; round++) {
		struct rig r;
		unsigned bits = 16u << random_below(&seed, 3), n = 0;
		uint8_t code[8];
		rig_open(&r, bits);
		for (unsigned k = RIG_DATA; k < RIG_STACK; k++) /* few values, so that they meet */
			r.ram[k] = random_below(&seed, 20) ? 0x11 : 0x22;
		if (random_below(&seed, 3) == 0)
			code[n++] = 0x66;
		if (random_below(&seed, 5) == 0)
			code[n++] = 0x67;
		code[n++] = random_below(&seed, 2) ? 0xf3 : 0xf2;
		if (bits == 64 && random_below(&seed, 3) == 0)
			code[n++] = 0x48;
		code[n++] = ops[random_below(&seed, sizeof ops)];
		code[n++] = 0xf4;
		r.regs.rip = random_below(&seed, 6) ? RIG_CODE : 0x1ff8 + random_below(&seed, 8);
		memcpy(r.ram + r.regs.rip, code, n);
		r.regs.rsi = RIG_DATA + random_below(&seed, 0x3000);
		r.regs.rdi = random_below(&seed, 3)   ? RIG_DATA + random_below(&seed, 0x3000)
		             : random_below(&seed, 2) ? r.regs.rsi + random_below(&seed, 20)
		                                      : r.regs.rip - random_below(&seed, 1200);
		if (bits == 16 && random_below(&seed, 8) == 0)
			r.regs.rdi = 0xffff - random_below(&seed, 40);
		r.regs.rcx = random_below(&seed, 1500) + 1;
		r.regs.rax = random_below(&seed, 2) ? 0x1111111111111111 : random_next(&seed);
		r.regs.rflags =
		        2 | (random_next(&seed) & 0x8d5) | (random_below(&seed, 5) ? 0 : 0x400);
		const struct interp_watch watch = { .gva = RIG_DATA + random_below(&seed, 0x3000),
			.len = 1,
			.on_read = true,
			.on_write = true };
		interp_set_watches(r.c, &watch, random_below(&seed, 6) == 0);
		const struct kvm_regs regs = r.regs;
		const struct kvm_sregs sregs = r.sregs;
		memcpy(before, r.ram, RIG_RAM);
		uint64_t many = run_rep(&r, 100000);
		const struct kvm_regs result = r.regs;
		memcpy(after, r.ram, RIG_RAM);
		memcpy(r.ram, before, RIG_RAM);
		r.regs = regs;
		r.sregs = sregs;
		uint64_t one = run_rep(&r, 1);
		if (many != one || memcmp(&result, &r.regs, sizeof result) ||
		        memcmp(after, r.ram, RIG_RAM))
			CHECK_FAIL("round %u, %u bits, %02x %02x %02x %02x: %" PRIu64
			           " and %" PRIu64,
			        round, bits, code[0], code[1], code[2], code[3], many, one);
		most = many > most ? many : most;
		rig_close(&r);
	}
	CHECK(most > 500);
	free(before);
	free(after);
}

static uint64_t random_value(uint64_t *seed)
{
	switch (random_below(seed, 4)) {
	case 0: return random_below(seed, RIG_RAM);
	case 1: return RIG_RAM - 8 + random_below(seed, 16);
	case 2: {
		uint64_t value = random_next(seed);
		return value >> random_below(seed, 64);
	}
	default: return (uint64_t)0 - random_below(seed, 100);
	}
}

/* Random instructions in random states: after a handover all registers and all RAM are as before. */
static void a_handover_has_changed_nothing(void)
{
	uint64_t seed = 11, handed = 0, done = 0;
	uint8_t *before = malloc(RIG_RAM);
	for (unsigned bits = 16; bits <= 64; bits *= 2) {
		struct rig r;
		rig_open(&r, bits);
		for (unsigned k = RIG_DATA; k < RIG_STACK; k += 8)
			rig_put(&r, k, random_next(&seed), 8);
		const struct kvm_sregs sregs = r.sregs;
		if (bits == 64) /* Accessed and Dirty are to be set */
			rig_map(&r, 0x3);
		memcpy(before, r.ram, RIG_RAM);
		for (unsigned round = 0; round < 30000; round++) {
			uint8_t code[15];
			uint64_t *all = (uint64_t *)&r.regs;
			for (unsigned k = 0; k < 16; k++)
				all[k] = random_value(&seed);
			for (unsigned k = 0; k < sizeof code; k++)
				code[k] = (uint8_t)random_next(&seed);
			if (random_below(&seed, 3) == 0)
				code[0] = 0x0f;
			r.regs.rip = RIG_CODE +
			             (random_below(&seed, 4) ? 0 : 0xff0 + random_below(&seed, 16));
			r.regs.rflags = 2 | (random_next(&seed) & 0xcd5);
			r.sregs = sregs;
			rig_code(&r, code, sizeof code);
			memcpy(before + r.regs.rip, code, sizeof code);
			const struct kvm_regs regs = r.regs;
			if (rig_run(&r, 1) != INTERP_HANDOVER || r.done) {
				done++;
				memcpy(r.ram, before, RIG_RAM);
				continue;
			}
			handed++;
			bool is_same = !memcmp(&regs, &r.regs, sizeof regs) &&
			               !memcmp(&sregs, &r.sregs, sizeof sregs);
			if (!is_same || memcmp(before, r.ram, RIG_RAM)) {
				CHECK_FAIL("%u bits, round %u: %02x %02x %02x %02x %02x %02x", bits,
				        round, code[0], code[1], code[2], code[3], code[4],
				        code[5]);
				memcpy(r.ram, before, RIG_RAM);
			}
		}
		rig_close(&r);
	}
	CHECK(handed > 1000 && done > 10000);
	free(before);
}

int main(void)
{
	RUN(a_breakpoint_stops_before_its_instruction);
	RUN(breakpoints_are_linear_addresses);
	RUN(a_rep_is_met_once);
	RUN(a_rep_at_once_is_as_one_by_one);
	RUN(many_breakpoints_are_told_apart);
	RUN(watches_are_exact);
	RUN(both_accesses_of_an_instruction_are_told);
	RUN(an_interrupt_waits_for_if_and_shadows);
	RUN(an_interrupt_within_a_rep_pushes_rf);
	RUN(a_port_may_raise_an_interrupt);
	RUN(mov_ss_has_a_shadow);
	RUN(a_kick_ends_a_run);
	RUN(exceptions_come_to_their_handlers);
	RUN(int_and_iret_come_back);
	RUN(a_device_and_a_watch_are_both_told);
	RUN(a_breakpoint_is_met_where_the_state_is_kvms);
	RUN(what_is_not_known_is_handed_over);
	RUN(code_past_the_limit_is_handed_over);
	RUN(some_states_are_kvms);
	RUN(a_handover_leaves_no_marks);
	RUN(iret_sets_rf_for_one_instruction);
	RUN(a_handover_has_changed_nothing);
	return check_done();
}

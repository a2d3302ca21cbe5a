/* interp_run_quiet: what it stops before, and where it ends. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

#define NO_RAM 0x7fff0000u

static const struct interp_range everywhere = { 0, UINT64_MAX };

static enum interp_why run_quiet(struct rig *r, const struct interp_range *range, uint64_t max)
{
	interp_load(r->c, &r->regs, &r->sregs, 0, false);
	enum interp_why why = interp_run_quiet(r->c, range, max, &r->done);
	interp_save(r->c, &r->regs, &r->sregs);
	return why;
}

/* An operating system's registers, tables and stack, so that as much as possible can be done: at the stack's top lies
 * what a far return takes. */
static void prepare(struct rig *r, unsigned bits, uint64_t operand)
{
	static const struct interp_msrs msrs = { .star = (uint64_t)RIG_OTHER_CS << 32,
		.lstar = RIG_CODE };
	unsigned slot = bits / 8;
	rig_open(r, bits);
	rig_put(r, RIG_STACK, RIG_CODE, slot);
	rig_put(r, RIG_STACK + slot, bits == 16 ? 0x10 : RIG_CS, slot);
	rig_put(r, RIG_STACK + 2 * slot, 2, slot);
	rig_put(r, RIG_STACK + 3 * slot, RIG_STACK, slot);
	rig_put(r, RIG_STACK + 4 * slot, RIG_DS, slot);
	r->regs.rax = r->regs.rdx = 1;
	r->regs.rcx = 2;
	r->regs.rbx = r->regs.rsi = r->regs.rdi = operand;
	r->regs.rflags = 0x802; /* OF, for into */
	r->sregs.cr0 |= 8;      /* TS, for clts */
	if (bits == 64)
		r->sregs.efer |= 1; /* SCE */
	interp_load(r->c, &r->regs, &r->sregs, 0, false);
	interp_set_msrs(r->c, &msrs);
}

/* Whether somebody who looks at each instruction sees something in what was done. */
static bool is_news(struct rig *r, const struct kvm_sregs *before)
{
	return r->ports || r->mmios || interp_last_vector(r->c) >= 0 ||
	       memcmp(&r->sregs.cs, &before->cs, sizeof before->cs) != 0 ||
	       r->sregs.cr0 != before->cr0 || r->sregs.cr3 != before->cr3 ||
	       r->sregs.cr4 != before->cr4 || r->sregs.efer != before->efer;
}

struct count {
	unsigned done, news, quiet;
};

/* One instruction, in a quiet run and in another. */
static void try(unsigned bits, const uint8_t *code, size_t len, uint64_t operand, struct count *n)
{
	for (unsigned is_quiet = 0; is_quiet < 2; is_quiet++) {
		struct rig r;
		prepare(&r, bits, operand);
		rig_code(&r, code, len);
		const struct kvm_sregs before = r.sregs;
		if (is_quiet)
			interp_run_quiet(r.c, &everywhere, 1, &r.done);
		else
			interp_run(r.c, 1, &r.done);
		interp_save(r.c, &r.regs, &r.sregs);
		bool news = is_news(&r, &before);
		if (is_quiet && news)
			CHECK_FAIL("%u bits, %02x %02x %02x: is no quiet instruction", bits,
			        code[0], code[1], code[2]);
		n->done += !is_quiet && r.done;
		n->news += !is_quiet && news;
		n->quiet += is_quiet && r.done;
		rig_close(&r);
	}
}

/* All opcodes, with each of ModRM.reg, on a register, in memory and where no RAM is, and with a prefix for the operand's
 * size. An instruction that is new in the tables, and that somebody may want to see, has to have OPCODE_LOUD. */
static void nothing_that_is_to_be_seen_is_done(void)
{
	for (unsigned bits = 16; bits <= 64; bits *= 2) {
		struct count n = { 0 };
		for (unsigned k = 0; k < 512 * 8 * 4; k++) {
			unsigned op = k & 0xff, ext = k >> 9 & 7, where = k >> 12;
			uint8_t code[9] = { [4] = 0x10, [6] = 0x10 }, *at = code;
			uint64_t operand = where == 2 ? NO_RAM >> (bits == 16 ? 16 : 0) : RIG_DATA;
			if (where == 3)
				*at++ = bits == 64 ? 0x48 : 0x66; /* REX.W: sysret */
			if (k & 0x100)
				*at++ = 0x0f;
			*at++ = (uint8_t)op;
			*at = (uint8_t)((where ? 0x07 : 0xc0) | ext << 3); /* [bx] or [rdi] */
			try(bits, code, sizeof code, operand, &n);
		}
		CHECK(n.done > 2000);
		CHECK(n.news > 100);
		CHECK(n.quiet > n.done / 2); /* the others raise #UD or find no RAM */
	}
}

static void what_is_loud_is_handed_over_with_nothing_done(void)
{
	static const uint8_t rows[][6] = {
		{ 0xe6, 0x80 },                         /* out 80h, al */
		{ 0x6c },                               /* insb */
		{ 0xcd, 0x10 },                         /* int 10h */
		{ 0xcc },                               /* int3 */
		{ 0xcf },                               /* iret */
		{ 0xea, 0x00, 0x10, 0x00, 0x00, 0x00 }, /* jmp 0000:1000: the same segment */
		{ 0xcb },                               /* retf */
		{ 0x0f, 0x22, 0xc0 },                   /* mov cr0, eax */
		{ 0x0f, 0x06 },                         /* clts */
		{ 0x0f, 0x21, 0xc0 },                   /* mov eax, dr0 */
		{ 0x0f, 0x01, 0xf0 },                   /* lmsw ax */
		{ 0xf6, 0xf5 },                         /* div ch: by 0 */
		{ 0x0f, 0x0b },                         /* ud2 */
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		uint8_t code[7] = { 0x40 }; /* inc ax */
		memcpy(code + 1, rows[k], sizeof rows[k]);
		prepare(&r, 16, RIG_DATA);
		rig_code(&r, code, sizeof code);
		CHECK_EQ(run_quiet(&r, &everywhere, 100), INTERP_HANDOVER);
		CHECK_EQ(r.done, 1);
		CHECK_EQ(r.regs.rip, RIG_CODE + 1);
		CHECK_EQ(r.regs.rsp, RIG_STACK);
		CHECK_EQ(r.ports, 0);
		CHECK_EQ(interp_last_vector(r.c), -1);
		rig_close(&r);
	}
}

static void it_ends_out_of_the_range(void)
{
	struct rig r;
	static const struct interp_range range = { RIG_CODE, 4 };
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x40, 0x49, 0x75, 0xfc, 0x90, 0x90); /* inc eax; dec ecx; jnz; nop; nop */
	r.regs.rcx = 1000;
	CHECK_EQ(run_quiet(&r, &range, UINT64_MAX), INTERP_LEFT);
	CHECK_EQ(r.done, 3000);
	CHECK_EQ(r.regs.rip, RIG_CODE + 4);
	CHECK_EQ(r.regs.rax, 1000);
	/* From outside: one. */
	CHECK_EQ(run_quiet(&r, &range, UINT64_MAX), INTERP_LEFT);
	CHECK_EQ(r.done, 1);
	r.regs.rip = RIG_CODE;
	r.regs.rcx = 1000;
	CHECK_EQ(run_quiet(&r, &range, 700), INTERP_COUNT);
	CHECK_EQ(r.done, 700);
	rig_close(&r);
}

/* A debugger's step does one iteration, and a breakpoint at the rep is met after it. */
static void breakpoints_are_met_between_iterations(void)
{
	struct rig r;
	static const uint64_t at[] = { RIG_CODE + 1 };
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x90, 0xf3, 0xaa); /* nop; rep stosb */
	r.regs.rdi = RIG_DATA;
	r.regs.rcx = 5;
	interp_set_breakpoints(r.c, at, 1);
	CHECK_EQ(run_quiet(&r, &everywhere, 100), INTERP_BREAKPOINT);
	CHECK_EQ(r.done, 1);
	CHECK_EQ(run_quiet(&r, &everywhere, 100), INTERP_BREAKPOINT);
	CHECK_EQ(r.done, 1);
	CHECK_EQ(r.regs.rcx, 4);
	rig_close(&r);
}

static void watches_kicks_and_interrupts_end_it(void)
{
	struct rig r;
	static const struct interp_watch watch = { RIG_DATA, 1, false, true };
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x90, 0x88, 0x06, 0xfb, 0x90, 0x90, 0xeb,
	        0xfe); /* nop; mov [esi], al; sti; nop; nop; jmp . */
	r.regs.rsi = RIG_DATA;
	interp_set_watches(r.c, &watch, 1);
	CHECK_EQ(run_quiet(&r, &everywhere, 100), INTERP_WATCH);
	CHECK_EQ(r.done, 2);
	interp_set_irq(r.c, true);
	CHECK_EQ(run_quiet(&r, &everywhere, 100), INTERP_WINDOW);
	CHECK_EQ(r.done, 2); /* the one after sti is done first */
	interp_set_irq(r.c, false);
	r.kick = 1;
	CHECK_EQ(run_quiet(&r, &everywhere, UINT64_MAX), INTERP_KICKED);
	CHECK_EQ(r.done, 0);
	rig_close(&r);
}

int main(void)
{
	RUN(nothing_that_is_to_be_seen_is_done);
	RUN(what_is_loud_is_handed_over_with_nothing_done);
	RUN(it_ends_out_of_the_range);
	RUN(breakpoints_are_met_between_iterations);
	RUN(watches_kicks_and_interrupts_end_it);
	return check_done();
}

/* What single instructions do: known results, in the modes that have them. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, DF = 0x400, OF = 0x800 };

/* bits: code of which the case is; 0: of 16, 32 and 64. flags: that are set after; care: of which this is known. */
struct row {
	const char *name;
	unsigned bits;
	uint8_t code[12];
	uint64_t rax, rcx, rdx;
	uint64_t flags_before;
	uint64_t want_rax, want_rcx, want_rdx;
	uint64_t flags, care;
};

#define ALL (CF | PF | AF | ZF | SF | OF)
static const struct row rows[] = {
	{ "add al, cl: 7f + 1", 0, { 0x00, 0xc8 }, 0x127f, 1, 0, 0, 0x1280, 1, 0, SF | OF | AF,
	        ALL },
	{ "adc al, cl with CF", 0, { 0x10, 0xc8 }, 0xff, 0, 0, CF, 0, 0, 0, ZF | CF | AF | PF,
	        ALL },
	{ "sbb eax, eax with CF", 32, { 0x19, 0xc0 }, 5, 0, 0, CF, 0xffffffff, 0, 0,
	        SF | CF | AF | PF, ALL },
	{ "sub ax, cx", 16, { 0x29, 0xc8 }, 0x10000, 1, 0, 0, 0x1ffff, 1, 0, CF | PF | AF | SF,
	        ALL },
	{ "cmp eax, imm8", 32, { 0x83, 0xf8, 0xff }, 0xffffffff, 0, 0, 0, 0xffffffff, 0, 0, ZF | PF,
	        ALL },
	{ "xor ah, al", 0, { 0x30, 0xc4 }, 0x5533, 0, 0, CF | OF, 0x6633, 0, 0, PF,
	        CF | PF | ZF | SF | OF },
	{ "add eax, ecx clears the upper half", 64, { 0x01, 0xc8 }, 0xffffffff80000000, 0x80000000,
	        0, 0, 0, 0x80000000, 0, ZF | PF | CF | OF, ALL },
	{ "add rax, imm32 sign-extended", 64, { 0x48, 0x05, 0xff, 0xff, 0xff, 0xff }, 1, 0, 0, 0, 0,
	        0, 0, ZF | PF | CF | AF, ALL },
	{ "inc eax leaves CF", 0, { 0xfe, 0xc0 }, 0xff, 0, 0, CF, 0, 0, 0, CF | ZF | PF | AF, ALL },
	{ "dec cx", 16, { 0x49 }, 0, 0x8000, 0, CF, 0, 0x7fff, 0, CF | OF | PF | AF, ALL },
	{ "neg al", 0, { 0xf6, 0xd8 }, 0x80, 0, 0, 0, 0x80, 0, 0, CF | SF | OF, ALL },
	{ "not ah", 0, { 0xf6, 0xd4 }, 0xf0ff, 0, 0, CF, 0x0fff, 0, 0, CF, ALL },
	{ "shl eax, 31", 32, { 0xc1, 0xe0, 31 }, 3, 0, 0, 0, 0x80000000, 0, 0, CF | SF | PF,
	        CF | PF | ZF | SF },
	{ "sar al, 1", 0, { 0xd0, 0xf8 }, 0x81, 0, 0, 0, 0xc0, 0, 0, CF | SF | PF,
	        CF | PF | ZF | SF | OF },
	{ "shr eax, cl counts 5 bits", 32, { 0xd3, 0xe8 }, 8, 33, 0, 0, 4, 33, 0, 0, CF | ZF | SF },
	{ "shr rax, cl counts 6 bits", 64, { 0x48, 0xd3, 0xe8 }, 1ull << 40, 40, 0, 0, 1, 40, 0, 0,
	        CF | ZF | SF },
	{ "a shift by 0 changes no flag", 0, { 0xd2, 0xe0 }, 5, 0, 0, CF | SF | AF, 5, 0, 0,
	        CF | SF | AF, ALL },
	{ "rcl al, 1 with CF", 0, { 0xd0, 0xd0 }, 0x80, 0, 0, CF, 1, 0, 0, CF | OF, CF | OF },
	{ "rcr ax, cl by 17", 16, { 0xd3, 0xd8 }, 0x1234, 17, 0, CF, 0x1234, 17, 0, CF, CF },
	{ "rol eax, 8", 32, { 0xc1, 0xc0, 8 }, 0x12345678, 0, 0, 0, 0x34567812, 0, 0, 0, CF },
	{ "shld eax, ecx, 4", 32, { 0x0f, 0xa4, 0xc8, 4 }, 0x12345678, 0xabcdef01, 0, 0, 0x2345678a,
	        0xabcdef01, 0, CF, CF },
	{ "shrd rax, rcx, cl", 64, { 0x48, 0x0f, 0xad, 0xc8 }, 0x10, 4, 0, 0, 0x4000000000000001, 4,
	        0, 0, CF },
	{ "mul cl", 0, { 0xf6, 0xe1 }, 0x11ff, 0xff, 0, 0, 0xfe01, 0xff, 0, CF | OF, CF | OF },
	{ "imul cl: no carry", 0, { 0xf6, 0xe9 }, 0xff, 0xff, 0, 0, 1, 0xff, 0, 0, CF | OF },
	{ "mul ecx", 32, { 0xf7, 0xe1 }, 0xffffffff, 0xffffffff, 7, 0, 1, 0xffffffff, 0xfffffffe,
	        CF | OF, CF | OF },
	{ "mul rcx", 64, { 0x48, 0xf7, 0xe1 }, 1ull << 63, 2, 7, 0, 0, 2, 1, CF | OF, CF | OF },
	{ "imul eax, ecx, imm8", 32, { 0x6b, 0xc1, 0xfe }, 0, 3, 0, 0, 0xfffffffa, 3, 0, 0,
	        CF | OF },
	{ "div cl", 0, { 0xf6, 0xf1 }, 0x00ff, 16, 0, 0, 0x0f0f, 16, 0, 0, 0 },
	{ "idiv ecx", 32, { 0xf7, 0xf9 }, 0xfffffff9, 2, 0xffffffff, 0, 0xfffffffd, 2, 0xffffffff,
	        0, 0 },
	{ "div rcx", 64, { 0x48, 0xf7, 0xf1 }, 5, 3, 1, 0, 0x5555555555555557, 3, 0, 0, 0 },
	{ "bt eax, 3", 32, { 0x0f, 0xba, 0xe0, 3 }, 8, 0, 0, 0, 8, 0, 0, CF, CF },
	{ "btr eax, ecx", 32, { 0x0f, 0xb3, 0xc8 }, 0xff, 33, 0, 0, 0xfd, 33, 0, CF, CF },
	{ "bsr eax, ecx", 32, { 0x0f, 0xbd, 0xc1 }, 0, 0x800, 0, ZF, 11, 0x800, 0, 0, ZF },
	{ "bswap ecx", 64, { 0x0f, 0xc9 }, 0, 0xffff000012345678, 0, 0, 0, 0x78563412, 0, 0, 0 },
	{ "movsx eax, cl", 32, { 0x0f, 0xbe, 0xc1 }, 0, 0x80, 0, 0, 0xffffff80, 0x80, 0, 0, 0 },
	{ "movzx ax, ch", 16, { 0x0f, 0xb6, 0xc5 }, 0xffffffff, 0x8000, 0, 0, 0xffff0080, 0x8000, 0,
	        0, 0 },
	{ "movsxd rax, ecx", 64, { 0x48, 0x63, 0xc1 }, 0, 0x80000000, 0, 0, 0xffffffff80000000,
	        0x80000000, 0, 0, 0 },
	{ "xchg eax, eax is nop", 64, { 0x90 }, 0xffffffffffffffff, 0, 0, 0, 0xffffffffffffffff, 0,
	        0, 0, 0 },
	{ "cmovz eax, ecx clears the upper half", 64, { 0x0f, 0x44, 0xc1 }, 0xffffffff00000005, 7,
	        0, 0, 5, 7, 0, 0, 0 },
	{ "setl cl", 0, { 0x0f, 0x9c, 0xc1 }, 0, 0xff, 0, SF, 0, 1, 0, SF, ALL },
	{ "cwd", 16, { 0x99 }, 0x8000, 0, 0x5555, 0, 0x8000, 0, 0xffff, 0, 0 },
	{ "cdqe", 64, { 0x48, 0x98 }, 0x80000000, 0, 0, 0, 0xffffffff80000000, 0, 0, 0, 0 },
	{ "lahf", 0, { 0x9f }, 0, 0, 0, SF | CF | PF, 0x8700, 0, 0, 0, 0 },
	{ "sahf", 0, { 0x9e }, 0xffff, 0, 0, OF, 0xffff, 0, 0, ALL, ALL },
	{ "salc", 16, { 0xd6 }, 0, 0, 0, CF, 0xff, 0, 0, CF, ALL },
	{ "cmc", 0, { 0xf5 }, 0, 0, 0, CF | ZF, 0, 0, 0, ZF, ALL },
	{ "std", 0, { 0xfd }, 0, 0, 0, 0, 0, 0, 0, DF, DF },
	{ "xadd al, cl", 0, { 0x0f, 0xc0, 0xc8 }, 2, 3, 0, 0, 5, 2, 0, PF, CF | ZF | SF | OF | PF },
	{ "cmpxchg cl, dl: equal", 0, { 0x0f, 0xb0, 0xd1 }, 7, 7, 9, 0, 7, 9, 9, ZF, ZF },
	{ "cmpxchg cl, dl: not", 0, { 0x0f, 0xb0, 0xd1 }, 8, 7, 9, 0, 7, 7, 9, 0, ZF },
	{ "cmpxchg ecx, edx: equal", 32, { 0x0f, 0xb1, 0xd1 }, 7, 7, 9, 0, 7, 9, 9, ZF, ZF },
	{ "cmpxchg ecx, edx: not", 32, { 0x0f, 0xb1, 0xd1 }, 8, 7, 9, 0, 7, 7, 9, 0, ZF },
	{ "lea ax, [bx+si+5]", 16, { 0x8d, 0x40, 5 }, 0, 0, 0, 0, 5, 0, 0, 0, 0 },
	{ "lea eax, [eax+ecx*4-1]", 32, { 0x8d, 0x44, 0x88, 0xff }, 0x10, 3, 0, 0, 0x1b, 3, 0, 0,
	        0 },
	{ "lea rax, [rip+16]", 64, { 0x48, 0x8d, 0x05, 16, 0, 0, 0 }, 0, 0, 0, 0, RIG_CODE + 7 + 16,
	        0, 0, 0, 0 },
	{ "lar eax, ecx", 32, { 0x0f, 0x02, 0xc1 }, 0, RIG_DS, 0, 0, 0xcf9300, RIG_DS, 0, ZF, ZF },
	{ "lar ax, cx", 32, { 0x66, 0x0f, 0x02, 0xc1 }, 0, RIG_DS, 0, 0, 0x9300, RIG_DS, 0, ZF,
	        ZF },
	{ "lsl eax, ecx", 64, { 0x0f, 0x03, 0xc1 }, 5, RIG_DS, 0, 0, 0xffffffff, RIG_DS, 0, ZF,
	        ZF },
	{ "lsl eax, ecx: past the limit", 32, { 0x0f, 0x03, 0xc1 }, 5, 0x100, 0, ZF | CF, 5, 0x100,
	        0, CF, ZF | CF },
	{ "verw ecx: read-only", 32, { 0x0f, 0x00, 0xe9 }, 0, RIG_READ_ONLY, 0, ZF, 0,
	        RIG_READ_ONLY, 0, 0, ZF },
	{ "verr ecx", 32, { 0x0f, 0x00, 0xe1 }, 0, RIG_READ_ONLY, 0, 0, 0, RIG_READ_ONLY, 0, ZF,
	        ZF },
	{ "arpl cx, ax", 32, { 0x63, 0xc1 }, 3, 0x11, 0, 0, 3, 0x13, 0, ZF, ZF },
	{ "str ecx", 32, { 0x0f, 0x00, 0xc9 }, 0, 0xffffffff, 0, 0, 0, 0x40, 0, 0, 0 },
	{ "mov ah, 5", 64, { 0xb4, 5 }, 0x1111, 0, 0, 0, 0x0511, 0, 0, 0, 0 },
	{ "mov spl, 5: with a REX ah is spl", 64, { 0x40, 0xb4, 5 }, 0x1111, 0, 0, 0, 0x1111, 0, 0,
	        0, 0 },
	{ "lar eax, ecx: of RPL 3 for ring 0's", 32, { 0x0f, 0x02, 0xc1 }, 7, RIG_DS | 3, 0, ZF, 7,
	        RIG_DS | 3, 0, 0, ZF },
	{ "endbr64", 64, { 0xf3, 0x0f, 0x1e, 0xfa }, 1, 2, 3, 0, 1, 2, 3, 0, 0 },
	{ "daa: 15h + 27h", 32, { 0x27 }, 0x3c, 0, 0, 0, 0x42, 0, 0, AF | PF,
	        CF | PF | AF | ZF | SF },
	{ "daa: 99h + 1 has a carry", 16, { 0x27 }, 0x9a, 0, 0, 0, 0, 0, 0, AF | CF | ZF | PF,
	        CF | PF | AF | ZF | SF },
	{ "das: 35h - 47h", 16, { 0x2f }, 0xee, 0, 0, CF | AF, 0x88, 0, 0, AF | CF | SF | PF,
	        CF | PF | AF | ZF | SF },
	{ "aaa", 32, { 0x37 }, 0x000f, 0, 0, 0, 0x0105, 0, 0, AF | CF, CF | AF },
	{ "aaa without a carry", 32, { 0x37 }, 0x0739, 0, 0, CF, 0x0709, 0, 0, 0, CF | AF },
	{ "aas", 16, { 0x3f }, 0x02ff, 0, 0, 0, 0x0109, 0, 0, AF | CF, CF | AF },
	{ "aam", 32, { 0xd4, 10 }, 0x1137, 0, 0, 0, 0x0505, 0, 0, PF, PF | ZF | SF },
	{ "aad", 16, { 0xd5, 10 }, 0x0907, 0, 0, 0, 0x0061, 0, 0, 0, PF | ZF | SF },
	{ "mfence", 32, { 0x0f, 0xae, 0xf0 }, 1, 2, 3, 0, 1, 2, 3, 0, 0 },
};

static void check_row(const struct row *row, unsigned bits)
{
	struct rig r;
	rig_open(&r, bits);
	rig_code(&r, row->code, sizeof row->code);
	r.regs.rax = row->rax;
	r.regs.rcx = row->rcx;
	r.regs.rdx = row->rdx;
	r.regs.rflags |= row->flags_before;
	enum interp_why why = rig_run(&r, 1);
	if (why != INTERP_COUNT || r.regs.rax != row->want_rax || r.regs.rcx != row->want_rcx ||
	        r.regs.rdx != row->want_rdx ||
	        (r.regs.rflags & row->care) != (row->flags & row->care))
		CHECK_FAIL("%s, %u bits: why %d rax %llx rcx %llx rdx %llx flags %llx", row->name,
		        bits, why, r.regs.rax, r.regs.rcx, r.regs.rdx, r.regs.rflags);
	rig_close(&r);
}

static void instructions_give_what_the_manual_says(void)
{
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		for (unsigned bits = 16; bits <= 64; bits *= 2)
			if (!rows[k].bits || rows[k].bits == bits)
				check_row(&rows[k], bits);
}

/* Where a CPU does the guest's, which leaves flags undefined. */
static void bcd_is_handed_over_where_a_cpu_does_it(void)
{
	static const uint8_t ops[] = { 0x27, 0x2f, 0x37, 0x3f, 0xd4, 0xd5 };
	for (size_t k = 0; k < sizeof ops; k++) {
		struct rig r;
		rig_open(&r, 32);
		RIG_CODE_IS(&r, ops[k], 10);
		r.config.has_bcd = false;
		rig_set_push(&r, INTERP_PUSH_UNKNOWN); /* the engine anew */
		CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
		rig_close(&r);
	}
}

static void bound_raises_br(void)
{
	static const struct {
		uint32_t index;
		int vector;
	} tries[] = { { 0xfffffffe, 5 }, { 0xffffffff, -1 }, { 7, -1 }, { 8, 5 } };
	for (size_t k = 0; k < ARRAY_SIZE(tries); k++) {
		struct rig r;
		rig_open(&r, 32);
		RIG_CODE_IS(&r, 0x62, 0x05, 0, 0x20, 0, 0); /* bound eax, [2000h] */
		rig_put(&r, 0x2000, 0xffffffff, 4);
		rig_put(&r, 0x2004, 7, 4);
		r.regs.rax = tries[k].index;
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(interp_last_vector(r.c), tries[k].vector);
		rig_close(&r);
	}
}

/* The frame pointers of two outer procedures, and the frame's own. SDM vol 2, "ENTER". */
static void enter_copies_frame_pointers(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xc8, 0x10, 0, 3);
	r.regs.rbp = 0x2100;
	rig_put(&r, 0x20fc, 0x1111, 4);
	rig_put(&r, 0x20f8, 0x2222, 4);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, RIG_STACK - 4, 4), 0x2100);
	CHECK_EQ(rig_get(&r, RIG_STACK - 8, 4), 0x1111);
	CHECK_EQ(rig_get(&r, RIG_STACK - 12, 4), 0x2222);
	CHECK_EQ(rig_get(&r, RIG_STACK - 16, 4), RIG_STACK - 4);
	CHECK_EQ(r.regs.rbp, RIG_STACK - 4);
	CHECK_EQ(r.regs.rsp, RIG_STACK - 16 - 0x10);
	/* What it reads is what it has just written, perhaps. */
	r.regs.rip = RIG_CODE;
	r.regs.rbp = r.regs.rsp;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	rig_close(&r);
}

/* Through another linear page of the same RAM: each frame pointer is read when the ones before it have been pushed. */
static void enter_reads_what_it_has_pushed(void)
{
	struct rig r;
	rig_open(&r, 64);
	RIG_CODE_IS(&r, 0xc8, 0x10, 0, 3);
	const uint64_t other = RIG_DATA, page = RIG_STACK - 0x1000;
	rig_put(&r, rig_pte(other), page | 7, 8);
	r.regs.rbp = other + 0x1000; /* where rsp is */
	rig_put(&r, RIG_STACK - 8, 0x1111, 8);
	rig_put(&r, RIG_STACK - 16, 0x2222, 8);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, RIG_STACK - 8, 8), other + 0x1000);
	CHECK_EQ(rig_get(&r, RIG_STACK - 16, 8), other + 0x1000);
	CHECK_EQ(rig_get(&r, RIG_STACK - 24, 8), other + 0x1000);
	CHECK_EQ(rig_get(&r, RIG_STACK - 32, 8), RIG_STACK - 8);
	rig_close(&r);
}

/* The frame's own pointer is sp, of which a stack of 16 bits has no more. SDM vol 2, "ENTER": FrameTemp. */
static void enter_pushes_the_frame_as_wide_as_the_stack(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0x66, 0xc8, 0x10, 0, 1);
	r.regs.rsp = 0;
	r.regs.rbp = 0x12345678;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, 0xfffc, 4), 0x12345678);
	CHECK_EQ(rig_get(&r, 0xfff8, 4), 0xfffc);
	CHECK_EQ(r.regs.rsp, 0xffe8);
	r.regs.rip = RIG_CODE;
	r.regs.rsp = 0x18000;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	rig_close(&r);
}

static void far_calls_of_32_bits_push_zeros_above_cs(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x9a, 0, 0x30, 0, 0, RIG_CS, 0); /* call 8:3000h */
	rig_put(&r, RIG_STACK - 4, 0x55555555, 4);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, 0x3000);
	CHECK_EQ(rig_get(&r, RIG_STACK - 4, 4), RIG_CS);
	CHECK_EQ(rig_get(&r, RIG_STACK - 8, 4), RIG_CODE + 7);
	CHECK_EQ(r.regs.rsp, RIG_STACK - 8);
	rig_close(&r);
}

static void a_flag_that_is_undefined_is_the_hosts(void)
{
	uint64_t flags;
	uint32_t a = 0x12345678;
	struct rig r;
	/* The host's own: mul with all flags set before. */
	__asm__("movl $0xd5ff, %%eax\n\taddb $0x7f, %%al\n\tsahf\n\tmovl %2, %%eax\n\tmull "
	        "%%ecx\n\t"
	        "lahf\n\tmovzbl %%ah, %%eax\n\tmovq %%rax, %0"
	        : "=&r"(flags)
	        : "c"(77), "r"(a)
	        : "rax", "rdx", "cc");
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xf7, 0xe1); /* mul ecx */
	r.regs.rax = a;
	r.regs.rcx = 77;
	r.regs.rflags |= ALL;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rflags & 0xd5, flags & 0xd5);
	rig_close(&r);
}

static void the_stack_has_the_segments_size(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0x50, 0x66, 0x51, 0x5a, 0x60); /* push ax; push ecx; pop dx; pusha */
	r.regs.rax = 0x11112222;
	r.regs.rcx = 0x33334444;
	r.regs.rsp = 0x5555ffff0002;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rsp, 0x5555ffff0000);
	CHECK_EQ(rig_get(&r, 0, 2), 0x2222);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rsp, 0x5555fffffffc); /* sp alone wraps */
	CHECK_EQ(rig_get(&r, 0xfffc, 4), 0x33334444);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rdx, 0x4444);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, 0xfffc, 2), 0x2222);
	CHECK_EQ(rig_get(&r, 0xfff4, 2), 0xfffe); /* sp before it */
	CHECK_EQ(r.regs.rsp & 0xffff, 0xffee);
	rig_close(&r);
}

static void pop_into_memory_by_sp_uses_the_new_sp(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x8f, 0x44, 0x24, 0x08); /* pop [esp+8] */
	rig_put(&r, RIG_STACK, 0x12345678, 4);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, RIG_STACK + 4 + 8, 4), 0x12345678);
	rig_close(&r);
}

static void calls_return(void)
{
	for (unsigned bits = 16; bits <= 64; bits *= 2) {
		struct rig r;
		rig_open(&r, bits);
		/* call +N; nop ... and there: enter 10h, 0; leave; ret 4 */
		if (bits == 16)
			RIG_CODE_IS(&r, 0xe8, 1, 0, 0x90, 0xc8, 0x10, 0, 0, 0xc9, 0xc2, 4, 0);
		else
			RIG_CODE_IS(&r, 0xe8, 1, 0, 0, 0, 0x90, 0xc8, 0x10, 0, 0, 0xc9, 0xc2, 4, 0);
		r.regs.rbp = 0x7777;
		CHECK_EQ(rig_run(&r, 4), INTERP_COUNT);
		CHECK_EQ(r.regs.rip, RIG_CODE + (bits == 16 ? 3 : 5));
		CHECK_EQ(r.regs.rsp, RIG_STACK + 4);
		CHECK_EQ(r.regs.rbp, 0x7777);
		CHECK_EQ(rig_get(&r, RIG_STACK - bits / 8, bits / 8),
		        RIG_CODE + (bits == 16 ? 3 : 5));
		rig_close(&r);
	}
}

static void far_calls_return(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0x9a, 0x10, 0x00, 0x00, 0x03); /* call 300h:10h */
	memcpy(r.ram + 0x3010, "\xca\x04\x00", 3);     /* retf 4 */
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.sregs.cs.selector == 0x300 && r.sregs.cs.base == 0x3000 && r.regs.rip == 0x10);
	CHECK_EQ(rig_get(&r, RIG_STACK - 4, 4), RIG_CODE + 5);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.sregs.cs.selector == 0 && r.regs.rip == RIG_CODE + 5);
	CHECK_EQ(r.regs.rsp, RIG_STACK + 4);
	rig_close(&r);
}

static void a_rep_is_an_iteration_an_instruction(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xf3, 0xa4, 0xf2, 0xae); /* rep movsb; repne scasb */
	memcpy(r.ram + RIG_DATA, "stepvm", 7);
	r.regs.rsi = RIG_DATA;
	r.regs.rdi = RIG_DATA + 0x100;
	r.regs.rcx = 7;
	CHECK_EQ(rig_run(&r, 3), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, RIG_CODE);
	CHECK_EQ(r.regs.rcx, 4);
	CHECK_EQ(rig_run(&r, 4), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, RIG_CODE + 2);
	CHECK(!memcmp(r.ram + RIG_DATA + 0x100, "stepvm", 7));
	r.regs.rdi = RIG_DATA;
	r.regs.rcx = 100;
	r.regs.rax = 'p';
	CHECK_EQ(rig_run(&r, 4), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, RIG_CODE + 4);
	CHECK_EQ(r.regs.rcx, 96);
	CHECK(r.regs.rflags & ZF);
	r.regs.rip = RIG_CODE;
	r.regs.rcx = 0; /* nothing to do */
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, RIG_CODE + 2);
	rig_close(&r);
}

static void a_bit_in_memory_may_be_far_away(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x0f, 0xab, 0x0d, 0, 0x20, 0, 0); /* bts [2000h], ecx */
	r.regs.rcx = (uint32_t)-1;                        /* the last bit of the dword before */
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, RIG_DATA - 4, 4), 0x80000000);
	rig_close(&r);
	rig_open(&r, 64);
	RIG_CODE_IS(&r, 0x48, 0x0f, 0xab, 0x0e); /* bts [rsi], rcx */
	r.regs.rsi = RIG_DATA;
	r.regs.rcx = 64 * 3 + 63;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, RIG_DATA + 24, 8), 1ull << 63);
	rig_close(&r);
}

static void eight_bytes_are_exchanged(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xf0, 0x0f, 0xc7, 0x0e, 0xf0, 0x0f, 0xc7,
	        0x0e); /* lock cmpxchg8b [esi], twice */
	rig_put(&r, RIG_DATA, 0x1122334455667788, 8);
	r.regs.rsi = RIG_DATA;
	r.regs.rbx = 1;
	r.regs.rcx = 2;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(!(r.regs.rflags & ZF) && r.regs.rax == 0x55667788 && r.regs.rdx == 0x11223344);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.regs.rflags & ZF);
	CHECK_EQ(rig_get(&r, RIG_DATA, 8), 0x200000001);
	rig_close(&r);
}

static void code_that_changes_is_decoded_anew(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0x40, 0xc6, 0x06, 0x00, 0x10, 0x48, 0xeb,
	        0xf8); /* inc ax; mov [1000h], 48h (dec ax); jmp */
	CHECK_EQ(rig_run(&r, 3), INTERP_COUNT);
	CHECK_EQ(r.regs.rax & 0xffff, 1);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rax & 0xffff, 0);
	rig_put(&r, RIG_CODE, 0x41, 1); /* somebody else: inc cx */
	r.regs.rip = RIG_CODE;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rcx, 1);
	rig_close(&r);
}

static void ports_are_the_callers(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0xe6, 0x80, 0xed, 0xee); /* out 80h, al; in ax, dx; out dx, al */
	r.regs.rax = 0x1234;
	r.regs.rdx = 0x3f8;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.port == 0x80 && r.port_size == 1 && r.port_is_write && r.port_value == 0x34);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.port == 0x3f8 && r.port_size == 2 && !r.port_is_write);
	CHECK_EQ(r.regs.rax, 0xa5a5);
	r.port_stops = true;
	CHECK_EQ(rig_run(&r, 5), INTERP_DEVICE);
	CHECK_EQ(r.done, 1);
	rig_close(&r);
}

/* The way of every boot sector to protected mode. */
static void boot_code_comes_to_protected_mode(void)
{
	struct rig r;
	static const uint8_t code[] = {
		0x0f, 0x01, 0x16, 0x00, 0x20,                   /* lgdt [2000h] */
		0x0f, 0x20, 0xc0,                               /* mov eax, cr0 */
		0x0c, 0x01,                                     /* or al, 1 */
		0x0f, 0x22, 0xc0,                               /* mov cr0, eax */
		0x66, 0xea, 0x00, 0x30, 0x00, 0x00, 0x08, 0x00, /* jmp 8:3000h */
	};
	static const uint8_t code32[] = {
		0x66, 0xb8, 0x10, 0x00,       /* mov ax, 10h */
		0x8e, 0xd8,                   /* mov ds, ax */
		0x8e, 0xd0,                   /* mov ss, ax */
		0xbc, 0x00, 0x00, 0x03, 0x00, /* mov esp, 30000h */
		0x68, 0x78, 0x56, 0x34, 0x12, /* push 12345678h */
	};
	rig_open(&r, 16);
	rig_code(&r, code, sizeof code);
	memcpy(r.ram + 0x3000, code32, sizeof code32);
	rig_put(&r, 0x2000, 0x2f, 2);
	rig_put(&r, 0x2002, RIG_GDT, 4);
	rig_put(&r, RIG_GDT + RIG_CS + 5, 0x9a, 1); /* Accessed is not set */
	r.sregs.gdt.limit = 0;
	CHECK_EQ(rig_run(&r, 5), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, 0x3000);
	CHECK(r.sregs.cs.db && r.sregs.cs.selector == 8 && r.sregs.cs.limit == 0xffffffff);
	CHECK_EQ(rig_get(&r, RIG_GDT + RIG_CS + 5, 1), 0x9b);
	CHECK_EQ(rig_run(&r, 5), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, 0x2fffc, 4), 0x12345678);
	rig_close(&r);
}

int main(void)
{
	RUN(instructions_give_what_the_manual_says);
	RUN(bcd_is_handed_over_where_a_cpu_does_it);
	RUN(bound_raises_br);
	RUN(enter_copies_frame_pointers);
	RUN(enter_reads_what_it_has_pushed);
	RUN(enter_pushes_the_frame_as_wide_as_the_stack);
	RUN(far_calls_of_32_bits_push_zeros_above_cs);
	RUN(a_flag_that_is_undefined_is_the_hosts);
	RUN(the_stack_has_the_segments_size);
	RUN(pop_into_memory_by_sp_uses_the_new_sp);
	RUN(calls_return);
	RUN(far_calls_return);
	RUN(a_rep_is_an_iteration_an_instruction);
	RUN(a_bit_in_memory_may_be_far_away);
	RUN(eight_bytes_are_exchanged);
	RUN(code_that_changes_is_decoded_anew);
	RUN(ports_are_the_callers);
	RUN(boot_code_comes_to_protected_mode);
	return check_done();
}

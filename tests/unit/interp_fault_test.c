/* Exceptions on the way to a handler: what comes of two, and when the CPU shuts down; gates of other kinds. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

#define RF 0x10000u

enum { UD = 6, DF = 8, NP = 11, GP = 13, PF = 14 };

static uint64_t handler(unsigned vector)
{
	return RIG_HANDLER + vector * 16;
}

/* Where nothing is mapped. */
#define NOWHERE 0x70000000u

static void a_page_fault_without_a_stack_is_a_double_fault(void)
{
	static const struct {
		uint8_t code[4];
		uint64_t rsp, cr2;
	} rows[] = {
		{ { 0x8b, 0x03 }, NOWHERE, NOWHERE - 8 }, /* mov eax, [rbx]: twice a #PF */
		{ { 0x0f, 0x0b }, NOWHERE, NOWHERE - 8 }, /* ud2: #UD gives way to #PF */
		{ { 0x50 }, NOWHERE + 8, NOWHERE - 8 },   /* push rax */
		{ { 0x8b, 0x03 }, 1ull << 60, NOWHERE },  /* #PF, then #SS */
		{ { 0x0f, 0x0b }, 1ull << 60, 0x1234 },   /* #UD, then twice #SS */
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 64);
		rig_code(&r, rows[k].code, sizeof rows[k].code);
		r.ram[rig_gate_at(&r, DF) + 4] = 1; /* IST 1 */
		r.regs.rbx = NOWHERE;
		r.regs.rsp = rows[k].rsp;
		r.sregs.cr2 = 0x1234;
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		if (interp_last_vector(r.c) != DF || r.regs.rip != handler(DF) ||
		        r.regs.rsp != RIG_STACK1 - 48 || r.sregs.cr2 != rows[k].cr2 ||
		        rig_get(&r, RIG_STACK1 - 48, 8) != 0 ||
		        rig_get(&r, RIG_STACK1 - 40, 8) != RIG_CODE ||
		        rig_get(&r, RIG_STACK1 - 16, 8) != rows[k].rsp)
			CHECK_FAIL("row %zu: vector %d, rsp %llx, cr2 %llx", k,
			        interp_last_vector(r.c), r.regs.rsp, r.sregs.cr2);
		rig_close(&r);
	}
}

static void where_that_fails_too_the_cpu_shuts_down(void)
{
	for (unsigned bits = 16; bits <= 64; bits *= 2) {
		struct rig r;
		rig_open(&r, bits);
		RIG_CODE_IS(&r, 0x0f, 0x0b);
		r.regs.rsp = bits == 64 ? NOWHERE : 1;
		r.sregs.ss.limit = bits == 64 ? UINT32_MAX : 0xfff0;
		r.sregs.ss.db = bits != 16;
		if (bits != 64)
			r.regs.rsp = bits == 32 ? 0x20000 : 1;
		const struct kvm_regs before = r.regs;
		const uint64_t before_cr2 = r.sregs.cr2 = 0x1234;
		const struct kvm_sregs tables = r.sregs;
		CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
		CHECK(interp_shuts_down(r.c));
		CHECK_EQ(interp_raised(r.c), UD);
		CHECK_EQ(interp_shutdown_cr2(r.c), bits == 64 ? NOWHERE - 8 : before_cr2);
		CHECK(!memcmp(&before, &r.regs, sizeof before));
		CHECK(!memcmp(&tables, &r.sregs, sizeof tables));
		RIG_CODE_IS(&r, 0xf4); /* hlt, which is handed over for itself */
		CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
		CHECK(!interp_shuts_down(r.c));
		rig_close(&r);
	}
}

/* CPUs may have written the values before the one that faults. */
static void a_frame_that_is_half_pushed_is_handed_over(void)
{
	struct rig r;
	rig_open(&r, 64);
	RIG_CODE_IS(&r, 0x0f, 0x0b);
	rig_put(&r, rig_pte(RIG_DATA), 0, 8);
	r.regs.rsp = RIG_DATA + 0x1010;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	CHECK(!interp_shuts_down(r.c));
	rig_close(&r);
}

/* EXT is set, for no int n has asked for the gate. */
static void what_is_wrong_with_a_gate_is_raised(void)
{
	for (unsigned bits = 32; bits <= 64; bits *= 2) {
		static const struct {
			uint8_t type, code[2];
			unsigned vector, raised;
		} rows[] = {
			{ 0x0e, { 0x0f, 0x0b }, UD, NP },
			{ 0x80, { 0x0f, 0x0b }, UD, GP },
			{ 0x8c, { 0x0f, 0x0b }, UD, GP },
			{ 0x0e, { 0xcd, 0x06 }, UD, NP },
		};
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			struct rig r;
			rig_open(&r, bits);
			rig_code(&r, rows[k].code, 2);
			r.ram[rig_gate_at(&r, rows[k].vector) + 5] = rows[k].type;
			CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
			unsigned ext = rows[k].code[0] != 0xcd;
			CHECK_EQ(interp_last_vector(r.c), (int)rows[k].raised);
			CHECK_EQ(rig_get(&r, r.regs.rsp, 4), rows[k].vector * 8 + 2 + ext);
			CHECK_EQ(rig_get(&r, r.regs.rsp + bits / 8, 4), RIG_CODE);
			rig_close(&r);
		}
	}
}

static void what_is_wrong_with_a_handler_is_raised(void)
{
	static const struct {
		uint16_t selector;
		unsigned raised;
	} rows[] = { { 0, GP }, { RIG_DS, GP }, { 0x100, GP }, { 0x104, GP } };
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 32);
		RIG_CODE_IS(&r, 0x0f, 0x0b);
		rig_put(&r, rig_gate_at(&r, UD) + 2, rows[k].selector, 2);
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(interp_last_vector(r.c), (int)rows[k].raised);
		CHECK_EQ(rig_get(&r, r.regs.rsp, 4), rows[k].selector + 1u);
		rig_close(&r);
	}
}

/* SDM vol 3, "Instruction-Breakpoint Exception Condition": RF is cleared where the instruction begins. */
static void int_n_pushes_no_rf(void)
{
	static const uint8_t codes[][2] = { { 0xcd, 0x10 }, { 0xcc, 0x90 } };
	for (unsigned bits = 32; bits <= 64; bits *= 2) {
		for (size_t k = 0; k < ARRAY_SIZE(codes); k++) {
			struct rig r;
			rig_open(&r, bits);
			rig_code(&r, codes[k], 2);
			r.regs.rflags = 2 | RF;
			CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
			CHECK_EQ(r.regs.rip, handler(k ? 3 : 0x10));
			CHECK_EQ(rig_get(&r, r.regs.rsp + 2 * (bits / 8), bits / 8), 2);
			CHECK_EQ(r.regs.rflags, 2);
			rig_close(&r);
		}
	}
}

static void a_286_gate_has_a_frame_of_16_bit_values(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xcd, 0x10);
	r.ram[rig_gate_at(&r, 0x10) + 5] = 0x87;
	rig_put(&r, rig_gate_at(&r, 0x10) + 6, 0xffff, 2); /* has no upper half */
	r.regs.rflags = 0x202;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, handler(0x10));
	CHECK_EQ(r.regs.rsp, RIG_STACK - 6);
	CHECK_EQ(rig_get(&r, RIG_STACK - 6, 2), RIG_CODE + 2);
	CHECK_EQ(rig_get(&r, RIG_STACK - 4, 2), RIG_CS);
	CHECK_EQ(rig_get(&r, RIG_STACK - 2, 2), 0x202);
	CHECK(r.regs.rflags & 0x200); /* a trap gate */
	rig_close(&r);
}

static void compatibility_modes_exceptions_have_64_bit_frames(void)
{
	struct rig r;
	rig_open(&r, 64);
	RIG_CODE_IS(&r, 0x0f, 0x0b);
	r.sregs.cs.l = 0;
	r.sregs.cs.db = 1;
	r.sregs.cs.selector = RIG_OTHER_CS;
	r.sregs.ss.base = 0x1000; /* not of 64-bit code */
	r.regs.rsp = RIG_STACK + 4;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, handler(UD));
	CHECK(r.sregs.cs.l);
	CHECK_EQ(r.regs.rsp, RIG_STACK - 40);
	CHECK_EQ(rig_get(&r, RIG_STACK - 40, 8), RIG_CODE);
	CHECK_EQ(rig_get(&r, RIG_STACK - 32, 8), RIG_OTHER_CS);
	CHECK_EQ(rig_get(&r, RIG_STACK - 16, 8), RIG_STACK + 4);
	rig_close(&r);
}

int main(void)
{
	RUN(a_page_fault_without_a_stack_is_a_double_fault);
	RUN(where_that_fails_too_the_cpu_shuts_down);
	RUN(a_frame_that_is_half_pushed_is_handed_over);
	RUN(what_is_wrong_with_a_gate_is_raised);
	RUN(what_is_wrong_with_a_handler_is_raised);
	RUN(int_n_pushes_no_rf);
	RUN(a_286_gate_has_a_frame_of_16_bit_values);
	RUN(compatibility_modes_exceptions_have_64_bit_frames);
	return check_done();
}

/* The table of what KVMs do otherwise: who counts by row has room for all rows, and a row explains no difference but its
 * own. */
#include "compare/known.h"

#include "check.h"

static void there_is_room_for_all_rows(void)
{
	CHECK(known_count() <= KNOWN_ROWS_MAX);
	CHECK(known_count() > 0);
}

/* The row for a difference of 64-bit code. */
static const char *row_for(
        bool is_tcg, const struct compare_result *r, const uint8_t *bytes, size_t len)
{
	const struct compare_state before = { 0 };
	struct known_case c = { .is_tcg = is_tcg, .bits = 64, .before = &before, .result = r };
	memcpy(c.bytes, bytes, len);
	int row = known_find(&c);
	return row < 0 ? "nothing" : known_name((unsigned)row);
}

/* The row that explains that KVM has gone on where the engine raises this exception. */
static const char *explains(bool is_tcg, int vector, const uint8_t *bytes, size_t len)
{
	const struct compare_result r = { .verdict = COMPARE_DIFFERS,
		.parts = COMPARE_REGS | COMPARE_RIP | COMPARE_MEMORY,
		.own_vector = vector,
		.own_raised = vector,
		.kvm_vector = -1 };
	return row_for(is_tcg, &r, bytes, len);
}

static void emms_raises_nothing_on_tcg_alone(void)
{
	static const uint8_t emms[] = { 0x0f, 0x77 }, wide[] = { 0x67, 0x0f, 0x77 },
	                     other[] = { 0x0f, 0x76, 0xc0 };
	static const char row[] = "TCG: emms raises neither #UD nor #NM by CR0";
	CHECK_STR(explains(true, 7, emms, sizeof emms), row);
	CHECK_STR(explains(true, 7, wide, sizeof wide), row);
	CHECK_STR(explains(true, 6, emms, sizeof emms), row);
	CHECK_STR(explains(true, 13, emms, sizeof emms), "nothing");
	CHECK_STR(explains(true, 7, other, sizeof other), "nothing");
	CHECK_STR(explains(false, 7, emms, sizeof emms), "nothing");
}

static void moves_between_mmx_and_xmm_raise_nothing_on_tcg(void)
{
	static const uint8_t to_xmm[] = { 0xf3, 0x0f, 0xd6, 0xc0 },
	                     to_mmx[] = { 0xf2, 0x0f, 0xd6, 0xc0 },
	                     store[] = { 0x66, 0x0f, 0xd6, 0x00 };
	static const char row[] =
	        "TCG: cvtpi2ps, cvtps2pi, movq2dq and their like raise neither #UD nor #NM by CR0";
	CHECK_STR(explains(true, 7, to_xmm, sizeof to_xmm), row);
	CHECK_STR(explains(true, 6, to_mmx, sizeof to_mmx), row);
	CHECK_STR(explains(true, 7, store, sizeof store), "nothing");
	CHECK_STR(explains(false, 7, to_xmm, sizeof to_xmm), "nothing");
}

/* By ModRM.reg: 0 rol, 1 ror, 2 rcl, 3 rcr; with operand size 16. */
static const char *explains_rotation(unsigned reg, uint8_t count)
{
	const uint8_t bytes[] = { 0x66, 0xc1, (uint8_t)(0xc0 | reg << 3), count };
	struct compare_result r = { .verdict = COMPARE_DIFFERS,
		.parts = COMPARE_REGS,
		.own_vector = -1,
		.own_raised = -1,
		.kvm_vector = -1 };
	r.own.regs.rip = sizeof bytes;
	return row_for(true, &r, bytes, sizeof bytes);
}

static void a_rotation_by_all_its_bits_changes_something_on_tcg(void)
{
	static const char row[] = "TCG: rcl and rcr by 9, 18, 27, and of 16 bits by 17, which "
	                          "change nothing, do";
	CHECK_STR(explains_rotation(2, 17), row);
	CHECK_STR(explains_rotation(3, 0x91), row);
	CHECK_STR(explains_rotation(2, 16), "nothing");
	CHECK_STR(explains_rotation(2, 0), "nothing");
	CHECK_STR(explains_rotation(0, 17), "nothing");
}

/* The last byte of the address that was pushed: of the instruction, or of the one after it. */
static void an_int_that_leads_to_a_double_fault_may_push_the_next_address_on_tcg(void)
{
	static const uint8_t insn[] = { 0x66, 0xcc }, other[] = { 0x66, 0x90 };
	struct compare_result r = { .verdict = COMPARE_DIFFERS,
		.parts = COMPARE_MEMORY,
		.own_byte = 0x21,
		.kvm_byte = 0x23,
		.own_vector = 8,
		.own_raised = 14,
		.kvm_vector = 8 };
	CHECK_STR(row_for(true, &r, insn, sizeof insn),
	        "TCG under kvm_amd: #NP, #GP and #DF of int n's gate may push the next "
	        "instruction's address");
	CHECK_STR(row_for(true, &r, other, sizeof other), "nothing");
	CHECK_STR(row_for(false, &r, insn, sizeof insn), "nothing");
	r.own_vector = 14;
	CHECK_STR(row_for(true, &r, insn, sizeof insn), "nothing");
}

static void popcnt_of_a_device_is_not_emulated(void)
{
	static const uint8_t popcnt[] = { 0xf3, 0x0f, 0xb8, 0x20 }, mov[] = { 0x8b, 0x20 };
	static const char row[] = "popcnt of a device is an emulation failure, or #UD";
	struct compare_result r = { .verdict = COMPARE_DIFFERS,
		.parts = COMPARE_REGS | COMPARE_RIP | COMPARE_ACCESS,
		.own_vector = -1,
		.own_raised = -1,
		.kvm_vector = -1,
		.own_log.count = 1 };
	CHECK_STR(row_for(false, &r, popcnt, sizeof popcnt), row);
	CHECK_STR(row_for(false, &r, mov, sizeof mov), "nothing");
	r.own_log.count = 0;
	CHECK_STR(row_for(false, &r, popcnt, sizeof popcnt), "nothing");
	r.own_log.count = 1;
	r.kvm.regs.rip = sizeof popcnt; /* it was done, and otherwise */
	CHECK_STR(row_for(false, &r, popcnt, sizeof popcnt), "nothing");
	r.verdict = COMPARE_KVM_FAILS;
	CHECK_STR(row_for(false, &r, popcnt, sizeof popcnt), row);
}

int main(void)
{
	RUN(there_is_room_for_all_rows);
	RUN(emms_raises_nothing_on_tcg_alone);
	RUN(a_rotation_by_all_its_bits_changes_something_on_tcg);
	RUN(an_int_that_leads_to_a_double_fault_may_push_the_next_address_on_tcg);
	RUN(popcnt_of_a_device_is_not_emulated);
	RUN(moves_between_mmx_and_xmm_raise_nothing_on_tcg);
	return check_done();
}

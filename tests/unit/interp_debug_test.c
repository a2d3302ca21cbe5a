/* mov from and to debug registers, which are the caller's. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

enum { DE = 8, UD = 6, GP = 13, DONE = -1, HANDED = -2 };

static uint64_t registers[8];
static unsigned asked;

static bool debug(void *ctx, unsigned number, uint64_t *value, bool is_write)
{
	(void)ctx;
	asked++;
	if (is_write)
		registers[number] = *value;
	else
		*value = registers[number];
	return true;
}

static void open_with(
        struct rig *r, unsigned bits, bool (*callback)(void *, unsigned, uint64_t *, bool))
{
	rig_open(r, bits);
	const struct interp_slot slot = { 0, RIG_RAM, r->ram, false };
	r->config.debug = callback;
	interp_free(r->c);
	r->c = interp_new(&r->config);
	interp_set_slots(r->c, &slot, 1);
	asked = 0;
	for (unsigned n = 0; n < 8; n++)
		registers[n] = 0x1111111111111111 * n;
}

struct row {
	const char *name;
	unsigned bits, op, number, cr4;
	uint64_t value; /* of rax: before a write, after a read */
	int comes_of_it;
	uint64_t stored;
};

static void run_row(const struct row *row)
{
	struct rig r;
	bool is_write = row->op == 0x23;
	unsigned register_of = row->number == 4 || row->number == 5 ? row->number + 2 : row->number;
	open_with(&r, row->bits, debug);
	const uint8_t modrm = (uint8_t)(0xc0 | (row->number & 7) << 3);
	if (row->number < 8)
		RIG_CODE_IS(&r, 0x0f, (uint8_t)row->op, modrm);
	else
		RIG_CODE_IS(&r, 0x44, 0x0f, (uint8_t)row->op, modrm);
	r.sregs.cr4 |= row->cr4;
	r.regs.rax = is_write ? row->value : UINT64_MAX;
	const uint64_t rax = r.regs.rax;
	enum interp_why why = rig_run(&r, 1);
	int vector = interp_last_vector(r.c);
	bool is_right = row->comes_of_it == HANDED
	                        ? why == INTERP_HANDOVER && vector < 0
	                        : why == INTERP_COUNT && vector == row->comes_of_it;
	if (row->comes_of_it == DONE)
		is_right = is_right && asked == 1 && r.regs.rip == RIG_CODE + 3 &&
		           (is_write ? registers[register_of] == row->stored
		                     : r.regs.rax == row->value);
	else
		is_right = is_right && !asked && r.regs.rax == rax;
	if (!is_right)
		CHECK_FAIL("%s: why %d, vector %d, rax %llx, %u asked", row->name, why, vector,
		        r.regs.rax, asked);
	rig_close(&r);
}

static void they_are_read_and_written(void)
{
	static const struct row rows[] = {
		{ "dr1 is read", 64, 0x21, 1, 0, 0x1111111111111111, DONE, 0 },
		{ "dr1 is read in 32-bit code", 32, 0x21, 1, 0, 0x11111111, DONE, 0 },
		{ "dr4 is dr6", 16, 0x21, 4, 0, 0x66666666, DONE, 0 },
		{ "dr5 is dr7", 64, 0x21, 5, 0, 0x7777777777777777, DONE, 0 },
		{ "dr4 with CR4.DE", 32, 0x21, 4, DE, 0, UD, 0 },
		{ "dr5 is written with CR4.DE", 64, 0x23, 5, DE, 0x400, UD, 0 },
		{ "dr8", 64, 0x21, 8, 0, 0, UD, 0 },
		{ "dr15", 64, 0x23, 15, 0, 0x400, UD, 0 },
		{ "dr0", 64, 0x23, 0, 0, 0x7fffffffffff, DONE, 0x7fffffffffff },
		{ "dr3 in 16-bit code", 16, 0x23, 3, 0, 0x1122334455, DONE, 0x22334455 },
		{ "dr0, not canonical", 64, 0x23, 0, 0, 0x800000000000, HANDED, 0 },
		{ "dr6 as Linux clears it", 64, 0x23, 6, 0, 0xffff0ff0, DONE, 0xffff0ff0 },
		{ "dr6, with B0 and BS", 64, 0x23, 6, 0, 0x14801, DONE, 0xffff4ff1 },
		{ "dr6: RTM is cleared", 32, 0x23, 6, 0, 0xfffe0ff0, HANDED, 0 },
		{ "dr6: bit 12", 32, 0x23, 6, 0, 0xffff1ff0, HANDED, 0 },
		{ "dr6 of 64 bits", 64, 0x23, 6, 0, 0x1ffff0ff0, GP, 0 },
		{ "dr6 of 64 bits in 32-bit code", 32, 0x23, 6, 0, 0x1ffff0ff0, DONE, 0xffff0ff0 },
		{ "dr7", 64, 0x23, 7, 0, 0, DONE, 0x400 },
		{ "dr7 by dr5", 32, 0x23, 5, 0, 0x00d50300, DONE, 0x00d50700 },
		{ "dr7: L0", 64, 0x23, 7, 0, 0x401, HANDED, 0 },
		{ "dr7: G3", 64, 0x23, 7, 0, 0x480, HANDED, 0 },
		{ "dr7: GD", 32, 0x23, 7, 0, 0x2400, HANDED, 0 },
		{ "dr7: RTM", 32, 0x23, 7, 0, 0xc00, HANDED, 0 },
		{ "dr7 of 64 bits", 64, 0x23, 7, 0, 0x8000000000000400, GP, 0 },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		run_row(&rows[k]);
}

static bool refuse(void *ctx, unsigned number, uint64_t *value, bool is_write)
{
	(void)ctx, (void)number, (void)value, (void)is_write;
	return false;
}

static void whom_nobody_answers_is_handed_over(void)
{
	for (unsigned has_callback = 0; has_callback < 2; has_callback++) {
		struct rig r;
		open_with(&r, 32, has_callback ? refuse : NULL);
		RIG_CODE_IS(&r, 0x0f, 0x21, 0xc0);
		r.regs.rax = 5;
		CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
		CHECK_EQ(r.regs.rax, 5);
		rig_close(&r);
	}
}

int main(void)
{
	RUN(they_are_read_and_written);
	RUN(whom_nobody_answers_is_handed_over);
	return check_done();
}

/* Instructions whose operand in memory is a device's. rig_mmio reads 9ch in every byte. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

#define NO_RAM 0x7fff0000u

static void open_at(struct rig *r, unsigned bits, uint64_t operand)
{
	rig_open(r, bits);
	r->regs.rbx = r->regs.rdi = operand;
	r->regs.rsi = RIG_DATA;
}

static void what_is_read_and_written_is_asked_for_in_this_order(void)
{
	static const struct {
		uint8_t code[8];
		uint32_t eax; /* afterwards; 1234h before */
		unsigned accesses;
		bool is_write[2];
		uint32_t value; /* that was written */
		unsigned size;
	} rows[] = {
		{ { 0x01, 0x03 }, 0x1234, 2, { false, true }, 0x9c9caed0, 4 }, /* add [ebx], eax */
		{ { 0x03, 0x03 }, 0x9c9caed0, 1, { false }, 0, 4 },            /* add eax, [ebx] */
		{ { 0x39, 0x03 }, 0x1234, 1, { false }, 0, 4 },                /* cmp */
		{ { 0xfe, 0x03 }, 0x1234, 2, { false, true }, 0x9d, 1 },       /* inc */
		{ { 0x66, 0x87, 0x03 }, 0x9c9c, 2, { false, true }, 0x1234, 2 }, /* xchg */
		{ { 0xf0, 0x0f, 0xc1, 0x03 }, 0x9c9c9c9c, 2, { false, true }, 0x9c9caed0,
		        4 }, /* xadd */
		{ { 0x0f, 0xba, 0x2b, 0x00 }, 0x1234, 2, { false, true }, 0x9c9c9c9d, 4 }, /* bts */
		{ { 0xd0, 0x2b }, 0x1234, 2, { false, true }, 0x4e, 1 },                   /* shr */
		{ { 0x0f, 0x94, 0x03 }, 0x1234, 1, { true }, 0, 1 }, /* sete */
		{ { 0x8c, 0x1b }, 0x1234, 1, { true }, RIG_DS, 2 },  /* mov [ebx], ds */
		{ { 0xff, 0x33 }, 0x1234, 1, { false }, 0, 4 },      /* push */
		{ { 0x8f, 0x03 }, 0x1234, 1, { true }, 0x55, 4 },    /* pop */
		{ { 0xae }, 0x1234, 1, { false }, 0, 1 },            /* scasb */
		{ { 0x6d }, 0x1234, 1, { true }, 0xa5a5a5a5, 4 },    /* insd */
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		open_at(&r, 32, NO_RAM);
		rig_code(&r, rows[k].code, sizeof rows[k].code);
		r.regs.rax = 0x1234;
		rig_put(&r, RIG_STACK, 0x55, 4);
		enum interp_why why = rig_run(&r, 1);
		bool is_good = why == INTERP_COUNT && r.mmios == rows[k].accesses &&
		               r.regs.rax == rows[k].eax;
		for (unsigned n = 0; n < r.mmios && is_good; n++)
			is_good = r.mmio_gpa[n] == NO_RAM && r.mmio_size[n] == rows[k].size &&
			          r.mmio_is_write[n] == rows[k].is_write[n] &&
			          (!r.mmio_is_write[n] || r.mmio_value[n] == rows[k].value);
		if (!is_good)
			CHECK_FAIL("row %zu: why %d, %u accesses, eax %llx, wrote %llx", k, why,
			        r.mmios, r.regs.rax,
			        (unsigned long long)r.mmio_value[r.mmios ? r.mmios - 1 : 0]);
		rig_close(&r);
	}
}

static void what_was_read_goes_on_to_the_stack_and_flags(void)
{
	struct rig r;
	open_at(&r, 32, NO_RAM);
	RIG_CODE_IS(&r, 0xff, 0x33, 0x84, 0x03); /* push dword [ebx]; test [ebx], al */
	CHECK_EQ(rig_run(&r, 2), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, RIG_STACK - 4, 4), 0x9c9c9c9c);
	CHECK_EQ(r.regs.rsp, RIG_STACK - 4);
	CHECK(r.regs.rflags & 0x40); /* 9ch & 0 */
	CHECK_EQ(r.mmios, 2);
	rig_close(&r);
}

/* Both operands of one instruction. */
static void two_devices_are_read_one_after_the_other(void)
{
	struct rig r;
	open_at(&r, 32, NO_RAM);
	r.regs.rsi = NO_RAM + 0x1000;
	RIG_CODE_IS(&r, 0xa7); /* cmpsd */
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.mmios, 2);
	CHECK_EQ(r.mmio_gpa[0], NO_RAM + 0x1000);
	CHECK_EQ(r.mmio_gpa[1], NO_RAM);
	CHECK_EQ(r.regs.rsi, NO_RAM + 0x1004);
	CHECK_EQ(r.regs.rdi, NO_RAM + 4);
	CHECK(r.regs.rflags & 0x40);
	rig_close(&r);
}

/* And nothing has happened: neither at the device, nor at the port. */
static void an_exception_comes_before_the_device_is_asked(void)
{
	static const uint8_t codes[][2] = { { 0xff, 0x33 }, { 0x8f, 0x03 }, { 0xa7 }, { 0x6f } };
	for (size_t k = 0; k < ARRAY_SIZE(codes); k++) {
		struct rig r;
		open_at(&r, 32, NO_RAM);
		rig_code(&r, codes[k], sizeof codes[k]);
		r.regs.rsp = k < 2 ? 0x20000 : RIG_STACK;
		r.sregs.ss.limit = r.sregs.ds.limit = 0x1ffff;
		r.sregs.ds.limit = k < 2 ? UINT32_MAX : 0x1ffff;
		r.regs.rsi = 0x20000;
		if (k < 2) /* push fits, pop does not */
			r.regs.rsp = k ? 0x20000 : 2;
		struct kvm_regs before = r.regs;
		enum interp_why why = rig_run(&r, 1);
		int vector = interp_last_vector(r.c);
		if (r.mmios || r.ports ||
		        (why == INTERP_HANDOVER ? memcmp(&before, &r.regs, sizeof before) != 0
		                                : vector < 12))
			CHECK_FAIL(
			        "row %zu: why %d, vector %d, %u accesses", k, why, vector, r.mmios);
		rig_close(&r);
	}
}

/* What depends on what is read, or goes on in another page, is KVM's. */
static void what_may_fail_by_what_is_read_is_handed_over(void)
{
	static const uint8_t codes[][3] = { { 0xf7, 0x33 }, { 0xff, 0x23 }, { 0x8e, 0x1b },
		{ 0x0f, 0xbc, 0x03 }, { 0xff, 0x1b }, { 0x0f, 0x00, 0x23 } };
	struct rig r;
	for (size_t k = 0; k < ARRAY_SIZE(codes); k++) {
		open_at(&r, 32, NO_RAM);
		rig_code(&r, codes[k], sizeof codes[k]);
		if (rig_run(&r, 1) != INTERP_HANDOVER || r.mmios)
			CHECK_FAIL("row %zu: %u accesses", k, r.mmios);
		rig_close(&r);
	}
	open_at(&r, 32, NO_RAM + 0xffe);
	RIG_CODE_IS(&r, 0x01, 0x03);
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	CHECK_EQ(r.mmios, 0);
	rig_close(&r);
}

static void the_stacks_page_becomes_dirty_beside_a_device(void)
{
	struct rig r;
	rig_open(&r, 64);
	rig_put(&r, rig_pte(0x20000), NO_RAM | 0x67, 8);
	rig_put(&r, rig_pte(RIG_STACK - 8), ((RIG_STACK - 8) & ~0xfff) | 3, 8);
	RIG_CODE_IS(&r, 0xff, 0x33); /* push [rbx] */
	r.regs.rbx = 0x20000;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.mmios, 1);
	CHECK_EQ(rig_get(&r, rig_pte(RIG_STACK - 8), 1), 0x63);
	rig_close(&r);
}

static void a_watched_device_is_told_once(void)
{
	static const struct interp_watch watch = { NO_RAM, 4, true, true };
	const struct interp_hit *hits;
	struct rig r;
	open_at(&r, 32, NO_RAM);
	RIG_CODE_IS(&r, 0x01, 0x03); /* add [ebx], eax */
	interp_set_watches(r.c, &watch, 1);
	CHECK_EQ(rig_run(&r, 1), INTERP_WATCH);
	CHECK_EQ(interp_hits(r.c, &hits), 1);
	CHECK(hits[0].is_write);
	CHECK_EQ(r.mmios, 2);
	rig_close(&r);
}

int main(void)
{
	RUN(what_is_read_and_written_is_asked_for_in_this_order);
	RUN(what_was_read_goes_on_to_the_stack_and_flags);
	RUN(two_devices_are_read_one_after_the_other);
	RUN(an_exception_comes_before_the_device_is_asked);
	RUN(what_may_fail_by_what_is_read_is_handed_over);
	RUN(the_stacks_page_becomes_dirty_beside_a_device);
	RUN(a_watched_device_is_told_once);
	return check_done();
}

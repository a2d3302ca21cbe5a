/* Rings: the ways between them, virtual-8086 mode, and what the outer ones may not. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

#define IF 0x200u

static void a_system_call_of_ring_3_comes_back(void)
{
	for (unsigned bits = 32; bits <= 64; bits *= 2) {
		struct rig r;
		unsigned slot = bits / 8;
		rig_open(&r, bits);
		rig_enter_user(&r);
		RIG_CODE_IS(&r, 0xcd, 0x10, 0x90);
		memcpy(r.ram + RIG_HANDLER + 0x100, bits == 64 ? "\x48\xcf" : "\xcf\xcf", 2);
		rig_set_gate(&r, 0x10, 0xef, 0); /* a trap gate of DPL 3 */
		r.regs.rflags |= IF;
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rip, RIG_HANDLER + 0x100);
		CHECK_EQ(r.sregs.cs.selector, RIG_CS);
		CHECK_EQ(r.sregs.ss.dpl, 0);
		CHECK_EQ(r.sregs.ss.selector, bits == 64 ? 0 : RIG_DS);
		CHECK_EQ(r.regs.rsp, RIG_STACK0 - 5 * slot);
		CHECK_EQ(rig_get(&r, RIG_STACK0 - 1 * slot, slot), RIG_USER_DS);
		CHECK_EQ(rig_get(&r, RIG_STACK0 - 2 * slot, slot), RIG_STACK);
		CHECK_EQ(rig_get(&r, RIG_STACK0 - 4 * slot, slot), RIG_USER_CS);
		CHECK_EQ(rig_get(&r, RIG_STACK0 - 5 * slot, slot), RIG_CODE + 2);
		CHECK(r.regs.rflags & IF); /* a trap gate */
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rip, RIG_CODE + 2);
		CHECK_EQ(r.regs.rsp, RIG_STACK);
		CHECK_EQ(r.sregs.cs.selector, RIG_USER_CS);
		CHECK_EQ(r.sregs.ss.selector, RIG_USER_DS);
		CHECK_EQ(r.sregs.ss.dpl, 3);
		rig_close(&r);
	}
}

static void iret_takes_the_kernels_segments_away(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xcf);
	const uint32_t frame[] = { 0x3000, RIG_USER_CS, 0x202, 0x7000, RIG_USER_DS };
	memcpy(r.ram + RIG_STACK, frame, sizeof frame);
	r.sregs.es.dpl = 3;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.sregs.ds.unusable && !r.sregs.ds.selector && r.sregs.fs.unusable);
	CHECK(!r.sregs.es.unusable);
	CHECK_EQ(r.regs.rsp, 0x7000);
	rig_close(&r);
}

/* Whether fs and gs keep their base then is what vendors differ in; with none there is nothing to keep. */
static void iretq_takes_fs_and_gs_away_where_they_have_no_base(void)
{
	for (unsigned base = 0; base <= 0x1000; base += 0x1000) {
		struct rig r;
		rig_open(&r, 64);
		rig_map(&r, 0x67);
		RIG_CODE_IS(&r, 0x48, 0xcf);
		const uint64_t frame[] = { 0x3000, RIG_USER_CS, 0x202, 0x7000, RIG_USER_DS };
		memcpy(r.ram + RIG_STACK, frame, sizeof frame);
		r.sregs.gs.base = base;
		CHECK_EQ(rig_run(&r, 1), base ? INTERP_HANDOVER : INTERP_COUNT);
		CHECK_EQ(r.sregs.cs.dpl, base ? 0 : 3);
		CHECK_EQ(r.sregs.fs.unusable, !base);
		CHECK_EQ(r.sregs.gs.unusable, !base);
		rig_close(&r);
	}
}

static void what_ring_3_may_not_is_a_general_protection(void)
{
	static const struct {
		uint8_t code[4];
		uint32_t error;
	} rows[] = {
		{ { 0xfa }, 0 },                     /* cli */
		{ { 0x0f, 0x20, 0xc0 }, 0 },         /* mov eax, cr0 */
		{ { 0x0f, 0x01, 0x38 }, 0 },         /* invlpg [eax] */
		{ { 0xcd, 0x0d }, 0x0d * 8 + 2 },    /* int of a gate of DPL 0 */
		{ { 0xcd, 0x40 }, 0x40 * 8 + 2 },    /* past the IDT */
		{ { 0x8e, 0xd9 }, RIG_DS & 0xfffc }, /* mov ds, cx: the kernel's */
	};
	for (unsigned bits = 32; bits <= 64; bits *= 2) {
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			struct rig r;
			rig_open(&r, bits);
			rig_enter_user(&r);
			rig_code(&r, rows[k].code, 4);
			r.regs.rcx = RIG_DS;
			interp_catch(r.c, 1u << 13);
			enum interp_why why = rig_run(&r, 1);
			if (why != INTERP_EXCEPTION || r.regs.rip != RIG_HANDLER + 0xd0 ||
			        rig_get(&r, r.regs.rsp, 4) != rows[k].error ||
			        rig_get(&r, r.regs.rsp + bits / 8, 4) != RIG_CODE)
				CHECK_FAIL("row %zu, %u bits: why %d rip %llx error %" PRIx64, k,
				        bits, why, r.regs.rip, rig_get(&r, r.regs.rsp, 4));
			rig_close(&r);
		}
	}
}

static void interrupt_stacks_are_used(void)
{
	struct rig r;
	rig_open(&r, 64);
	rig_set_gate(&r, 0x10, 0x8e, 1);
	rig_put(&r, RIG_TSS + 36, RIG_STACK1 + 9, 8); /* is aligned */
	RIG_CODE_IS(&r, 0xcd, 0x10);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rsp, RIG_STACK1 - 40);
	CHECK_EQ(rig_get(&r, RIG_STACK1 - 16, 8), RIG_STACK);
	CHECK_EQ(r.sregs.ss.selector, RIG_DS); /* the same ring's */
	rig_close(&r);
}

/* Ring 0 goes to virtual-8086 mode, where an int of the code's comes back to it. */
static void virtual_8086_mode_is_entered_and_left(void)
{
	struct rig r;
	static const uint8_t code[] = {
		0xb8, 0x34, 0x12, /* mov ax, 1234h */
		0x8e, 0xd8,       /* mov ds, ax */
		0xa3, 0x10, 0x00, /* mov [10h], ax */
		0xe6, 0x80,       /* out 80h, al: the TSS has no map */
	};
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xcf);
	memcpy(r.ram + 0x3010, code, sizeof code);
	const uint32_t frame[] = { 0x10, 0x300, 0x23202, 0x100, 0x700, 0x11, 0x22, 0x33, 0x44 };
	memcpy(r.ram + RIG_STACK, frame, sizeof frame);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.sregs.cs.base, 0x3000);
	CHECK_EQ(r.sregs.gs.selector, 0x44);
	CHECK_EQ(r.regs.rflags, 0x23202);
	r.sregs.tr.limit = 0x67;
	rig_put(&r, RIG_TSS + 0x66, 0x68, 2);
	CHECK_EQ(rig_run(&r, 3), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, 0x12350, 2), 0x1234);
	interp_catch(r.c, 1u << 13);
	CHECK_EQ(rig_run(&r, 1), INTERP_EXCEPTION);
	CHECK(!(r.regs.rflags & 0x20000) && r.sregs.cs.selector == RIG_CS && r.sregs.ds.unusable);
	CHECK_EQ(r.regs.rsp, RIG_STACK0 - 40);
	const uint32_t pushed[] = { 0, 0x18, 0x300, 0x33202, 0x100, 0x700, 0x11, 0x1234, 0x33,
		0x44 };
	CHECK(!memcmp(r.ram + RIG_STACK0 - 40, pushed, sizeof pushed));
	rig_close(&r);
}

/* A monitor of virtual-8086 mode returns so from a fault that it has mended: the fault has pushed RF. */
static void virtual_8086_mode_is_returned_to_with_rf(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xcf);
	memset(r.ram + 0x3010, 0x90, 2);
	const uint32_t frame[] = { 0x10, 0x300, 0x33202, 0x100, 0x700, 0x11, 0x22, 0x33, 0x44 };
	memcpy(r.ram + RIG_STACK, frame, sizeof frame);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.sregs.cs.base, 0x3000);
	CHECK_EQ(r.regs.rflags, 0x33202);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, 0x11);
	CHECK_EQ(r.regs.rflags, 0x23202);
	rig_close(&r);
}

static void what_virtual_8086_mode_may_not(void)
{
	static const uint8_t codes[][2] = { { 0xcd, 0x10 }, { 0x9c }, { 0x9d }, { 0xfa }, { 0xcf },
		{ 0xf4 } };
	for (size_t k = 0; k < ARRAY_SIZE(codes); k++) {
		struct rig r;
		rig_open(&r, 32);
		struct kvm_segment s = rig_segment(16, false);
		s.dpl = 3;
		r.sregs.cs = r.sregs.ss = r.sregs.ds = r.sregs.es = r.sregs.fs = r.sregs.gs = s;
		rig_code(&r, codes[k], 2);
		r.regs.rflags = 0x20002; /* IOPL 0 */
		interp_catch(r.c, 1u << 13);
		CHECK_EQ(rig_run(&r, 1), INTERP_EXCEPTION);
		CHECK_EQ(rig_get(&r, r.regs.rsp, 4), 0);
		rig_close(&r);
	}
}

static void ports_are_allowed_by_the_map(void)
{
	struct rig r;
	rig_open(&r, 32);
	rig_enter_user(&r);
	RIG_CODE_IS(&r, 0xe6, 0x80, 0xe7, 0x80); /* out 80h, al; out 80h, eax */
	r.sregs.tr.limit = 0x100;
	rig_put(&r, RIG_TSS + 0x66, 0x68, 2);
	rig_put(&r, RIG_TSS + 0x68 + 0x10, 0x8, 1); /* 83h is not */
	interp_catch(r.c, 1u << 13);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.ports, 1);
	CHECK_EQ(rig_run(&r, 1), INTERP_EXCEPTION);
	CHECK_EQ(r.ports, 1);
	rig_close(&r);
}

static void syscall_and_sysret(void)
{
	struct rig r;
	static const struct interp_msrs msrs = { .star = 0x0023000800000000,
		.lstar = 0x3000,
		.fmask = 0x200,
		.kernel_gs_base = 0x5000 };
	struct interp_msrs after;
	rig_open(&r, 64);
	rig_enter_user(&r);
	r.sregs.efer |= 1;
	RIG_CODE_IS(&r, 0x0f, 0x05);
	memcpy(r.ram + 0x3000, "\x0f\x01\xf8\x48\x0f\x07", 6); /* swapgs; sysretq */
	r.regs.rflags |= IF;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER); /* the MSRs are not known */
	interp_load(r.c, &r.regs, &r.sregs, 0, false);
	interp_set_msrs(r.c, &msrs);
	CHECK_EQ(interp_run(r.c, 1, &r.done), INTERP_COUNT);
	interp_save(r.c, &r.regs, &r.sregs);
	CHECK_EQ(r.regs.rip, 0x3000);
	CHECK_EQ(r.regs.rcx, RIG_CODE + 2);
	CHECK_EQ(r.regs.r11, 0x202);
	CHECK(!(r.regs.rflags & IF));
	CHECK(r.sregs.cs.selector == 8 && r.sregs.ss.selector == 16 && r.sregs.ss.dpl == 0);
	CHECK(!interp_get_msrs(r.c, &after));
	CHECK_EQ(interp_run(r.c, 2, &r.done), INTERP_COUNT);
	interp_save(r.c, &r.regs, &r.sregs);
	CHECK_EQ(r.regs.rip, RIG_CODE + 2);
	CHECK_EQ(r.regs.rflags, 0x202);
	CHECK(r.sregs.cs.selector == 0x33 && r.sregs.ss.selector == 0x2b && r.sregs.ss.dpl == 3);
	CHECK_EQ(r.sregs.gs.base, 0x5000);
	CHECK(interp_get_msrs(r.c, &after) && after.kernel_gs_base == 0);
	rig_close(&r);
}

static void conforming_code_is_gone_to_from_outside(void)
{
	struct rig r;
	rig_open(&r, 32);
	rig_put(&r, RIG_GDT + RIG_OTHER_CS, 0x00cf9f000000ffff, 8);
	rig_enter_user(&r);
	RIG_CODE_IS(&r, 0xea, 0, 0x30, 0, 0, RIG_OTHER_CS, 0);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, 0x3000);
	CHECK_EQ(r.sregs.cs.selector, RIG_OTHER_CS | 3);
	CHECK_EQ(r.sregs.ss.dpl, 3);
	rig_close(&r);
}

/* The handler runs in the ring that was interrupted, on its stack. */
static void gates_lead_to_conforming_code(void)
{
	for (unsigned bits = 32; bits <= 64; bits *= 2) {
		struct rig r;
		unsigned slot = bits / 8;
		rig_open(&r, bits);
		rig_put(&r, RIG_GDT + RIG_CS, bits == 64 ? 0x00af9f000000ffff : 0x00cf9f000000ffff,
		        8);
		rig_enter_user(&r);
		rig_set_gate(&r, 0x10, 0xee, 0);
		RIG_CODE_IS(&r, 0xcd, 0x10);
		memcpy(r.ram + RIG_HANDLER + 0x100, bits == 64 ? "\x48\xcf" : "\xcf\xcf", 2);
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rip, RIG_HANDLER + 0x100);
		CHECK_EQ(r.sregs.cs.selector, RIG_CS | 3);
		CHECK_EQ(r.sregs.ss.dpl, 3);
		CHECK_EQ(r.regs.rsp, RIG_STACK - (bits == 64 ? 5 : 3) * slot);
		CHECK_EQ(rig_get(&r, r.regs.rsp, slot), RIG_CODE + 2);
		CHECK_EQ(rig_get(&r, r.regs.rsp + slot, slot), RIG_USER_CS);
		rig_put(&r, RIG_GDT + RIG_CS, 0x00cf9b000000ffff, 8);
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT); /* iret */
		CHECK_EQ(r.regs.rip, RIG_CODE + 2);
		CHECK_EQ(r.regs.rsp, RIG_STACK);
		rig_close(&r);
	}
}

int main(void)
{
	RUN(a_system_call_of_ring_3_comes_back);
	RUN(iret_takes_the_kernels_segments_away);
	RUN(iretq_takes_fs_and_gs_away_where_they_have_no_base);
	RUN(what_ring_3_may_not_is_a_general_protection);
	RUN(interrupt_stacks_are_used);
	RUN(virtual_8086_mode_is_entered_and_left);
	RUN(virtual_8086_mode_is_returned_to_with_rf);
	RUN(what_virtual_8086_mode_may_not);
	RUN(ports_are_allowed_by_the_map);
	RUN(syscall_and_sysret);
	RUN(conforming_code_is_gone_to_from_outside);
	RUN(gates_lead_to_conforming_code);
	return check_done();
}

/* Rings, paging, system instructions, the x87's start, and what is no RAM. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

#define IF 0x200u

/* Sets a gate's byte of type and DPL, and its IST. */
static void set_gate(struct rig *r, unsigned vector, uint8_t type, uint8_t ist)
{
	unsigned at = RIG_IDT + vector * (r->bits == 64 ? 16 : 8);
	r->ram[at + 5] = type;
	r->ram[at + 4] = ist;
}

static void a_system_call_of_ring_3_comes_back(void)
{
	for (unsigned bits = 32; bits <= 64; bits *= 2) {
		struct rig r;
		unsigned slot = bits / 8;
		rig_open(&r, bits);
		rig_enter_user(&r);
		RIG_CODE_IS(&r, 0xcd, 0x10, 0x90);
		memcpy(r.ram + RIG_HANDLER + 0x100, bits == 64 ? "\x48\xcf" : "\xcf\xcf", 2);
		set_gate(&r, 0x10, 0xef, 0); /* a trap gate of DPL 3 */
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

static void ring_3_has_its_own_rights_to_pages(void)
{
	static const struct {
		uint64_t pte; /* of RIG_DATA */
		uint8_t op;   /* a0: read, a2: written */
		int64_t error;
	} rows[] = {
		{ 0x2067, 0xa2, -1 },
		{ 0x2065, 0xa2, 7 }, /* read-only */
		{ 0x2065, 0xa0, -1 },
		{ 0x2063, 0xa0, 5 }, /* the supervisor's */
		{ 0x2063, 0xa2, 7 },
		{ 0x2066, 0xa0, 4 }, /* not there */
		{ 0x2000ull | 0x67 | 1ull << 63, 0xa0, -1 },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 64);
		rig_enter_user(&r);
		rig_put(&r, rig_pte(RIG_DATA), rows[k].pte, 8);
		RIG_CODE_IS(&r, rows[k].op, 8, 0x20, 0, 0, 0, 0, 0, 0);
		interp_catch(r.c, 1u << 14);
		enum interp_why why = rig_run(&r, 1);
		if (rows[k].error < 0) {
			CHECK_EQ(why, INTERP_COUNT);
		} else {
			CHECK_EQ(why, INTERP_EXCEPTION);
			CHECK_EQ(rig_get(&r, r.regs.rsp, 8), rows[k].error);
			CHECK_EQ(r.sregs.cr2, 0x2008);
		}
		rig_close(&r);
	}
}

static void which_of_two_pages_faults_is_left_open(void)
{
	static const struct {
		uint64_t first, second;
		enum interp_why why;
		uint64_t cr2;
	} rows[] = {
		{ 0x2063, 0x3067, INTERP_EXCEPTION, 0x2ffc },
		{ 0x2067, 0x3063, INTERP_EXCEPTION, 0x3000 },
		{ 0x2063, 0x3066, INTERP_HANDOVER, 0 },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 64);
		rig_enter_user(&r);
		rig_put(&r, rig_pte(0x2000), rows[k].first, 8);
		rig_put(&r, rig_pte(0x3000), rows[k].second, 8);
		RIG_CODE_IS(&r, 0x48, 0x8b, 0x06); /* mov rax, [rsi] */
		r.regs.rsi = 0x2ffc;
		interp_catch(r.c, 1u << 14);
		CHECK_EQ(rig_run(&r, 1), rows[k].why);
		CHECK_EQ(r.sregs.cr2, rows[k].cr2);
		rig_close(&r);
	}
}

static void accessed_and_dirty_are_set_when_it_is_done(void)
{
	struct rig r;
	rig_open(&r, 64);
	rig_put(&r, rig_pte(RIG_DATA), 0x2003, 8);
	rig_put(&r, RIG_TABLES, (RIG_TABLES + 0x1000) | 3, 8);
	RIG_CODE_IS(&r, 0xa0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0xa2, 0, 0x20, 0, 0, 0, 0, 0, 0);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, rig_pte(RIG_DATA), 8), 0x2023);
	CHECK_EQ(rig_get(&r, RIG_TABLES, 8), (RIG_TABLES + 0x1000) | 0x23);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(rig_get(&r, rig_pte(RIG_DATA), 8), 0x2063);
	rig_close(&r);
}

/* A fault sets Accessed in what has led to the entry that is at fault: SDM vol 3, "Accessed and Dirty Flags". */
static void a_page_fault_sets_accessed_on_its_way(void)
{
	static const uint64_t entries[] = { 0x2002, 0x2001 }; /* not present; read-only */
	for (size_t k = 0; k < ARRAY_SIZE(entries); k++) {
		struct rig r;
		rig_open(&r, 64);
		r.sregs.cr0 |= 1u << 16; /* WP */
		rig_put(&r, rig_pte(RIG_DATA), entries[k], 8);
		rig_put(&r, RIG_TABLES, (RIG_TABLES + 0x1000) | 3, 8);
		RIG_CODE_IS(&r, 0xa2, 0, 0x20, 0, 0, 0, 0, 0, 0); /* mov [2000h], al */
		interp_catch(r.c, 1u << 14);
		CHECK_EQ(rig_run(&r, 1), INTERP_EXCEPTION);
		CHECK_EQ(rig_get(&r, RIG_TABLES, 8), (RIG_TABLES + 0x1000) | 0x23);
		CHECK_EQ(rig_get(&r, rig_pte(RIG_DATA), 8), entries[k]);
		rig_close(&r);
	}
}

/* What is written on the way to a fault is not: Dirty and a descriptor's Accessed are set by what is done. */
static void a_fault_after_a_write_is_handed_over(void)
{
	struct rig r;
	rig_open(&r, 64);
	rig_put(&r, rig_pte(RIG_DATA), 0x2023, 8);
	rig_put(&r, rig_pte(0x3000), 0x3002, 8);
	RIG_CODE_IS(&r, 0x89, 0x06); /* mov [rsi], eax */
	r.regs.rsi = 0x2ffe;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	CHECK_EQ(rig_get(&r, rig_pte(RIG_DATA), 8), 0x2023);
	rig_close(&r);
}

static void interrupt_stacks_are_used(void)
{
	struct rig r;
	rig_open(&r, 64);
	set_gate(&r, 0x10, 0x8e, 1);
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

static void cpuid_and_the_time_are_the_callers(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x0f, 0xa2, 0x0f, 0x31, 0x0f, 0x01, 0xf9); /* cpuid; rdtsc; rdtscp */
	r.regs.rax = 4;
	r.regs.rcx = 1;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rax, 41);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.regs.rax == 0x55667788 && r.regs.rdx == 0x11223344);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rcx, 7);
	r.regs.rip = RIG_CODE;
	r.regs.rax = 1;
	r.sregs.cr4 |= 1u << 18; /* OSXSAVE */
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rcx, 3u << 26);
	r.regs.rip = RIG_CODE;
	r.regs.rax = 0x1234;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	rig_close(&r);
}

/* ... and raises #NM where CR0 says so, whatever it would do. SDM vol 3, "x87 FPU". */
static void the_x87_is_not_there_by_cr0(void)
{
	static const struct {
		uint8_t code[3];
		uint32_t cr0; /* EM 4, TS 8 */
		int vector;   /* -1: handed over */
	} rows[] = {
		{ { 0xd9, 0xe8 }, 8, 7 }, /* fld1 */
		{ { 0xd9, 0xe8 }, 4, 7 },
		{ { 0xd9, 0xe8 }, 0, -1 },
		{ { 0xde, 0xc1 }, 8, 7 },       /* faddp */
		{ { 0xd9, 0xd1 }, 8, -1 },      /* none */
		{ { 0xdc, 0x06 }, 8, 7 },       /* fadd qword [esi] */
		{ { 0x0f, 0xae, 0x06 }, 8, 7 }, /* fxsave [esi] */
		{ { 0x0f, 0xae, 0x06 }, 0, -1 },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 32);
		rig_code(&r, rows[k].code, sizeof rows[k].code);
		r.sregs.cr0 |= rows[k].cr0;
		CHECK_EQ(rig_run(&r, 1), rows[k].vector < 0 ? INTERP_HANDOVER : INTERP_COUNT);
		CHECK_EQ(interp_last_vector(r.c), rows[k].vector);
		rig_close(&r);
	}
}

/* Exceptions that are sure, whoever has made the CPU. */
static void what_is_not_there_is_undefined(void)
{
	static const struct {
		uint8_t bits, code[4];
		bool is_user;
		uint64_t rax;
		int vector; /* -1: handed over */
	} rows[] = {
		{ 32, { 0x0f, 0x05 }, false, 0, 6 }, /* syscall, without EFER.SCE */
		{ 16, { 0x0f, 0x07 }, false, 0, 6 },
		{ 16, { 0x0f, 0x34 }, false, 0, 13 }, /* sysenter */
		{ 32, { 0x0f, 0x34 }, false, 0, -1 }, { 32, { 0x0f, 0x35 }, true, 0, 13 },
		{ 32, { 0x0f, 0x22, 0xe8 }, false, 0, 6 },           /* mov cr5, eax */
		{ 32, { 0x0f, 0x22, 0xc0 }, false, 0x80000010, 13 }, /* PG without PE */
		{ 32, { 0x0f, 0x22, 0xc0 }, false, 0x20000011, 13 }, /* NW without CD */
		{ 32, { 0x0f, 0x21, 0xc0 }, true, 0, 13 },           /* mov eax, dr0 */
		{ 32, { 0x0f, 0x21, 0xc0 }, false, 0, -1 },
		{ 32, { 0x0f, 0x21, 0xe0 }, true, 0, -1 },       /* dr4 */
		{ 64, { 0x44, 0x0f, 0x21, 0xc0 }, true, 0, -1 }, /* dr8 */
		{ 32, { 0x8e, 0xd8 }, false, 0x0c,
		        13 },                        /* mov ds, ax: of an LDT that there is not */
		{ 32, { 0x8f, 0xc8 }, false, 0, 6 }, /* no XOP by cpuid */
		{ 16, { 0x0f, 0xb2, 0xc0 }, false, 0, 6 },        /* lss of a register */
		{ 64, { 0x0f, 0xb5, 0xc0 }, false, 0, 6 },        /* lgs */
		{ 32, { 0xc4, 0xc0 }, false, 0, -1 },             /* VEX */
		{ 32, { 0x0f, 0x00, 0xf0 }, false, 0, 6 },        /* 0f 00 /6 */
		{ 64, { 0xf2, 0x0f, 0x00, 0xf0 }, false, 0, -1 }, /* lkgs */
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, rows[k].bits);
		r.sregs.ldt = (struct kvm_segment) { .unusable = 1 };
		if (rows[k].is_user)
			rig_enter_user(&r);
		rig_code(&r, rows[k].code, sizeof rows[k].code);
		r.regs.rax = rows[k].rax;
		CHECK_EQ(rig_run(&r, 1), rows[k].vector < 0 ? INTERP_HANDOVER : INTERP_COUNT);
		CHECK_EQ(interp_last_vector(r.c), rows[k].vector);
		rig_close(&r);
	}
}

/* Types that lar and lsl tell of: SDM vol 2. */
static void lar_and_lsl_know_system_descriptors(void)
{
	static const struct {
		uint8_t type;
		bool lar, lsl;
	} rows[] = { { 0, false, false }, { 2, true, true }, { 5, true, false },
		{ 6, false, false }, { 9, true, true }, { 11, true, true }, { 12, true, false },
		{ 14, false, false } };
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 32);
		RIG_CODE_IS(
		        &r, 0x0f, 0x02, 0xc1, 0x0f, 0x03, 0xd1); /* lar eax, ecx; lsl edx, ecx */
		rig_put(&r, RIG_GDT + 0x40, 0x0000800012340067 | (uint64_t)rows[k].type << 40, 8);
		r.sregs.gdt.limit = 0x47;
		r.regs.rcx = 0x40;
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rax, rows[k].lar ? 0x8000u | (uint32_t)rows[k].type << 8 : 0);
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rdx, rows[k].lsl ? 0x67 : 0);
		rig_close(&r);
	}
}

static void msrs_are_the_callers(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(
	        &r, 0x0f, 0x30, 0x0f, 0x32, 0x41, 0x0f, 0x32); /* wrmsr; rdmsr; inc ecx; rdmsr */
	r.regs.rcx = 0x175;
	r.regs.rax = 0x11111111;
	r.regs.rdx = 0x2222;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.msr, 0x222211111111);
	r.msr = 0x333344444444;
	CHECK_EQ(rig_run(&r, 2), INTERP_COUNT);
	CHECK(r.regs.rax == 0x44444444 && r.regs.rdx == 0x3333);
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER); /* another one is KVM's */
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
		set_gate(&r, 0x10, 0xee, 0);
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

static void the_x87_is_found(void)
{
	struct rig r;
	static const struct interp_x87 before = { .fcw = 0x123, .fsw = 0x4567, .ftwx = 0xff };
	struct interp_x87 after;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0xdb, 0xe3, 0xdf, 0xe0, 0xd9, 0x3e, 0, 0x20,
	        0x9b); /* fninit; fnstsw ax; fnstcw [2000h]; fwait */
	r.regs.rax = 0xffff;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER); /* not known */
	interp_load(r.c, &r.regs, &r.sregs, 0, false);
	interp_set_x87(r.c, &before);
	CHECK_EQ(interp_run(r.c, 4, &r.done), INTERP_COUNT);
	interp_save(r.c, &r.regs, &r.sregs);
	CHECK_EQ(r.regs.rax, 0);
	CHECK_EQ(rig_get(&r, 0x2000, 2), 0x37f);
	CHECK(interp_get_x87(r.c, &after) && after.fcw == 0x37f && !after.fsw && !after.ftwx);
	r.regs.rip = RIG_CODE;
	r.sregs.cr0 |= 4; /* EM */
	interp_catch(r.c, 1u << 7);
	CHECK_EQ(rig_run(&r, 1), INTERP_EXCEPTION);
	CHECK_EQ(interp_last_vector(r.c), 7);
	rig_close(&r);
}

static void what_is_no_ram_is_the_callers(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xa1, 4, 0, 0, 0xf0, /* mov eax, [f0000004] */
	        0x66, 0xa3, 8, 0, 0, 0xf0,   /* mov [f0000008], ax */
	        0x0f, 0xbe, 0x06,            /* movsx eax, [esi] */
	        0xf3, 0xa5);                 /* rep movsd */
	r.regs.rsi = 0xf0001000;
	r.regs.rdi = 0xf0002000;
	r.regs.rcx = 2;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.mmio_gpa[0] == 0xf0000004 && r.mmio_size[0] == 4 && !r.mmio_is_write[0]);
	CHECK_EQ(r.regs.rax, 0x9c9c9c9c);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.mmio_gpa[1] == 0xf0000008 && r.mmio_size[1] == 2 && r.mmio_is_write[1]);
	CHECK_EQ(r.mmio_value[1], 0x9c9c);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rax, 0xffffff9c);
	r.mmios = 0;
	CHECK_EQ(rig_run(&r, 2), INTERP_COUNT);
	CHECK_EQ(r.mmios, 4);
	CHECK(r.mmio_gpa[2] == 0xf0001004 && r.mmio_gpa[3] == 0xf0002004 && r.mmio_is_write[3]);
	CHECK_EQ(r.regs.rcx, 0);
	CHECK_EQ(r.regs.rip, RIG_CODE + 16);
	rig_close(&r);
}

static void what_is_no_ram_can_be_watched(void)
{
	struct rig r;
	const struct interp_hit *hits;
	static const struct interp_watch watch = { 0xf0000001, 1, false, true };
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xa3, 0, 0, 0, 0xf0); /* mov [f0000000], eax */
	interp_set_watches(r.c, &watch, 1);
	CHECK_EQ(rig_run(&r, 1), INTERP_WATCH);
	CHECK_EQ(interp_hits(r.c, &hits), 1);
	CHECK_EQ(hits->gva, 0xf0000001);
	rig_close(&r);
}

static void a_rom_is_not_written(void)
{
	struct rig r;
	rig_open(&r, 32);
	const struct interp_slot slots[] = { { 0, 0x2000, r.ram, false },
		{ 0x2000, 0x1000, r.ram + 0x2000, true } };
	interp_set_slots(r.c, slots, 2);
	RIG_CODE_IS(&r, 0xa3, 0, 0x20, 0, 0, 0xff, 0x05, 0, 0x20, 0,
	        0); /* mov [2000h], eax; inc [2000h] */
	r.regs.rax = 0x12345678;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.mmios == 1 && r.mmio_gpa[0] == 0x2000 && r.mmio_is_write[0]);
	CHECK_EQ(rig_get(&r, 0x2000, 4), 0);
	rig_put(&r, 0x2000, 0x11, 4);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT); /* its bytes are read, the device is written */
	CHECK(r.mmios == 2 && r.mmio_is_write[1] && r.mmio_value[1] == 0x12);
	CHECK_EQ(rig_get(&r, 0x2000, 4), 0x11);
	rig_close(&r);
}

static void a20_off_wraps(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xa1, 0, 0x20, 0x10, 0); /* mov eax, [102000h] */
	rig_put(&r, 0x2000, 0x11223344, 4);
	interp_set_a20(r.c, false);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rax, 0x11223344);
	interp_set_a20(r.c, true);
	r.regs.rip = RIG_CODE;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rax, 0x9c9c9c9c); /* no RAM there */
	rig_close(&r);
}

/* PAE paging: a page of 2 MiB, by the entries that mov to cr3 has loaded. */
static void pae_pages_are_found(void)
{
	struct rig r;
	static const uint64_t none[4] = { RIG_TABLES + 0x1001 };
	rig_open(&r, 32);
	r.sregs.cr0 |= 1u << 31;
	r.sregs.cr4 |= 0x20;
	r.sregs.cr3 = 0x1f000;
	rig_put(&r, RIG_TABLES, (RIG_TABLES + 0x1000) | 1, 8);
	rig_put(&r, RIG_TABLES + 0x18, (RIG_TABLES + 0x1000) | 1, 8); /* the last GiB, too */
	rig_put(&r, RIG_TABLES + 0x1000, 0xe3, 8);
	RIG_CODE_IS(&r, 0x0f, 0x22, 0xd8, 0xa1, 0, 0x20, 0,
	        0xc0); /* mov cr3, eax; mov eax, [c0002000h] */
	rig_put(&r, 0x2000, 0x55, 4);
	r.regs.rax = RIG_TABLES;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER); /* the CPU's entries are not known */
	interp_load(r.c, &r.regs, &r.sregs, 0, false);
	interp_set_pdptes(r.c, none);
	CHECK_EQ(interp_run(r.c, 2, &r.done), INTERP_COUNT);
	interp_save(r.c, &r.regs, &r.sregs);
	CHECK_EQ(r.regs.rax, 0x55);
	CHECK_EQ(r.sregs.cr3, RIG_TABLES);
	rig_close(&r);
}

/* The CPU keeps the four, whatever memory has, until an instruction loads them. SDM vol 3, "PDPTE Registers". */
static void pae_entries_are_loaded_where_the_sdm_says_so(void)
{
	static const struct {
		uint8_t cr;
		uint32_t value, cr4;
		bool loads;
	} rows[] = {
		{ 0, 0x80000031, 0x20, false }, /* nothing changes */
		{ 0, 0x80000039, 0x20, false }, /* TS */
		{ 0, 0xc0000031, 0x20, true },  /* CD */
		{ 4, 0x20, 0x20, false },
		{ 4, 0x30, 0x30, true }, /* PSE */
		{ 3, RIG_TABLES, 0x20, true },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		uint64_t now[4] = { 0 };
		rig_open(&r, 32);
		r.sregs.cr0 = 0x31;
		r.sregs.cr4 = 0x20;
		r.sregs.cr3 = RIG_TABLES;
		rig_put(&r, RIG_TABLES, (RIG_TABLES + 0x1000) | 1, 8);
		rig_put(&r, RIG_TABLES + 0x1000, 0xe3, 8);
		rig_put(&r, RIG_TABLES + 0x2000, 0xe3, 8);
		/* mov cr0, eax; mov [RIG_TABLES], ebx; mov crN, edx */
		RIG_CODE_IS(&r, 0x0f, 0x22, 0xc0, 0x89, 0x1d, 0, 0, RIG_TABLES >> 16, 0, 0x0f, 0x22,
		        (uint8_t)(0xc2 | rows[k].cr << 3));
		r.regs.rax = 0x80000031;
		r.regs.rbx = (RIG_TABLES + 0x2000) | 1;
		r.regs.rdx = rows[k].value;
		CHECK_EQ(rig_run(&r, 3), INTERP_COUNT);
		CHECK(interp_get_pdptes(r.c, now));
		CHECK_EQ(now[0], (RIG_TABLES + (rows[k].loads ? 0x2000 : 0x1000)) | 1);
		CHECK_EQ(r.sregs.cr4, rows[k].cr4);
		rig_close(&r);
	}
}

static void a_segment_is_pushed_as_the_caller_says(void)
{
	static const struct {
		enum interp_push push;
		enum interp_why why;
		uint32_t slot;
	} rows[] = {
		{ INTERP_PUSH_UNKNOWN, INTERP_HANDOVER, 0 },
		{ INTERP_PUSH_HALF, INTERP_COUNT, 0x55550010 },
		{ INTERP_PUSH_WHOLE, INTERP_COUNT, 0x10 },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 32);
		rig_set_push(&r, rows[k].push);
		RIG_CODE_IS(&r, 0x1e); /* push ds */
		rig_put(&r, RIG_STACK - 4, 0x55555555, 4);
		CHECK_EQ(rig_run(&r, 1), rows[k].why);
		if (rows[k].why == INTERP_COUNT) {
			CHECK_EQ(rig_get(&r, RIG_STACK - 4, 4), rows[k].slot);
			CHECK_EQ(r.regs.rsp, RIG_STACK - 4);
		}
		rig_close(&r);
	}
}

static void a_segment_is_popped_by_its_selector_alone_perhaps(void)
{
	static const struct {
		uint64_t sp;
		enum interp_why why;
	} rows[] = { { 0x5ffc, INTERP_HANDOVER }, { 0x6000, INTERP_EXCEPTION } };
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 64);
		RIG_CODE_IS(&r, 0x0f, 0xa9); /* pop gs */
		rig_put(&r, rig_pte(0x6000), 0x6022, 8);
		rig_put(&r, 0x5ffc, RIG_DS, 4);
		r.regs.rsp = rows[k].sp;
		set_gate(&r, 14, 0x8e, 1);
		rig_put(&r, RIG_TSS + 36, RIG_STACK1, 8);
		interp_catch(r.c, 1u << 14);
		CHECK_EQ(rig_run(&r, 1), rows[k].why);
		rig_close(&r);
	}
}

static void the_task_register_and_the_ldt_are_loaded(void)
{
	for (unsigned bits = 32; bits <= 64; bits *= 2) {
		struct rig r;
		rig_open(&r, bits);
		RIG_CODE_IS(&r, 0x0f, 0x00, 0xd8, 0x0f, 0x00, 0xd1); /* ltr ax; lldt cx */
		rig_put(&r, RIG_GDT + 0x40, 0x0000890012340067, 8);
		rig_put(&r, RIG_GDT + 0x48, bits == 64 ? 0x7fff : 0, 8);
		rig_put(&r, RIG_GDT + 0x50, 0x000082005678001f, 8);
		r.sregs.gdt.limit = 0x5f;
		r.regs.rax = 0x40;
		r.regs.rcx = 0x50;
		CHECK_EQ(rig_run(&r, 2), INTERP_COUNT);
		CHECK_EQ(r.sregs.tr.base, bits == 64 ? 0x7fff00001234 : 0x1234);
		CHECK(r.sregs.tr.type == 11 && r.sregs.tr.limit == 0x67 &&
		        r.sregs.tr.selector == 0x40);
		CHECK_EQ(rig_get(&r, RIG_GDT + 0x45, 1), 0x8b); /* busy */
		CHECK(r.sregs.ldt.base == 0x5678 && r.sregs.ldt.limit == 0x1f &&
		        !r.sregs.ldt.unusable);
		r.regs.rip = RIG_CODE; /* a busy one is not taken */
		CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
		rig_close(&r);
	}
}

static void control_registers_come_from_r8_to_r15_too(void)
{
	struct rig r;
	rig_open(&r, 64);
	RIG_CODE_IS(
	        &r, 0x41, 0x0f, 0x20, 0xd9, 0x41, 0x0f, 0x22, 0xd2); /* mov r9, cr3; mov cr2, r10 */
	r.regs.r10 = 0x123456789abc;
	CHECK_EQ(rig_run(&r, 2), INTERP_COUNT);
	CHECK_EQ(r.regs.r9, r.sregs.cr3);
	CHECK_EQ(r.sregs.cr2, 0x123456789abc);
	RIG_CODE_IS(&r, 0x44, 0x0f, 0x20, 0xc0); /* mov rax, cr8 */
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	rig_close(&r);
}

static void cr4_is_written_where_cpuid_has_the_bit(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x0f, 0x22, 0xe0); /* mov cr4, eax */
	r.regs.rax = 1u << 7;              /* PGE: not in the table */
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	r.regs.rax = 1u << 5; /* PAE */
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	r.regs.rax = 1u << 4;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.sregs.cr4, 1u << 4);
	rig_close(&r);
}

static void strings_go_through_ports(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0xf3, 0x6d, 0x6e); /* rep insw; outsb */
	r.regs.rdx = 0x1f0;
	r.regs.rdi = RIG_DATA;
	r.regs.rsi = RIG_DATA + 1;
	r.regs.rcx = 3;
	CHECK_EQ(rig_run(&r, 3), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, RIG_CODE + 2);
	CHECK_EQ(rig_get(&r, RIG_DATA, 8), 0xa5a5a5a5a5a5);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(r.port_is_write && r.port_value == 0xa5 && r.port_size == 1);
	rig_close(&r);
}

int main(void)
{
	RUN(a_system_call_of_ring_3_comes_back);
	RUN(iret_takes_the_kernels_segments_away);
	RUN(iretq_takes_fs_and_gs_away_where_they_have_no_base);
	RUN(what_ring_3_may_not_is_a_general_protection);
	RUN(ring_3_has_its_own_rights_to_pages);
	RUN(which_of_two_pages_faults_is_left_open);
	RUN(accessed_and_dirty_are_set_when_it_is_done);
	RUN(a_page_fault_sets_accessed_on_its_way);
	RUN(a_fault_after_a_write_is_handed_over);
	RUN(interrupt_stacks_are_used);
	RUN(virtual_8086_mode_is_entered_and_left);
	RUN(what_virtual_8086_mode_may_not);
	RUN(ports_are_allowed_by_the_map);
	RUN(syscall_and_sysret);
	RUN(cpuid_and_the_time_are_the_callers);
	RUN(what_is_not_there_is_undefined);
	RUN(lar_and_lsl_know_system_descriptors);
	RUN(msrs_are_the_callers);
	RUN(conforming_code_is_gone_to_from_outside);
	RUN(gates_lead_to_conforming_code);
	RUN(the_x87_is_found);
	RUN(the_x87_is_not_there_by_cr0);
	RUN(what_is_no_ram_is_the_callers);
	RUN(what_is_no_ram_can_be_watched);
	RUN(a_rom_is_not_written);
	RUN(a20_off_wraps);
	RUN(pae_pages_are_found);
	RUN(pae_entries_are_loaded_where_the_sdm_says_so);
	RUN(a_segment_is_pushed_as_the_caller_says);
	RUN(a_segment_is_popped_by_its_selector_alone_perhaps);
	RUN(the_task_register_and_the_ldt_are_loaded);
	RUN(control_registers_come_from_r8_to_r15_too);
	RUN(cr4_is_written_where_cpuid_has_the_bit);
	RUN(strings_go_through_ports);
	return check_done();
}

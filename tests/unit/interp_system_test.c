/* System instructions and registers, the x87's start, and what is no RAM. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

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
		rig_set_gate(&r, 14, 0x8e, 1);
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
	RUN(cpuid_and_the_time_are_the_callers);
	RUN(what_is_not_there_is_undefined);
	RUN(lar_and_lsl_know_system_descriptors);
	RUN(msrs_are_the_callers);
	RUN(the_x87_is_found);
	RUN(the_x87_is_not_there_by_cr0);
	RUN(what_is_no_ram_is_the_callers);
	RUN(what_is_no_ram_can_be_watched);
	RUN(a_rom_is_not_written);
	RUN(a20_off_wraps);
	RUN(a_segment_is_pushed_as_the_caller_says);
	RUN(a_segment_is_popped_by_its_selector_alone_perhaps);
	RUN(the_task_register_and_the_ldt_are_loaded);
	RUN(control_registers_come_from_r8_to_r15_too);
	RUN(cr4_is_written_where_cpuid_has_the_bit);
	RUN(strings_go_through_ports);
	return check_done();
}

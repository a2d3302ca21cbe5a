/* Paging: rights, Accessed and Dirty, the entries of PAE paging. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

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

int main(void)
{
	RUN(ring_3_has_its_own_rights_to_pages);
	RUN(which_of_two_pages_faults_is_left_open);
	RUN(accessed_and_dirty_are_set_when_it_is_done);
	RUN(a_page_fault_sets_accessed_on_its_way);
	RUN(a_fault_after_a_write_is_handed_over);
	RUN(pae_pages_are_found);
	RUN(pae_entries_are_loaded_where_the_sdm_says_so);
	return check_done();
}

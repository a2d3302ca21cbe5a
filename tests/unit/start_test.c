/* What guests in protected and long mode find: the GDT and what the segments were loaded with say
 * the same, and all RAM is mapped to its own address. */
#include "boot/start.h"

#include <errno.h>

#include "boot_machine.h"
#include "kvm/paging.h"
#include "kvm/segment.h"

static struct boot_machine b;

static void load(enum start_mode mode)
{
	make_small_elf(&b, false);
	b.options.mode = mode;
	CHECK_EQ(boot_load(&b), 0);
}

/* A register is what the CPU would have loaded from the GDT in RAM with its selector. */
static void check_segment(const struct kvm_segment *is, uint16_t selector)
{
	struct kvm_segment wanted = segment_decode(ram64(&b, b.sregs.gdt.base + selector));
	wanted.selector = selector;
	CHECK(selector + 7u <= b.sregs.gdt.limit);
	CHECK(!memcmp(is, &wanted, sizeof wanted));
	CHECK(is->present);
}

static void check_segments(bool is_long)
{
	const struct kvm_segment *data[] = { &b.sregs.ds, &b.sregs.es, &b.sregs.fs, &b.sregs.gs,
		&b.sregs.ss };
	check_segment(&b.sregs.cs, 0x08);
	CHECK_EQ(b.sregs.cs.l, is_long);
	CHECK_EQ(b.sregs.cs.db, !is_long);
	for (unsigned i = 0; i < 5; i++) {
		check_segment(data[i], 0x10);
		CHECK_EQ(data[i]->base, 0);
		CHECK_EQ(data[i]->limit, 0xffffffff);
	}
	check_segment(&b.sregs.tr, 0x18);
	CHECK_EQ(b.sregs.tr.base, START_TSS_GPA);
	CHECK_EQ(b.sregs.tr.limit, 0x67);
	CHECK_EQ(b.sregs.tr.type, 11); /* busy */
	CHECK_EQ(ram64(&b, START_GDT_GPA), 0);
	CHECK_EQ(ram64(&b, START_GDT_GPA + 0x20), 0); /* bits 63:32 of the TSS' base */
	CHECK_EQ(b.sregs.idt.limit, 0);
}

static void protected_mode_is_flat_without_paging(void)
{
	load(START_PROT);
	check_segments(false);
	CHECK_EQ(b.sregs.cr0, 0x11); /* PE, ET */
	CHECK_EQ(b.sregs.cr3 | b.sregs.cr4 | b.sregs.efer, 0);
}

static bool read_ram(void *ctx, uint64_t gpa, void *to, size_t len)
{
	return memory_read(ctx, gpa, to, len) == len;
}

static void check_mapped(const struct memory *m, uint64_t gva)
{
	const struct paging paging = { b.sregs.cr0, b.sregs.cr3, b.sregs.cr4, b.sregs.efer };
	uint64_t gpa = 0, len = 0;
	CHECK(paging_translate(&paging, read_ram, (void *)m, gva, &gpa, &len));
	CHECK_EQ(gpa, gva);
	CHECK_EQ(len, 0x200000 - gva % 0x200000);
}

static bool is_mapped(const struct memory *m, uint64_t gva)
{
	const struct paging paging = { b.sregs.cr0, b.sregs.cr3, b.sregs.cr4, b.sregs.efer };
	uint64_t gpa, len;
	return paging_translate(&paging, read_ram, (void *)m, gva, &gpa, &len);
}

static void long_mode_maps_the_first_four_gib_to_themselves(void)
{
	load(START_LONG);
	check_segments(true);
	CHECK_EQ(b.sregs.cr0, 0x80000033);
	CHECK_EQ(b.sregs.cr4, 0x620);
	CHECK_EQ(b.sregs.efer, 0x500);
	for (uint64_t gva = 0; gva < 4ull << 30; gva += 0x1fffff)
		check_mapped(&b.memory, gva);
	CHECK(!is_mapped(&b.memory, 4ull << 30));
	CHECK(!is_mapped(&b.memory, UINT64_MAX));
}

static void long_mode_maps_ram_wherever_it_is(void)
{
	static const uint64_t gpas[] = { 4ull << 30, (5ull << 30) - 4096, 512ull << 30,
		(1ull << 46) + (3ull << 30), (1ull << 47) - 4096 };
	static uint8_t page[4096];
	for (unsigned i = 0; i < 5; i++)
		b.memory.slots[b.memory.count++] = (struct memory_slot) { gpas[i], 4096, page };
	load(START_LONG);
	for (unsigned i = 0; i < 5; i++) {
		check_mapped(&b.memory, gpas[i]);
		CHECK(!is_mapped(&b.memory, gpas[i] - (2ull << 30)) || gpas[i] < 6ull << 30);
	}
	check_mapped(&b.memory, 0x100000);
	b.memory.slots[2].gpa = 1ull << 47;
	boot_refused(&b, EINVAL,
	        "image: long mode maps RAM at its own address, up to 0x7fffffffffff, and there is "
	        "some at 0x800000000fff");
	b.memory.count = 2;
}

/* The PML4, a PDPT for each 512 GiB, a directory for each GiB: 30 pages hold 28 GiB. */
static void more_ram_than_the_tables_reach_is_refused(void)
{
	static uint8_t page[4096];
	b.memory.slots[b.memory.count++] = (struct memory_slot) { 4ull << 30, 24ull << 30, page };
	load(START_LONG);
	check_mapped(&b.memory, (28ull << 30) - 4096);
	CHECK_EQ(b.loaded.pieces[2].size, START_TABLES_MAX);
	b.memory.slots[2].size += 4096;
	boot_refused(&b, ENOSPC,
	        "image: long mode's page tables for all RAM need more than 0x81000 to 0x9efff; "
	        "give less with --memory");
	b.options.mode = START_PROT;
	CHECK_EQ(boot_load(&b), 0);
	b.memory.count = 2;
}

static void no_ram_for_the_tables(void)
{
	const struct elf_part part = { PT_LOAD_TYPE, 0x1000, 0x1000, 16, "", 0 };
	make_elf(&b, false, 0x1000, &part, 1);
	b.options.mode = START_PROT;
	b.memory.slots[1].size = 0x80000;
	boot_refused(&b, EFAULT,
	        "image: the GDT goes to 0x80000: no RAM there; give some with --memory");
	b.memory.slots[1].size = 0x180000;
}

static void words_of_modes(void)
{
	enum start_mode mode = START_AUTO;
	CHECK(start_mode_word("real", &mode) && mode == START_REAL);
	CHECK(start_mode_word("prot", &mode) && mode == START_PROT);
	CHECK(start_mode_word("long", &mode) && mode == START_LONG);
	CHECK(start_mode_word("auto", &mode) && mode == START_AUTO);
	CHECK(!start_mode_word("protected", &mode) && !start_mode_word("", &mode));
	CHECK_STR(start_mode_name(START_LONG), "long");
}

int main(void)
{
	boot_open(&b);
	RUN(protected_mode_is_flat_without_paging);
	RUN(long_mode_maps_the_first_four_gib_to_themselves);
	RUN(long_mode_maps_ram_wherever_it_is);
	RUN(more_ram_than_the_tables_reach_is_refused);
	RUN(no_ram_for_the_tables);
	RUN(words_of_modes);
	boot_close(&b);
	return check_done();
}

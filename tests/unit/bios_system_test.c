/* int 15h, 11h and 12h: memory maps, the block move, A20, APM, tables, and what is refused. */
#include <stdio.h>

#include "bios_pc.h"
#include "base/array.h"
#include "check.h"

#define SMAP   0x534d4150u
#define BUFFER 0x2000u

static struct pc pc;

static void start(uint64_t ram)
{
	pc_open(&pc, ram);
}

static void unknown_functions_are_refused(void)
{
	static const uint16_t unknown[] = { 0x0000, 0x0100, 0x2404, 0x5380, 0x8302, 0x8400, 0x8900,
		0xc200, 0xc900, 0xe802, 0xe900, 0xec00, 0xffff };
	start(1u << 20);
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		pc.r.eax = 0xabcd0000u | unknown[i];
		struct bios_regs before = pc.r;
		CHECK_EQ(pc_call(&pc, 0x15), BIOS_DONE);
		CHECK(pc_carry(&pc));
		CHECK_EQ(pc.r.eax, 0xabcd8600u | (unknown[i] & 0xff));
		pc.r.eax = before.eax;
		pc.r.flags = before.flags;
		CHECK(!memcmp(&before, &pc.r, sizeof before));
	}
	CHECK_EQ(pc.said_count, 1); /* once */
}

/* GRUB asks for the cassette, others for a mouse: no news for the user. */
static void what_a_pc_of_today_has_not_is_refused_without_a_word(void)
{
	static const uint16_t calls[] = { 0x0000, 0x0100, 0x8400, 0xc205 };
	start(1u << 20);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		pc_int(&pc, 0x15, calls[i], 0, 0, 0);
		CHECK(pc_carry(&pc));
		CHECK_EQ(bios_ah(&pc.r), 0x86);
	}
	CHECK_EQ(pc.said_count, 0);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Goes through the map as a loader does. The entries, in order. */
static unsigned read_map(struct bios_range *to, unsigned most)
{
	unsigned count = 0;
	pc.r.ebx = 0;
	do {
		pc.r.eax = 0xffffe820;
		pc.r.edx = SMAP;
		pc.r.ecx = 24;
		pc.r.es = BUFFER >> 4;
		pc.r.edi = 0x12340000;
		memset(pc.ram + BUFFER, 0xee, 32);
		CHECK_EQ(pc_call(&pc, 0x15), BIOS_DONE);
		CHECK(!pc_carry(&pc));
		CHECK_EQ(pc.r.eax, SMAP);
		CHECK_EQ(pc.r.ecx, 20);
		CHECK_EQ(pc.ram[BUFFER + 20], 0xee);
		to[count++] = (struct bios_range) { get64(pc.ram + BUFFER),
			get64(pc.ram + BUFFER + 8), get32(pc.ram + BUFFER + 16) };
	} while (pc.r.ebx && count < most);
	CHECK_EQ(pc.r.ebx, 0);
	return count;
}

static void the_map_has_all_ram_and_no_overlap(void)
{
	static const uint64_t sizes[] = { 2u << 20, 4u << 20, 16u << 20, 17u << 20, 64u << 20,
		256u << 20, UINT64_C(3) << 30, UINT64_C(6) << 30 };
	struct bios_range map[BIOS_RANGES_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		start(sizes[i]);
		unsigned count = read_map(map, BIOS_RANGES_MAX);
		uint64_t ram = 0;
		CHECK_EQ(count, pc.memory.range_count);
		for (unsigned k = 0; k < count; k++) {
			CHECK(map[k].size != 0);
			CHECK(k == 0 || map[k - 1].gpa + map[k - 1].size <= map[k].gpa);
			ram += map[k].type == 1 ? map[k].size : 0;
		}
		CHECK_EQ(map[0].gpa, 0);
		CHECK_EQ(map[0].size, EBDA_GPA);
		/* All but the EBDA and what lies from 640 KiB to 1 MiB. */
		CHECK_EQ(ram, sizes[i] - (0x100000 - EBDA_GPA));
	}
}

static void the_map_refuses_nonsense(void)
{
	static const uint32_t cases[][3] = { /* EBX, ECX, EDX */
		{ 0, 24, 0x12345678 }, { 0, 19, SMAP }, { 5, 24, SMAP }, { 0xffffffff, 24, SMAP },
		{ 0, 0, SMAP }
	};
	start(4u << 20);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pc.r.eax = 0xe820;
		pc.r.ebx = cases[i][0];
		pc.r.ecx = cases[i][1];
		pc.r.edx = cases[i][2];
		pc_call(&pc, 0x15);
		CHECK(pc_carry(&pc));
		CHECK_EQ(pc.r.eax, 0x8620);
	}
	pc.r = (struct bios_regs) {
		.eax = 0xe820, .ecx = 20, .edx = SMAP, .es = 0xffff, .edi = 0xffff
	};
	pc.size = 0x100000; /* the buffer is past the end of RAM */
	pc_call(&pc, 0x15);
	CHECK(pc_carry(&pc));
}

static void sizes_agree_with_the_map(void)
{
	static const struct {
		uint64_t ram;
		uint16_t kib_88, kib_e801, units;
	} cases[] = {
		{ 2u << 20, 1024, 1024, 0 },
		{ 16u << 20, 15 * 1024, 15 * 1024, 0 },
		{ (16u << 20) + 0x10000, 15 * 1024 + 64, 15 * 1024, 1 },
		{ 64u << 20, 63 * 1024, 15 * 1024, 48 * 16 },
		{ 256u << 20, 63 * 1024, 15 * 1024, 240 * 16 },
		{ UINT64_C(6) << 30, 63 * 1024, 15 * 1024, 0xbf00 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(cases[i].ram);
		pc_int(&pc, 0x15, 0x8800, 0, 0, 0);
		CHECK(!pc_carry(&pc));
		CHECK_EQ(pc_ax(&pc), cases[i].kib_88);
		pc.r.ebx = 0xaaaa0000;
		pc_int(&pc, 0x15, 0xe801, 0, 0, 0);
		CHECK(!pc_carry(&pc));
		CHECK_EQ(pc_ax(&pc), cases[i].kib_e801);
		CHECK_EQ(pc.r.ebx, 0xaaaa0000 | cases[i].units);
		CHECK_EQ(bios_word(pc.r.ecx), cases[i].kib_e801);
		CHECK_EQ(bios_word(pc.r.edx), cases[i].units);
		pc_int(&pc, 0x15, 0xe881, 0, 0, 0);
		CHECK_EQ(pc.r.eax, cases[i].kib_e801);
		CHECK_EQ(pc.r.ebx, cases[i].units);
	}
}

static void base_memory_and_equipment_are_the_bda_s(void)
{
	start(4u << 20);
	pc.r.eax = 0x55550000;
	pc_call(&pc, 0x12);
	CHECK_EQ(pc.r.eax, 0x55550000 + 639);
	put16(pc.ram + BDA_MEMORY_KIB, 600); /* as a program leaves it that stays in memory */
	pc_call(&pc, 0x12);
	CHECK_EQ(pc_ax(&pc), 600);
	pc_call(&pc, 0x11);
	CHECK_EQ(pc_ax(&pc), get16(pc.ram + BDA_EQUIPMENT));
	CHECK_EQ(pc_ax(&pc) & 0x0033, 0x0022); /* FPU, 80 columns in colour, no floppy drive */
	CHECK_EQ(get16(pc.ram + BDA_EBDA), EBDA_GPA >> 4);
	CHECK_EQ(pc.ram[EBDA_GPA], 1);
}

/* --- the block move --------------------------------------------------------------------------- */

#define GDT 0x3000u

static void put_descriptor(
        unsigned at, uint32_t base, uint32_t limit, uint8_t access, uint8_t flags)
{
	uint8_t *d = pc.ram + GDT + at;
	put16(d, (uint16_t)limit);
	put16(d + 2, (uint16_t)base);
	d[4] = (uint8_t)(base >> 16);
	d[5] = access;
	d[6] = (uint8_t)((limit >> 16 & 0x0f) | flags);
	d[7] = (uint8_t)(base >> 24);
}

/* AH. */
static unsigned move(uint32_t from, uint32_t to, uint16_t words)
{
	put_descriptor(0x10, from, 0xffff, 0x93, 0);
	put_descriptor(0x18, to, 0xffff, 0x93, 0);
	pc.r.es = GDT >> 4;
	pc.r.esi = 0xaaaa0000;
	pc_int(&pc, 0x15, 0x8700, 0, words, 0);
	return bios_ah(&pc.r);
}

static void fill(uint32_t gpa, size_t len)
{
	for (size_t i = 0; i < len; i++)
		pc.ram[gpa + i] = (uint8_t)(i * 7 + (i >> 8));
}

static void blocks_move_across_the_first_mib(void)
{
	start(4u << 20);
	fill(0x10001, 0x10000);
	CHECK_EQ(move(0x10001, 0x200123, 0x8000), 0);
	CHECK(!pc_carry(&pc));
	CHECK(pc.r.flags & BIOS_ZF);
	CHECK(!memcmp(pc.ram + 0x10001, pc.ram + 0x200123, 0x10000));
	CHECK_EQ(move(0x200123, 0x20000, 1), 0);
	CHECK(!memcmp(pc.ram + 0x20000, pc.ram + 0x200123, 2));
	CHECK_EQ(move(0x200123, 0x20000, 0), 0);
}

static void overlapping_blocks_move_from_the_first_byte_on(void)
{
	static const uint32_t apart[] = { 2, 10, 4095, 4096, 5000 };
	static uint8_t wanted[0x20000];
	for (size_t i = 0; i < ARRAY_SIZE(apart); i++) {
		start(1u << 20);
		fill(0x10000, 0x8000);
		memcpy(wanted, pc.ram + 0x10000, sizeof wanted);
		for (unsigned k = 0; k < 0x8000; k++)
			wanted[k + apart[i]] = wanted[k];
		CHECK_EQ(move(0x10000, 0x10000 + apart[i], 0x4000), 0);
		CHECK(!memcmp(wanted, pc.ram + 0x10000, sizeof wanted));
		fill(0x10000, 0x10000);
		memcpy(wanted, pc.ram + 0x10000, sizeof wanted);
		memmove(wanted, wanted + apart[i], 0x8000);
		CHECK_EQ(move(0x10000 + apart[i], 0x10000, 0x4000), 0);
		CHECK(!memcmp(wanted, pc.ram + 0x10000, 0x8000));
	}
}

static void segments_that_do_not_allow_it_are_exceptions(void)
{
	static const struct {
		uint32_t limit;
		uint8_t access, flags;
		bool is_source_ok, is_target_ok;
	} cases[] = {
		{ 0x1ff, 0x93, 0, true, true }, { 0x1fe, 0x93, 0, false, false }, /* a byte short */
		{ 0, 0x93, 0x80, true, true },                                    /* a page */
		{ 0xffff, 0x13, 0, false, false },                                /* not present */
		{ 0xffff, 0x91, 0, true, false },                                 /* not writable */
		{ 0xffff, 0x9b, 0, true, false },  /* code, readable */
		{ 0xffff, 0x99, 0, false, false }, /* code */
		{ 0xffff, 0x82, 0, false, false }, /* an LDT */
		{ 0xffff, 0x97, 0, false, false }, /* expands down */
	};
	start(2u << 20);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned target = 0; target < 2; target++) {
			bool is_ok = target ? cases[i].is_target_ok : cases[i].is_source_ok;
			put_descriptor(0x10, 0x10000, 0xffff, 0x93, 0);
			put_descriptor(0x18, 0x110000, 0xffff, 0x93, 0);
			put_descriptor(target ? 0x18 : 0x10, target ? 0x110000 : 0x10000,
			        cases[i].limit, cases[i].access, cases[i].flags);
			fill(0x10000, 0x200);
			memset(pc.ram + 0x110000, 0, 0x200);
			pc.r.es = GDT >> 4;
			pc.r.esi = 0;
			pc_int(&pc, 0x15, 0x8700, 0, 0x100, 0);
			CHECK_EQ(bios_ah(&pc.r), is_ok ? 0 : 2);
			CHECK_EQ(pc_carry(&pc), !is_ok);
			CHECK_EQ(!(pc.r.flags & BIOS_ZF), !is_ok);
			CHECK_EQ(pc.ram[0x110001], is_ok ? 7 : 0);
		}
}

static void past_the_end_of_ram_is_an_empty_bus(void)
{
	start(2u << 20);
	fill(0x10000, 0x2000);
	CHECK_EQ(move(0x1ff000, 0x10000, 0x1000), 0);
	CHECK_EQ(pc.ram[0x10000], 0);
	CHECK_EQ(pc.ram[0x11000], 0xff);
	fill(0x20000, 0x2000);
	CHECK_EQ(move(0x20000, 0x1ff800, 0x1000), 0);
	CHECK(!memcmp(pc.ram + 0x20000, pc.ram + 0x1ff800, 0x800));
	CHECK_EQ(move(0xfffffff0, 0x10000, 0x10), 0); /* it wraps at 4 GiB */
	CHECK_EQ(pc.ram[0x1000f], 0xff);
	CHECK(!memcmp(pc.ram + 0x10010, pc.ram, 16));
	/* A table that lies past it is one of zeros. */
	pc.size = 0x100000;
	pc.r.es = 0xffff;
	pc.r.esi = 0xfff0;
	pc_int(&pc, 0x15, 0x8700, 0, 16, 0);
	CHECK_EQ(bios_ah(&pc.r), 2);
}

/* --- A20, tables ------------------------------------------------------------------------------ */

static void a20_is_on(void)
{
	start(2u << 20);
	pc_int(&pc, 0x15, 0x2402, 0, 5, 0);
	CHECK_EQ(pc_ax(&pc), 0x0001);
	CHECK_EQ(bios_word(pc.r.ecx), 0);
	CHECK(!pc_carry(&pc));
	pc_int(&pc, 0x15, 0x2401, 0, 0, 0);
	CHECK_EQ(bios_ah(&pc.r), 0);
	CHECK(!pc_carry(&pc));
	/* The board does not let it be turned off: that is said, and it is on still. */
	pc_int(&pc, 0x15, 0x2400, 0, 0, 0);
	CHECK_EQ(bios_ah(&pc.r), 1);
	CHECK(pc_carry(&pc));
	pc_int(&pc, 0x15, 0x2402, 0, 0, 0);
	CHECK_EQ(pc_ax(&pc), 0x0001);
	pc_int(&pc, 0x15, 0x2403, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ebx), 3);
	CHECK(!pc_carry(&pc));
}

static void tables_are_where_calls_say(void)
{
	start(2u << 20);
	pc_int(&pc, 0x15, 0xc000, 0, 0, 0);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(bios_ah(&pc.r), 0);
	uint32_t at = bios_linear(pc.r.es, bios_word(pc.r.ebx));
	CHECK_EQ(at, 0xfe6f5);
	CHECK_EQ(get16(pc.ram + at), 8);
	CHECK_EQ(pc.ram[at + 2], pc.ram[0xffffe]); /* the model */
	CHECK_EQ(pc.ram[at + 5], 0x74);
	pc_int(&pc, 0x15, 0xc100, 0, 0, 0);
	CHECK_EQ(pc.r.es, EBDA_GPA >> 4);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(memcmp(pc.ram + 0xffff5, "01/01/99", 8), 0);
	CHECK_EQ(pc.ram[0xffffe], 0xfc);
}

/* What kernels look for in the EBDA, at the end of base memory, and in the ROM area. */
static void power_on_leaves_no_table_to_find(void)
{
	static const char *const signs[] = { "RSD PTR ", "_MP_", "$PIR", "_SM_", "_SM3_", "_32_",
		"$PnP", "$PMM", "_SYSID_", "PCMP" };
	start(2u << 20);
	for (uint32_t at = EBDA_GPA - 1024; at < 0x100000; at += 16)
		for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
			CHECK(memcmp(pc.ram + at, signs[i], strlen(signs[i])) != 0);
	for (uint32_t at = 0xc0000; at < 0x100000; at += 2048) /* an adapter's ROM */
		CHECK(get16(pc.ram + at) != 0xaa55);
}

static void hooks_return(void)
{
	static const uint16_t hooks[] = { 0x8000, 0x8100, 0x8200, 0x8500, 0x9002, 0x9102 };
	start(2u << 20);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		pc.r.flags |= BIOS_CF;
		pc_int(&pc, 0x15, hooks[i], 0, 0, 0);
		CHECK(!pc_carry(&pc));
		CHECK_EQ(pc_ax(&pc), hooks[i] & 0xff);
	}
	pc_int(&pc, 0x15, 0x4f1e, 0, 0, 0);
	CHECK(pc_carry(&pc));
	CHECK_EQ(pc_ax(&pc), 0x4f1e);
}

/* --- APM -------------------------------------------------------------------------------------- */

static void apm_is_there_and_switches_off(void)
{
	start(2u << 20);
	pc_int(&pc, 0x15, 0x5300, 0, 0xffff, 0);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(pc_ax(&pc), 0x0102);
	CHECK_EQ(bios_word(pc.r.ebx), 0x504d);
	pc_int(&pc, 0x15, 0x5301, 0, 0, 0);
	CHECK(!pc_carry(&pc));
	pc_int(&pc, 0x15, 0x530e, 0, 0x0102, 0);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(pc_ax(&pc), 0x0102);
	pc_int(&pc, 0x15, 0x5308, 1, 1, 0);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(pc_int(&pc, 0x15, 0x5307, 1, 3, 0), BIOS_OFF);
}

static void apm_refuses_what_it_has_not(void)
{
	static const struct {
		uint16_t ax, bx, cx;
		uint8_t error; /* 0: none */
	} calls[] = {
		{ 0x5300, 1, 0, 0x09 },
		{ 0x5304, 0, 0, 0x03 }, /* not connected */
		{ 0x5302, 1, 0, 0x09 },
		{ 0x5303, 1, 0, 0x09 },
		{ 0x5301, 0x1234, 0, 0x09 },
		{ 0x5301, 0, 0, 0 },
		{ 0x5301, 0, 0, 0x02 }, /* already */
		{ 0x5303, 0, 0, 0x02 },
		{ 0x5304, 0, 0, 0 },
		{ 0x5302, 0, 0, 0 },
		{ 0x5302, 0, 0, 0x05 },
		{ 0x5304, 0, 0, 0 },
		{ 0x5303, 0, 0, 0 },
		{ 0x5301, 0, 0, 0x07 },
		{ 0x5304, 0, 0, 0 },
		{ 0x5304, 0, 0, 0x03 },
		{ 0x5307, 1, 0, 0x0a },
		{ 0x5307, 1, 4, 0x0a },
		{ 0x5307, 1, 1, 0 },
		{ 0x5307, 0x0200, 3, 0 }, /* a disk of no power */
		{ 0x530b, 0, 0, 0x80 },   /* no event */
		{ 0x530c, 1, 0, 0 },
	};
	start(2u << 20);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		CHECK_EQ(pc_int(&pc, 0x15, calls[i].ax, calls[i].bx, calls[i].cx, 0), BIOS_DONE);
		CHECK_EQ(pc_carry(&pc), calls[i].error != 0);
		if (calls[i].error)
			CHECK_EQ(bios_ah(&pc.r), calls[i].error);
	}
	pc_int(&pc, 0x15, 0x530a, 1, 0, 0);
	CHECK_EQ(bios_word(pc.r.ebx), 0x01ff);
	CHECK_EQ(bios_word(pc.r.ecx), 0x80ff);
}

static void apm_has_an_entry_of_protected_mode(void)
{
	start(2u << 20);
	pc.r.ebx = pc.r.esi = 0xdead0000;
	pc_int(&pc, 0x15, 0x5303, 0, 0, 0);
	CHECK_EQ(pc_ax(&pc), 0xf000);
	CHECK_EQ(bios_word(pc.r.ecx), 0xf000);
	CHECK_EQ(bios_word(pc.r.edx), 0xf000);
	CHECK_EQ(pc.r.esi, 0xffffffff);
	CHECK_EQ(bios_word(pc.r.edi), 0xffff);
	CHECK(pc.r.ebx < 0x10000);
	CHECK_EQ(rom_trap_at((uint16_t)pc.r.ebx), ROM_APM);
	CHECK_EQ(pc.ram[ROM_GPA + rom_return(ROM_APM)], 0xcb);
	pc_int(&pc, 0x15, 0x5304, 0, 0, 0);
	pc_int(&pc, 0x15, 0x5302, 0, 0, 0);
	CHECK_EQ(rom_trap_at(bios_word(pc.r.ebx)), ROM_APM);
	/* It has the functions of a connection, and no others. */
	CHECK_EQ(pc_int(&pc, ROM_APM, 0x530a, 1, 0, 0), BIOS_DONE);
	CHECK_EQ(bios_word(pc.r.ebx), 0x01ff);
	CHECK(!pc_carry(&pc));
	pc_int(&pc, ROM_APM, 0x5303, 0, 0, 0);
	CHECK(pc_carry(&pc));
	CHECK_EQ(pc_ax(&pc), 0x8603);
	pc_int(&pc, ROM_APM, 0xe801, 0, 0, 0);
	CHECK(pc_carry(&pc));
	CHECK_EQ(pc_int(&pc, ROM_APM, 0x5307, 1, 3, 0), BIOS_OFF);
}

static void idle_waits_for_one_interrupt(void)
{
	start(2u << 20);
	CHECK_EQ(pc_int(&pc, 0x15, 0x5305, 0, 0, 0), BIOS_WAITS);
	CHECK_STR(bios_waits_for(0x15, &pc.r), "an interrupt");
	CHECK_EQ(pc_call(&pc, 0x15), BIOS_DONE);
	CHECK(!pc_carry(&pc));
	CHECK_EQ(pc_call(&pc, 0x15), BIOS_WAITS);
}

static void calls_are_told_in_words(void)
{
	char text[100];
	struct bios_regs before = { .eax = 0xe820, .ebx = 2, .es = 0x200 }, after = before;
	bios_describe(0x15, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 15h AX=e820h memory map entry 2 to 0200:0000");
	after.flags = BIOS_CF;
	bios_describe(0x15, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 15h AX=e820h memory map entry 2 to 0200:0000: refused");
	before = (struct bios_regs) { .eax = 0x5307, .ebx = 1, .ecx = 3 };
	bios_describe(0x15, &before, NULL, text, sizeof text);
	CHECK_STR(text, "int 15h AX=5307h APM set power state: off");
	before = (struct bios_regs) { .eax = 0x8600, .ecx = 0x000f, .edx = 0x4240 };
	bios_describe(0x15, &before, NULL, text, sizeof text);
	CHECK_STR(text, "int 15h AH=86h wait of 1000000 us");
	before = (struct bios_regs) { .eax = 0x8700, .ecx = 0x100, .es = 0x1234 };
	bios_describe(0x15, &before, NULL, text, sizeof text);
	CHECK_STR(text, "int 15h AH=87h move block of 512 bytes, table at 1234:0000");
	before = (struct bios_regs) { .eax = 0xe801 };
	after = (struct bios_regs) { .eax = 0x3c00, .ebx = 0x0300 };
	bios_describe(0x15, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 15h AX=e801h memory sizes: 15360 KiB, and 768 of 64 KiB");
	before.eax = 0x8800;
	bios_describe(0x15, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 15h AH=88h extended memory size: 15360 KiB");
	before.eax = 0x5304;
	after = (struct bios_regs) { .eax = 0x0304, .flags = BIOS_CF };
	bios_describe(0x15, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 15h AX=5304h APM disconnect: error 03h");
	bios_describe(ROM_APM, &before, NULL, text, sizeof text);
	CHECK_STR(text, "APM by its entry of protected mode");
	bios_describe(0x12, &before, NULL, text, sizeof text);
	CHECK_STR(text, "int 12h memory size");
}

int main(void)
{
	RUN(unknown_functions_are_refused);
	RUN(what_a_pc_of_today_has_not_is_refused_without_a_word);
	RUN(the_map_has_all_ram_and_no_overlap);
	RUN(the_map_refuses_nonsense);
	RUN(sizes_agree_with_the_map);
	RUN(base_memory_and_equipment_are_the_bda_s);
	RUN(blocks_move_across_the_first_mib);
	RUN(overlapping_blocks_move_from_the_first_byte_on);
	RUN(segments_that_do_not_allow_it_are_exceptions);
	RUN(past_the_end_of_ram_is_an_empty_bus);
	RUN(a20_is_on);
	RUN(tables_are_where_calls_say);
	RUN(power_on_leaves_no_table_to_find);
	RUN(hooks_return);
	RUN(apm_is_there_and_switches_off);
	RUN(apm_refuses_what_it_has_not);
	RUN(apm_has_an_entry_of_protected_mode);
	RUN(idle_waits_for_one_interrupt);
	RUN(calls_are_told_in_words);
	return check_done();
}

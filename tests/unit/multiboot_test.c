/* Multiboot 1: the header's demands, where the kernel goes, what it is handed. */
#include <errno.h>

#include "boot_machine.h"

static struct boot_machine b;

/* 3.2 of the specification. */
static void check_state(uint64_t entry)
{
	CHECK_EQ(b.regs.rax, 0x2badb002);
	CHECK_EQ(b.regs.rbx, START_INFO_GPA);
	CHECK_EQ(b.regs.rip, entry);
	CHECK_EQ(b.regs.rflags & (1u << 17 | 1u << 9), 0);
	CHECK_EQ(b.sregs.cr0 & 0x80000001, 1);
	CHECK_EQ(b.sregs.cs.base, 0);
	CHECK_EQ(b.sregs.cs.limit, 0xffffffff);
	CHECK(b.sregs.cs.db && b.sregs.cs.type == 11);
	CHECK(b.sregs.ss.db && b.sregs.ss.type == 3 && b.sregs.ss.limit == 0xffffffff);
}

static void a_kernel_goes_where_its_addresses_say(void)
{
	make_multiboot(&b);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_MULTIBOOT);
	CHECK(!b.loaded.is_elf);
	CHECK(!memcmp(b.ram + 0x100000, b.image, 256));
	for (unsigned i = 0x100100; i < 0x100200; i++)
		CHECK_EQ(b.ram[i], i < 0x100180 ? 0 : FILL);
	check_state(0x100010);
	/* Not all of the file, and not from its first byte: load_addr is 16 before the header. */
	put32(b.image + 80, 0x100030);
	put32(b.image + 84, 0x100070);
	put32(b.image + 88, 0);
	CHECK_EQ(boot_load(&b), 0);
	CHECK(!memcmp(b.ram + 0x100030, b.image + 48, 64));
	CHECK_EQ(b.ram[0x10002f], FILL);
	CHECK_EQ(b.ram[0x100070], FILL);
}

static void a_kernel_in_an_elf_goes_where_that_says(void)
{
	for (unsigned is_64 = 0; is_64 < 2; is_64++) {
		make_small_elf(&b, is_64);
		put_multiboot(&b, 0x1f00, 3);
		CHECK_EQ(boot_load(&b), 0);
		CHECK_EQ(b.loaded.format, IMAGE_MULTIBOOT);
		CHECK(b.loaded.is_elf);
		CHECK(!memcmp(b.ram + 0x100000, "0123456789abcdef", 16));
		check_state(0x100000);
	}
}

static void the_header_is_in_the_first_8192_bytes_at_a_multiple_of_4(void)
{
	make_small_elf(&b, false);
	put_multiboot(&b, 8192 - 12, 0);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_MULTIBOOT);
	make_small_elf(&b, false);
	put_multiboot(&b, 8192 - 8, 0);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_ELF);
	make_small_elf(&b, false);
	put_multiboot(&b, 0x302, 0);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_ELF);
	b.options.format = IMAGE_MULTIBOOT;
	boot_refused(&b, ENOEXEC,
	        "image: no Multiboot header in its first 8192 bytes (0x1badb002 at a multiple of "
	        "4, flags, and what makes the sum of the three 0)");
	b.options.format = IMAGE_AUTO;
}

/* What stands in the information structure at START_INFO_GPA, as the specification numbers it. */
static void memory_command_line_and_name_are_handed_over(void)
{
	make_multiboot(&b);
	b.options.append = "root=/dev/x quiet";
	CHECK_EQ(boot_load(&b), 0);
	uint32_t i = START_INFO_GPA;
	CHECK_EQ(ram32(&b, i), 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
	CHECK_EQ(ram32(&b, i + 4), 639);
	CHECK_EQ(ram32(&b, i + 8), 1024);
	CHECK_STR(ram_text(&b, ram32(&b, i + 16)), "root=/dev/x quiet");
	CHECK_EQ(ram32(&b, i + 20), 0);
	CHECK_STR(ram_text(&b, ram32(&b, i + 64)), "stepvm");
	static const uint32_t map[4][6] = {
		{ 20, 0, 0, 0x9fc00, 0, 1 },
		{ 20, 0x9fc00, 0, 0x400, 0, 2 },
		{ 20, 0xf0000, 0, 0x10000, 0, 2 },
		{ 20, 0x100000, 0, 0x100000, 0, 1 },
	};
	CHECK_EQ(ram32(&b, i + 44), sizeof map);
	CHECK(!memcmp(b.ram + ram32(&b, i + 48), map, sizeof map));
	b.options.append = NULL;
	CHECK_EQ(boot_load(&b), 0);
	CHECK_STR(ram_text(&b, ram32(&b, i + 16)), "");
}

static void modules_are_at_pages_behind_the_kernel(void)
{
	make_multiboot(&b);
	b.module_count = 3;
	b.modules[0] =
	        (struct plan_module) { .text = "a x", .bytes = (uint8_t *)"12345", .size = 5 };
	b.modules[1] = (struct plan_module) { .text = "empty" };
	b.modules[2] = (struct plan_module) { .text = "c", .bytes = (uint8_t *)"67", .size = 2 };
	CHECK_EQ(boot_load(&b), 0);
	uint32_t list = ram32(&b, START_INFO_GPA + 24);
	CHECK_EQ(ram32(&b, START_INFO_GPA + 20), 3);
	CHECK_EQ(ram32(&b, list), 0x101000);
	CHECK_EQ(ram32(&b, list + 4), 0x101005);
	CHECK_STR(ram_text(&b, ram32(&b, list + 8)), "a x");
	CHECK_EQ(ram32(&b, list + 12), 0);
	CHECK_EQ(ram32(&b, list + 16), ram32(&b, list + 20));
	CHECK_EQ(ram32(&b, list + 32), 0x102000);
	CHECK(!memcmp(b.ram + 0x101000, "12345", 5) && !memcmp(b.ram + 0x102000, "67", 2));
	CHECK_STR(b.loaded.pieces[1].name, "module 1");

	b.modules[0].size = RAM_SIZE; /* nobody reads so far */
	boot_refused(&b, EFBIG,
	        "image: module 1, 2097152 bytes, does not fit: RAM at 0x101000 is 1044480 bytes; "
	        "give more with --memory");
	b.module_count = 0;
}

static void modules_of_a_low_kernel_are_above_1_mib(void)
{
	const struct elf_part part = { PT_LOAD_TYPE, 0x8000, 0x8000, 16, "0123456789abcdef", 16 };
	make_elf(&b, false, 0x8000, &part, 1);
	put_multiboot(&b, 0x300, 0);
	b.module_count = 1;
	b.modules[0] = (struct plan_module) { .text = "a", .bytes = (uint8_t *)"1", .size = 1 };
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.modules[0].gpa, 0x100000);
	b.module_count = 0;
}

static void too_long_a_command_line_is_refused(void)
{
	static char text[70000];
	memset(text, 'x', sizeof text - 1);
	make_multiboot(&b);
	b.options.append = text;
	for (unsigned len = 65300; len < 65536 && check_case_ok; len++) {
		text[len] = 0;
		int err = boot_load(&b);
		CHECK(!err || err == -EFBIG);
		CHECK(err || !strcmp(ram_text(&b, ram32(&b, START_INFO_GPA + 16)), text));
		text[len] = 'x';
	}
	boot_refused(
	        &b, EFBIG, "image: the command line and the modules' take more than 65536 bytes");
	b.options.append = NULL;
}

struct change {
	unsigned at;
	uint32_t value;
	const char *text;
};

static void broken_addresses_are_named(void)
{
	static const struct change changes[] = {
		{ 76, 0xfffff,
		        "image: Multiboot header: header_addr is 0xfffff, load_addr 0x100000: "
		        "expected a distance of 0 to 0x40, the header's offset in the file" },
		{ 76, 0x100041,
		        "image: Multiboot header: header_addr is 0x100041, load_addr 0x100000: "
		        "expected a distance of 0 to 0x40, the header's offset in the file" },
		{ 84, 0xfffff,
		        "image: Multiboot header: load_end_addr 0xfffff is below load_addr "
		        "0x100000" },
		{ 84, 0x100101,
		        "image: Multiboot header: load_addr 0x100000 to load_end_addr 0x100101 is "
		        "more than the 256 bytes that the file has for it" },
		{ 88, 0x1000ff,
		        "image: Multiboot header: bss_end_addr 0x1000ff is below the loaded part's "
		        "end at 0x100100" },
		{ 88, 1,
		        "image: Multiboot header: bss_end_addr 0x1 is below the loaded part's end "
		        "at 0x100100" },
	};
	for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		make_multiboot(&b);
		put32(b.image + changes[i].at, changes[i].value);
		boot_refused(&b, ENOEXEC, changes[i].text);
	}
	make_multiboot(&b);
	put32(b.image + 92, RAM_SIZE);
	boot_refused(&b, EFAULT,
	        "image: entry 0x200000: no RAM there; give some with --memory, or another --entry");
	put_multiboot(&b, 64, 3);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot header: flags 0x3: bit 16 is 0, no addresses, and the file is no "
	        "ELF that has them");
}

static void demands_that_cannot_be_met_are_refused(void)
{
	make_multiboot(&b);
	put_multiboot(&b, 64, 0x10007);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot header: flags 0x10007: bit 2 asks for a video mode, and there is "
	        "no display");
	put_multiboot(&b, 64, 0x18008);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot header: flags 0x18008: bits 0x8008 ask for what Multiboot 1 does "
	        "not define");
	put_multiboot(&b, 64, 0xffff0000); /* the upper half may be ignored */
	CHECK_EQ(boot_load(&b), 0);
}

static void its_mode_is_its_own(void)
{
	make_multiboot(&b);
	b.options.mode = START_LONG;
	boot_refused(&b, EINVAL,
	        "--mode long: a Multiboot kernel starts in 32-bit protected mode; leave it out, or "
	        "say --format flat");
	b.options.mode = START_PROT;
	CHECK_EQ(boot_load(&b), 0);
	b.options.mode = START_AUTO;
}

int main(void)
{
	boot_open(&b);
	RUN(a_kernel_goes_where_its_addresses_say);
	RUN(a_kernel_in_an_elf_goes_where_that_says);
	RUN(the_header_is_in_the_first_8192_bytes_at_a_multiple_of_4);
	RUN(memory_command_line_and_name_are_handed_over);
	RUN(modules_are_at_pages_behind_the_kernel);
	RUN(modules_of_a_low_kernel_are_above_1_mib);
	RUN(too_long_a_command_line_is_refused);
	RUN(broken_addresses_are_named);
	RUN(demands_that_cannot_be_met_are_refused);
	RUN(its_mode_is_its_own);
	boot_close(&b);
	return check_done();
}

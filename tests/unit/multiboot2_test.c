/* Multiboot 2: the header's tags, what may be ignored and what not, what the kernel is handed. */
#include <errno.h>

#include "boot_machine.h"

static struct boot_machine b;

/* A small ELF with a header of these tags. */
static void make_tagged(const void *tags, uint32_t len)
{
	make_small_elf(&b, false);
	put_multiboot2(&b, 0x400, tags, len);
}

#define MAKE_TAGGED(...)                                                                           \
	do {                                                                                       \
		const uint32_t tagged[] = { __VA_ARGS__ };                                         \
		make_tagged(tagged, sizeof tagged);                                                \
	} while (0)

static void a_kernel_goes_where_its_tags_say(void)
{
	make_multiboot2(&b);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_MULTIBOOT2);
	CHECK(!memcmp(b.ram + 0x100000, b.image, 512));
	CHECK_EQ(b.ram[0x100200], 0);
	CHECK_EQ(b.ram[0x1002ff], 0);
	CHECK_EQ(b.ram[0x100300], FILL);
	CHECK_EQ(b.regs.rip, 0x100100);
	CHECK_EQ(b.regs.rax, 0x36d76289);
	CHECK_EQ(b.regs.rbx, START_INFO_GPA);
	CHECK_EQ(b.sregs.cr0 & 0x80000001, 1);
	CHECK_EQ(b.sregs.cs.limit, 0xffffffff);
}

/* load_addr -1: from the file's beginning. */
static void a_load_address_of_minus_1_is_the_files_beginning(void)
{
	static const uint32_t tags[] = { TAG16(2, 0), 24, 0x110000 + 0x80, UINT32_MAX, 0, 0,
		TAG16(3, 0), 12, 0x110004, 0 };
	memset(b.image, 0x77, 0x300);
	b.image_len = 0x300;
	put_multiboot2(&b, 0x80, tags, sizeof tags);
	CHECK_EQ(boot_load(&b), 0);
	CHECK(!memcmp(b.ram + 0x110000, b.image, 0x300));
}

static void a_kernel_in_an_elf_goes_where_that_says(void)
{
	MAKE_TAGGED(TAG16(6, 0), 8);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_MULTIBOOT2);
	CHECK(b.loaded.is_elf);
	CHECK_EQ(b.regs.rip, 0x100000);
	MAKE_TAGGED(TAG16(3, 0), 12, 0x100008, 0);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.regs.rip, 0x100008);
}

static void the_header_is_in_the_first_32768_bytes_at_a_multiple_of_8(void)
{
	make_small_elf(&b, false);
	put_multiboot2(&b, 32768 - 24, "", 0);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_MULTIBOOT2);
	make_small_elf(&b, false);
	put_multiboot2(&b, 32768 - 16, "", 0);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: header_length is 24, expected 16 to 16, the rest of "
	        "the file or of its first 32768 bytes");
	make_small_elf(&b, false);
	put_multiboot2(&b, 0x404, "", 0);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_ELF);
	b.options.format = IMAGE_MULTIBOOT2;
	boot_refused(&b, ENOEXEC,
	        "image: no Multiboot 2 header in its first 32768 bytes (0xe85250d6 at a multiple "
	        "of "
	        "8, architecture, length, and what makes the sum of the four 0)");
	b.options.format = IMAGE_AUTO;
}

/* The tag of a type in the boot information; 0 when there is none. */
static uint32_t find(uint32_t type)
{
	uint32_t at = START_INFO_GPA + 8, end = START_INFO_GPA + ram32(&b, START_INFO_GPA);
	for (; at < end; at += (ram32(&b, at + 4) + 7) & ~7u)
		if (ram32(&b, at) == type)
			return at;
	return 0;
}

static void what_is_handed_over_is_in_tags(void)
{
	make_multiboot2(&b);
	b.options.append = "a b";
	b.module_count = 1;
	b.modules[0] = (struct plan_module) { .text = "m 1", .bytes = (uint8_t *)"xyz", .size = 3 };
	CHECK_EQ(boot_load(&b), 0);
	CHECK_STR(ram_text(&b, find(1) + 8), "a b");
	CHECK_EQ(ram32(&b, find(1) + 4), 8 + 4);
	CHECK_STR(ram_text(&b, find(2) + 8), "stepvm");
	CHECK_EQ(ram32(&b, find(3) + 8), 0x101000);
	CHECK_EQ(ram32(&b, find(3) + 12), 0x101003);
	CHECK_STR(ram_text(&b, find(3) + 16), "m 1");
	CHECK_EQ(ram32(&b, find(4) + 4), 16);
	CHECK_EQ(ram32(&b, find(4) + 8), 639);
	CHECK_EQ(ram32(&b, find(4) + 12), 1024);
	static const uint32_t map[] = { 6, 16 + 4 * 24, 24, 0, 0, 0, 0x9fc00, 0, 1, 0, 0x9fc00, 0,
		0x400, 0, 2, 0, 0xf0000, 0, 0x10000, 0, 2, 0, 0x100000, 0, 0x100000, 0, 1, 0 };
	CHECK(!memcmp(b.ram + find(6), map, sizeof map));
	CHECK_EQ(ram32(&b, find(21) + 8), 0x100000); /* relocatable: where it is */
	uint32_t end = find(0);
	CHECK_EQ(ram32(&b, end + 4), 8);
	CHECK_EQ(end + 8, START_INFO_GPA + ram32(&b, START_INFO_GPA));
	MAKE_TAGGED(TAG16(6, 0), 8);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(find(21), 0);
	b.module_count = 0;
	b.options.append = NULL;
}

static void what_it_may_do_without_is_ignored(void)
{
	MAKE_TAGGED(TAG16(1, 1), 16, 22, 9, TAG16(5, 1), 20, 0, 0, 0, 0, TAG16(77, 1), 8,
	        TAG16(4, 0), 12, 2, 0, TAG16(7, 0), 8, TAG16(8, 0), 12, 0, 0, TAG16(9, 0), 12, 0,
	        0);
	CHECK_EQ(boot_load(&b), 0);
	MAKE_TAGGED(TAG16(4, 1), 12, 1, 0);
	CHECK_EQ(boot_load(&b), 0);
	/* Known, and there is none of it here: the display's, the BIOS', EFI's, ACPI's. */
	MAKE_TAGGED(TAG16(1, 0), 40, 5, 7, 8, 10, 11, 12, 14, 20);
	CHECK_EQ(boot_load(&b), 0);
}

static void what_it_requires_and_is_not_here_is_refused(void)
{
	MAKE_TAGGED(TAG16(1, 0), 12, 22, 0);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: information of type 22 is required, and is not handed "
	        "over here");
	MAKE_TAGGED(TAG16(1, 0), 16, 1, 9);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: information of type 9 is required, and is not handed "
	        "over here");
	MAKE_TAGGED(TAG16(4, 0), 12, 1, 0);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: tag of type 4: it requires a console, and there is no "
	        "display");
	MAKE_TAGGED(TAG16(5, 0), 20, 0, 0, 0, 0);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: tag of type 5: it requires a framebuffer, and there is "
	        "no display");
	MAKE_TAGGED(TAG16(11, 0), 8);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: tag of type 11: it requires what Multiboot 2 does not "
	        "define");
	MAKE_TAGGED(TAG16(10, 0), 24, 0x100001, 0x1fffff, 4096, 0);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: the image may be at 0x100001 to 0x1fffff, and is "
	        "linked "
	        "at 0x100000 to 0x10001f; stepvm does not relocate it");
	MAKE_TAGGED(TAG16(10, 0), 24, 0x100000, 0x10001e, 4096, 0);
	CHECK_EQ(boot_load(&b), -ENOEXEC);
}

static void broken_tags_are_named(void)
{
	MAKE_TAGGED(TAG16(2, 0), 16, 0, 0);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: tag of type 2 at offset 16 of it: size is 16, expected "
	        "24 to 24");
	MAKE_TAGGED(TAG16(77, 1), 0);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: tag of type 77 at offset 16 of it: size is 0, expected "
	        "8 to 16");
	MAKE_TAGGED(TAG16(77, 1), UINT32_MAX);
	CHECK_EQ(boot_load(&b), -ENOEXEC);
	MAKE_TAGGED(TAG16(77, 1), 16); /* takes the end tag with it */
	boot_refused(&b, ENOEXEC, "image: Multiboot 2 header: no end tag in its 32 bytes");
	MAKE_TAGGED(TAG16(2, 0), 24, 0x100400, 0x100000, 0, 0);
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: an address tag (type 2) and no entry address tag (type "
	        "3)");
	MAKE_TAGGED(TAG16(6, 0), 8);
	b.image[0] = 'E';
	boot_refused(&b, ENOEXEC,
	        "image: Multiboot 2 header: no address tag (type 2), and the file is no ELF");
	MAKE_TAGGED(TAG16(6, 0), 8);
	put32(b.image + 0x404, 4); /* MIPS */
	put32(b.image + 0x40c, -(0xe85250d6 + 4 + 32));
	boot_refused(
	        &b, ENOEXEC, "image: Multiboot 2 header: architecture is 4, expected 0 (i386)");
}

int main(void)
{
	boot_open(&b);
	RUN(a_kernel_goes_where_its_tags_say);
	RUN(a_load_address_of_minus_1_is_the_files_beginning);
	RUN(a_kernel_in_an_elf_goes_where_that_says);
	RUN(the_header_is_in_the_first_32768_bytes_at_a_multiple_of_8);
	RUN(what_is_handed_over_is_in_tags);
	RUN(what_it_may_do_without_is_ignored);
	RUN(what_it_requires_and_is_not_here_is_refused);
	RUN(broken_tags_are_named);
	boot_close(&b);
	return check_done();
}

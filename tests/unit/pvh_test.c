/* PVH: the note that names the entry, the CPU's state, struct hvm_start_info. */
#include <errno.h>

#include "boot_machine.h"

static struct boot_machine b;

static void a_note_makes_it_pvh(void)
{
	make_pvh(&b);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_PVH);
	CHECK_EQ(b.regs.rip, 0x100008);
	CHECK_EQ(b.regs.rbx, START_INFO_GPA);
	CHECK_EQ(b.sregs.cr0 & ~(uint64_t)0x10, 1); /* ET can't be cleared */
	CHECK_EQ(b.sregs.cr4, 0);
	CHECK_EQ(b.sregs.tr.base, 0);
	CHECK_EQ(b.sregs.tr.limit, 0x67);
	CHECK_EQ(b.sregs.tr.type, 11);
	CHECK_EQ(b.sregs.cs.limit, 0xffffffff);
	CHECK_EQ(b.regs.rflags, 2);
	put32(b.image + 0x300 + 28, 17); /* another note's type */
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_ELF);
	CHECK_EQ(b.regs.rip, 0x100000);
	b.options.format = IMAGE_PVH;
	boot_refused(&b, ENOEXEC,
	        "image: no PVH entry: none of its notes is XEN_ELFNOTE_PHYS32_ENTRY (name Xen, "
	        "type "
	        "18)");
	b.options.format = IMAGE_AUTO;
}

static void entries_of_8_bytes_and_notes_aligned_to_8(void)
{
	uint8_t notes[56] = { 0 };
	put32(notes, 3); /* "ab", whose descriptor of 1 byte is at 16 and padded to 24 */
	put32(notes + 4, 1);
	memcpy(notes + 12, "ab", 3);
	put32(notes + 24, 4);
	put32(notes + 28, 8);
	put32(notes + 32, 18);
	memcpy(notes + 36, "Xen", 4);
	put64(notes + 40, 0x100004);
	const struct elf_part parts[] = {
		{ PT_LOAD_TYPE, 0x100000, 0x100000, 16, "0123456789abcdef", 16 },
		{ PT_NOTE_TYPE, 0, 0, 48, notes, 48 },
	};
	make_elf(&b, true, 0x100000, parts, 2);
	put64(b.image + 64 + 56 + 48, 8); /* p_align */
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_PVH);
	CHECK_EQ(b.regs.rip, 0x100004);
}

static void broken_notes_are_named(void)
{
	make_pvh(&b);
	put32(b.image + 0x300 + 24, 5);
	boot_refused(&b, ENOEXEC,
	        "image: segment 1: a note's n_namesz or n_descsz runs past the segment's end, 20 "
	        "bytes from it");
	make_pvh(&b);
	put32(b.image + 0x300 + 20, UINT32_MAX);
	CHECK_EQ(boot_load(&b), -ENOEXEC);
	make_pvh(&b);
	put32(b.image + 0x300 + 24, 3);
	boot_refused(&b, ENOEXEC, "image: XEN_ELFNOTE_PHYS32_ENTRY has 3 bytes, expected 4 or 8");
	make_pvh(&b);
	put32(b.image + 0x300 + 36, RAM_SIZE);
	CHECK_EQ(boot_load(&b), -EFAULT);
}

/* xen/include/public/arch-x86/hvm/start_info.h */
static void the_start_info_has_command_line_modules_and_map(void)
{
	make_pvh(&b);
	b.options.append = "console=ttyS0";
	b.module_count = 1;
	b.modules[0] = (struct plan_module) { .text = "m 1", .bytes = (uint8_t *)"xyz", .size = 3 };
	CHECK_EQ(boot_load(&b), 0);
	uint32_t i = START_INFO_GPA;
	CHECK_EQ(ram32(&b, i), 0x336ec578);
	CHECK_EQ(ram32(&b, i + 4), 1);
	CHECK_EQ(ram32(&b, i + 8), 0);
	CHECK_EQ(ram32(&b, i + 12), 1);
	uint64_t list = ram64(&b, i + 16);
	CHECK_EQ(ram64(&b, list), 0x101000);
	CHECK_EQ(ram64(&b, list + 8), 3);
	CHECK_STR(ram_text(&b, ram64(&b, list + 16)), "m 1");
	CHECK_EQ(ram64(&b, list + 24), 0);
	CHECK_STR(ram_text(&b, ram64(&b, i + 24)), "console=ttyS0");
	CHECK_EQ(ram64(&b, i + 32), 0); /* no ACPI */
	CHECK_EQ(ram32(&b, i + 48), 4);
	CHECK_EQ(ram32(&b, i + 52), 0);
	static const uint32_t map[] = { 0, 0, 0x9fc00, 0, 1, 0, 0x9fc00, 0, 0x400, 0, 2, 0, 0xf0000,
		0, 0x10000, 0, 2, 0, 0x100000, 0, 0x100000, 0, 1, 0 };
	CHECK(!memcmp(b.ram + ram64(&b, i + 40), map, sizeof map));
	b.module_count = 0;
	b.options.append = NULL;
}

int main(void)
{
	boot_open(&b);
	RUN(a_note_makes_it_pvh);
	RUN(entries_of_8_bytes_and_notes_aligned_to_8);
	RUN(broken_notes_are_named);
	RUN(the_start_info_has_command_line_modules_and_map);
	boot_close(&b);
	return check_done();
}

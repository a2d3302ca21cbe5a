/* ELF files: where their segments go, what state they start in, what a broken one gets. */
#include <errno.h>

#include "boot/elf_hosted.h"
#include "boot_machine.h"

static struct boot_machine b;

static bool is_filled(uint64_t from, uint64_t to, uint8_t with)
{
	for (uint64_t i = from; i < to; i++)
		if (b.ram[i] != with)
			return false;
	return true;
}

static void segments_go_to_their_physical_addresses(void)
{
	static const struct elf_part parts[] = {
		{ PT_LOAD, 0xc0100000, 0x100000, 0x20, "text of segment0", 16 },
		{ PT_NOTE, 0, 0, 0, "", 0 },
		{ PT_LOAD, 0xc0180000, 0x17ffff, 2, "ab", 2 }, /* over two slots */
		{ PT_LOAD, 0xc0190000, 0x190000, 0x1000, "", 0 },
		{ PT_LOAD, 0, 0xfffffff0, 0, "", 0 }, /* empty: goes nowhere */
	};
	for (unsigned is_64 = 0; is_64 < 2; is_64++) {
		make_elf(&b, is_64, 0xc0100004, parts, 5);
		CHECK_EQ(boot_load(&b), 0);
		CHECK(!memcmp(b.ram + 0x100000, "text of segment0", 16));
		CHECK(is_filled(0x100010, 0x100020, 0));
		CHECK(is_filled(0x100020, 0x17ffff, FILL));
		CHECK(!memcmp(b.ram + 0x17ffff, "ab", 2));
		CHECK(is_filled(0x190000, 0x191000, 0));
		CHECK(is_filled(0x191000, RAM_SIZE, FILL));
		CHECK(is_filled(0, START_GDT_GPA, FILL));
		CHECK_EQ(b.regs.rip, 0x100004);
		CHECK_EQ(b.loaded.format, IMAGE_ELF);
		CHECK(b.loaded.is_elf);
		CHECK_EQ(b.loaded.piece_count, is_64 ? 5 : 4);
		CHECK_STR(b.loaded.pieces[1].name, "segment 2");
	}
}

static void the_class_decides_about_the_mode_unless_said(void)
{
	make_small_elf(&b, false);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.sregs.cr0, 0x11);
	CHECK_EQ(b.sregs.efer, 0);
	CHECK_EQ(b.regs.rip, 0x100000);
	CHECK_EQ(b.regs.rsp, 0x70000);
	CHECK_EQ(b.regs.rflags, 2);
	b.options.mode = START_LONG;
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.sregs.efer, 0x500);
	b.options.mode = START_AUTO;
	make_small_elf(&b, true);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.sregs.efer, 0x500);
	b.options.mode = START_PROT;
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.sregs.cr0, 0x11);
	b.options.mode = START_AUTO;
}

/* As flat images do: a segment of 64 KiB, base 0 for what is below. */
static void real_mode_enters_at_segment_and_offset(void)
{
	static const struct {
		uint32_t gpa;
		uint16_t selector, offset;
	} rows[] = {
		{ 0x7c00, 0, 0x7c00 },
		{ 0xfff0, 0, 0xfff0 },
		{ 0x10000, 0x1000, 0 },
		{ 0x10ffe0, 0xffff, 0xfff0 },
	};
	b.options.mode = START_REAL;
	for (unsigned i = 0; i < 4; i++) {
		const struct elf_part part = { PT_LOAD, rows[i].gpa, rows[i].gpa, 16, "", 0 };
		make_elf(&b, false, rows[i].gpa, &part, 1);
		CHECK_EQ(boot_load(&b), 0);
		CHECK_EQ(b.sregs.cs.selector, rows[i].selector);
		CHECK_EQ(b.sregs.cs.base, rows[i].selector * 16u);
		CHECK_EQ(b.regs.rip, rows[i].offset);
		CHECK_EQ(b.regs.rsp, 0);
		CHECK_EQ(b.loaded.piece_count, 1);
	}
	const struct elf_part far = { PT_LOAD, 0x10fff0, 0x10fff0, 16, "", 0 };
	make_elf(&b, false, 0x10fff0, &far, 1);
	boot_refused(
	        &b, EINVAL, "image: e_entry is 0x10fff0: --mode real reaches 0x10ffef at most");
	b.options.mode = START_AUTO;
}

static void an_entry_is_virtual_or_physical(void)
{
	const struct elf_part part = { PT_LOAD, 0x40000000, 0x110000, 16, "", 0 };
	make_elf(&b, false, 0x40000008, &part, 1);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.regs.rip, 0x110008);
	make_elf(&b, false, 0x11000f, &part, 1);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.regs.rip, 0x11000f);
	make_elf(&b, false, 0x110010, &part, 1);
	boot_refused(&b, ENOEXEC,
	        "image: e_entry is 0x110010: in none of its segments; say with --entry where to "
	        "start");
	b.options.entry = (struct image_entry) { .kind = ENTRY_LINEAR, .gva = 0x110004 };
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.regs.rip, 0x110004);
	b.options.entry = (struct image_entry) { .kind = ENTRY_SEGOFF, .selector = 0x7c0 };
	boot_refused(&b, EINVAL,
	        "--entry 07c0:0000: SEG:OFF is for real mode, and this image starts in prot mode: "
	        "expected an address such as 0x100000");
	b.options.entry = (struct image_entry) { .kind = ENTRY_DEFAULT };
}

static void position_independent_ones_go_where_they_are_linked(void)
{
	const struct elf_part part = { PT_LOAD, 0x1000, 0x1000, 16, "0123456789abcdef", 16 };
	make_elf(&b, true, 0x1000, &part, 1);
	put16(b.image + E_TYPE, ET_DYN);
	CHECK_EQ(boot_load(&b), 0);
	CHECK(!memcmp(b.ram + 0x1000, "0123", 4));
}

/* Three parts: code, and two that say what else the file is. */
static void make_elf_with(bool is_64, struct elf_part first, struct elf_part second)
{
	const struct elf_part parts[] = { { PT_LOAD, 0x1000, 0x1000, 16, "0123456789abcdef", 16 },
		first, second };
	make_elf(&b, is_64, 0x1000, parts, 3);
}

#define HOSTED(why)                                                                                \
	"image: a program for an operating system, not a bare-metal image: " why                   \
	"; --format elf loads it all the same"

static const struct elf_part nothing = { PT_NULL, 0, 0, 0, "", 0 };

static void a_program_for_linux_is_no_guest(void)
{
	uint8_t note[32] = { 0 };
	put32(note, 4);
	put32(note + 4, 16);
	put32(note + 8, NT_GNU_ABI_TAG);
	memcpy(note + 12, "GNU", 4);
	const struct elf_part interp = { PT_INTERP, 0, 0, 0, "/lib/ld-linux.so.2", 19 };
	const struct elf_part tag = { PT_NOTE, 0, 0, 0, note, sizeof note };
	const struct elf_part odd = { PT_INTERP, 0, 0, 0, "a\nb", 4 };
	for (unsigned is_64 = 0; is_64 < 2; is_64++) {
		make_elf_with(is_64, interp, tag); /* as /bin/true is */
		boot_refused(
		        &b, ENOEXEC, HOSTED("its PT_INTERP names a loader, /lib/ld-linux.so.2"));
		b.options.format = IMAGE_ELF; /* said to be one, it is no more asked for */
		CHECK_EQ(boot_load(&b), 0);
		CHECK_STR(b.loaded.warning, "");
		b.options.format = IMAGE_AUTO;
		put_multiboot(&b, 0x400, 0); /* nor is a kernel that has such a segment */
		CHECK_EQ(boot_load(&b), 0);
		CHECK_EQ(b.loaded.format, IMAGE_MULTIBOOT);
		make_elf_with(is_64, odd, tag);
		boot_refused(&b, ENOEXEC, HOSTED("its PT_INTERP names a loader, a"));
		make_elf_with(is_64, interp, nothing); /* as gcc links a kernel without -static */
		CHECK_EQ(boot_load(&b), 0);
		CHECK_STR(b.loaded.warning,
		        "image: its PT_INTERP names a loader, /lib/ld-linux.so.2, as a program's "
		        "does; link a kernel with -static");
		make_elf_with(is_64, tag, nothing);
		boot_refused(
		        &b, ENOEXEC, HOSTED("its note NT_GNU_ABI_TAG says that it is for Linux"));
		put32(b.image + 0x300 + 16, 4); /* no system that has a number */
		CHECK_EQ(boot_load(&b), 0);
	}
}

static void put_dynamic(uint8_t *to, bool is_64, unsigned i, uint32_t tag, uint32_t value)
{
	put32(to + i * (is_64 ? 16 : 8), tag);
	put32(to + i * (is_64 ? 16 : 8) + (is_64 ? 8 : 4), value);
}

static void libraries_and_what_needs_them_are_no_guests(void)
{
	static const struct {
		uint32_t tag;
		const char *why;
	} rows[] = {
		{ DT_NEEDED, HOSTED("it needs shared libraries (DT_NEEDED)") },
		{ DT_SONAME, HOSTED("it is a shared library (DT_SONAME)") },
	};
	for (unsigned i = 0; i < 4; i++) {
		bool is_64 = i & 1;
		uint8_t dynamic[48] = { 0 };
		size_t size = is_64 ? 48 : 24;
		put_dynamic(dynamic, is_64, 0, DT_HASH, 1);
		put_dynamic(dynamic, is_64, 1, rows[i / 2].tag, 1);
		const struct elf_part part = { PT_DYNAMIC, 0, 0, 0, dynamic, size };
		const struct elf_part cut = { PT_DYNAMIC, 0, 0, 0, dynamic, size * 2 / 3 - 1 };
		make_elf_with(is_64, part, nothing);
		boot_refused(&b, ENOEXEC, rows[i / 2].why);
		make_elf_with(is_64, cut, nothing);
		CHECK_EQ(boot_load(&b), 0);
		put_dynamic(dynamic, is_64, 0, DT_NULL, 0);
		make_elf_with(is_64, part, nothing);
		CHECK_EQ(boot_load(&b), 0);
	}
}

static void relocations_that_nobody_applies_are_said(void)
{
	static const uint32_t tags[] = { DT_RELASZ, DT_RELSZ, DT_RELRSZ, DT_PLTRELSZ };
	for (unsigned i = 0; i < 8; i++) {
		bool is_64 = i & 1;
		uint8_t dynamic[32] = { 0 };
		put_dynamic(dynamic, is_64, 0, tags[i / 2], 24);
		const struct elf_part part = { PT_DYNAMIC, 0, 0, 0, dynamic, is_64 ? 32 : 16 };
		make_elf_with(is_64, part, nothing);
		CHECK_EQ(boot_load(&b), 0);
		CHECK_STR(b.loaded.warning, ""); /* ET_EXEC: they are done */
		put16(b.image + E_TYPE, ET_DYN);
		CHECK_EQ(boot_load(&b), 0);
		CHECK_STR(b.loaded.warning,
		        "image: is position-independent (e_type 3) and loaded where it is linked; "
		        "its relocations are not applied, so link it with -no-pie");
		put_dynamic(dynamic, is_64, 0, tags[i / 2], 0);
		make_elf_with(is_64, part, nothing);
		put16(b.image + E_TYPE, ET_DYN);
		CHECK_EQ(boot_load(&b), 0);
		CHECK_STR(b.loaded.warning, "");
	}
}

static void overlaps_are_refused_with_both_names(void)
{
	const struct elf_part twice[] = {
		{ PT_LOAD, 0x1000, 0x1000, 0x100, "", 0 },
		{ PT_LOAD, 0x10ff, 0x10ff, 1, "", 0 },
	};
	make_elf(&b, false, 0x1000, twice, 2);
	boot_refused(&b, ENOEXEC,
	        "image: segment 1 (0x10ff to 0x10ff) and segment 0 (0x1000 to 0x10ff) overlap");
	const struct elf_part low[] = { { PT_LOAD, 0x1000, 0x1000, 0x7f001, "", 0 } };
	make_elf(&b, false, 0x1000, low, 1);
	boot_refused(&b, ENOEXEC,
	        "image: the GDT (0x80000 to 0x800ff) and segment 0 (0x1000 to 0x80000) overlap");
	b.options.mode = START_REAL; /* nothing is laid down there then */
	CHECK_EQ(boot_load(&b), 0);
	b.options.mode = START_AUTO;
	const struct elf_part on_tables[] = { { PT_LOAD, 0x81000, 0x81000, 1, "", 0 } };
	make_elf(&b, false, 0x81000, on_tables, 1);
	CHECK_EQ(boot_load(&b), 0);
	make_elf(&b, true, 0x81000, on_tables, 1);
	boot_refused(&b, ENOEXEC,
	        "image: the page tables (0x81000 to 0x86fff) and segment 0 (0x81000 to "
	        "0x81000) overlap");
}

static void ram_must_be_there(void)
{
	const struct elf_part outside[] = { { PT_LOAD, RAM_SIZE, RAM_SIZE, 1, "", 0 } };
	make_elf(&b, false, RAM_SIZE, outside, 1);
	boot_refused(&b, EFAULT,
	        "image: segment 0 goes to 0x200000: no RAM there; give some with --memory");
	const struct elf_part over[] = { { PT_LOAD, RAM_SIZE - 1, RAM_SIZE - 1, 2, "", 0 } };
	make_elf(&b, false, RAM_SIZE - 1, over, 1);
	boot_refused(&b, EFBIG,
	        "image: segment 0, 2 bytes, does not fit: RAM at 0x1fffff is 1 bytes; give more "
	        "with --memory");
	const struct elf_part wraps[] = { { PT_LOAD, 0, 0x100000, UINT64_MAX - 0xfffff, "", 0 } };
	make_elf(&b, true, 0x100000, wraps, 1);
	CHECK_EQ(boot_load(&b), -EFBIG);
}

struct change {
	unsigned at, size;
	uint64_t value;
	const char *text;
};

static void check_changes(bool is_64, const struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct change *c = &changes[i];
		make_small_elf(&b, is_64);
		memcpy(b.image + c->at, &c->value, c->size);
		boot_refused(&b, ENOEXEC, c->text);
	}
}

static void broken_headers_are_named(void)
{
	static const struct change changes32[] = {
		{ 4, 1, 3, "image: ELF class (EI_CLASS) is 3, expected 1 (32-bit) or 2 (64-bit)" },
		{ 5, 1, 2, "image: ELF byte order (EI_DATA) is 2, expected 1 (little-endian)" },
		{ 6, 1, 0, "image: ELF version (EI_VERSION) is 0, expected 1" },
		{ 16, 2, 1, "image: e_type is 1, an object file: link it first, with ld" },
		{ 16, 2, 4,
		        "image: e_type is 4, expected 2 (an executable) or 3 (a "
		        "position-independent one)" },
		{ 18, 2, 62, "image: e_machine is 62, expected 3 (EM_386) in a 32-bit ELF" },
		{ 18, 2, 40, "image: e_machine is 40, expected 3 (EM_386) in a 32-bit ELF" },
		{ 42, 2, 31, "image: e_phentsize is 31, expected 32" },
		{ 44, 2, 0,
		        "image: e_phnum is 0: no program headers, so nothing says what to load" },
		{ 44, 2, 0xffff,
		        "image: e_phnum is 0xffff: more program headers than stepvm reads" },
		{ 28, 4, 0xffffffff,
		        "image: e_phoff is 0xffffffff with 1 program headers of 32 bytes: past the "
		        "file's end at 0x210" },
		{ 28, 4, 0x1f1,
		        "image: e_phoff is 0x1f1 with 1 program headers of 32 bytes: past the "
		        "file's end at 0x210" },
		{ 52, 4, 2,
		        "image: none of its 1 program headers is a PT_LOAD with bytes: nothing to "
		        "load" },
		{ 56, 4, 0x201,
		        "image: segment 0: p_offset 0x201 and p_filesz 0x10 run past the file's "
		        "end at 0x210" },
		{ 56, 4, 0xffffffff,
		        "image: segment 0: p_offset 0xffffffff and p_filesz 0x10 run past the "
		        "file's end at 0x210" },
		{ 68, 4, 33, "image: segment 0: p_filesz 0x21 is more than p_memsz 0x20" },
	};
	static const struct change changes64[] = {
		{ 18, 2, 3, "image: e_machine is 3, expected 62 (EM_X86_64) in a 64-bit ELF" },
		{ 54, 2, 32, "image: e_phentsize is 32, expected 56" },
		{ 32, 8, UINT64_MAX - 10,
		        "image: e_phoff is 0xfffffffffffffff5 with 1 program headers of 56 bytes: "
		        "past the file's end at 0x210" },
		{ 72, 8, UINT64_MAX - 10,
		        "image: segment 0: p_offset 0xfffffffffffffff5 and p_filesz 0x10 run past "
		        "the file's end at 0x210" },
		{ 104, 8, 15, "image: segment 0: p_filesz 0x10 is more than p_memsz 0xf" },
	};
	check_changes(false, changes32, sizeof changes32 / sizeof changes32[0]);
	check_changes(true, changes64, sizeof changes64 / sizeof changes64[0]);
	make_small_elf(&b, true);
	put64(b.image + 96, UINT64_MAX - 0x1ff); /* p_offset + p_filesz is 0 */
	put64(b.image + 104, UINT64_MAX);
	boot_refused(&b, ENOEXEC,
	        "image: segment 0: p_offset 0x200 and p_filesz 0xfffffffffffffe00 run past the "
	        "file's end at 0x210");
}

static void a_short_file_is_cut_off(void)
{
	make_small_elf(&b, false);
	CHECK_EQ(boot_load_part(&b, 15), -ENOEXEC);
	CHECK_STR(b.error.text, "image: cut off: 15 bytes, and an ELF header begins with 16");
	CHECK_EQ(boot_load_part(&b, 51), -ENOEXEC);
	CHECK_STR(b.error.text, "image: cut off: 51 bytes, and its ELF header has 52");
	CHECK_EQ(boot_load_part(&b, 83), -ENOEXEC);
	CHECK_EQ(boot_load_part(&b, 0x20f), -ENOEXEC);
}

static void said_to_be_elf_it_must_be_one(void)
{
	make_small_elf(&b, false);
	b.image[0] = 'E';
	b.options.format = IMAGE_ELF;
	boot_refused(&b, ENOEXEC, "image: not an ELF file: it does not begin with 7f 45 4c 46");
	b.options.format = IMAGE_AUTO;
}

static void options_that_it_has_no_use_for_are_refused(void)
{
	make_small_elf(&b, false);
	b.options.has_load = true;
	b.options.load_gpa = 0x1000;
	boot_refused(&b, EINVAL,
	        "--load 0x1000: an ELF file goes to a place of its own; leave it out, or say "
	        "--format flat");
	b.options.has_load = false;
	b.options.append = "x";
	boot_refused(&b, EINVAL,
	        "--append: an ELF file takes none; a linux, multiboot, multiboot2 or pvh image "
	        "does");
	b.options.append = NULL;
}

int main(void)
{
	boot_open(&b);
	RUN(segments_go_to_their_physical_addresses);
	RUN(the_class_decides_about_the_mode_unless_said);
	RUN(real_mode_enters_at_segment_and_offset);
	RUN(an_entry_is_virtual_or_physical);
	RUN(position_independent_ones_go_where_they_are_linked);
	RUN(a_program_for_linux_is_no_guest);
	RUN(libraries_and_what_needs_them_are_no_guests);
	RUN(relocations_that_nobody_applies_are_said);
	RUN(overlaps_are_refused_with_both_names);
	RUN(ram_must_be_there);
	RUN(broken_headers_are_named);
	RUN(a_short_file_is_cut_off);
	RUN(said_to_be_elf_it_must_be_one);
	RUN(options_that_it_has_no_use_for_are_refused);
	boot_close(&b);
	return check_done();
}

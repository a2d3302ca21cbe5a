/* Files that are no guests are named, and what may be one is said. Each case is a file as its format
 * is guessed; said to be flat, any of them is taken without a word. */
#include <errno.h>

#include "boot_machine.h"

static struct boot_machine b;

/* len bytes at offset at of what is otherwise size bytes of code (nop). */
static void make_file(size_t at, const void *bytes, size_t len, size_t size)
{
	memset(b.image, 0x90, sizeof b.image);
	memcpy(b.image + at, bytes, len);
	b.image_len = size;
}

static void make_text(const char *text)
{
	make_file(0, text, strlen(text), strlen(text));
}

static void sign(void)
{
	b.image[510] = 0x55;
	b.image[511] = 0xaa;
}

static void check_taken(enum image_format format, const char *warning)
{
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, format);
	CHECK_STR(b.loaded.warning, warning);
}

static void check_said_to_be_flat(void)
{
	b.options.format = IMAGE_FLAT;
	check_taken(IMAGE_FLAT, "");
	CHECK_STR(b.loaded.why, "--format said so");
	b.options.format = IMAGE_AUTO;
}

static void check_foreign(const char *what)
{
	char wanted[100];

	snprintf(wanted, sizeof wanted, "image: is %s, not a bare-metal image: ", what);
	CHECK_EQ(boot_load(&b), -ENOEXEC);
	if (strncmp(b.error.text, wanted, strlen(wanted)) != 0 ||
	        !strstr(b.error.text, "; --format flat runs any bytes"))
		CHECK_FAIL("\"%s\", wanted \"%s...\"", b.error.text, wanted);
	check_said_to_be_flat();
}

static void magic_numbers_name_a_file(void)
{
	static const struct {
		size_t at;
		const char *bytes, *what;
	} rows[] = {
		{ 0, "\x1f\x8b\x08", "a gzip file" },
		{ 4, "1AY&SY", "a bzip2 file" },
		{ 0,
		        "\xfd"
		        "7zXZ",
		        "an xz file" },
		{ 0, "\x28\xb5\x2f\xfd", "a zstd file" },
		{ 0, "7z\xbc\xaf\x27\x1c", "a 7z archive" },
		{ 0, "\x04\x22\x4d\x18", "an lz4 file" },
		{ 0, "PK\3\4", "a zip archive" },
		{ 257, "ustar", "a tar archive" },
		{ 0, "!<arch>\n", "an archive of object files" },
		{ 0, "QFI\xfb", "a qcow2 disk" },
		{ 0, "KDMV", "a VMDK disk" },
		{ 0x40, "\x7f\x10\xda\xbe", "a VDI disk" },
		{ 0, "vhdxfile", "a VHDX disk" },
		{ 0x8001, "CD001", "an ISO 9660 disc without a boot sector" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t end = rows[i].at + strlen(rows[i].bytes) + 1;
		make_file(rows[i].at, rows[i].bytes, end - rows[i].at, end);
		check_foreign(rows[i].what);
		b.image[rows[i].at] ^= 0x80;
		CHECK_EQ(boot_load(&b), 0);
		b.image[rows[i].at] ^= 0x80;
		b.options.has_load = true; /* where it goes does not make it one */
		b.options.load_gpa = 0x1000;
		check_foreign(rows[i].what);
		b.options.has_load = false;
	}
}

static void a_pe_file_has_two_signatures(void)
{
	make_file(0, "MZ", 2, 0x44);
	check_taken(IMAGE_FLAT, "");
	put32(b.image + 0x3c, 0x40);
	memcpy(b.image + 0x40, "PE\0\0", 4);
	check_foreign("a PE file (of Windows or UEFI)");
	put32(b.image + 0x3c, 0x41); /* and past the file's end */
	check_taken(IMAGE_FLAT, "");
	put32(b.image + 0x3c, UINT32_MAX);
	check_taken(IMAGE_FLAT, "");
}

static void a_disc_that_is_a_disk_too_is_no_foreign_one(void)
{
	make_file(0x8001, "CD001", 5, 0x9000); /* isohybrid */
	sign();
	check_taken(IMAGE_BOOT, "");
}

static void text_is_told_from_code(void)
{
	static const char *const texts[] = { "x", "mov ax, 1\n", "a\tb\r\n\f",
		"\x1b[31mred\x1b[0m\a", "dos\r\n\x1a",
		"; \xc3\xa9t\xc3\xa9 \xe2\x86\x92 \xf0\x9f\x98\x80\n", /* two, three and four bytes */
		"\xdf\xbf" };
	static const char *const codes[] = { "\xf4", "mov\1", "\xeb\xfe", "\xb0H\xe6\xe9\xf4",
		"\xc3", "text\xe2\x86", "\xe9text", "\xff\xfetext", "text\x7f" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		make_text(texts[i]);
		check_foreign("text");
	}
	make_file(0, "\xff\xfem\0o\0v\0", 8, 8);
	check_foreign("text (UTF-16)");
	make_file(0, "\xfe\xff\0m\0o\0v\x27\x13", 10, 10);
	check_foreign("text (UTF-16)");
	make_file(0, "\xff\xfem\0o\0v\0", 8, 9);
	check_taken(IMAGE_FLAT, "");
	make_file(0, "\xff\xfem\0\1\0v\0", 8, 8);
	check_taken(IMAGE_FLAT, "");
	make_text("; \xc4pfel f\xfcr K\xf6ln\nmov ax, 0x1234\n");
	check_foreign("text");
	make_text("; \xc4pfel f\xfcr K\xf6ln\nmov ax, \x90x1234\n");
	check_taken(IMAGE_FLAT, "");
	make_text("\xeb\x20Hello, this is a message's text\r\n\xfa\xf4");
	check_taken(IMAGE_FLAT, "");
	make_text("#!/bin/sh\necho\n");
	check_foreign("a script");
	make_text(":10000000B80100E710F4EBFD00000000000000006B\n:00000001FF\n");
	check_foreign("an Intel HEX file");
	make_text(": not one\n");
	check_foreign("text");
	make_text("S00600004844521B\nS9030000FC\n");
	check_foreign("a file of S-records");
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		make_text(codes[i]);
		check_taken(IMAGE_FLAT, "");
	}
	/* The first 4 KiB decide, and may end within a character. */
	memset(b.image, 'a', 4095);
	memcpy(b.image + 4095, "\xc3\xa9\xf4", 3);
	b.image_len = 4098;
	check_foreign("text");
	b.image[4095] = 0xf4;
	check_taken(IMAGE_FLAT, "");
	make_file(0, "text\0text", 9, 9);
	check_taken(IMAGE_FLAT, "");
}

static void a_sector_that_is_not_signed_is_doubted(void)
{
	make_file(0, "", 0, 512);
	check_taken(IMAGE_FLAT,
	        "image: is as long as a boot sector and ends with 90 90, not 55 aa: taken as flat "
	        "at 0. With 55 aa at offset 510 it goes to 0x7c00; --format flat says that this is "
	        "right");
	CHECK_STR(b.loaded.why, "no 55 aa at the end of its first sector");
	check_said_to_be_flat();
	for (b.image_len = 510; b.image_len < 512; b.image_len++) {
		char wanted[200];
		snprintf(wanted, sizeof wanted,
		        "image: has %zu bytes, and a boot sector 512 that end with 55 aa: taken as "
		        "flat at 0. Padded and signed it goes to 0x7c00; --format flat says that "
		        "this is right",
		        b.image_len);
		check_taken(IMAGE_FLAT, wanted);
		CHECK(!strncmp(b.loaded.why, "shorter than a boot sector", 26));
		check_said_to_be_flat();
	}
	/* Signed, it is one, also where the file ends within a sector. */
	b.image_len = 700;
	sign();
	check_taken(IMAGE_BOOT, "");
}

/* An empty disk is no guest, however long it is. */
static void zeros_are_doubted(void)
{
	static const size_t sizes[] = { 1, 512, 4096 };
	char wanted[200];
	for (size_t i = 0; i < 3; i++) {
		make_file(0, "", 0, sizes[i]);
		memset(b.image, 0, sizes[i]);
		snprintf(wanted, sizeof wanted,
		        "image: begins with %zu bytes of zeros, which are no code: taken as flat "
		        "at "
		        "0x0; --format flat says that this is right",
		        sizes[i] < 512 ? sizes[i] : 512);
		check_taken(IMAGE_FLAT, wanted);
		check_said_to_be_flat();
	}
	b.options.entry = (struct image_entry) { .kind = ENTRY_LINEAR, .gva = 2 };
	check_taken(IMAGE_FLAT, "");
	b.options.entry = (struct image_entry) { .kind = ENTRY_DEFAULT };
	b.image[511] = 0x90;
	check_taken(IMAGE_FLAT, "");
}

static void a_sector_with_a_place_of_its_own_is_none(void)
{
	static const size_t sizes[] = { 509, 513, 1024 };

	for (size_t i = 0; i < 3; i++) {
		make_file(0, "", 0, sizes[i]);
		check_taken(IMAGE_FLAT, "");
	}
	make_file(0, "", 0, 512);
	b.options.has_load = true;
	b.options.load_gpa = 0x7c00;
	check_taken(IMAGE_FLAT, "");
	CHECK_STR(b.loaded.why, "--load says where it goes");
	b.options.has_load = false;
	b.options.entry = (struct image_entry) { .kind = ENTRY_LINEAR, .gva = 2 };
	check_taken(IMAGE_FLAT, "");
	CHECK_STR(b.loaded.why, "--entry says where it starts");
	b.options.entry = (struct image_entry) { .kind = ENTRY_DEFAULT };
	b.options.mode = START_LONG;
	check_taken(IMAGE_FLAT, "");
	b.options.mode = START_AUTO;
}

static void what_was_loaded_is_a_line(void)
{
	char line[300];

	make_file(0, "", 0, 1000);
	CHECK_EQ(boot_load(&b), 0);
	image_describe(&b.loaded, line, sizeof line);
	CHECK_STR(line, "image: 1000 bytes, taken as flat at 0, real mode (no 55 aa at the end of "
	                "its first sector)");
	b.image_len = 1024;
	sign();
	CHECK_EQ(boot_load(&b), 0);
	image_describe(&b.loaded, line, sizeof line);
	CHECK_STR(line, "image: 1024 bytes, taken as boot at 0x7c00, real mode (55 aa at the end "
	                "of its first sector)");
	b.loaded.size = 0; /* a pipe that went on */
	image_describe(&b.loaded, line, sizeof line);
	CHECK_STR(line, "image: taken as boot at 0x7c00, real mode (55 aa at the end of its first "
	                "sector)");
	make_small_elf(&b, true);
	CHECK_EQ(boot_load(&b), 0);
	image_describe(&b.loaded, line, sizeof line);
	CHECK_STR(line, "image: 528 bytes, taken as elf at 0x100000, long mode (an ELF file)");
	make_multiboot(&b);
	CHECK_EQ(boot_load(&b), 0);
	image_describe(&b.loaded, line, sizeof line);
	CHECK_STR(line, "image: 256 bytes, taken as multiboot at 0x100000, 32-bit protected mode "
	                "(it has a Multiboot header)");
	b.options.format = IMAGE_FLAT;
	b.options.mode = START_LONG;
	b.options.has_load = true;
	b.options.load_gpa = 0x1000;
	CHECK_EQ(boot_load(&b), 0);
	image_describe(&b.loaded, line, sizeof line);
	CHECK_STR(line, "image: 256 bytes, taken as flat at 0x1000, long mode (--format said so)");
	b.options = (struct image_options) { .path = NULL };
}

int main(void)
{
	boot_open(&b);
	RUN(magic_numbers_name_a_file);
	RUN(a_pe_file_has_two_signatures);
	RUN(a_disc_that_is_a_disk_too_is_no_foreign_one);
	RUN(text_is_told_from_code);
	RUN(a_sector_that_is_not_signed_is_doubted);
	RUN(zeros_are_doubted);
	RUN(a_sector_with_a_place_of_its_own_is_none);
	RUN(what_was_loaded_is_a_line);
	boot_close(&b);
	return check_done();
}

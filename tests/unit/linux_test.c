/* Linux's boot protocol: where a kernel and its initrds go, how the CPU starts, what struct boot_params
 * says; and a header that is cut off or wrong, refused by the name of its field. Offsets are those of
 * boot.rst and zero-page.rst. */
#include <errno.h>

#include "boot_machine.h"

static struct boot_machine b;

static void setup(void)
{
	make_linux(&b);
	b.options = (struct image_options) { .format = IMAGE_AUTO };
	b.module_count = 0;
}

static void give_initrds(void)
{
	b.module_count = 3;
	b.modules[0] = (struct plan_module) { .text = "a", .bytes = (uint8_t *)"12345", .size = 5 };
	b.modules[1] = (struct plan_module) { .text = "empty" };
	b.modules[2] = (struct plan_module) { .text = "c", .bytes = (uint8_t *)"67", .size = 2 };
}

static void check_segments(bool is_long)
{
	CHECK_EQ(b.sregs.cs.selector, 0x10);
	CHECK_EQ(b.sregs.ds.selector, 0x18);
	CHECK_EQ(b.sregs.es.selector, 0x18);
	CHECK_EQ(b.sregs.ss.selector, 0x18);
	CHECK_EQ(b.sregs.cs.limit, 0xffffffff);
	CHECK_EQ(b.sregs.cs.l, is_long);
	CHECK_EQ(b.sregs.tr.selector, 0x20);
	CHECK_EQ(b.sregs.gdt.limit, 0x2f);
	CHECK_EQ(ram64(&b, START_GDT_GPA + 0x08), 0);
	CHECK_EQ(ram64(&b, START_GDT_GPA + 0x10) >> 40 & 0xff, 0x9b); /* code */
	CHECK_EQ(ram64(&b, START_GDT_GPA + 0x18) >> 40 & 0xff, 0x93); /* data */
}

static void a_bzimage_starts_by_its_64_bit_entry(void)
{
	setup();
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_LINUX);
	CHECK_STR(b.loaded.why, "HdrS at offset 0x202");
	CHECK_EQ(b.loaded.mode, START_LONG);
	CHECK_EQ(b.regs.rip, 0x100200);
	CHECK_EQ(b.regs.rsi, START_INFO_GPA);
	CHECK_EQ(b.regs.rflags, 2);
	CHECK(b.sregs.cr0 >> 31);
	check_segments(true);
	CHECK(!memcmp(b.ram + 0x100000, b.image + LINUX_CODE_AT, LINUX_CODE));
	CHECK_EQ(b.ram[0x100000 + LINUX_CODE], FILL); /* what it needs beyond is as it was */
	/* Whole sectors, signed, do not make it a boot sector. */
	b.image_len = 2048;
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.format, IMAGE_LINUX);
	CHECK_EQ(b.ram[0x100000 + LINUX_CODE],
	        FILL); /* syssize ends it: what follows is a signature */
}

static void or_by_its_32_bit_one(void)
{
	setup();
	b.options.mode = START_PROT;
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.regs.rip, 0x100000);
	CHECK_EQ(b.regs.rsi, START_INFO_GPA);
	CHECK_EQ(b.regs.rbx | b.regs.rbp | b.regs.rdi, 0);
	CHECK_EQ(b.sregs.cr0, 0x11);
	check_segments(false);
	/* The only one that it has. */
	setup();
	put16(b.image + 0x236, 0);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.mode, START_PROT);
	b.options.mode = START_LONG;
	boot_refused(&b, EINVAL,
	        "--mode long: image has no 64-bit entry (bit 0 of xloadflags); leave it out, or "
	        "say --mode prot");
	put16(b.image + 0x236, 1);
	put16(b.image + 0x206, 0x020b); /* which has no xloadflags */
	CHECK_EQ(boot_load(&b), -EINVAL);
}

static void boot_params_has_the_header_and_the_loaders_fields(void)
{
	uint64_t z = START_INFO_GPA;
	setup();
	b.image[0x1f2] = 7; /* root_flags, which is the kernel's */
	b.image[0x26b] = 0x12;
	b.image[0x26c] = 0x34; /* after the header's end */
	put64(b.image + 0x250, 0x5555);
	put16(b.image + 0x1fa, 3);
	put32(b.image + 0x228, 0x6666);
	b.options.append = "quiet a=1";
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.ram[z + 0x1f2], 7);
	CHECK(!memcmp(b.ram + z + 0x202, "HdrS\x0f\x02", 6));
	CHECK_EQ(b.ram[z + 0x26b], 0x12);
	CHECK_EQ(b.ram[z + 0x26c], 0);
	CHECK_EQ(b.ram[z + 0x1ef], 0);              /* sentinel */
	CHECK_EQ(get16(b.ram + z + 0x1fa), 0xffff); /* vid_mode: normal */
	CHECK_EQ(b.ram[z + 0x210], 0xff);           /* type_of_loader: none with a number */
	CHECK_EQ(ram32(&b, z + 0x214), 0x100000);   /* code32_start */
	CHECK_EQ(ram64(&b, z + 0x218), 0);          /* ramdisk_image, ramdisk_size */
	CHECK_STR(ram_text(&b, ram32(&b, z + 0x228)), "quiet a=1");
	CHECK_EQ(ram32(&b, z + 0x230), 0x2000);   /* kernel_alignment, as it was */
	CHECK_EQ(ram64(&b, z + 0x250), 0);        /* setup_data */
	CHECK_EQ(get16(b.ram + z + 0x002), 1024); /* ext_mem_k */
	CHECK_EQ(ram32(&b, z + 0x1e0), 1024);     /* alt_mem_k */
	CHECK_EQ(b.ram[z + 0x1e8], 4);            /* e820_entries */
	static const uint32_t map[] = { 0, 0, 0x9fc00, 0, 1, 0x9fc00, 0, 0x400, 0, 2, 0xf0000, 0,
		0x10000, 0, 2, 0x100000, 0, 0x100000, 0, 1 };
	CHECK(!memcmp(b.ram + z + 0x2d0, map, sizeof map));
	CHECK_EQ(b.ram[z + 0x006], 3);  /* orig_video_mode */
	CHECK_EQ(b.ram[z + 0x007], 80); /* orig_video_cols */
	CHECK_EQ(get16(b.ram + z + 0x00a), 3);
	CHECK_EQ(b.ram[z + 0x00e], 25); /* orig_video_lines */
	CHECK_EQ(b.ram[z + 0x00f], 1);  /* orig_video_isVGA */
	CHECK_EQ(get16(b.ram + z + 0x010), 16);
	b.options.append = NULL;
	CHECK_EQ(boot_load(&b), 0);
	CHECK_STR(ram_text(&b, ram32(&b, z + 0x228)), "");
	/* A bare board has no display, and another map. */
	b.options.board = IMAGE_BOARD_BARE;
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.ram[z + 0x007] | b.ram[z + 0x00f], 0);
	CHECK_EQ(b.ram[z + 0x1e8], 3);
	CHECK_EQ(ram32(&b, z + 0x2d0 + 20), 0xa0000);
}

static void the_16_bit_entry_is_handed_its_own_header(void)
{
	uint8_t *code = b.ram + 0x10000;
	setup();
	give_initrds();
	b.options.append = "quiet";
	b.options.mode = START_REAL;
	put32(b.image + 0x214, 0x5555);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.board, IMAGE_BOARD_PC);
	CHECK_EQ(b.sregs.cs.selector, 0x1020);
	CHECK_EQ(b.sregs.cs.base, 0x10200);
	CHECK_EQ(b.regs.rip, 0);
	CHECK_EQ(b.sregs.ds.selector, 0x1000);
	CHECK_EQ(b.sregs.es.base, 0x10000);
	CHECK_EQ(b.sregs.fs.selector, 0x1000);
	CHECK_EQ(b.sregs.gs.selector, 0x1000);
	CHECK_EQ(b.sregs.ss.selector, 0x1000);
	CHECK_EQ(b.regs.rsp, 0xe000);
	CHECK_EQ(b.regs.rflags, 2); /* IF is clear */
	CHECK(!memcmp(code, b.image, 0x1fa));
	CHECK(!memcmp(code + 0x26c, b.image + 0x26c, LINUX_CODE_AT - 0x26c));
	CHECK_EQ(code[LINUX_CODE_AT], 0); /* stack and heap are clear */
	CHECK_EQ(code[0x210], 0xff);
	CHECK_EQ(code[0x211], 0x81);             /* loadflags: CAN_USE_HEAP, too */
	CHECK_EQ(get16(code + 0x224), 0xde00);   /* heap_end_ptr */
	CHECK_EQ(get32(code + 0x214), 0x100000); /* code32_start */
	CHECK_EQ(get32(code + 0x218), RAM_SIZE - 0x1000);
	CHECK_EQ(get32(code + 0x21c), 10);
	CHECK_STR(ram_text(&b, get32(code + 0x228)), "quiet");
	CHECK(!memcmp(b.ram + 0x100000, b.image + LINUX_CODE_AT, LINUX_CODE));
	/* It is up to 32 KiB; the others do not care. */
	b.image[0x1f1] = 63;
	b.image_len = 0x8000 + LINUX_CODE;
	CHECK_EQ(boot_load(&b), 0);
	b.image[0x1f1] = 64;
	b.image_len += 512;
	boot_refused(&b, ENOEXEC,
	        "image: Linux boot header: setup_sects 64: the setup code has 0x8200 bytes, and "
	        "--mode real has room for 0x8000");
	b.options.mode = START_LONG;
	CHECK_EQ(boot_load(&b), 0);
}

static void the_16_bit_entry_asks_the_bios(void)
{
	setup();
	b.options.mode = START_REAL;
	b.options.board = IMAGE_BOARD_BARE;
	boot_refused(&b, EINVAL, "--mode real: image asks the BIOS; leave out --board bare");
	b.options.mode = START_LONG;
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.board, IMAGE_BOARD_BARE);
	b.options.board = IMAGE_BOARD_AUTO;
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.board, IMAGE_BOARD_PC);
	/* Without the first MiB there is no PC, and no firmware to ask. */
	b.memory.slots[1].size = 0x90000;
	b.memory.slots[0] = (struct memory_slot) { 0x100000, 0x100000, b.ram + 0x100000 };
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.loaded.board, IMAGE_BOARD_BARE);
	b.options.mode = START_REAL;
	CHECK_EQ(boot_load(&b), -EINVAL);
	boot_close(&b);
	boot_open(&b);
}

/* --- the command line ----------------------------------------------------------------------------- */

static void the_kernel_says_how_long_a_command_line_it_takes(void)
{
	char text[302];
	memset(text, 'x', sizeof text);
	text[301] = '\0';
	setup();
	b.options.append = text;
	put32(b.image + 0x238, 301);
	CHECK_EQ(boot_load(&b), 0);
	put32(b.image + 0x238, 300);
	boot_refused(&b, EINVAL,
	        "--append: has 301 characters, and image takes 300 at most (cmdline_size)");
	put16(b.image + 0x206, 0x0205); /* which has no cmdline_size */
	boot_refused(&b, EINVAL,
	        "--append: has 301 characters, and image takes 255 at most (cmdline_size)");
	text[255] = '\0';
	CHECK_EQ(boot_load(&b), 0);
}

static void a_command_line_has_64_kib(void)
{
	char *text = calloc(1, HANDOVER_SIZE + 1);
	memset(text, 'x', HANDOVER_SIZE);
	setup();
	put32(b.image + 0x238, UINT32_MAX);
	b.options.append = text;
	boot_refused(
	        &b, EFBIG, "image: the command line and the modules' take more than 65536 bytes");
	free(text);
}

/* --- initrds ----------------------------------------------------------------------------------- */

static void initrds_are_joined_at_the_end_of_ram(void)
{
	setup();
	give_initrds();
	CHECK_EQ(boot_load(&b), 0);
	uint32_t at = ram32(&b, START_INFO_GPA + 0x218);
	CHECK_EQ(at, RAM_SIZE - 0x1000);
	CHECK_EQ(ram32(&b, START_INFO_GPA + 0x21c), 10);
	/* Zeros up to a multiple of 4, and after the last nothing. */
	CHECK(!memcmp(b.ram + at,
	        "12345\0\0\0"
	        "67\xcc",
	        11));
	CHECK_STR(b.loaded.pieces[1].name, "initrd 1");
	b.module_count = 2;
	b.modules[0].size = 0; /* nothing in any of them */
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(ram64(&b, START_INFO_GPA + 0x218), 0);
}

static void initrds_stay_below_initrd_addr_max(void)
{
	setup();
	give_initrds();
	put32(b.image + 0x22c, 0x18ffff); /* in the other slot */
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(ram32(&b, START_INFO_GPA + 0x218), 0x18f000);
	put32(b.image + 0x22c, 0x102009); /* its last byte is there, right after the kernel */
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(ram32(&b, START_INFO_GPA + 0x218), 0x102000);
	put32(b.image + 0x22c, 0x102008);
	boot_refused(&b, EFBIG,
	        "image: no RAM for 10 bytes of initrd beside the kernel and up to 0x102008 "
	        "(initrd_addr_max); give more with --memory");
	put32(b.image + 0x22c, 0);
	CHECK_EQ(boot_load(&b), -EFBIG);
	put32(b.image + 0x22c, UINT32_MAX);
	CHECK_EQ(boot_load(&b), 0);
	/* Older ones have no such field, and take 0x37ffffff. */
	put32(b.image + 0x22c, 0);
	put16(b.image + 0x206, 0x0202);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(ram32(&b, START_INFO_GPA + 0x218), RAM_SIZE - 0x1000);
}

static void an_initrd_goes_below_a_kernel_at_the_end_of_ram(void)
{
	setup();
	give_initrds();
	put64(b.image + 0x258, RAM_SIZE - 0x2000);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.regs.rip, RAM_SIZE - 0x2000 + 0x200);
	CHECK_EQ(ram32(&b, START_INFO_GPA + 0x218), RAM_SIZE - 0x3000);
	/* init_size counts, not what the file has. */
	put64(b.image + 0x258, 0x100000);
	put32(b.image + 0x260, RAM_SIZE - 0x100000);
	CHECK_EQ(boot_load(&b), -EFBIG);
	put32(b.image + 0x260, RAM_SIZE - 0x101000);
	CHECK_EQ(boot_load(&b), 0);
}

static void an_initrd_has_no_words(void)
{
	setup();
	give_initrds();
	b.modules[2].text = "c x=1";
	boot_refused(&b, EINVAL,
	        "--initrd \"c x=1\": a Linux kernel's initrd is a FILE, without words after its "
	        "name");
}

/* --- where the kernel goes -------------------------------------------------------------------------- */

static void a_relocatable_kernel_goes_where_there_is_room(void)
{
	setup();
	put64(b.image + 0x258, 0x1000000);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.regs.rip, 0x100200);
	CHECK_EQ(ram32(&b, START_INFO_GPA + 0x214), 0x100000);
	/* With less alignment, where the preferred one does not do; the kernel is told which. */
	put32(b.image + 0x230, 0x200000);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(ram32(&b, START_INFO_GPA + 0x230), 0x100000);
	b.image[0x235] = 21;
	boot_refused(&b, EFBIG,
	        "image: needs 8192 bytes of RAM at 0x1000000, or elsewhere, below 4 GiB "
	        "(pref_address, init_size), and there are 0; give more with --memory");
	b.image[0x234] = 0;
	boot_refused(&b, EFBIG,
	        "image: needs 8192 bytes of RAM at 0x1000000 below 4 GiB (pref_address, "
	        "init_size), "
	        "and there are 0; give more with --memory");
	put64(b.image + 0x258, RAM_SIZE - 0x1000);
	CHECK_EQ(boot_load(&b), -EFBIG);
	put64(b.image + 0x258, RAM_SIZE - 0x2000);
	CHECK_EQ(boot_load(&b), 0);
	/* An address that is preferred and not aligned is none for a relocatable kernel. */
	setup();
	put64(b.image + 0x258, 0x101000);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.regs.rip, 0x100200);
	/* Up to 2.09 it is always 1 MiB. */
	put16(b.image + 0x206, 0x0209);
	put64(b.image + 0x258, 0x180000);
	CHECK_EQ(boot_load(&b), 0);
	CHECK_EQ(b.regs.rip, 0x100000);
	CHECK_EQ(ram32(&b, START_INFO_GPA + 0x230), 0x2000);
}

/* --- what is refused --------------------------------------------------------------------------------- */

/* Said to be one or guessed so, cut off anywhere it is refused, unless so little is left that it shows
 * no sign of a Linux kernel. Of the last 16 bytes 15 may be missing: syssize counts in 16. */
static void cut_off_at_every_byte(void)
{
	for (size_t len = 1; len <= LINUX_CODE_AT + LINUX_CODE - 16; len++) {
		char wanted[80];
		setup();
		snprintf(wanted, sizeof wanted,
		        len < 0x206 ? "image: no Linux boot header: "
		                    : "image: Linux boot header: ");
		b.options.format = IMAGE_LINUX;
		CHECK_EQ(boot_load_part(&b, len), -ENOEXEC);
		if (strncmp(b.error.text, wanted, strlen(wanted)) != 0)
			CHECK_FAIL("cut off at %zu: \"%s\"", len, b.error.text);
		b.options.format = IMAGE_AUTO;
		int err = boot_load_part(&b, len);
		if (len >= 0x206)
			CHECK_EQ(err, -ENOEXEC);
		else if (!err)
			CHECK(b.loaded.format != IMAGE_LINUX);
	}
	setup();
	CHECK_EQ(boot_load_part(&b, LINUX_CODE_AT + LINUX_CODE - 15), 0);
}

struct field {
	unsigned at, size;
	const char *zero, *ones; /* what is said of it with all bits 0 and 1; NULL: it is taken */
};

#define H "image: Linux boot header: "

static const struct field fields[] = {
	{ 0x1f1, 1, H "setup_sects 0: the setup code goes to 0xa00, and the file ends at 0x440",
	        H "setup_sects 255: the setup code goes to 0x20000, and the file ends at 0x440" },
	{ 0x1f2, 2, NULL, NULL }, /* root_flags */
	{ 0x1f4, 4, H "syssize is 0, no code after the setup code",
	        H
	        "syssize 0xffffffff: 68719476720 bytes after the setup code, and the file has 64" },
	{ 0x1f8, 2, NULL, NULL }, /* ram_size */
	{ 0x1fa, 2, NULL, NULL }, /* vid_mode */
	{ 0x1fc, 2, NULL, NULL }, /* root_dev */
	{ 0x1fe, 2, H "boot_flag is 0x0, expected 0xaa55",
	        H "boot_flag is 0xffff, expected 0xaa55" },
	{ 0x200, 1, H "jump is 00 6a, expected eb and the header's length",
	        H "jump is ff 6a, expected eb and the header's length" },
	{ 0x201, 1, H "jump says that it ends at 0x202, and with version 2.15 it goes to 0x264",
	        H "jump is eb ff, expected eb and the header's length" },
	{ 0x206, 2, H "version is 0.00, expected 2.02 or a later 2.x",
	        H "version is 255.255, expected 2.02 or a later 2.x" },
	{ 0x208, 4, NULL, NULL }, /* realmode_swtch */
	{ 0x20c, 2, NULL, NULL }, /* start_sys_seg */
	{ 0x20e, 2, NULL, NULL }, /* kernel_version */
	{ 0x210, 1, NULL, NULL }, /* type_of_loader */
	{ 0x211, 1, H "loadflags is 0x0: bit 0 is 0, a zImage for 0x10000; expected a bzImage",
	        NULL },
	{ 0x212, 2, NULL, NULL }, /* setup_move_size */
	{ 0x214, 4, NULL, NULL }, /* code32_start */
	{ 0x218, 4, NULL, NULL }, /* ramdisk_image */
	{ 0x21c, 4, NULL, NULL }, /* ramdisk_size */
	{ 0x220, 4, NULL, NULL }, /* bootsect_kludge */
	{ 0x224, 2, NULL, NULL }, /* heap_end_ptr */
	{ 0x226, 1, NULL, NULL }, /* ext_loader_ver */
	{ 0x227, 1, NULL, NULL }, /* ext_loader_type */
	{ 0x228, 4, NULL, NULL }, /* cmd_line_ptr */
	{ 0x22c, 4, NULL, NULL }, /* initrd_addr_max: there is no initrd */
	{ 0x230, 4, H "kernel_alignment is 0x0, expected a power of 2",
	        H "kernel_alignment is 0xffffffff, expected a power of 2" },
	{ 0x234, 1, NULL, NULL }, /* relocatable_kernel */
	{ 0x235, 1, NULL,
	        H "min_alignment is 255, and 1 << 255 is more than kernel_alignment, 0x2000" },
	{ 0x236, 2, NULL, NULL }, /* xloadflags */
	{ 0x238, 4, NULL, NULL }, /* cmdline_size: there is no command line */
	{ 0x23c, 4, NULL, NULL }, /* hardware_subarch */
	{ 0x240, 8, NULL, NULL }, /* hardware_subarch_data */
	{ 0x248, 4, NULL, NULL }, /* payload_offset */
	{ 0x24c, 4, NULL, NULL }, /* payload_length */
	{ 0x250, 8, NULL, NULL }, /* setup_data */
	{ 0x258, 8, NULL, NULL }, /* pref_address: it is relocatable */
	{ 0x260, 4, NULL,
	        "image: needs 4294967295 bytes of RAM at 0x100000, or elsewhere, below 4 GiB "
	        "(pref_address, init_size), and there are 1048576; give more with --memory" },
	{ 0x264, 4, NULL, NULL }, /* handover_offset */
	{ 0x268, 4, NULL, NULL }, /* kernel_info_offset */
};

static void check_field(const struct field *f, int byte, const char *wanted)
{
	setup();
	memset(b.image + f->at, byte, f->size);
	int err = boot_load(&b);
	if (strcmp(b.error.text, wanted ? wanted : "") != 0)
		CHECK_FAIL("0x%x of %02x: \"%s\"", f->at, byte, b.error.text);
	if (!err)
		CHECK_EQ(b.loaded.format, IMAGE_LINUX);
}

static void each_field_at_its_extremes(void)
{
	unsigned at = 0x1f1;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		CHECK_EQ(fields[i].at, at == 0x202 ? 0x206 : at); /* none is left out */
		at = fields[i].at + fields[i].size;
		check_field(&fields[i], 0x00, fields[i].zero);
		check_field(&fields[i], 0xff, fields[i].ones);
	}
	CHECK_EQ(at, 0x26c);
}

static void values_in_between(void)
{
	setup();
	put16(b.image + 0x206, 0x0201);
	boot_refused(&b, ENOEXEC, H "version is 2.01, expected 2.02 or a later 2.x");
	put16(b.image + 0x206, 0x0300);
	boot_refused(&b, ENOEXEC, H "version is 3.00, expected 2.02 or a later 2.x");
	put16(b.image + 0x206, 0x02ff);
	CHECK_EQ(boot_load(&b), 0);
	setup();
	put64(b.image + 0x258, 0xfffff);
	boot_refused(&b, ENOEXEC, H "pref_address is 0xfffff, expected 0x100000 or above");
	setup();
	b.image[0x235] = 13;
	CHECK_EQ(boot_load(&b), 0);
	b.image[0x235] = 14;
	boot_refused(&b, ENOEXEC,
	        H "min_alignment is 14, and 1 << 14 is more than kernel_alignment, 0x2000");
	b.image[0x235] = 32;
	CHECK_EQ(boot_load(&b), -ENOEXEC);
	setup();
	b.image[0x234] = 0;
	put64(b.image + 0x258, UINT64_MAX);
	CHECK_EQ(boot_load(&b), -EFBIG);
}

/* A version's header has to hold the fields that are read of it, and no others. */
static void old_headers_are_shorter(void)
{
	static const struct {
		unsigned version, end;
	} rows[] = { { 0x0202, 0x22c }, { 0x0203, 0x230 }, { 0x0204, 0x230 }, { 0x0205, 0x235 },
		{ 0x0206, 0x23c }, { 0x0209, 0x23c }, { 0x020a, 0x264 }, { 0x020f, 0x264 } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char wanted[120];
		setup();
		put16(b.image + 0x206, (uint16_t)rows[i].version);
		b.image[0x201] = (uint8_t)(rows[i].end - 0x202);
		memset(b.image + rows[i].end, 0x90, LINUX_CODE_AT - rows[i].end);
		CHECK_EQ(boot_load(&b), 0);
		CHECK_EQ(b.ram[START_INFO_GPA + rows[i].end], 0);
		b.image[0x201]--;
		snprintf(wanted, sizeof wanted,
		        H "jump says that it ends at 0x%x, and with version 2.%02u it goes to 0x%x",
		        rows[i].end - 1, rows[i].version & 0xff, rows[i].end);
		boot_refused(&b, ENOEXEC, wanted);
	}
	/* Before 2.04 syssize says nothing. */
	setup();
	put16(b.image + 0x206, 0x0203);
	put32(b.image + 0x1f4, 0);
	CHECK_EQ(boot_load(&b), 0);
	CHECK(!memcmp(b.ram + 0x100000, b.image + LINUX_CODE_AT, LINUX_CODE));
}

static void a_place_is_refused(void)
{
	setup();
	b.options.has_load = true;
	b.options.load_gpa = 0x200000;
	boot_refused(&b, EINVAL,
	        "--load 0x200000: a Linux kernel goes to a place of its own; leave it out, or say "
	        "--format flat");
}

int main(void)
{
	boot_open(&b);
	RUN(a_bzimage_starts_by_its_64_bit_entry);
	RUN(or_by_its_32_bit_one);
	RUN(boot_params_has_the_header_and_the_loaders_fields);
	RUN(the_16_bit_entry_is_handed_its_own_header);
	RUN(the_16_bit_entry_asks_the_bios);
	RUN(the_kernel_says_how_long_a_command_line_it_takes);
	RUN(a_command_line_has_64_kib);
	RUN(initrds_are_joined_at_the_end_of_ram);
	RUN(initrds_stay_below_initrd_addr_max);
	RUN(an_initrd_goes_below_a_kernel_at_the_end_of_ram);
	RUN(an_initrd_has_no_words);
	RUN(a_relocatable_kernel_goes_where_there_is_room);
	RUN(cut_off_at_every_byte);
	RUN(each_field_at_its_extremes);
	RUN(values_in_between);
	RUN(old_headers_are_shorter);
	RUN(a_place_is_refused);
	boot_close(&b);
	return check_done();
}

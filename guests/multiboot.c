/* multiboot: prints what a boot protocol hands over: command line, modules, memory map.
 * link: 0x100000
 * bits: 32
 *
 *	stepvm run --append "a=1 b" --initrd "FILE args" multiboot.elf
 *	stepvm run multiboot.bin
 *	stepvm run --format multiboot2 multiboot.elf
 *	stepvm run --format pvh multiboot.elf
 *
 * What to see: one kernel with a Multiboot 1 header (with addresses, for the flat image), a
 * Multiboot 2 header and a PVH note, entered in 32-bit protected mode by each; eax tells which.
 * Specifications: Multiboot 0.6.96, Multiboot2 2.0, Xen's docs/misc/pvh. */
#include "print.h"

#define MULTIBOOT_EAX  0x2badb002
#define MULTIBOOT2_EAX 0x36d76289
#define PVH_MAGIC      0x336ec578

static char stack[4096] __attribute__((aligned(16), used));

__asm__(".section .head, \"ax\"\n"
        ".balign 8\n"
        "header1:\n"
        "	.set	FLAGS, 0x10003\n" /* pages, memory information, addresses */
        "	.long	0x1badb002, FLAGS, -(0x1badb002 + FLAGS)\n"
        "	.long	header1, header1, load_end, image_end, start\n"
        ".balign 8\n"
        "header2:\n"
        "	.long	0xe85250d6, 0, header2_end - header2\n"
        "	.long	-(0xe85250d6 + (header2_end - header2))\n"
        "	.short	1, 0\n" /* information: command line, modules, memory, map */
        "	.long	24, 1, 3, 4, 6\n"
        "	.short	6, 0\n" /* modules at pages */
        "	.long	8\n"
        "	.short	0, 0\n"
        "	.long	8\n"
        "header2_end:\n"
        ".globl start\n"
        "start:\n"
        "	mov	$stack + 4096, %esp\n"
        "	xor	%ebp, %ebp\n" /* the outermost frame */
        "	push	%ebx\n"
        "	push	%eax\n"
        "	call	kernel\n"
        ".section .note.Xen, \"a\", @note\n"
        "	.long	4, 4, 18\n" /* XEN_ELFNOTE_PHYS32_ENTRY */
        "	.asciz	\"Xen\"\n"
        "	.long	start\n"
        ".text");

static uint32_t get32(uint32_t at)
{
	return *(const volatile uint32_t *)at;
}

static const char *text(uint32_t at)
{
	return (const char *)at;
}

static unsigned long checksum(uint32_t at, uint32_t len)
{
	unsigned long sum = 0;
	for (uint32_t i = 0; i < len; i++)
		sum += *(const volatile uint8_t *)(at + i);
	return sum;
}

/* All addresses are below 4 GiB on a machine that is small enough. */
static void print_range(uint32_t gpa, uint32_t size, uint32_t type)
{
	print("map: %lx to %lx, %s\n", (unsigned long)gpa, (unsigned long)(gpa + size - 1),
	        type == 1 ? "RAM" : "reserved");
}

static void print_module(uint32_t gpa, uint32_t size, uint32_t name)
{
	print("module: \"%s\" at %lx, %lu bytes, sum %lu\n", text(name), (unsigned long)gpa,
	        (unsigned long)size, checksum(gpa, size));
}

static void print_memory(uint32_t lower_kib, uint32_t upper_kib)
{
	print("memory: %lu KiB and %lu KiB\n", (unsigned long)lower_kib, (unsigned long)upper_kib);
}

static void multiboot(uint32_t info)
{
	print("protocol: Multiboot, flags %lx\n", (unsigned long)get32(info));
	print("loader: %s\n", text(get32(info + 64)));
	print("command line: \"%s\"\n", text(get32(info + 16)));
	print_memory(get32(info + 4), get32(info + 8));
	for (uint32_t i = 0, m = get32(info + 24); i < get32(info + 20); i++, m += 16)
		print_module(get32(m), get32(m + 4) - get32(m), get32(m + 8));
	uint32_t end = get32(info + 48) + get32(info + 44);
	for (uint32_t r = get32(info + 48); r < end; r += 4 + get32(r))
		print_range(get32(r + 4), get32(r + 12), get32(r + 20));
}

static void tag2(uint32_t tag)
{
	uint32_t size = get32(tag + 4);
	switch (get32(tag)) {
	case 1: print("command line: \"%s\"\n", text(tag + 8)); break;
	case 2: print("loader: %s\n", text(tag + 8)); break;
	case 3: print_module(get32(tag + 8), get32(tag + 12) - get32(tag + 8), tag + 16); break;
	case 4: print_memory(get32(tag + 8), get32(tag + 12)); break;
	case 6:
		for (uint32_t r = tag + 16; r < tag + size; r += get32(tag + 8))
			print_range(get32(r), get32(r + 8), get32(r + 16));
		break;
	default: print("tag: type %lu\n", (unsigned long)get32(tag));
	}
}

static void multiboot2(uint32_t info)
{
	print("protocol: Multiboot 2\n");
	for (uint32_t tag = info + 8; get32(tag); tag += (get32(tag + 4) + 7) & ~7u)
		tag2(tag);
}

static void pvh(uint32_t info)
{
	print("protocol: PVH, version %lu\n", (unsigned long)get32(info + 4));
	print("command line: \"%s\"\n", text(get32(info + 24)));
	for (uint32_t i = 0, m = get32(info + 16); i < get32(info + 12); i++, m += 32)
		print_module(get32(m), get32(m + 8), get32(m + 16));
	for (uint32_t i = 0, r = get32(info + 40); i < get32(info + 48); i++, r += 24)
		print_range(get32(r), get32(r + 8), get32(r + 16));
}

__attribute__((noreturn, used)) static void kernel(uint32_t eax, uint32_t ebx)
{
	if (eax == MULTIBOOT_EAX)
		multiboot(ebx);
	else if (eax == MULTIBOOT2_EAX)
		multiboot2(ebx);
	else if (get32(ebx) == PVH_MAGIC)
		pvh(ebx);
	else
		print("protocol: none\n");
	halt();
}

/* A 32-bit kernel in C that a Multiboot loader starts: stepvm, GRUB, QEMU's -kernel. It says hello on the serial line
 * and ends the run: port 0xf4 is a way out that stepvm has always, and QEMU by -device isa-debug-exit. */
#include <stdint.h>

#define MULTIBOOT_MAGIC 0x1badb002u
#define STARTED_SO      0x2badb002u /* in eax */

/* Within the first 8 KiB of the file, by kernel.ld. No flags: nothing is asked of the loader. */
__attribute__((section(".multiboot"), used)) static const uint32_t header[] = { MULTIBOOT_MAGIC, 0,
	-MULTIBOOT_MAGIC };

char stack[4096];

/* The loader leaves the magic in eax and a pointer to what it tells in ebx; there is no stack yet. */
__asm__(".globl start\n"
        "start:\n"
        "	mov $stack + 4096, %esp\n"
        "	push %ebx\n"
        "	push %eax\n"
        "	call kernel\n"
        "halt:	cli\n"
        "	hlt\n"
        "	jmp halt\n");

static void out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in(uint16_t port)
{
	uint8_t value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void print(const char *text)
{
	for (; *text; text++) {
		while (!(in(0x3f8 + 5) & 0x20)) /* until the UART takes a byte */
			;
		out(0x3f8, (uint8_t)*text);
	}
}

int add(int a, int b)
{
	return a + b;
}

void kernel(uint32_t magic, const void *told)
{
	(void)told;
	print(magic == STARTED_SO ? "Hello from the kernel\n" : "not started by Multiboot\n");
	out(0xf4, (uint8_t)add(1, 2)); /* status (3 << 1) | 1 */
}

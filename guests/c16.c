/* c16: C in real mode, as gcc -m16 makes it.
 * link: 0
 * bits: 16
 *
 *	stepvm run c16.bin
 *	stepvm run --mode real c16.elf
 *
 * What to see: 32-bit operands and addresses, with their prefixes, in 16-bit code, and a call stack
 * of 32-bit frames. All segments are 0, so that a pointer is an address; the stack is below
 * 0x10000. Prints on the serial port and halts. */
#include "print.h"

__asm__(".section .head, \"ax\"\n"
        ".globl start\n"
        "start:\n"
        "	cli\n"
        "	xor	%ax, %ax\n"
        "	mov	%ax, %ds\n"
        "	mov	%ax, %es\n"
        "	mov	%ax, %ss\n"
        "	mov	$0xfff0, %esp\n"
        "	calll	main16\n"
        ".text");

__attribute__((noinline)) static unsigned collatz(unsigned n)
{
	unsigned steps = 0;
	for (; n != 1; steps++)
		n = n % 2 ? 3 * n + 1 : n / 2;
	return steps;
}

__attribute__((noreturn, used)) static void main16(void)
{
	print("c16: %s\n", "hello");
	for (unsigned n = 26; n <= 27; n++)
		print("collatz(%d) = %d\n", (int)n, (int)collatz(n));
	halt();
}

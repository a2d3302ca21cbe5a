/* kernel32: the least of a 32-bit kernel in C.
 * link: 0x100000
 * bits: 32
 *
 *	stepvm run kernel32.elf
 *	stepvm run --mode prot --load 0x100000 kernel32.bin
 *
 * What to see: an ELF file with symbols, entered in 32-bit protected mode with flat segments;
 * frames and locals of C; exceptions that go to handlers in C and come back. There is no paging,
 * which not every KVM has in this mode. Prints on the serial port and halts. */
#include "print.h"

#define GATES 32
#define GATE_INTERRUPT                                                                             \
	0x8e00 /* present, DPL 0, 32-bit interrupt gate: SDM vol 3, "IDT Descriptors" */

/* SDM vol 3, "Exception and Interrupt Reference". */
#define VECTOR_DE 0
#define VECTOR_UD 6
#define VECTOR_GP 13

/* What a stub below has pushed, and the CPU before it. */
struct frame {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t vector, error, eip, cs, eflags;
};

struct gate {
	uint16_t offset_low, selector, type, offset_high;
};

struct __attribute__((packed)) table_pointer {
	uint16_t limit;
	const void *base;
};

static struct gate idt[GATES];
static unsigned handled;
static char stack[4096] __attribute__((aligned(16), used));

__asm__(".section .head, \"ax\"\n"
        ".globl start\n"
        "start:\n"
        "	mov	$stack + 4096, %esp\n"
        "	xor	%ebp, %ebp\n" /* the outermost frame */
        "	call	kernel\n"
        ".text");

/* A stub for each vector, with a 0 where the CPU pushes no error code. They go back by popf and
 * ret: privilege and code segment stay the same, and KVM's emulator, which an emulating KVM does
 * all of this with, has no iret outside of real mode. */
__asm__("on_divide_error:	push $0; push $0; jmp on_exception\n"
        "on_invalid_opcode:	push $0; push $6; jmp on_exception\n"
        "on_general_protection:	push $13\n"
        "on_exception:\n"
        "	pusha\n"
        "	push	%esp\n"
        "	call	handle\n"
        "	add	$4, %esp\n"
        "	popa\n"
        "	add	$8, %esp\n" /* vector, error */
        "	pushl	8(%esp)\n"
        "	popf\n"
        "	ret	$8\n"); /* cs, eflags */

extern const char on_divide_error[], on_invalid_opcode[], on_general_protection[];

/* What raises them here is two bytes long; go on after it. */
__attribute__((used)) static void handle(struct frame *f)
{
	handled++;
	print("vector %d at %lx, error code %lx\n", (int)f->vector, (unsigned long)f->eip,
	        (unsigned long)f->error);
	f->eip += 2;
}

static void set_gate(unsigned vector, const void *handler)
{
	uint32_t offset = (uint32_t)handler;
	uint16_t cs;
	__asm__("mov %%cs, %0" : "=r"(cs));
	idt[vector] = (struct gate) { (uint16_t)offset, cs, GATE_INTERRUPT, offset >> 16 };
}

__attribute__((noinline)) static unsigned factorial(unsigned n)
{
	return n < 2 ? 1 : n * factorial(n - 1);
}

static void raise_exceptions(void)
{
	__asm__ volatile("invalid_opcode: ud2");
	/* 1 / 0, and its two bytes are all that is skipped. */
	__asm__ volatile("divide_error: div %%ecx" : : "a"(1), "d"(0), "c"(0));
	/* A selector past the GDT's end. */
	__asm__ volatile("general_protection: mov %%eax, %%ds" : : "a"(0x1f8));
}

__attribute__((noreturn, used)) static void kernel(void)
{
	const struct table_pointer idtr = { sizeof idt - 1, idt };

	print("kernel32: %s\n", "hello");
	set_gate(VECTOR_UD, on_invalid_opcode);
	set_gate(VECTOR_DE, on_divide_error);
	set_gate(VECTOR_GP, on_general_protection);
	__asm__ volatile("lidt %0" : : "m"(idtr));
	raise_exceptions();
	print("handled %d, 10! = %lu\n", (int)handled, (unsigned long)factorial(10));
	halt();
}

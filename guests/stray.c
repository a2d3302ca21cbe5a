/* stray: a 32-bit kernel in C whose interrupt table is overwritten by a loop of its own.
 * link: 0x100000
 * bits: 32
 *
 *	stepvm debug --record stray.elf
 *
 * What to see: two system calls by int 0x30, then a triple fault at a third that looks just the same. Its gate
 * in the IDT is all zeros by then, and who has cleared it is long gone. A recording leads there, backwards:
 *
 *	continue			the triple fault
 *	watch tables.idt[0x30]
 *	reverse-continue		the store that cleared the gate, in clear()
 *	up				and who has called it, with a length in bytes for one in words */
#include "print.h"

#define GATES 128
#define GATE_INTERRUPT                                                                             \
	0x8e00 /* present, DPL 0, 32-bit interrupt gate: SDM vol 3, "IDT Descriptors" */
#define VECTOR_CALL 0x30
#define LOG_WORDS   64

struct gate {
	uint16_t offset_low, selector, type, offset_high;
};

struct __attribute__((packed)) table_pointer {
	uint16_t limit;
	const void *base;
};

static struct {
	uint32_t log[LOG_WORDS]; /* what each call was for */
	struct gate idt[GATES];
} tables;
static unsigned calls;
static char stack[4096] __attribute__((aligned(16), used));

__asm__(".section .head, \"ax\"\n"
        ".globl start\n"
        "start:\n"
        "	mov	$stack + 4096, %esp\n"
        "	xor	%ebp, %ebp\n" /* the outermost frame */
        "	call	kernel\n"
        ".text");

/* The way back is popf and ret, for the reason that kernel32.c gives. */
__asm__("on_call:\n"
        "	pusha\n"
        "	push	%eax\n"
        "	call	answer\n"
        "	add	$4, %esp\n"
        "	popa\n"
        "	pushl	8(%esp)\n"
        "	popf\n"
        "	ret	$8\n"); /* cs, eflags */

extern const char on_call[];

__attribute__((used)) static void answer(uint32_t what)
{
	tables.log[calls++ % LOG_WORDS] = what;
	print("call %d: %c\n", (int)calls, (int)what);
}

static void set_gate(unsigned vector, const void *handler)
{
	uint32_t offset = (uint32_t)handler;
	uint16_t cs;
	__asm__("mov %%cs, %0" : "=r"(cs));
	tables.idt[vector] = (struct gate) { (uint16_t)offset, cs, GATE_INTERRUPT, offset >> 16 };
}

__attribute__((noinline)) static void call(char what)
{
	__asm__ volatile("int %0" : : "i"(VECTOR_CALL), "a"(what) : "memory");
}

__attribute__((noinline)) static void clear(volatile uint32_t *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		words[i] = 0;
}

__attribute__((noreturn, used)) static void kernel(void)
{
	const struct table_pointer idtr = { sizeof tables.idt - 1, tables.idt };

	set_gate(VECTOR_CALL, on_call);
	__asm__ volatile("lidt %0" : : "m"(idtr));
	call('a');
	call('b');
	clear(tables.log, sizeof tables.log); /* the fault: LOG_WORDS is meant, not its bytes */
	call('c');
	halt();
}

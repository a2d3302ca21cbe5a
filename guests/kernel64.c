/* kernel64: the least of a 64-bit kernel in C.
 * link: 0x100000
 * bits: 64
 *
 *	stepvm run kernel64.elf
 *	stepvm run --mode long --load 0x100000 kernel64.bin
 *
 * What to see: an ELF file with symbols, entered in long mode with RAM mapped at its own address;
 * frames and locals of C; a page fault whose handler maps the page, after which the access that
 * raised it is done. Prints on the serial port and halts. */
#include "print.h"

#define GATES          32
#define GATE_INTERRUPT 0x8e00 /* present, DPL 0, interrupt gate: SDM vol 3, "64-Bit Mode IDT" */

/* SDM vol 3, "Exception and Interrupt Reference". */
#define VECTOR_UD 6
#define VECTOR_PF 14

/* SDM vol 3, "4-Level Paging". */
#define PAGE_SIZE        4096
#define PRESENT_WRITABLE 3
#define ADDRESS          0x000ffffffffff000ul

#define UNMAPPED ((volatile uint64_t *)0xffff800000001008ul) /* in the upper half */

struct frame {
	uint64_t rip, cs, rflags, rsp, ss;
};

struct gate {
	uint16_t offset_low, selector, type, offset_middle;
	uint32_t offset_high, reserved;
};

struct __attribute__((packed)) table_pointer {
	uint16_t limit;
	const void *base;
};

typedef uint64_t table[PAGE_SIZE / 8];

static struct gate idt[GATES];
static table page_tables[3] __attribute__((aligned(PAGE_SIZE)));
static uint64_t page[PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));
static unsigned tables_used, handled;
static char stack[16384] __attribute__((aligned(16), used));

__asm__(".section .head, \"ax\"\n"
        ".globl start\n"
        "start:\n"
        "	lea	stack + 16384(%rip), %rsp\n"
        "	xor	%ebp, %ebp\n" /* the outermost frame */
        "	call	kernel\n"
        ".text");

static uint64_t *next_table(uint64_t *entry)
{
	if (!*entry)
		*entry = (uint64_t)page_tables[tables_used++] | PRESENT_WRITABLE;
	return (uint64_t *)(*entry & ADDRESS);
}

__attribute__((noinline)) static void map_page(uint64_t gva, const void *to)
{
	uint64_t cr3;
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	uint64_t *t = (uint64_t *)(cr3 & ADDRESS);
	for (unsigned shift = 39; shift > 12; shift -= 9)
		t = next_table(&t[gva >> shift & 511]);
	t[gva >> 12 & 511] = (uint64_t)to | PRESENT_WRITABLE;
}

__attribute__((interrupt)) static void on_page_fault(struct frame *f, unsigned long error)
{
	uint64_t cr2;
	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	handled++;
	print("#PF at %lx: address %lx, error code %lx\n", f->rip, cr2, error);
	map_page(cr2, page);
}

__attribute__((interrupt)) static void on_invalid_opcode(struct frame *f)
{
	handled++;
	print("#UD at %lx\n", f->rip);
	f->rip += 2; /* ud2 */
}

static void set_gate(unsigned vector, const void *handler)
{
	uint64_t offset = (uint64_t)handler;
	uint16_t cs;
	__asm__("mov %%cs, %0" : "=r"(cs));
	idt[vector] = (struct gate) { (uint16_t)offset, cs, GATE_INTERRUPT,
		(uint16_t)(offset >> 16), (uint32_t)(offset >> 32), 0 };
}

__attribute__((noinline)) static unsigned long factorial(unsigned n)
{
	return n < 2 ? 1 : n * factorial(n - 1);
}

__attribute__((noreturn, used)) static void kernel(void)
{
	const struct table_pointer idtr = { sizeof idt - 1, idt };

	print("kernel64: %s\n", "hello");
	set_gate(VECTOR_PF, (const void *)on_page_fault);
	set_gate(VECTOR_UD, (const void *)on_invalid_opcode);
	__asm__ volatile("lidt %0" : : "m"(idtr));
	__asm__ volatile("invalid_opcode: ud2");
	page[1] = 0x600df00d;
	print("read %lx\n", (unsigned long)*UNMAPPED);
	*UNMAPPED = 20;
	print("handled %d, %d! = %lu\n", (int)handled, (int)page[1], factorial((unsigned)page[1]));
	halt();
}

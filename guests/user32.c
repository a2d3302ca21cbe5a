/* user32: a 32-bit kernel with paging, a program in ring 3, system calls, a timer and a keyboard.
 *
 *	stepvm run --keys keys.txt user32.elf		with "a" in keys.txt
 *	stepvm run user32.elf				and a key, at a terminal
 *
 * What to see: Multiboot starts the kernel on a PC's board. The program calls it by int 0x80, writes to a page that
 * is not there until the kernel's #PF handler maps it, sleeps for three ticks of the timer, and waits for
 * a key; the kernel prints what it is asked to, and "user32 ok". By KVM alone it runs where stepvm probe says so
 * of 32-bit paging, int n and iret; stepvm's engine does all of it.
 *
 * link: 0x100000
 */
#include "print.h"

/* SDM vol 3, "Segment Descriptor Types", "IDT Descriptors", "Paging"; IBM PC AT Technical Reference, ports. */
#define KERNEL_CODE    0x08
#define KERNEL_DATA    0x10
#define USER_CODE      0x1b
#define USER_DATA      0x23
#define TASK           0x28
#define GATE_INTERRUPT 0x8e00 /* present, DPL 0, 32 bits */
#define GATE_USER      0xee00 /* DPL 3 */
#define VECTOR_PF      14
#define VECTOR_TIMER   0x20
#define VECTOR_KEY     0x21
#define VECTOR_CALL    0x80
#define GATES          129
#define PRESENT        1
#define WRITABLE       2
#define USER           4
#define PAGE           4096
#define CR0_PG         0x80000000u
#define FLAGS_IF       0x200
#define PIT_HZ         1193182
#define HZ             100

#define STACK_TOP 0x800000 /* of ring 3, whose stack is the page below */
#define DATA      0xc00000 /* its data: not there before they are touched */

enum call { CALL_PRINT, CALL_SLEEP, CALL_KEY, CALL_EXIT };

struct interrupt_frame {
	uint32_t eip, cs, eflags, esp, ss;
};

struct gate {
	uint16_t offset_low, selector, type, offset_high;
};

struct task { /* of a 32-bit TSS: what a change of rings needs */
	uint32_t link, esp0, ss0, rest[22];
	uint16_t debug, io_map;
};

struct __attribute__((packed)) table_pointer {
	uint16_t limit;
	const void *base;
};

static uint64_t gdt[6] = { 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff,
	0x00cff3000000ffff };
static struct gate idt[GATES];
static struct task task;
static uint32_t directory[1024] __attribute__((aligned(PAGE)));
static uint32_t low_table[1024] __attribute__((aligned(PAGE)));
static uint32_t user_table[1024] __attribute__((aligned(PAGE)));
static uint32_t data_table[1024] __attribute__((aligned(PAGE)));
static uint8_t user_stack[PAGE] __attribute__((aligned(PAGE)));
static uint8_t spare_page[PAGE] __attribute__((aligned(PAGE)));
static char kernel_stack[PAGE] __attribute__((aligned(16), used));
static volatile unsigned ticks, faults;
static volatile uint8_t last_key;

__asm__(".section .head, \"ax\"\n"
        ".balign 4\n"
        "	.long	0x1badb002, 0, -0x1badb002\n" /* a Multiboot header, without wishes */
        ".globl start\n"
        "start:\n"
        "	mov	$kernel_stack + 4096, %esp\n"
        "	xor	%ebp, %ebp\n" /* the outermost frame */
        "	call	kernel\n"
        ".text");

/* int 0x80: eax has the call, ebx what it is about; eax comes back with the answer. */
__asm__("on_call:\n"
        "	push	%es\n"
        "	push	%ds\n"
        "	push	%ebx\n"
        "	push	%eax\n"
        "	mov	$0x10, %ecx\n"
        "	mov	%ecx, %ds\n"
        "	mov	%ecx, %es\n"
        "	call	answer\n"
        "	add	$4, %esp\n"
        "	pop	%ebx\n"
        "	pop	%ds\n"
        "	pop	%es\n"
        "	iret\n");
extern const char on_call[];

/* --- ring 3 ---------------------------------------------------------------------------------------- */

static uint32_t ask(enum call call, uint32_t value)
{
	uint32_t answer = call;
	__asm__ volatile("int $0x80" : "+a"(answer) : "b"(value) : "ecx", "edx", "memory");
	return answer;
}

__attribute__((noinline)) static unsigned count(volatile unsigned *there, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		*there += i;
	return *there;
}

/* The pages of its code and of the texts are the kernel's, which it may read. */
__attribute__((noreturn, noinline)) static void user(void)
{
	ask(CALL_PRINT, (uint32_t) "ring 3: hello\n");
	if (count((volatile unsigned *)DATA, 10) == 45)
		ask(CALL_PRINT, (uint32_t) "ring 3: 45\n");
	if (ask(CALL_SLEEP, 3) >= 3)
		ask(CALL_PRINT, (uint32_t) "ring 3: three ticks\n");
	if (ask(CALL_KEY, 0) == 0x1e)
		ask(CALL_PRINT, (uint32_t) "ring 3: an a\n");
	for (;;)
		ask(CALL_EXIT, 0);
}

/* --- the kernel ------------------------------------------------------------------------------------ */

static uint32_t sleep(unsigned wanted)
{
	unsigned begin = ticks;
	while (ticks - begin < wanted)
		__asm__ volatile("sti; hlt; cli");
	return ticks - begin;
}

static uint32_t wait_for_key(void)
{
	while (!last_key)
		__asm__ volatile("sti; hlt; cli");
	uint8_t key = last_key;
	last_key = 0;
	return key;
}

__attribute__((used)) static uint32_t answer(enum call call, uint32_t value)
{
	switch (call) {
	case CALL_PRINT: print("%s", (const char *)value); return 0;
	case CALL_SLEEP: return sleep(value);
	case CALL_KEY: return wait_for_key();
	case CALL_EXIT: print("faults %d\nuser32 ok\n", (int)faults); halt();
	}
	return 0;
}

/* The page that the program has touched is given to it. */
__attribute__((interrupt)) static void on_page_fault(struct interrupt_frame *f, uint32_t error)
{
	uint32_t gva;
	__asm__ volatile("mov %%cr2, %0" : "=r"(gva));
	faults++;
	print("page fault at %lx, error code %lx, in ring %d\n", (unsigned long)gva,
	        (unsigned long)error, (int)(f->cs & 3));
	if (gva / PAGE != DATA / PAGE)
		halt();
	data_table[0] = (uint32_t)spare_page | PRESENT | WRITABLE | USER;
}

__attribute__((interrupt)) static void on_timer(struct interrupt_frame *f)
{
	(void)f;
	ticks++;
	outb(0x20, 0x20); /* the end of the interrupt */
}

__attribute__((interrupt)) static void on_key(struct interrupt_frame *f)
{
	(void)f;
	uint8_t code = inb(0x60);
	if (!(code & 0x80))
		last_key = code;
	outb(0x20, 0x20);
}

static void set_gate(unsigned vector, const void *handler, uint16_t type)
{
	uint32_t offset = (uint32_t)handler;
	idt[vector] = (struct gate) { (uint16_t)offset, KERNEL_CODE, type, offset >> 16 };
}

static void set_segments(void)
{
	const struct table_pointer gdtr = { sizeof gdt - 1, gdt }, idtr = { sizeof idt - 1, idt };
	uint32_t base = (uint32_t)&task;
	task.esp0 = (uint32_t)kernel_stack + sizeof kernel_stack;
	task.ss0 = KERNEL_DATA;
	task.io_map = sizeof task;
	gdt[TASK / 8] = 0x0000890000000000 | (sizeof task - 1) | (uint64_t)(base & 0xffffff) << 16 |
	                (uint64_t)(base >> 24) << 56;
	__asm__ volatile("lgdt %0; ljmp $0x08, $1f; 1:" : : "m"(gdtr));
	__asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%ss" : : "r"(KERNEL_DATA));
	__asm__ volatile("lidt %0; ltr %w1" : : "m"(idtr), "r"(TASK));
}

static void set_interrupts(void)
{
	static const uint8_t commands[][2] = { { 0x20, 0x11 }, { 0xa0, 0x11 }, { 0x21, 0x20 },
		{ 0xa1, 0x28 }, { 0x21, 4 }, { 0xa1, 2 }, { 0x21, 1 }, { 0xa1, 1 }, { 0x21, 0xfc },
		{ 0xa1, 0xff }, { 0x43, 0x34 }, { 0x40, (PIT_HZ / HZ) & 0xff },
		{ 0x40, PIT_HZ / HZ >> 8 } };
	set_gate(VECTOR_PF, on_page_fault, GATE_INTERRUPT);
	set_gate(VECTOR_TIMER, on_timer, GATE_INTERRUPT);
	set_gate(VECTOR_KEY, on_key, GATE_INTERRUPT);
	set_gate(VECTOR_CALL, on_call, GATE_USER);
	for (unsigned i = 0; i < sizeof commands / sizeof *commands; i++)
		outb(commands[i][0], commands[i][1]);
}

static void set_paging(void)
{
	for (uint32_t i = 0; i < 1024; i++) /* the first 4 MiB as they are; ring 3 reads them */
		low_table[i] = i * PAGE | PRESENT | (i < 256 ? WRITABLE : WRITABLE | USER);
	low_table[(uint32_t)directory / PAGE] &= ~(uint32_t)USER;
	user_table[1023] = (uint32_t)user_stack | PRESENT | WRITABLE | USER;
	directory[0] = (uint32_t)low_table | PRESENT | WRITABLE | USER;
	directory[DATA >> 22] = (uint32_t)data_table | PRESENT | WRITABLE | USER;
	directory[STACK_TOP / PAGE / 1024 - 1] = (uint32_t)user_table | PRESENT | WRITABLE | USER;
	__asm__ volatile("mov %0, %%cr3" : : "r"(directory) : "memory");
	uint32_t cr0;
	__asm__ volatile("mov %%cr0, %0; or %1, %0; mov %0, %%cr0"
	                 : "=&r"(cr0)
	                 : "i"(CR0_PG)
	                 : "memory");
}

__attribute__((noreturn)) static void enter_user(void)
{
	__asm__ volatile(
	        "mov %0, %%ds; mov %0, %%es\n"
	        "push %0; push %1; push %2; push %3; push %4\n"
	        "to_user: iret"
	        :
	        : "r"(USER_DATA), "i"(STACK_TOP), "i"(FLAGS_IF | 2), "i"(USER_CODE), "r"(user));
	__builtin_unreachable();
}

__attribute__((noreturn, used)) static void kernel(void)
{
	print("user32: hello\n");
	set_segments();
	set_interrupts();
	set_paging();
	print("paging is on\n");
	enter_user();
}

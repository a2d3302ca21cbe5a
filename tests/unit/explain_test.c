/* Why a CPU shut down. No KVM is asked: the vCPU of these tests has all that is read. */
#include "machine/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu_bits.h"
#include "check.h"
#include "debug/vectors.h"

#define RAM_SIZE 0x10000u
#define CODE     0x1000u
#define IDT      0x2000u
#define PML4     0x3000u
#define PDPT     0x4000u
#define PD       0x5000u

#define NO_IDT "there is no handler, for the IDT (base 0x0, limit 0x0) ends before its entry.\n"

static uint8_t ram[RAM_SIZE];
static struct vm vm;
static struct vcpu cpu;

static void put(uint32_t gpa, uint64_t value)
{
	memcpy(ram + gpa, &value, sizeof value);
}

/* A CPU in protected mode, flat, without paging, or in long mode with the first 2 MiB mapped; the
 * code is at CODE. */
static struct kvm_sregs *start(bool is_long, const char *code, size_t len)
{
	const struct kvm_segment flat = { .limit = 0xffffffff, .present = 1, .s = 1, .type = 3 };
	struct kvm_sregs *s = &cpu.own_sregs;
	memset(ram, 0, sizeof ram);
	memcpy(ram + CODE, code, len);
	put(PML4, PDPT | 3);
	put(PDPT, PD | 3);
	put(PD, 0x83); /* P, W, PS */
	memset(&vm, 0, sizeof vm);
	vm.memory.count = 1;
	vm.memory.slots[0] = (struct memory_slot) { 0, RAM_SIZE, ram };
	memset(&cpu, 0, sizeof cpu);
	cpu.vm = &vm;
	cpu.has_regs = cpu.has_sregs = true;
	cpu.own_regs.rip = CODE;
	cpu.own_regs.rflags = 2;
	s->cs = s->ds = s->es = s->ss = flat;
	s->cs.type = 11;
	s->cs.selector = 8;
	s->cs.db = !is_long;
	s->cs.l = is_long;
	s->cr0 = is_long ? CR0_PE | CR0_PG : CR0_PE;
	s->cr4 = is_long ? CR4_PAE : 0;
	s->efer = is_long ? EFER_LME | EFER_LMA : 0;
	s->cr3 = PML4;
	return s;
}

static const char *explained(void)
{
	static char text[1100];
	explain_fault(&cpu, text, sizeof text);
	return text;
}

static void check_blame(
        const struct explain_blame *b, enum explain_culprit what, uint64_t at, unsigned len)
{
	CHECK_EQ(b->what, what);
	if (what != EXPLAIN_GATE && what != EXPLAIN_ENTRY)
		return;
	CHECK_EQ(b->at, at);
	CHECK_EQ(b->len, len);
}

static void blames(enum explain_culprit what, uint64_t at, unsigned len)
{
	struct explain_blame b;
	explain_fault_blame(&cpu, &b);
	check_blame(&b, what, at, len);
}

static void an_exception_without_a_handler(void)
{
	start(false, "\x0f\x0b", 2); /* ud2 */
	CHECK_STR(explained(), "The bytes at 0x1000: 0f 0b 00 00 00 00 00 00\n"
	                       "Vector 0x06 (#UD): " NO_IDT "Vector 0x08 (#DF): " NO_IDT);
}

static void an_interrupt_without_a_handler(void)
{
	static char text[600];
	struct explain_blame b;
	struct kvm_sregs *s = start(false, "\x90", 1);
	s->idt.base = IDT;
	s->idt.limit = 0x7ff;
	explain_interrupt(&cpu, 0x20, text, sizeof text);
	CHECK_STR(text,
	        "Vector 0x20 (interrupt): there is no handler, for its gate at 0x2100 is not "
	        "present or not valid.\n"
	        "Vector 0x0d (#GP): there is no handler, for its gate at 0x2068 is not "
	        "present or not valid.\n"
	        "Vector 0x08 (#DF): there is no handler, for its gate at 0x2040 is not "
	        "present or not valid.\n");
	explain_interrupt_blame(&cpu, 0x20, &b);
	check_blame(&b, EXPLAIN_GATE, 0x2100, 8);
}

/* The first vector that is told, of an instruction of protected or long mode with CR0's and CR4's
 * bits. */
static unsigned long vector_of(bool is_long, const char *code, uint64_t cr0, uint64_t cr4)
{
	struct kvm_sregs *s = start(is_long, code, 4);
	s->cr0 |= cr0;
	s->cr4 |= cr4;
	const char *at = strstr(explained(), "\nVector 0x");
	return at ? strtoul(at + 8, NULL, 16) : 0;
}

static void an_instruction_that_there_is_not(void)
{
	CHECK_EQ(vector_of(true, "\x06\0\0\0", 0, 0), 6); /* push es */
	CHECK_EQ(vector_of(false, "\x06\0\0\0", 0, 0), 13);
	CHECK_EQ(vector_of(true, "\xff\xff\0\0", 0, 0), 6);
	CHECK_EQ(vector_of(false, "\xf0\x90\0\0", 0, 0), 6);   /* lock nop */
	CHECK_EQ(vector_of(false, "\x0f\x22\xc8\0", 0, 0), 6); /* mov to cr1 */
	CHECK_EQ(vector_of(false, "\x0f\x22\xc0\0", 0, 0), 13);
}

static void an_instruction_that_cr0_or_cr4_rules_out(void)
{
	static const char fadd[] = "\xd8\xc0\0", fwait[] = "\x9b\0\0";
	static const char xorps[] = "\x0f\x57\xc0", pxor_mmx[] = "\x0f\xef\xc0",
	                  pxor[] = "\x66\x0f\xef\xc0", vxorps[] = "\xc5\xf8\x57\xc0";
	CHECK_EQ(vector_of(true, fadd, CR0_TS, 0), 7);
	CHECK_EQ(vector_of(true, fadd, CR0_EM, 0), 7);
	CHECK_EQ(vector_of(true, fwait, CR0_TS, 0), 13);
	CHECK_EQ(vector_of(true, fwait, CR0_TS | CR0_MP, 0), 7);
	CHECK_EQ(vector_of(true, xorps, 0, 0), 6); /* nobody has set CR4.OSFXSR */
	CHECK_EQ(vector_of(true, xorps, 0, CR4_OSFXSR), 13);
	CHECK_EQ(vector_of(true, xorps, CR0_EM, CR4_OSFXSR), 6);
	CHECK_EQ(vector_of(true, xorps, CR0_TS, CR4_OSFXSR), 7);
	CHECK_EQ(vector_of(true, pxor, 0, 0), 6);
	CHECK_EQ(vector_of(true, pxor_mmx, 0, 0), 13);
	CHECK_EQ(vector_of(true, vxorps, 0, CR4_OSFXSR), 6);
	CHECK_EQ(vector_of(true, vxorps, 0, CR4_OSFXSR | CR4_OSXSAVE), 13);
}

/* int 0x13 is no #XM; where it has no handler, #GP is raised. */
static void an_int_is_no_exception(void)
{
	start(false, "\xcd\x13", 2);
	CHECK_STR(explained(), "The bytes at 0x1000: cd 13 00 00 00 00 00 00\n"
	                       "Vector 0x13 (int 0x13): " NO_IDT "Vector 0x0d (#GP): " NO_IDT
	                       "Vector 0x08 (#DF): " NO_IDT);
	start(false, "\xcc", 1); /* int3 is one */
	CHECK(strstr(explained(), "\nVector 0x03 (#BP): " NO_IDT "Vector 0x08") != NULL);
}

static void an_address_that_is_not_mapped(void)
{
	start(true, "\x88\x07", 2); /* mov %al, (%rdi) */
	cpu.own_regs.rdi = UINT64_MAX;
	CHECK_STR(explained(),
	        "The bytes at 0x1000: 88 07 00 00 00 00 00 00\n"
	        "The instruction writes to 0xffffffffffffffff, which is not mapped: its PML4 entry "
	        "at 0x3ff8 is 0x0, not present.\n"
	        "Vector 0x0e (#PF): " NO_IDT "Vector 0x08 (#DF): " NO_IDT);
	start(true, "\x8a\x07", 2); /* mov (%rdi), %al */
	cpu.own_regs.rdi = 0x200008;
	put(PD + 8, 0xfee00001);
	CHECK(strstr(explained(), "\nThe instruction reads 0x200008, which is not mapped: its page "
	                          "table at 0xfee00000 is not in RAM.\n"));
}

static void an_address_that_cannot_be(void)
{
	start(true, "\x50", 1); /* push %rax */
	cpu.own_regs.rsp = 1ull << 47;
	cpu.own_regs.rsp += 8;
	CHECK(strstr(explained(), "\nThe instruction writes to 0x800000000000, which is not "
	                          "canonical.\nVector 0x0c (#SS): ") != NULL);
	start(true, "\x8a\x07", 2); /* mov (%rdi), %al */
	cpu.own_regs.rdi = 0x8000000000001000;
	CHECK(strstr(explained(), "\nThe instruction reads 0x8000000000001000, which is not "
	                          "canonical.\nVector 0x0d (#GP): ") != NULL);
	struct kvm_sregs *s = start(false, "\x50", 1);
	cpu.own_regs.rsp = 0x2000;
	s->ss.limit = 0xfff;
	s->ss.db = 1;
	CHECK(strstr(explained(), "\nThe instruction writes to offset 0x1ffc of a segment whose "
	                          "limit is 0xfff.\nVector 0x0c (#SS): ") != NULL);
	s = start(false, "\x8a\x07", 2);
	cpu.own_regs.rdi = 0x1000;
	s->ds.limit = 0xfff;
	CHECK(strstr(explained(), "\nThe instruction reads offset 0x1000 of a segment whose limit "
	                          "is 0xfff.\nVector 0x0d (#GP): ") != NULL);
	s->ds.type = 7; /* expands down: below its limit is what it has not */
	CHECK(!strstr(explained(), "offset"));
}

static void a_pc_that_is_not_mapped_is_told_once(void)
{
	start(true, "", 0);
	cpu.own_regs.rip = 0x40000000;
	CHECK_STR(explained(),
	        "The instruction's address 0x40000000 is not mapped: its PDPT entry at 0x4008 is "
	        "0x0, not present.\n"
	        "Vector 0x0e (#PF): " NO_IDT "Vector 0x08 (#DF): " NO_IDT);
	blames(EXPLAIN_ENTRY, PDPT + 8, 8);
	start(true, "", 0);
	cpu.own_regs.rip = 0x100000; /* mapped, and no RAM is there */
	CHECK(!strncmp(
	        explained(), "There is no RAM at the instruction's address 0x100000.\n", 55));
}

static void a_handler_and_what_is_wrong_with_it(void)
{
	struct kvm_sregs *s = start(false, "\x0f\x0b", 2);
	s->idt.base = IDT;
	s->idt.limit = 0x7ff;
	put(IDT + 6 * 8, 0x00008e0000087000);
	CHECK(strstr(explained(), "\nVector 0x06 (#UD): its handler is at 0x7000.\n"
	                          "Vector 0x08 (#DF): there is no handler, for its gate at 0x2040 "
	                          "is not present or not valid.\n"));
	put(IDT + 6 * 8, 0x10008e0000087000);
	CHECK(strstr(explained(), ": its handler is at 0x10007000, which is not mapped to RAM.\n"));
	s->idt.base = 0x20000;
	CHECK(strstr(explained(), "(#UD): there is no handler, for its entry in the IDT, at "
	                          "0x20030, is not mapped to RAM.\n"));
}

#define PT        0x6000u
#define PAGE_32   0x3u /* P, W */
#define READ_ONLY 0x1u /* P */
#define CODE_GATE 0x8e0000080000

static void put32(uint32_t gpa, uint32_t value)
{
	memcpy(ram + gpa, &value, sizeof value);
}

static void put_gate(unsigned vector, uint32_t offset)
{
	put(IDT + vector * 8, CODE_GATE | (offset & 0xffff) | (uint64_t)(offset >> 16) << 48);
}

/* 32-bit paging: the first 64 KiB are mapped one to one, and #PF and #DF have handlers. */
static struct kvm_sregs *start_paged(const char *code, size_t len)
{
	struct kvm_sregs *s = start(false, code, len);
	s->cr0 |= CR0_PG | CR0_WP;
	s->cr3 = PD;
	s->ss.db = 1;
	s->idt.base = IDT;
	s->idt.limit = 0x7ff;
	put(PD, PT | PAGE_32);
	for (uint32_t page = 0; page < RAM_SIZE; page += 0x1000)
		put32(PT + page / 0x1000 * 4, page | PAGE_32);
	put_gate(VECTOR_PF, 0x1100);
	put_gate(VECTOR_DF, 0x1200);
	return s;
}

static void a_stack_that_takes_no_frame(void)
{
	struct kvm_sregs *s = start_paged("\x50", 1); /* push %eax */
	cpu.own_regs.rsp = 0x9004;
	put32(PT + 9 * 4, 0);
	CHECK_STR(explained(),
	        "The bytes at 0x1000: 50 00 00 00 00 00 00 00\n"
	        "The instruction writes to 0x9000, which is not mapped: its page table entry at "
	        "0x6024 is 0x0, not present.\n"
	        "Vector 0x0e (#PF): its handler is at 0x1100, but its frame cannot be pushed: ESP "
	        "is 0x9004, and 0x9000 is not mapped.\n"
	        "Vector 0x08 (#DF): its handler is at 0x1200, but its frame cannot be pushed: ESP "
	        "is 0x9004, and 0x9000 is not mapped.\n");
	blames(EXPLAIN_ENTRY, PT + 9 * 4, 4);
	cpu.own_regs.rsp =
	        0xa008; /* the instruction's push is done, and the frame's fourth slot is not */
	CHECK(strstr(explained(), "ESP is 0xa008, and 0x9ff8 is not mapped.\n") != NULL);
	put32(PT + 9 * 4, 0x9000 | READ_ONLY);
	CHECK(strstr(explained(), "ESP is 0xa008, and the page of 0x9ff8 is read-only.\n") != NULL);
	s->cr0 &= ~(uint64_t)CR0_WP;
	CHECK(strstr(explained(), "frame") == NULL);
	s->ss.limit = 0x7fff;
	CHECK(strstr(explained(), "ESP is 0xa008, and 0xa004 is outside of the segment (SS, limit "
	                          "0x7fff).\n") != NULL);
}

/* From CPL 3 the stack is the TSS's. */
static void a_stack_of_the_tss_that_takes_no_frame(void)
{
	const uint32_t gdt = 0x7000, tss = 0x8000;
	struct kvm_sregs *s = start_paged("\x8a\x07", 2); /* mov (%edi), %al */
	s->cs.selector = 0x1b;
	s->cs.dpl = s->ss.dpl = 3;
	s->gdt.base = gdt;
	s->gdt.limit = 0x2f;
	put(gdt + 8, 0x00cf9b000000ffff);
	put(gdt + 0x10, 0x00cf93000000ffff);
	s->tr = (struct kvm_segment) {
		.base = tss, .limit = 0x67, .type = 11, .present = 1, .selector = 0x28
	};
	cpu.own_regs.rsp = 0xa000;
	cpu.own_regs.rdi = 0x20000000;
	put32(tss + 8, 0x10);
	CHECK(strstr(explained(), "(#PF): its handler is at 0x1100.\n") == NULL);
	CHECK(strstr(explained(), "the TSS's ESP0 is 0x0, and 0xfffffffc is not mapped.\n") !=
	        NULL);
	put32(tss + 4, 0xb000);
	CHECK(strstr(explained(), "(#PF): its handler is at 0x1100.\n") != NULL);
	s->tr.limit = 3;
	CHECK(strstr(explained(), "the TSS (TR 0x28, base 0x8000, limit 0x3) has no ESP0.\n") !=
	        NULL);
}

static void a_table_that_is_not_mapped_and_a_handler(void)
{
	struct kvm_sregs *s = start_paged("\x8a\x07", 2); /* mov (%edi), %al */
	cpu.own_regs.rsp = 0xa000;
	cpu.own_regs.rdi = 0x20000000;
	put_gate(VECTOR_PF, 0x3100);
	put32(PT + 3 * 4, 0);
	blames(EXPLAIN_ENTRY, PT + 3 * 4, 4);
	put32(PT + IDT / 0x1000 * 4, 0);
	blames(EXPLAIN_ENTRY, PT + IDT / 0x1000 * 4, 4);
	start_paged("\x8a\x07", 2);
	cpu.own_regs.rsp = 0xa000;
	cpu.own_regs.rdi = 0x20000000;
	blames(EXPLAIN_NOTHING, 0, 0);
	put(IDT + VECTOR_PF * 8, 0);
	blames(EXPLAIN_GATE, IDT + VECTOR_PF * 8, 8);
	s->cr3 = 0x7000000;
	blames(EXPLAIN_CR3, 0, 0);
}

static void a_cr3_that_leads_nowhere(void)
{
	char text[700];
	struct kvm_sregs *s = start_paged("\x90", 1);
	s->cr3 = 0x7000000;
	CHECK(!strncmp(explained(),
	        "The instruction's address 0x1000 is not mapped: its page directory at 0x7000000 "
	        "is not in RAM (CR3 is 0x7000000).\n",
	        112));
	explain_bytes(&cpu, text, sizeof text);
	CHECK_STR(text, "The instruction's address 0x1000 is not mapped: its page directory at "
	                "0x7000000 is not in RAM (CR3 is 0x7000000).\n");
	explain_interrupt(&cpu, 8, text, sizeof text);
	CHECK(strstr(text, "not in RAM (CR3 is 0x7000000).\nVector 0x08 (interrupt): ") != NULL);
	s->cr3 = 0xc010; /* RAM of zeros */
	explain_bytes(&cpu, text, sizeof text);
	CHECK_STR(text, "The instruction's address 0x1000 is not mapped: its page directory entry "
	                "at 0xc000 is 0x0, not present (CR3 is 0xc010).\n");
}

int main(void)
{
	RUN(an_exception_without_a_handler);
	RUN(an_interrupt_without_a_handler);
	RUN(an_instruction_that_there_is_not);
	RUN(an_instruction_that_cr0_or_cr4_rules_out);
	RUN(an_int_is_no_exception);
	RUN(an_address_that_is_not_mapped);
	RUN(an_address_that_cannot_be);
	RUN(a_pc_that_is_not_mapped_is_told_once);
	RUN(a_handler_and_what_is_wrong_with_it);
	RUN(a_stack_that_takes_no_frame);
	RUN(a_stack_of_the_tss_that_takes_no_frame);
	RUN(a_table_that_is_not_mapped_and_a_handler);
	RUN(a_cr3_that_leads_nowhere);
	return check_done();
}

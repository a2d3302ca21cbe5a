/* thrice: the same instructions in real mode, in 32-bit protected mode and in long mode, and where each
 * of them leads.
 *
 *	stepvm run --load 0x7c00 --memory 640K thrice.bin
 *
 * What to see: in every mode a step is one instruction, a breakpoint stops before and a watchpoint
 * behind one: moves, pushf and popf, mov ss, strings, ports, MMIO, calls, int, a fault, iret, hlt. The
 * guest looks at the flags that it finds on its stack (the TF of a debugger's step), counts some of
 * its instructions, and prints "thrice ok", or "thrice bad" when something is wrong. It halts at the end
 * of each mode and goes on from there.
 *
 * The lines of list_16, list_32 and list_64 are in the order in which the guest comes by, each four
 * numbers of 32 bits:
 *
 *	linear address of the instruction
 *	linear address of the next
 *	linear address of the data that it accesses, 0: none that is in the list
 *	how many bytes, + 0x100 when it reads, + 0x200 when it writes, and what else it is:
 *	0x400 a rep, 0x800 hlt, 0x1000 an iret leads to it that sets RF,
 *	0x10000 only with int n, 0x20000 only with iret, 0x40000 only without
 *
 * A line of zeros ends each. Not every KVM has int n and iret in every mode: what is in without_16,
 * without_32 and without_64 (1: int n, 2: iret) is left out; the debugger writes it. */
# link: 0x7c00
	.globl	start
	.set	READS, 0x100
	.set	WRITES, 0x200
	.set	REP, 0x400
	.set	HALTS, 0x800
	.set	RESUMED, 0x1000
	.set	INT_N, 0x10000
	.set	IRET, 0x20000
	.set	NOT, 0x40000
	.set	DATA, 0xb000
	.set	without_16, DATA + 0x40
	.set	without_32, DATA + 0x41
	.set	without_64, DATA + 0x42
	.set	MMIO, 0xc0000		/* behind 640 KiB */
	.set	TABLES, 0x70000		/* of pages */

	.macro	row from, to, how=0, gva=0
	.text	1
	.long	\from, \to, \gva, \how
	.text	0
	.endm
/* The next instruction leads to the next label 9, or elsewhere. */
	.macro	leads how=0, gva=0, to=9f
8:	row	8b, \to, \how, \gva
	.endm

/* What every mode does. size: of a word; ax and so on: the registers' names there. */
	.macro	body bits, size, ax, cx, bp, sp, si, di, mmio, iret
9:	leads	WRITES + \size, DATA
	mov	%\ax, DATA
9:	leads	READS + \size, DATA
	cmp	%\ax, DATA
9:	leads	READS + WRITES + 4, DATA + 0x10
	incl	DATA + 0x10
9:	leads
	mov	$0, %ebx

9:	leads				/* TF is the debugger's */
	pushf
9:	leads
	pop	%\ax
9:	leads
	test	$0x100, %\ax
9:	leads
	jnz	bad_\bits
9:	leads
	push	%\ax
9:	leads
	popf
9:	leads
	inc	%ebx

9:	leads				/* a CPU takes no trap behind it */
	mov	%ss, %\ax
9:	leads
	mov	%\ax, %ss
9:	leads
	inc	%ebx
9:	leads
	inc	%ebx

9:	leads
	mov	$3, %\cx
9:	leads
	mov	$(DATA + 0x10), %\si
9:	leads
	mov	$(DATA + 0x20), %\di
9:	leads	REP + WRITES + 3, DATA + 0x20
	rep movsb
9:	leads
	mov	$2, %\cx
9:	leads
	mov	$0x80, %dx
9:	leads	REP
	rep outsb
9:	leads
	out	%al, $0x80
9:	leads
	in	$0x80, %al
9:	leads
	mov	%al, \mmio
9:	leads
	mov	\mmio, %al
9:	leads
	cmp	$0xff, %al
9:	leads
	jne	bad_\bits

9:	leads	0, 0, 1f
	call	1f
2:	jmp	3f
1:
9:	leads
	inc	%ebx
9:	leads	0, 0, 2b
	ret
	row	2b, 3f
3:

	/* int n, with a look at the flags that it pushes. */
9:	leads
	testb	$1, without_\bits
9:	leads	INT_N
	jnz	3f
	row	8b, 3f, INT_N + NOT
9:	leads	INT_N, 0, on_int_\bits
	int	$0x40
2:	jmp	3f
on_int_\bits:
9:	leads	INT_N
	mov	%\sp, %\bp
9:	leads	INT_N
	testw	$0x100, 2 * \size(%\bp)
9:	leads	INT_N
	jnz	bad_\bits
9:	leads	INT_N, 0, 2b
	\iret
	row	2b, 3f, INT_N
3:

	/* A fault; its handler goes past it. Without iret it returns by lret. */
9:	leads
	mov	$0, %\cx
9:	leads	0, 0, on_fault_\bits
	div	%cl
2:	jmp	3f
on_fault_\bits:
9:	leads
	mov	%\sp, %\bp
9:	leads
	testw	$0x100, 2 * \size(%\bp)
9:	leads
	jnz	bad_\bits
9:	leads
	addw	$2, (%\bp)
9:	leads
	testb	$2, without_\bits
9:	leads	IRET
	jnz	1f
	row	8b, 1f, IRET + NOT
9:	leads	IRET, 0, 2b		/* with RF set, which faults push */
	\iret
1:	row	1b, 2b, IRET + NOT
	.if	\size == 8			/* there it would have to load rsp */
	jmp	bad_\bits
	.else
	lret	$\size
	.endif
	row	2b, 3f, RESUMED
3:

	/* iret by itself, to where a jump would have come. */
9:	leads
	testb	$2, without_\bits
9:	leads	IRET
	jnz	3f
	row	8b, 3f, IRET + NOT
	.if	\size == 8
9:	leads	IRET
	mov	%\sp, %\ax
9:	leads	IRET
	push	$16
9:	leads	IRET
	push	%\ax
	.endif
9:	leads	IRET
	pushf
9:	leads	IRET
	push	$cs_\bits
9:	leads	IRET
	mov	$3f, %ebp
9:	leads	IRET
	push	%\bp
9:	leads	IRET, 0, 3f
	\iret
3:

9:	leads
	cmp	$4, %ebx
9:	leads
	jne	bad_\bits
9:	leads	HALTS
	hlt
9:
	row	0, 0
	.endm

	.macro	say_bad bits
bad_\bits:
	mov	$said_bad, %esi
9:	lodsb
	out	%al, $0xe9
	test	%al, %al
	jnz	9b
	hlt
	jmp	bad_\bits
	.endm

	.set	cs_16, 0
	.set	cs_32, 8
	.set	cs_64, 24
	.code16
#include "begin.inc"
	mov	$(MMIO >> 4), %ax
	mov	%ax, %fs
	movl	$on_fault_16, 0 * 4
	movl	$on_int_16, 0x40 * 4
	.text	1
	.balign	4
list_16:
	.text	0
	body	16, 2, ax, cx, bp, sp, si, di, %fs:0, iret
	lgdtl	gdt_pointer
	lidtl	idt_pointer_32
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$cs_32, $protected
	say_bad	16

	.code32
protected:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %ss
	mov	$0x7c00, %esp
	.text	1
list_32:
	.text	0
	body	32, 4, eax, ecx, ebp, esp, esi, edi, MMIO, iret

	/* 2 MiB at 0, as they are: SDM vol 3, "4-Level Paging". */
	movl	$(TABLES + 0x1003), TABLES
	movl	$(TABLES + 0x2003), TABLES + 0x1000
	movl	$0x83, TABLES + 0x2000
	mov	$TABLES, %eax
	mov	%eax, %cr3
	mov	$0x20, %eax			/* CR4.PAE */
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx		/* EFER */
	mov	$0x100, %eax			/* LME */
	xor	%edx, %edx
	wrmsr
	mov	$0x80000001, %eax		/* PG, PE */
	mov	%eax, %cr0
	lidtl	idt_pointer_64
	ljmpl	$cs_64, $long
	say_bad	32

	.code64
long:
	mov	$0x7c00, %esp
	.text	1
list_64:
	.text	0
	body	64, 8, rax, rcx, rbp, rsp, rsi, rdi, MMIO, iretq
	mov	$said_ok, %esi
9:	lodsb
	out	%al, $0xe9
	test	%al, %al
	jnz	9b
halt:
	hlt
	jmp	halt
	say_bad	64

	.text	2
	.balign	8
	.quad	0
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 8: 32-bit code (SDM vol 3, "Segment Descriptors") */
	.quad	0x00cf93000000ffff	/* 16: data */
	.quad	0x00af9b000000ffff	/* 24: 64-bit code */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
	/* Gates of what is used; handlers are below 64 KiB. SDM vol 3, "IDT Descriptors". */
	.balign	8
idt_32:
	.word	on_fault_32, cs_32, 0x8e00, 0
	.fill	0x3f * 8, 1, 0
	.word	on_int_32, cs_32, 0x8e00, 0
idt_pointer_32:
	.word	. - idt_32 - 1
	.long	idt_32
	.balign	16
idt_64:
	.word	on_fault_64, cs_64, 0x8e00, 0, 0, 0, 0, 0
	.fill	0x3f * 16, 1, 0
	.word	on_int_64, cs_64, 0x8e00, 0, 0, 0, 0, 0
idt_pointer_64:
	.word	. - idt_64 - 1
	.long	idt_64, 0
said_ok:
	.asciz	"thrice ok\n"
said_bad:
	.asciz	"thrice bad\n"

/* pages: long mode with pages of every size, and tables of every kind.
 *
 *	stepvm run --load 0x7c00 pages.bin
 *
 * What to see: four levels of page tables, descriptors of 8 and 16 bytes, interrupt gates of 16
 * bytes, a task state segment with a stack of its own for one vector. A number is written by one
 * linear address and read back by another. Prints "pages ok", or "pages bad".
 *
 *	0x07c00  this image, linked here; the tables are in it
 *	0x10000  PML4, then PDPT (low), PDPT (high), PD, PT: a page each
 *
 *	linear              physical   page
 *	0x0000000000000000  the same   2M, written to
 *	0x0000000000200000  0x0000     4K each; the second is read-only, the third user's, the
 *	                               fourth not executable, the fifth not mapped, the sixth
 *	                               again 0x5000
 *	0x0000000000400000  not mapped
 *	0x0000000040000000  0x0000     1G
 *	0xffff800000000000  0x0000     2M, global */
# link: 0x7c00
	.set	pml4, 0x10000
	.set	pdpt_low, 0x11000
	.set	pdpt_high, 0x12000
	.set	pd, 0x13000
	.set	pt, 0x14000
	.set	cell, 0x5100			/* one number, in the sixth page of 4K */
	.code16
	.globl	start
start:
	ljmp	$0, $normalized
normalized:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7c00, %sp

	/* Five empty tables, then what is mapped. SDM vol 3, "Paging-Structure Entries". */
	mov	$0x1000, %ax
	mov	%ax, %es
	xor	%di, %di
	xor	%eax, %eax
	mov	$(5 * 0x1000 / 4), %cx
	rep stosl
	movl	$(pdpt_low + 3), %es:0
	movl	$(pdpt_high + 3), %es:(8 * 256)
	movl	$(pd + 7), %es:(pdpt_low - pml4)
	movl	$0x83, %es:(pdpt_low - pml4 + 8)	/* 1G */
	movl	$(pd + 3), %es:(pdpt_high - pml4)
	movl	$0x183, %es:(pd - pml4)			/* 2M, global */
	movl	$(pt + 7), %es:(pd - pml4 + 8)
	movl	$0x0003, %es:(pt - pml4)
	movl	$0x1001, %es:(pt - pml4 + 8)		/* read-only */
	movl	$0x2007, %es:(pt - pml4 + 16)		/* user's */
	movl	$0x3003, %es:(pt - pml4 + 24)
	movl	$0x80000000, %es:(pt - pml4 + 28)	/* not executable */
	movl	$0x5003, %es:(pt - pml4 + 40)

	lgdtl	gdt_pointer
	mov	%cr4, %eax
	or	$0x20, %eax			/* PAE */
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx		/* EFER: LME, NXE */
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000001, %eax		/* PG, PE */
	mov	%eax, %cr0
	ljmpl	$8, $long

	.code64
long:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$0x7c00, %esp
	lidt	idt_pointer(%rip)
	mov	$24, %eax
	ltr	%ax
	mov	$40, %eax
	lldt	%ax
mapped:
	movabs	$0x200000 + cell, %rbx		/* by the page of 4K */
	movl	$0x12345678, (%rbx)
	/* By the page of 1G, where the CPU has them (SDM vol 2, CPUID 80000001h, EDX bit 26); on
	 * another the access is a #PF for a reserved bit. */
	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000001, %eax
	jb	no_1g
	mov	$0x80000001, %eax
	cpuid
	bt	$26, %edx
	jnc	no_1g
	mov	$bad, %esi
	mov	$0x40000000 + cell, %ecx
	cmpl	$0x12345678, (%rcx)
	jne	print
no_1g:
	mov	$bad, %esi
	movabs	$0xffff800000000000 + cell, %rcx	/* by the page of 2M, high */
	cmpl	$0x12345678, (%rcx)
	jne	print
	call	far_up
print:
	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	print
halt:
	hlt
	jmp	halt
far_up:
	mov	$ok, %esi
	ret
on_page_fault:
	hlt
	jmp	on_page_fault

	.balign	8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 8: code, 64-bit (SDM vol 3, Segment Descriptors) */
	.quad	0x00cf93000000ffff	/* 16: data */
	.word	tss_end - tss - 1, tss		/* 24: an available 64-bit TSS, 16 bytes */
	.byte	0, 0x89, 0, 0
	.quad	0
	.word	gdt_end - ldt - 1, ldt		/* 40: an LDT, 16 bytes */
	.byte	0, 0x82, 0, 0
	.quad	0
ldt:
	.quad	0x00cff3000000ffff	/* 4: data, DPL 3 */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
	.balign	8
tss:
	.long	0
	.quad	0x7000, 0, 0		/* rsp0 to rsp2 */
	.quad	0
	.quad	0x6000, 0, 0, 0, 0, 0, 0	/* ist1 to ist7 */
	.quad	0
	.word	0, tss_end - tss	/* no I/O map */
tss_end:
	.balign	8
idt:
	.fill	14 * 2, 8, 0
	.word	on_page_fault, 8	/* 14: an interrupt gate, ist1 */
	.byte	1, 0x8e
	.word	0
	.quad	0
	.fill	2, 8, 0
	.word	on_page_fault, 8	/* 16 and 17: trap gates, DPL 3 */
	.byte	0, 0xef
	.word	0
	.quad	0
	.word	on_page_fault, 8
	.byte	0, 0xef
	.word	0
	.quad	0
idt_end:
idt_pointer:
	.word	idt_end - idt - 1
	.long	idt, 0
ok:
	.asciz	"pages ok\n"
bad:
	.asciz	"pages bad\n"
	.org	0x400

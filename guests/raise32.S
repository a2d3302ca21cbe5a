/* raise32: exceptions of 32-bit code, one after the other: raise.inc. At CPL 0, for QEMU's TCG dies of those of
 * CPL 3 that want the TSS's stack under kvm_amd ("invalid tss type"); raise64 has them.
 *
 *	stepvm run --mode prot --load 0x100000 raise32.bin
 *
 * What to see: a line for each case, alone and stepped the same. */
# link: 0x100000
#include "raise.inc"
	.text	1
	.balign	4
cases:
	.text	0
	.set	TS, 8
	.set	MP, 2
	.set	STACK, 0x180000
	.set	DATA, 0x17f000
	.code32
	.globl	start, next, halt, cases, handlers, cases_end
start:
	cli
	lgdt	gdtr
	lidt	idtr
	ljmp	$8, $1f
1:	mov	$STACK, %esp
	mov	$0x10, %eax
	mov	%eax, %ss
	mov	%eax, %ds
	mov	%cr0, %eax
	and	$~(TS | MP), %eax
	mov	%eax, cr0
	mov	%cr4, %eax
	mov	%eax, cr4
	mov	$0x68, %eax
	ltr	%ax
	movl	$cases - 12, case
next:
	mov	$0x10, %eax
	mov	%eax, %ss
	mov	$STACK, %esp
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	pushl	$2
	popfl
	mov	cr0, %eax
	mov	%eax, %cr0
	mov	cr4, %eax
	mov	%eax, %cr4
	addl	$12, case
	mov	case, %ebx
	cmp	$cases_end, %ebx
	jae	halt
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%ebp, %ebp
	jmp	*(%ebx)
halt:
	hlt
	jmp	halt
none:
	mov	$NONE, %bl
common:				/* bl: the vector */
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%esp, %esi
	mov	%eax, %ss
	mov	$STACK - 0x1000, %esp
	movzbl	%bl, %edx
	call	print
	mov	%esi, %edx
	call	print
	mov	$6, %ebp
1:	lodsl
	and	$~RF, %eax
	mov	%eax, %edx
	call	print
	dec	%ebp
	jnz	1b
	mov	$'\n', %al
	out	%al, $0xe9
	jmp	next
print:
	prints_hex %ecx, 8, %edx, %edx, %edi, %edi

	begin	11
	mov	$0x28, %eax
	raises	lldt %ax
	begin	11
	mov	$0x30, %eax
	raises	ltr %ax
	begin	13
	mov	$0x10, %eax
	raises	lldt %ax
	begin	13
	mov	$0x10, %eax
	raises	ltr %ax
	begin	11
	mov	$0x20, %eax
	raises	mov %eax, %ds
	begin	12
	mov	$0x20, %eax
	raises	mov %eax, %ss
	begin	11
	raises	ljmp $0x38, $0x100000
	begin	11
	raises	lcall $0x38, $0x100000
	begin	11
	raises	lcall $0x40, $0
	begin	11
	push	$0x38
	push	$0x100000
	raises	lret
	begin	11
	pushf
	push	$0x38
	push	$0x100000
	raises	iret
	begin	13
	pushf
	push	$0x10
	push	$0x100000
	raises	iret
	begin	11
	raises	int $0x30		/* a gate that is not present */
	begin	13
	raises	int $0x80		/* past the IDT's end */
	begin	0x31
	raises	int $0x31
	begin	3
	raises	int3
	begin	4
	mov	$0x7fffffff, %eax
	inc	%eax
	raises	into
	begin	5
	mov	$5, %eax
	movl	$7, DATA
	movl	$9, DATA + 4
	raises	bound %eax, DATA
	begin	7
	mov	%cr0, %eax
	or	$TS, %eax
	mov	%eax, %cr0
	raises	fnop
	begin	7
	mov	%cr0, %eax
	or	$TS | MP, %eax
	mov	%eax, %cr0
	raises	fwait
	begin	7
	call	sse_with_ts
	raises	movaps %xmm0, %xmm1
	begin	7
	call	sse_with_ts
	raises	pshufb %xmm0, %xmm1
	begin	7
	call	sse_with_ts
	raises	palignr $1, %xmm0, %xmm1
	begin	7
	call	sse_with_ts
	raises	pshufb %mm0, %mm1
	begin	7
	call	sse_with_ts
	raises	emms
	begin	7
	call	sse_with_ts
	raises	fxsave DATA
	begin	0
	raises	div %ecx
	begin	0
	raises	.byte 0xd4, 0		/* aam by 0 */
	begin	0
	mov	$0x80000000, %eax
	cltd
	mov	$-1, %ecx
	raises	idiv %ecx
	begin	6
	raises	ud2
	begin	6
	raises	.byte 0xf0, 0x89, 0xc8	/* lock mov */
	begin	6
	raises	.byte 0x0f, 0x22, 0xc8	/* mov to cr1 */
	begin	6
	raises	.byte 0x0f, 0x20, 0xe8	/* mov from cr5 */
	begin	6
	raises	xgetbv
	begin	13
	mov	$0x18, %ecx
	mov	%ecx, %fs
	raises	mov %fs:0x1000, %eax
	begin	12
	mov	$0x18, %ecx
	mov	%ecx, %ss
	mov	$0x800, %esp
	raises	mov %ss:0xffd, %eax
	begin	13
	mov	$0x60, %ecx
	mov	%ecx, %fs
	raises	mov %fs:0xfff, %al	/* expand-down */
	begin	13
	mov	$0x80000000, %eax
	raises	mov %eax, %cr0		/* PG without PE */
	begin	13
	mov	$0x80000000, %eax
	raises	mov %eax, %cr4
	begin	13
	mov	$0x12345, %ecx
	raises	rdmsr
	begin	13
	mov	$0x12345, %ecx
	raises	wrmsr
	begin	13
	raises	sysenter
	begin	13
	raises	.fill 15, 1, 0x2e ; nop
	begin	8
	movb	$0x0e, idt + 8 * 13 + 5	/* #GP's gate is not present: #NP within it */
	mov	$0xf0, %eax
	raises	mov %eax, %ds
	begin	NONE
	movb	$0x8e, idt + 8 * 13 + 5
	raises	nop

sse_with_ts:
	mov	%cr4, %eax
	or	$0x600, %eax		/* OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	%cr0, %eax
	or	$TS, %eax
	mov	%eax, %cr0
	ret

digits:	.ascii	"0123456789abcdef"

	.balign	16
handlers:				/* 16 bytes each */
	.set	vector, 0
	.rept	64
	mov	$vector, %bl
	jmp	common
	.balign	16, 0x90
	.set	vector, vector + 1
	.endr

	.balign	8
gdt:	.quad	0, 0x00cf9b000000ffff, 0x00cf93000000ffff
	.quad	0x0040930100000fff	/* 0x18: a page of data */
	.quad	0x0040130100000fff	/* 0x20: the same, not present */
	.quad	0x0000020000100067	/* 0x28: an LDT, not present */
	.quad	0x0000090000100067	/* 0x30: a TSS, not present */
	.quad	0x00cf1b000000ffff	/* 0x38: code, not present */
	.quad	0x00000c0000080000	/* 0x40: a call gate, not present */
	.quad	0, 0, 0
	.quad	0x0040970100000fff	/* 0x60: data that expands down */
	.word	0x67, tss - start, 0x8910, 0	/* 0x68: our TSS */
gdtr:	.word	. - gdt - 1
	.long	gdt
	.balign	8
idt:	.set	vector, 0
	.rept	64
	.word	handlers - start + 16 * vector, 8
	.byte	0
	.if	vector == 0x30
	.byte	0x0e			/* not present */
	.else
	.byte	0x8e
	.endif
	.word	0x10
	.set	vector, vector + 1
	.endr
idtr:	.word	. - idt - 1
	.long	idt
	.balign	8
tss:	.long	0, STACK - 0x2000, 0x10
	.fill	0x66 - 12, 1, 0
	.word	0x68
	.balign	4
cr0:	.long	0
cr4:	.long	0
case:	.long	0
	.text	2
cases_end:
	.long	0

/* raise64: exceptions of 64-bit code, one after the other: raise.inc.
 *
 *	stepvm run --mode long --load 0x100000 raise64.bin
 *
 * What to see: a line for each case, alone and stepped the same. */
# link: 0x100000
# bits: 64
#include "raise.inc"
	.text	1
	.balign	4
cases:
	.text	0
	.set	TS, 8
	.set	MP, 2
	.set	AM, 0x40000
	.set	STACK, 0x180000		/* of CPL 0, */
	.set	IST_STACK, 0x17c000
	.set	USER_STACK, 0x170000
	.set	DATA, 0x17f000
	.set	UNMAPPED, 0x4000000000
	.set	NOT_CANONICAL, 0x800000000000
	.set	PML4, 0x81000		/* of stepvm's: its first entries map the first 2 MiB */
	.set	USER, 4			/* the bit in each of them */
	.code64
	.globl	start, next, halt, cases, handlers, cases_end
start:
	cli
	mov	$STACK, %rsp
	lgdt	gdtr
	lidt	idtr
	orl	$USER, PML4
	orl	$USER, PML4 + 0x1000
	orl	$USER, PML4 + 0x2000
	mov	%cr3, %rax
	mov	%rax, %cr3
	mov	%cr0, %rax
	and	$~(TS | MP), %rax
	or	$AM, %rax
	mov	%rax, cr0
	mov	%cr4, %rax
	mov	%rax, cr4
	mov	$0x60, %eax
	ltr	%ax
	movl	$cases - 12, case
next:
	mov	$STACK, %rsp
	mov	$0x10, %eax
	mov	%eax, %ss
	mov	%eax, %ds
	mov	%eax, %es
	pushq	$2
	popfq
	mov	cr0, %rax
	mov	%rax, %cr0
	mov	cr4, %rax
	mov	%rax, %cr4
	addl	$12, case
	mov	case, %ebx
	cmp	$cases_end, %ebx
	jae	halt
	mov	(%rbx), %ebx
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%ebp, %ebp
	jmp	*%rbx
halt:
	hlt
	jmp	halt
none:
	mov	$NONE, %bl
common:				/* bl: the vector */
	mov	%rsp, %rsi
	mov	$STACK - 0x1000, %rsp
	movzbl	%bl, %edx
	call	print
	mov	%rsi, %rdx
	call	print
	mov	$6, %ebp
	test	$8, %sil		/* no error code: five slots */
	jz	1f
	dec	%ebp
	cmp	$NONE, %bl
	jne	1f
	xor	%ebp, %ebp
1:	test	%ebp, %ebp
	jz	2f
	lodsq
	and	$~RF, %rax
	mov	%rax, %rdx
	call	print
	dec	%ebp
	jmp	1b
2:	mov	$'\n', %al
	out	%al, $0xe9
	jmp	next
print:
	prints_hex %ecx, 16, %rdx, %edx, %edi, %rdi

	begin	11
	mov	$0x28, %eax
	raises	lldt %ax
	begin	11
	mov	$0x38, %eax
	raises	ltr %ax
	begin	11
	mov	$0x20, %eax
	raises	mov %eax, %ds
	begin	12
	mov	$0x20, %eax
	raises	mov %eax, %ss
	begin	11
	push	$0x48
	push	$0x100000
	raises	lretq
	begin	11
	push	$0x10
	push	$STACK
	pushf
	push	$0x48
	push	$0x100000
	raises	iretq
	begin	13
	push	$0x10
	push	$STACK
	pushf
	push	$8
	mov	$NOT_CANONICAL, %rax
	push	%rax
	raises	iretq
	begin	13
	mov	$NOT_CANONICAL, %rax
	push	%rax
	raises	ret
	begin	13
	mov	$NOT_CANONICAL, %rax
	raises	jmp *%rax
	begin	13
	mov	$NOT_CANONICAL, %rax
	raises	call *%rax
	begin	13
	mov	$NOT_CANONICAL, %rax
	raises	mov (%rax), %eax
	begin	12
	mov	$NOT_CANONICAL, %rbp
	raises	mov (%rbp), %eax
	begin	14
	mov	$UNMAPPED, %rax
	raises	mov (%rax), %eax
	begin	14
	mov	$UNMAPPED, %rax
	raises	mov %eax, (%rax)
	begin	14
	mov	$UNMAPPED, %rax
	raises	jmp *(%rax)
	begin	14
	mov	$UNMAPPED, %rax
	raises	ljmp *(%rax)
	begin	14
	mov	$UNMAPPED, %rax
	raises	divl (%rax)
	begin	14
	mov	$UNMAPPED, %rax
	raises	lss (%rax), %ecx
	begin	14
	mov	$UNMAPPED, %rax
	raises	fldl (%rax)
	begin	14
	mov	$UNMAPPED, %rax
	raises	mov (%rax), %ss
	begin	14
	mov	$UNMAPPED, %rdi
	mov	$5, %ecx
	raises	rep stosb
	begin	14
	mov	$UNMAPPED, %rbp
	raises	enter $8, $2
	begin	11
	raises	int $0x30		/* a gate that is not present */
	begin	13
	raises	int $0x80		/* past the IDT's end */
	begin	0x31
	raises	int $0x31
	begin	3
	raises	int3
	begin	0
	raises	div %ecx
	begin	6
	raises	ud2
	begin	6
	raises	.byte 0xf0, 0x89, 0xc8	/* lock mov */
	begin	6
	raises	.byte 0xce		/* into */
	begin	6
	raises	.byte 0x0f, 0xff, 0xc0
	begin	6
	raises	syscall
	begin	6
	raises	vaddps %xmm0, %xmm1, %xmm2	/* CR4.OSXSAVE is clear */
	begin	7
	call	sse_with_ts
	raises	movaps %xmm0, %xmm1
	begin	7
	call	sse_with_ts
	raises	pshufb %xmm0, %xmm1
	begin	7
	call	sse_with_ts
	raises	roundps $1, %xmm0, %xmm1
	begin	7
	call	sse_with_ts
	raises	aesenc %xmm0, %xmm1
	begin	7
	call	sse_with_ts
	raises	cvtsi2sd %eax, %xmm1
	begin	7
	call	sse_with_ts
	raises	movntdq %xmm1, DATA
	begin	13
	mov	$DATA + 1, %eax
	raises	movaps (%rax), %xmm1
	begin	13
	mov	$DATA + 1, %eax
	raises	cmpxchg16b (%rax)
	begin	19
	mov	%cr4, %rax
	or	$0x600, %eax
	mov	%rax, %cr4
	movl	$0, DATA
	ldmxcsr	DATA
	pxor	%xmm0, %xmm0
	pxor	%xmm1, %xmm1
	raises	divss %xmm0, %xmm1
	begin	16
	call	x87_with_error
	raises	fwait
	begin	16
	call	x87_with_error
	raises	fld1
	begin	16
	call	x87_with_error
	raises	emms
	begin	16
	call	x87_with_error
	raises	pshufb %mm0, %mm1
	begin	13
	mov	$0x100, %eax
	raises	mov %rax, %cr8
	begin	13
	mov	$0x100000000, %rax
	raises	mov %rax, %dr7
	begin	13
	mov	$0x12345, %ecx
	raises	rdmsr
	begin	13
	mov	$0xc0000082, %ecx
	mov	$0x8000, %edx
	raises	wrmsr			/* not canonical */
	begin	13
	raises	.fill 15, 1, 0x2e ; nop
	begin	8			/* #SS within #UD, on the stack of the IST */
	mov	$NOT_CANONICAL, %rsp
	raises	ud2
	begin	8			/* #PF within #UD */
	mov	$UNMAPPED, %rsp
	raises	ud2
	begin	6
	call	to_user
	raises	ud2
	begin	13
	call	to_user
	raises	hlt
	begin	13
	call	to_user
	raises	int $0x31
	begin	0x32
	call	to_user
	raises	int $0x32
	begin	0
	call	to_user
	raises	div %ecx
	begin	14
	call	to_user
	mov	$UNMAPPED, %rax
	raises	mov (%rax), %al
	begin	17
	call	to_user_with_ac
	raises	mov DATA + 1, %eax

sse_with_ts:
	mov	%cr4, %rax
	or	$0x600, %eax		/* OSFXSR, OSXMMEXCPT */
	mov	%rax, %cr4
	mov	%cr0, %rax
	or	$TS, %eax
	mov	%rax, %cr0
	ret

/* 0 by 0, not masked, with #MF for it (CR0.NE). */
x87_with_error:
	mov	%cr0, %rax
	or	$0x20, %eax
	mov	%rax, %cr0
	fninit
	movw	$0x340, DATA
	fldcw	DATA
	fldz
	fldz
	fdivp
	ret

/* Returns at CPL 3. */
to_user_with_ac:
	mov	$0x40002, %eax
	jmp	1f
to_user:
	mov	$2, %eax
1:	pop	%rdx
	push	$0x5b
	push	$USER_STACK
	push	%rax
	push	$0x53
	push	%rdx
	iretq

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
gdt:	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0
	.quad	0x0040130000000fff	/* 0x20: data, not present */
	.quad	0x0000020000000067, 0	/* 0x28: an LDT, not present */
	.quad	0x0000090000000067, 0	/* 0x38: a TSS, not present */
	.quad	0x00af1b000000ffff	/* 0x48: code, not present */
	.quad	0x00affb000000ffff, 0x00cff3000000ffff /* 0x50, 0x58: of CPL 3 */
	.word	0x67, tss - start, 0x8910, 0	/* 0x60: our TSS */
	.quad	0
gdtr:	.word	. - gdt - 1
	.quad	gdt
	.balign	8
idt:	.set	vector, 0
	.rept	64
	.word	handlers - start + 16 * vector, 8
	.if	vector == 8
	.byte	1			/* IST 1 */
	.else
	.byte	0
	.endif
	.if	vector == 0x30
	.byte	0x0e			/* not present */
	.elseif	vector == 0x32
	.byte	0xee			/* for CPL 3 */
	.else
	.byte	0x8e
	.endif
	.word	0x10
	.quad	0
	.set	vector, vector + 1
	.endr
idtr:	.word	. - idt - 1
	.quad	idt
	.balign	8
tss:	.long	0
	.quad	STACK - 0x2000		/* RSP0 */
	.fill	0x24 - 12, 1, 0
	.quad	IST_STACK
	.fill	0x66 - 0x2c, 1, 0
	.word	0x68
	.balign	8
cr0:	.quad	0
cr4:	.quad	0
case:	.long	0
	.text	2
cases_end:
	.long	0

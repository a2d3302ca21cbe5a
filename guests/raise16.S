/* raise16: exceptions of real mode, one after the other: raise.inc.
 *
 *	stepvm run --load 0x10000 --entry 1000:0 raise16.bin
 *
 * What to see: a line for each case, alone and stepped the same. */
#include "raise.inc"
	.text	1
	.balign	4
cases:
	.text	0
	.set	SEGMENT, 0x1000		/* where it is loaded */
	.set	STACK_SEGMENT, 0x2000
	.set	STACK, 0xf000
	.set	EM, 4
	.set	TS, 8
	.code16
	.globl	start, next, halt, cases, handlers, cases_end
start:
	cli
	cld
	mov	$SEGMENT, %ax
	mov	%ax, %ds
	xor	%ax, %ax
	mov	%ax, %es
	xor	%di, %di
	mov	$handlers, %ax
	mov	$64, %cx
1:	stosw				/* the IVT */
	movw	%ds, %es:(%di)
	add	$2, %di
	add	$16, %ax
	loop	1b
	mov	%cr0, %eax
	and	$~(EM | TS), %al
	mov	%eax, cr0
	movw	$cases - 12, case
next:
	mov	$SEGMENT, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	$STACK_SEGMENT, %ax
	mov	%ax, %ss
	mov	$STACK, %esp
	pushw	$2
	popfw
	mov	cr0, %eax
	mov	%eax, %cr0
	addw	$12, case
	mov	case, %bx
	cmp	$cases_end, %bx
	jae	halt
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%ebp, %ebp
	jmp	*(%bx)
halt:
	hlt
	jmp	halt
none:
	mov	$NONE, %bl
common:				/* bl: the vector */
	mov	$SEGMENT, %ax
	mov	%ax, %ds
	mov	%esp, %esi
	mov	$STACK_SEGMENT, %ax
	mov	%ax, %ss
	mov	$STACK - 0x1000, %esp
	movzbw	%bl, %dx
	call	print
	mov	%si, %dx
	call	print
	mov	$3, %bp
1:	mov	%ss:(%si), %dx
	add	$2, %si
	call	print
	dec	%bp
	jnz	1b
	mov	$'\n', %al
	out	%al, $0xe9
	jmp	next
print:
	prints_hex %cx, 4, %dx, %dx, %di, %di

	begin	0
	raises	div %cx
	begin	0
	raises	.byte 0xd4, 0		/* aam by 0 */
	begin	0
	mov	$1, %dx
	mov	$1, %cx
	raises	div %cx			/* too much for ax */
	begin	3
	raises	int3
	begin	4
	mov	$0x7fff, %ax
	inc	%ax
	raises	into
	begin	5
	mov	$0x7000, %ax
	raises	bound %ax, bounds
	begin	0x20
	raises	int $0x20
	begin	0x2f
	raises	int $0x2f
	begin	6
	raises	ud2
	begin	6
	raises	.byte 0xf0, 0x89, 0xc8	/* lock mov */
	begin	6
	raises	.byte 0xf0, 0xa4	/* lock movsb */
	begin	6
	raises	.byte 0x0f, 0x00, 0xd0	/* lldt */
	begin	6
	raises	.byte 0x0f, 0x00, 0xd8	/* ltr */
	begin	6
	raises	.byte 0x63, 0xc0	/* arpl */
	begin	6
	raises	.byte 0x0f, 0x22, 0xc8	/* mov to cr1 */
	begin	7
	mov	%cr0, %eax
	or	$EM, %al
	mov	%eax, %cr0
	raises	fnop
	begin	7
	mov	%cr0, %eax
	or	$TS, %al
	mov	%eax, %cr0
	raises	fld1
	begin	13
	raises	mov 0xffff, %ax
	begin	12
	mov	$0xffff, %bp
	raises	mov (%bp), %ax
	begin	13
	mov	$0xffff, %di
	raises	movsw
	begin	13
	mov	$0xffff, %di
	mov	$5, %cx
	raises	rep movsw
	begin	13
	mov	$0x10000, %ebx
	raises	mov (%ebx), %ax
	begin	13
	raises	lds 0xfffe, %ax
	begin	12
	mov	$0xffff, %esp
	raises	pop %ax
	begin	13
	raises	.fill 15, 1, 0x2e ; nop
	begin	13
	raises	.fill 15, 1, 0x3e ; pushf
bounds:	.word	0, 9
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
	.balign	4
cr0:	.long	0
case:	.word	0
	.text	2
cases_end:
	.long	0

/* ivt: a boot sector with interrupt handlers of its own.
 *
 *	stepvm run ivt.bin
 *
 * What to see: vectors at linear 0 (four bytes each: offset, segment), a software interrupt
 * whose handler counts and returns, and a division by zero. A step of `int` ends at the
 * handler's first instruction, with the return address and the flags on the stack as the guest
 * itself set them (no trap flag of the debugger's). A divide error is a fault: it returns to the
 * `div`, so the handler has to move the pushed ip over it. Prints "ivt ok", or "ivt bad". */
# link: 0x7c00
	.code16
	.globl start
start:
	ljmp	$0, $normalized	/* BIOSes enter at 0000:7c00 or at 07c0:0000 */
normalized:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp

	/* Vector 0 is #DE, the divide error (SDM vol 3, Exceptions and Interrupts). */
	movw	$on_divide, 0 * 4
	movw	%ax, 0 * 4 + 2
	movw	$on_call, 0x21 * 4
	movw	%ax, 0x21 * 4 + 2
	movw	%ax, calls
	movw	%ax, divides

	int	$0x21
	int	$0x21
	int	$0x21

	mov	$1, %ax
	xor	%cx, %cx
divide_by_zero:
	div	%cl
	mov	$0x1000, %ax
	mov	$1, %cl
divide_overflow:
	div	%cl			/* the quotient 0x1000 does not fit in al */

	mov	$bad, %si
	cmpw	$3, calls
	jne	print
	cmpw	$2, divides
	jne	print
	cmp	$0x7c00, %sp
	jne	print
	mov	$ok, %si
print:
	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	print
halt:
	hlt
	jmp	halt

on_call:
	incw	calls
	iret

/* The pushed ip is at the `div`, whose two bytes (f6 f1) are to be skipped. */
on_divide:
	incw	divides
	push	%bp
	mov	%sp, %bp
	addw	$2, 2(%bp)
	pop	%bp
	iret

	.balign 2
calls:
	.word	0
divides:
	.word	0
ok:
	.asciz	"ivt ok\n"
bad:
	.asciz	"ivt bad\n"

	.org	510
	.byte	0x55, 0xaa

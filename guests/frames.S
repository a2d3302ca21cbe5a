/* frames: calls in calls in interrupts, for a debugger's stack frames.
 *
 *	stepvm run frames.bin
 *
 * What to see: 16-bit code has no rule for where return addresses stand. Here main calls first,
 * which calls second, which calls third (near; only second keeps a frame in bp); third calls a far
 * function under another CS, and that raises an interrupt whose handler calls a leaf. Between the
 * return addresses are pushed registers, locals, and stale words that look like return addresses
 * and are none. Then callees that take their arguments off the stack, calls through a register and
 * through memory, a jump at a function's end, a `ret` that is a jump, a handler reached by a fault,
 * and a function that does not come back. Prints "frames ok", or "frames bad".
 *
 *	0x07800  0780:0000, the CS of the far functions
 *	0x07c00  07c0:0000, this sector
 *	0x91000  the stack's top, 9000:1000
 *
 * Symbols are linear; an offset in segment 07c0 is symbol - start. */
# link: 0x7c00
	.code16
	.globl	start
start:
	ljmp	$0x07c0, $(normalized - start)
normalized:
	cli
	cld
	mov	$0x9000, %ax
	mov	%ax, %ss
	mov	$0x1000, %sp
	xor	%bp, %bp
	xor	%ax, %ax
	mov	%ax, %ds
	movw	$(on_divide - start), 0 * 4
	mov	%cs, 0 * 4 + 2
	movw	$(on_call - start), 0x21 * 4
	mov	%cs, 0x21 * 4 + 2
	mov	%cs, %ax
	mov	%ax, %ds

main:
	mov	$1, %ax
call_first:
	call	first
behind_first:
	cmpw	$1, leaves - start
	jne	print
	pushw	$0x1111
	pushw	$0x2222
call_pascal:
	call	pascal			/* takes its two arguments off the stack */
behind_pascal:
	mov	$(indirect - start), %bx
call_register:
	call	*%bx
behind_register:
	lcall	*(pointer - start)
behind_pointer:
	call	jumper
behind_jumper:
	call	wrapper
behind_wrapper:
	call	by_return
behind_by_return:
	xor	%cx, %cx
divide:
	div	%cl			/* #DE: the handler steps over it */
behind_divide:
	mov	$3, %cx
	mov	$(data - start), %si
	mov	$(copy - start), %di
	mov	%ds, %ax
	mov	%ax, %es
copying:
	rep movsb
behind_copying:
	cmp	$0x1000, %sp
	jne	print
	movw	$(ok - start), said - start
print:
	call	last			/* does not return */
behind_last:

/* No frame in bp; saves registers. */
first:
	push	%ax
	push	%bx
	push	%cx
	inc	%ax
call_second:
	call	second
behind_second:
	pop	%cx
	pop	%bx
	pop	%ax
	ret

/* A frame in bp, locals, and a word that is a return address and none of this call's. */
second:
	push	%bp
	mov	%sp, %bp
	sub	$6, %sp
	movw	$(behind_first - start), -2(%bp)
	movw	$(behind_pascal - start), -4(%bp)
	pushw	$(behind_third - start)
call_third:
	call	third
behind_third:
	leave
	ret

/* No frame, a branch, a loop. */
third:
	push	%si
	pushf
	mov	$2, %cx
1:
	test	$1, %ax
	jnz	2f
	inc	%ax
2:
	loop	1b
call_far:
	lcall	$0x0780, $(far_function - start + 0x400)
behind_far:
	popf
	pop	%si
	ret

far_function:
	push	%bp
	mov	%sp, %bp
	push	%ax
raise:
	int	$0x21
behind_raise:
	leave
	lret

on_call:
	pusha
	xor	%bp, %bp
	push	%ds
	mov	%cs, %ax
	mov	%ax, %ds
call_leaf:
	call	leaf
behind_leaf:
	pop	%ds
	popa
	iret

leaf:
	incw	leaves - start
leaf_return:
	ret

pascal:
	push	%bp
	mov	%sp, %bp
	mov	4(%bp), %ax
	pop	%bp
	ret	$4

/* Calls it below its own return address. */
wrapper:
	push	%dx
	pushw	$0x3333
	pushw	$0x4444
wrapper_call:
	call	pascal
behind_wrapper_call:
	pop	%dx
	ret

/* A ret that is a jump, to what looks like a return address. */
by_return:
	pushw	$(landed - start)
	ret
	call	leaf
landed:
	nop
	ret

indirect:
	push	%dx
	nop
	pop	%dx
	ret

far_pointed:
	push	%dx
	nop
	pop	%dx
	lret

jumper:
	nop
	jmp	indirect

on_divide:
	push	%bp
	mov	%sp, %bp
	addw	$2, 2(%bp)		/* the div has two bytes */
	pop	%bp
	iret

last:
	push	%ax
	mov	said - start, %si
1:
	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	1b
halt:
	hlt
	jmp	halt

	.balign	2
pointer:
	.word	far_pointed - start + 0x400, 0x0780
leaves:
	.word	0
said:
	.word	bad - start
data:
	.ascii	"abc"
copy:
	.space	3
ok:
	.asciz	"frames ok\n"
bad:
	.asciz	"frames bad\n"

	.org	510
	.byte	0x55, 0xaa

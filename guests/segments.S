/* segments: a boot sector in which every segment has a base of its own.
 *
 *	stepvm run segments.bin
 *
 * What to see: an address is more than an offset. The first jump goes to 07c0:0005, so ip is 5
 * while the instruction is at linear 0x7c05; a debugger that takes ip for an address shows the
 * interrupt vectors. CS, DS, ES and SS all differ, the stack is in the fourth, and a far routine
 * is called as 0780:offset + 0x400 (another name of this sector) and as a copy at 3000:0000.
 * Prints "segments ok", or "segments bad" when a value did not arrive.
 *
 *	0x07800  CS of the far call, 0780:0000
 *	0x07c00  CS = 07c0, this sector
 *	0x20000  DS = 2000, a copy of the data
 *	0x28000  ES = 2800, what is written there
 *	0x30000  3000:0000, a copy of a routine
 *	0x91000  the stack's top, 9000:1000
 *
 * Symbols are linear; an offset in segment 07c0 is symbol - start. */
# link: 0x7c00
	.code16
	.globl start
start:
	/* BIOSes enter at 0000:7c00 or at 07c0:0000. */
	ljmp	$0x07c0, $(normalized - start)
normalized:
	xor	%ax, %ax
	cli
	cld
	mov	$0x9000, %ax
	mov	%ax, %ss
	mov	$0x1000, %sp

	/* The data to 2000:0000, the routine to 3000:0000, both read through CS. */
	mov	$0x2000, %ax
	mov	%ax, %es
	mov	$(data - start), %si
	xor	%di, %di
	mov	$(data_end - data), %cx
	rep movsb %cs:(%si), %es:(%di)
	mov	$0x3000, %ax
	mov	%ax, %es
	mov	$(far_add - start), %si
	xor	%di, %di
	mov	$(far_add_end - far_add), %cx
	rep movsb %cs:(%si), %es:(%di)

	mov	$0x2000, %ax
	mov	%ax, %ds
	mov	$0x2800, %ax
	mov	%ax, %es
	mov	$(bad - start), %bp		/* the line to print, an offset in CS */

	/* ES: the number of DS:0000 goes to ES:0010 and comes back. */
	mov	first - data, %ax
	mov	%ax, %es:0x10
	xor	%ax, %ax
	mov	%es:0x10, %ax
	cmp	$1234, %ax
	jne	print
	/* The same cell has an address in DS: 2800:0010 is 2000:8010. */
	cmp	%ax, 0x8010
	jne	print

	/* SS: what was pushed is at 9000:0ffe, seen through ES too. */
	push	%ax
	mov	$0x9000, %bx
	mov	%bx, %es
	cmp	%ax, %es:0x0ffe
	jne	print
	cmp	$0x0ffe, %sp
	jne	print
	pop	%bx

near_call:
	call	near_add		/* ax += 1 */
far_call:
	lcall	$0x0780, $(far_add - start + 0x400)	/* ax += 10, with CS = 0780 */
copy_call:
	lcall	$0x3000, $0		/* ax += 10, in the copy, with CS = 3000 */
pointer_call:
	lcall	*(pointer - data)	/* ax += 10, by the pointer in DS */
back:
	cmp	second - data, %ax
	jne	print
	mov	%cs, %ax
	cmp	$0x07c0, %ax
	jne	print
	cmp	$0x1000, %sp
	jne	print
	mov	$(ok - start), %bp

print:
	mov	%bp, %si
1:
	lodsb	%cs:(%si), %al
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	1b
halt:
	hlt
	jmp	halt

near_add:
	inc	%ax
	ret
far_add:
	add	$10, %ax
	lret
far_add_end:

data:
first:
	.word	1234
second:
	.word	1234 + 1 + 10 + 10 + 10
pointer:
	.word	far_add - start + 0x400, 0x0780
data_end:
ok:
	.asciz	"segments ok\n"
bad:
	.asciz	"segments bad\n"

	.org	510
	.byte	0x55, 0xaa

/* ticks: a boot sector that counts the timer's ticks in 10 s of its own time, by its own handler of
 * IRQ 0, which chains to the BIOS's, and by the BIOS's counter at 0040:006c.
 *
 *	stepvm run --speed max ticks.bin
 *	stepvm run --speed 20 ticks.bin			half a second
 *
 * What to see: "own 182, BIOS 182" (or one more or less: there are 18.2 in a second) and "ticks ok",
 * whatever a debugger or the host do meanwhile. The seconds are the clock's (int 1Ah AH=02h), for which
 * it looks after each tick; where its time goes 1000 times as fast as the host's, a few ticks may pass before it
 * has looked, at the begin and at the end. */
# link: 0x7c00
	.code16
	.globl	second, on_tick, own, seconds
	.equ	SECONDS, 10
	.equ	LEAST, 179
	.equ	MOST, 186
#include "begin.inc"
	mov	8 * 4, %eax			/* the vector of IRQ 0 */
	mov	%eax, chained
	movw	$on_tick, 8 * 4
	movw	$0, 8 * 4 + 2
	sti

	call	next_second			/* begins with a second's begin */
	mov	own, %ax
	mov	%ax, own_before
	mov	0x46c, %ax
	mov	%ax, bios_before
	movw	$SECONDS, seconds
second:	call	next_second
	decw	seconds
	jnz	second

	mov	own, %ax
	sub	own_before, %ax
	mov	0x46c, %bx
	sub	bios_before, %bx
	mov	$text_own, %si
	call	say
	call	number
	mov	$text_bios, %si
	call	say
	xchg	%ax, %bx
	call	number
	mov	$text_bad, %si
	cmp	$LEAST, %ax
	jb	1f
	cmp	$MOST, %ax
	ja	1f
	cmp	$LEAST, %bx
	jb	1f
	cmp	$MOST, %bx
	ja	1f
	mov	$text_ok, %si
1:	call	say
2:	cli
	hlt
	jmp	2b

/* Until the clock's seconds change. */
next_second:
	mov	$2, %ah
	int	$0x1a
	mov	%dh, last
1:	hlt
	mov	$2, %ah
	int	$0x1a
	cmp	last, %dh
	je	1b
	ret

on_tick:
	incw	%cs:own
	ljmp	*%cs:chained

say:	push	%ax				/* the text at si */
1:	lodsb
	test	%al, %al
	jz	2f
	out	%al, $0xe9
	jmp	1b
2:	pop	%ax
	ret

number:	pusha					/* ax, decimal */
	mov	$10, %bx
	xor	%cx, %cx
1:	xor	%dx, %dx
	div	%bx
	push	%dx
	inc	%cx
	test	%ax, %ax
	jnz	1b
2:	pop	%ax
	add	$'0', %al
	out	%al, $0xe9
	loop	2b
	popa
	ret

text_own:
	.asciz	"own "
text_bios:
	.asciz	", BIOS "
text_ok:
	.asciz	"\nticks ok\n"
text_bad:
	.asciz	"\nticks bad\n"
	.balign	4
chained:
	.long	0
own:	.word	0
own_before:
	.word	0
bios_before:
	.word	0
seconds:
	.word	0
last:	.byte	0
	.org	510
	.word	0xaa55

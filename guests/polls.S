/* polls: a boot sector that looks for a key over and over, as DOS does at its prompt.
 *
 *	stepvm run polls.bin
 *
 * What to see: it looks by int 16h AH=01h and 11h by turns, for 40 ticks. In the last 20 of them the CPU is not needed
 * but for some looks a tick: with at most 500 a tick it says "polls ok" on port 0xe9, else "polls on". Then it looks
 * until a key comes, which ends it by status 1; where none can come, stepvm ends it after a minute of its time. */
# link: 0x7c00
	.code16
	.globl	looks
	.set	ticks, 0x46c
	.set	LAST, 20
	.set	MOST, 500
#include "begin.inc"
	sti
	mov	$LAST, %cx
	call	look
	movw	$0, looks
	mov	$LAST, %cx
	call	look
	mov	$ok, %si
	cmpw	$LAST * MOST, looks
	jbe	print
	mov	$on, %si
print:	lodsb
	out	%al, $0xe9
	cmp	$'\n', %al
	jne	print
	xor	%cx, %cx
	call	look

done:	xor	%ax, %ax
	out	%al, $0xf4
	jmp	.

look:					/* until so many ticks are over, 0: for good; or until there is a key */
	mov	ticks, %bx
1:	mov	$0x01, %ah
	int	$0x16
	jnz	done
	mov	$0x11, %ah
	int	$0x16
	jnz	done
	addw	$2, looks
	jnc	2f
	movw	$0xffff, looks
2:	mov	ticks, %ax
	sub	%bx, %ax
	jcxz	1b
	cmp	%cx, %ax
	jb	1b
	ret

looks:	.word	0
ok:	.ascii	"polls ok\n"
on:	.ascii	"polls on\n"
	.org	510
	.word	0xaa55

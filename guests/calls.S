/* calls: a boot sector that calls the BIOS in rounds, and whose state at the end tells whether anybody
 * disturbed it.
 *
 *	stepvm run calls.bin, and type eight letters
 *
 * What to see: the same memory, registers and screen at the end of each run, however the guest is debugged
 * meanwhile. A round waits for a key by int 16h and prints it, reads its own sector, moves the cursor and prints by
 * int 10h, asks whether a key is there, for equipment and memory, and waits a little by int 15h AH=86h, while ticks
 * come in through a hook of the guest's on 1Ch. What depends on time is kept out of the sum, and stands at ticks
 * alone. It halts with interrupts off. */
# link: 0x7c00
	.code16
	.globl	round, ask, asked, read, wait, waited, on_tick, rounds, sum, ticks, done
	.set	ROUNDS, 8
#include "begin.inc"
	mov	%dl, disk
	mov	4 * 0x1c, %eax
	mov	%eax, old_tick
	movw	$on_tick, 4 * 0x1c
	movw	%ds, 4 * 0x1c + 2
	sti
	mov	$3, %ax			/* text, 80 by 25 */
	int	$0x10
round:
	xor	%ah, %ah		/* a key */
ask:
	int	$0x16
asked:
	add	%ax, sum
	mov	$0x0e, %ah
	mov	$7, %bx
	int	$0x10

	mov	$0x0201, %ax
	mov	$0x8000, %bx
	mov	$1, %cx
	xor	%dh, %dh
	mov	disk, %dl
read:
	int	$0x13
	jc	done
	mov	$256, %cx
	mov	$0x8000, %si
1:	lodsw
	add	%ax, sum
	loop	1b

	mov	$2, %ah			/* the cursor to row and column of the round */
	xor	%bx, %bx
	mov	rounds, %dl
	mov	%dl, %dh
	int	$0x10
	mov	$0x0e, %ah
	mov	rounds, %al
	add	$'A', %al
	mov	$7, %bx
	int	$0x10
	mov	$3, %ah
	xor	%bx, %bx
	int	$0x10
	add	%dx, sum
	add	%cx, sum

	mov	$1, %ah			/* whether the next one is there already is time's */
	int	$0x16
	int	$0x11
	add	%ax, sum
	int	$0x12
	add	%ax, sum

	mov	$0x86, %ah		/* 60 ms, a tick among them */
	mov	$0, %cx
	mov	$60000, %dx
wait:
	int	$0x15
waited:
	incb	rounds
	cmpb	$ROUNDS, rounds
	jb	round
done:
	cli
	hlt
	jmp	done

on_tick:
	incw	%cs:ticks
	ljmp	*%cs:old_tick

disk:	.byte	0
rounds:	.byte	0
sum:	.word	0
ticks:	.word	0
	.balign 4
old_tick:
	.long	0

	.org	510
	.byte	0x55, 0xaa

/* waits: a boot sector that waits for keys in the BIOS.
 *
 *	stepvm run waits.bin
 *
 * What to see: a call that takes as long as nobody types, int 16h AH=00h, and what goes on meanwhile: the
 * timer's interrupt, which the guest has hooked. Each character is printed by int 10h AH=0Eh; q ends it by
 * status 1. A stop by Ctrl-C says what the guest waits for; a step of the call ends when a key has come. */
# link: 0x7c00
	.code16
	.globl	ask, asked, print, printed, on_timer, chain_timer, ticks
#include "begin.inc"
	mov	4 * 8, %eax
	mov	%eax, old_timer
	movw	$on_timer, 4 * 8
	movw	%ds, 4 * 8 + 2
	sti
ask:
	mov	$0, %ah
	int	$0x16
asked:
	cmp	$'q', %al
	je	done
	mov	$0x0e, %ah
	mov	$7, %bx
print:
	int	$0x10
printed:
	jmp	ask
done:
	xor	%ax, %ax
	out	%al, $0xf4
	jmp	.

on_timer:
	incw	%cs:ticks
chain_timer:
	ljmp	*%cs:old_timer

	.balign	4
ticks:	.word	0
	.word	0
old_timer:
	.long	0

	.org	510
	.byte	0x55, 0xaa

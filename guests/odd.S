/* odd: a boot sector that calls the BIOS as hardly a program does.
 *
 *	stepvm run odd.bin
 *
 * What to see: a call whose frame goes over the stack's end, from 0000 on to FFFE, has its answer in CF, and the
 * memory after the stack's 64 KiB stays; so it is with a call of the ROM by another segment than F000. It says
 * "odd ok" on port 0xe9. */
# link: 0x7c00
	.code16
	.globl	wrapped, carried, called, other
	.set	after, 0x9000		/* the segment after the stack's */
	.set	int_12h, 0x1120		/* in the ROM, as monitor step-bios shows it */
#include "begin.inc"
	mov	$after - 0x1000, %ax
	mov	%ax, %ss
	mov	$2, %sp
	mov	$after, %ax
	mov	%ax, %es
	movl	$0x12345678, %es:0

	clc
	mov	$0x7500, %ax		/* no function of int 13h's */
	mov	$0x80, %dl
wrapped:
	int	$0x13
carried:
	jnc	bad
	cmp	$2, %sp
	jne	bad
	cmpl	$0x12345678, %es:0
	jne	bad

	mov	$0x7c00, %sp
	xor	%ax, %ax
	pushf
called:
	lcall	$0xf100, $int_12h - 0x1000
other:
	cmp	$512, %ax		/* KiB of memory */
	jb	bad
	mov	$ok, %si
	jmp	print
bad:
	mov	$failed, %si
print:
	lodsb
	out	%al, $0xe9
	cmp	$'\n', %al
	jne	print
	xor	%ax, %ax
	out	%al, $0xf4
	jmp	.

ok:	.ascii	"odd ok\n"
failed:	.ascii	"odd bad\n"

	.org	510
	.byte	0x55, 0xaa

/* prompt: a boot sector with a command line, by the BIOS: it shows "A>", takes a line with its echo, and
 * answers it.
 *
 *	stepvm run --screen prompt.bin
 *
 * What to see: the line `ver` is answered with "prompt 1", `off` switches the machine off (APM's int 15h
 * AX=5307h), every other with "? LINE". Sources: Ralf Brown's Interrupt List, int 10h AH=0Eh, int 16h
 * AH=00h, int 15h AX=5301h, 530Eh, 5307h. */
# link: 0x7c00
	.code16
	.globl	ask, asked
#include "begin.inc"
	sti
	mov	$3, %ax				/* text, 80 columns; a clear screen */
	int	$0x10

ask:	mov	$prompt, %si
	call	say
asked:	mov	$line, %di
1:	mov	$0, %ah
	int	$0x16
	call	put
	cmp	$'\r', %al
	je	2f
	cmp	$line + 60, %di
	jae	1b
	stosb
	jmp	1b
2:	movb	$0, (%di)
	mov	$'\n', %al
	call	put
	mov	$ver, %si
	call	is_line
	je	is_ver
	mov	$off, %si
	call	is_line
	je	is_off
	mov	$what, %si
	call	say
	mov	$line, %si
	call	say
	jmp	ask
is_ver:	mov	$version, %si
	call	say
	jmp	ask

is_off:	mov	$0x5301, %ax			/* connect the real mode interface */
	xor	%bx, %bx
	int	$0x15
	mov	$0x530e, %ax			/* version 1.2 */
	xor	%bx, %bx
	mov	$0x0102, %cx
	int	$0x15
	mov	$0x5307, %ax			/* all devices: off */
	mov	$1, %bx
	mov	$3, %cx
	int	$0x15
	jmp	ask				/* it did not */

is_line:					/* ZF: the line is the text at si */
	mov	$line, %di
1:	lodsb
	scasb
	jne	2f
	test	%al, %al
	jnz	1b
2:	ret

say:	lodsb					/* the text at si */
	test	%al, %al
	jz	1f
	call	put
	jmp	say
1:	ret
put:	push	%ax
	mov	$0x0e, %ah
	mov	$7, %bx
	int	$0x10
	pop	%ax
	ret

prompt:	.asciz	"\r\nA>"
version:
	.asciz	"prompt 1"
what:	.asciz	"? "
ver:	.asciz	"ver"
off:	.asciz	"off"
	.org	510
	.word	0xaa55
	.set	line, 0x500 + 0x100

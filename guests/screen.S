/* screen: a boot sector that has the BIOS write on a PC's screen.
 *
 *	stepvm run screen.bin
 *
 * What to see: teletype output that wraps and scrolls, the 16 colours, a string with an attribute a
 * character, a window that scrolls, the cursor moved and shaped, another page, 256 colours with
 * pixels and characters, and 50 rows. At each label that ends in _done the screen is as its comment
 * says. It reads back what it wrote, and ends with "screen ok" or "screen bad" on port 0xe9. */
# link: 0x7c00
	.code16
	.globl start
start:
	ljmp	$0, $normalized
normalized:
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	cld

	mov	$0x0003, %ax
	int	$0x10
	mov	$lines, %si
	call	print
teletype_done:			/* "two" is in row 1, the cursor in row 2 */

	mov	$0x000f, %bx	/* row 3: a smiley in each of 15 colours, from the right */
colours:
	mov	$3, %dh
	mov	%bl, %dl
	call	place
	mov	$0x0901, %ax
	mov	$1, %cx
	int	$0x10
	dec	%bl
	jnz	colours
	mov	$0x1303, %ax	/* row 4: "red" with attributes of its own; the cursor goes along */
	xor	%bh, %bh
	mov	$3, %cx
	mov	$0x0400, %dx
	mov	$red, %bp
	int	$0x10
	mov	$0x0602, %ax	/* rows 0 to 2, columns 0 to 9: up by two, blanks in yellow on blue */
	mov	$0x1e00, %bx
	xor	%cx, %cx
	mov	$0x0209, %dx
	int	$0x10
	mov	$0x0100, %ax	/* a block */
	mov	$0x0007, %cx
	int	$0x10
attributes_done:

	mov	$0x184f, %dx	/* the last place: a character there scrolls */
	xor	%bl, %bl
	call	place
	mov	$last, %si
	call	print
scroll_done:			/* row 23 ends with "!", "end" is in row 24 */

	mov	$0x0205, %dx	/* read back one of the colours, which have moved up by one */
	xor	%bx, %bx
	call	place
	mov	$0x0800, %ax
	int	$0x10
	mov	%ax, read

	mov	$0x0501, %ax	/* another page */
	int	$0x10
	mov	$second, %si
	call	print
page_done:

	mov	$0x0013, %ax	/* 256 colours: a line of all of them in row 100, and an A */
	int	$0x10
	mov	$0x0c00, %ax
	mov	$255, %cx
	mov	$100, %dx
pixels:
	mov	%cl, %al
	int	$0x10
	dec	%cx
	jns	pixels
	mov	$0x0e41, %ax
	mov	$0x0028, %bx
	int	$0x10
	mov	$0x0d00, %ax
	mov	$77, %cx
	int	$0x10
	mov	%al, pixel
graphics_done:

	mov	$0x0003, %ax	/* 50 rows of 8 lines */
	int	$0x10
	mov	$0x1112, %ax
	xor	%bl, %bl
	int	$0x10
	mov	$0x3100, %dx
	call	place
	mov	$second, %si
	call	print
rows_done:

	mov	$bad, %si
	cmpw	$0x0501, read
	jne	say
	cmpb	$77, pixel
	jne	say
	mov	$good, %si
say:
	lodsb
	out	%al, $0xe9
	cmp	$'\n', %al
	jne	say
	cli
	hlt

place:				/* the cursor of page 0 to row dh, column dl */
	push	%bx
	xor	%bh, %bh
	mov	$2, %ah
	int	$0x10
	pop	%bx
	ret

print:				/* by teletype; what is in bh does not count */
	lodsb
	test	%al, %al
	jz	1f
	mov	$0x0e, %ah
	mov	$0x5507, %bx
	int	$0x10
	jmp	print
1:	ret

lines:	.asciz	"one\r\ntwp\bo\r\n"
last:	.asciz	"!end"
second:	.asciz	"page"
red:	.byte	'r', 0x4f, 'e', 0x04, 'd', 0x0c
read:	.word	0
pixel:	.byte	0
good:	.ascii	"screen ok\n"
bad:	.ascii	"screen bad\n"
	.org	510
	.word	0xaa55

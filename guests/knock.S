/* knock: a boot sector that prints by the BIOS's teletype output, and reads keys by INT 16h.
 *
 *	stepvm run knock.bin
 *	echo me | stepvm run knock.bin
 *
 * What to see: without a screen what it prints is standard output, character by character of code page 437,
 * and what is typed there are keys. It echoes a line, then asks again; where standard input has ended
 * nobody will answer, which ends it. */
# link: 0x7c00
	.code16
	.globl	start, ask
start:
	xor	%ax, %ax
	mov	%ax, %ds
	cld
ask:
	mov	$question, %si
	call	print
1:	xor	%ah, %ah
	int	$0x16
	call	put
	cmp	$'\r', %al
	jne	1b
	mov	$'\n', %al
	call	put
	jmp	ask

print:
	lodsb
	test	%al, %al
	jz	2f
	call	put
	jmp	print
put:
	mov	$0x0e, %ah
	mov	$7, %bx
	int	$0x10
2:	ret

question:
	.byte	1		/* a face */
	.asciz	" Who is there? "
	.org	510
	.word	0xaa55

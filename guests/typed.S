/* typed: a boot sector that reads keys by INT 16h, and shows and sends back what is typed.
 *
 *	stepvm run --screen typed.bin
 *	stepvm run --keys FILE typed.bin
 *
 * What to see: a PC's keyboard from the key to the program that reads it. Each character goes to
 * the next cell of the text screen at b800:0000, white on blue, and to port 0xe9. It is slow to read: some
 * keys wait meanwhile. Esc ends it by the exit port, with status 1. */
	.code16
# link: 0x7c00
	.globl	start, next
start:
	xor	%ax, %ax
	mov	%ax, %ds
	mov	$0xb800, %ax
	mov	%ax, %es
	xor	%di, %di
	cld
next:
	mov	$0x0800, %cx		/* slow: the keyboard is faster */
1:	loop	1b
	xor	%ah, %ah
	int	$0x16
	cmp	$0x1b, %al
	je	quit
	out	%al, $0xe9
	mov	$0x1f, %ah
	stosw
	cmp	$4000, %di
	jb	next
	xor	%di, %di
	jmp	next
quit:
	mov	$0, %al
	out	%al, $0xf4
	jmp	quit
	.org	510
	.word	0xaa55

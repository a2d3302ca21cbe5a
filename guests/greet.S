# A boot sector that prints a line by the BIOS's teletype output and ends by the exit port, as the bench
# measures how soon one does:
#
#	stepvm run build/guests/greet.bin	prints `greet ok`, status 1
#
# link: 0x7c00
	.code16
	.globl	start
start:
	xor	%ax, %ax
	mov	%ax, %ds
	mov	$text, %si
	cld
put:
	lodsb
	test	%al, %al
	jz	done
	mov	$0x0e, %ah
	xor	%bx, %bx
	int	$0x10
	jmp	put
done:
	xor	%ax, %ax
	out	%al, $0xf4

text:	.asciz	"greet ok\r\n"

	.org	510
	.word	0xaa55

/* A boot sector: the BIOS has put it at 0000:7c00, in 16-bit code. It says hello and halts. */
	.code16
	.globl	start
start:	ljmp	$0, $begin		/* some BIOSes come as 07c0:0000 */
begin:	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7c00, %sp
	cld
	mov	$text, %si
next:	lodsb
	test	%al, %al
	jz	done
	call	put
	jmp	next
done:	cli
	hlt
	jmp	done

/* Prints AL by the BIOS's teletype output. */
put:	mov	$0x0e, %ah
	xor	%bx, %bx
	int	$0x10
	ret

text:	.asciz	"Hello from the boot sector\r\n"

	.org	510
	.word	0xaa55			/* by which a BIOS knows a boot sector */

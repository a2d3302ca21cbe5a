/* devices: asks a PC's devices what they are, and takes the interrupts of two of them.
 *
 *	stepvm run --parallel printed devices.bin
 *
 * What to see: a boot sector on a PC's board, where a BIOS has set the interrupt controllers up. The
 * keyboard controller makes up a key itself, so nobody has to press one. `failed` has the number of the
 * first check that does not hold, in BL. Where all do, "devices ok" comes at port 0xe9, and "ok" at the
 * parallel port, of which nobody needs to be at the other end.
 */
# link: 0x7c00
	.code16
	.globl	start, check, failed, on_clock, on_key
start:
	ljmp	$0, $1f
1:	cli
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7c00, %sp
	movw	$on_clock, 0x70 * 4	/* IRQ 8 */
	mov	%ax, 0x70 * 4 + 2
	movw	$on_key, 0x09 * 4	/* IRQ 1 */
	mov	%ax, 0x09 * 4 + 2
	xor	%bx, %bx

	mov	$0xad, %al		/* no key's byte comes between */
	out	%al, $0x64
	mov	$0xaa, %al		/* 1: the controller's self-test */
	out	%al, $0x64
	in	$0x60, %al
	cmp	$0x55, %al
	call	check
	mov	$0xd0, %al		/* 2: its output port: A20 is on */
	out	%al, $0x64
	in	$0x60, %al
	not	%al
	test	$2, %al
	call	check
	mov	$0xae, %al
	out	%al, $0x64
	mov	$0xd2, %al		/* 3: a byte as if from the keyboard */
	out	%al, $0x64
	mov	$0x1e, %al
	out	%al, $0x60
1:	sti
	hlt
	cli
	cmpb	$0, key
	je	1b
	cmpb	$0x1e, key
	call	check

	mov	$0x0d, %al		/* 4: the clock's battery is good */
	call	cmos
	cmp	$0x80, %al
	call	check
	mov	$0x0b, %al		/* 5: its periodic interrupts come, 1024 a second */
	out	%al, $0x70
	mov	$0x42, %al
	out	%al, $0x71
1:	sti
	hlt
	cli
	cmpb	$8, clocks
	jb	1b
	mov	$0x0b, %al
	out	%al, $0x70
	mov	$0x02, %al
	out	%al, $0x71
	cmp	%al, %al
	call	check

	mov	$0x3d4, %dx		/* 6: the display's cursor is kept */
	mov	$0x420f, %ax
	out	%ax, %dx
	inc	%dx
	in	%dx, %al
	cmp	$0x42, %al
	call	check
	mov	$0x3da, %dx		/* 7: its beam comes back, and goes on */
1:	in	%dx, %al
	test	$8, %al
	jz	1b
2:	in	%dx, %al
	test	$8, %al
	jnz	2b
	call	check

	mov	$0x378, %dx		/* 8: the parallel port keeps its data */
	mov	$'o', %al
	call	print
	mov	$'k', %al
	call	print
	in	%dx, %al
	cmp	$'k', %al
	call	check

	mov	$ok, %si
1:	lodsb
	test	%al, %al
	jz	done
	out	%al, $0xe9
	jmp	1b
done:	cli
	hlt

check:	lea	1(%bx), %bx		/* ZF: it holds */
	jne	failed
	ret
failed:	hlt				/* IF is clear */

cmos:	out	%al, $0x70
	in	$0x71, %al
	ret

print:	out	%al, %dx		/* and the strobe, up and down */
	push	%dx
	add	$2, %dx
	mov	$0x0d, %al
	out	%al, %dx
	mov	$0x0c, %al
	out	%al, %dx
	pop	%dx
	ret

on_key:	push	%ax
	in	$0x60, %al
	mov	%al, key
	mov	$0x20, %al
	out	%al, $0x20
	pop	%ax
	iret

on_clock:
	push	%ax
	mov	$0x0c, %al		/* which interrupt: it asks for no other until it was read */
	call	cmos
	incb	clocks
	mov	$0x20, %al
	out	%al, $0xa0
	out	%al, $0x20
	pop	%ax
	iret

ok:	.asciz	"devices ok\n"
key:	.byte	0
clocks:	.byte	0

	.org	510
	.byte	0x55, 0xaa

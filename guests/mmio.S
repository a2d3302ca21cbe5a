/* mmio: reads and writes where no RAM is.
 *
 *	stepvm run --memory 640K mmio.bin
 *
 * What to see: with 640 KiB of RAM, the address a000:0000 (linear 0xa0000) belongs to nobody, so
 * each access there leaves the CPU as MMIO. Writes are lost, reads give all ones. Accesses of 1,
 * 2 and 4 bytes, a read-modify-write (one instruction, two exits), a fill and a copy. Not for a
 * PC, whose display memory is there. Prints "mmio ok", or "mmio bad" when a read gave anything
 * else. */
# link: 0
	.code16
	.globl start
start:
	ljmp	$0, $normalized		/* CS = 0, wherever the image was entered */
normalized:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	$0xa000, %ax
	mov	%ax, %es
	mov	$bad, %si

	movb	$0x12, %es:0
	movw	$0x1234, %es:2
	movl	$0x12345678, %es:4

	/* The sum of the three reads: 0xff + 0xffff + 0xffffffff is 0x100fd modulo 2^32. */
	movzbl	%es:0, %eax
	movzwl	%es:2, %ebx
	add	%ebx, %eax
	add	%es:4, %eax
	cmp	$0x000100fd, %eax
	jne	print

read_modify_write:
	addb	$1, %es:0		/* reads 0xff, writes 0: carry, zero */
	jnc	print
	jnz	print
	cmpb	$0xff, %es:0		/* and the 0 is lost */
	jne	print

fill:
	xor	%di, %di
	mov	$16, %cx
	xor	%al, %al
	rep stosb
	cmp	$16, %di
	jne	print

	/* 16 bytes from there into RAM, summed up there: 16 * 0xff = 0xff0. */
copy:
	push	%ds
	push	%es
	pop	%ds
	pop	%es
	xor	%si, %si
	mov	$buffer, %di
	mov	$16, %cx
	rep movsb			/* a000:0000 -> 0000:buffer */
	mov	%cx, %ds		/* 0 */
	mov	$buffer, %si
	mov	$16, %cx
	xor	%ax, %ax
	xor	%bx, %bx
1:
	lodsb
	add	%ax, %bx
	loop	1b
	mov	$bad, %si
	cmp	$0xff0, %bx
	jne	print
	mov	$ok, %si
print:
	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	print
halt:
	hlt
	jmp	halt

ok:
	.asciz	"mmio ok\n"
bad:
	.asciz	"mmio bad\n"
	.balign 4
buffer:
	.skip	16

/* ports: a boot sector that does port I/O in every way there is, 60 times over.
 *
 *	stepvm run ports.bin
 *
 * What to see: each width (1, 2, 4 bytes), both directions, the port as an immediate and in dx,
 * the string forms alone and repeated, upwards and downwards (DF). Each leaves the CPU and comes
 * back in the middle of things, which is where a step easily runs two instructions, or none. The
 * ports are 0xe0..0xe7 and 0x300..0x303 (a PC's prototype card), where nothing stands: reads
 * give all ones, and the guest checks each. More than 2000 instructions. At the end the line
 * "ports ok" is written to 0xe9 by two repeated outs, the second downwards; "ports bad" when a
 * read was wrong. */
# link: 0x7c00
	.equ	ROUNDS, 60
	.equ	CARD, 0x300
	.code16
	.globl start
start:
	ljmp	$0, $normalized	/* BIOSes enter at 0000:7c00 or at 07c0:0000 */
normalized:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	movw	$ROUNDS, rounds

round:
	/* Out and in, the port in the instruction: one byte, so up to 0xff. */
	xor	%eax, %eax
	out	%al, $0xe0
	out	%ax, $0xe2
	out	%eax, $0xe4
	in	$0xe0, %al
	cmp	$0x000000ff, %eax	/* a read of one byte leaves the rest of eax */
	jne	fail
	xor	%eax, %eax
	in	$0xe2, %ax
	cmp	$0x0000ffff, %eax
	jne	fail
	xor	%eax, %eax
	in	$0xe4, %eax
	cmp	$0xffffffff, %eax
	jne	fail

	/* The same with the port in dx. */
	mov	$CARD, %dx
	xor	%eax, %eax
	out	%al, (%dx)
	out	%ax, (%dx)
	out	%eax, (%dx)
	in	(%dx), %al
	cmp	$0x000000ff, %eax
	jne	fail
	xor	%eax, %eax
	in	(%dx), %ax
	cmp	$0x0000ffff, %eax
	jne	fail
	xor	%eax, %eax
	in	(%dx), %eax
	cmp	$0xffffffff, %eax
	jne	fail

	/* Strings, one element each: 1 + 2 + 4 bytes. */
	call	clear
	mov	$buffer, %di
	insb	(%dx), %es:(%di)
	insw	(%dx), %es:(%di)
	insl	(%dx), %es:(%di)
	mov	$7, %cx
	call	check
	mov	$buffer, %si
	outsb	%ds:(%si), (%dx)
	outsw	%ds:(%si), (%dx)
	outsl	%ds:(%si), (%dx)
	cmp	$buffer + 7, %si
	jne	fail

	/* Repeated, three elements each: 3 + 6 + 12 bytes. */
	call	clear
	mov	$buffer, %di
	mov	$3, %cx
	rep insb (%dx), %es:(%di)
	mov	$3, %cx
	rep insw (%dx), %es:(%di)
	mov	$3, %cx
	rep insl (%dx), %es:(%di)
	mov	$21, %cx
	call	check
	mov	$buffer, %si
	mov	$3, %cx
	rep outsb %ds:(%si), (%dx)
	mov	$3, %cx
	rep outsw %ds:(%si), (%dx)
	mov	$3, %cx
	rep outsl %ds:(%si), (%dx)
	cmp	$buffer + 21, %si
	jne	fail

	/* Downwards: di begins at the last of three elements and ends one below the first. */
	call	clear
	std
	mov	$buffer + 8, %di
	mov	$3, %cx
	rep insl (%dx), %es:(%di)
	cld
	mov	$12, %cx
	add	$4 + 12, %di	/* from there to after the last, where check wants it */
	call	check

	decw	rounds
	jnz	round

	mov	$ok_upwards, %si
	mov	$(ok_upwards_end - ok_upwards), %cx
	mov	$0xe9, %dx
	rep outsb %ds:(%si), (%dx)
	std
	mov	$ok_downwards_end - 1, %si
	mov	$(ok_downwards_end - ok_downwards), %cx
	rep outsb %ds:(%si), (%dx)
	cld
halt:
	hlt
	jmp	halt

fail:
	cld
	mov	$bad, %si
	mov	$(bad_end - bad), %cx
	mov	$0xe9, %dx
	rep outsb %ds:(%si), (%dx)
	jmp	halt

/* Zeroes the buffer. */
clear:
	xor	%eax, %eax
	mov	$buffer, %di
	mov	$6, %cx
	rep stosl
	ret

/* Goes to fail unless buffer holds exactly cx bytes of all ones, the rest is 0, and di is after
 * them. */
check:
	mov	$buffer, %bx
	add	%cx, %bx
	cmp	%bx, %di
	jne	check_failed
	mov	$buffer, %di
	mov	$0xff, %al
	repe scasb
	jne	check_failed
	cmpb	$0, (%di)
	jne	check_failed
	ret
check_failed:
	pop	%ax			/* the return address: fail does not come back */
	jmp	fail

	.balign 4
rounds:
	.word	0
ok_upwards:
	.ascii	"ports"
ok_upwards_end:
ok_downwards:
	.ascii	"\nko "
ok_downwards_end:
bad:
	.ascii	"ports bad\n"
bad_end:

	.org	510
	.byte	0x55, 0xaa

	/* After the sector, not in the image. */
	.set	buffer, start + 0x400

/* smc: a boot sector that rewrites its own code while it runs.
 *
 *	stepvm run smc.bin
 *
 * What to see: bytes that change after a debugger has looked at them. A breakpoint that was
 * planted in them is overwritten and must still stop; what the guest reads of its own code must
 * be its own bytes; a disassembly must show what is there now. Three kinds: an operand just
 * ahead, an opcode just ahead, and an operand that is new in each round of a loop. A jump
 * follows each write, as the SDM asks for processors before the P6 family (vol 3, Handling Self-
 * and Cross-Modifying Code). Prints "smc ok", or "smc bad". */
# link: 0x7c00
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
	mov	$bad, %si

	/* An operand: mov $0x11 becomes mov $0x42. */
	movb	$0x42, patched_operand + 1
	jmp	patched_operand
patched_operand:
	mov	$0x11, %al		/* b0 11 */
	cmp	$0x42, %al
	jne	print

	/* An opcode: inc %ax (40) becomes dec %ax (48). */
	mov	$5, %ax
	movb	$0x48, patched_opcode
	jmp	patched_opcode
patched_opcode:
	inc	%ax
	cmp	$4, %ax
	jne	print
	/* The guest's own look at it. */
	cmpb	$0x48, patched_opcode
	jne	print

	/* A loop that patches the operand of its own add: 1 + 2 + ... + 10. */
	xor	%ax, %ax
	mov	$1, %cl
loop:
	mov	%cl, patched_in_loop + 1
	jmp	patched_in_loop
patched_in_loop:
	add	$0x7f, %al		/* 04 7f */
	inc	%cl
	cmp	$10, %cl
	jbe	loop
	cmp	$55, %al
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
	.asciz	"smc ok\n"
bad:
	.asciz	"smc bad\n"

	.org	510
	.byte	0x55, 0xaa

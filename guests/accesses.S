/* accesses: a guest whose every access to memory is listed, for watchpoints.
 *
 *	stepvm run --load 0x7c00 accesses.bin
 *
 * What to see: a watchpoint stops after the instruction that accesses the watched bytes, whatever
 * way it goes: moves, strings, the stack, calls, an interrupt's frame; through all segments; on
 * pages of data, of code, of the stack, of the vectors. The guest goes through them for ever,
 * checks what it has read and what it finds on its stack, and prints "accesses bad" when that is
 * wrong. One line of the list, at `list`, is four numbers of 32 bits:
 *
 *	linear address of the instruction - 2 (a nop or two to stand on)
 *	where it leads
 *	linear address of what it accesses
 *	how many bytes, + 0x100 when it reads, + 0x200 when it writes, + 0x400 with a rep
 *
 * A line of zeros ends it. Bytes per page: data at 0x9000, far data at 0x30000, the stack's at
 * 0x40000, copied bytes at 0x50000. */
# link: 0x7c00
	.code16
	.globl	start
	.text	1
	.balign	4
list:
	.text	0
	.set	READS, 0x100
	.set	WRITES, 0x200
	.set	REP, 0x400
	.set	STACK, 0x40000
	.set	SP, 0x800

/* The instruction that follows accesses len bytes at gva and leads to 99: or after. */
	.macro	listed gva, len, how, after=99f
	nop
	nop
88:
	.text	1
	.long	88b - 2, \after, \gva, \len + \how
	.text	0
	.endm

start:
	ljmp	$0, $normalized
normalized:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	$STACK >> 4, %ax
	mov	%ax, %ss
	mov	$SP, %sp
	mov	$0x3000, %ax
	mov	%ax, %fs
	mov	$0x5000, %ax
	mov	%ax, %gs
	movw	$on_int, 0x21 * 4
	movw	$0, 0x21 * 4 + 2
	xor	%dx, %dx

again:
	inc	%dx			/* new bytes in each round */

	/* Writes. */
	listed	0x9000, 1, WRITES
	mov	%dl, 0x9000
99:	listed	0x9012, 2, WRITES
	mov	%dx, 0x9012
99:	movzx	%dx, %edx
	listed	0x9024, 4, WRITES
	mov	%edx, 0x9024
99:	listed	0x9033, 2, WRITES	/* not aligned */
	mov	%dx, 0x9033
99:	mov	$0x40, %bx
	mov	$2, %si
	listed	0x9043, 2, READS + WRITES
	incw	0x9001(%bx, %si)
99:	listed	0x30100, 2, WRITES
	mov	%dx, %fs:0x100
99:	listed	0x50200, 2, WRITES
	mov	%dx, %gs:0x200
99:	listed	code_word, 2, WRITES	/* on this page */
	mov	%dx, code_word
99:	listed	0x1fe, 2, WRITES	/* a vector that nobody uses */
	mov	%dx, 0x1fe
99:	mov	%dl, %al
	mov	$0x9050, %di
	listed	0x9050, 1, WRITES
	stosb
99:	mov	$0x9060, %di
	mov	$1, %cx
	listed	0x9060, 1, WRITES + REP
	rep stosb
99:
	/* Reads; what they read is checked. */
	listed	0x9000, 1, READS
	mov	0x9000, %al
99:	cmp	%dl, %al
	jne	bad
	listed	0x9012, 2, READS
	mov	0x9012, %ax
99:	cmp	%dx, %ax
	jne	bad
	listed	0x9024, 4, READS
	cmp	%edx, 0x9024
99:	jne	bad
	listed	0x30100, 2, READS
	cmp	%fs:0x100, %dx
99:	jne	bad
	listed	code_word, 2, READS
	mov	code_word, %ax
99:	cmp	%dx, %ax
	jne	bad
	listed	0x1fe, 2, READS
	mov	0x1fe, %ax
99:	cmp	%dx, %ax
	jne	bad
	mov	$0x9050, %si
	listed	0x9050, 1, READS
	lodsb
99:	cmp	%dl, %al
	jne	bad
	mov	$0x200, %si
	listed	0x50200, 2, READS
	lodsw	%gs:(%si)
99:	cmp	%dx, %ax
	jne	bad
	mov	$0x9060, %di
	mov	%dl, %al
	listed	0x9060, 1, READS
	scasb
99:	jne	bad
	listed	0x9012, 2, READS
	test	%dx, 0x9012
99:
	/* From memory to memory. */
	mov	$0x9012, %si
	mov	$0x9070, %di
	listed	0x9070, 2, WRITES
	movsw
99:	mov	$0x9012, %si
	mov	$0x9080, %di
	listed	0x9012, 2, READS
	movsw
99:	cmp	%dx, 0x9080
	jne	bad

	/* Eight words to 0x9100. */
	mov	%dx, 0x9012
	mov	%dx, %ax
	mov	$0x9100, %di
	mov	$8, %cx
fill:
	rep stosw
behind_fill:
	mov	$0x9100, %si
	mov	$0x9110, %di
	mov	$16, %cx
copy:
	rep movsb
behind_copy:
	xor	%cx, %cx
nothing:
	rep movsb		/* no byte: no access */
behind_nothing:

	/* The stack. */
	listed	(STACK + SP - 2), 2, WRITES
	push	%dx
99:	listed	(STACK + SP - 2), 2, READS
	pop	%ax
99:	cmp	%dx, %ax
	jne	bad
	listed	(STACK + SP - 4), 4, WRITES
	push	%edx
99:	listed	(STACK + SP - 4), 4, READS
	pop	%eax
99:	cmp	%edx, %eax
	jne	bad
	listed	(STACK + SP - 2), 2, WRITES
	call	99f
behind_call:
	jmp	1f
99:	mov	%sp, %bp
	cmpw	$behind_call, (%bp)
	jne	bad
	.text	1
	.long	7f - 2, behind_call, STACK + SP - 2, 2 + READS
	.text	0
	nop
	nop
7:	ret
1:	listed	(STACK + SP - 4), 4, WRITES
	lcall	$0, $99f
behind_lcall:
	jmp	1f
99:	mov	%sp, %bp
	cmpw	$behind_lcall, (%bp)
	jne	bad
	cmpw	$0, 2(%bp)
	jne	bad
	lret
1:	listed	(STACK + SP - 6), 6, WRITES, on_int
	int	$0x21
behind_int:
	mov	%sp, %bp
	movl	$-1, -6(%bp)
	movw	$-1, -2(%bp)
	mov	%dx, %ax
	not	%ax
	mov	%ax, %cx
	listed	(STACK + SP - 16), 16, WRITES
	pusha
99:	mov	%sp, %bp
	cmp	%dx, 10(%bp)		/* pusha: ax cx dx bx sp bp si di from above */
	jne	bad
	cmp	%ax, 14(%bp)
	jne	bad
	cmp	%ax, 12(%bp)
	jne	bad
	cmpw	$SP, 6(%bp)
	jne	bad
	listed	(STACK + SP - 16), 16, READS
	popa
99:	cmp	%cx, %ax
	jne	bad
	xor	%eax, %eax
	mov	%sp, %bp
	mov	%eax, -16(%bp)
	mov	%eax, -12(%bp)
	mov	%eax, -8(%bp)
	mov	%eax, -4(%bp)
	jmp	again

/* The frame: ip, cs, flags with IF clear, for there was a cli; bit 1 of flags is always set. */
on_int:
	mov	%sp, %bp
	cmpw	$behind_int, (%bp)
	jne	bad
	cmpw	$0, 2(%bp)
	jne	bad
	testw	$2, 4(%bp)
	jz	bad
	testw	$0x300, 4(%bp)
	jnz	bad
	iret

bad:
	mov	$said, %si
1:	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	1b
halt:
	hlt
	jmp	halt
said:
	.asciz	"accesses bad\n"
	.balign	2
code_word:
	.word	0
	.text	1
	.long	0, 0, 0, 0

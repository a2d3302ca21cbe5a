/* many: 64 places for breakpoints and 16 accesses for watchpoints, in an order that is listed.
 *
 *	stepvm run --load 0x7c00 many.bin
 *
 * What to see: nothing is lost, however many there are. A round passes 64 places, and an access
 * behind each fourth of them: a write, a read, or both by turns. Before and behind it stand accesses
 * of the other kind, at which a watchpoint for writes or for reads alone must not stop. In each
 * other group the fourth place is the access itself. There are rounds_16 rounds in real mode and
 * then rounds_32 in 32-bit protected mode, with the same places in another copy of the code; ebx
 * counts the places. Prints "many ok", or "many bad" when the count is wrong.
 *
 * list_16 and list_32 tell the stops of a round in order, 80 times three numbers of 32 bits: 0 for a
 * place, 2, 3 or 4 for what Z packet the access is for; where the stop is; what is accessed (4
 * bytes, in 16 pieces that four pages hold). */
# link: 0x7c00
	.globl	start
	.set	DATA, 0x18000

/* One group: four places and an access. n: 0 to 15. ds has its base at DATA - bias. */
	.macro	place
88:
	.text	1
	.long	0, 88b, 0
	.text	0
	inc	%ebx
	.endm
	.macro	access_here kind, gva
	.text	1
	.long	\kind, 99b, \gva
	.text	0
	.endm
	.macro	group n, bias
	.set	offset, (\n / 4) * 0x1000 + (\n % 4) * 0x40
	.set	kind, 2 + \n % 3
	place
	place
	place
	.if kind == 2
	mov	offset + \bias, %edx
	.elseif kind == 3
	mov	%ebx, offset + \bias
	.endif
	.if \n & 1
	place
	.else
88:	/* the access is the place: it counts behind itself */
	.text	1
	.long	0, 88b, 0
	.text	0
	.endif
	.if kind == 2
	mov	%ebx, offset + \bias
	.elseif kind == 3
	mov	offset + \bias, %edx
	.else
	xchg	%edx, offset + \bias
	.endif
99:
	access_here kind, offset + DATA
	nop			/* so that no place is where the access stops */
	.ifeq \n & 1
	inc	%ebx
	.endif
	.if kind == 2
	mov	offset + \bias, %edx
	.elseif kind == 3
	mov	%ebx, offset + \bias
	.endif
	.endm
	.macro	round bias
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	group	\n, \bias
	.endr
	.endm

	.code16
start:
	ljmp	$0, $normalized
normalized:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	%ax, %ds
	mov	rounds_16, %cx
	xor	%ebx, %ebx
	mov	$(DATA >> 4), %ax
	jcxz	rounds_16_end
again_16:
	mov	%ax, %ds
	jmp	round_16
back_16:
	dec	%cx
	jnz	again_16
rounds_16_end:
	xor	%ax, %ax
	mov	%ax, %ds
	lgdtl	gdt_pointer
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$8, $protected

	.code32
protected:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %ss
	mov	$0x7c00, %esp
	mov	rounds_32, %ecx
	jecxz	rounds_32_end
again_32:
	jmp	round_32
back_32:
	dec	%ecx
	jnz	again_32
rounds_32_end:
	mov	$said_bad, %esi
	movzwl	rounds_16, %eax
	add	rounds_32, %eax
	shl	$6, %eax
	cmp	%eax, %ebx
	jne	say
	mov	$said_ok, %esi
say:	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	say
halt:	hlt
	jmp	halt

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 8: code, 4 GiB, 32-bit (SDM vol 3, Segment Descriptors) */
	.quad	0x00cf93000000ffff	/* 16: data, the same */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
	.balign	4
rounds_16:
	.long	2
rounds_32:
	.long	2
said_ok:
	.asciz	"many ok\n"
said_bad:
	.asciz	"many bad\n"

	/* Each copy has pages of its own. */
	.text	1
list_16:
	.text	0
	.org	0x1400
	.code16
round_16:
	round	0
	jmp	back_16
	.text	1
list_32:
	.text	0
	.org	0x2400
	.code32
round_32:
	round	DATA
	jmp	back_32
	.balign 4

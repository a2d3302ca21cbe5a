/* stages: code that copies code that copies code, as a boot loader does.
 *
 *	stepvm run --load 0x7c00 stages.bin
 *
 * What to see: breakpoints in code that is not there yet. The first stage, in real mode, copies the
 * second to 1000:0000; that one sums its own bytes, calls a function of its own five times, and
 * copies the third to 0x20000; in 32-bit protected mode (flat segments, no interrupts) the third
 * calls its function five times and prints. A debugger's bytes in the code would change the sums,
 * or be copied over. Prints "stages ok"; or "stages bad" when the copies differ or a function ran
 * less or more often.
 *
 *	0x07c00  this image, linked here
 *	0x10000  the second stage: its symbol - second + 0x10000
 *	0x20000  the third: its symbol - third + 0x20000
 *
 * It has no signature at 510 and is longer than a sector: a flat image. */
# link: 0x7c00
	.code16
	.globl	start
start:
	ljmp	$0, $normalized
normalized:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	$0x1000, %ax
	mov	%ax, %es
	mov	$second, %si
	xor	%di, %di
	mov	$(second_end - second), %cx
	rep movsb
	ljmp	$0x1000, $0

/* --- the second stage: CS = 1000, ES = 1000, DS = 0 ------------------------------------------- */

second:
	mov	$5, %cx
second_loop:
	call	second_function
	loop	second_loop

	/* Both copies have the same sum, and the same bytes. */
	mov	$second, %si
	call	second_sum
	mov	%bx, %dx
	push	%ds
	push	%es
	pop	%ds
	xor	%si, %si
	call	second_sum
	pop	%ds
	cmp	%bx, %dx
	jne	second_bad
	mov	$second, %si
	xor	%di, %di
	mov	$(second_end - second), %cx
	repe cmpsb
	jne	second_bad
	cmpw	$5, second_count
	jne	second_bad

	/* The third stage to 0x20000. */
	mov	$0x2000, %ax
	mov	%ax, %es
	mov	$third, %si
	xor	%di, %di
	mov	$(third_end - third), %cx
	rep movsb
second_enter:
	lgdtl	gdt_pointer
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
second_far:
	ljmpl	$8, $0x20000
second_bad:
	mov	$(said_bad - said_ok), %si
	mov	$(said_ok), %bx
1:	mov	(%bx, %si), %al
	inc	%si
	test	%al, %al
	jz	2f
	out	%al, $0xe9
	jmp	1b
2:	hlt
	jmp	2b

second_function:
	pusha			/* eight writes of one instruction */
	incw	second_count
	popa
	ret

/* bx: the sum of the second stage's bytes at ds:si. */
second_sum:
	push	%cx
	mov	$(second_end - second), %cx
	xor	%bx, %bx
	xor	%ax, %ax
1:	lodsb
	add	%ax, %bx
	loop	1b
	pop	%cx
	ret
second_end:

/* --- the third stage, at 0x20000 -------------------------------------------------------------- */

	.code32
third:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$0x90000, %esp
	mov	$5, %ecx
third_loop:
	call	third_function
	loop	third_loop
	mov	$said_bad, %esi
	cmpl	$5, third_count
	jne	third_say
	mov	$said_ok, %esi
third_say:
	lodsb
	test	%al, %al
	jz	third_halt
	out	%al, $0xe9
	jmp	third_say
third_halt:
	hlt
	jmp	third_halt
third_function:
	incl	third_count
	ret
third_end:

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 8: code, 4 GiB, 32-bit (SDM vol 3, Segment Descriptors) */
	.quad	0x00cf93000000ffff	/* 16: data, the same */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
	.balign	4
second_count:
	.long	0
third_count:
	.long	0
said_ok:
	.asciz	"stages ok\n"
said_bad:
	.asciz	"stages bad\n"
	.org	0x400

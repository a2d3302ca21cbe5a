/* triple: a boot sector that ends in a triple fault.
 *
 *	stepvm run triple.bin
 *
 * What to see: a CPU that shuts down, and a monitor that says so and keeps the registers. It
 * goes to protected mode first, for there an interrupt table with no room for a vector makes
 * every exception fatal: undefined opcode, then general protection for its missing vector, then
 * a double fault for that one's, then shutdown (SDM vol 3, Interrupt 8, Double Fault Exception).
 * At the end eip is at fatal, and eax is 0xdead. On a PC the machine would start again. */
# link: 0x7c00
	.code16
	.globl start
start:
	ljmp	$0, $normalized	/* BIOSes enter at 0000:7c00 or at 07c0:0000 */
normalized:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp

	lgdtl	gdtr
	lidtl	idtr
	mov	%cr0, %eax
	or	$1, %al			/* CR0.PE */
	mov	%eax, %cr0
	ljmpl	$0x08, $protected

	.code32
protected:
	mov	$0x10, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %esp
	mov	$0xdead, %eax
fatal:
	ud2
halt:
	hlt				/* not reached */
	jmp	halt

	/* Flat 4 GiB segments (SDM vol 3, Segment Descriptors): limit, base, type, G and D/B. */
	.balign 8
gdt:
	.quad	0
	.quad	0x00cf9a000000ffff	/* 0x08: code, readable */
	.quad	0x00cf92000000ffff	/* 0x10: data, writable */
gdtr:
	.word	gdtr - gdt - 1
	.long	gdt
idtr:
	.word	0
	.long	0

	.org	510
	.byte	0x55, 0xaa

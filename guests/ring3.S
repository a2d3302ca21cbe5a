/* ring3: a 64-bit guest that goes to CPL 3 by iretq and comes back by the #GP of a cli there, for
 * ever.
 *
 *	stepvm run --mode long --load 0x100000 ring3.bin
 *
 * What to see: a step over the iretq ends at `user` with CS 0x1b, breakpoints there stop, and rbx is 2
 * in the handler. Where `stepvm probe` says that a step to CPL 3 is none, the step ends at `on_gp`
 * with a sentence about it. */
# link: 0x100000
# bits: 64
	.code64
	.set	PML4, 0x81000		/* of stepvm's: its first entries map the first 2 MiB */
	.set	USER, 4			/* the bit in each of them */
	.globl	start
start:
	mov	$stack, %esp
	lgdt	gdtr
	lidt	idtr
	mov	$0x28, %eax
	ltr	%ax
	orl	$USER, PML4
	orl	$USER, PML4 + 0x1000
	orl	$USER, PML4 + 0x2000
	mov	%cr3, %rax
	mov	%rax, %cr3
again:
	mov	$stack, %esp
	xor	%ebx, %ebx
	push	$0x23			/* SS */
	push	$user_stack
	push	$2			/* flags */
	push	$0x1b			/* CS */
	push	$user
leave:
	iretq
user:
	inc	%rbx
second:
	inc	%rbx
fault:
	cli
on_gp:
	nop
	jmp	again

	.balign	8
gdt:	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff
	.quad	0x00affb000000ffff	/* 0x18: code of CPL 3 */
	.quad	0x00cff3000000ffff	/* 0x20: its data */
	.quad	0x0000891000000067 + ((tss - start) << 16), 0
gdtr:	.word	. - gdt - 1
	.quad	gdt
idt:	.fill	13 * 2, 8, 0
	.quad	0x00108e0000080000 + (on_gp - start), 0	/* #GP */
idtr:	.word	. - idt - 1
	.quad	idt
	.balign	16
tss:	.long	0
	.quad	stack			/* RSP0 */
	.fill	92, 1, 0
	.fill	0x100, 1, 0
stack:	.fill	0x100, 1, 0
user_stack:

/* alias32: a 32-bit guest that turns paging on and calls a function by a second linear address of its page.
 *
 *	stepvm run --mode prot --load 0x10000 alias32.bin
 *
 * What to see: `alias32 ok`, or exit status 3. Breakpoints at `one` to `six` never stop it, for the function is
 * called at OTHER + `one`, whatever was planted there before paging was on. */
# link: 0x10000
	.set	OTHER, 0x80000000	/* low memory once more */
	.set	TABLE, 0x200000		/* the page directory */
	.set	STACK, 0x180000
	.set	MAPS_4M, 0x83		/* present, writable, 4 MiB */
	.globl	start, OTHER
start:
	mov	$STACK, %esp
	lgdt	gdtr
	lidt	idtr
	movl	$MAPS_4M, TABLE
	movl	$MAPS_4M, TABLE + (OTHER >> 20)
	mov	%cr4, %eax
	or	$0x10, %eax		/* PSE */
	mov	%eax, %cr4
	mov	$TABLE, %eax
	mov	%eax, %cr3
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	xor	%ebp, %ebp
	mov	$OTHER + one, %eax
	call	*%eax
	cmp	$6, %ebp
	jne	failed
#include "alias.inc"

	.balign	8
gdt:	.quad	0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:	.word	. - gdt - 1
	.long	gdt
	.balign	8
idt:	.fill	3, 8, 0			/* of #BP alone: a planted byte is not to be the guest's */
	.quad	0x00018e0000080000 + (failed - start)
idtr:	.word	. - idt - 1
	.long	idt

text:	.ascii	"alias32 ok\n"

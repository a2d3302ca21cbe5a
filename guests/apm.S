/* apm: a boot sector that switches the machine off by Advanced Power Management, from 32-bit protected mode.
 *
 *	stepvm run apm.bin
 *
 * What to see: "apm ok", and status 0, for the machine is off. It asks int 15h for the interface of protected mode
 * as kernels do, makes segments of what it gets, and calls the entry: first for the power's state, then to switch
 * off. Whatever is not as it should be ends with status 3. */
# link: 0x7c00
	.code16
	.globl	connect, protected, off, bad
#include "begin.inc"

	mov	$0x5300, %ax		/* is it there, with a 32-bit interface? */
	xor	%bx, %bx
	int	$0x15
	jc	bad
	cmp	$0x504d, %bx		/* "PM" */
	jne	bad
	test	$2, %cx
	jz	bad
	mov	$0x5304, %ax		/* disconnect whoever may be connected */
	xor	%bx, %bx
	int	$0x15
connect:
	mov	$0x5303, %ax
	xor	%bx, %bx
	int	$0x15
	jc	bad
	mov	%ebx, entry
	movzx	%ax, %eax		/* bases of code and data, from real mode's segments */
	shl	$4, %eax
	or	%eax, gdt_apm + 2
	movzx	%dx, %edx
	shl	$4, %edx
	or	%edx, gdt_data + 2
	mov	%si, gdt_apm		/* limits */
	mov	%di, gdt_data

	lgdt	gdtr
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmp	$8, $protected
bad:
	mov	$1, %al
	out	%al, $0xf4
	jmp	bad

	.code32
protected:
	mov	$16, %ax
	mov	%ax, %ss
	mov	%ax, %es
	mov	%ax, %ds
	mov	$0x7c00, %esp
	mov	$0x530a, %eax		/* power status */
	mov	$1, %ebx
	lcall	*entry
	jc	3f
	cmp	$0x01ff, %bx		/* on the line, no battery */
	jne	3f
	mov	$0x5301, %eax		/* connecting is for real mode alone */
	xor	%ebx, %ebx
	lcall	*entry
	jnc	3f

	mov	$text, %esi
1:	lodsb
	test	%al, %al
	jz	2f
	out	%al, $0xe9
	jmp	1b
2:
	mov	$0x5307, %eax		/* all devices off */
	mov	$1, %ebx
	mov	$3, %ecx
off:
	lcall	*entry
3:	mov	$1, %al
	out	%al, $0xf4
	jmp	3b

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* code */
	.quad	0x00cf93000000ffff	/* data */
gdt_apm:
	.quad	0x00409b0000000000	/* APM's code */
gdt_data:
	.quad	0x0040930000000000
gdtr:
	.word	. - gdt - 1
	.long	gdt
entry:
	.long	0
	.word	gdt_apm - gdt
text:
	.asciz	"apm ok\n"

	.org	510
	.byte	0x55, 0xaa

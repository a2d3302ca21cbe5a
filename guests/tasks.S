/* tasks: a hardware task switch in 32-bit code, by a far jump to a TSS, and back by another. Each task
 * looks for a debugger's TF among the flags that the other one has left in its TSS.
 *
 *	stepvm run tasks.bin
 *
 * What to see: `tasks ok`, alone and stepped, where KVM can switch tasks. A step over `to_other` ends at
 * `other`, one over `to_first` at `first`. */
# link: 0x7c00
	.set	TF, 0x100
	.code16
	.globl	start
start:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	lgdt	gdtr
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmp	$8, $protected
	.code32
protected:
	mov	$0x10, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x9000, %esp
	mov	$0x18, %ax
	ltr	%ax
to_other:
	ljmp	$0x20, $0
first:
	mov	other_tss + 0x24, %eax
	and	$TF, %eax
	add	%eax, found
	mov	$text_ok, %esi
	cmpl	$0, found
	je	print
	mov	$text_seen, %esi
print:
	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	print
halt:
	hlt
	jmp	halt
other:
	mov	first_tss + 0x24, %eax
	and	$TF, %eax
	mov	%eax, found
to_first:
	ljmp	$0x18, $0

text_ok: .asciz	"tasks ok\n"
text_seen: .asciz "TF seen\n"
	.balign	8
gdt:	.quad	0, 0x00cf9a000000ffff, 0x00cf92000000ffff
	.word	0x67, first_tss, 0x8900, 0
	.word	0x67, other_tss, 0x8900, 0
gdtr:	.word	gdtr - gdt - 1
	.long	gdt
	.balign	8
found:	.long	0
first_tss: .fill 0x68, 1, 0
other_tss: .fill 0x20, 1, 0
	.long	other, 2			/* EIP, EFLAGS */
	.long	0, 0, 0, 0, 0x8800, 0, 0, 0	/* eax ecx edx ebx esp ebp esi edi */
	.long	0x10, 8, 0x10, 0x10, 0x10, 0x10	/* es cs ss ds fs gs */
	.long	0
	.word	0, 0x68
	.org	510
	.word	0xaa55

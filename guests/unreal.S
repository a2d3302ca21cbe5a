/* unreal: 32-bit code with PE = 0, as boot code passes through on the way back to BIOS calls.
 *
 *	stepvm run --load 0x7c00 unreal.bin
 *
 * What to see: PE is cleared in a 32-bit code segment, and the CPU goes on with 32-bit code, for
 * CS.D stays what it was until CS is loaded from a descriptor (SDM vol 3, "Switching Back to
 * Real-Address Mode"). All else is real mode: an interrupt goes through the vectors at 0, and a
 * selector is 16 times its base. Prints "unreal ok", or "unreal bad" when a register says that
 * 16-bit code was run, or a pushed flag that somebody single-steps it.
 *
 * A CPU's interrupt pushes three words here (SDM vol 2, "INT n"), KVM's emulator three doublewords:
 * the handlers look how many bytes were pushed.
 *
 * It has no signature at 510: a flat image. */
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
	mov	$0x7000, %sp
	movw	$on_call, 4 * 0x20
	movw	$0, 4 * 0x20 + 2
	movw	$on_divide, 0
	movw	$0, 2
	lgdtl	gdt_pointer
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
prot16:
	ljmpl	$8, $prot32
	.code32
prot32:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %ss
	mov	$0x7000, %esp
	mov	%cr0, %eax
	and	$~1, %al
	mov	%eax, %cr0
real32:
	mov	$0x12345678, %ebx
	ljmp	$0, $real32_0		/* a base of 16 times the selector; D is still 1 */
real32_0:
	pushf
	pop	%ecx
	or	%ecx, flags
	mov	%esp, %ebp
real32_call:
	int	$0x20
real32_divide:
	div	%dl			/* dl is 0: on_divide makes it 1 */
real32_segment:
	ljmp	$0x18, $(real32_18 - 0x180)
real32_18:
	mov	$0x9abcdef0, %edx
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmp	$0x18, $back		/* a descriptor now: 16-bit code, base 0 */
	.code16
back:
	mov	$0x20, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	%cr0, %eax
	and	$~1, %al
	mov	%eax, %cr0
	ljmp	$0, $real16
real16:
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$said_bad, %si
	cmp	$0x12345678, %ebx
	jne	1f
	cmp	$0x9abcdef0, %edx
	jne	1f
	cmpw	$2, calls
	jne	1f
	testw	$0x100, flags		/* TF, of a debugger's step */
	jnz	1f
	mov	$said_ok, %si
1:	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	1b
halt:
	hlt
	jmp	halt

	.code32
on_divide:
	mov	$1, %dl
on_call:
	incl	calls
	mov	%ebp, %eax
	sub	%esp, %eax
	cmp	$6, %eax
	jne	1f
	mov	4(%esp), %cx
	or	%ecx, flags
	iretw
1:	mov	8(%esp), %cx
	or	%ecx, flags
	iret

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 08: code, 4 GiB, 32-bit (SDM vol 3, Segment Descriptors) */
	.quad	0x00cf93000000ffff	/* 10: data, the same */
	.quad	0x00009b000000ffff	/* 18: code, 64 KiB, 16-bit */
	.quad	0x000093000000ffff	/* 20: data, the same */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
	.balign	4
calls:	.long	0
flags:	.long	0			/* all that were seen pushed */
said_ok:
	.asciz	"unreal ok\n"
said_bad:
	.asciz	"unreal bad\n"

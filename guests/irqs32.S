/* irqs32: a boot sector that answers a PC's timer and keyboard in 32-bit code.
 *
 *	stepvm run irqs32.bin
 *
 * What to see: what kernels begin with: the interrupt controllers moved to vectors 0x20 to 0x2f, an IDT with
 * gates for IRQ 0 and 1, handlers with an end of interrupt. Halted between the ticks; after five of them,
 * or with the first key, it says "irqs32 ok" on port 0xe9 and ends by status 1. It needs a KVM with iret in
 * 32-bit code (stepvm probe). */
# link: 0x7c00
	.code16
	.globl	protected, go, wait, halted, on_timer, on_keyboard, timer_end, ticks, last_key, done
#include "begin.inc"
	mov	$commands, %si		/* ICW1 to ICW4, OCW1: port, value */
command:
	lodsw
	mov	%al, %dl
	mov	%ah, %al
	xor	%dh, %dh
	test	%dl, %dl
	jz	commanded
	out	%al, %dx
	jmp	command
commanded:
	lgdtl	gdtr
	lidtl	idtr
	mov	%cr0, %eax
	or	$1, %al			/* CR0.PE */
	mov	%eax, %cr0
	ljmpl	$0x08, $protected

commands:
	.byte	0x20, 0x11, 0xa0, 0x11, 0x21, 0x20, 0xa1, 0x28, 0x21, 4, 0xa1, 2, 0x21, 1, 0xa1, 1
	.byte	0x21, 0xfc, 0xa1, 0xff, 0, 0

	.code32
protected:
	mov	$0x10, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %esp
	mov	$0x20 * 8, %edi		/* gates of the two vectors, after the sector */
	movl	$0x00080000 + on_timer, idt(%edi)
	movl	$0x00008e00, idt + 4(%edi)
	movl	$0x00080000 + on_keyboard, idt + 8(%edi)
	movl	$0x00008e00, idt + 12(%edi)
go:
	sti
wait:
	cmpb	$5, ticks
	jae	done
	cmpb	$0, last_key
	jne	done
	hlt
halted:
	jmp	wait
done:
	mov	$ok, %esi
print:
	lodsb
	out	%al, $0xe9
	cmp	$'\n', %al
	jne	print
	xor	%eax, %eax
	out	%al, $0xf4
	jmp	.

on_timer:
	push	%eax
	incb	ticks
	mov	$0x20, %al		/* OCW2: end of interrupt */
	out	%al, $0x20
	pop	%eax
timer_end:
	iret
on_keyboard:
	push	%eax
	in	$0x60, %al
	mov	%al, last_key
	mov	$0x20, %al
	out	%al, $0x20
	pop	%eax
	iret

	/* Flat 4 GiB segments (SDM vol 3, Segment Descriptors): limit, base, type, G and D/B. */
	.balign 8
gdt:
	.quad	0
	.quad	0x00cf9a000000ffff	/* 0x08: code, readable */
	.quad	0x00cf92000000ffff	/* 0x10: data, writable */
gdtr:
	.word	gdtr - gdt - 1
	.long	gdt
	.equ	idt, 0x1000
idtr:
	.word	0x22 * 8 - 1
	.long	idt
ok:	.ascii	"irqs32 ok\n"
ticks:	.byte	0
last_key:
	.byte	0

	.org	510
	.byte	0x55, 0xaa

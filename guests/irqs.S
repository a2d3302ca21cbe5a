/* irqs: a boot sector that answers a PC's timer and keyboard by itself, as games and small systems do.
 *
 *	stepvm run irqs.bin
 *
 * What to see: handlers of IRQ 0 and 1 in the place of the BIOS's, at the vectors that it has left the
 * interrupt controllers with (08h, 09h), each with its own end of interrupt. The timer keeps the rate of a
 * PC that nobody has set, 18.2 Hz. It is halted between the ticks; after five of them, or with the first key,
 * whose scancode it keeps at last_key, it says "irqs ok" on port 0xe9 and ends by status 1. */
# link: 0x7c00
	.code16
	.globl	go, wait, halted, on_timer, on_keyboard, timer_end, ticks, last_key, done
#include "begin.inc"
	movw	$on_timer, 4 * 8
	movw	%ax, 4 * 8 + 2
	movw	$on_keyboard, 4 * 9
	movw	%ax, 4 * 9 + 2
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
	mov	$ok, %si
print:
	lodsb
	out	%al, $0xe9
	cmp	$'\n', %al
	jne	print
	xor	%ax, %ax
	out	%al, $0xf4
	jmp	.

on_timer:
	push	%ax
	incb	%cs:ticks
	mov	$0x20, %al		/* OCW2: end of interrupt */
	out	%al, $0x20
	pop	%ax
timer_end:
	iret
on_keyboard:
	push	%ax
	in	$0x60, %al
	mov	%al, %cs:last_key
	mov	$0x20, %al
	out	%al, $0x20
	pop	%ax
	iret

ok:	.ascii	"irqs ok\n"
ticks:	.byte	0
last_key:
	.byte	0

	.org	510
	.byte	0x55, 0xaa

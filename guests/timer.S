/* timer: a boot sector with a clock of its own.
 *
 *	stepvm run timer.bin
 *
 * What to see: interrupts that come by themselves. The interrupt controllers are told to use vectors
 * 0x20 to 0x2f, counter 0 of the timer to tick a hundred times a second; the handler prints a dot, and
 * the CPU is halted between the ticks. With 50 of them it writes 0 to the exit port (status 1). A
 * debugger stops time; its steps do not go into the handler unless it is asked for
 * (monitor step-interrupts on). The loop behind `work` never halts, and counts up what it can between
 * two ticks. */
# link: 0x7c00
	.code16
	.globl	start_count, go, work, wait, halted, done, on_tick, ticks, counted
	.equ	TICKS, 50
#include "begin.inc"
	movw	%ax, ticks
	movl	$0, counted

	/* ICW1 to ICW4 of both 8259A: edges, cascaded, vectors, slave at IR2, 8086 mode. */
	mov	$0x11, %al
	out	%al, $0x20
	out	%al, $0xa0
	mov	$0x20, %al
	out	%al, $0x21
	mov	$0x28, %al
	out	%al, $0xa1
	mov	$0x04, %al
	out	%al, $0x21
	mov	$0x02, %al
	out	%al, $0xa1
	mov	$0x01, %al
	out	%al, $0x21
	out	%al, $0xa1
	mov	$0xfe, %al		/* OCW1: all masked but IRQ 0 */
	out	%al, $0x21
	mov	$0xff, %al
	out	%al, $0xa1

	movw	$on_tick, 0x20 * 4
	movw	$0, 0x20 * 4 + 2

	mov	$0x34, %al		/* counter 0, low and high byte, mode 2 */
	out	%al, $0x43
	mov	$11932, %ax		/* 1193182 Hz / 100 */
start_count:
	out	%al, $0x40
	mov	%ah, %al
	out	%al, $0x40

	/* Half of the ticks while it works, */
go:
	sti
work:
	incl	counted
	cmpw	$(TICKS / 2), ticks
	jl	work
	/* the other half while it waits. */
wait:
	cli
	cmpw	$TICKS, ticks
	jge	done
	sti
	hlt
halted:
	jmp	wait
done:
	mov	$'\n', %al
	out	%al, $0xe9
	xor	%ax, %ax
	out	%al, $0xf4
	jmp	done

on_tick:
	push	%ax
	incw	ticks
	mov	$'.', %al
	out	%al, $0xe9
	mov	$0x20, %al		/* OCW2: end of interrupt */
	out	%al, $0x20
	pop	%ax
	iret

	.balign	4
counted:
	.long	0
ticks:
	.word	0

	.org	510
	.byte	0x55, 0xaa

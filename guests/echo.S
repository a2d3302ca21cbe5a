/* echo: sends back what the UART receives, by interrupts alone.
 *
 *	stepvm run echo.bin
 *	printf 'hello\nq' | stepvm run echo.bin
 *
 * What to see: a CPU that is halted until a key comes. The UART (0x3f8) raises IRQ 4, the interrupt
 * controller makes vector 0x24 of it, the handler takes all that has come and sends it back. q ends it:
 * 0 to the exit port, status 1. With the end of the input nothing can wake the CPU, and stepvm says so. */
# link: 0x7c00
	.code16
	.globl	start, wait, on_receive
	.equ	UART, 0x3f8
start:
	ljmp	$0, $normalized
normalized:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7c00, %sp

	/* ICW1 to ICW4 of the first 8259A: edges, no slave, vectors 0x20 to 0x27, 8086 mode. */
	mov	$0x13, %al
	out	%al, $0x20
	mov	$0x20, %al
	out	%al, $0x21
	mov	$0x01, %al
	out	%al, $0x21
	mov	$0xef, %al		/* OCW1: all masked but IRQ 4 */
	out	%al, $0x21
	movw	$on_receive, 0x24 * 4
	movw	$0, 0x24 * 4 + 2

	/* No FIFOs: to switch them on would drop a byte that is there already. */
	mov	$(UART + 4), %dx	/* DTR, RTS, and OUT2, which lets the interrupt through */
	mov	$0x0b, %al
	out	%al, %dx
	mov	$(UART + 1), %dx	/* received data interrupts */
	mov	$0x01, %al
	out	%al, %dx

	sti
wait:
	hlt
	jmp	wait

on_receive:
	push	%ax
	push	%dx
1:	mov	$(UART + 5), %dx	/* is there one more? */
	in	%dx, %al
	test	$1, %al
	jz	2f
	mov	$UART, %dx
	in	%dx, %al
	cmp	$'q', %al
	je	quit
	out	%al, %dx
	jmp	1b
2:	mov	$0x20, %al		/* end of interrupt */
	out	%al, $0x20
	pop	%dx
	pop	%ax
	iret
quit:
	xor	%al, %al
	out	%al, $0xf4
	jmp	quit

	.org	510
	.byte	0x55, 0xaa

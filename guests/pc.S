# What a PC's board and firmware give to a boot sector: vectors that lead into a ROM that can't be written,
# the timer's tick through IRQ 0 and int 1Ch, which it hooks, and the way back to the start by ffff:0. Run it
# with --no-reboot, or it begins anew for ever:
#
#	stepvm run --no-reboot build/guests/pc.bin	prints `pc ok`, then resets the machine
#
# link: 0x7c00
	.code16
	.globl	start
start:
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7c00, %sp

	cmpw	$0xf000, 0x13 * 4 + 2	# int 13h leads to the ROM
	jne	failed
	mov	$0xf000, %ax
	mov	%ax, %es
	mov	%es:0xfff0, %al
	cmp	$0xea, %al		# the jump at the reset vector
	jne	failed
	movb	$0x12, %es:0xfff0	# is dropped
	cmp	%al, %es:0xfff0
	jne	failed

	stc
	int	$0x6f			# nobody answers it: it returns, flags and all
	jnc	failed

	mov	$0, %al			# a trap outside the ROM does nothing
	out	%al, $0xb8

	cli
	movw	$tick, 0x1c * 4
	movw	%cs, 0x1c * 4 + 2
	sti
wait:
	hlt
ticked:
	cmpb	$3, ticks
	jb	wait

	mov	$text, %si
put:
	lodsb
	test	%al, %al
	jz	reset
	out	%al, $0xe9
	jmp	put
reset:
	ljmp	$0xffff, $0
failed:
	mov	$1, %al
	out	%al, $0xf4

tick:
	incb	%cs:ticks
	iret

ticks:	.byte	0
text:	.asciz	"pc ok\n"

	.org	510
	.word	0xaa55

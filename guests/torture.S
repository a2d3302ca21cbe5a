/* torture: a computation without an end whose state tells whether anything disturbed it.
 *
 *	stepvm run --gdb :1234 --memory 640K torture.bin
 *
 * What to see: with what is in limit changed to N, it halts after round N, and memory and registers
 * are the same as in any other run to N, whatever a debugger did meanwhile. A round is arithmetic on
 * 32 KiB at 0x10000, a software interrupt, popf and pushf, rep movs, a port and memory where no RAM
 * is; on a PC's board also calls of the BIOS, for its disk, its screen and what it has, with interrupts off and
 * the timer's masked, so that no tick comes, and every fourth round one that waits for a key, which the guest has
 * sent itself. It never looks at the time. 0x60000 to 0x6ffff is left alone: a debugger may write there. */
# link: 0x7c00
	.set	DATA, 0x1000	/* segments */
	.set	MMIO, 0xa000
	.code16
	.globl	start, round, next, on_int, rounds, limit, done
start:
	ljmp	$0, $normalized
normalized:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	%dl, disk
	movw	$on_int, 0x40 * 4
	mov	%ax, 0x40 * 4 + 2
	mov	$DATA, %ax
	mov	%ax, %es
round:
	mov	$64, %cx
next:	mov	state, %eax		# Numerical Recipes' linear congruential generator
	imul	$1664525, %eax
	add	$1013904223, %eax
	mov	%eax, state
	mov	%ax, %bx
	and	$0x7ffc, %bx
	xor	%eax, %es:(%bx)
	mov	%es:(%bx), %edx
	add	%edx, sum
	push	%dx
	pop	%si
	loop	next

	int	$0x40
	push	$0x0897			# all arithmetic flags; bit 1 is always 1
	popf
	pushf
	pop	%ax
	add	%ax, sum

	mov	%es, %ax
	mov	%ax, %ds
	and	$0x3ff0, %si
	lea	0x4000(%si), %di
	mov	$37, %cx
	rep movsb
	xor	%ax, %ax
	mov	%ax, %ds

	mov	$0x80, %dx
	mov	state, %al
	out	%al, %dx
	in	%dx, %al		# nothing is there: ff
	add	%al, sum
	mov	$MMIO, %ax
	mov	%ax, %fs
	incl	%fs:0x123
	mov	%fs:0x123, %eax		# nor there
	add	%eax, sum

	cmpw	$0xf000, 0x13 * 4 + 2	# a PC's BIOS
	jne	called
	mov	$0x0201, %ax		# this sector, to the data
	mov	$0x7e00, %bx
	mov	$1, %cx
	xor	%dh, %dh
	mov	disk, %dl
	int	$0x13
	adc	%ax, sum
	xor	%bx, %bx
	mov	rounds, %dx		# the cursor somewhere
	and	$0x070f, %dx
	mov	$2, %ah
	int	$0x10
	mov	$3, %ah
	int	$0x10
	add	%dx, sum
	mov	$0x0a41, %ax		# an A there
	mov	$1, %cx
	int	$0x10
	mov	$1, %ah			# no key
	int	$0x16
	int	$0x12
	adc	%ax, sum
	mov	rounds, %bl
	test	$3, %bl
	jnz	called
	in	$0x21, %al		# IRQ 0 stays away while the call waits
	or	$1, %al
	out	%al, $0x21
	mov	$0xd2, %al		# the next byte comes back as a key's
	out	%al, $0x64
	mov	%bl, %al
	shr	$2, %al
	and	$7, %al
	add	$0x1e, %al		# of set 1: a to j
	out	%al, $0x60
	xor	%ah, %ah
	int	$0x16
	add	%ax, sum
	mov	$8, %cx			# where in its loop the wait was interrupted is a matter of time:
1:	push	$0			# nothing of that stays below the stack
	loop	1b
	add	$16, %sp
called:
	incl	rounds
	mov	rounds, %eax
	cmp	limit, %eax
	jne	round
done:	hlt
	jmp	done

on_int:
	mov	%sp, %bp
	mov	4(%bp), %ax		# the flags that were pushed
	add	%ax, sum
	iret

	.balign	4
state:	.long	1
sum:	.long	0
rounds:	.long	0
limit:	.long	0xffffffff
disk:	.byte	0
	.org	510
	.byte	0x55, 0xaa

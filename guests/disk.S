# A boot sector that works on its own disk: prints what its third sector says, writes "one" to the
# fourth, has the BIOS flush it, prints "flushed", writes "two" to the fifth, reads both back and says
# "disk ok". Where the fourth says "one" at the start, it says "kept" instead and halts.
#
# With BP=1 it goes round after "written" (for who kills it), with BP=2 it resets the machine, which
# finds what it has written: "kept".
#
#	stepvm run disk.bin
#	cp disk.bin /tmp; stepvm run --disk /tmp/disk.bin,write /tmp/disk.bin
#
# link: 0x7c00

	.code16
	.globl	start
start:
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	%dl, drive
	mov	$0x0203, %ax		# sectors 3 to 5
	mov	$3, %cx
	mov	$third, %bx
	call	disk
	mov	$third, %si
	call	say
	mov	$kept, %si
	cmpw	$0x6e6f, fourth		# "on"
	je	last

	movl	$0x00656e6f, fourth	# "one"
	mov	$0x0301, %ax
	mov	$4, %cx
	mov	$fourth, %bx
	call	disk
	mov	$0, %ah			# reset: what was written is safe then
	call	disk
	mov	$flushed, %si
	call	say
	movl	$0x006f7774, fifth	# "two"
	mov	$0x0301, %ax
	mov	$5, %cx
	mov	$fifth, %bx
	call	disk
	mov	$written, %si
	call	say
	cmp	$1, %bp
	je	.
	cmp	$2, %bp
	je	reboot

	mov	$0x0202, %ax
	mov	$4, %cx
	mov	$again, %bx
	call	disk
	mov	$bad, %si
	cmpl	$0x00656e6f, again
	jne	last
	cmpl	$0x006f7774, again + 512
	jne	last
	mov	$good, %si
last:
	call	say
	cli
	hlt

reboot:
	ljmp	$0xffff, $0

disk:					# a call on our drive; an error is the end
	mov	drive, %dl
	mov	$0, %dh
	int	$0x13
	mov	$bad, %si
	jc	last
	ret

say:
	lodsb
	out	%al, $0xe9
	cmp	$'\n', %al
	jne	say
	ret

drive:	.byte	0
kept:	.ascii	"kept\n"
flushed:
	.ascii	"flushed\n"
written:
	.ascii	"written\n"
bad:	.ascii	"disk bad\n"
good:	.ascii	"disk ok\n"

	.org	510
	.word	0xaa55
	.org	1024
	.ascii	"the third sector\n"
	.org	2560

	.set	third, start + 0x1000
	.set	fourth, third + 512
	.set	fifth, fourth + 512
	.set	again, fifth + 512

# A guest that looks whether it is being debugged: what a debugger must not change.
#
# It reads TF from pushf and from the flags that int pushes, compares its own code with a second copy
# of it, takes its own int3, steps itself with TF, and breaks with a debug register of its own.
# Prints "selfcheck ok", or "selfcheck bad" and a letter for each check that failed: F flags, I int's
# flags, C code, B int3, T its own TF, D its own debug register.
#
# Run: stepvm run build/guests/selfcheck.bin
# link: 0x7c00
	.code16
	.globl start
start:
	ljmp	$0, $here
here:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	movw	$on_db, 1*4
	mov	%ax, 1*4+2
	movw	$on_bp, 3*4
	mov	%ax, 3*4+2
	movw	$on_int, 0x40*4
	mov	%ax, 0x40*4+2

	# F: the flags that pushf saves have no TF.
	pushf
	pop	%ax
	mov	$'F', %bl
	test	$0x100, %ax
	call	fail_unless_zero

	# I: nor have those that int saves (on_int looks).
	mov	$'I', %bl
	int	$0x40
	call	fail_unless_zero

	# C: the code that runs is the code that was written: it is here twice.
	call	first_copy
	mov	$'C', %bl
	mov	$first_copy, %si
	mov	$second_copy, %di
	mov	$(second_copy - first_copy), %cx
	repe cmpsb
	call	fail_unless_zero

	# B: int3 comes to its handler, with the address after it.
	mov	$'B', %bl
	int3
behind_int3:
	cmpw	$behind_int3, bp_ip
	call	fail_unless_zero

	# T: with TF, #DB comes after each instruction: three here (after the nops and the popf).
	pushf
	pop	%ax
	or	$0x100, %ax
	push	%ax
	popf
	nop
	nop
	pushf			# saves TF set, for it is the guest's own
	pop	%cx
	and	$0xfeff, %ax
	push	%ax
	popf
	nop
	mov	$'T', %bl
	test	$0x100, %cx
	jz	1f
	cmpw	$7, db_count
1:	call	fail_unless_zero

	# D: a debug register stops at broken, once, with its bit in DR6.
	movw	$0, db_count
	mov	$broken, %eax
	mov	%eax, %dr0
	mov	$0x402, %eax	# G0: SDM vol 3, "Debug Control Register (DR7)"
	mov	%eax, %dr7
	nop
broken:	nop
	mov	$'D', %bl
	cmpw	$broken, db_ip
	call	fail_unless_zero
	cmpw	$1, db_count
	call	fail_unless_zero

	mov	$said_ok, %si
	cmpw	$failed, failed_end
	je	say
	mov	$said_bad, %si
say:	lodsb
	test	%al, %al
	jz	1f
	out	%al, $0xe9
	jmp	say
1:	mov	$failed, %si
	mov	$0, %al
2:	cmp	failed_end, %si
	jae	3f
	lodsb
	out	%al, $0xe9
	jmp	2b
3:	mov	$'\n', %al
	out	%al, $0xe9
halt:	hlt
	jmp	halt

# ZF clear: the letter in bl is noted.
fail_unless_zero:
	jz	1f
	mov	failed_end, %di
	mov	%bl, (%di)
	incw	failed_end
1:	ret

# The int's frame: ip, cs, flags. ZF comes back set when its saved TF is clear.
on_int:
	mov	%sp, %bp
	andw	$0xffbf, 4(%bp)
	testw	$0x100, 4(%bp)
	jnz	1f
	orw	$0x40, 4(%bp)
1:	iret

on_bp:
	mov	%sp, %bp
	push	%ax
	mov	(%bp), %ax
	mov	%ax, bp_ip
	pop	%ax
	iret

# Counts, notes where, and takes its debug register away: a 16-bit iret can't set RF.
on_db:
	mov	%sp, %bp
	push	%eax
	incw	db_count
	mov	(%bp), %ax
	mov	%ax, db_ip
	mov	$0x400, %eax
	mov	%eax, %dr7
	pop	%eax
	iret

	.macro	body
	push	%cx
	mov	$3, %cx
77:	inc	%dx
	loop	77b
	pop	%cx
	ret
	.endm
first_copy:
	body
second_copy:
	body

said_ok:
	.asciz	"selfcheck ok"
said_bad:
	.asciz	"selfcheck bad "
bp_ip:	.word	0
db_ip:	.word	0
db_count:
	.word	0
failed_end:
	.word	failed
failed:
	.org	510
	.byte	0x55, 0xaa

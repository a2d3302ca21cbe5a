/* efer: wrmsr of EFER from real mode, right and wrong.
 *
 *	stepvm run --load 0x7c00 efer.bin
 *
 * What to see: nothing, with and without a debugger that wants to know of it: SCE is set and read
 * back, a bit that EFER has not raises #GP, whose handler goes on past the wrmsr, NXE is set, and
 * cleared again. (LME in real mode hangs QEMU's TCG under kvm_amd.) Prints "efer ok", or "efer
 * bad". */
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
	movw	$on_gp, 4 * 13
	movw	$0, 4 * 13 + 2
	mov	$said_bad, %si
	mov	$0xc0000080, %ecx
	xor	%edx, %edx
	mov	$1, %eax		/* SCE */
	wrmsr
	rdmsr
	cmp	$1, %eax
	jne	say
	mov	$0x80000001, %eax	/* there is no bit 31 */
refused:
	wrmsr
after_refused:
	rdmsr
	cmp	$1, %eax
	jne	say
	cmpb	$1, faults
	jne	say
	mov	$0x801, %eax		/* NXE */
set_nxe:
	wrmsr
after_nxe:
	rdmsr
	cmp	$0x801, %eax
	jne	say
	mov	$20, %cx
1:	loop	1b
	mov	$1, %eax
	mov	$0xc0000080, %ecx
	wrmsr
	rdmsr
	cmp	$1, %eax
	jne	say
	mov	$said_ok, %si
say:
	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	say
halt:
	hlt
	jmp	halt
on_gp:
	incb	faults
	mov	%sp, %bp
	addw	$2, (%bp)
	iret
faults:
	.byte	0
said_ok:
	.asciz	"efer ok\n"
said_bad:
	.asciz	"efer bad\n"

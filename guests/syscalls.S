/* syscalls: a 64-bit guest that goes to CPL 3 by sysretq and comes back by syscall, twice, with TF in
 * FMASK, as Linux has it, and looks for a debugger's TF in r11 and in the flags.
 *
 *	stepvm run --mode long --load 0x100000 syscalls.bin
 *
 * What to see: `syscalls ok`, alone and stepped. A step over `call` ends at `handler`, one over
 * `return` at `user` or `back`. */
# link: 0x100000
# bits: 64
	.code64
	.set	PML4, 0x81000		/* of stepvm's: its first entries map the first 2 MiB */
	.set	USER, 4			/* the bit in each of them */
	.set	TF, 0x100
	.globl	start
start:
	mov	$stack, %esp
	lgdt	gdtr
	orl	$USER, PML4
	orl	$USER, PML4 + 0x1000
	orl	$USER, PML4 + 0x2000
	mov	%cr3, %rax
	mov	%rax, %cr3
	mov	$0xc0000080, %ecx	/* EFER.SCE */
	rdmsr
	or	$1, %eax
	wrmsr
	mov	$0xc0000081, %ecx	/* STAR: CS 8 in the handler, 0x2b and SS 0x23 after it */
	xor	%eax, %eax
	mov	$0x001b0008, %edx
	wrmsr
	mov	$0xc0000082, %ecx	/* LSTAR */
	mov	$handler, %eax
	xor	%edx, %edx
	wrmsr
	mov	$0xc0000084, %ecx	/* FMASK */
	mov	$TF, %eax
	wrmsr
	mov	$user, %ecx
	mov	$2, %r11d
return:
	sysretq
user:
	nop
call:
	syscall
back:
	pushfq
	pop	%rax
	and	$TF, %eax
	add	%eax, found
again:
	syscall
handler:
	mov	%r11, %rbx
	and	$TF, %ebx
	add	%ebx, found
	incl	count
	cmpl	$2, count
	jne	return
	mov	$text_ok, %esi
	cmpl	$0, found
	je	print
	mov	$text_seen, %esi
print:
	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	print
halt:
	hlt
	jmp	halt

text_ok: .asciz	"syscalls ok\n"
text_seen: .asciz "TF seen\n"
	.balign	8
gdt:	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff
	.quad	0, 0x00cff3000000ffff	/* 0x20: data of CPL 3 */
	.quad	0x00affb000000ffff	/* 0x28: its code */
gdtr:	.word	. - gdt - 1
	.quad	gdt
found:	.long	0
count:	.long	0
	.balign	16
	.fill	256, 1, 0
stack:

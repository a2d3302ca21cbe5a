/* higher: a kernel in the higher half, as Multiboot and PVH kernels are: 32-bit code loads it low, and
 * its 64-bit code runs at 0xffffffff80000000 and at 0xffff800000000000.
 *
 *	stepvm run higher.elf					Multiboot: starts in 32-bit code
 *	stepvm run --format elf --mode real --entry 0000:8010 higher.elf		... in 16-bit code
 *
 * What to see: breakpoints and watchpoints on the kernel's symbols that are set before it runs. On its
 * way the guest sets EFER.LME in a function of 32-bit code, calls 64-bit code and comes back from
 * there. It prints "higher ok", or "higher bad" when `work` was not done three times.
 *
 * The PML4 has three ways to the same 4 MiB: 0, 256 and 511. */
# bits: 64
	.section .real, "ax"
	.long	0x1badb002, 0, -0x1badb002	/* Multiboot 1: magic, flags, checksum */
	.balign	16
	.code16
	.globl	start16
start16:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	lgdtl	gdt_pointer_low
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$0x18, $start
	.balign	8
gdt_low:
	.quad	0
	.quad	0x00af9b000000ffff	/* 08: code, 64-bit (SDM vol 3, Segment Descriptors) */
	.quad	0x00cf93000000ffff	/* 10: data, 4 GiB */
	.quad	0x00cf9b000000ffff	/* 18: code, 4 GiB, 32-bit */
gdt_pointer_low:
	.word	. - gdt_low - 1
	.long	gdt_low

	.section .boot, "awx"
	.code32
	.globl	start
	.type	start, @function
start:
	lgdt	gdt_pointer_low
	ljmp	$0x18, $1f
1:	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$0x90000, %esp
	mov	%esp, %ebp		/* gdb's frames end at ebp = 0 */
	movl	$pdpt + 3, pml4
	movl	$pdpt + 3, pml4 + 256 * 8
	movl	$pdpt + 3, pml4 + 511 * 8
	movl	$pd + 3, pdpt
	movl	$pd + 3, pdpt + 510 * 8
	movl	$0x83, pd
	movl	$0x200083, pd + 8
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	call	set_efer
	mov	$1000, %ecx
1:	loop	1b
	call	visit
	call	set_paging
	ljmp	$8, $long64

	.type	set_efer, @function
set_efer:
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x100, %eax		/* LME */
	wrmsr
	ret

	.type	set_paging, @function
set_paging:
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	ret

/* work, in 64-bit code, and back: paging is off then, and LME still set. */
	.type	visit, @function
visit:
	call	set_paging
	ljmp	$8, $1f
	.code64
1:	movabs	$work, %rax
	call	*%rax
	pushq	$0x18
	pushq	$1f
	lretq
	.code32
1:	mov	%cr0, %eax
	and	$0x7fffffff, %eax
	mov	%eax, %cr0
	ret

	.code64
long64:
	movabs	$kmain, %rax
	jmp	*%rax
	.balign	4096
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4096

	.text
	.globl	kmain
kmain:
	call	work
	movabs	$work - 0xffffffff80000000 + 0xffff800000000000, %rax
	call	*%rax
	lea	said_ok(%rip), %rsi
	cmpl	$3, counter(%rip)
	je	1f
	lea	said_bad(%rip), %rsi
1:	lodsb
	test	%al, %al
	jz	halt
	out	%al, $0xe9
	jmp	1b
halt:
	hlt
	jmp	halt
	.globl	work
work:
	incl	counter(%rip)
	ret
	.balign	4
	.globl	counter
counter:
	.long	0
said_ok:
	.asciz	"higher ok\n"
said_bad:
	.asciz	"higher bad\n"

/* reset: from the reset vector to 64-bit mode, as firmware does it, and through every width of code.
 *
 *	stepvm run --memory 4M --memory 64K@0xffff0000 --load 0xffff0000 --entry reset reset.bin
 *
 * What to see: each change of mode, under gdb. The CPU begins at f000:fff0 with a CS base of
 * 0xffff0000, which makes the linear address of a 16-bit instruction 4294901760 more than its offset.
 *
 *	real16    reset vector -> real
 *	prot16    real_pe: PE is set, CS is what it was
 *	prot32    prot
 *	compat32  prot_pg: paging on, with LME: long mode with a 32-bit CS
 *	long64    long_start
 *	compat16  compat: a 16-bit segment of base 0xffff0000 inside long mode
 *	long64    again: it halts in long_halt
 *
 * Each calls a function of its own; the count of calls is 5 at the end, and it prints "reset ok". The
 * image is 64 KiB, linked where it is loaded, so that labels of all widths are linear addresses.
 */
# link: 0xffff0000
	.equ	COUNT, 0x1000		/* in RAM */
	.equ	TABLES, 0x10000		/* page tables: PML4, PDPT, two PDs */
	.equ	STACK, 0x8000

	.globl	start
	.code16
real:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$STACK, %sp
	movl	$0, COUNT
	call	real_function
real_next:
	lgdtl	%cs:(gdt_pointer - real)
	mov	%cr0, %eax
	and	$0x9fffffff, %eax	/* CD and NW off: SDM vol 3, "Control Registers" */
	or	$1, %al
	mov	%eax, %cr0
real_pe:
	nop
	ljmpl	$0x08, $prot
real_function:
	incl	COUNT
	ret

	.code32
prot:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$STACK, %esp
prot_main:				/* a frame as gdb knows them: bt, finish, next */
	push	%ebp
	mov	%esp, %ebp
	call	prot_function
	/* 2 MiB pages (SDM vol 3, "4-Level Paging"): the first and the last 2 MiB of 4 GiB. */
	mov	$TABLES, %edi
	xor	%eax, %eax
	mov	$(4 * 1024), %ecx
	rep stosl
	movl	$(TABLES + 0x1003), TABLES
	movl	$(TABLES + 0x2003), TABLES + 0x1000
	movl	$(TABLES + 0x3003), TABLES + 0x1018
	movl	$0x83, TABLES + 0x2000
	movl	$0xffe00083, TABLES + 0x3ff8
	mov	$TABLES, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx	/* EFER */
	rdmsr
	or	$0x100, %eax		/* LME */
	wrmsr
	mov	%cr0, %eax
	or	$0x80000000, %eax	/* PG */
	mov	%eax, %cr0
prot_pg:
	nop
	ljmp	$0x18, $long_start
prot_function:
	incl	COUNT
	ret

	.code64
long_start:
	mov	$STACK, %esp
	movabs	$0x1122334455667788, %rax
	mov	%rax, %r15
long_main:
	push	%rbp
	mov	%rsp, %rbp
	call	long_function
	mov	$long_far, %ebx
	ljmp	*(%rbx)
long_function:
	incl	COUNT
	ret

	.code16
compat:
	mov	$0x10, %ax
	mov	%ax, %ss
	nop
	call	compat_function
compat_next:
	ljmpl	$0x18, $long_again
compat_function:
	incl	COUNT
	ret

	.code64
long_again:
	mov	$STACK, %esp
	call	long_function
	mov	$said_bad, %esi
	cmpl	$5, COUNT
	jne	long_say
	mov	$said_ok, %esi
long_say:
	lodsb
	test	%al, %al
	jz	long_halt
	out	%al, $0xe9
	jmp	long_say
long_halt:
	hlt
	jmp	long_halt

	.balign	8
gdt:					/* SDM vol 3, "Segment Descriptors" */
	.quad	0
	.quad	0x00cf9b000000ffff	/* 08: code, 4 GiB, 32-bit */
	.quad	0x00cf93000000ffff	/* 10: data, the same */
	.quad	0x00af9b000000ffff	/* 18: code, 64-bit */
	.quad	0xff009bff0000ffff	/* 20: code, 64 KiB from 0xffff0000, 16-bit */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
long_far:
	.long	compat - real
	.word	0x20
said_ok:
	.asciz	"reset ok\n"
said_bad:
	.asciz	"reset bad\n"

	.org	0xfff0
	.code16
start:
	jmp	real
	.org	0x10000

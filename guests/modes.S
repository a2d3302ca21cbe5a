/* modes: a boot sector that goes through the CPU's modes and back to where it began.
 *
 *	stepvm run modes.bin
 *
 * What to see: the mode, the registers' layout and the disassembly change with each far transfer,
 * at a label each. Prints a letter in each mode: r(eal), a (A20 is on), p (16-bit protected),
 * P (32-bit), L (long, 4-level paging), C (its compatibility mode), P (paging is off), p, R (real
 * mode again), then a newline, and halts: "rapPLCPpR".
 *
 * Nothing here needs 32-bit paging, which not every KVM has: paging goes on and off under long
 * mode only. SDM vol 3, "Switching to Protected Mode", "Initializing IA-32e Mode", "Switching Back
 * to Real-Address Mode".
 *
 *	0x01000  PML4    0x02000  PDPT    0x03000  page directory: the first 2 MiB, at their address
 */
# link: 0x7c00
	.code16
	.globl	start
start:
	ljmp	$0, $real16
real16:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	$'r', %al
	out	%al, $0xe9

	/* A20: on by "fast A20" where it is not, and tried: 0000:0500 is not ffff:0510. */
	in	$0x92, %al
	or	$2, %al
	and	$0xfe, %al		/* bit 0 would reset the machine */
	out	%al, $0x92
	mov	$0xffff, %ax
	mov	%ax, %fs
	movw	$0x1234, 0x500
	movw	$0x4321, %fs:0x510
	cmpw	$0x1234, 0x500
	jne	real_halt
	mov	$'a', %al
	out	%al, $0xe9

	lgdtl	gdt_pointer
	mov	%cr0, %eax
	or	$1, %al			/* CR0.PE */
	mov	%eax, %cr0
	ljmp	$CODE16, $prot16
prot16:
	mov	$DATA, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$'p', %al
	out	%al, $0xe9
	ljmpl	$CODE32, $prot32

	.code32
prot32:
	mov	$0x7c00, %esp
	mov	$'P', %al
	out	%al, $0xe9

	mov	$0x1000, %edi
	mov	$0x3000 / 4, %ecx
	xor	%eax, %eax
	rep stosl
	movl	$0x2003, 0x1000		/* present, writable */
	movl	$0x3003, 0x2000
	movl	$0x0083, 0x3000		/* and 2 MiB large */
	mov	$0x1000, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$0x20, %al		/* CR4.PAE */
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx	/* EFER */
	rdmsr
	or	$0x100, %eax		/* LME */
	wrmsr
	mov	%cr0, %eax
	or	$0x80000000, %eax	/* CR0.PG */
	mov	%eax, %cr0
	ljmp	$CODE64, $long64

	.code64
long64:
	mov	$'L', %al
	out	%al, $0xe9
	ljmpl	*to_compat32(%rip)

	.code32
compat32:
	mov	$'C', %al
	out	%al, $0xe9
	mov	%cr0, %eax
	and	$0x7fffffff, %eax
	mov	%eax, %cr0		/* leaves long mode with it */
prot32_again:
	mov	$0xc0000080, %ecx
	rdmsr
	and	$~0x100, %eax
	wrmsr
	mov	$'P', %al
	out	%al, $0xe9
	ljmp	$CODE16, $prot16_again

	.code16
prot16_again:
	mov	$DATA, %ax		/* limits of 64 KiB, as real mode has them */
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %fs
	mov	%ax, %gs
	mov	%ax, %ss
	mov	$'p', %al
	out	%al, $0xe9
	mov	%cr0, %eax
	and	$0xfe, %al
	mov	%eax, %cr0
	ljmp	$0, $real_again
real_again:
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	$'R', %al
	out	%al, $0xe9
real_halt:
	mov	$'\n', %al
	out	%al, $0xe9
halt:
	hlt
	jmp	halt

	.balign	8
	/* SDM vol 3, "Segment Descriptors": present, accessed; base 0. */
gdt:
	.quad	0
	.set	CODE16, . - gdt
	.quad	0x00009b000000ffff
	.set	DATA, . - gdt
	.quad	0x000093000000ffff
	.set	CODE32, . - gdt
	.quad	0x00cf9b000000ffff
	.set	CODE64, . - gdt
	.quad	0x00af9b000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
to_compat32:
	.long	compat32
	.word	CODE32

	.org	510
	.byte	0x55, 0xaa

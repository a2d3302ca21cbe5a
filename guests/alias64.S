/* alias64: a 32-bit guest that turns long mode on, by which a linear address that was physical leads to another page.
 *
 *	stepvm run --mode prot --load 0x10000 alias64.bin
 *
 * What to see: `alias64 ok`, or exit status 3. A breakpoint on each of the six instructions at MOVED that count in ebp
 * stops it once, although nothing of that function was at MOVED when it was set, and MOVED was another page. */
# link: 0x10000
# bits: 64
	.set	MOVED, 0x400000		/* in long mode: */
	.set	TO, 0x800000
	.set	TABLES, 0x200000	/* PML4, PDPT, PD */
	.set	STACK, 0x180000
	.set	MAPS, 3			/* present, writable */
	.set	MAPS_2M, 0x83
	.set	EFER, 0xc0000080
	.globl	start, MOVED
	.code32
start:
	mov	$STACK, %esp
	lgdt	gdtr
	mov	$one, %esi
	mov	$TO, %edi
	mov	$text - one, %ecx
	cld
	rep movsb
	movl	$TABLES + 0x1000 + MAPS, TABLES
	movl	$TABLES + 0x2000 + MAPS, TABLES + 0x1000
	movl	$MAPS_2M, TABLES + 0x2000
	movl	$TO + MAPS_2M, TABLES + 0x2000 + (MOVED >> 18)
	mov	%cr4, %eax
	or	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	$TABLES, %eax
	mov	%eax, %cr3
	mov	$EFER, %ecx
	rdmsr
	or	$0x100, %eax		/* LME */
	wrmsr
	mov	%cr0, %eax
	or	$0x80000000, %eax	/* PG */
	mov	%eax, %cr0
	ljmp	$0x18, $1f
	.code64
1:	xor	%ebp, %ebp
	mov	$MOVED, %eax
	call	*%rax
	cmp	$6, %ebp
	jne	failed
#include "alias.inc"

text:	.ascii	"alias64 ok\n"
	.balign	8
gdt:	.quad	0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff
gdtr:	.word	. - gdt - 1
	.long	gdt

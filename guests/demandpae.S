/* demandpae: page faults and ring 3 under PAE paging: demand.inc.
 *
 *	stepvm run --engine auto --mode prot --load 0x100000 demandpae.bin
 *
 * What to see: `3demand ok`, alone and stepped. Where KVM has no 32-bit paging (stepvm probe), stepvm's own engine does
 * it. */
# link: 0x100000
	.set	ENTRY, 8	/* bytes */
	.macro	put_tables
	movl	$DIRECTORIES + 1, TABLES
	movl	$DIRECTORIES + 0x1001, TABLES + (USER >> 30) * 8
	movl	$0x83, DIRECTORIES	/* 2 MiB */
	movl	$HIGH + 7, DIRECTORIES + 0x1000
	movl	$user + 5, HIGH
	movl	$FRAME + 0x1001, HIGH + 3 * ENTRY
	mov	%cr4, %eax
	or	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	.endm
#include "demand.inc"

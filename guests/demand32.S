/* demand32: page faults and ring 3 under 32-bit paging: demand.inc.
 *
 *	stepvm run --engine auto --mode prot --load 0x100000 demand32.bin
 *
 * What to see: `3demand ok`, alone and stepped. Where KVM has no 32-bit paging (stepvm probe), stepvm's own engine does
 * it. */
# link: 0x100000
	.set	ENTRY, 4	/* bytes */
	.macro	put_tables
	movl	$LOW + 3, TABLES
	movl	$HIGH + 7, TABLES + (USER >> 22) * 4
	mov	$LOW, %edi
	mov	$3, %eax
1:	stosl
	add	$0x1000, %eax
	cmp	$0x400003, %eax
	jb	1b
	movl	$user + 5, HIGH
	movl	$FRAME + 0x1001, HIGH + 3 * ENTRY
	.endm
#include "demand.inc"

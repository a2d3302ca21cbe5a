/* longrep: copies 24 MiB by one instruction, over and over, for a debugger that stops it in the midst.
 *
 *	stepvm run --mode prot --load 0x10000 longrep.bin
 *
 * What to see: nothing; it never ends. A stop at `copy` finds ecx bytes left, and esi and edi as far on as is done. */
# link: 0x10000
	.set	FROM, 0x200000
	.set	TO, 0x2000000
	.set	COUNT, 0x1800000
	.globl	start, copy, FROM, TO, COUNT
start:
	cld
again:
	mov	$COUNT, %ecx
	mov	$FROM, %esi
	mov	$TO, %edi
copy:
	rep movsb
	jmp	again

/* rounds: two long loops, each of them one line of source, with a call of the second.
 *
 *	stepvm debug --symbols rounds.elf rounds.bin
 *
 * What to see: `next` over the first line is 200,001 steps and one request to the stub; `next` over
 * the call comes back behind it. */
# link: 0x7c00
	.code16
	.globl start, first, over, behind, twice
start:
	mov	$100000, %ecx
first:
1:	dec %ecx; jnz 1b
over:
	call	twice
behind:
	hlt
	jmp	behind

twice:
	mov	$10000, %ecx
2:	dec %ecx; jnz 2b
	ret

	.org	510
	.word	0xaa55

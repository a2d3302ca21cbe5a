/* spin: never ends and never leaves the CPU by itself.
 *
 *	stepvm run --gdb :1234 spin.bin
 *
 * What to see: a guest that only an interrupt from the debugger stops (no port access, no halt).
 * eax and the counter in memory only grow: a look at both before and after tells whether the
 * guest runs while it should be stopped. eax is one ahead of the counter between the two
 * increments. */
# link: 0
	.code16
	.globl start, counter
start:
	sti			/* none comes; but without, Bochs as the host takes none either */
	xor	%eax, %eax
	mov	%ax, %ds
	mov	%eax, counter
loop:
	inc	%eax
	incl	counter
	jmp	loop

	.balign 4
counter:
	.long	0

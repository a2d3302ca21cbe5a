/* counter: counts up on port 0x10, for ever.
 *
 *	stepvm run counter.bin
 *	stepvm run --load 0x10000 --entry 1000:0 counter.bin
 *
 * What to see: a line for each value (port 0x10 prints what is written to it), and four
 * instructions whose effect is known exactly, so that a single step can be checked: ax, ip and
 * the number of lines must agree after each. The only address in it is relative, so it runs
 * wherever it is loaded. */
# link: 0
	.code16
	.globl start
start:
	xor	%ax, %ax
loop:
	out	%ax, $0x10
	inc	%ax
	jmp	loop

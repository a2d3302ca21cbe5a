/* dead: writes A, and halts with interrupts off: the end, which nothing can wake it from.
 *
 *	stepvm run dead.bin
 *
 * What to see: a debugger's `continue`, its `detach` and its end leave the CPU halted. What stands
 * after the hlt is done only by who steps there or writes the pc: it writes B, and C for each hlt
 * that is passed, and ends with status 7. */
# link: 0x7c00
	.code16
	.globl start
start:
	mov	$'A', %al
	out	%al, $0xe9
	cli
halt:
	hlt
after:
	mov	$'B', %al
	out	%al, $0xe9
again:
	hlt
	mov	$'C', %al
	out	%al, $0xe9
	mov	$3, %al
	out	%al, $0xf4

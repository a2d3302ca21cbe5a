/* add: adds two registers that the host has set and prints the sum on the serial port.
 *
 *	stepvm run --load 0x1000 --reg ax=2 --reg bx=2 add.bin
 *
 * What to see: code that is not at 0, first registers from the command line, and a port above
 * 0xff, which only dx can name. Prints "4". A sum above 9 would need more than one digit: not
 * here. */
# link: 0x1000
	.code16
	.globl start
start:
	mov	$0x3f8, %dx		/* COM1's transmit register */
	add	%bl, %al
	add	$'0', %al
	out	%al, (%dx)
	mov	$'\n', %al
	out	%al, (%dx)
halt:
	hlt
	jmp	halt

/* hello: writes a line to the text port 0xf1, byte by byte, and halts.
 *
 *	stepvm run hello.bin
 *
 * What to see: the least that a guest needs to speak. Each `out` leaves the CPU for the monitor,
 * and a debugger that steps over one must not run the next. After `hlt` the guest starts again,
 * so `--hlt resume` prints a line a second, and with `--hlt stop` each `continue` prints one. */
# link: 0
	.code16
	.globl start
start:
	mov	$'H', %al
	out	%al, $0xf1
	mov	$'E', %al
	out	%al, $0xf1
	mov	$'L', %al
	out	%al, $0xf1
	out	%al, $0xf1
	mov	$'O', %al
	out	%al, $0xf1
	mov	$'\n', %al
	out	%al, $0xf1
halt:
	hlt
	jmp	start

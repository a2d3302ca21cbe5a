# What the bench has gdb go over: `next` a line that is one instruction many times, and a breakpoint
# with a condition. Linked at 0x1000, as ELF32 and ELF64.
	.code16
	.globl start, spin, hit, small_spin, small_hit
start:
	nop
	addr32 loop .
	jmp	.
spin:
	inc	%eax
hit:
	.fill	16, 1, 0x90	# nop
	jmp	spin
small_spin:
	inc	%eax
small_hit:
	nop
	jmp	small_spin

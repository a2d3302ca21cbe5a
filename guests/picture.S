# What a PC's screen shows: text of all colours written to b8000, then a picture in mode 13h with colours
# of its own. To look at it: stop at text and at drawn, and say `monitor screen` or `stepvm screenshot FILE`.
# link: 0x7c00
	.code16
	.globl start
start:
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %ss
	mov $0x7c00, %sp
	cld

	# Row 2: a box, a face, letters; row 3: the 16 colours.
	mov $0xb800, %ax
	mov %ax, %es
	mov $message, %si
	mov $(2 * 80 * 2), %di
1:	lodsw
	stosw
	cmp $message_end, %si
	jb 1b
	mov $(3 * 80 * 2), %di
	xor %ax, %ax
2:	mov $'#', %al
	stosw
	inc %ah
	cmp $16, %ah
	jb 2b
	.globl text
text:
	nop

	mov $0x13, %ax
	int $0x10
	# Colour 200 is 10, 20, 30 of 63.
	mov $0x3c8, %dx
	mov $200, %al
	out %al, %dx
	inc %dx
	mov $10, %al
	out %al, %dx
	mov $20, %al
	out %al, %dx
	mov $30, %al
	out %al, %dx
	# The upper half is 200, the lower one 15, but for its last pixel, which is 1.
	mov $0xa000, %ax
	mov %ax, %es
	xor %di, %di
	mov $200, %al
	mov $32000, %cx
	rep stosb
	mov $15, %al
	mov $31999, %cx
	rep stosb
	mov $1, %al
	stosb
	.globl drawn
drawn:
	nop
	hlt

message:
	.word 0x1fc9, 0x1fcd, 0x1fbb, 0x0720, 0x0e01, 0x0720, 0x0748, 0x4f69
message_end:

	.org 510
	.word 0xaa55

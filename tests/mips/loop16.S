# 16-bit code: memory, calls, the stack, loops, without end. At 0x7c00.
	.code16
	.globl start
start:	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov $0x7c00, %sp
again:	mov $0x2000, %cx
	mov $0x8000, %di
1:	mov %di, %bx
	add $3, %bx
	xor %cl, %bl
	mov %bx, (%di)
	call f
	inc %di
	loop 1b
	jmp again
f:	push %bx
	shr $1, %bx
	add %bx, %ax
	pop %bx
	ret
	.section .note.GNU-stack, "", @progbits

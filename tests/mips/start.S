# Where work.c begins: a stack, and on.
	.globl start
start:
#ifdef __x86_64__
	mov $0x90000, %rsp
#else
	mov $0x90000, %esp
#endif
	call work
	.section .note.GNU-stack, "", @progbits

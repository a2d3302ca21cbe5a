/* spaces: a 64-bit guest whose linear addresses do not stay where they are. A function is called by a
 * second linear address of its page; a program at PROGRAM is another page's in each of two address spaces; at
 * last its page is exchanged by an edit of the page directory and an invlpg.
 *
 *	stepvm run --mode long --load 0x100000 spaces.bin
 *
 * What to see: `spaces ok`, or exit status 3. Breakpoints at `one` to `six` never stop it, for these bytes are
 * executed at other addresses; one at `PROGRAM` stops five times with ebx from 0 to 4, one at OTHER + one once. A watchpoint on the
 * number at PROGRAM + (value - program) is hit by each call of the program, and no write of `elsewhere` hits it. */
# link: 0x100000
# bits: 64
	.code64
	.set	PROGRAM, 0x40000000
	.set	OTHER, 0x80000000	/* low memory once more */
	.set	TABLES, 0x200000	/* of the first space: PML4, PDPT, PD; then of the second */
	.set	STACK, 0x180000		/* not on the code's page, where a debugger may have breakpoints */
	.set	FIRST, 0x400000		/* the program's page in each space */
	.set	SECOND, 0x800000
	.set	MAPS, 3			/* present, writable */
	.set	MAPS_2M, 0x83
	.globl	start, prepared, called, edited, program, value, PROGRAM, OTHER
start:
	mov	$STACK, %esp
	mov	%cr3, %rsi
	mov	(%rsi), %rsi		/* the PDPT that stepvm made, and from there the PD of low memory */
	and	$~0xfff, %rsi
	mov	(%rsi), %rdx
	mov	$TABLES, %edi
	mov	$FIRST + MAPS_2M, %eax
	call	make_space
	mov	$SECOND + MAPS_2M, %eax
	call	make_space
	mov	$FIRST, %edi
	call	copy
	mov	$SECOND, %edi
	call	copy
	mov	$TABLES, %r8d
	mov	%r8, %cr3
	lea	0x3000(%r8), %r9
	xor	%ebx, %ebx
	xor	%ebp, %ebp
prepared:
	mov	$OTHER + one, %eax
	call	*%rax
	mov	$PROGRAM, %eax
	mov	$2, %r10d
called:
	mov	%r8, %cr3
	call	*%rax
	mov	%r9, %cr3
	call	*%rax
	movl	$7, FIRST + value - program	/* elsewhere: here the number is in the other page */
	mov	%r8, %cr3
	dec	%r10d
	jnz	called
edited:
	movl	$SECOND + MAPS_2M, TABLES + 0x2000
	invlpg	PROGRAM
	call	*%rax
	cmp	$5, %ebx
	jne	failed
	cmp	$6, %ebp
	jne	failed
	cmpl	$5, SECOND + value - program
	jne	failed
	cmpl	$7, FIRST + value - program
	jne	failed
#include "alias.inc"

/* At rdi, three pages of zeros: PROGRAM is mapped by rax, low memory as rdx has it. */
make_space:
	lea	0x1000 + MAPS(%rdi), %rcx
	mov	%rcx, (%rdi)
	mov	%rdx, 0x1000(%rdi)
	lea	0x2000 + MAPS(%rdi), %rcx
	mov	%rcx, 0x1008(%rdi)
	mov	%rdx, 0x1010(%rdi)
	mov	%rax, 0x2000(%rdi)
	add	$0x3000, %rdi
	ret
copy:
	mov	$program, %esi
	mov	$program_end - program, %ecx
	rep movsb
	ret

program:
	inc	%ebx
	mov	%ebx, value - program + PROGRAM
	mov	value - program + PROGRAM, %edx
	nop
	ret
	.balign	4
value:	.long	0
program_end:

text:	.ascii	"spaces ok\n"

/* hooks: a boot sector that hooks the BIOS's interrupts and chains to it, as resident programs do.
 *
 *	stepvm run hooks.bin
 *
 * What to see: "hooks ok", and status 1. Int 8 and int 9 count and jump on to the BIOS's handlers; int 1Ch, which
 * the BIOS's tick calls, counts and returns; int 15h changes the key on its way: what the keyboard controller is
 * told to send is an A, and int 16h gives a B. The waits are int 16h's and int 15h's, which leave the CPU halted in
 * the ROM while interrupts come. */
# link: 0x7c00
	.code16
	.globl	type, read, got_key, waited, end, on_tick, on_key, on_user_tick, on_system
	.globl	chain_key, ticks, keys, user_ticks, seen
#include "begin.inc"

	/* Each vector: keep the old one, set ours. */
	mov	$hooks, %si
hook:
	lodsw				/* the vector's place */
	test	%ax, %ax
	jz	hooked
	mov	%ax, %bx
	lodsw				/* where the old one is kept */
	mov	%ax, %di
	mov	(%bx), %eax
	mov	%eax, (%di)
	lodsw				/* our handler */
	mov	%ax, (%bx)
	movw	$0, 2(%bx)
	jmp	hook
hooked:
	sti

	/* The A is pressed and released, and read. */
type:
	mov	$0x1e, %ah
	call	send
	mov	$0x9e, %ah
	call	send
read:
	mov	$0x00, %ah
	int	$0x16
got_key:
	cmp	$0x3062, %ax		/* B */
	jne	end
	cmpw	$2, seen
	jne	end

	/* A fifth of a second, in which three ticks come at least. */
	mov	$0x86, %ah
	mov	$3, %cx
	mov	$0x0d40, %dx
	int	$0x15
waited:
	jc	end
	cli				/* no tick between the looks at them */
	mov	ticks, %ax
	cmp	$3, %ax
	jb	end
	cmp	user_ticks, %ax
	jne	end
	cmpw	$2, keys
	jne	end

	mov	$text, %si
1:	lodsb
	test	%al, %al
	jz	2f
	out	%al, $0xe9
	jmp	1b
2:	xor	%ax, %ax
	out	%al, $0xf4
end:
	mov	$1, %al			/* status 3 */
	out	%al, $0xf4
	jmp	end

	/* AH comes from the keyboard, after what came before it was taken. */
send:
	mov	keys, %bx
	mov	$0xd2, %al
	out	%al, $0x64
	mov	%ah, %al
	out	%al, $0x60
1:	hlt
	cmp	%bx, keys
	je	1b
	ret

on_tick:
	incw	%cs:ticks
	ljmp	*%cs:old_tick
on_key:
	incw	%cs:keys
chain_key:
	ljmp	*%cs:old_key
on_user_tick:
	incw	%cs:user_ticks
	iret
on_system:
	cmp	$0x4f, %ah
	je	1f
	ljmp	*%cs:old_system
1:	incw	%cs:seen
	cmp	$0x1e, %al
	jne	2f
	mov	$0x30, %al		/* the A becomes a B */
2:	push	%bp
	mov	%sp, %bp
	orw	$1, 6(%bp)		/* CF: the BIOS takes it */
	pop	%bp
	iret

	.balign	4
hooks:
	.word	0x08 * 4, old_tick, on_tick
	.word	0x09 * 4, old_key, on_key
	.word	0x1c * 4, old_user_tick, on_user_tick
	.word	0x15 * 4, old_system, on_system
	.word	0
old_tick:
	.long	0
old_key:
	.long	0
old_user_tick:
	.long	0
old_system:
	.long	0
ticks:
	.word	0
keys:
	.word	0
user_ticks:
	.word	0
seen:
	.word	0
text:
	.asciz	"hooks ok\n"

	.org	510
	.byte	0x55, 0xaa

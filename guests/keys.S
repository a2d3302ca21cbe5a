/* keys: a boot sector that presses the keys for which a BIOS does something else than put them into its buffer.
 *
 *	stepvm run keys.bin
 *
 * What to see: "keys ok", and status 1. The keyboard controller sends what the guest tells it to. Print Screen calls
 * int 5, SysReq int 15h AH=85h, Ctrl-Break int 1Bh, each with a handler of the guest's here. Pause does not return to
 * the guest until another key comes, which int 1Ch presses: so int 9 is interrupted, in the ROM, by int 8 and then by
 * itself. At last a B comes from int 16h, and nothing else but what Ctrl-Break leaves there. */
# link: 0x7c00
	.code16
	.globl	type, typed, end, on_print, on_system, on_break, on_user_tick
	.globl	prints, sysreqs, breaks, pauses
	.equ	SHIFT2, 0x418
#include "begin.inc"
	movl	$on_print, 0x05 * 4
	movl	$on_system, 0x15 * 4
	movl	$on_break, 0x1b * 4
	movl	$on_user_tick, 0x1c * 4
	sti

	mov	$codes, %si
type:
	lodsb
	test	%al, %al
	jz	typed
	call	send
	jmp	type
typed:
	cmpl	$0x01010201, prints	/* of each so many */
	jne	end
	mov	$0x10, %ah		/* what Ctrl-Break leaves */
	int	$0x16
	test	%ax, %ax
	jnz	end
	mov	$0x10, %ah
	int	$0x16
	cmp	$0x3062, %ax
	jne	end
	mov	$0x11, %ah
	int	$0x16
	jnz	end
	cmpw	$0, 0x417		/* no key is down, nothing is on */
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

	/* AL comes from the keyboard, and is taken. */
send:
	mov	%al, %ah
	mov	$0xd2, %al
	out	%al, $0x64
	mov	%ah, %al
	out	%al, $0x60
1:	in	$0x64, %al
	test	$1, %al
	jnz	1b
	ret

on_print:
	incb	%cs:prints
	iret
on_break:
	incb	%cs:breaks
	iret
on_system:
	cmp	$0x85, %ah
	jne	1f			/* int 9 asks AH=4Fh: CF is set already */
	cmp	%cs:sysreqs, %al	/* 0 when it is pressed, 1 when it is released */
	jne	1f
	incb	%cs:sysreqs
1:	iret
on_user_tick:
	testb	$8, %cs:SHIFT2
	jz	1f
	cmpb	$0, %cs:pauses		/* two ticks may come before the key */
	jne	1f
	push	%ax
	incb	%cs:pauses
	mov	$0x1e, %al		/* an A, which ends the pause and is gone */
	call	send_only
	pop	%ax
1:	iret
send_only:
	mov	%al, %ah
	mov	$0xd2, %al
	out	%al, $0x64
	mov	%ah, %al
	out	%al, $0x60
	ret

prints:
	.byte	0
sysreqs:
	.byte	0
breaks:
	.byte	0
pauses:
	.byte	0
codes:
	.byte	0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa	/* Print Screen */
	.byte	0x38, 0x54, 0xd4, 0xb8				/* Alt and SysReq */
	.byte	0x1e, 0x9e					/* an A, which Ctrl-Break takes away */
	.byte	0x1d, 0xe0, 0x46, 0xe0, 0xc6, 0x9d		/* Ctrl-Break */
	.byte	0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5		/* Pause */
	.byte	0x30, 0xb0, 0					/* a B */
text:
	.asciz	"keys ok\n"

	.org	510
	.byte	0x55, 0xaa

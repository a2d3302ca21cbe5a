/* hooked: a boot sector that hooks what a PC's BIOS answers, and hands all of it on.
 *
 *	stepvm run hooked.bin
 *
 * What to see: vectors that lead through the guest's own code to the BIOS. The timer's (08h) calls the
 * old handler as an int would, and looks at the tick after it; the keyboard's (09h), the disk's (13h)
 * and the tick's hook (1Ch) jump on to it. The guest reads its own sector to 0000:7e00, waits for three
 * ticks, halted, asks the video service where the cursor is, without a hook, and says "hooked ok" on port
 * 0xe9. A step of `int $0x10` ends after it, for its vector leads to the ROM; one of `int $0x13` goes into
 * on_disk; one of the jump at its end ends where the call came from. */
# link: 0x7c00
	.code16
	.globl	hooked, read, read_done, wait, halted, ask, asked, chain_disk, on_disk, on_tick
	.globl	on_timer, chain_timer, after_timer, disks, ticks, timers
#include "begin.inc"

	mov	$hooks, %si
hook:					/* vector times 4, handler, where the old one goes */
	lodsw
	test	%ax, %ax
	jz	hooked
	mov	%ax, %bx
	lodsw
	mov	%ax, %cx
	lodsw
	mov	%ax, %di
	mov	(%bx), %eax
	mov	%eax, (%di)
	mov	%cx, (%bx)
	mov	%ds, 2(%bx)
	jmp	hook
hooked:
	sti
	mov	$0x0201, %ax		/* one sector, C0 H0 S1, of the disk that it came from */
	mov	$0x7e00, %bx
	mov	$1, %cx
	mov	$0, %dh
read:
	int	$0x13
read_done:
	jc	bad
	cmpw	$0xaa55, 0x7ffe
	jne	bad
	cmpb	$1, disks
	jne	bad
wait:
	cmpb	$3, ticks
	jae	ask
	hlt
halted:
	jmp	wait
ask:
	mov	$3, %ah
	xor	%bh, %bh
	int	$0x10
asked:
	cmpb	$3, timers
	jb	bad
	mov	$ok, %si
	jmp	print
bad:
	mov	$failed, %si
print:
	lodsb
	out	%al, $0xe9
	cmp	$'\n', %al
	jne	print
	xor	%ax, %ax
	out	%al, $0xf4
	jmp	.

on_timer:				/* int 08h */
	incb	%cs:timers
	pushf
chain_timer:
	lcall	*%cs:old_timer
after_timer:
	iret
on_keyboard:				/* int 09h */
	incb	%cs:keys
	ljmp	*%cs:old_keyboard
on_disk:				/* int 13h */
	incb	%cs:disks
chain_disk:
	ljmp	*%cs:old_disk
on_tick:				/* int 1Ch */
	incb	%cs:ticks
	ljmp	*%cs:old_tick

hooks:	.word	4 * 0x08, on_timer, old_timer
	.word	4 * 0x09, on_keyboard, old_keyboard
	.word	4 * 0x13, on_disk, old_disk
	.word	4 * 0x1c, on_tick, old_tick
	.word	0
ok:	.ascii	"hooked ok\n"
failed:	.ascii	"hooked bad\n"
timers:	.byte	0
keys:	.byte	0
disks:	.byte	0
ticks:	.byte	0
	.balign	4
old_timer:	.long	0
old_keyboard:	.long	0
old_disk:	.long	0
old_tick:	.long	0

	.org	510
	.byte	0x55, 0xaa

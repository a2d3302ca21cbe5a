/* zero: a boot sector that calls a service nobody has put there.
 *
 *	stepvm run --board bare zero.bin
 *
 * What to see: a monitor that names the jump through a vector that is 0, "int 0x21 at 0000:7c1b", once
 * where nobody debugs it. The CPU goes to 0000:0000, where the vectors themselves are (SDM vol 3,
 * "Real-Address Mode Operation"): the guest has put two instructions there, which end it with status
 * 7, as PCs' boot code has been seen to end in what it finds there. */
# link: 0x7c00
	.code16
	.globl start
start:
	ljmp	$0, $normalized
normalized:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	end, %eax
	mov	%eax, 0			/* vector 0, and code for who comes to it by a vector that is 0 */
	mov	%ds, 4 * 0x21
	mov	%ds, 4 * 0x21 + 2
	mov	$0x0e41, %ax
call:
	int	$0x21
	hlt				/* not reached */

end:	mov	$3, %al
	out	%al, $0xf4

	.org	510
	.byte	0x55, 0xaa

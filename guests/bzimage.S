/* bzimage: a kernel with Linux's boot header and all three of its entries, which prints what it is handed.
 * link: 0xffc00
 *
 *	stepvm run --append "a=1 b" --initrd FILE bzimage.bin		by its 64-bit entry
 *	stepvm run --mode prot bzimage.bin				by its 32-bit one
 *	stepvm run --mode real bzimage.bin				by its 16-bit one: asks the BIOS for the map
 *
 * What to see on port 0xe9: the entries that it came through, the command line, the initrd's bytes, the
 * memory map (address, size, type), "bzimage ok", or "bzimage bad" where the CPU's state is not as the
 * protocol says. Its 16-bit code makes struct boot_params as Linux does, and goes to the 32-bit entry.
 *
 * As in Linux the file is a boot sector, setup code (here one sector) and the code for 1 MiB, where the
 * symbols are. Source: Linux's Documentation/arch/x86/boot.rst and zero-page.rst. */
	.set	BOOT_CS, 0x10
	.set	BOOT_DS, 0x18
	/* struct boot_params, and the header's part of it */
	.set	SCRATCH, 0x1e4
	.set	E820_ENTRIES, 0x1e8
	.set	E820, 0x2d0
	.set	CODE32, 0x214
	.set	RAMDISK, 0x218
	.set	RAMDISK_SIZE, 0x21c
	.set	CMDLINE, 0x228
	.set	SETUP_SIZE, 1024
	.set	PARAMS, 0x4000			/* the 16-bit code's, in its segment */

	.text
	.globl	start
	.code16
image:	cli
1:	hlt					/* as a boot sector it does nothing */
	jmp	1b

	.org	0x1f1
header:	.byte	1				/* setup_sects */
	.word	0				/* root_flags */
	.long	(end - start + 15) / 16		/* syssize */
	.word	0, 0xffff, 0			/* ram_size, vid_mode, root_dev */
	.word	0xaa55				/* boot_flag */
	.byte	0xeb, header_end - 1f		/* jump */
1:	.ascii	"HdrS"
	.word	0x020c				/* version */
	.long	0				/* realmode_swtch */
	.word	0x1000, 0			/* start_sys_seg, kernel_version */
	.byte	0, 1				/* type_of_loader, loadflags: LOADED_HIGH */
	.word	0				/* setup_move_size */
	.long	start				/* code32_start */
	.long	0, 0, 0				/* ramdisk_image and _size, bootsect_kludge */
	.word	0				/* heap_end_ptr */
	.byte	0, 0				/* ext_loader_ver and _type */
	.long	0				/* cmd_line_ptr */
	.long	0x7fffffff			/* initrd_addr_max */
	.long	0x1000				/* kernel_alignment */
	.byte	1, 12				/* relocatable_kernel, min_alignment */
	.word	1				/* xloadflags: XLF_KERNEL_64 */
	.long	255				/* cmdline_size */
	.long	0				/* hardware_subarch */
	.quad	0				/* hardware_subarch_data */
	.long	0, 0				/* payload_offset and _length */
	.quad	0				/* setup_data */
	.long	start, 0			/* pref_address */
	.long	image_end - start		/* init_size */
	.long	0				/* handover_offset */
header_end:

/* --- the 16-bit entry: at 0x20:0 from its segment, which DS, ES, FS, GS and SS name, too -------------- */

setup:	mov	%cs, %ax
	sub	$0x20, %ax
	mov	%ds, %bx
	cmp	%ax, %bx
	jne	bad16
	mov	%es, %bx
	cmp	%ax, %bx
	jne	bad16
	mov	%ss, %bx
	cmp	%ax, %bx
	jne	bad16
	pushf
	pop	%bx
	test	$0x200, %bx			/* IF is clear */
	jnz	bad16
	testb	$0x80, loadflags - image	/* CAN_USE_HEAP */
	jz	bad16
	jmp	2f
bad16:	mov	%cs, %ax
	sub	$0x20, %ax
	mov	%ax, %ds
	mov	$bad_text - image, %si
	call	say16
	jmp	halt16
2:	mov	$text16 - image, %si
	call	say16
	cld
	mov	$PARAMS, %di			/* boot_params: zeros, then the header */
	mov	$0x800, %cx
	xor	%ax, %ax
	rep stosw
	mov	$header - image, %si
	mov	$PARAMS + 0x1f1, %di
	mov	$header_end - header, %cx
	rep movsb
	sti
	xor	%ebx, %ebx
	mov	$PARAMS + E820, %di
3:	mov	$0xe820, %eax
	mov	$0x534d4150, %edx		/* "SMAP" */
	mov	$20, %ecx
	int	$0x15
	jc	4f
	cmp	$0x534d4150, %eax
	jne	4f
	incb	PARAMS + E820_ENTRIES
	add	$20, %di
	test	%ebx, %ebx
	jnz	3b
4:	cli
	xor	%esi, %esi			/* linear addresses of the tables */
	mov	%ds, %si
	shl	$4, %esi
	lea	gdt - image(%esi), %eax
	mov	%eax, gdt_pointer - image + 2
	lgdtl	gdt_pointer - image
	add	$PARAMS, %esi
	mov	PARAMS + CODE32, %edi
	mov	%edi, far_pointer - image
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	mov	$BOOT_DS, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	xor	%ebx, %ebx
	xor	%ebp, %ebp
	xor	%edi, %edi
	ljmpl	*%cs:far_pointer - image - 0x200	/* CS is 0x20 paragraphs into the image */

say16:	lodsb
	test	%al, %al
	jz	1f
	out	%al, $0xe9
	jmp	say16
1:	ret
halt16:	cli
	hlt
	jmp	halt16

	.balign	8
gdt:	.quad	0, 0
	.quad	0x00cf9b000000ffff		/* BOOT_CS (SDM vol 3, Segment Descriptors) */
	.quad	0x00cf93000000ffff		/* BOOT_DS */
gdt_pointer:
	.word	. - gdt - 1
	.long	0
far_pointer:
	.long	0
	.word	BOOT_CS
text16:	.asciz	"16-bit entry\n"
bad_text:
	.asciz	"bzimage bad: 16-bit entry\n"
	.set	loadflags, header + 0x20
	.org	SETUP_SIZE

/* --- the 32-bit entry ------------------------------------------------------------------------------ */

	.code32
start:	mov	%ebx, %eax
	or	%ebp, %eax
	or	%edi, %eax			/* all three are 0 */
	mov	%ds, %ecx
	xor	$BOOT_DS, %ecx
	or	%ecx, %eax
	mov	%cs, %ecx
	xor	$BOOT_CS, %ecx
	or	%ecx, %eax
	lea	SCRATCH + 4(%esi), %esp		/* there is no stack yet */
	call	1f
1:	pop	%ebp				/* where it was loaded */
	sub	$1b - start, %ebp
	lea	stack_end - start(%ebp), %esp
	lea	text32 - start(%ebp), %edi
	jmp	both
	.org	SETUP_SIZE + 0x200

/* --- the 64-bit entry ------------------------------------------------------------------------------ */

	.code64
	.globl	start64
start64:
	mov	%ds, %eax
	xor	$BOOT_DS, %eax
	mov	%cs, %ecx
	xor	$BOOT_CS, %ecx
	or	%ecx, %eax
	lea	start(%rip), %rbp
	lea	stack_end(%rip), %rsp
	lea	text64(%rip), %rdi
	jmp	both

/* --- what both do: code that means the same in 32-bit and in 64-bit mode ------------------------------
 *
 * eax: 0 where the state was right; ebp: where the code is; esi: boot_params; edi: the entry's text.
 * No inc and dec of a register, whose bytes are prefixes in 64-bit mode, and no address without one. */

	.code32
	.globl	both
both:	cld
	mov	%esi, %ebx
	pushf
	pop	%ecx
	and	$0x200, %ecx			/* IF is clear */
	or	%ecx, %eax
	jz	1f
	lea	text_bad - start(%ebp), %esi
	call	say
	jmp	halt
1:	mov	%edi, %esi
	call	say
	lea	text_cmdline - start(%ebp), %esi
	call	say
	mov	CMDLINE(%ebx), %esi
	call	say
	lea	text_initrd - start(%ebp), %esi
	call	say
	mov	RAMDISK(%ebx), %esi
	mov	RAMDISK_SIZE(%ebx), %edi
	add	%esi, %edi
2:	cmp	%edi, %esi
	jae	3f
	lodsb
	out	%al, $0xe9
	jmp	2b
3:	lea	E820(%ebx), %edi
	movzbl	E820_ENTRIES(%ebx), %ebx
4:	lea	text_map - start(%ebp), %esi
	test	%ebx, %ebx
	jz	5f
	call	say
	mov	4(%edi), %eax
	call	hex
	mov	(%edi), %eax
	call	hex
	call	blank
	mov	12(%edi), %eax
	call	hex
	mov	8(%edi), %eax
	call	hex
	call	blank
	mov	16(%edi), %eax
	call	hex
	add	$20, %edi
	sub	$1, %ebx
	jmp	4b
5:	lea	text_ok - start(%ebp), %esi
	call	say
halt:	cli
	hlt
	jmp	halt

say:	lodsb					/* the text at esi */
	test	%al, %al
	jz	1f
	out	%al, $0xe9
	jmp	say
1:	ret
blank:	mov	$' ', %al
	out	%al, $0xe9
	ret
hex:	mov	%eax, %edx			/* eax, eight digits */
	mov	$8, %ecx
1:	rol	$4, %edx
	mov	%edx, %eax
	and	$15, %eax
	add	$'0', %al
	cmp	$'9', %al
	jbe	2f
	add	$'a' - '0' - 10, %al
2:	out	%al, $0xe9
	loop	1b
	ret

text32:	.asciz	"32-bit entry"
text64:	.asciz	"64-bit entry"
text_cmdline:
	.asciz	"\ncommand line: "
text_initrd:
	.asciz	"\ninitrd: "
text_map:
	.asciz	"\nmap: "
text_ok:
	.asciz	"\nbzimage ok\n"
text_bad:
	.asciz	"bzimage bad\n"
end:
	.set	stack_end, . + 1024
	.set	image_end, stack_end

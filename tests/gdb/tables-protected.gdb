# stepvm gdt, idt, seg, lin, break, context in 32-bit protected mode, and on the way there.
# guest: ../../build/guests/stages.bin
# symbols: ../../build/guests/stages.elf
# options: --load 0x7c00

expect-error "as after a reset" stepvm gdt
expect-error "ldtr is 0000: there is no LDT" stepvm ldt
expect-error "tr is 0000: there is no task state segment" stepvm tss
stepvm break 1000:0
continue
expect $pc == 0x10000
expect $cs == 0x1000
expect-output "^real16  CS:IP 1000:0000  linear 0x10000  SS:SP 0000:7c00" stepvm context

# third_function in its copy, in 32-bit code.
stepvm break 0x20000 + (int) &third_function - (int) &third
continue
expect $cs == 8
expect-output "\Aprot32  CS:IP 0008:0002[0-9a-f]{4}  linear 0x2[0-9a-f]{4}  SS:SP 0010:0008fffc\n.eax 00000010 .*.ds 0010 .*.es 0010\n.esi" stepvm context
expect-output "^gdtr: base 0x[0-9a-f]+, limit 0x17\n0008   base 00000000 limit ffffffff code 32-bit r-x accessed DPL 0  <- cs\n0010   base 00000000 limit ffffffff data rw- big accessed DPL 0  <- ss ds es\n1 empty\n\Z" stepvm gdt
expect-output "\Agdtr.*\n0008 .*\n\Z" stepvm gdt 8
expect-output "^cs   0008  base 00000000  limit ffffffff  code 32-bit r-x" stepvm seg
expect-output "\A0008:00020000 = 0x20000\n" stepvm lin 8:20000
expect-error "0018 selects no segment" stepvm lin 18:0
expect-error "no vectors of four bytes in prot32 mode" stepvm ivt

# What is shown, and what has changed.
stepvm context sections code
expect-output "\Aprot32 .*\n=> 0x[0-9a-f]+:.*incl .*\n   0x.*ret.*\n" stepvm context
expect-error "expected on, off, color on, color off, or sections" stepvm context sections nonsense
stepvm context sections regs
stepi
expect-output "^ eax 00000010 .*\n.esi.*\n of df if tf sf zf af\*pf cf " stepvm context
stepvm context sections
expect-output "^0010:0008fffc  0002[0-9a-f]{4}  00000000" stepvm context

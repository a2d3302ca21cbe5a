# stepvm ivt, int, seg, lin, break, x, ports, log, context in real mode.
# guest: ../../build/guests/frames.bin
# options: --board bare
# symbols: ../../build/guests/frames.elf

break *&leaf
continue
expect-output "\Aidtr: base 0x0, limit 0x[0-9a-f]+\n00     07c0:([0-9a-f]{4}) = 0x07([0-9a-f]{3}) <on_divide>  #DE\n21     07c0:.* <on_call>\n254 others: nothing is there\n\Z" stepvm ivt
expect-output "<on_call>\n\Z" stepvm ivt 0x21
expect-output "<on_call>\n\Z" stepvm ivt 21h
expect-error "0 to 255" stepvm ivt 256
expect-error "0 to 255" stepvm ivt 100h
expect-output "^21 " stepvm idt
expect-output "\Aint 0x21 -> 07c0:[0-9a-f]{4} = 0x0[0-9a-f]{4} <on_call>\n\Z" stepvm int 0x21
expect-output "\Aint 0x21 -> 07c0:[0-9a-f]{4} = 0x0[0-9a-f]{4} <on_call>\n\Z" stepvm int 21h
expect-output "\Aint 0x21 -> 07c0:[0-9a-f]{4} = 0x0[0-9a-f]{4} <on_call>\n\Z" stepvm int int 21H
expect-output "\Aint 0x10 \(#MF / video\) -> 0000:0000 = 0x00000: its vector is 0$" stepvm int 0x10
expect-output "^cs   07c0  base 00007c00  limit 0000ffff  code 16-bit r-x.* DPL 0\n^ss   9000  base 00090000  .*data rw-" stepvm seg
expect-error "\ANo symbol \"x\" in current context" stepvm idt x
expect-error "paging is off" stepvm map
expect-error "paging is off" stepvm pt 0

# Addresses.
expect-output "\A07c0:0000 = 0x7c00 <start>\nes 0000:7c00\n" stepvm lin 7c0:0
expect-output "\A07c0:[0-9a-f]+ = 0x[0-9a-f]+ <leaf>\n" stepvm lin cs:ip
expect-output "\A9000:0fc4 = 0x90fc4\n" stepvm lin $ss:sp
expect-output "\Af000:fff0 = 0xffff0\n" stepvm lin 0xf000:0xfff0
expect-output "\A0x[0-9a-f]+ <leaf>\ncs 07c0:" stepvm lin leaf
expect-output "\A0x[0-9a-f]+ <leaf\+1>\n" stepvm lin &leaf + 1
expect-error "expected an address" stepvm lin
expect-error "nowhere: expected hex such as 07c0, a register such as ax, or an expression: No symbol" stepvm lin cs:nowhere
expect-error "\Azz: expected hex such as 07c0, a register such as cs, " stepvm break zz:0
expect-error "\Aexpected a name, as in .stepvm save before" stepvm save
expect-error "\Aexpected the name that was saved; " stepvm load
expect-output "<leaf>:\tincw" stepvm x/2i cs:ip
expect-output "\"frames ok.n\"$" stepvm x/s cs:&ok - &start
stepvm break 07c0:5 if $ax == 77
expect-output "0x00007c05 .*\n\tstop only if .ax == 77" info breakpoints 2


# What the next instruction does; by the bytes of now.
set var *(unsigned char *) $pc = 0x74
set var $eflags = 2
expect-output "je .* # not taken\n" stepvm context
set var *(unsigned char *) $pc = 0x75
expect-output "jne .* # taken\n" stepvm context
set var $eflags = 0x42
expect-output "jne .* # not taken\n" stepvm context
set var *(unsigned short *) $pc = 0x21cd
expect-output "int .* # -> 07c0:.* <on_call>\n" stepvm context
expect-output "\A0x[0-9a-f]+ <leaf>: int 0x21 -> 07c0" stepvm int
set var *(unsigned short *) $pc = 0x06ff

# Ports and the log.
expect-output "nothing since" stepvm ports
delete
tbreak *&halt
continue
expect-output "\Aout   port 0x00e9 text     0x6b 'k'\nout   port 0x00e9 text     0x0a\n\Z" stepvm ports 2
expect-output "0x0a\n\Z" stepvm log
expect-output "\A0x00007c00: ea 05 00 c0 07 " stepvm xp &start 16
expect-output "stepvm pt -- Show how" help stepvm

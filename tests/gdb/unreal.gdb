# 32-bit code with PE = 0: code is decoded by CS.D, the rest is real mode.
# guest: ../../build/guests/unreal.bin
# symbols: ../../build/guests/unreal.elf
# options: --load 0x7c00

break *&real32
continue
expect $cpumode == 7
expect-output "mov +\$0x12345678,%ebx" x/i $pc
expect-output "^mode +real32, CPL 0, at 0008:0000[0-9a-f]{4} \(linear 0x[0-9a-f]+\)" monitor info mode
expect-output "\Areal32  CS:IP 0008:0000[0-9a-f]{4}  linear 0x[0-9a-f]+  SS:SP 0010:00007000  <real32>\n" stepvm context
expect-output "vCPU0 \[real32\]" info threads
# The CPU has the base of protected mode still; a selector said by number is real mode's.
expect-output "\A0008:[0-9a-f]+ = 0x[0-9a-f]+ <real32>\n" stepvm lin cs:ip
expect-output "\A0008:0010 = 0x90\n" stepvm lin 8:10
# Interrupts: the vectors at 0.
expect-output "\Aidtr: base 0x0, limit 0xffff\n00 +0000:[0-9a-f]{4} = 0x0[0-9a-f]{4} <on_divide>  #DE\n20 +0000:[0-9a-f]{4} = 0x0[0-9a-f]{4} <on_call>\n" stepvm idt
tbreak *&real32_call
continue
expect-output "<real32_call>: int 0x20 -> 0000:[0-9a-f]{4} = 0x0[0-9a-f]{4} <on_call>" stepvm int
expect-output "int +\$0x20 +# -> 0000:" stepvm context
stepi
expect (long) $pc == (long) &on_call
expect $cpumode == 7
tbreak *&real32_segment
continue
stepi
expect (long) $pc == (long) &real32_18
expect $cs == 0x18
expect $cs_base == 0x180
expect-output "mov +\$0x9abcdef0,%edx" x/i $pc

# 16-bit code, on a stack that has 32 bits still.
tbreak *&back
continue
expect $cpumode == 2
expect-output "\Aprot16  CS:IP 0018:[0-9a-f]{4}  linear 0x[0-9a-f]+  SS:SP 0010:00007000  <back>\n" stepvm context
# A call there, with the stack above 64 KiB: call 0x7f00 at 0x7e00, and a ret.
set var *(int *) 0x7e00 = 0x9000fde8
set var *(char *) 0x7f00 = 0xc3
set $pc = 0x7e00
set $esp = 0x90000
stepi
expect $pc == 0x7f00
expect-output "#0 .*\n#1 .*0018:7e03" backtrace
up
expect (unsigned) $esp == 0x90000
expect (unsigned) $sp == 0x90000
down
finish
expect $pc == 0x7e03
set $esp = 0x7000
set $pc = &back
tbreak *&real16
continue
expect $cpumode == 0
expect-output "\Areal16 .* SS:SP 0020:7000  <real16>\n" stepvm context
expect-output "\A0020:7000 = 0x7000\n" stepvm lin ss:sp
continue
expect-console "\Aunreal ok\n\Z"

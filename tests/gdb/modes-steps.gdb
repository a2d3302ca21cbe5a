# Steps on the way from real mode to 32-bit code: pc and, with stepvm.gdb, disassembly are right.
# guest: ../../build/guests/triple.bin
# board: bare
# symbols: ../../build/guests/triple.elf

break *&protected
python
while "ljmp" not in gdb.execute("x/i $pc", False, True) or int(gdb.parse_and_eval("$cr0")) % 2 == 0:
    gdb.execute("stepi", False, True)
end
expect $cs == 0
expect-output "ljmpl +\$0x8,\$0x7c2d" x/i $pc
stepi
expect $pc == &protected
expect $cs == 8
expect-output "mov +\$0x10,%ax" x/i $pc
stepi
expect $ax == 0x10
stepi 3
expect $ss == 0x10
expect $ss_base == 0
stepi
expect $esp == 0x7c00
stepi
expect $eax == 0xdead
expect $pc == &fatal

# A guest that goes through the CPU's modes: a breakpoint by label in each, there and back again.
# guest: ../../build/guests/modes.bin
# board: bare
# symbols: ../../build/guests/modes.elf

python
def arrive(label, mode, insn):
    gdb.execute("tbreak *&%s" % label, False, True)
    gdb.execute("continue", False, True)
    gdb.execute('expect (long) $pc == (long) &%s "%s"' % (label, label))
    gdb.execute('expect-output "^mode +%s" monitor info mode' % mode)
    gdb.execute('expect-output "%s" x/i $pc' % insn)
end
python arrive("real16", "real16", "cli")
python arrive("prot16", "prot16", r"mov +\$0x10,%ax")
python arrive("prot32", "prot32", r"mov +\$0x7c00,%esp")
python arrive("long64", "long64", r"mov +\$0x4c,%al")
expect ($efer & 0x500) == 0x500
stepi 2
expect-output "ljmp +\*0x[0-9a-f]+\(%rip\)" x/i $pc
stepi
expect (long) $pc == (long) &compat32
expect-output "^mode +compat32" monitor info mode
expect $cs == 0x18
python arrive("prot32_again", "prot32", r"mov +\$0xc0000080,%ecx")
expect ($efer & 0x400) == 0
python arrive("prot16_again", "prot16", r"mov +\$0x10,%ax")
python arrive("real_again", "real16", r"xor +%ax,%ax")
expect ($cr0 & 1) == 0
python arrive("halt", "real16", "hlt")
expect-console "\ArapPLCPpR\n\Z"

# info registers with stepvm.gdb: a page of what a program uses, and the others by groups; stepvm reset.
# guest: ../../build/guests/modes.bin
# board: bare
# symbols: ../../build/guests/modes.elf

python
def rows(command):
    return [line.split()[0] for line in gdb.execute(command, to_string=True).splitlines()]
end

python expect_equal(rows("info registers"), "eax ebx ecx edx esi edi ebp esp eip eflags cs ss ds es fs gs ip sp".split(), "16-bit code")
python expect_equal(rows("info registers system")[:5], "cpumode cr0 cr2 cr3 cr4".split(), "a group")
python expect_equal(rows("info registers debug $cs"), "dr0 dr1 dr2 dr3 dr6 dr7 cs".split(), "a group and a register")
python expect_equal("cs_desc" in rows("info registers segments"), True, "descriptors")
python expect_equal(rows("info registers float")[:2], ["st0", "st1"], "a group of gdb's")
python expect_equal("dr0" in rows("info all-registers"), True, "all")
expect-error "^Invalid register `rip'$" info registers rip

watch *(char *) 0x4000
delete
hbreak *&long64
continue
expect-stop breakpoint 2
python expect_equal(len(rows("info registers")), 24, "64-bit code")
python expect_equal(rows("info registers")[16:18], ["rip", "eflags"], "64-bit code's names")
expect $rip == (long) &long64
watch *(char *) &long64
expect-output "^The guest is at its first instruction.\n#0 " stepvm reset
expect $cpumode == 0
expect (int) $pc == (int) &start
expect-output "i8086" show architecture
expect-error "takes no argument" stepvm reset now
continue
expect-stop breakpoint 2
expect $cpumode == 6

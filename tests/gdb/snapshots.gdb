# stepvm save and load: gdb's registers, memory and disassembly are those of the machine at once, also in
# another mode. From real mode through protected to 64-bit code and back.
# guest: ../../build/guests/modes.bin
# board: bare
# symbols: ../../build/guests/modes.elf

stepi 4
set $early = $pc
expect-output "^Saved early: [0-9]+ KiB, at 0" stepvm save early
python early = gdb.execute("x/8i $pc", to_string=True)
hbreak *&long64
continue
expect-stop breakpoint 1
expect $cpumode == 6
set $late = $rip
stepvm save late
python late = gdb.execute("x/4i $pc", to_string=True)

expect-output "^Loaded early: the guest is at 0" stepvm load early
expect $cpumode == 0
expect $pc == $early
expect-output "i8086" show architecture
python expect_equal(gdb.execute("x/8i $pc", to_string=True), early, "16-bit code again")
stepi
expect $pc > $early
# The breakpoint is there, and the way is the same.
continue
expect-stop breakpoint 1
expect $rip == $late
stepvm load early
stepvm load late
expect $cpumode == 6
expect-output "i386:x86-64" show architecture
python expect_equal(gdb.execute("x/4i $pc", to_string=True), late, "64-bit code again")
delete
expect-error "there is no such snapshot" stepvm load never
expect-error "a name of 1 to 31" stepvm save two words
expect-output "^early .*\n^late " monitor info snapshots
expect $rip == $late

# Backwards over changes of the mode: gdb decodes what is there.
# guest: ../../build/guests/modes.bin
# board: bare
# symbols: ../../build/guests/modes.elf

monitor record on
hbreak *&long64
continue
expect $cpumode == 6
expect-output "i386:x86-64" show architecture
reverse-stepi
expect $cpumode != 6
reverse-stepi
reverse-continue
expect $cpumode == 0
expect-output "i8086" show architecture
expect-output "^position 0 of" monitor when
continue
expect-stop breakpoint 1
expect $cpumode == 6
expect-output "i386:x86-64" show architecture

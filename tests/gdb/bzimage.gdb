# A Linux kernel's 64-bit entry: where it is, what the CPU has there, what struct boot_params says.
# guest: ../../build/guests/bzimage.bin
# options: --append "a=1 b"
# symbols: ../../build/guests/bzimage.elf

expect $pc == (long) &start64
expect $cpumode == 6
expect $cs == 0x10
expect $ds == 0x18
expect $rsi == 0x70000
expect *(unsigned int *) ($rsi + 0x202) == 0x53726448
expect-output "\"a=1 b\"" x/s *(unsigned int *) ($rsi + 0x228)
expect-output "the kernel, [0-9]+ bytes at 0x100000" monitor info memory
break both
continue
expect-stop breakpoint 1
stepi
expect-console "\A\Z"
continue
expect-console "^64-bit entry\ncommand line: a=1 b\n(.*\n)*bzimage ok\n\Z"

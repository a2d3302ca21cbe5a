# monitor catch: the way from real mode to protected mode, change by change.
# guest: ../../build/guests/stages.bin
# symbols: ../../build/guests/stages.elf
# options: --load 0x7c00
# scripts: none

monitor catch cs
monitor catch cr0
monitor catch mode
expect-output "^Caught a far transfer: CS was 0000 and is 1000" continue
expect $pc == 0x10000
expect-output "^Caught a write to cr0: 0x[0-9a-f]+ was 0x[0-9a-f]+\.\n(.*\n)*Caught a change of the CPU's mode from real16" continue
expect $pc == 0x10000 + (int) &second_far - (int) &second
expect-output "^Caught a far transfer: CS was 1000 and is 0008" continue
expect $pc == 0x20000
expect-output "^mode +prot32" monitor info mode
continue
expect-stop halt
expect-console "\Astages ok\n\Z"

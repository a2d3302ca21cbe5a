# 32-bit code with PE = 0, in a gdb without a script of ours.
# guest: ../../build/guests/unreal.bin
# symbols: ../../build/guests/unreal.elf
# options: --load 0x7c00
# scripts: none

monitor catch mode
expect-output "^Caught a change of the CPU's mode from real16 to prot16" continue
expect-output "^Caught a change of the CPU's mode from prot16 to prot32" continue
expect-output "^Caught a change of the CPU's mode from prot32 to real32" continue
expect-output "mov +\$0x12345678,%ebx" x/i $pc
stepi
expect $ebx == 0x12345678
expect-output "ljmp +\$0x0,\$0x" x/i $pc
expect-output "^Caught a change of the CPU's mode from real32 to prot32" continue
expect-output "^Caught a change of the CPU's mode from prot32 to prot16" continue
expect-output "mov +\$0x20,%ax" x/i $pc
expect-output "^Caught a change of the CPU's mode from prot16 to real16" continue
continue
expect-stop halt
expect-console "\Aunreal ok\n\Z"

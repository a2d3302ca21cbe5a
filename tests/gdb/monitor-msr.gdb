# monitor msr: by name and by number, read and written, refused with the reason.
# guest: ../../build/guests/segments.bin
# board: bare

expect-output "^monitor msr \[NAME" monitor help
expect-output "^IA32_LSTAR +0xc0000082 = 0x0$" monitor msr LSTAR
expect-output "\A\Z" monitor msr ia32_lstar 0xffffffff81000000
expect-output "^IA32_LSTAR +0xc0000082 = 0xffffffff81000000$" monitor msr 0xc0000082
# Alone it lists them, by number.
expect-output "IA32_SYSENTER_CS .*\n(.*\n)*IA32_LSTAR +0xc0000082 = 0xffffffff81000000\n" monitor msr
expect-output "\A\Z" monitor msr SYSENTER_CS 16
expect-output "= 0x10$" monitor msr 0x174
# What KVM does not have, or does not take.
expect-output "0x12345: KVM refuses to read it: this CPU has no such register" monitor msr 0x12345
expect-output "0x12345: KVM refuses to write 0x1: no such register, or no such value" monitor msr 0x12345 1
expect-output "0xc0000082: KVM refuses to write 0x8000000000000000" monitor msr LSTAR 0x8000000000000000
expect-output "= 0xffffffff81000000$" monitor msr LSTAR
expect-output "msr LSTAR x: expected NAME.*" monitor msr LSTAR x
expect-output "msr nothing: expected a number .*" monitor msr nothing
expect-output "msr 0x100000000: expected a number .*" monitor msr 0x100000000
# The guest goes on.
stepi
expect $pc == 0x7c05

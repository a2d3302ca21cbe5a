# swapgs by the engine and by KVM, in turns: each finds what the other has left, in GS and in the MSR. So with fnstsw.
# guest: ../../build/guests/syscalls.bin
# options: --mode long --load 0x100000 --engine interp

set *(unsigned int *) $pc = 0x90f8010f
set *(unsigned int *) ($pc + 4) = 0x90f8010f
set $gs_base = 0x11000
monitor msr KERNEL_GS_BASE 0x22000
stepi
expect $pc == 0x100003
expect $gs_base == 0x22000
expect-output "0x0*11000\b" monitor msr KERNEL_GS_BASE
expect-output "it has done 1 instruction" monitor info
stepi
monitor engine kvm
stepi
expect $pc == 0x100007
expect $gs_base == 0x11000
expect-output "0x0*22000\b" monitor msr KERNEL_GS_BASE

set $pc = 0x100000
stepi
expect $gs_base == 0x22000
expect-output "0x0*11000\b" monitor msr KERNEL_GS_BASE
stepi
monitor engine interp
stepi
expect $pc == 0x100007
expect $gs_base == 0x11000
expect-output "0x0*22000\b" monitor msr KERNEL_GS_BASE

# What a debugger writes meanwhile is what the guest has.
set $pc = 0x100000
stepi
monitor msr KERNEL_GS_BASE 0x33000
stepi
stepi
expect $pc == 0x100007
expect $gs_base == 0x33000
set *(unsigned int *) 0x100000 = 0xe0dfe0df
set $pc = 0x100000
stepi
set $fstat = 0x3800
stepi
expect $pc == 0x100004
expect ($rax & 0xffff) == 0x3800

# wrmsr and rdmsr under 32-bit paging, by the engine: what they have is KVM's register. Another MSR is KVM's instruction.
# guest: ../../build/guests/demand32.bin
# options: --engine interp --mode prot --load 0x100000 --memory 4M
# symbols: ../../build/guests/demand32.elf

break *paged
continue
set $old = *(unsigned long long *) $pc
set *(unsigned int *) $pc = 0x320f300f
set $ecx = 0x176
set $eax = 0x11223344
set $edx = 0
stepi
expect $pc == &paged + 2
expect-output "0x0*11223344\b" monitor msr IA32_SYSENTER_EIP
monitor msr IA32_SYSENTER_EIP 0x5566
stepi
expect $pc == &paged + 4
expect $eax == 0x5566
expect ($cr0 >> 31) == 1
set *(unsigned long long *) &paged = $old
set $pc = &paged
set $eax = 0
delete
continue

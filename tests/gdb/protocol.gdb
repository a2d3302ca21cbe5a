# What gdb's other commands ask for: threads, memory by physical address (QEMU's packets), the text
# of a refusal, a signal, and a packet that nobody knows.
# guest: ../../build/guests/pages.bin
# symbols: ../../build/guests/pages.elf
# options: --load 0x7c00
# scripts: none

expect-output "\n\* 1 +Thread 1\.1 \"vCPU0 \[real16\]\" \(0000:7c00 \(linear 0x7c00\)\) +start" info threads
tbreak *&mapped
continue
expect-output "\n\* 1 +Thread 1\.1 \"vCPU0 \[long64\]\" \(0x7[0-9a-f]+\) +mapped" info threads
expect-output "Switching to thread 1" thread 1

# 0x201000 is mapped to 0x1000: two names of one byte, and of none.
set $byte = *(unsigned char *) 0x201010
expect-output "received: \"0\"" maintenance packet qqemu.PhyMemMode
expect-output "received: \"OK\"" maintenance packet Qqemu.PhyMemMode:1
expect-output "received: \"1\"" maintenance packet qqemu.PhyMemMode
maintenance flush dcache
expect *(unsigned char *) 0x1010 == $byte
set *(unsigned char *) 0x1010 = $byte ^ 0xff
expect-output "received: \"OK\"" maintenance packet Qqemu.PhyMemMode:0
maintenance flush dcache
expect *(unsigned char *) 0x201010 == ($byte ^ 0xff)
set *(unsigned char *) 0x201010 = $byte
expect-error "Cannot access memory at address 0x204000" x/x 0x204000

expect-error "cr0: it has 32 bits" set $cr0 = 0x123456789abcdef0
expect-output "received: \"\"" maintenance packet qNobodyKnowsThis
expect-output "received: \"E22\"" maintenance packet m

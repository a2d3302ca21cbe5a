# monitor speaks the words that people and scripts know from QEMU. The CPU is in real mode; the columns are
# those of QEMU 7.2, which was asked at the same instruction. (Whether real mode sets a segment's accessed bit
# is the CPU's own business.)
# guest: ../../build/guests/segments.bin
# options: --board bare
# scripts: none

break *0x7c31
continue
expect-output "\A\nCPU#0\nEAX=00003000 EBX=00000000 ECX=00000000 EDX=00000080\nESI=000000a6 EDI=00000004 EBP=00000000 ESP=00001000\nEIP=00000031 EFL=00000046 \[---Z-P-\] CPL=0 II=0 A20=1 SMM=0 HLT=0\nES =3000 00030000 0000ffff 00009300\nCS =07c0 00007c00 0000ffff 00009[ab]00\nSS =9000 00090000 0000ffff 00009[23]00\n" monitor info registers
expect-output "\nLDT=0000 00000000 0000ffff 00008200\nTR =0000 00000000 0000ffff 00008[3b]00\nGDT=     00000000 0000ffff\nIDT=     00000000 0000ffff\nCR0=60000010 CR2=00000000 CR3=00000000 CR4=00000000\nDR0=0{16} DR1=0{16} DR2=0{16} DR3=0{16} \nDR6=00000000ffff0ff0 DR7=0000000000000400\nEFER=0{16}\nFCW=037f FSW=0000 \[ST=0\] FTW=00 MXCSR=00001f80\nFPR0=0{16} 0000 FPR1=" monitor info registers -a
expect-output "there is one CPU" monitor info registers 1
# What scripts look for.
expect-output "CR3=([0-9a-fA-F]+)" monitor info registers
expect-output "GDT=\s*([0-9a-fA-F]+) ([0-9a-fA-F]+)" monitor info registers
expect-output "\APG disabled\n\Z" monitor info mem
expect-output "\APG disabled\n\Z" monitor info tlb

# x by linear address, xp by physical one.
expect-output "\A0000000000007c00: 0xc00005ea 0xfac03107\n\Z" monitor x /2xw 0x7c00
expect-output "\A0000000000007c00: 0xc00005ea 0xfac03107\n\Z" monitor xp/2wx 0x7c00
expect-output "\A0000000000007c00: 0xea 0x05 0x00 0xc0 0x07 0x31 0xc0 0xfa\n0000000000007c08: 0xfc\n\Z" monitor x /9xb 0x7c00
expect-output "\A0000000000007c31: 184   0\n\Z" monitor x /2ub $pc
expect-output "\A0000000000007c31: 0xb8\n\Z" monitor x /1xb -(-(((((((((((((((((((($pc)))))))))))))))))))))
expect-output "expected ./FMT. ADDRESS" monitor x /1xb (((((((((((((((((((((((((((((((($pc))))))))))))))))))))))))))))))))
expect-output "\A0000000000007c31: 0xb8\n\Z" monitor x/xb $eip
expect-output "\A0000000000007c35: " monitor x /xb $cs_base + ($ip + 2 * 2)
expect-output "\A0000000000091000: " monitor x /xb $sp
expect-output "\A0000000000007c00:  1514 -16384\n\Z" monitor x /2dh 0x7c00
expect-output "\A0000000000007c00: -22   5   0 -64\n\Z" monitor x /4db 0x7c00
expect-output "\A0000000000007c00: 030000002752\n\Z" monitor x /ow 0x7c00
expect-output "\A0000000000007c00: 0xfac03107c00005ea\n\Z" monitor x /g 0x7c00
expect-output "\A0000000000000000: '.x00' '.x00'\n\Z" monitor x /2c 0
expect-output "\A00000000feffe000: Cannot access memory\n\Z" monitor xp /x 0xfeffe000
expect-output "stepvm has no disassembler; gdb's own does it: x/2i" monitor x /2i $pc
expect-output "/FMT is a count, a letter" monitor x /4s 0
expect-output "expected ./FMT. ADDRESS" monitor x /4 $nothing
expect-output "expected ./FMT. ADDRESS" monitor x
expect-output "no more than 4096 bytes" monitor xp /513xg 0
# ours
expect-output "\A0x00007c00: ea 05 00 c0 07 31 c0 fa .*\n\Z" monitor xp $cs_base 16

expect-output "\AVM status: paused\n\Z" monitor info status
expect-output "\A\* CPU #0: thread_id=[0-9]+\n\Z" monitor info cpus
expect-output "\Astepvm [0-9]" monitor info version
# What gdb has to do itself is said, and not done.
expect-output "\AThe guest is stopped at 07c0:0031 \(linear 0x7c31\)" monitor stop
expect-output "\Acont: gdb would not know that the guest runs: say continue" monitor cont
expect-output "\Acont: gdb would not know" monitor c
expect $pc == 0x7c31
python
said = gdb.execute("monitor help", to_string=True)
expect_equal("monitor cont" in said or "monitor stop" in said, False, "help lists what does something")
expect_equal("monitor system_reset" in said, True, "help lists system_reset")
end
expect-output "^The guest is at its first instruction" monitor system_reset
maintenance flush register-cache
expect $pc == 0x7c00
monitor quit

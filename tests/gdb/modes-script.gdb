# From the reset vector to 64-bit mode and through 16-bit code in it, with stepvm.gdb: gdb follows
# unseen.
# guest: ../../build/guests/reset.bin
# symbols: ../../build/guests/reset.elf
# options: --memory 4M --memory 64K@0xffff0000 --load 0xffff0000 --entry reset

display/i $pc
expect $pc == 0xfffffff0
expect $cs_base == 0xffff0000
expect $ip == 0xfff0
expect-output "jmp +0xffff0000 <real>" x/i $pc
expect-output "=> 0xffff0000 <real>:\tcli" stepi
break real_function
break *&real_pe
break *&prot
break *&prot_pg
break long_start
break *&compat
break long_again
break long_halt

# Real mode, from a function of 16-bit code.
continue
expect-stop breakpoint 1
expect-output "incl +0x1000" x/i $pc
expect-output "ret" stepi
expect-output "=> 0x[0-9a-f]+ <real_next>:\tlgdtl +%cs:0x[0-9a-f]+" stepi
expect $cpumode == 0

# PE is set: CS is 16-bit code still.
expect-output "=> 0xffff002[0-9a-f] <real_pe>:\tnop" continue
expect-stop breakpoint 2
expect $cpumode == 2
expect ($cr0 & 1) == 1
expect-output "ljmpl +\$0x8,\$0xffff[0-9a-f]+" stepi
# Over the switch.
expect-output "^1: x/i \$pc\n=> 0x[0-9a-f]+ <prot>:\tmov +\$0x10,%eax" stepi
expect-stop breakpoint 3
expect $pc == &prot
expect $cpumode == 3
expect $cs_desc.base == 0
expect-output "attributes = \[ TYPE=code_xr_a DPL=0 P DB G \]" print $cs_desc
expect-output "= void" print $r15
stepi
expect $pc == &prot + 5
expect-output "#0 +prot \(\)" backtrace
stepi 4
expect-output "=> 0x[0-9a-f]+ <prot_main>:\tpush +%ebp" x/i $pc
stepi
stepi
expect-output "call +0x[0-9a-f]+ <prot_function>" x/i $pc
next
expect-output "<prot_main\+8>:\tmov +\$0x10000,%edi" x/i $pc
set $pc = &prot_main + 3
tbreak prot_function
continue
expect-output "#0 +prot_function .*\n#1 +0x[0-9a-f]+ in prot_main " backtrace
finish
expect-output "<prot_main\+8>:\tmov +\$0x10000,%edi" x/i $pc
set *(int *) 0x1000 = 2

# Paging with LME: long mode, and CS has 32-bit code.
expect-output "=> 0x[0-9a-f]+ <prot_pg>:\tnop" continue
expect-stop breakpoint 4
expect $cpumode == 5
expect-output "LME LMA" info registers efer
stepi
expect-output "ljmp +\$0x18,\$0xffff[0-9a-f]+" x/i $pc

# 64 bits, landing on a breakpoint of a run.
expect-output "^1: x/i \$pc\n=> 0x[0-9a-f]+ <long_start>:\tmov +\$0x8000,%esp" continue
expect-stop breakpoint 5
expect $cpumode == 6
expect (unsigned) $rip == (unsigned) &long_start
nexti 2
nexti
expect $r15 == 0x1122334455667788
expect $rax == 0x1122334455667788
expect-output "TYPE=code_xr_a DPL=0 P L G" print $cs_desc
stepi 2
expect-output "call +0x[0-9a-f]+ <long_function>" x/i $pc
stepi
expect-output "#0 +long_function .*\n#1 +0x[0-9a-f]+ in long_main " backtrace
finish
expect-output "<long_main\+9>:\tmov" x/i $pc
expect $cr8 == 0
set $cr8 = 3
stepi
expect $cr8 == 3 "a step keeps cr8"

# 16-bit code inside long mode.
expect-output "^1: x/i \$pc\n=> 0x[0-9a-f]+ <compat>:\tmov +\$0x10,%ax" continue
expect-stop breakpoint 6
expect $cpumode == 4
expect $cs_base == 0xffff0000
expect $ip == $pc - 0xffff0000
stepi 2
stepi
expect-output "call +0x[0-9a-f]+ <compat_function>" x/i $pc

# And back.
expect-output "^1: x/i \$pc\n=> 0x[0-9a-f]+ <long_again>:\tmov" continue
expect-stop breakpoint 7
expect $cpumode == 6
expect $r15 == 0x1122334455667788
continue
expect-stop breakpoint 8
expect-console "\Areset ok\n\Z"
expect *(int *) 0x1000 == 5

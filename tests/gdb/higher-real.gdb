# From 16-bit code to a kernel in the higher half, with a gdb that has no script of ours.
# guest: ../../build/guests/higher.elf
# scripts: none
# symbols: ../../build/guests/higher.elf
# options: --format elf --mode real --entry 0000:8010

expect $cpumode == 0
# `next` over a call that goes to 64-bit code and comes back, and temporary breakpoints with conditions.
tbreak visit
continue
expect-output "\[64-bit code\]\n(.*\n)*.*\[32-bit code\]" finish
expect $cpumode == 3
tbreak work if $_streq("a", "b")
hbreak kmain if $rsp != 0
rwatch {int} &counter
expect-output "\[64-bit code\]\n" continue
expect-stop breakpoint 3
expect (long) $pc == (long) &kmain
continue
expect (long) $pc == (long) &work + 6
delete
# It stops where the function returns, too.
advance kmain
advance *(&work + 0xffff800080000000)
expect (unsigned long) $pc >> 32 == 0xffff8000
expect {int} &counter == 2

# The guest anew, under gdb's feet: it speaks 64 bits still.
monitor reset
break kmain
continue
expect (long) $pc == (long) &kmain
continue
expect-console "\Ahigher ok\n\Z"

# A kernel in the higher half, with a gdb that has no script of ours: breakpoints and watchpoints of its
# 64-bit addresses, set while the CPU runs 32-bit code.
# guest: ../../build/guests/higher.elf
# scripts: none
# symbols: ../../build/guests/higher.elf

expect $cpumode == 3
break kmain
watch {int} &counter
expect-output "0xffffffff80[0-9a-f]+" info breakpoints 1

# A function that sets EFER.LME, and comes back to 32-bit code: nothing happens yet.
tbreak set_efer
continue
finish
expect $cpumode == 3
expect ($efer & 0x100) == 0x100

# Into 64-bit code: gdb says so, and goes on. The guest is in 32-bit code again when finish is through.
tbreak visit
continue
expect-output "new program: \[64-bit code\]\n" finish
expect-stop breakpoint 2
expect $cpumode == 6
expect (long) $pc == (long) &work + 6
disable 2
continue
expect-stop breakpoint 1
expect (long) $pc == (long) &kmain
expect (long) $pc < 0

# The other half, by its number.
break *(&work + 0xffff800080000000)
continue
expect-stop breakpoint 5
expect (unsigned long) $pc >> 32 == 0xffff8000
expect {int} &counter == 2
continue
expect-console "\Ahigher ok\n\Z"

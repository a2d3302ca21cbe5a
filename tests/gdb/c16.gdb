# C in real mode: breakpoints and locals by name, from an ELF whose code is 16-bit.
# guest: ../../build/guests/c16.elf
# options: --mode real
# symbols: ../../build/guests/c16.elf

expect-output "^mode +real16" monitor info mode
expect-output "cli" x/i $pc
break collatz
continue
expect n == 26
continue
expect n == 27
continue
expect-console "collatz\(27\) = 111"

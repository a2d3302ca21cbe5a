# Backwards in a guest with interrupts, BIOS calls and conditions.
# guest: ../../build/guests/ticks.bin
# symbols: ../../build/guests/ticks.elf

monitor record on
monitor catch int 8
continue
continue
continue
set $third = $pc
stepvm mark third
expect-output "int 0x08|int 8" reverse-continue
stepvm mark second
reverse-continue
stepvm mark first
expect-output "^first +[0-9]+\nsecond +[0-9]+|third" monitor mark
continue
continue
expect $pc == $third
monitor uncatch all
stepvm goto third
reverse-stepi
stepi
expect $pc == $third

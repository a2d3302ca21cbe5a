# After a triple fault: back to the instruction, and to who has written what it needed.
# guest: ../../build/guests/triple.bin
# board: bare
# options: --record
# symbols: ../../build/guests/triple.elf

continue
expect $pc == &fatal
expect-output "^position [0-9]+ of [0-9]+ .the present" stepvm when
reverse-stepi
expect $pc == &fatal
expect $eax == 0xdead
reverse-stepi
expect $eax != 0xdead
stepi
stepi
expect $pc == &fatal
expect-output "^position [0-9]+ of [0-9]+ .the present" stepvm when
reverse-continue
expect-output "^position 0 of" stepvm when

# QEMU's packets for the mask of steps, as its documentation has people type them, and what is not
# done for them: a refusal, and the way steps are made stays.
# guest: ../../build/guests/timer.bin
# board: bare
# symbols: ../../build/guests/timer.elf
# scripts: none

expect-output "received: \"ENABLE=1,NOIRQ=2\"" maintenance packet qqemu.sstepbits
expect-output "received: \"ENABLE=1,NOIRQ=2\"" maintenance packet Qqemu.sstepbits
expect-output "received: \"\"" maintenance packet qOffsets
expect-output "received: \"0x3\"" maintenance packet qqemu.sstep
break *&start_count
continue
delete
set $ax = 300
# A tick waits, and a step goes on in the loop.
stepi 300
expect-output "an interrupt waits; a step takes none" monitor info pic
expect-output "received: \"E\.no NOTIMER.*\"" maintenance packet Qqemu.sstep=0x7
expect-output "received: \"E\.steps can't be switched off\"" maintenance packet Qqemu.sstep=0x0
expect-output "received: \"0x3\"" maintenance packet qqemu.sstep
expect *(short *) &ticks == 0
expect-output "received: \"OK\"" maintenance packet Qqemu.sstep=0x1
expect-output "received: \"0x1\"" maintenance packet qqemu.sstep
expect-output "a step takes interrupts" monitor info pic
stepi
expect $pc == (int) &on_tick
expect-output "received: \"OK\"" maintenance packet Qqemu.sstep=0x3
expect-output "^off" monitor step-interrupts

# Nothing is recorded, and it is said how to.
expect-output "monitor record on begins here" reverse-stepi
expect-output "monitor record on begins here" reverse-continue
expect-output "received: \"\"" maintenance packet vCont;t
expect $pc == (int) &on_tick

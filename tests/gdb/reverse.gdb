# Backwards, with a recording: steps over mode changes, breakpoints, watchpoints with their old and new values, the
# beginning and the present, and what a debugger changes.
# guest: ../../build/guests/stages.bin
# options: --load 0x7c00
# symbols: ../../build/guests/stages.elf

expect-output "monitor record on begins here" reverse-stepi
expect-output "^on: positions 0 to 0" monitor record on
expect-output "recorded already" monitor record on
stepi 20
set $there = $pc
set $count = $ecx
expect-output "^position 20 of 20 .the present" monitor when
reverse-stepi
expect $pc == $there
expect $ecx == $count + 1
expect-output "^position 19 of 20, " monitor when
reverse-stepi 19
expect-output "^position 0 of 20, " monitor when
reverse-stepi
expect $pc == 0x7c00

# The past is looked at and not changed; from it the way is the one that was.
expect-error "past of its recording" set $eax = 1
expect-error "Cannot access memory" set {char}0x500 = 1
stepi 20
expect $pc == $there
expect-output "^position 20 of 20 .the present" monitor when

# To the end, through protected mode, and back.
break *0x20000
continue
expect-stop breakpoint 1
stepvm mark third
set $in_third = $esp
delete
continue
expect-output "^position [0-9]+ of [0-9]+ .the present" monitor when
reverse-stepi 5
reverse-continue
expect-output "^position 0 of " monitor when
stepvm goto third
expect $pc == 0x20000
expect $esp == $in_third
expect-error "expected a position" stepvm goto nowhere
expect-error "other than start and end" stepvm mark end

# A watchpoint backwards stops before the write, at the instruction that has done it.
stepvm goto end
watch *(char *) 0x10000
reverse-continue
expect-stop breakpoint 2
expect-output "rep movs" x/i $pc
expect *(char *) 0x10000 == 0
stepi
expect *(char *) 0x10000 != 0
delete
stepvm goto end
expect-output "stands before it" stepvm last-write 0x10000
expect-output "rep movs" x/i $pc
expect-output "never before" stepvm last-write 0x5000
stepvm goto end
expect-output "^position [0-9]+\n" stepvm hits 0x20000
stepvm last-jump-to 0x20000
expect $pc == 0x20000
stepvm goto end
expect-output "^position 1\n" stepvm hits normalized

# A change of the present's is a part of the recording.
stepvm goto end
set $edi = 0x1234
set {int}0x500 = 0x55
stepvm mark changed
reverse-stepi
expect $edi != 0x1234
expect {int}0x500 != 0x55
stepvm goto changed
expect $edi == 0x1234
expect {int}0x500 == 0x55

# The past as the present: what came after it is forgotten.
stepvm goto third
expect-output "^on: positions 0 to" stepvm record cut
set $eax = 7
stepi
expect-output "the present" stepvm when
reverse-stepi
expect $eax == 7
expect-error "goto end" stepvm record off
stepvm goto end
expect-output "^off" stepvm record off

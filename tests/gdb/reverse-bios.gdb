# What the BIOS writes: backwards the guest stands before the call that has done it, with the old value.
# guest: ../../build/guests/greet.bin
# symbols: ../../build/guests/greet.elf

monitor record on
continue
set $column = *(unsigned char *) 0x450
watch *(unsigned char *) 0x450
reverse-continue
expect-stop breakpoint 1
expect-output "int +.0x10" x/i $pc
expect *(unsigned char *) 0x450 != $column
stepi
expect *(unsigned char *) 0x450 == $column
delete
stepvm goto end
expect-output "stands before it, at 0000:7c" stepvm last-write 0xb8000
expect *(char *) 0xb8000 == 0x20
stepi
expect *(char *) 0xb8000 == 'g'
monitor step-bios on
stepvm goto end
expect-output "stands before it, at f000:" stepvm last-write 0xb8000
expect *(char *) 0xb8000 == 0x20

# A stop within the call is not gone over: int 10h is caught where its handler begins, before it writes.
delete
monitor step-bios off
stepvm goto start
watch *(char *) 0xb8000
continue
monitor catch int 0x10
reverse-continue
expect $cs == 0xf000
expect *(char *) 0xb8000 == 0x20
expect-output "int 0x10" reverse-continue
expect $cs == 0xf000
reverse-continue
expect-output "^position 0 of" monitor when

# Where a line was printed, and who has called.
stepvm goto end
expect-output "position [0-9]+  AH=0e AX=0e[0-9a-f]+  int  BIOS" stepvm calls 0x10
expect-error "expected a vector" stepvm calls x
expect-error "there are lines|printed nothing" stepvm output 4000

# What the BIOS writes for itself hits watchpoints, too: the timer's count, which it keeps at 0040:006c. The stop
# is after the call, where the guest is out of the ROM, with old and new value and with the reason.
# guest: ../../build/guests/waits.bin
# symbols: ../../build/guests/waits.elf

# One that looks for reads: int 1Ah AH=00h reads it for the guest.
tbreak *&ask
continue
rwatch *(unsigned char *) 0x46c
set *(unsigned short *) 0x7000 = 0x1acd
set $pc = 0x7000
set $eax = 0
expect-output "int 1ah AH=00h read it: 0x46c to 0x46" stepi
expect $pc == 0x7002
delete
set $pc = (unsigned) &ask

watch *(unsigned char *) 0x46c
expect-output "int 08h wrote it: 0x46c to 0x46" continue
expect-stop breakpoint 3
set $count = *(unsigned char *) 0x46c

# In a step over the call that waits for a key, too.
tbreak *&on_timer
continue
delete
watch *(unsigned char *) 0x46c
stepi
expect $pc == &chain_timer
expect-output "int 08h wrote it" stepi
expect *(unsigned char *) 0x46c == (unsigned char) ($count + 1)

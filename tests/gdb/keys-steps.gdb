# The BIOS's interrupts within each other, with the guest stepped for a catchpoint's sake: the way is the same.
# guest: ../../build/guests/keys.bin
# symbols: ../../build/guests/keys.elf

monitor catch int 0x1b
monitor catch int 0x05
continue
expect $pc == (int) &on_print
continue
expect $pc == (int) &on_break
expect *(unsigned char *) 0x471 == 0x80
monitor uncatch all
# Pause: int 1Ch comes within int 9, which waits in the ROM.
monitor catch int 0x60
break *&on_user_tick if *(unsigned char *) 0x418 & 8
continue
expect-stop breakpoint 1
expect *(unsigned char *) &pauses == 0
delete
continue
expect-stop exit 1
expect-console "\Akeys ok\n\Z"

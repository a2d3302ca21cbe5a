# A real-mode guest's hooks on int 8, 9, 15h and 1Ch, each chained to the BIOS's handler in the ROM, and what a
# debugger sees on the way: from the guest's handler into the ROM, out of the ROM into the guest's, and back.
# guest: ../../build/guests/hooks.bin
# symbols: ../../build/guests/hooks.elf

# The key: IRQ 1 -> the guest's int 9 -> the ROM's -> the guest's int 15h -> the ROM, which puts it into the buffer.
break *&on_key
continue
expect-stop breakpoint 1
expect *(short *) &keys == 0
expect $cs == 0
# A step goes over the jump to the BIOS, unless it is asked in.
monitor step-bios on
stepi 2
expect $cs == 0xf000
expect $pc == 0xfe987 || $pc == 0xe987
monitor step-bios off
delete
break *&on_system
continue
expect-stop breakpoint 2
expect $ax == 0x4f1e
expect $eflags & 1
# Its caller is in the ROM, whose int 9 was interrupted from the guest's wait.
expect *(unsigned short *) ($ss * 16 + $sp + 2) == 0xf000
continue
expect-stop breakpoint 2
expect $ax == 0x4f9e
delete
break *&got_key
continue
expect $ax == 0x3062
expect *(short *) &keys == 2
delete

# The tick: IRQ 0 -> the guest's int 8 -> the ROM's -> the guest's int 1Ch -> the ROM, which ends the interrupt.
set $before = *(int *) 0x46c
set $ticks = *(short *) &ticks
break *&on_tick
continue
expect-stop breakpoint 4
expect *(int *) 0x46c == $before
delete
break *&on_user_tick
continue
expect-stop breakpoint 5
expect *(int *) 0x46c == $before + 1
expect *(short *) &ticks == $ticks + 1
expect-output "in service 0x01" monitor info pic
delete
break *&waited
continue
expect-stop breakpoint 6
expect ($eflags & 1) == 0
expect *(short *) &ticks == *(short *) &user_ticks
expect *(int *) 0x46c - $before == *(short *) &ticks - $ticks
delete
continue
expect-stop exit 1
expect-console "\Ahooks ok\n\Z"

# A snapshot in the midst of calls that wait in the BIOS: for a key, and for a time. It goes on from there as often
# as it is loaded.
# guest: ../../build/guests/hooks.bin
# symbols: ../../build/guests/hooks.elf

# int 16h waits: the key that the guest sends itself is taken away, so that none is there.
break *&read
continue
expect-stop breakpoint 1
delete
set *(short *) 0x41a = *(short *) 0x41c
break *&on_user_tick
continue
expect-stop breakpoint 2
# The tick has interrupted the ROM, where the CPU was halted.
expect *(unsigned short *) ($ss * 16 + $sp + 8) == 0xf000
stepvm save key
delete
break *&got_key
# A key as int 9 puts it there.
python
def type_b():
    gdb.execute("set *(short *) (0x400 + *(unsigned short *) 0x41c) = 0x3062")
    gdb.execute("set *(short *) 0x41c = *(short *) 0x41c + 2")
end
python type_b()
continue
expect $ax == 0x3062
stepvm load key
expect *(short *) 0x41a == *(short *) 0x41c
python type_b()
continue
expect $ax == 0x3062
delete

# int 15h AH=86h waits, with the real-time clock's interrupt.
break *&on_user_tick
continue
expect-stop breakpoint 4
stepvm save time
delete
break *&waited
continue
expect-stop breakpoint 5
set $ticks = *(short *) &ticks
stepvm load time
expect *(short *) &ticks < $ticks
continue
expect-stop breakpoint 5
expect *(short *) &ticks >= $ticks - 1 && *(short *) &ticks <= $ticks + 1
expect ($eflags & 1) == 0
delete
continue
expect-stop exit 1

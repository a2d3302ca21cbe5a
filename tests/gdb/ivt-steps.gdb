# A step of `int` ends at its handler's first instruction, with the guest's own flags on the stack;
# breakpoints stop in the handlers of faults.
# guest: ../../build/guests/ivt.bin
# board: bare
# symbols: ../../build/guests/ivt.elf
# scripts: none

stepi
expect $pc == &normalized

# Up to the first `int $0x21` (cd 21).
python
while int(gdb.parse_and_eval("*(unsigned short *) $pc")) != 0x21CD:
    gdb.execute("stepi", False, True)
end
set $int = (unsigned) $pc
expect-output "int +\$0x21" x/i $pc
expect $sp == 0x7c00
set $flags = (unsigned) $eflags
stepi
expect $pc == &on_call "the handler's first instruction"
expect $sp == 0x7bfa
expect *(unsigned short *) $sp == $int + 2 "the return address"
expect *(unsigned short *) ($sp + 2) == 0 "its CS"
expect *(unsigned short *) ($sp + 4) == ($flags & 0xffff) "the flags, as they were"
expect (*(unsigned short *) ($sp + 4) & 0x100) == 0 "no trap flag of ours"
expect ($eflags & 0x300) == 0 "TF and IF are off in the handler"
stepi
expect *(unsigned short *) &calls == 1
stepi
expect $pc == $int + 2 "after iret"
expect $sp == 0x7c00

# The others at full speed; then a fault: the return address is the div itself.
break *&divide_by_zero
break *&on_divide
continue
expect-stop breakpoint 1
expect $pc == &divide_by_zero
expect *(unsigned short *) &calls == 3
delete 1
continue
expect-stop breakpoint 2
expect $pc == &on_divide
expect *(unsigned short *) $sp == &divide_by_zero
stepi 5
expect-output iret x/i $pc
stepi
expect $pc == (unsigned) &divide_by_zero + 2 "after the div"
expect *(unsigned short *) &divides == 1

# The second fault.
continue
expect $pc == &on_divide
expect *(unsigned short *) $sp == &divide_overflow
delete
continue
expect-console "\Aivt ok\n\Z"

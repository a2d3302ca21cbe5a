# Near and far calls into segments with bases of their own: pc is linear all the way.
# guest: ../../build/guests/segments.bin
# board: bare
# symbols: ../../build/guests/segments.elf
# scripts: none

expect $pc == 0x7c00
expect-output "ljmp +\$0x7c0,\$0x5" x/i $pc
stepi
expect $pc == 0x7c05 "at the far jump's target"
expect $ip == 5
expect $cs == 0x7c0
expect $cs_base == 0x7c00
expect-output "=> 0x7c05 <normalized>:.xor +%ax,%ax" x/i $pc

# Breakpoints with CS != 0.
break *&near_call
continue
expect-stop breakpoint 2|breakpoint 1
expect $pc == &near_call
expect $ss_base == 0x90000
expect $sp == 0x91000 "linear"
expect $esp == 0x1000
expect $ax == 1234

# A near call pushes the offset behind it.
stepi
expect $pc == &near_add
expect $sp == 0x90ffe
expect *(unsigned short *) $sp == (unsigned) &far_call - 0x7c00
stepi 2
expect $pc == &far_call
expect $ax == 1235

# A far call to the same sector as 0780:0400+x, and back.
stepi
expect $cs == 0x780
expect $cs_base == 0x7800
expect $pc == &far_add "another CS, the same linear address"
expect $ip == (unsigned) &far_add - 0x7800
expect *(unsigned short *) $sp == (unsigned) &copy_call - 0x7c00
expect *(unsigned short *) ($sp + 2) == 0x7c0 "the CS to return to"
stepi 2
expect $pc == &copy_call
expect $cs == 0x7c0
expect $ax == 1245

# The copy at 3000:0000, by a breakpoint where no symbol is.
break *0x30000
continue
expect $pc == 0x30000
expect $ip == 0
expect $cs == 0x3000
expect-output "add +\$0xa,%ax" x/i $pc

# far_add by its linear address, reached as 0780:xxxx through a pointer.
break *&far_add
continue
expect $pc == &far_add
expect $cs == 0x780
delete
continue
expect-stop halt
expect-console "\Asegments ok\n\Z"

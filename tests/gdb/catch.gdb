# monitor catch: events that no breakpoint stands for.
# guest: ../../build/guests/ivt.bin
# board: bare
# symbols: ../../build/guests/ivt.elf
# scripts: none

expect-output "nothing is caught" monitor catch
expect-output "^1: int 0x21" monitor catch int 0x21
expect-output "^Caught vector 0x21 \(int 0x21\) at 0000:[0-9a-f]{4} \(catch int 0x21\)" continue
expect $pc == &on_call
expect-output "incw" x/i $pc
monitor uncatch 1

# A divide by 0, and how it came to it: the ip on the stack is the div's.
monitor catch #DE al=1
expect-output "^Caught vector 0x00 \(#DE\)" continue
expect $pc == &on_divide
expect *(unsigned short *) ((int) $esp & 0xffff) == (int) &divide_by_zero
monitor uncatch all

# One character of many.
monitor catch port 0xe9 out value=0x6b
expect-output "^Caught out to port 0xe9, size 1, value 0x6b" continue
expect-console "\Aivt ok\Z"
expect-output "^1: port 0xe9 out value=0x6b" monitor catch

# hlt, with a breakpoint on the way.
monitor catch hlt
break *&halt
continue
expect-stop breakpoint 1
delete 1
expect-output "^Caught hlt" continue
expect $pc == (int) &halt + 1
expect-output "expected a number that monitor catch lists" monitor uncatch 9
expect-output "#GP" monitor catch nonsense
monitor uncatch all
continue
expect-stop halt
expect-console "\Aivt ok\n\Z"

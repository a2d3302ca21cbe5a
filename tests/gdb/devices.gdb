# A PC's devices under the debugger: what they say of themselves, their interrupts' handlers, the same
# by steps as in a run, and back by a snapshot.
# guest: ../../build/guests/devices.bin
# symbols: ../../build/guests/devices.elf
# options: --rtc 2026-11-30T12:34:56

expect-output "^monitor info keyboard " monitor help
expect-output "^date +2026-11-30 12:34:56" monitor info rtc
expect-output "^text +80 columns, 25 rows" monitor info vga
expect-output "^memory +at 0xb8000$" monitor info vga
expect-output "^controller +command byte 0x65" monitor info keyboard
expect-output "^port 0x92 +0x02; A20 is on" monitor info system
expect-output "^printer +none is connected" monitor info parallel
monitor savevm first

# The handlers of IRQ 1 and 8 are places like any other.
break *&on_key
continue
expect $pc == (int) &on_key
expect-output "output buffer 0x1e, not read yet" monitor info keyboard
delete
break *&on_clock
continue
expect $pc == (int) &on_clock
expect-output "C 0xc0|C 0x40" monitor info rtc
continue
expect *(char *) &clocks == 1
delete
break *&done
continue
expect $pc == (int) &done
expect *(char *) &clocks >= 8
expect *(char *) &key == 0x1e
expect-console "\Adevices ok\n\Z"

# Again, by steps. How many interrupts come while the guest waits is the host's business, too.
monitor loadvm first
expect-output "^date +2026-11-30 12:34:56" monitor info rtc
monitor step-interrupts on
delete
monitor catch mode
continue
expect *(char *) &clocks >= 8
expect $bx == 8
expect $pc == (int) &done + 2

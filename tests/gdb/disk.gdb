# A disk under a debugger: what int 13h reads hits breakpoints and is memory as any other; snapshots have
# what the guest has written; a guest that is started again begins with the file.
# guest: ../../build/guests/disk.bin
# symbols: ../../build/guests/disk.elf

# The drive's number: a small file is a floppy disk.
expect $dl == 0
expect-output "^drive 00h, .*disk.bin: a floppy disk of 1.44M, 80/2/18 .*stays in memory" monitor info block
break last
expect-output "^Saved start" stepvm save start
continue
expect-stop breakpoint 1
expect $si == (int)&good
expect *(int *)&again == 0x656e6f
# It has written "one" to its disk, and finds it when it begins anew.
stepvm save written
set $pc = &start
continue
expect-stop breakpoint 1
expect $si == (int)&kept
# The disk is as it was with the rest of the machine.
stepvm load start
continue
expect-stop breakpoint 1
expect $si == (int)&good
stepvm load written
set $pc = &start
continue
expect-stop breakpoint 1
expect $si == (int)&kept
monitor reset
flushregs
expect $pc == (int)&start
continue
expect-stop breakpoint 1
expect $si == (int)&good

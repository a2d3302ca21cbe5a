# A debugger that goes away without detaching leaves the guest stopped, with nothing of its own in
# it; the next one finds it there.
# guest: ../../build/guests/counter.bin
# scripts: none

# Breakpoints that gdb leaves with stepvm when the guest stops, and at the end.
set breakpoint always-inserted on
break *4
ignore 1 99
continue
expect $ax == 99
disconnect
delete
eval "target remote %s", $_stepvm_target
expect $pc == 4
expect $ax == 99
expect-output "out +%ax" x/i 2
stepi
expect $pc == 5
expect $ax == 100

# After detach the guest runs on, and its count may begin anew; who comes then stops it.
detach
expect-console data: 3e8$
eval "target remote %s", $_stepvm_target
expect $pc == 2 || $pc == 4 || $pc == 5
set $before = $ax
stepi 3
expect ($ax & 0xffff) == (($before + 1) & 0xffff)

# A guest that counts ticks in 10 s of its own time counts 182 of them, whatever stops lie between: at
# breakpoints, for watchpoints, by steps, and interrupted. A few are more or fewer where the host is busy: at ten times
# the speed a CPU that is not there for 5 ms is one of them.
# guest: ../../build/guests/ticks.bin
# symbols: ../../build/guests/ticks.elf
# speed: 10

break *&second
continue
expect-stop breakpoint 1
stepi 100
continue
expect-stop breakpoint 1
disable 1
watch *(short *) &own
continue
continue
continue
expect-stop breakpoint 2
delete 2
break *&on_tick
set $n = 0
while $n < 20
  continue
  set $n = $n + 1
end
expect-stop breakpoint 3
stepi 500
delete 3
enable 1
continue
expect *(short *) &seconds < 8
delete
monitor savevm mark
continue
expect-console "^own 18[0-6], BIOS 18[0-6]\nticks ok\n\Z"

# From a snapshot on, again.
monitor loadvm mark
continue
expect-console "^own 18[0-6], BIOS 18[0-6]\nticks ok\n\Z"

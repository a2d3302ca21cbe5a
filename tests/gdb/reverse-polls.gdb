# While it is recorded a guest's clock goes with the host's, also where its steps take longer than they count in a
# recording, as BIOS calls do: a tick of 55 ms comes after some 100,000 of them. And the past is the same again.
# guest: ../../build/guests/polls.bin
# options: --record
# speed: real

watch *(unsigned *) 0x46c
continue
expect-stop breakpoint 1
stepvm mark first
continue
expect-stop breakpoint 1
python
import re
there = int(re.match("position ([0-9]+)", gdb.execute("monitor when", to_string=True)).group(1))
gdb.execute("set $position = %d" % there)
end
# 110 ms at 4 ns a step are 27 million.
expect $position < 10000000
set $tick = *(unsigned *) 0x46c
reverse-continue
reverse-continue
expect-stop breakpoint 1
expect *(unsigned *) 0x46c == $tick - 2
stepvm goto start
continue
expect-stop breakpoint 1
continue
expect-stop breakpoint 1
expect *(unsigned *) 0x46c == $tick
expect-output "^position [0-9]+ of [0-9]+ .the present" monitor when

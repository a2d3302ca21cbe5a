# An interrupt stops a guest that runs, at an instruction, and what it has written is there.
# guest: ../../build/guests/counter.bin
# scripts: none

continue-until-console data: 1f4$
expect-stop signal SIGINT
expect $ax >= 0x1f4
expect $pc == 2 || $pc == 4 || $pc == 5
python
lines = expect_console("lines").count("\n")
ax = int(gdb.parse_and_eval("(unsigned short) $ax"))
pc = int(gdb.parse_and_eval("$pc"))
# At 4, behind out, the line of ax is written; inc is to come.
expect_equal(lines, ax + 1 if pc == 4 else ax, "lines")
end

# It stands still while we look.
set $before = $ax
expect-output "real16" monitor info mode
expect $ax == $before

# And goes on, by steps and freely.
stepi 3
expect-stop step
expect $ax == $before + 1
continue-until-console data: 7d0$
expect-stop signal SIGINT
expect $ax >= 0x7d0

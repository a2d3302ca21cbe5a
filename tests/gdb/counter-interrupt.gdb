# An interrupt stops a guest that runs, at an instruction, and what it has written is there. It runs on until
# the debugger has heard of its output: as far as its count of 16 bits goes, or further.
# guest: ../../build/guests/counter.bin
# scripts: none

continue-until-console data: 1f4$
expect-stop signal SIGINT
expect $pc == 2 || $pc == 4 || $pc == 5
python
lines = expect_console("lines").count("\n")
ax = int(gdb.parse_and_eval("(unsigned short) $ax"))
pc = int(gdb.parse_and_eval("$pc"))
expect_equal(lines >= 0x1f4, True, "500 lines and more")
# At 4, behind out, the line of ax is written; inc is to come.
expect_equal(lines & 0xffff, (ax + 1 if pc == 4 else ax) & 0xffff, "lines")
end

# It stands still while we look.
set $before = $ax
expect-output "real16" monitor info mode
expect $ax == $before

# And goes on, by steps and freely.
stepi 3
expect-stop step
expect ($ax & 0xffff) == (($before + 1) & 0xffff)
continue-until-console data: 7d0$
expect-stop signal SIGINT

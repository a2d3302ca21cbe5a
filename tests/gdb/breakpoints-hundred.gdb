# A breakpoint at every instruction of the sector, many more than there are debug registers, makes
# `continue` go from one to the next: each is reached, and nothing is between.
# guest: ../../build/guests/segments.bin
# board: bare
# symbols: ../../build/guests/segments.elf
# scripts: none

python
def number(expression):
    return int(gdb.parse_and_eval(expression)) & 0xFFFFFFFF

def code():
    return bytes(gdb.selected_inferior().read_memory(0x7C00, 512))

start, end = number("&start"), number("&data")
listing = gdb.selected_frame().architecture().disassemble(start, end - 1)
starts = {instruction["addr"] for instruction in listing}
before = code()
for place in sorted(starts - {start}):
    gdb.execute("break *0x%x" % place, False, True)
seen, outside = {start}, 0
last = number("&halt") + 1  # the jump behind hlt: gdb steps over the hlt's breakpoint
while number("$pc") != last:
    gdb.execute("continue", False, True)
    seen.add(number("$pc"))
    if not ExpectState.last_stop.startswith("breakpoint"):
        expect_failed("`%s` at 0x%x" % (ExpectState.last_stop, number("$pc")))
expect_equal({hex(x) for x in seen - starts}, set(), "stops where no instruction is")
expect_equal({hex(x) for x in starts - seen}, set(), "breakpoints that were passed")
expect_equal(code(), before, "the code")
end
expect-console "\Asegments ok\n\Z"

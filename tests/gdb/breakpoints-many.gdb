# Six breakpoints at once (more than there are debug registers): each stops, before its
# instruction, and a look at the code shows the guest's own bytes.
# guest: ../../build/guests/hello.bin
# options: --hlt stop
# scripts: none

python
def code():
    return bytes(gdb.selected_inferior().read_memory(0, 0x19))

before = code()
places = [0x2, 0x6, 0xA, 0xC, 0x10, 0x14]
for place in places:
    gdb.execute("break *0x%x" % place)
written = ""
for round in range(3):
    for number, place in enumerate(places, 1):
        gdb.execute("continue")
        gdb.execute("expect-stop breakpoint %d" % number)
        gdb.execute("expect $pc == 0x%x" % place)
        expect_equal(expect_console(""), written, "the guest's output")
        expect_equal(code(), before, "the code at breakpoint %d" % number)
        written += "HELLO\n"[number - 1]
    gdb.execute("continue")
    gdb.execute("expect-stop halt")

# Without them it runs through.
gdb.execute("delete")
gdb.execute("continue")
gdb.execute("expect-stop halt")
expect_equal(expect_console(""), 4 * "HELLO\n", "the guest's output")
expect_equal(code(), before, "the code at the end")
end

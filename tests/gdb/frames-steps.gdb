# The frames of 16-bit code at every instruction of a guest, beside a list of the calls under way
# that the test keeps itself.
# guest: ../../build/guests/frames.bin
# board: bare
# symbols: ../../build/guests/frames.elf
# timeout: 60

python
def chain():
    frame, found = gdb.newest_frame().older(), []
    while frame is not None:
        found.append(frame.pc())
        frame = frame.older()
    return found

calls, checked, deepest = [], 0, 0
while True:
    pc = gdb.newest_frame().pc()
    insn = gdb.newest_frame().architecture().disassemble(pc)[0]
    word = insn["asm"].split()[0]
    if word == "hlt":
        break
    if chain() != calls:
        shown = [[hex(at) for at in each] for each in (chain(), calls)]
        expect_equal(shown[0], shown[1], "callers at 0x%x (%s)" % (pc, insn["asm"]))
    checked, deepest = checked + 1, max(deepest, len(calls))
    gdb.execute("stepi", False, True)
    if word in ("call", "lcall", "int"):
        calls.insert(0, pc + insn["length"])
    elif word in ("ret", "lret", "iret") and gdb.newest_frame().pc() == calls[0]:
        calls.pop(0)  # others are jumps
    elif word == "div":
        calls.insert(0, pc)  # it faults: the handler returns to it and moves that over it
    elif calls and word == "addw" and "2(%bp)" in insn["asm"]:
        calls[0] += 2
end
python expect_equal(checked > 100, True, "many instructions were looked at")
python expect_equal(deepest, 6, "calls in calls")

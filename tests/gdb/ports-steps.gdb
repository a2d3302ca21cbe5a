# A thousand steps through port I/O in all its forms: each goes from an instruction to the one that
# the listing, the flags and the stack say.
# guest: ../../build/guests/ports.bin
# board: bare
# symbols: ../../build/guests/ports.elf
# timeout: 60
# scripts: none

python
def number(expression):
    return int(gdb.parse_and_eval(expression)) & 0xFFFFFFFF

# The listing: address -> (length, words), of all code, in 16-bit mode.
code = gdb.selected_frame().architecture().disassemble(number("&start"), number("&rounds") - 1)
listing = {i["addr"]: (i["length"], i["asm"].split()) for i in code}
ZF = 0x40  # SDM vol 1, EFLAGS Register

def successors(pc):
    """Where a step from pc may go."""
    length, words = listing[pc]
    name, behind = words[0], pc + length
    if name == "ret":
        return [number("*(unsigned short *) $sp")]
    if name == "ljmp":
        return [number("&normalized")]
    if name in ("jmp", "call"):
        return [int(words[1], 16)]
    if name in ("jne", "je"):
        is_taken = bool(number("$eflags") & ZF) == (name == "je")
        return [int(words[1], 16) if is_taken else behind]
    if name.startswith("rep"):
        return [pc, behind]  # see check_rep
    return [behind]

def check_rep(pc, now, before):
    """A step of a repeated instruction is one iteration, or finds a count of 0."""
    count, is_scan = number("$cx"), "scas" in " ".join(listing[pc][1])
    has_ended = before == 0 or count == 0 or (is_scan and not number("$eflags") & ZF)
    if count != max(before - 1, 0) or (now != pc and not has_ended) or (now == pc and before == 0):
        expect_failed("`%s` at 0x%x: cx from %d to %d, at 0x%x"
            % (" ".join(listing[pc][1]), pc, before, count, now))

pc, steps, instructions, seen = number("$pc"), 0, 0, set()
while instructions < 1500:
    wanted = successors(pc)
    name = " ".join(listing[pc][1])
    before = number("$cx")
    gdb.execute("stepi", False, True)
    now = number("$pc")
    steps += 1
    if now not in wanted or now not in listing:
        expect_failed("step %d: `%s` at 0x%x led to 0x%x, wanted 0x%x"
            % (steps, name, pc, now, wanted[-1]))
    if name.startswith("rep"):
        check_rep(pc, now, before)
    instructions += now != pc
    seen.add(pc)
    pc = now
print("%d steps, %d instructions, %d of %d places" % (steps, instructions, len(seen), len(listing)))
expect_equal("%s" % ExpectState.last_stop, "step", "the last stop")
# A round has been seen whole: what is left is the end and fail's.
left = {at for at in listing if at not in seen}
is_left_early = [hex(at) for at in left if at < number("&round") or "dec" in listing[at][1][0]]
expect_equal(is_left_early, [], "instructions of the round that no step stood at")
end

# And the guest's own checks agree.
continue
expect-stop halt
expect-console "\Aports ok\n\Z"

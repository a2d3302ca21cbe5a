# monitor log insn: the last instructions, by the engine in free runs and steps, by KVM's steps, and where KVM has run.
# guest: ../../build/guests/counter.bin
# options: --engine interp

expect-output "^no instructions are noted" monitor log insn
expect-output "^The last 4096 instructions are noted from now on" monitor log insn on
expect-output "^nothing since" monitor log insn
tbreak *4
continue
expect-output "\A16-bit 0x0 0000:0000  31 c0\n16-bit 0x2 0000:0002  e7 10( \(by KVM\))?\n\Z" monitor log insn
stepi 3
expect-output "\A16-bit 0x4 0000:0004  40\n16-bit 0x5 0000:0005  eb fb 00 00 \.\.\.\n16-bit 0x2 0000:0002  e7 10( \(by KVM\))?\n\Z" monitor log insn 3
# A ring: more than it holds.
tbreak *4 if $ax == 5000
continue
python
def lines(count):
    return gdb.execute("monitor log insn %d" % count, to_string=True).splitlines()
end
python expect_equal(len(lines(100000)), 4096, "the last of them")
python expect_equal(len(lines(7)), 7, "as many as are wanted")

monitor engine kvm
stepi
expect-output "\A16-bit 0x4 0000:0004  40 \(by KVM\)\n\Z" monitor log insn 1
tbreak *4
continue
expect-output "^KVM has run the guest: what it did is not known\n" monitor log insn
# The guest is another: what it did is gone.
monitor reset
expect-output "^nothing since" monitor log insn
expect-output "expected on, off, or how many" monitor log insn many
expect-output "^No instructions are noted" monitor log insn off
expect-output "^no instructions are noted" monitor log insn

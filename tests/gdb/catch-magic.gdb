# monitor catch magic: xchg %bx, %bx stops the guest, after it, in 64-bit and 16-bit code, by each engine.
# guest: ../../build/guests/kernel64.elf

python
def put(text):
    code = bytes.fromhex(text)
    gdb.selected_inferior().write_memory(int(gdb.parse_and_eval("(long) $pc")), code)
end

# nop; xchg %bx, %bx; xchg %ebx, %ebx; xchg %r11w, %r11w; xchg %bx, %cx; xchg %bx, %bx
python put("90 6687db 87db 664587db 6687d9 6687db 90")
set $begin = (long) $pc
python
def stops_at_each():
    for engine in ("auto", "kvm", "interp"):
        gdb.execute("monitor engine " + engine)
        gdb.execute("set $pc = $begin")
        for place in (4, 16):
            expect_equal("\nCaught xchg %bx, %bx (catch magic).\n" in "\n" + gdb.execute("continue", to_string=True), True, engine)
            expect_equal(int(gdb.parse_and_eval("(long) $pc - $begin")), place, engine + ": after it")
end
expect-output "^1: magic" monitor catch magic
python stops_at_each()
set $pc = $begin + 1
stepi
expect (long) $pc == $begin + 4 "a step does not say it twice"
expect-output "^catch 1  .*magic, stepping" monitor info breakpoints

# Where a line of memory leads.
expect-output "^gpa: 0x100000$" monitor gva2gpa 0xffff8 + 8
expect-output "^Unmapped$" monitor gva2gpa 0x8000000000
expect-output "expected a linear address" monitor gva2gpa
expect-output "^    00000000000000e9-00000000000000e9 \(prio 0, i/o\): text$" monitor info mtree
expect-output "^    0000000000000000-0000000003ffffff \(prio 0, ram\): RAM$" monitor info mtree

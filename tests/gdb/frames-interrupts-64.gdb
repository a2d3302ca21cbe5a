# bt, up and finish through interrupt frames of 64-bit code, and next over the exception of an instruction.
# guest: ../../build/guests/kernel64.elf

break on_page_fault
continue
expect-output "\A#0  on_page_fault \(f=0x[0-9a-f]+ <stack\+16312>, error=0\) .*\n#1  0x[0-9a-f]+ in kernel \(\) .*\n#2  0x[0-9a-f]+ in start \(\)\n" bt
python at = int(gdb.parse_and_eval("(long) f->rsp"))
up
python expect_equal(int(gdb.parse_and_eval("(long) $rsp")), at, "the stack of before")
expect $cs == 8
expect ($eflags & 2) == 2
down
expect f->cs == 8 "its argument is where it was"

# Deeper, where a compiled function was called by the handler; and what it has pushed.
tbreak map_page
continue
expect-output "\n#1  0x[0-9a-f]+ in on_page_fault \(.*\n#2  0x[0-9a-f]+ in kernel \(\) .*\n#3  0x[0-9a-f]+ in start \(\)\n" bt
finish
delete
finish
expect-output "\A#0  0x[0-9a-f]+ in kernel \(\) .*\n#1  0x[0-9a-f]+ in start \(\)\n" bt
next
expect-output "\A#0  kernel \(\) .*\n#1  0x[0-9a-f]+ in start \(\)\n" bt

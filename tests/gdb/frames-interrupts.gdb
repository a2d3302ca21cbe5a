# bt, up, finish and next through interrupt frames of 32-bit code: an exception with an error code in ring 3, right after
# a push (where gdb's own frames look at what was before), int 0x80 by a handler in assembly, a timer in ring 0.
# guest: ../../build/guests/user32.elf
# symbols: ../../build/guests/user32.elf
# options: --engine auto

break on_page_fault
continue
expect-output "\A#0  on_page_fault \(f=0x[0-9a-f]+ <kernel_stack\+4076>, error=4\) at .*\n#1  0x[0-9a-f]+ in count \(there=.*\n#2  0x[0-9a-f]+ in user \(\) at " bt
up
expect ($cs & 3) == 3
expect $ss == 0x23
expect $esp == 0x7ffff8
expect ($eflags & 0x200) != 0
down
# From each instruction on its way in.
stepi 6
expect-output "\n#1  0x[0-9a-f]+ in count \(there=.*\n#2  0x[0-9a-f]+ in user \(\) at " bt
delete
finish
expect ($cs & 3) == 3
expect-output "\A#0  .*count \(there=.*\n#1  0x[0-9a-f]+ in user \(\) at " bt

tbreak on_timer
continue
expect-output "\A#0  on_timer \(.*\n#1  0x[0-9a-f]+ in sleep \(.*\n#2  0x[0-9a-f]+ in answer \(call=CALL_SLEEP, value=3\).*\n#3  0x[0-9a-f]+ in on_call \(\)\n#4  0x[0-9a-f]+ in ask \(.*\n#5  0x[0-9a-f]+ in user \(\) at " bt
frame 3
expect $cs == 8
up
expect ($cs & 3) == 3
expect *(unsigned short *) ($pc - 2) == 0x80cd
down 4
finish
expect-output "\A#0  .*sleep \(.*\n#1  0x[0-9a-f]+ in answer \(" bt
next
expect-output "\A#0  .*sleep \(.*\n#1  0x[0-9a-f]+ in answer \(" bt

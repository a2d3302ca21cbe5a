# Calls of the BIOS that hardly a program makes, stepped, and ones that never come back, watched.
# guest: ../../build/guests/odd.bin
# symbols: ../../build/guests/odd.elf
# scripts: none

tbreak *&wrapped
continue
stepi
expect $pc == &carried "over a call whose frame goes over the stack's end"
expect $esp == 2
expect $eflags & 1
tbreak *&wrapped + 2
set $pc = (unsigned) &wrapped
set $eflags = $eflags & ~1
continue
expect $eflags & 1

# The answer's flags are written to the frame, and a watchpoint there says who did that.
set $pc = (unsigned) &wrapped
set $esp = 0x1000
set $eflags = $eflags & ~1
watch *(unsigned short *) 0x80ffe
continue
expect-output "int 13h AH=01h wrote it: 0x80ffe to 0x80ffe" continue
expect $pc == &carried
expect *(unsigned char *) 0x80ffe & 1
delete
set $esp = 2

# A sector that is read to the ROM is not there, and nobody has written it.
set $pc = (unsigned) &wrapped
set $eax = 0x0201
set $ecx = 1
set $edx = 0x80
set $es = 0xf000
set $ebx = 0x8000
watch *(unsigned *) 0xf8000
tbreak *&carried
continue
expect-stop breakpoint 5
expect *(unsigned *) 0xf8000 == 0
expect ($eax & 0xffff) == 1 "the call succeeds"
delete
set $pc = (unsigned) &called
set $esp = 0x7bfe
set *(unsigned short *) ((unsigned) $ss * 16 + 0x7bfe) = 2

stepi
expect $pc == &other "a far call of the ROM by another segment"
expect $ax >= 512

# A vector that leads into the ROM's own call of itself: the stop comes all the same, in there.
set *(unsigned *) (0x1c * 4) = 0xf0002170
set $eflags = $eflags | 0x200
set $pc = (unsigned) &other
set *(unsigned short *) &other = 0xfeeb
watch *(unsigned *) 0x46c
expect-output "int 08h wrote it: 0x46c to 0x46f" continue
expect-stop breakpoint 6
expect $cs == 0xf000
kill

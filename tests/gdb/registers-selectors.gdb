# In real mode a selector that is set brings its base with it, as it does in the CPU.
# guest: ../../build/guests/segments.bin
# board: bare
# symbols: ../../build/guests/segments.elf
# scripts: none

break *&back
continue
expect-stop breakpoint 1
delete
expect $cs == 0x7c0
expect $cs_base == 0x7c00

# The same instruction by another name: 0700:0c00+x is 07c0:x.
set $here = (unsigned) $pc
set $cs = 0x700
expect $cs_base == 0x7000
expect $pc == $here - 0xc00 "ip is what it was"
set $pc = $here
# gdb has kept the frame of before selected, which is another one's caller now.
frame 0
expect $pc == $here
expect $ip == $here - 0x7000
expect $cs == 0x700
stepi
expect $pc != $here "a step from there"
expect $cs == 0x700

# Data segments and the stack's.
set $ds = 0x1234
expect $ds_base == 0x12340
set $es = 0xffff
expect $es_base == 0xffff0
set $ss = 0x3000
expect $ss_base == 0x30000
expect $sp == 0x31000 "linear"
set $fs = 1
expect $fs_base == 0x10

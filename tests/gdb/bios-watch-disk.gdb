# What the BIOS writes and reads for the guest hits watchpoints: after the call, with old and new value, and
# with the reason.
# guest: ../../build/guests/hooked.bin
# symbols: ../../build/guests/hooked.elf
# scripts: none

tbreak *&read
continue
watch *(unsigned short *) 0x7ffe
expect-output "int 13h AH=02h wrote it: 0x7e00 to 0x7fff" continue
expect-stop breakpoint 2
expect $pc == &read_done "after the call"
delete

# The same when the call is stepped, and with a watchpoint that looks for reads of it by the guest, too.
set $pc = (unsigned) &read
set $eax = 0x0201
set *(unsigned short *) 0x7ffe = 0
awatch *(unsigned short *) 0x7ffe
stepi 2
expect $pc == &chain_disk
expect-output "int 13h AH=02h wrote it" stepi
expect $pc == &read_done
delete

continue
expect-stop exit 1
expect-console "\Ahooked (ok|bad)\n\Z"

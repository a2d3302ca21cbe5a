# Four hardware breakpoints work; a fifth is refused, with a message, and can be taken back.
# guest: ../../build/guests/hello.bin
# scripts: none

hbreak *0x2
hbreak *0x6
hbreak *0xa
hbreak *0x10
continue
expect-stop breakpoint 1
continue
expect-stop breakpoint 2
expect $pc == 6
continue
expect-stop breakpoint 3
continue
expect-stop breakpoint 4
expect $pc == 0x10
stepi
hbreak *0x14
expect-error "too many hardware breakpoints|the CPU has 4 debug registers" continue
expect $pc == 0x12 "the guest has not gone on"
delete 1
continue
expect-stop breakpoint 5
expect $pc == 0x14
expect-console "\AHELLO\Z"

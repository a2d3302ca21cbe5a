# detach takes the breakpoints out and lets the guest go on.
# guest: ../../build/guests/segments.bin
# board: bare
# scripts: none

break *0x7c05
hbreak *0x7c07
continue
expect-stop breakpoint 1
detach
expect-console "\Asegments ok\n\Z"
expect-error "no registers" info registers

# Page faults and ring 3 under PAE paging: breakpoints by linear address, steps into handlers and out of them, and what
# a debugger writes meanwhile. By KVM, or where it has no such paging, by the engine.
# guest: ../../build/guests/demandpae.bin
# options: --engine auto --mode prot --load 0x100000 --memory 4M
# symbols: ../../build/guests/demandpae.elf

break page_fault
break *0x40000000
continue
expect $pc == &page_fault
expect $cr2 == 0x40003000
expect *(int *) $esp == 3
expect ($cr0 >> 31) == 1
continue
expect *(int *) $esp == 0
continue
expect $pc == 0x40000000
expect ($cs & 3) == 3
expect $esp == 0x40002000
set $edx = 0x1234
stepvm save user
expect-error "Cannot access memory" x/x 0x40001ffc
stepi
expect $pc == &page_fault
expect $cr2 == 0x40001ffc
expect *(int *) $esp == 6
tbreak demanded
continue
expect $pc == &demanded
delete
stepi
expect *(int *) 0x40001ffc == 0
while $pc != 0x40000000
    stepi
end
expect $edx == 0x1234
stepvm load user
expect $pc == 0x40000000
expect-error "Cannot access memory" x/x 0x40001ffc
set $ebx = 5
stepi
expect $pc == &page_fault
expect *(int *) $esp == 6
while $pc != 0x40000000
    stepi
end
stepi
expect $pc == 0x40000001
expect $esp == 0x40001ffc
break ended
continue
expect $pc == &ended
expect $cr2 == 0x40000000
expect ($cs & 3) == 0
stepi
continue

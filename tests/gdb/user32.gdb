# A 32-bit kernel with paging: ring 3 and back by int 0x80, a page that is there when it is touched, a timer and a key.
# guest: ../../build/guests/user32.elf
# symbols: ../../build/guests/user32.elf
# options: --engine auto

break user
continue
expect ($cs & 3) == 3
expect $cr0 & 0x80000000
expect-output "^mode +prot32, CPL 3" monitor info mode

# A step into the kernel, on its stack of ring 0, and out of it.
break ask
continue
delete
python
for i in range(20):
    if gdb.execute("x/i $pc", to_string=True).split()[-2:] == ["int", "$0x80"]:
        break
    gdb.execute("stepi", to_string=True)
end
expect-output "int +\$0x80" x/i $pc
set $after = $pc + 2
set $user_stack = $esp
stepi
expect $pc == (unsigned) &on_call
expect $cs == 8
expect *(unsigned *) $esp == $after
expect *(unsigned *) ($esp + 12) == $user_stack
expect $esp == (unsigned) &kernel_stack + 4096 - 20
tbreak *$after
continue
expect ($cs & 3) == 3
expect $esp == $user_stack
expect-console "ring 3: hello\n"

# The page fault: where, and why; then the instruction again.
break count
continue
expect-error "Cannot access memory" x/x 0xc00000
break on_page_fault
continue
expect error == 4
expect $cr2 == 0xc00000
expect ($cs & 3) == 0
expect faults == 0
watch *(unsigned *) 0xc00000 if *(unsigned *) 0xc00000 == 3
continue
expect ($cs & 3) == 3
expect *(unsigned *) 0xc00000 == 3
expect faults == 1
delete

continue-until-console three ticks
type "a"
continue
expect-console "ring 3: 45\nring 3: three ticks\nring 3: an a\nfaults 1\nuser32 ok\n"
expect ticks >= 3

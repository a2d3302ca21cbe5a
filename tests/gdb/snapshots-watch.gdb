# stepvm load: a watchpoint's old value is the one of the machine that was loaded, so that it stops where
# it did before.
# guest: ../../build/guests/kernel64.elf
# symbols: ../../build/guests/kernel64.elf

break on_page_fault
continue
stepvm save a
delete
watch handled
continue
expect-stop breakpoint 2
expect handled == 2
expect-output "^Loaded a" stepvm load a
expect handled == 1
continue
expect-stop breakpoint 2
expect handled == 2

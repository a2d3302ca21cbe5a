# An ELF64 of C in long mode: a page fault, and what is mapped before and after it.
# guest: ../../build/guests/kernel64.elf
# symbols: ../../build/guests/kernel64.elf
# scripts: none

expect $pc == &start
expect-output "^mode +long64" monitor info mode
expect-output "the page tables, 24576 bytes at 0x81000" monitor info memory
expect $rsp == 0x70000
expect $cr3 == 0x81000
break on_page_fault
continue
expect error == 0
expect $cr2 == 0xffff800000001008
expect-error "Cannot access memory" x/gx 0xffff800000001008
break map_page
continue
expect gva == $cr2
expect-output "#0 +map_page (.*\n)+#1 .* on_page_fault" bt
finish
stepi
expect *(long *) 0xffff800000001008 == 0x600df00d
watch page[1]
continue
expect page[1] == 20
delete
continue
expect-console "handled 2, 20! = 2432902008176640000"

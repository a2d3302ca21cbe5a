# From a triple fault back to the store that broke the IDT, in the four commands that README.md and `make demo` show.
# guest: ../../build/guests/stray.elf
# options: --record

expect-output "Triple fault(.|\n)*stepvm last-write 0x[0-9a-f]+ 8 to the last write" continue
expect-console "call 2: b"
expect-output "^[^\n]*atchpoint 1: tables.idt" watch tables.idt[0x30]
reverse-continue
expect-stop breakpoint 1
expect-output "clear \(.*count=(count@entry=)?256\)" frame
expect &words[i] == (unsigned *)&tables.idt[0x30] + 1
expect tables.idt[0x30].type == 0x8e00
up
expect-output "kernel \(\)" frame

# A step back over the store tells of it, as a step forwards does; so do steps back by lines that lead over it.
frame 0
stepi
expect-stop breakpoint 1
expect tables.idt[0x30].type == 0
reverse-stepi
expect-stop breakpoint 1
expect tables.idt[0x30].type == 0x8e00
stepi
next 4
expect-stop step
reverse-next 20
expect-stop breakpoint 1
expect tables.idt[0x30].type == 0x8e00
expect &words[i] == (unsigned *)&tables.idt[0x30] + 1
reverse-step 20
expect-stop breakpoint 1
expect &words[i] == (unsigned *)&tables.idt[0x30]
delete
reverse-stepi
expect-stop step

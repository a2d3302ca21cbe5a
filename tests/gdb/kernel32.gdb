# An ELF32 of C: frames, arguments and locals by name in protected mode, and handlers of exceptions.
# guest: ../../build/guests/kernel32.elf
# symbols: ../../build/guests/kernel32.elf

expect $pc == &start
expect-output "^mode +prot32" monitor info mode
expect-output "the GDT, 256 bytes at 0x80000" monitor info memory
expect $esp == 0x70000
break handle
continue
expect f->vector == 6
expect f->eip == &invalid_opcode
continue
expect f->vector == 0
up
continue
expect f->vector == 13
expect f->error == 0x1f8
expect f->eip == &general_protection
tbreak factorial if n == 7
continue
expect-output "#0 +factorial \(n=(n@entry=)?7\)(.*\n)+#1 .*factorial \(n=(n@entry=)?8\)(.*\n)+#4 .*kernel \(\)" bt
continue
expect-console "handled 3, 10! = 3628800"

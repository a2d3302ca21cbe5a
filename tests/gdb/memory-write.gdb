# What the debugger writes into memory is what the guest runs.
# guest: ../../build/guests/hello.bin
# scripts: none

# 'H' becomes 'J', by one byte; what it was can be put back.
expect *(unsigned char *) 1 == 'H'
set *(char *) 1 = 'J'
continue
expect-console "\AJELLO\n\Z"
set *(char *) 1 = 'H'

# New code at 0x500: mov $3, %al; out %al, $0xf4 (the exit port: status 2 * 3 + 1).
set *(unsigned *) 0x500 = 0xf4e603b0
expect-output "mov +\$0x3,%al\n.*out +%al,\$0xf4" x/2i 0x500
set $pc = 0x500
continue
expect-stop exit 7

# The boot sector prints its text, and its stack is where it has put it.
# guest: ../boot.bin
# symbols: ../boot.elf
# timeout: 20
expect $pc == 0x7c00 "the first instruction"
break put
continue
expect $al == 'H' "the first character"
expect $esp == 0x7c00 - 2 "a return address on the stack"
delete
break done
continue
expect-screen "Hello from the boot sector"

# With --hlt stop a hlt is a place to stop at, and `continue` goes on after it.
# guest: ../../build/guests/hello.bin
# options: --hlt stop

expect-output "halt.*0000:0017" continue
expect-stop halt
expect $pc == 0x17
expect-console "\AHELLO\n\Z"
continue
expect-stop halt
expect $pc == 0x17
expect-console "\AHELLO\nHELLO\n\Z"

# At a breakpoint gdb goes on by a step, which goes over the hlt, and continues from there.
break *0x16
continue
expect-stop breakpoint 1
expect $pc == 0x16
expect-output "halt.*0000:0017" continue
expect-stop breakpoint 1
expect $pc == 0x16
expect-console "\A(HELLO\n){4}\Z"

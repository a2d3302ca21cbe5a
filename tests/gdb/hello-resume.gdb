# --hlt resume goes on after the hlt by itself; an interrupt stops it in between as well.
# guest: ../../build/guests/hello.bin
# options: --hlt resume:1

continue-until-console "HELLO\nHELLO\nHELLO\n"
expect-stop signal SIGINT
break *4
continue
expect-stop breakpoint 1
expect $pc == 4
expect $al == 'H'

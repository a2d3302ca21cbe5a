# As in reverse-resume, on a PC whose timer's interrupts come all the while: they wake nobody who has them disabled, and
# do not keep the CPU from the time at which --hlt resume gets it on.
# guest: ../../build/guests/hello.bin
# options: --record --hlt resume:100 --board pc --load 0x7c00

set $eflags = $eflags & ~0x200
continue-until-console "HELLO\nHELLO\nHELLO\n"
expect-stop signal SIGINT
break *0x7c04
continue
expect-stop breakpoint 1
expect $al == 'H'
reverse-continue
expect-stop breakpoint 1

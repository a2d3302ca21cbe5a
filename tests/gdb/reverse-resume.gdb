# --hlt resume gets a recorded guest on after a hlt that nothing ends, as it does any other; and the past is the same again.
# guest: ../../build/guests/hello.bin
# options: --record --hlt resume:1

continue-until-console "HELLO\nHELLO\nHELLO\n"
expect-stop signal SIGINT
break *4
continue
expect-stop breakpoint 1
stepvm mark here
expect $al == 'H'
reverse-continue
expect-stop breakpoint 1
reverse-continue
expect-stop breakpoint 1
continue
continue
expect-stop breakpoint 1
expect-output "^here +([0-9]+)" monitor mark
expect-output "the present" monitor when

# --hlt exit: the guest's end reaches gdb as an exit.
# guest: ../../build/guests/hello.bin
# options: --hlt exit

continue
expect-stop exit 0
expect $_exitcode == 0
expect-console "\AHELLO\n\Z"
expect-output "not being run" info program

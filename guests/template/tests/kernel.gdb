# The kernel adds by a function in C, says hello and ends the run with its status.
# guest: ../kernel.elf
# timeout: 20
break add
continue
expect a == 1 "add's arguments"
expect b == 2
finish
expect $ == 3 "what it returns"
continue
expect-console "Hello from the kernel"
expect $_exitcode == 7

# stepvm.gdb beside a test's script: its display stays off until somebody asks for it.
# guest: ../../build/guests/segments.bin
# board: bare

stepi
expect $stepvm_context == 0
expect-output "CS:IP 07c0:0005" stepvm context

# A word that is no command names the nearest.
expect-error "^stepvm lni: there is no such command; did you mean stepvm lin\\?" stepvm lni 7c0:0
expect-error "^stepvm nonsense: there is no such command; `help stepvm` lists them" stepvm nonsense
expect-output "^stepvm lin -- " stepvm

# stepvm.gdb beside a test's script: its display stays off until somebody asks for it.
# guest: ../../build/guests/segments.bin
# board: bare

stepi
expect $stepvm_context == 0
expect-output "CS:IP 07c0:0005" stepvm context

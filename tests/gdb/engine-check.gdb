# --check-engine under a debugger: steps and runs are compared with KVM, and the guest prints each character once.
# guest: ../../build/guests/hello.bin
# options: --engine interp --check-engine

stepi 3
expect-output "[23] compared, 0 handed over, 0 differ" monitor info engine
break *0x16
continue
expect $pc == 0x16
python expect_equal(expect_console(""), "HELLO\n", "the run")
expect-output "[0-9]+ compared, 0 handed over, 0 differ; 0 known faults" monitor info engine
expect-output "halt.*0000:0017" stepi
expect-output "compared, 1 handed over .by opcode: f4 1., 0 differ" monitor info engine

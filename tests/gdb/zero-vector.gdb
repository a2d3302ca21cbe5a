# A step through a vector that is 0 stops where it has led to, and the stop says what it was. What a run says is in
# tests/cli/zero-vector.sh: not every KVM has a debug register to spare for it.
# guest: ../../build/guests/zero.bin
# symbols: ../../build/guests/zero.elf

tbreak *&call
continue
expect $pc == &call
expect-output "int 0x21 at 0000:7c2.: its vector is 0" stepi
expect $pc == 0

# Going on is the guest's own way from there: to its end.
continue
expect-stop exit 7

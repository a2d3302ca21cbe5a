# Steps over `out` write one character each; a step over `hlt` leaves the CPU halted and says so.
# guest: ../../build/guests/hello.bin

stepi
expect $al == 'H'
python expect_equal(expect_console(""), "", "before the first out")
stepi
python expect_equal(expect_console(""), "H", "after the first out")
stepi 2
python expect_equal(expect_console(""), "HE", "after the second")
stepi 3
python expect_equal(expect_console(""), "HELL", "two outs in a row")
stepi 4
python expect_equal(expect_console(""), "HELLO\n", "the line")
expect $pc == 0x16 "before hlt"
expect-output "halt.*0000:0017" stepi
expect $pc == 0x17 "after hlt"
expect $ip == 0x17

# What follows is one instruction a step again.
stepi
expect $pc == 0 "the jump after hlt"
stepi
expect $pc == 2
python expect_equal(expect_console(""), "HELLO\n", "nothing more")

# A step is one instruction: each `out` prints one line, and ax, ip and the lines agree.
# guest: ../../build/guests/counter.bin
# scripts: none

expect $pc == 0
expect-output "xor +%ax,%ax" x/i $pc
stepi
expect-stop step
expect $pc == 2 "behind xor"
set $round = 0
while $round < 20
  expect $ax == $round
  stepi
  expect $pc == 4 "behind out"
  eval "expect-console \"data: %x\\n\\Z\"", $round
  stepi
  expect $pc == 5 "behind inc"
  expect $ax == $round + 1
  stepi
  expect $pc == 2 "behind jmp"
  set $round = $round + 1
end
python expect_equal(expect_console("lines").count("\n"), 20, "lines after 20 rounds")

# stepi N is N steps.
stepi 3000
expect $pc == 2
expect $ax == 1020
python expect_equal(expect_console("lines").count("\n"), 1020, "lines after 1020 rounds")

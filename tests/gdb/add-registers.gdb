# --reg and --load: first registers, a place, and the guest's sum.
# guest: ../../build/guests/add.bin
# options: --load 0x1000 --reg ax=2 --reg bx=3

expect $pc == 0x1000
expect $ax == 2
expect $bx == 3
expect $cx == 0
stepi
expect $dx == 0x3f8
continue
expect-stop halt
expect-console "\A5\n\Z"

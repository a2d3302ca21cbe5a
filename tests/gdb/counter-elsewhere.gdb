# A flat image anywhere: --load and --entry with a segment.
# guest: ../../build/guests/counter.bin
# options: --load 0x10000 --entry 1000:0

expect $pc == 0x10000
expect $cs == 0x1000
expect $cs_base == 0x10000
expect $ip == 0
expect-output "0x10002:.out +%ax,\$0x10" x/2i $pc
break *0x10004
continue
expect-stop breakpoint 1
expect $ip == 4
continue
expect $ax == 1
expect-console "data: 0\n.*data: 1\n\Z"

# Keys that were typed and the guest has not read are part of a snapshot.
# guest: ../../build/guests/typed.bin
# symbols: ../../build/guests/typed.elf

monitor type "xy\e"
monitor savevm typed
break *&quit
continue
expect $ax == 0x011b "Esc has come"
expect-console "^xy$"
monitor loadvm typed
continue
expect $ax == 0x011b "and again"
expect-console "^xyxy$"

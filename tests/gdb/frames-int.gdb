# nexti over a software interrupt in 16-bit code; the frames of a fault's handler; frames without
# symbols.
# guest: ../../build/guests/ivt.bin
# board: bare

python
while int(gdb.parse_and_eval("*(unsigned short *) $pc")) != 0x21CD:
    gdb.execute("stepi", False, True)
end
set $int = (unsigned) $pc
nexti
expect $pc == $int + 2
expect $sp == 0x7c00
stepi
expect-output "\A#0  0x[0-9a-f]+ in 0000:7c[0-9a-f]+ \(\)\n#1  0x[0-9a-f]+ in 0000:7c[0-9a-f]+ \(\)\n\Z" bt
finish
expect $pc == $int + 4
nexti
expect $pc == $int + 6

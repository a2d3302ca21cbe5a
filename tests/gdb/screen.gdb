# What the BIOS writes on the screen is in the guest's memory: characters and attributes at b8000,
# the cursor in the BIOS's data, pixels at a0000. (guests/screen.S)
# guest: ../../build/guests/screen.bin
# symbols: ../../build/guests/screen.elf
# scripts: none

# The cell at a row and a column of page 0, 80 columns.
define cell
  printf "%04x", *(unsigned short *) (0xb8000 + ($arg0 * 80 + $arg1) * 2)
end

expect *(unsigned char *) 0x449 == 3 "the mode at power-on"
expect *(unsigned short *) 0xb8000 == 0x0720 "an empty screen"
tbreak *&normalized
continue
# A watchpoint on a cell stops after the call that has changed it.
watch *(unsigned short *) 0xb8000
expect-output "int 10h AH=0eh wrote it: 0xb8000 to 0xb8000" continue
expect *(unsigned short *) 0xb8000 == 0x076f "an o"
delete
break *&teletype_done
break *&attributes_done
break *&scroll_done
break *&page_done
break *&graphics_done
break *&rows_done

continue
expect $pc == &teletype_done
expect-output "\A076f\Z" cell 0 0
expect-output "\A0774\Z" cell 1 0
expect-output "\A076f\Z" cell 1 2
expect *(unsigned short *) 0x450 == 0x0200 "the cursor"

watch *(unsigned short *) 0xb8000
expect-output "int 10h AH=06h wrote it: 0xb8000 to 0xb8013" continue
delete $bpnum
continue
expect $pc == &attributes_done
expect-output "\A0101\Z" cell 3 1
expect-output "\A0f01\Z" cell 3 15
expect-output "\A4f72\Z" cell 4 0
expect-output "\A0465\Z" cell 4 1
expect-output "\A0c64\Z" cell 4 2
expect-output "\A1e20\Z" cell 1 0
expect-output "\A1e20\Z" cell 2 9
expect-output "\A0720\Z" cell 2 10
expect *(unsigned short *) 0x450 == 0x0403 "the cursor has gone along with the string"
expect *(unsigned short *) 0x460 == 0x0007 "its shape"

continue
expect $pc == &scroll_done
expect-output "\A0721\Z" cell 23 79
expect-output "\A0765\Z" cell 24 0
expect-output "\A0f01\Z" cell 2 15
expect *(unsigned short *) 0x450 == 0x1803 "the cursor"

continue
expect $pc == &page_done
expect *(unsigned char *) 0x462 == 1 "the page"
expect *(unsigned int *) 0xb9000 == 0x07610770 "pa"
expect *(unsigned short *) 0x452 == 4 "its cursor"
expect *(unsigned short *) 0x44e == 0x1000 "where it starts"

continue
expect $pc == &graphics_done
expect *(unsigned char *) 0x449 == 0x13
expect *(unsigned char *) (0xa0000 + 100 * 320 + 200) == 200 "a pixel"
expect *(unsigned char *) (0xa0000 + 100 * 320 + 256) == 0 "none beside them"
expect *(unsigned short *) 0x450 == 1 "the cursor after a character"
python
font = gdb.parse_and_eval("*(unsigned int *) 0x10c")
glyph = (int(font) >> 16) * 16 + (int(font) & 0xffff) + 8 * ord("A")
lines = bytes(gdb.selected_inferior().read_memory(glyph, 8))
for y, line in enumerate(lines):
    pixels = bytes(gdb.selected_inferior().read_memory(0xA0000 + 320 * y, 8))
    wanted = bytes(0x28 if line & 0x80 >> x else 0 for x in range(8))
    expect_equal(pixels, wanted, "line %d of the A is the ROM's" % y)
end
expect *(unsigned char *) &pixel == 77 "and read back"

continue
expect $pc == &rows_done
expect *(unsigned char *) 0x484 == 49 "50 rows"
expect *(unsigned short *) 0x485 == 8
expect-output "\A0770\Z" cell 49 0

delete
continue
expect-console "screen ok\n\Z"

# find and compare-sections, which stepvm does by itself: by linear address, as the page tables say.
# guest: ../../build/guests/kernel64.elf
# symbols: ../../build/guests/kernel64.elf
# scripts: none

# Each section of the file is in memory as it is there, until somebody changes it.
expect-output "\ASection \.text, range 0x[0-9a-f]+ -- 0x[0-9a-f]+: matched\.\n\Z" compare-sections
set $was = *(unsigned char *) map_page
set *(unsigned char *) map_page = $was ^ 1
expect-output "MIS-MATCHED" compare-sections .text
set *(unsigned char *) map_page = $was
expect-output ": matched" compare-sections .text

# All of them, one after the other, and over a page's border.
set *(long *) 0x300ffd = 0x656c6465656e
set *(long *) 0x3ffff0 = 0x656c6465656e
expect-output "\A0x300ffd\n0x3ffff0\n2 patterns found\.\n\Z" find /b 0x300000, 0x3fffff, 'n', 'e', 'e', 'd', 'l', 'e'
expect-output "\A0x300ffd\n1 pattern found\.\n\Z" find /b1 0x300000, +0x200000, 'n', 'e', 'e', 'd', 'l', 'e'
expect-output "\APattern not found" find /b 0x300ffe, 0x3ffff4, 'n', 'e', 'e', 'd', 'l', 'e'
expect-output "\A0x3ffff0\n1 pattern found" find 0x300ffe, 0x3fffff, 0x656c6465656e
# What is not there ends the search: here RAM, of which there is 64 MiB.
expect-output "\A0x3ffff0\n1 pattern found" find 0x300ffe, 0xffffffff, 0x656c6465656e
expect-output "\APattern not found" find 0x400000, 0xffffffff, 0x656c6465656e

# A page that the guest has mapped high.
break map_page
continue
finish
stepi
expect-output "\A0xffff800000001008\n1 pattern found" find /g1 0xffff800000001000, 0xffff800000001fff, 0x600df00d

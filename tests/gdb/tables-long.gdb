# stepvm pt, map, idt, gdt, ldt, tss, seg, context in long mode: what the guest has built.
# guest: ../../build/guests/pages.bin
# symbols: ../../build/guests/pages.elf
# options: --load 0x7c00

tbreak *&mapped
continue
expect-output "^long64  rip 0x[0-9a-f]+  CS 0008  SS 0010  <mapped>\n rax 0000000000000028   rbx " stepvm context

# Pages of 4K: rights; what is not there.
expect-output "\A0x200123: 4-level paging, cr3 0x10000\nPML4\[  0\] at 0x10000 +0{11}110[024]3  P W.*\nPDPT\[  0\] at 0x11000 .*P W U.*\nPD  \[  1\] at 0x13008 .*\nPT  \[  0\] at 0x14000 +0{12}0003  P W\nphysical 0x123, 4K page at 0x0, rw kern x\n\Z" stepvm pt 0x200123
expect-output "physical 0x1fff, 4K page at 0x1000, r- kern x\n\Z" stepvm pt 0x201fff
expect-output "PT  \[  2\] .* P W U\nphysical 0x2000, 4K page at 0x2000, rw kern x" stepvm pt 0x202000
expect-output "P W NX\nphysical 0x3000, 4K page at 0x3000, rw kern -" stepvm pt 0x203000
expect-output "\nPT  \[  4\] at 0x14020 +0+  -\nnot mapped: no PT entry is present" stepvm pt 0x204000
expect-output "\nPD  \[  2\] at 0x13010 +0+  -\nnot mapped: no PD entry is present" stepvm pt 0x400000
# 1G and 2M; the upper half.
expect-output "\nPDPT\[  1\] at 0x11008 +0+83  P W PS\nphysical 0x5100, 1G page at 0x0, rw kern x\n\Z" stepvm pt 0x40005100
expect-output "\nPML4\[256\] at 0x10800 .*\nPDPT\[  0\] at 0x12000 .*\nPD  \[  0\] at 0x13000 .* PS G\nphysical 0x5100, 2M page at 0x0, rw kern x\n\Z" stepvm pt 0xffff800000005100
expect-output "not canonical" stepvm pt 0x800000000000
expect-output "physical 0x7[0-9a-f]+, 2M page" stepvm pt $pc
expect-output "physical 0x7[0-9a-f]+, 2M page" stepvm pt mapped

expect-output "\A4-level paging, cr3 0x10000\n0000000000000000-00000000001fffff -> 0 +rw kern x  2M\n0000000000200000-0000000000200fff -> 0 +rw kern x  4K\n0000000000201000-0000000000201fff -> 1000 +r- kern x  4K\n0000000000202000-0000000000202fff -> 2000 +rw kern x  4K\n0000000000203000-0000000000203fff -> 3000 +rw kern -  4K\n0000000000205000-0000000000205fff -> 5000 +rw kern x  4K\n0000000040000000-000000007fffffff -> 0 +rw kern x  1G\nffff800000000000-ffff8000001fffff -> 0 +rw kern x  2M\n" stepvm map

# Descriptors.
expect-output "^0e     interrupt gate 64-bit to 0008:0000000000007[0-9a-f]{3} <on_page_fault> DPL 0  #PF\n10-11  trap gate 64-bit .*DPL 3\n253 others" stepvm idt
expect-output "\Aint 0xe \(#PF\) -> interrupt gate .*<on_page_fault>" stepvm int 14
expect-error "no int among the next 32" stepvm int
expect-error "no vectors of four bytes in long64 mode" stepvm ivt
expect-output "^0008   base 00000000 limit ffffffff code 64-bit r-x accessed DPL 0  <- cs\n0010 .*data rw- .*<- ss ds es\n0018   base 0{12}[0-9a-f]{4} limit 00000067 TSS 64-bit busy DPL 0  <- tr\n0028 .*LDT DPL 0  <- ldtr\n0038 .*data rw- big accessed DPL 3\n1 empty" stepvm gdt
expect-output "^0000   base 00000000 limit ffffffff data rw- .*DPL 3" stepvm ldt
expect-output "^rsp0      0000000000007000 .*\n.*ist1      0000000000006000\n(.*\n)*I/O map   0068" stepvm tss
expect-error "0010 is no task state segment: base" stepvm tss 0x10
expect-output "^cs   0008  base 0{16}  limit ffffffff  code 64-bit r-x" stepvm seg
expect-output "\A0008:7c00 = 0x7c00 <start>\nphysical 0x7c00\n\Z" stepvm lin 8:7c00
expect-output "\A0x8000000000\nnot mapped\n\Z" stepvm lin 0x8000000000
expect-error "0050 selects no segment" stepvm lin 50:0

# By physical address, and by linear address again behind it.
expect-output "\A0x00010000: [024]3 10 01 00" stepvm xp $cr3 16
expect-output "0x200000.*:\t0x" x/1xb 0x200000
expect-error "Cannot access memory" x/1xb 0x400000
delete
continue
expect-console "\Apages ok\n\Z"

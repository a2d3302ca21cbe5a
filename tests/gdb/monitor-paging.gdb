# monitor info mem, info tlb and info registers in long mode: what QEMU 7.2 printed for the same guest.
# guest: ../../build/guests/pages.bin
# symbols: ../../build/guests/pages.elf
# options: --load 0x7c00

hbreak *&mapped
continue
expect-output "\nRIP=0000000000007d06 RFL=00000086 \[--S--P-\] CPL=0 II=0 A20=1 SMM=0 HLT=0\nES =0010 0000000000000000 ffffffff 00cf9300 DPL=0 DS   \[-WA\]\nCS =0008 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 \[-RA\]\n" monitor info registers
expect-output "\nLDT=0028 0000000000007db0 00000007 00008200 DPL=0 LDT\nTR =0018 0000000000007dc0 00000067 00008b00 DPL=0 TSS64-busy\nGDT=     0000000000007d78 0000003f\nIDT=     0000000000007e28 0000011f\nCR0=[0-9a-f]{6}11 CR2=0000000000000000 CR3=0000000000010000 CR4=00000020\n" monitor info registers
expect-output "\nEFER=0000000000000d00\n(.*\n)*XMM14=0{16} 0{16} XMM15=0{16} 0{16}\n\Z" monitor info registers
expect-output "\A0000000000000000-0000000000201000 0000000000201000 -rw\n0000000000201000-0000000000202000 0000000000001000 -r-\n0000000000202000-0000000000204000 0000000000002000 -rw\n0000000000205000-0000000000206000 0000000000001000 -rw\n0000000040000000-0000000080000000 0000000040000000 -rw\nffff800000000000-ffff800000201000 0000000000201000 -rw\nffff800000201000-ffff800000202000 0000000000001000 -r-\nffff800000202000-ffff800000204000 0000000000002000 -rw\nffff800000205000-ffff800000206000 0000000000001000 -rw\n\Z" monitor info mem
expect-output "\A0000000000000000: 0000000000000000 -GP.A---W\n0000000000200000: 0000000000000000 --------W\n0000000000201000: 0000000000001000 ---------\n0000000000202000: 0000000000002000 -------UW\n0000000000203000: 0000000000003000 X-------W\n0000000000205000: 0000000000005000 --------W\n0000000040000000: 0000000000000000 --P-----W\nffff800000000000: 0000000000000000 -GP" monitor info tlb
# From an address on.
expect-output "\Affff800000202000: .*\nffff800000203000: .*\nffff800000205000: .*\n\Z" monitor info tlb 0xffff800000202000
expect-output "\Affff800000205000-ffff800000206000 0000000000001000 -rw\n\Z" monitor info mem 0xffff800000204000
expect-output "the linear address to begin at" monitor info mem x

# A table that holds itself maps all there is: it is cut, and says where.
python gdb.selected_inferior().write_memory(0x10000, (0x10007).to_bytes(8, "little") * 512)
expect-output "\A0000000000000000: 0000000000010000 -------UW\n(.*\n){4095}cut here; monitor info tlb 0x1000000 shows the rest\n\Z" monitor info tlb
expect-output "\A0000000001000000: (.*\n){4096}cut here; monitor info tlb 0x2000000 shows the rest\n\Z" monitor info tlb 0x1000000
expect-output "\A0000000000000000-[0-9a-f]{16} [0-9a-f]{16} urw\ncut here; monitor info mem 0x[0-9a-f]+ shows the rest\n\Z" monitor info mem
expect-output "\Afffffffffffff000-0001000000000000 0000000000001000 urw\n\Z" monitor info mem 0xfffffffffffff000

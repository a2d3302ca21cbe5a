# Large pieces of memory, written and read back, and found.
# guest: ../../build/guests/hello.bin
# scripts: none

python
memory = gdb.selected_inferior()
wanted = bytes((i * 7 ^ i >> 8) & 0xFF for i in range(300000))
memory.write_memory(0x100001, wanted)
expect_equal(bytes(memory.read_memory(0x100001, len(wanted))) == wanted, True, "300,000 bytes")
memory.write_memory(0x200000, b"a needle}#$*\x7d")
end
expect-output "0x200002" find /b 0x1f0000, +0x20000, 'n', 'e', 'e', 'd'
expect (char) *0x20000c == 0x7d
expect-error "Cannot access memory" x/b 0x4000000

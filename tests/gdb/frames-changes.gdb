# What a handler has changed on its way to its iret is not shown as the interrupted code's: instruction by instruction,
# as gdb disassembles them, the registers that each writes, by name or without naming them.
# guest: ../../build/guests/kernel32.elf

python
import stepvm_interrupts as interrupts

CODE, STACK = 0x200000, 0x300000
gdb.execute("set $held = 0")


def lost(code):
    """The registers that are lost at the iret after this code, which may be there by two ways."""
    code = bytes.fromhex(code) + b"\xcf"
    gdb.selected_inferior().write_memory(CODE, code)
    interrupts.machine.forget_memory()
    state = interrupts.State(CODE, STACK, STACK)
    ends = interrupts.Path(gdb.selected_frame().architecture(), 4, state).ends()
    return set.union(*(at.lost for at in ends[0]))


ALL = "eax ebx ecx edx"
for code, wanted in (
    ("b001", "eax"),  # mov $1, %al
    ("43", "ebx"),  # inc %ebx
    ("0fcb", "ebx"),  # bswap %ebx
    ("0f94c1", "ecx"),  # sete %cl
    ("8d7e04", "edi"),  # lea 4(%esi), %edi
    ("8b4500", "eax"),  # mov (%ebp), %eax
    ("894500", ""),  # mov %eax, (%ebp)
    ("39d8", ""),  # cmp %ebx, %eax
    ("85c0", ""),  # test %eax, %eax
    ("90", ""),  # nop
    ("e680", ""),  # out %al, $0x80
    ("ec", "eax"),  # in (%dx), %al
    ("93", "eax ebx"),  # xchg %eax, %ebx
    ("0fc1d8", "eax ebx"),  # xadd %ebx, %eax
    ("f7e1", ALL),  # mul %ecx
    ("0fafd9", ALL),  # imul %ecx, %ebx
    ("f7f1", ALL),  # div %ecx
    ("99", ALL),  # cltd
    ("0fa2", ALL),  # cpuid
    ("0f31", ALL),  # rdtsc
    ("9f", ALL),  # lahf
    ("d7", ALL),  # xlat
    ("0fb1cb", ALL),  # cmpxchg %ecx, %ebx
    ("a4", "ecx esi edi"),  # movsb
    ("f3a5", "ecx esi edi"),  # rep movsl
    ("ac", "eax ecx esi edi"),  # lodsb
    ("aa", "ecx esi edi"),  # stosb
    ("a6", "ecx esi edi"),  # cmpsb
    ("e2fe", "ecx"),  # loop
    ("e800000000", "eax ecx edx"),  # call
    ("53435b", ""),  # push %ebx, inc %ebx, pop %ebx: it is as it was
    ("60430fa261", ""),  # pusha, inc %ebx, cpuid, popa
):
    was = lost(code)
    print(code, "loses", " ".join(sorted(was)))
    if was != set(wanted.split()):
        gdb.execute('echo %s: expected %s\\n' % (code, wanted or "nothing"))
        gdb.execute("set $held = -1000")
    gdb.execute("set $held = $held + 1")
end
expect $held == 32

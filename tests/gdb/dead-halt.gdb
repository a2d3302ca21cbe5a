# A hlt that nothing can wake is the end: `continue` says so again and stays, in plain gdb. A step, a
# jump and a written pc go past it.
# guest: ../../build/guests/dead.bin
# scripts: none
# symbols: ../../build/guests/dead.elf
# options: --load 0x7c00

python
def stays(output):
    for i in range(3):
        gdb.execute("expect-output \"^hlt: the CPU is halted, and nothing can wake it .IF=0.\" continue")
        gdb.execute("expect-stop halt")
        gdb.execute("expect $pc == &after")
        gdb.execute("expect-console \"\\A%s\\Z\"" % output)
end

python stays("A")
monitor savevm halted
disconnect
eval "target remote %s", $_stepvm_target
python stays("A")

stepi
expect $pc == &after + 2
continue
expect-stop halt
expect $pc == &again + 1
expect-console "\AAB\Z"

monitor loadvm halted
maintenance flush register-cache
python stays("AB")
# To the out, with the A that al has here.
jump *&after + 2
expect-stop halt
expect $pc == &again + 1
set $pc = &after + 2
continue
expect-stop halt
expect $pc == &again + 1

# gdb goes on from a breakpoint by a step, which does the hlt, and then continues: it stays there.
monitor reset
maintenance flush register-cache
break *&halt
continue
expect-stop breakpoint 1
python stays("ABAAA")

# From a breakpoint right after the hlt as well, though it is by a step that gdb continues there.
delete
monitor reset
maintenance flush register-cache
break *&after
python stays("ABAAAA")
expect-output "^gdb steps off a breakpoint at this address" stepi
expect-stop halt
expect $pc == &after
delete
stepi
expect $pc == &after + 2

# Without gdb it is the end.
detach
python
import select
try:
    end = os.pidfd_open(int(ExpectState.vm))
    select.select([end], [], [])
except ProcessLookupError:
    pass
end
expect-console "\AABAAAAB\Z"

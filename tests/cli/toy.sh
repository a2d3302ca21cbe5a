#!/bin/bash
# needs: nothing
# src/gdbstub as a library: a toy machine that is linked with it alone, and a gdb that drives it. TAP.
#
#	STEPVM=build/stepvm tests/cli/toy.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM
TOY=$(dirname "$STEPVM")/tests/unit/toy
command -v gdb >/dev/null || { echo "1..0 # skip gdb is not installed"; exit 0; }
export LC_ALL=C.UTF-8 LANGUAGE=

out=$(timeout 60 gdb -nx -batch -iex 'set confirm off' -ex "target remote | $TOY - 2>/dev/null" \
	-ex 'x/3i $pc' -ex 'stepi' -ex 'print $eax' -ex 'break *0x102 if $eax == 7' -ex continue \
	-ex 'print $eax' -ex 'delete' -ex 'set var $eax = 40' -ex 'print $ecx' -ex 'info registers st0' \
	-ex 'set dprintf-style agent' -ex 'dprintf *0x101,"eax is %d\n", $eax' -ex 'tbreak *0x102' -ex continue \
	-ex 'print $eax' -ex 'watch *(int *) 0x200' -ex continue -ex 'monitor help' -ex 'info threads' \
	-ex 'delete' -ex 'set {char} 0x102 = 0xf4' -ex 'continue' -ex 'print $_exitcode' 2>&1)

has() { # PATTERN NAME
	[[ $out =~ $1 ]]
	ok $? "$2" "$out"
}
has '0x0*100 in \?\? \(\)' "it connects"
has '=> 0x100:.inc +%eax' "memory, and what the CPU decodes"
has '0x0*101 in \?\? \(\).*\$1 = 1' "a step"
has 'Breakpoint 1, 0x0*102.*\$2 = 7' "a breakpoint's condition, evaluated by the stub"
has '\$3 = <unavailable>' "a register that the machine does not have"
has 'eax is 42' "a dprintf"
has 'Temporary breakpoint 3, 0x0*102.*\$4 = 42' "a written register; a temporary breakpoint"
has 'Could not insert hardware watchpoint' "no watchpoints, and said so"
has 'Target does not support this command' "no monitor, and said so"
has '\* 1 +Thread 1.1' "one thread"
has 'exited with code 052.*\$5 = 42' "written memory; the machine's end"

coproc { timeout 60 "$TOY" :0 2>&1; }
read -r -u "${COPROC[0]}" line
out=$(timeout 30 gdb -nx -batch -ex "${line}" -ex 'stepi 3' -ex 'print $pc' -ex kill 2>&1)
has '= \(void \(\*\)\(\)\) 0x103' "by TCP"
wait

echo "1..$count"
exit $((bad > 0))

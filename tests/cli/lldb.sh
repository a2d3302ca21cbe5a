#!/bin/bash
# needs: kvm
# lldb with stepvm, in each mode that it is connected in: registers, right disassembly, steps,
# breakpoints, memory. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/lldb.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
if [ -z "${LLDB-}" ]; then
	LLDB=$(command -v lldb || command -v lldb-14) || LLDB=
fi
if [ -z "$LLDB" ]; then
	echo "1..0 # SKIP lldb is not installed"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-cli.XXXXXX") || exit 2
vm=
trap '[ -z "$vm" ] || kill "$vm" 2>/dev/null; rm -rf "$work"' EXIT

# start GUEST OPTIONS...: at a port of its own, $port.
start() {
	local guest=$1 line
	shift
	coproc VM { exec "$STEPVM" run --gdb 127.0.0.1:0 "$@" "$GUESTS/$guest.bin" 2>&1 >"$work/console"; }
	vm=$VM_PID
	read -r line <&"${VM[0]}" # "stepvm: waiting for a debugger: target remote 127.0.0.1:N"
	port=${line##*:}
}
finish() {
	kill "$vm" 2>/dev/null
	wait "$vm" 2>/dev/null
	vm=
}
# lldb COMMANDS...: what is printed from the first prompt on, spaces folded.
lldb() {
	printf '%s\n' "gdb-remote $port" "$@" >"$work/commands"
	timeout 60 "$LLDB" --no-lldbinit -b -s "$work/commands" 2>&1 </dev/null | tr -s ' \t' ' '
}
has() { # TEXT REGEX NAME
	grep -Eq -e "$2" <<<"$1"
	ok $? "$3" "$1"
}

# --- 16 bits ---------------------------------------------------------------------------------------

start segments
out=$(lldb 'register read eip cs cs_base' 'disassemble -s 0x7c00 -c 3' 'thread step-inst' \
	'breakpoint set -a 0x7c19' 'continue' 'register read ip' 'memory read -c 4 0x7c00' \
	'register write ecx 0x1234' 'register read ecx' 'memory write 0x500 0x5a 0xa5' \
	'memory read -c 2 0x500' 'thread step-inst')
has "$out" 'eip = 0x00007c00' 'it stops at the first instruction'
has "$out" '0x7c00: ljmpw? \$0x7c0, \$0x5' '16-bit code is decoded as such'
has "$out" '-> 0x7c05: xorw %ax, %ax' 'a step goes into another segment'
has "$out" 'stop reason = breakpoint 1\.1' 'a breakpoint stops'
has "$out" '-> 0x7c19: xorw %di, %di' '... where it is'
has "$out" 'ip = 0x0019' 'the true ip is there'
has "$out" '0x00007c00: ea 05 00 c0' 'memory is read'
has "$out" 'ecx = 0x00001234' 'a register is written'
has "$out" '0x00000500: 5a a5' 'memory is written'
has "$out" 'stop reason = instruction step into' 'a step after the breakpoint'
finish

# --- halted ----------------------------------------------------------------------------------------

start dead --load 0x7c00
out=$(lldb 'continue' 'continue' 'register read ip' 'detach')
is "$(grep -c 'hlt: the CPU is halted, and nothing can wake it' <<<"$out")" 2 'halted it says so at each continue'
has "$out" 'ip = 0x7c06' '... and stays'
wait "$vm"
is "$? $(cat "$work/console")" "0 A" 'detach leaves it halted: the end'
vm=

# --- 32 bits: connected when the guest is there ----------------------------------------------------

# packet BODY...: each sent to the stub, and its reply awaited; then the connection is gone and the guest
# stands where it was.
packets() {
	local body sum i reply
	exec 3<>"/dev/tcp/127.0.0.1/$port"
	for body; do
		sum=0
		for ((i = 0; i < ${#body}; i++)); do
			sum=$(((sum + $(printf '%d' "'${body:i:1}")) & 255))
		done
		printf '$%s#%02x' "$body" "$sum" >&3
		IFS= read -r -d '#' reply <&3 && read -r -N 2 sum <&3 && printf + >&3
		echo "${reply##*\$}"
	done
	exec 3>&-
}
symbol() { # GUEST NAME
	nm "$GUESTS/$1.elf" | sed -n "s/^\([0-9a-f]*\) . $2\$/0x\1/p"
}
at=$(printf '%x' $(($(symbol stages third_function) - $(symbol stages third) + 0x20000)))
start stages --load 0x7c00
packets "Z0,$at,1" c "z0,$at,1" >"$work/replies"
out=$(lldb 'register read eip' 'thread step-inst' 'register read cs')
has "$out" "-> 0x$at: incl" '32-bit code is decoded as such'
has "$out" 'stop reason = instruction step into' 'and stepped'
has "$out" 'cs = 0x00000008' 'in its segment'
finish

# --- 64 bits ---------------------------------------------------------------------------------------

at=$(printf '%x' "$(symbol pages mapped)")
start pages --load 0x7c00
packets "Z0,$at,1" c "z0,$at,1" >"$work/replies"
out=$(lldb 'register read rip' 'register read cs' 'thread step-inst' 'register write r15 0x123456789a' \
	'register read r15')
has "$out" "rip = 0x0*$at\$" '64-bit code stands where it is'
has "$out" "-> 0x$at: movabsq" 'and is decoded as such'
has "$out" 'stop reason = instruction step into' 'and stepped'
has "$out" 'r15 = 0x000000123456789a' 'its registers are written'
finish

echo "1..$count"
exit $((bad > 0))

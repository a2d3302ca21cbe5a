#!/bin/bash
# needs: kvm
# What --trace narrates on standard error, without a debugger. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/trace.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# trace LIST [ENGINE]: hello's output into $dir/out, and the lines about it into $dir/err
trace() {
	"$STEPVM" run --engine "${2:-auto}" --trace "$1" "$GUESTS/hello.bin" </dev/null >"$dir/out" 2>"$dir/err"
}

trace run kvm
is "$(cat "$dir/out")" HELLO "--trace leaves the guest's output alone"
is "$(sed -n 's/^run: //p' "$dir/err" | sed '/kick/d' | uniq)" "go on from 0x0
free run from 0x0, debug registers in use: 0
back at 0x17: KVM_EXIT_HLT
stop at 0x17: halted" "run: how run control lets the guest go on, and what stopped it"
trace run interp
is "$(cat "$dir/out")" HELLO "the engine prints the same"
is "$(sed -n 's/^run: //p' "$dir/err" | sed '/kick/d; s/f4, .*/f4/' | uniq)" "go on from 0x0
the engine runs from 0x0
handed over to KVM at 0x16: opcode f4
step at 0x16 (the engine hands it over): done by run control
stop at 0x17: halted" "run: what the engine does and what it hands over"

trace exits auto
is "$(grep -c '^KVM_EXIT_IO' "$dir/err")" 6 "exits: with them all is KVM's"

trace io
is "$(grep -c '^KVM_EXIT_IO port=0xf1 size=1 direction=out' "$dir/err")" 6 "io: each port access"
is "$(grep -c '^run: ' "$dir/err")" 0 "and nothing of what was not asked for"

trace io,run
is "$(grep -c '^KVM_EXIT_IO' "$dir/err") $(grep -c '^run: stop' "$dir/err" | sed 's/[1-9].*/some/')" \
	"6 some" "both together"

echo "1..$count"
exit $((bad > 0))

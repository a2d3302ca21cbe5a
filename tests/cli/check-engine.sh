#!/bin/bash
# needs: kvm
# --check-engine: what the engine does is done by KVM, too, and nothing differs. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/check-engine.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

sums='^stepvm: engine: [0-9]+ compared, [0-9]+ handed over( \(by opcode: [0-9a-f, ]+\))?, [0-9]+ differ; [0-9]+ known faults of this KVM, [0-9]+ not compared$'

# check NAME LEAST OPTIONS... IMAGE: it prints what it prints without, and at least LEAST instructions are compared
check() {
	local name=$1 least=$2 line
	shift 2
	"$STEPVM" run --memory 4M --engine interp "$@" </dev/null >"$dir/plain" 2>/dev/null
	local plain=$?
	"$STEPVM" run --memory 4M --engine auto --check-engine "$@" </dev/null >"$dir/out" 2>"$dir/err"
	is $? $plain "$name ends as without --check-engine"
	cmp -s "$dir/plain" "$dir/out"
	ok $? "$name prints the same"
	line=$(grep -E "$sums" "$dir/err")
	[[ $line =~ engine:\ ([0-9]+)\ compared.*,\ ([0-9]+)\ differ ]]
	is "${BASH_REMATCH[2]-none}" 0 "$name: nothing differs"
	[ "${BASH_REMATCH[1]-0}" -ge "$least" ]
	ok $? "$name: at least $least instructions are compared ($line)"
}

check hello 10 "$GUESTS/hello.bin"
check c16 1500 "$GUESTS/c16.bin"
check stages 1000 --load 0x7c00 "$GUESTS/stages.bin"
check kernel32 2500 --mode prot --load 0x100000 "$GUESTS/kernel32.bin"
check kernel64 2500 --mode long --load 0x100000 "$GUESTS/kernel64.bin"
check pages 3000 --load 0x7c00 "$GUESTS/pages.bin" # paging, and a guest that changes its tables
check syscalls 60 --mode long --load 0x100000 "$GUESTS/syscalls.bin"
check irqs 100 "$GUESTS/irqs.bin"
check irqs32 150 "$GUESTS/irqs32.bin"
check bzimage 1000 "$GUESTS/bzimage.bin"

"$STEPVM" run --engine kvm --check-engine "$GUESTS/hello.bin" </dev/null >"$dir/out" 2>"$dir/err"
is $? 2 "with --engine kvm it is refused"
is "$(cat "$dir/err")" "stepvm run: --check-engine: there is nothing to compare with --engine kvm: leave one of the two out" \
	"... and says why"

echo "1..$count"
[ $bad = 0 ]

#!/bin/bash
# needs: kvm
# A guest that goes through a vector that is 0, without a debugger: it is named once, when it happens or at
# the end, and the guest goes on as it would. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/zero-vector.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$STEPVM" run "$GUESTS/zero.bin" </dev/null >"$dir/out" 2>"$dir/err"
is "$?" 7 "the guest goes on, to its own end"
grep -qx "stepvm: int 0x21 at 0000:7c2.: its vector is 0, so the CPU takes the vectors for code." "$dir/err"
ok $? "the int is named" "$(cat "$dir/err")"
is "$(wc -l <"$dir/err")" 1 "and nothing else is said"

# What a PC's BIOS would have answered: hlt at 0.
printf '\xc6\x06\x00\x00\xf4\xcd\x10' >"$dir/video"
"$STEPVM" run --board bare --format flat --mode real --load 0x7c00 --memory 1M "$dir/video" </dev/null >"$dir/out" 2>"$dir/err"
grep -q "code. A bare board has no BIOS (see --board).$" "$dir/err"
ok $? "a call of the BIOS on a bare board is told to be one" "$(cat "$dir/err")"

# hlt at 0, 300 times out 0x80, int 0x21: too late for KVM's run to see it when it happens; the engine does.
printf '\x31\xc0\x8e\xd8\x8e\xd0\xbc\x00\x7c\xc6\x06\x00\x00\xf4\xb9\x2c\x01\xe6\x80\xe2\xfc\xcd\x21' >"$dir/late"
"$STEPVM" run --engine interp --format flat --mode real --load 0x7c00 --memory 1M "$dir/late" </dev/null >"$dir/out" 2>"$dir/err"
grep -q "^stepvm: int 0x21 at 0000:7c15: its vector is 0, so the CPU takes the vectors for code.$" "$dir/err"
ok $? "the engine sees a late one" "$(cat "$dir/err")"
# push 1000h; push 2345h; far return, of 32 bits: past the code segment's limit, which is #GP.
printf '\x31\xc0\x8e\xd8\x8e\xd0\xbc\x00\x7c\xc6\x06\x00\x00\xf4\x66\x68\x00\x10\x00\x00\x66\x68\x45\x23\x01\x00\x66\xcb' >"$dir/far"
"$STEPVM" run --engine interp --format flat --mode real --load 0x7c00 --memory 1M "$dir/far" </dev/null >"$dir/out" 2>"$dir/err"
grep -q "^stepvm: vector 0x0d (#GP) at 0000:7c1a: its vector is 0, so the CPU takes the vectors for code.$" "$dir/err"
ok $? "the engine knows which exception it was" "$(cat "$dir/err")"
"$STEPVM" run --engine kvm --format flat --mode real --load 0x7c00 --memory 1M "$dir/late" </dev/null >"$dir/out" 2>"$dir/err"
is "$?" 0 "a late one ends where it has led to"
grep -qx "What led there: int 0x21 at 0000:7c15: its vector is 0." "$dir/err"
ok $? "and its end names it" "$(cat "$dir/err")"

# Where the image lies over the vectors there is code of its own at 0: the second time it exits.
printf '\x43\x83\xfb\x02\x74\x05\xbc\x00\x70\xcd\x21\xb0\x01\xe6\xf4' >"$dir/low"
"$STEPVM" run --format flat --mode real --load 0 --memory 1M "$dir/low" </dev/null >"$dir/out" 2>"$dir/err"
is "$?" 3 "an image at 0 has code there"
is "$(cat "$dir/err")" "" "and nothing is said of it"

echo "1..$count"
[ $bad = 0 ]

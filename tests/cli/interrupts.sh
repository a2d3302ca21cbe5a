#!/bin/bash
# needs: kvm
# Guests that live by interrupts, without a debugger: the timer's ticks, keys, and what hlt does. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/interrupts.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# --- the timer -----------------------------------------------------------------------------------

text=$("$STEPVM" run "$GUESTS/timer.bin" </dev/null)
is "$?" 1 "a guest that waits for the timer ends by its exit port"
is "$text" "$(printf '.%.0s' {1..50})" "it saw 50 ticks"

"$STEPVM" run --hlt exit "$GUESTS/timer.bin" </dev/null >"$dir/out"
is "$?" 0 "--hlt exit ends at the first hlt, whatever could wake the CPU"

# --- keys ----------------------------------------------------------------------------------------

text=$(printf 'one byte after the other\nq' | "$STEPVM" run "$GUESTS/echo.bin")
is "$?" 1 "q ends the echo"
is "$text" "one byte after the other" "each byte comes back, in order"

text=$(printf abc | "$STEPVM" run "$GUESTS/echo.bin" 2>"$dir/err")
is "$?" 0 "with the end of the input the halted guest ends"
is "$text" abc "after all of it came back"
grep -q "nothing can wake it (no device will interrupt)" "$dir/err"
ok $? "and stepvm says why" "$(cat "$dir/err")"

# Halted, stepvm sleeps until the next key comes.
mkfifo "$dir/keys"
"$STEPVM" run "$GUESTS/echo.bin" <"$dir/keys" >"$dir/out" &
pid=$!
exec 3>"$dir/keys"
wait_for() { # TEXT: in the output, and the process asleep
	local i state
	for ((i = 0; i < 2000; i++)); do
		state=$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat")
		[ "$(cat "$dir/out")" = "$1" ] && [ "$state" = S ] && return
		read -r -t 0.01 <>"$dir/never"
	done
	return 1
}
mkfifo "$dir/never"
printf a >&3
wait_for a
ok $? "a key comes back, and stepvm sleeps" "$(cat "$dir/out"), state $(cat /proc/$pid/stat)"
printf b >&3
wait_for ab
ok $? "so does the next" "$(cat "$dir/out"), state $(cat /proc/$pid/stat)"
printf q >&3
wait $pid
is "$?" 1 "and q ends it"
exec 3>&-

echo "1..$count"
[ $bad = 0 ]

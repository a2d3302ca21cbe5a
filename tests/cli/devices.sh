#!/bin/bash
# needs: kvm
# A PC's devices from the command line: what is printed goes to a file, and where it can't. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/devices.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-devices.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

echo "what was there before" >printed
"$STEPVM" run --parallel printed "$GUESTS/devices.bin" >out 2>err
is $? 0 "the devices are there: status"
is "$(cat out)" "devices ok" "the devices are there"
is "$(cat printed)" "ok" "what is printed is in the file, and nothing else"

"$STEPVM" run --parallel . "$GUESTS/devices.bin" >out 2>err
is "$? $(cat out err)" "4 stepvm run: --parallel .: Is a directory" "a directory is no printer"
"$STEPVM" run --parallel printed --board bare "$GUESTS/devices.bin" >out 2>err
is "$? $(cat out err)" "2 stepvm run: --parallel: a bare board has no parallel port" "nor is there one on a bare board"
[ -c /dev/full ] && "$STEPVM" run --parallel /dev/full "$GUESTS/devices.bin" >out 2>err
is "$? $(cat out)" "0 devices ok" "a full disk does not end the guest"
is "$(grep -c 'parallel /dev/full: No space left on device; nothing more is printed' err)" 1 "and is told once"

echo "1..$count"
[ $bad = 0 ]

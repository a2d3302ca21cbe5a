#!/bin/bash
# needs: kvm
# Boot sectors that are about the BIOS: hooks on its interrupts, keys that it does something with, APM in protected
# mode. Each checks itself, and ends by itself. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/bios-guests.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS

# runs GUEST WORDS STATUS NAME [OPTION...]
runs() {
	is "$("$STEPVM" run "${@:5}" "$GUESTS/$1.bin" </dev/null 2>&1; echo "status $?")" "$2
status $3" "$4"
}

runs hooks "hooks ok" 1 "hooks on int 8, 9, 15h and 1Ch are called, and chain"
runs keys "keys ok" 1 "Print Screen, SysReq, Ctrl-Break and Pause, an interrupt within another"
runs keys "keys ok" 1 "a call that waits in the BIOS is no hlt of the guest's" --hlt exit
runs odd "odd ok" 1 "a frame over the stack's end, and a call by another segment than the ROM's own"
runs apm "apm ok" 0 "APM's entry of protected mode answers, and switches the machine off"

echo "1..$count"
[ $bad = 0 ]

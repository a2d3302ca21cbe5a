#!/bin/bash
# needs: kvm
# Output of the guest that can't be written is said to be lost, and the status is the host's; and a signal that ends
# the guest says where it was. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/output-lost.sh
. "$(dirname "$0")/tap.bash"
set -u -m # -m: background jobs must not ignore SIGINT

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

lost="No space left on device; the guest's output there is lost"
# mov $'x', %al; out %al, $0xe9; mov $1, %al; out %al, $0xf4: an exit port's status 3
printf '\xb0x\xe6\xe9\xb0\x01\xe6\xf4' >exits.bin
# mov $'x', %al; out %al, $0xe9; int3, in an IDT of no entries: a triple fault
printf '\xb0x\xe6\xe9\x0f\x01\x1e\x0a\x00\xcc\x00\x00\x00\x00\x00\x00' >triple.bin

run() { # IMAGE [OPTION...]
	"$STEPVM" run --format flat "$@" </dev/null 2>err
}
# says STATUS WAS TEXT NAME
says() {
	[[ $1 = "$2" && $(grep -c -F -e "$3" err) = 1 ]]
	ok $? "$4" "status $2
$(cat err)"
}

run "$GUESTS/hello.bin" >/dev/full
says 4 $? "stepvm: standard output: $lost" "a halt, to a full device"
"$STEPVM" run "$GUESTS/kernel64.elf" </dev/null 2>err >/dev/full
says 4 $? "stepvm: standard output: $lost" "a kernel that prints by a UART and halts"
run --engine kvm "$GUESTS/hello.bin" >/dev/full
says 4 $? "stepvm: standard output: $lost" "with KVM doing all"
run exits.bin >/dev/full
says 4 $? "stepvm: standard output: $lost" "an exit port's status is not all that counts"
run triple.bin >/dev/full
says 6 $? "stepvm: standard output: $lost" "a triple fault remains one"
run "$GUESTS/hello.bin" >&-
says 4 $? "stepvm: standard output: Bad file descriptor; the guest's output there is lost" \
	"a standard output that is closed"
"$STEPVM" run --console /dev/full "$GUESTS/kernel64.elf" >out </dev/null 2>err
says 4 $? "stepvm: the console file: $lost" "a console that is a full device"
printf '\xf4' >silent.bin
run silent.bin >/dev/full
is "$?" 0 "nothing is lost where nothing is printed"
run "$GUESTS/hello.bin" | true
[[ ${PIPESTATUS[0]} = 141 || ${PIPESTATUS[0]} = 0 ]]
ok $? "a reader that goes away ends it as before"

# ends SIGNAL STATUS NAME
ends() {
	mkfifo pipe
	"$STEPVM" run --format flat chatty.bin </dev/null >pipe 2>err &
	local pid=$!
	exec 9<pipe
	head -c 1 <&9 >/dev/null # it runs
	kill -"$1" $pid
	wait $pid
	is $? "$2" "$3: it ends by it"
	[[ $(cat err) =~ ^'stepvm: the guest was at 0000:00'.*' in real16 mode'$ ]]
	ok $? "$3: where the guest was is said" "$(cat err)"
	exec 9<&-
	rm pipe
}
# mov $'x', %al; out %al, $0xe9; jmp .
printf '\xb0x\xe6\xe9\xeb\xfe' >chatty.bin
ends TERM 143 "SIGTERM"
ends INT 130 "SIGINT"

echo "1..$count"
[ $bad = 0 ]

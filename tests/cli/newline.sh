#!/bin/bash
# needs: kvm
# What stepvm says begins on a line of its own where the guest's output goes to the same place. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/newline.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# mov $'x', %al; out %al, $0xe9; hlt
printf '\xb0x\xe6\xe9\xf4' >x.bin
run() { # OPTIONS...
	"$STEPVM" run --format flat "$@" x.bin </dev/null
}
heads() { # of each line the first word
	cut -d' ' -f1 | tr '\n' ' '
}

run >both 2>&1
is "$(heads <both)" "x stepvm: " "standard output and error in one file"
: >both
run >>both 2>>both
is "$(heads <both)" "x stepvm: " "in one file that was opened twice"
is "$(run 2>&1 | heads)" "x stepvm: " "in one pipe"
run >out 2>err
is "$(od -An -c out)" "   x" "apart, the output stays as the guest has written it"
is "$(heads <err)" "stepvm: " "and the notice is the first line"
is "$("$STEPVM" run "$GUESTS/hello.bin" 2>&1 </dev/null | heads)" "HELLO stepvm: " \
	"a line that has ended gets no second newline"
is "$(run --trace io 2>&1 | heads)" "x KVM_EXIT_IO stepvm: " "the same of what is traced"
if command -v script >/dev/null; then
	is "$(script -qec "'$STEPVM' run --format flat x.bin" /dev/null </dev/null 2>&1 | tr -d '\r' | heads)" \
		"x stepvm: " "at a terminal"
	if command -v gdb >/dev/null; then
		text=$(TERM=dumb script -qec "'$STEPVM' debug --format flat x.bin -- -nx -batch \
			-ex stepi -ex stepi -ex 'echo here'" /dev/null </dev/null 2>&1 | tr -d '\r')
		is "$(grep -c '^x$' <<<"$text")" 1 "and gdb's own lines at a terminal that it shares"
	fi
fi

echo "1..$count"
[ $bad = 0 ]

#!/bin/bash
# needs: kvm
# All of stepvm works with a stack of 128 KiB, which is what a user of small limits has. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/stack.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
nm "$STEPVM" | grep -q __asan_init && { echo "1..0 # skip a sanitizer's frames are larger"; exit 0; }
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-stack.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

small() { # COMMAND...
	(ulimit -s 128 && exec timeout 60 "$@")
}

"$STEPVM" --help >plain
is "$(small "$STEPVM" --help)" "$(cat plain)" "the help"
small "$STEPVM" --manual >/dev/null
ok $? "the manual"
is "$(small "$STEPVM" run "$GUESTS/hello.bin" 2>&1 | tail -n 1 | cut -d: -f1,2)" \
	"stepvm: hlt" "a guest runs to its halt"
small "$STEPVM" probe >/dev/null
ok $? "probe"

if command -v gdb >/dev/null; then
	# What needs most: a file that is read through the stub, conditions, tracepoints that are saved,
	# searches and checksums, snapshots, a restart, an expression as deep as a line is long.
	nested=$(printf '(%.0s' {1..900})
	cat >stub <<-END
		#!/bin/bash
		ulimit -s 128
		exec "$STEPVM" run -g - "$GUESTS/kernel64.elf"
	END
	chmod +x stub
	out=$(timeout 60 gdb -nx -batch -iex 'set confirm off' -ex 'target extended-remote | ./stub' \
		-ex 'tbreak kernel' -ex 'break on_page_fault if $rsp != 1' -ex 'trace on_page_fault' -ex tstart \
		-ex continue -ex 'compare-sections' -ex 'find 0, 0xffff, (short) 0x1234' \
		-ex 'info all-registers' -ex 'monitor savevm a' -ex continue -ex tstop -ex 'tsave trace' \
		-ex 'monitor loadvm a' -ex 'monitor info registers' -ex "monitor x $nested" \
		-ex run -ex 'print handled + 40' 2>&1)
	[[ $out == *'$1 = 41'* ]] && [ -s trace ]
	ok $? "a debugger that asks for everything" "$(tail -n 30 <<<"$out")"
	out=$(small "$STEPVM" debug "$GUESTS/segments.bin" -- -nx -batch -ex 'stepi' -ex 'print $cs' 2>&1)
	[[ $out == *'= 1984'* ]]
	ok $? "stepvm debug" "$out"
	printf '# guest: %s/hello.bin\nstepi\nexpect $pc != 0\n' "$GUESTS" >one.gdb
	small "$STEPVM" test one.gdb >out 2>&1
	ok $? "stepvm test" "$(cat out)"
fi

echo "1..$count"
exit $((bad > 0))

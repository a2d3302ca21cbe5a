#!/bin/bash
# needs: kvm
# Ctrl-C in gdb while stepvm searches a recording: gdb and stepvm stay in step, whatever is typed. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/gdb-interrupt.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
GDB=${GDB:-gdb}
for program in "$GDB" script; do
	command -v "$program" >/dev/null || { echo "1..0 # SKIP $program is not installed"; exit 0; }
done
export LC_ALL=C.UTF-8 TERM=dumb
sums=0
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-cli.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT

# waits_for TEXT: until it is printed, from here on. heard has what was.
waits_for() {
	local byte
	heard=
	while [[ $heard != *"$1"* ]] && IFS= read -r -t "${TEST_WAIT_S:-60}" -d '' -n 1 byte <&"$out"; do
		heard+=$byte
	done
	[[ $heard == *"$1"* ]]
}
# says TEXT: typed; answer has what comes up to the next prompt. A sum, for what is typed is echoed.
says() {
	sums=$((sums + 1))
	printf '%s\routput 7000+%s\r' "$1" "$sums" >&"$in"
	waits_for "$((7000 + sums))"
	answer=$(tr -d '\r' <<<"$heard")
	waits_for "(gdb) "
}

# settles: a Ctrl-C that gdb takes notice of at its next prompt takes along what was typed there. Until a sum is answered.
settles() {
	local TEST_WAIT_S=2 try
	for try in {1..30}; do
		sums=$((sums + 1))
		printf 'output 7000+%s\r' "$sums" >&"$in"
		waits_for "$((7000 + sums))" && waits_for "(gdb) " && return
	done
	return 1
}

# stepvm's standard error has the packets, which tell when it searches: a line of "asked" for each byte that keeps gdb waiting. gdb's, where
# it prints what a monitor command says, is the terminal.
printf '%s\n' '#!/bin/sh' "exec '$GDB' \"\$@\" 2>&1" >"$work/gdb"
chmod +x "$work/gdb"
mkfifo "$work/packets" "$work/asked"
grep --line-buffered -a '^-> .x0a' <"$work/packets" >"$work/asked" &
command="stty -echo noflsh cols 200 rows 50; exec '$STEPVM' debug --record --trace packets --load 0x7c00 --gdb-program '$work/gdb' \
	'$GUESTS/spin.bin' -- -nx -ex 'set confirm off' -ex 'set pagination off' -ex 'stepvm context off' 2>'$work/packets'"
coproc T { exec timeout 300 script -qfec "$command" /dev/null; }
exec {out}<&"${T[0]}" {in}>&"${T[1]}" {asked}<"$work/asked"
pid=$T_PID
waits_for "(gdb) "
ok $? "gdb starts"
# The loop's counter says how far: a condition that stepvm looks at itself.
says 'set breakpoint condition-evaluation target'
says 'tbreak *0x7c0a if $eax == 16000000'
says continue
says "monitor when"
where=$(grep -o 'position .*' <<<"$answer")
ok $? "a recording of millions of positions" "$answer"
for line in "monitor last-write 0x18" "stepvm last-write 0x18"; do
	printf '%s\r' "$line" >&"$in"
	read -r -t "${TEST_WAIT_S:-60}" _ <&"$asked" && printf '\003' >&"$in"
	ok $? "$line, and Ctrl-C"
	waits_for "(gdb) "
	ok $? "... has an end" "$heard"
	[[ $heard != *Traceback* ]]
	ok $? "... and no traceback" "$heard"
	settles
	says "monitor when"
	is "$(grep -o 'position .*' <<<"$answer")" "$where" "... the reply to what is asked next is that to it"
	says 'info registers ebx'
	grep -q '^ebx  *0x0 ' <<<"$answer"
	ok $? "... and so is the one after it" "$answer"
done
printf 'quit\r' >&"$in"
wait "$pid"
is "$?" 0 "gdb ends"

echo "1..$count"
[ $bad = 0 ]

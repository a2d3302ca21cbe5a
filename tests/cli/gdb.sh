#!/bin/bash
# needs: kvm
# gdb/stepvm.gdb as a person meets it: at a terminal and in a pipe, with and without Python, loaded
# from anywhere. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/gdb.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
SCRIPTS=$(realpath "$(dirname "$0")/../../gdb")
GDB=${GDB:-gdb}
export LC_ALL=C.UTF-8
if ! command -v "$GDB" >/dev/null; then
	echo "1..0 # SKIP $GDB is not installed"
	exit 0
fi
skip() { # NAME REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-cli.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
has_python=
[ "$("$GDB" -nx -batch -ex 'python print(1)' 2>/dev/null)" = 1 ] && has_python=1

# debug GUEST GDB-ARGUMENTS...: stepvm debug, all that is printed.
debug() {
	local guest=$1
	shift
	"$STEPVM" debug --gdb-program "$GDB" "$GUESTS/$guest.bin" -- -nx "$@" 2>&1 </dev/null
}
# at_terminal VARIABLES GDB-ARGUMENTS: the same of the segments guest at a terminal of 80 columns.
at_terminal() {
	local command="stty cols 80 rows 24; $1 '$STEPVM' debug --gdb-program '$GDB' \
		'$GUESTS/segments.bin' -- -nx -ex 'set confirm off' $2 -ex quit"
	TERM=xterm timeout 60 script -qec "$command" /dev/null </dev/null 2>&1 | tr -d '\r'
}
has() { # TEXT REGEX NAME
	grep -Eq "$2" <<<"$1"
	ok $? "$3" "$1"
}
hasnt() {
	! grep -Eq "$2" <<<"$1"
	ok $? "$3" "$1"
}

# --- without an ELF file ---------------------------------------------------------------------------

for mode in real prot long; do
	out=$("$STEPVM" debug --format flat --mode $mode --gdb-program "$GDB" "$GUESTS/kernel64.bin" -- \
		-nx -ex 'x/i $pc' -ex starti 2>&1 </dev/null)
	hasnt "$out" 'No such file|No executable|rror' "a flat image, $mode mode: no file for gdb, and not a word of it"
	has "$out" '^=> 0x' "... and its code is shown"
done
cp "$GUESTS/segments.bin" "$work/a b.bin"
out=$("$STEPVM" debug --gdb-program "$GDB" "$work/a b.bin" -- -nx -ex stepi -ex starti 2>&1 </dev/null)
hasnt "$out" 'No such file|No executable|rror' "also where the image's name has a blank"
out=$("$STEPVM" debug --gdb-program "$GDB" <(cat "$GUESTS/segments.bin") -- -nx -ex stepi 2>&1 </dev/null)
hasnt "$out" 'No such file|No executable|rror|warning' "also where the image is a pipe"

# --- ends that nobody has asked gdb for ------------------------------------------------------------

# ended COMMAND GUEST: stepvm debug whose script sends a signal, and waits for gdb's end; gdb's shell is a child of
# gdb's, which is one of stepvm's.
ended() {
	timeout 60 "$STEPVM" debug --gdb-program "$GDB" "$GUESTS/$2.bin" -- -nx -ex "shell $1; tail -s 0.1 --pid=\$PPID -f /dev/null" 2>&1 </dev/null
}
out=$(ended 'kill -9 $PPID' waits)
is "$? $(tail -n 1 <<<"$out")" "4 stepvm: gdb was ended by signal 9 (Killed), and so is the guest" "gdb is killed: said so"
out=$(ended 'kill -TERM $(ps -o ppid= $PPID)' waits)
is "$?" 143 "stepvm is ended by SIGTERM, and ends by it"
hasnt "$out" 'Traceback|KeyboardInterrupt|closed|egmentation|lost' "gdb ends before that, without a word of a guest that is lost"
has "$out" 'stepvm: signal 15 \(Terminated\) ends gdb, and the guest$' "but ours"

# at_prompt ACTION: gdb in a terminal, its pid in gdb, and ACTION when it has its prompt; all that is printed.
at_prompt() {
	local byte heard= gdb command="stty -echo; '$STEPVM' debug --gdb-program '$GDB' '$GUESTS/segments.bin' -- \
		-nx -ex 'set confirm off' -ex 'shell echo pid=\$PPID.'"
	coproc T { TERM=dumb exec timeout 60 script -qefc "$command" /dev/null; }
	exec {from}<&"${T[0]}" {to}>&"${T[1]}"
	while [[ $heard != *"(gdb) "* ]] && IFS= read -r -d '' -n 1 byte <&"$from"; do
		heard+=$byte
	done
	gdb=${heard#*pid=} gdb=${gdb%%.*}
	eval "$1"
	heard+=$(cat <&"$from")
	exec {from}<&- {to}>&-
	wait
	tr -d '\r' <<<"$heard"
}
if [ $has_python ] && command -v script >/dev/null; then
	out=$(at_prompt 'kill -TERM $gdb')
	has "$out" 'stepvm: gdb has ended without quit, most likely by a signal, and so has the guest$' \
		"gdb ends by SIGTERM, as if it were an end of its own: said so"
	hasnt "$out" 'Python Exception|Traceback' "... and Python says nothing"
	for line in quit 'kill\rquit' '\004'; do
		out=$(at_prompt "printf '$line\\r' >&\$to")
		hasnt "$out" 'stepvm: gdb' "by $line: nothing is said"
	done
fi

# --- in gdb's own language -------------------------------------------------------------------------

# As in a gdb that has no Python, whatever this one is.
plain() { # GUEST COMMANDS...
	local guest=$1 arguments=() command
	shift
	for command in "$@"; do
		arguments+=(-ex "$command")
	done
	printf '%s\n' 'set $stepvm_plain = 1' "source $SCRIPTS/stepvm.gdb" >"$work/plain.gdb"
	"$GDB" -nx -batch -x "$work/plain.gdb" \
		-ex "target remote | $STEPVM run --gdb - $GUESTS/$guest.bin" "${arguments[@]}" 2>&1 </dev/null
}
out=$(plain triple 'hbreak *0x7c3d' 'stepvm context' continue 'stepvm context' 'help stepvm')
has "$out" '^real16  CS:IP 0000:7c00  linear 0x7c00 ' "plain: the context in real mode"
has "$out" '^prot32  CS:IP 0008:' "plain: gdb follows into protected mode"
has "$out" '^stepvm context -- Show where' "plain: help"
hasnt "$out" 'Error|Traceback|Python' "plain: nothing of Python's"
is "$(grep -c '  CS:IP ' <<<"$out")" 2 "plain: no context in a batch unless asked for"
out=$(plain segments 'stepvm context on' stepi 'stepvm context off' stepi)
is "$(grep -c '  CS:IP ' <<<"$out")" 1 "plain: on and off"

out=$(plain hello 'stepvm context' continue 'stepvm context' stepi 'stepvm context')
is "$(grep -o '^real16.*  CS:IP 0000:....' <<<"$out")" "real16  CS:IP 0000:0000
real16 (halted)  CS:IP 0000:0017
real16  CS:IP 0000:0000" "plain: the context says that the CPU is halted"

out=$(plain modes 'stepi 4' 'stepvm save a' 'hbreak *0x7ccb' continue 'x/i $pc' 'stepvm load a' 'x/2i $pc')
has "$out" '=> 0x7ccb:.mov    \$0x4c,%al' "plain: 64-bit code"
has "$out" '=> 0x7c09:.mov    %ax,%ds' "plain: 16-bit code again after stepvm load"

out=$(plain picture 'hbreak *0x7c2d' continue 'stepvm screen' "stepvm screenshot $work/screen.png")
has "$out" '^#{16}$' "plain: the text of the screen"
is "$(head -c 4 "$work/screen.png" | tail -c 3)" PNG "plain: a picture of it"

# --- with Python, or without: as it comes ----------------------------------------------------------

out=$(debug segments -batch -ex stepi -ex 'stepvm context')
is "$(grep -c '  CS:IP ' <<<"$out")" 1 "no context in a batch unless asked for"
has "$out" '^real16  CS:IP 07c0:0005  linear 0x7c05 ' "the context"
hasnt "$out" $'\033' "no colours in a pipe"
out=$(debug hello -batch -ex 'stepvm context' -ex continue -ex 'stepvm context' -ex stepi -ex 'stepvm context')
is "$(grep -o '^real16.*  CS:IP 0000:....' <<<"$out")" "real16  CS:IP 0000:0000
real16 (halted)  CS:IP 0000:0017
real16  CS:IP 0000:0000" "the context says that the CPU is halted"
out=$(debug segments -batch -ex 'stepvm context on' -ex stepi -ex 'stepvm context off' -ex stepi)
is "$(grep -c '  CS:IP ' <<<"$out")" 1 "on and off"

if command -v script >/dev/null; then
	colour=$'\033\\[1;36m'
	out=$(at_terminal "" "-ex stepi")
	has "$out" 'CS:IP 07c0:0005 ' "at a terminal the context is shown at a stop"
	if [ $has_python ]; then
		has "$out" "^${colour}real16" "in colours"
		is "$(sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' <<<"$out" | awk 'length > 80')" "" "in 80 columns"
		has "$(at_terminal "" "-ex 'echo hints: ' -ex 'monitor hints'")" 'hints:.*on$' \
			"a person is told that the guest waits for a key"
	else
		skip "colours" "this gdb has no Python"
	fi
	hasnt "$(at_terminal NO_COLOR=1 "-ex stepi")" "$colour" "NO_COLOR"
	hasnt "$(at_terminal TERM=dumb "-ex stepi")" "$colour" "TERM=dumb"
	if [ $has_python ]; then
		out=$(at_terminal "" "-ex 'stepvm context color off' -ex 'echo here\\n' -ex stepi")
		hasnt "${out#*here}" "$colour" "stepvm context color off"
		has "${out#*here}" 'real16  CS:IP' "... and the view is there"
		out=$(at_terminal "" "-ex 'stepvm context color off' -ex 'stepvm context color on' -ex 'echo here\\n' -ex stepi")
		has "${out#*here}" "$colour" "stepvm context color on"
	fi
	out=$(at_terminal "" "-ex 'set style enabled off' -ex 'echo here\n' -ex stepi")
	hasnt "${out#*here}" "$colour" "set style enabled off"
	command="stty cols 80 rows 24; '$STEPVM' debug --gdb-program '$GDB' --symbols '$GUESTS/segments.elf' \
		'$GUESTS/segments.bin' -- -nx -ex 'set confirm off' -ex 'stepvm context off' -ex 'layout asm' -ex 'stepi 3' -ex quit"
	out=$(TERM=xterm timeout 60 script -qec "$command" /dev/null </dev/null 2>&1 | tr -d '\r')
	has "$out" 'normalized[^+]*\+17> .*\$0xa6.*%si' "16-bit code in gdb's TUI, with symbols"
	hasnt "$out" 'd08e9000' "and none of it as 32-bit code"
	hasnt "$(at_terminal "" "-batch -ex stepi")" 'CS:IP' "a batch at a terminal shows none"
	command="stty cols 80 rows 24; '$STEPVM' debug --gdb-program '$GDB' '$GUESTS/segments.bin' -- -nx \
		-ex 'shell stty -a' -ex quit"
	out=$(TERM=xterm timeout 60 script -qec "$command" /dev/null </dev/null 2>&1 | tr -d '\r')
	is "$? $(grep -c 'Quit anyway\|will be killed' <<<"$out")" "0 0" "quit asks nothing where stepvm has started gdb"
	has "$out" 'intr = \^C; quit = \^\\;' "Ctrl-C is gdb's when it is ready"
	# The key comes when gdb starts: its program tells. It is SIGQUIT then, for all of the terminal's job, of which a
	# shell that goes on afterwards takes no notice.
	mkfifo "$work/starts"
	printf '%s\n' '#!/bin/sh' "echo >'$work/starts'" "exec '$GDB' \"\$@\"" >"$work/late-gdb"
	chmod +x "$work/late-gdb"
	out=$({ read -r _ <"$work/starts"; printf '\003'; } | TERM=xterm timeout 60 script -qec "trap : INT QUIT; stty rows 24; \
		'$STEPVM' debug --gdb-program '$work/late-gdb' '$GUESTS/segments.bin' -- -nx; echo status \$?; stty -a" \
		/dev/null 2>&1 | tr -d '\r')
	has "$out" 'signal 2 \(Interrupt\) ends gdb, and the guest' "Ctrl-C while gdb starts ends both"
	hasnt "$out" 'Traceback|Quit|\(gdb\)|Remote debugging' "and nothing is left of either"
	has "$out" 'intr = \^C; quit = \^\\;' "nor in the terminal"
	if [ -n "$has_python" ]; then
		out=$(at_terminal "" "-ex 'set pagination off' -ex 'tui enable' -ex 'echo here\\n' -ex stepi")
		hasnt "${out#*here}" '7c10  b810' "no context in gdb's TUI"
		asked="python open('$work/asked', 'a').write(gdb.execute('monitor console', to_string=True))"
		printf '%s\n' "$asked" 'tui enable' "$asked" 'tui disable' "$asked" quit |
			TERM=xterm timeout 60 script -qec "stty cols 80 rows 24; '$STEPVM' debug --gdb-program '$GDB' \
				'$GUESTS/hello.bin' -- -nx -ex 'set confirm off'" /dev/null >/dev/null 2>&1
		is "$(cat "$work/asked" 2>/dev/null)" "stdio
gdb
stdio" "while the TUI is on the guest's output comes by way of gdb"
	fi
else
	skip "at a terminal" "no script(1) here"
fi

# --- where the script is ---------------------------------------------------------------------------

if [ $has_python ]; then
	mkdir "$work/a folder"
	cp "$SCRIPTS"/stepvm* "$work/a folder/"
	out=$(cd "$work/a folder" && "$GDB" -nx -batch -ex 'source stepvm.gdb' -ex 'help stepvm pt' 2>&1)
	has "$out" '^Usage: stepvm pt' "a folder with a blank, by its bare name"
	out=$(cd / && "$GDB" -nx -batch -x "$work/a folder/stepvm.gdb" -x "$work/a folder/stepvm.gdb" \
		-ex 'help stepvm pt' -ex 'stepvm pt 0' 2>&1)
	has "$out" '^Usage: stepvm pt' "loaded twice"
	has "$out" '^the guest is not there or runs' "no guest: said so"
	is "$(find "$work" -name '__pycache__')" "" "nothing is written beside it"
	rm "$work/a folder/stepvm.py"
	out=$("$GDB" -nx -batch -x "$work/a folder/stepvm.gdb" -ex 'help stepvm' 2>&1)
	has "$out" 'stepvm.py is not beside it' "without stepvm.py: said so"
	has "$out" '^stepvm context -- ' "without stepvm.py: the plain commands"
else
	skip "stepvm.py" "this gdb has no Python"
fi

# --- a guest that is gone --------------------------------------------------------------------------

if [ $has_python ]; then
	"$STEPVM" run --gdb "unix:$work/gdb" "$GUESTS/frames.bin" 2>/dev/null &
	pid=$!
	while [ ! -S "$work/gdb" ] && kill -0 $pid; do :; done
	out=$(ulimit -c 0; "$GDB" -nx -batch -x "$SCRIPTS/stepvm.gdb" -ex "target remote $work/gdb" \
		-ex 'stepi 12' -ex 'maintenance flush register-cache' -ex 'maintenance flush dcache' \
		-ex 'print/x $esp' -ex 'print/x $cs_base' -ex "shell kill -9 $pid" -ex bt 2>&1)
	wait $pid 2>/dev/null
	has "$out" '= 0x7c00$' "16-bit frames: the guest is there"
	hasnt "$out" 'internal-error' "a connection lost in the midst of unwinding does not crash gdb"
else
	skip "a guest that is gone" "this gdb has no Python"
fi

echo "1..$count"
[ $bad = 0 ]

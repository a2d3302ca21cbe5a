#!/bin/bash
# needs: kvm
# What VS Code's C/C++ extension (its MIEngine) tells gdb to attach to a guest, to look at it, to go on and to
# pause it, command by command; and going back, which is typed into its debug console. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/mi.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
GDB=${GDB:-gdb}
SCRIPT=$(realpath "$(dirname "$0")/../../gdb/stepvm.gdb")
GUESTS=$(realpath "$GUESTS")
export LC_ALL=C.UTF-8
if ! command -v "$GDB" >/dev/null; then
	echo "1..0 # SKIP $GDB is not installed"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-cli.XXXXXX") || exit 2
vm=''
trap '[ -z "$vm" ] || kill "$vm" 2>/dev/null; rm -rf "$work"' EXIT
has() { # TEXT REGEX NAME
	grep -Eq "$2" <<<"$1"
	ok $? "$3" "$1"
}

# serve SOCKET OPTION... IMAGE: a guest that waits for its debugger there.
serve() {
	local socket=$work/$1
	shift
	exec {words}< <(exec "$STEPVM" run --gdb "unix:$socket" "$@" 2>&1 >/dev/null)
	vm=$!
	read -r -t 60 -u "$words" _
}
# until_line REGEX: what gdb says up to a line of that, in $said.
until_line() {
	local line
	said=''
	while read -r -t 60 -u "${mi[0]}" line; do
		said+=$line$'\n'
		[[ $line =~ $1 ]] && return 0
	done
	return 1
}
# does COMMAND REGEX NAME: its result; goes COMMAND REGEX NAME: the guest goes on until that stop.
does() {
	echo "$1" >&"${mi[1]}"
	until_line '^\^(done|running|connected|error)'
	has "$said" "$2" "$3"
}
goes() {
	echo "$1" >&"${mi[1]}"
	until_line '^(\*stopped|\^error)'
	has "$said" "$2" "$3"
}
console() { # COMMAND: as a user's `-exec COMMAND` in the debug console
	printf -- '-interpreter-exec console "%s"' "$1"
}

serve gdb --record "$GUESTS/kernel64.elf"
coproc mi { "$GDB" -nx -q --interpreter=mi 2>"$work/gdb.err"; }

# --- its launch, with the setupCommands and stopAtConnect of README.md -----------------------------
does '-gdb-set mi-async on' '^\^done' 'gdb goes on listening while the guest runs'
does '-list-features' '^\^done' 'its features'
does "$(console "source $SCRIPT")" '^\^done' 'setupCommands: our scripts are loaded'
does "$(console 'set pagination off')" '^\^done' 'the settings'
does "$(console 'set debuginfod enabled off')" '^\^done' '... of what gdb downloads'
does '-gdb-set auto-solib-add on' '^\^done' '... of libraries'
does "-environment-cd $work" '^\^done' 'cwd'
does "-file-exec-and-symbols $GUESTS/kernel64.elf" '^\^done' 'program'
does "$(console 'show architecture')" 'i386:x86-64' 'the architecture is what it takes for x64'
does '-break-insert -f main' '^\^(error|done)' 'a breakpoint at main, which no kernel needs to have'
does "-target-select remote $work/gdb" '^\^connected' 'miDebuggerServerAddress'
does '-stack-info-frame' 'func="start"' 'stopAtConnect: the guest stands at its entry'

# --- a look at it, as each stop brings it ----------------------------------------------------------
does '-thread-info' 'threads=\[\{id="1",target-id="Thread 1.1",.*name="vCPU0 \[long64\]"' 'the thread'
does '-stack-list-frames 0 1000' 'level="0",addr="0x0*100000",func="start"' 'the frames'
does '-data-list-register-names' '"rax".*"cr3"' "the registers' names"
does '-data-list-register-values x' 'number="16",value="0x100000"' '... and values'

# --- breakpoints, steps, variables -----------------------------------------------------------------
does '-break-insert -f kernel64.c:101' 'bkpt=\{number="[0-9]+",.*func="factorial"' 'a breakpoint on a line'
does '-break-insert -f -c "n == 18" factorial' 'cond="n == 18"' 'one on a function, with a condition'
goes '-exec-continue' 'reason="breakpoint-hit".*func="factorial".*value="20"' 'F5: the first is hit'
does '-break-delete 2' '^\^done' 'it goes'
goes '-exec-continue --thread 1' 'reason="breakpoint-hit".*value="18"' 'the condition holds'
does '-stack-list-variables --thread 1 --frame 0 0' 'name="n"' 'variables of the frame'
does '-var-create --thread 1 --frame 0 - * "n"' 'value="18"' '... as objects'
does '-data-evaluate-expression --thread 1 --frame 1 "n"' 'value="19"' "... and of the caller's"
does '-break-delete 3' '^\^done' 'no breakpoint is left'
goes '-exec-finish --thread 1 --frame 0' 'reason="function-finished".*func="factorial"' 'Shift+F11: out'
goes '-exec-next --thread 1' '^\*stopped' 'F10: over'
goes '-exec-step --thread 1' '^\*stopped' 'F11: into'
goes '-exec-step-instruction --thread 1' '^\*stopped' '... by instructions'

# --- back, of a recorded guest: the extension itself has no command for it ---------------------------
does '-data-evaluate-expression "$pc"' 'value=' 'where it is'
there=$(sed -n 's/.*value="\(0x[0-9a-f]*\).*/\1/p' <<<"$said")
goes "$(console reverse-stepi)" '^\*stopped' '-exec reverse-stepi'
does '-data-evaluate-expression "$pc"' 'value=' '... is another instruction'
[ "$there" != "$(sed -n 's/.*value="\(0x[0-9a-f]*\).*/\1/p' <<<"$said")" ]
ok $? '... which was before' "$said"
goes '-exec-step-instruction' '^\*stopped' 'and forth'
does '-data-evaluate-expression "$pc"' "value=\"$there" '... to the same'
goes '-exec-step --reverse' '^\*stopped' 'a line back: -exec-step --reverse'
does '-break-watch handled' 'wpt=' 'a watchpoint'
goes '-exec-continue --reverse' 'reason="watchpoint-trigger".*old="2",new="1"' '-exec-continue --reverse: before the write'
does "$(console 'set exec-direction reverse')" '^\^done' 'set exec-direction reverse'
goes '-exec-continue' 'reason="watchpoint-trigger".*old="1",new="0"' '... and -exec-continue goes back'
goes '-exec-continue' 'No more reverse-execution history' 'to where the recording begins'
does "$(console 'set exec-direction forward')" '^\^done' 'set exec-direction forward'
does "$(console 'delete')" '^\^done' 'no watchpoint is left'

echo '-gdb-exit' >&"${mi[1]}"
until_line '^\^exit' || :
wait "$mi_PID" 2>/dev/null
kill $vm 2>/dev/null
wait $vm 2>/dev/null
vm=''

# --- pause, of one that never ends -----------------------------------------------------------------
serve spin "$GUESTS/spin.bin"
coproc mi { "$GDB" -nx -q --interpreter=mi 2>>"$work/gdb.err"; }
does '-gdb-set mi-async on' '^\^done' 'another gdb'
does "-target-select remote $work/spin" '^\^connected' '... is connected'
does '-exec-continue' '^\^running' 'F5'
goes '-exec-interrupt' 'signal-name="SIGINT"' 'pause'
does 'kill' '^\^(done|running)' 'stop'
echo '-gdb-exit' >&"${mi[1]}"
wait "$mi_PID" 2>/dev/null

echo "1..$count"
[ $bad = 0 ]

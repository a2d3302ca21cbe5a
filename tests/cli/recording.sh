#!/bin/bash
# needs: kvm
# Recordings as files: written as they go, opened again without the image, its disk or the engine of then, cut, broken,
# refused. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/recording.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
GDB=${GDB:-gdb}
export LC_ALL=C.UTF-8
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-cli.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
has() { # TEXT REGEX NAME
	grep -Eq -- "$2" <<<"$1"
	ok $? "$3" "$1"
}
vm() {
	timeout 60 "$STEPVM" "$@" </dev/null 2>&1
}

# --- written, and done again -----------------------------------------------------------------------

cp "$GUESTS/disk.bin" image
live=$(vm run --record=a image)
status=$?
is "$(stat -c %a a)" 600 "only its owner may read it"
size=$(stat -c %s a)
ok $((size >= 100000)) "a boot sector's recording is less than 100 KB" "$size"
rm image
again=$(vm replay a)
is "$? $(head -n 1 <<<"$again")" "$status $(head -n 1 <<<"$live")" "without its image it prints the same, and ends the same"
has "$(vm replay --check a)" '^[0-9]+ positions checked, 0 differ$' "--check"
is "$(vm replay --engine kvm a | head -n 1)" "$(head -n 1 <<<"$live")" "by another engine"
live=$(vm run --record=t "$GUESTS/triple.bin")
status=$?
again=$(vm replay t)
is $? $status "after a triple fault it ends with the same status" "$again"
is "$(grep -c '^stepvm: Triple fault: the CPU shut down\|^The bytes at\|^Vector 0x06' <<<"$again")" 3 "... and says why"
live=$(vm run --record=h "$GUESTS/hello.bin")
has "$(vm replay h)" '^stepvm: hlt: the CPU is halted, and nothing can wake it' "after a hlt, too"
has "$(vm run a)" 'a is a recording: stepvm replay does it again' "run says what a recording is"

# --- refused ---------------------------------------------------------------------------------------

out=$(vm run --record=a "$GUESTS/hello.bin")
is "$? $(stat -c %s a)" "2 $size" "a file that is there is left as it is"
has "$out" 'there already' "... and said"
mkfifo fifo
mkdir folder
for what in fifo folder nowhere/file; do
	out=$(vm run --record=$what "$GUESTS/hello.bin")
	ok $(($? != 2 && $? != 4)) "$what is no place for one" "$out"
	has "$out" "^stepvm run: --record=$what: " "... and said"
done
out=$(vm run --record=w --disk "$work/w.img,write" "$GUESTS/disk.bin")
ok $(($? == 0)) "a disk that is written to is refused" "$out"
out=$(vm debug --memory 1M a)
is $? 2 "a recording's machine is not said once more" "$out"

# --- no room ---------------------------------------------------------------------------------------

out=$(ulimit -f 20; vm run --record=full "$GUESTS/disk.bin")
has "$out" '^stepvm: --record=full: File too large; the recording in the file ends here' "where there is no room it ends"
has "$out" "$(head -n 1 <<<"$(vm replay a)")" "... and the guest goes on"
has "$(vm replay full)" 'cut before its beginning was whole' "... and is refused"

# --- cut and broken --------------------------------------------------------------------------------

vm run --record=k "$GUESTS/ticks.bin" >/dev/null
size=$(stat -c %s k)
opened=0 refused=0 wrong=
for ((len = 0; len < size; len += size / 40 + 1)); do
	head -c $len k >cut
	out=$(vm replay --check cut)
	status=$?
	case $status:$out in
	0:*0\ differ) opened=$((opened + 1)) ;; # between two chunks nothing is cut
	2:*can\'t\ be\ replayed*) refused=$((refused + 1)) ;;
	*) wrong+="$len: $status $out"$'\n' ;;
	esac
done
is "$wrong" "" "cut anywhere it goes up to its last whole chunk, or is refused"
ok $((opened < 3 || refused < 3)) "... both of them" "$opened $refused"
printf x | dd of=k bs=1 seek=$((size - 100)) conv=notrunc 2>/dev/null
has "$(vm replay --check k)" 'k is cut or broken after' "a broken chunk is where it ends"
head -c 300 /dev/zero >zeros
has "$(vm replay zeros)" "zeros can't be replayed: not a recording" "a file that is none"

# --- killed in the debugger ------------------------------------------------------------------------

if command -v "$GDB" >/dev/null; then
	"$STEPVM" run --gdb unix:socket --record=killed --load 0x7c00 "$GUESTS/stages.bin" </dev/null >/dev/null 2>said &
	pid=$!
	for ((i = 0; i < 1000; i++)); do
		grep -q 'waiting for a debugger' said && break
		read -rt 0.02 <> <(:)
	done
	live=$(timeout 60 "$GDB" -nx -batch -ex 'target remote socket' -ex 'stepi 5' -ex 'info registers eip' \
		-ex "shell kill -9 $pid" 2>&1 </dev/null)
	live=$(awk '/^eip/ { print $2 }' <<<"$live")
	dead=$(timeout 60 "$GDB" -nx -batch -ex "target remote | exec \"$STEPVM\" replay --gdb - killed 2>/dev/null" \
		-ex 'info registers eip' -ex 'reverse-stepi' -ex 'info registers eip' -ex 'reverse-continue' -ex 'info registers eip' 2>&1 </dev/null)
	all=$(awk '/^eip/ { print $2 }' <<<"$dead")
	is "$(head -n 1 <<<"$all")" "${live:-none}" "killed by signal 9 it goes up to the last stop"
	ok $(($(sort -u <<<"$all" | wc -l) != 3)) "... from where one goes back" "$dead"
	is "$(tail -n 1 <<<"$all")" 0x7c00 "... to the beginning"
	out=$(vm debug --gdb-program "$GDB" t)
	has "$out" '^stepvm: a recording of .*triple.bin, .*positions 0 to' "opened, a recording says what it is"
	has "$out" '^stepvm: Triple fault: the CPU shut down' "... why it ends"
	has "$out" "stands at the recording's end, position [0-9]+; reverse-stepi" "... where one goes on from"
	has "$out" 'for symbols give --symbols FILE, too; the recording was made of .*triple.bin' "... and of what it has none"
	# Nobody is waited for at the end by what its debugger has let go.
	rm -f socket
	timeout 60 "$STEPVM" replay --gdb unix:socket a </dev/null >/dev/null 2>said &
	pid=$!
	for ((i = 0; i < 1000; i++)); do
		grep -q 'waiting for a debugger' said && break
		read -rt 0.02 <> <(:)
	done
	timeout 60 "$GDB" -nx -batch -ex 'target remote socket' -ex detach >/dev/null 2>&1 </dev/null
	wait "$pid"
	is $? "$(vm replay a >/dev/null; echo $?)" "let go, it ends where the recording does"
fi

# --- asked, live and as a file ----------------------------------------------------------------------

if command -v "$GDB" >/dev/null; then
	cp "$GUESTS/disk.bin" image
	cat >ask.gdb <<-'EOF'
		monitor output
		monitor calls 0x13
		monitor calls 0x10
		monitor hits 0x7c00
		monitor last-write 0x7bfe 2
		monitor output 1
		monitor when
		monitor output -1
		monitor output 100
	EOF
	ask() { # HOW GDB'S OPTIONS...
		timeout 60 "$GDB" -nx -batch -ex "target remote | exec \"$STEPVM\" $1 2>/dev/null" "${@:2}" -ex 'echo asked\n' \
			-x ask.gdb 2>&1 </dev/null | sed '1,/^asked$/d'
	}
	live=$(ask 'run --gdb - --record=asked image' -ex continue)
	has "$live" '^[0-9]+  position [0-9]+  ' "a live recording has the lines that were printed"
	has "$live" 'AH=02 .* int  BIOS' "... and the calls"
	is "$(ask 'replay --gdb - asked')" "$live" "a file answers what the live recording has answered"
fi

# --- from a debugger, and from a test that fails ------------------------------------------------------

if command -v "$GDB" >/dev/null; then
	timeout 60 "$GDB" -nx -batch -ex "target remote | exec \"$STEPVM\" run --gdb - --record --load 0x7c00 \"$GUESTS/stages.bin\" 2>/dev/null" \
		-ex 'stepi 7' -ex 'remote get recording saved' -ex 'reverse-stepi 3' -ex 'remote get recording past' >/dev/null 2>&1 </dev/null
	for file in saved past; do
		has "$(vm replay --check $file)" '^[0-9]+ positions checked, 0 differ$' "remote get recording: $file"
	done
	has "$(vm replay saved)" 'ends here, at position 7\.' "... is all of it, up to the present"
	has "$(vm replay past)" 'ends here, at position 7\.' "... also where the guest stands in the past"
	printf '# guest: %s\n# options: --load 0x7c00\nstepi 4\nexpect $ax == 0x1234\n' "$GUESTS/stages.bin" >fails.gdb
	printf '# guest: %s\n# options: --load 0x7c00\nstepi 4\nexpect 1 == 1\n' "$GUESTS/stages.bin" >good.gdb
	out=$(vm test --record-failures kept fails.gdb good.gdb)
	is "$(ls kept)" fails.recording "test --record-failures keeps the recording of the one that fails"
	has "$(vm replay kept/fails.recording)" 'ends here, at position 4\.' "... up to where it has failed"
fi

# --- a recording that nobody has asked for -----------------------------------------------------------

# The guest's end is a stop, from which a user can go back, where there is one: in stepvm debug, in a terminal.
if command -v "$GDB" >/dev/null; then
	debug="exec '$STEPVM' debug --engine interp --load 0x7c00 --port 0x10=exit '$GUESTS/counter.bin' -- -nx -batch -ex 'stepvm context off'"
	out=$(timeout 60 bash -c "$debug -ex continue" 2>&1 </dev/null)
	has "$out" 'exited with code 01' "a script's continue goes to the guest's end"
	out=$(timeout 60 script -qfec "$debug -ex continue -ex reverse-stepi -ex 'stepvm when' -ex continue -ex continue" /dev/null 2>&1 </dev/null)
	has "$out" 'The guest ends here' "in a terminal it stops there first"
	has "$out" 'position [0-9]+ of [0-9]+, ' "... from where one goes back"
	has "$out" 'exited with code 01' "... and the next continue is the end"
	out=$(timeout 60 script -qfec "${debug/--engine/--record=off --engine} -ex continue" /dev/null 2>&1 </dev/null)
	has "$out" 'exited with code 01' "... as the first one is with --record=off"
fi

echo "1..$count"
[ $bad = 0 ]

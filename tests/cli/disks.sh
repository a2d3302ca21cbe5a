#!/bin/bash
# needs: kvm
# --disk: a file is never changed unless write says so, and then holds what the guest wrote, also where stepvm is
# killed; what is no disk is refused; snapshots and restarts don't take back what is in a file. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/disks.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-disks.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

new() { # FILE: the guest's disk as it was built
	rm -f "$1"
	cp "$GUESTS/disk.bin" "$1"
	chmod 644 "$1"
}
run() { # ARGS...: what the guest prints, after the third sector's words
	"$STEPVM" run "$@" 2>err | grep -v '^the third sector$' | tr '\n' ' '
}
sector() { # FILE NUMBER: its first bytes, without zeros
	dd if="$1" bs=512 skip="$2" count=1 status=none | tr -d '\0'
}
fails() { # NAME STATUS TEXT ARGS...
	local name=$1 status=$2 wanted=$3 out
	shift 3
	out=$("$STEPVM" run "$@" 2>&1 </dev/null)
	is "$? $out" "$status stepvm run: $wanted" "$name"
}
went="flushed written disk ok "

# --- a file stays as it is ------------------------------------------------------------------------

new a.img
before=$(md5sum <a.img)
is "$(run a.img)" "$went" "an image is its own disk"
is "$(run --disk a.img a.img)" "$went" "and is named once more"
is "$(run --disk ./a.img,hd a.img)" "$went" "as a hard disk, by another name"
is "$(run --reg bp=2 a.img)" "flushed written kept " "a guest that resets the machine keeps its disk"
chmod 444 a.img
is "$(run a.img)" "$went" "a file that can only be read"
chmod 644 a.img
is "$(md5sum <a.img)" "$before" "the file is as it was"

is "$("$STEPVM" run <(cat a.img) 2>err | tail -1)" "disk ok" "an image that comes by a pipe"
truncate -s 1800 a.img
is "$(run a.img)" "$went" "a floppy disk that ends within a sector"
is "$(stat -c %s a.img)" 1800 "is as long as before"
new a.img
truncate -s 4G a.img
is "$(run a.img)" "$went" "4 GiB, a hard disk"

# --- and with write it is written to --------------------------------------------------------------

new w.img
is "$(run --disk w.img,write w.img)" "$went" "write"
is "$(sector w.img 3) $(sector w.img 4)" "one two" "the file has what the guest wrote"
is "$(cmp -n 1536 w.img "$GUESTS/disk.bin" && stat -c %s w.img)" 2560 "and nothing else is another"
is "$(run w.img)" "kept " "the next guest finds it"
new w.img
is "$(run --disk w.img,write,hd w.img)" "$went" "write, to a hard disk"
is "$(sector w.img 3)" one "that one, too"
new "a,b.img"
is "$(run --disk a,,b.img,write a,b.img)" "$went" "a comma in a name"
is "$(sector a,b.img 3)" one "means that file"

# A floppy disk that is cut grows up to what the guest writes.
new w.img
truncate -s 1536 w.img
is "$(run --disk w.img,write w.img)" "$went" "write, past the end of a floppy disk's file"
is "$(stat -c %s w.img)" 2560 "makes it longer"

# Without room for it, the guest gets an error. The limit is in units of 1024 bytes.
new w.img
truncate -s 1536 w.img
is "$( (ulimit -f 1; run --disk w.img,write w.img))" "disk bad " "a write that fails is an error to the guest"
is "$(grep -c "^stepvm: w.img: File too large; the guest got an error" err)" 1 "and is said"

# Killed between its first write, which it had flushed, and the next flush.
new w.img
mkfifo out
"$STEPVM" run --reg bp=1 --disk w.img,write w.img >out 2>err &
pid=$!
exec 3<out
while read -r line <&3 && [ "$line" != written ]; do :; done
fails "two don't write to a file" 4 "w.img: it is open for writing elsewhere" --disk w.img,write w.img
is "$(run --reg bp=2 w.img)" "kept " "but others may look at it"
kill -9 $pid
wait $pid 2>/dev/null
exec 3<&-
is "$(sector w.img 3)" one "killed: what was flushed is there"
is "$(run w.img)" "kept " "and the next guest finds it"

# --- what is no disk ------------------------------------------------------------------------------

new a.img
mkfifo pipe
mkdir folder
: >empty
fails "none" 4 "none.img: cannot open: No such file or directory" --disk none.img a.img
fails "a folder" 4 "folder: a folder is no disk" --disk folder a.img
fails "a pipe" 4 "pipe: a pipe is no disk: copy what it gives into a file" --disk pipe a.img
fails "an empty file" 4 "empty: it is empty, and a disk has a sector at least" --disk empty a.img
fails "a device" 4 "/dev/null: a device without blocks is no disk: copy what it gives into a file" \
	--disk /dev/null a.img
truncate -s 3M big.img
fails "no floppy disk" 4 "big.img: 3145728 bytes are more than a floppy disk has, 2.88M" \
	--disk big.img,floppy a.img
fails "a third floppy disk" 2 "$GUESTS/pc.bin: there are 2 floppy disks already; with ,hd it is a hard disk" \
	--disk "$GUESTS/disk.bin" --disk "$GUESTS/pc.bin" --disk "$GUESTS/pc.bin" a.img
fails "a word" 2 "--disk a.img,writ: expected write, floppy or hd after a comma; one in the file's name is written \
twice" --disk a.img,writ a.img
fails "a bare board" 2 "--disk a.img: a bare board has no disks; --board pc has some" \
	--disk a.img "$GUESTS/hello.bin"
printf x >byte
is "$(run --disk byte --disk byte,hd a.img)" "$went" "one byte is a disk"

# --- a debugger -----------------------------------------------------------------------------------

if command -v "${GDB:-gdb}" >/dev/null; then
	debug() { # COMMANDS...: gdb's and stepvm's words
		local arguments=() command
		for command in "set confirm off" "monitor savevm start" "$@"; do
			arguments+=(-ex "$command")
		done
		"$STEPVM" debug --gdb-program "${GDB:-gdb}" --disk w.img,write w.img -- -nx -batch \
			"${arguments[@]}" 2>&1 </dev/null
	}
	has() { # TEXT WORDS NAME
		grep -qF -- "$2" <<<"$1"
		ok $? "$3" "$1"
	}
	new w.img
	out=$(debug "shell truncate -s 1024 w.img" "continue")
	has "$out" "disk bad" "a file that shrinks while it runs is an error to the guest"
	has "$out" "stepvm: w.img: cannot read: the file has become shorter, or its medium fails" "and is said"
	new w.img
	out=$(debug "continue" "monitor loadvm start" "monitor reset" "run")
	has "$out" "loadvm start: w.img has been written to since, and what is in a file is not taken back" \
		"loadvm of a time before a write is refused"
	why="the guest has written to w.img, and what is in a file is not taken back: end stepvm, and start it again"
	has "$(grep -v "not started again" <<<"$out")" "$why" "so is reset"
	has "$out" "stepvm: the guest is not started again: $why" "and run"
	is "$(sector w.img 3)" one "the file has what was written"
	new w.img
	out=$(debug "stepi" "monitor loadvm start" "run" "print \$pc")
	has "$out" "Loaded start" "without a write loadvm is done"
	has "$out" "0x7c00" "and run, whose guest has the file open as before"
	new w.img
	out=$(debug "run" "continue")
	has "$out" "disk ok" "and may write to it"
fi

echo "1..$count"
[ $bad = 0 ]

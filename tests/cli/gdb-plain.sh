#!/bin/bash
# A plain gdb, as its user calls it: which file it reads, what ends and starts the guest. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/gdb-plain.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
SCRIPT=$(realpath "$(dirname "$0")/../../gdb/stepvm.gdb")
command -v gdb >/dev/null || { echo "1..0 # skip gdb is not installed"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export LC_ALL=C.UTF-8 LANGUAGE=

RESET="--memory 4M --memory 64K@0xffff0000 --load 0xffff0000 --entry reset"
# The same symbols in a file of 64-bit code, as a kernel's are.
objcopy -I elf32-i386 -O elf64-x86-64 "$GUESTS/reset.elf" reset64.elf 2>/dev/null

# session TARGET OPTIONS GUEST GDB-ARGS...: what gdb printed.
session() {
	local kind=$1 options=$2 guest=$3
	shift 3
	timeout 60 gdb -nx -batch -iex 'set confirm off' "${before[@]}" \
		-ex "target $kind | $STEPVM run -g - $options $GUESTS/$guest.bin 2>/dev/null" "$@" 2>&1
}

# has TEXT PATTERN NAME; lacks is the opposite.
has() {
	[[ $1 =~ $2 ]]
	ok $? "$3" "$1
does not match $2"
}
lacks() {
	[[ ! $1 =~ $2 ]]
	ok $? "$3" "$1
matches $2"
}

# --- which file gdb reads ---

before=()
out=$(session remote "" segments -ex 'x/i $pc')
lacks "$out" "No executable" "a flat image: no advice to name a file"
has "$out" '=> 0x7c00:.ljmp' "a flat image: 16-bit code is shown"

out=$(session remote "--symbols reset64.elf $RESET" reset -ex 'x/i $pc' -ex 'break prot' -ex c)
has "$out" 'Reading symbols from target:.*/reset64.elf' "run --symbols: gdb reads the file by itself"
has "$out" '=> 0xfffffff0 <start>:.jmp .*0xffff0000 <real>' "run --symbols: names, and 16-bit code"
has "$out" 'Breakpoint 1, prot \(\)' "run --symbols: a breakpoint by name in 32-bit code"

out=$(session remote "--symbols $GUESTS/reset.elf $RESET" reset -ex 'x/i $pc')
lacks "$out" 'Reading symbols' "a file of 32-bit code is not given to a gdb in 16-bit code"
has "$out" '=> 0xfffffff0:.jmp .*0xffff0000' "which shows 16-bit code therefore"

out=$(session remote "--symbols $GUESTS/segments.bin" segments -ex 'x/i $pc')
has "$out" 'warning: this guest has no ELF file, which is fine \(symbol-file FILE reads symbols\)' "a file that is no ELF file is not given either"

out=$("$STEPVM" run -g - --symbols no.elf "$GUESTS/segments.bin" 2>&1 </dev/null)
is "$? $out" "4 stepvm run: --symbols no.elf: No such file or directory" "a file that is not there is said at the start"
out=$("$STEPVM" debug --symbols . "$GUESTS/segments.bin" 2>&1 </dev/null)
is "$? $out" "4 stepvm debug: --symbols .: Is a directory" "a folder, too"

# The file that the user gives.
to_compat=(-ex 'x/i $pc' -ex 'tbreak *&prot' -ex c -ex 'x/i $pc' -ex 'tbreak *&long_start' -ex c
	-ex 'x/2i $pc' -ex 'tbreak *&compat' -ex c -ex 'x/i $pc' -ex 'tbreak *&long_halt' -ex c -ex 'p $cpumode')
for script in "" "$SCRIPT"; do
	for file in "$GUESTS/reset.elf" "$PWD/reset64.elf"; do
		name="$(basename "$file")${script:+ with stepvm.gdb}"
		before=(${script:+-x "$script" -ex "stepvm context off"} -ex "file $file")
		out=$(session remote "$RESET" reset "${to_compat[@]}")
		# Plain gdb prefers the file's architecture at first; the README tells of it.
		if [ -n "$script" ] || [[ $file == *64* ]]; then
			has "$out" '=> 0xfffffff0 <start>:.jmp .*0xffff0000 <real>' "$name: the reset vector"
		fi
		has "$out" '<prot>:.mov .*\$0x10,%eax' "$name: 32-bit code"
		has "$out" '<long_start>:.mov .*0x[0-9a-f]+ <long_start\+5>:.movabs \$0x1122334455667788,%rax' \
			"$name: 64-bit code"
		has "$out" '<compat>:.mov .*\$0x10,%ax' "$name: 16-bit code in long mode"
		has "$out" '= long64' "$name: the session goes on"
		lacks "$out" 'too long|Truncated|not compatible|Architecture rejected' "$name: no complaint"
		if [ -n "$script" ]; then
			lacks "$out" 'executing new program' "$name: gdb follows unseen"
		fi
	done
done

# --- extended-remote ---

before=()
out=$(session extended-remote "" counter -ex 'break *4' -ex 'ignore 1 9' -ex c -ex 'p $ax' -ex run \
	-ex 'p $ax' -ex starti -ex 'p $pc' -ex kill -ex 'info inferiors' -ex starti -ex 'p $ax' -ex stepi)
has "$out" '\$1 = 9' "run: so far the guest has counted"
has "$out" 'Breakpoint 1, .*\$2 = 0' "run: it begins anew, with its breakpoint"
has "$out" '\$3 = \(void \(\*\)\(\)\) 0x0' "starti: at the first instruction"
has "$out" 'killed\]' "kill"
has "$out" '<null>' "kill: the connection stays"
has "$out" '\$4 = 0' "starti after kill"

out=$(session extended-remote "" counter -ex detach -ex 'info inferiors' -ex 'attach 1' \
	-ex 'p $cpumode' -ex kill)
has "$out" 'detached\]' "detach"
has "$out" '\$1 = real16' "attach: the guest that ran is stopped"

out=$(session extended-remote "--memory 1M" spin -ex 'set {int} 0 = 0xf4e602b0' -ex c -ex 'p $_exitcode' \
	-ex starti -ex 'x/i $pc')
has "$out" '\$1 = 5' "an exit port's status"
has "$out" '=> 0x0:.sti' "run after the exit: the image is what it was"

out=$(session extended-remote "--hlt exit" hello -ex 'trace *2' -ex tstart -ex 'info registers eax' -ex c \
	-ex tstatus -ex tstop -ex 'tsave trace' -ex 'target tfile trace' -ex 'tfind start')
has "$out" 'exited normally.*Collected 1 trace frame' "tstatus after the guest's end"
has "$out" 'Found trace frame 0, tracepoint 1' "tsave after the guest's end"

out=$(session extended-remote "" segments -ex 'stepi 3' -ex 'monitor reset' \
	-ex 'maintenance flush register-cache' -ex 'x/i $pc' -ex 'monitor exit')
has "$out" '=> 0x7c00:.ljmp' "monitor reset"

# stepvm debug connects so.
out=$(timeout 60 "$STEPVM" debug "$GUESTS/segments.bin" -- -nx -batch -ex 'stepvm context off' -ex 'stepi 2' \
	-ex 'set confirm off' -ex starti -ex 'x/i $pc' 2>&1)
has "$out" 'Program stopped.*=> 0x7c00:.ljmp' "stepvm debug: run works"

out=$(timeout 60 "$STEPVM" debug "$GUESTS/kernel64.elf" -- -nx -batch -ex 'set confirm off' -ex 'tbreak kernel' \
	-ex c -ex starti -ex 'x/i $pc' 2>&1)
has "$out" 'Temporary breakpoint 1, .*kernel \(\) at .*kernel64.c' "stepvm debug: an ELF image's symbols"
has "$out" 'Program stopped.*=> 0x100000 <start>' "stepvm debug: run with them"
lacks "$out" 'no ELF file|disappeared|be slow' "stepvm debug: no complaint about the file"

# From a trace frame, gdb itself would go on looking at it.
out=$(timeout 60 "$STEPVM" debug "$GUESTS/counter.bin" -- -nx -batch -ex 'set confirm off' -ex 'trace *4' \
	-ex 'tbreak *5' -ex tstart -ex c -ex tstop -ex 'tfind start' -ex starti -ex 'print $trace_frame' \
	-ex 'stepi 2' 2>&1)
has "$out" 'Program stopped.*\$1 = -1.*0x00000004 in' "stepvm debug: run from a trace frame"

echo "1..$count"
exit $((bad > 0))

#!/bin/bash
# needs: kvm
# stepvm core: a core file that another gdb opens, alone and beside the guest's ELF file, in code of each width. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/core.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
GDB=${GDB:-gdb}
export LC_ALL=C.UTF-8
if ! command -v "$GDB" >/dev/null; then
	echo "1..0 # SKIP $GDB is not installed"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-cli.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
has() { # TEXT REGEX NAME
	grep -Eq -- "$2" <<<"$1"
	ok $? "$3" "$1"
}

# live OPTIONS GUEST GDB-ARGUMENTS...: a session of any gdb, without a script.
live() {
	local options=$1 guest=$2
	shift 2
	timeout 60 "$GDB" -nx -batch -ex "target remote | $STEPVM run --gdb - $options $GUESTS/$guest 2>/dev/null" \
		"$@" 2>&1 </dev/null
}
dead() { # GDB-ARGUMENTS...
	timeout 60 "$GDB" -nx -batch "$@" 2>&1 </dev/null
}
# shown TEXT: what stands after the line "marked".
shown() {
	sed '1,/^marked$/d; /^\[Inferior 1/d' <<<"$1"
}

# --- 64-bit code -----------------------------------------------------------------------------------

general=(-ex 'echo marked\n' -ex 'info registers rax rbx rcx rdx rsi rdi rbp rsp r8 r15 rip cs ss ds' -ex 'p/x $mxcsr'
	-ex 'p/x $eflags' -ex 'x/6i $pc' -ex 'x/8xg $sp')
alive=$(live "" kernel64.elf -ex "symbol-file $GUESTS/kernel64.elf" -ex 'hbreak on_page_fault' -ex c -ex 'remote get core 64' \
	-ex symbol-file "${general[@]}" -ex "symbol-file $GUESTS/kernel64.elf" -ex 'echo words\n' -ex 'bt 2')
out=$(dead -ex 'core-file 64' "${general[@]}")
is "$(shown "$out")" "$(shown "$alive" | sed '/^words$/,$d')" "64-bit code, without an ELF file: registers, code, stack"
out=$(dead "$GUESTS/kernel64.elf" 64 -ex 'echo marked\n' -ex 'bt 2' -ex 'print handled')
is "$(shown "$out" | head -n 2)" "$(sed '1,/^words$/d' <<<"$alive" | head -n 2)" "... with it: frames"
has "$out" '^\$1 = 1$' "... and variables"
# One page by five addresses, and holes: guests/pages.S.
look=(-ex 'echo marked\n' -ex 'x/2xg 0x5100' -ex 'x/2xg 0x205100' -ex 'x/2xg 0x40005100' -ex 'x/2xg 0xffff800000005100'
	-ex 'x/xg 0x204000' -ex 'x/xg 0x400000')
alive=$(live "--load 0x7c00" pages.bin -ex 'hbreak *0x7d16' -ex c -ex 'remote get core mapped' "${look[@]}")
is "$(shown "$(dead -ex 'core-file mapped' "${look[@]}")")" "$(shown "$alive")" "memory by linear address"
is "$(shown "$alive" | grep -c 0x0000000012345678) $(shown "$alive" | grep -c 'annot access')" "4 2" "... which is one page"
if command -v readelf >/dev/null; then
	has "$(readelf -lW mapped)" 'LOAD +0x[0-9a-f]+ 0x0*205000 0x0*5000 ' "... with its physical address"
	is "$(readelf -lW mapped | awk '$1 == "LOAD" && $4 == "0x0000000000005000" { print $2 }' | sort -u | wc -l)" 1 \
		"... and once in the file"
fi

# system FILE: CR3, the GDT's base and limit and the IDT's, of the note's 432 bytes.
system() {
	local at
	at=$(LC_ALL=C grep -abo 'QEMU' "$1" | head -n 1 | cut -d : -f 1)
	for part in "416 8" "360 8" "348 4" "384 8" "372 4" "136 8"; do
		od -An -v -tx"${part#* }" -j $((at + 8 + ${part% *})) -N "${part#* }" "$1" | tr -d ' \n' | sed 's/^0*//; s/^$/0/; s/$/ /'
	done
}
alive=$(live "" kernel64.elf -ex 'hbreak on_page_fault' -ex c -ex 'remote get core system' -ex 'echo marked\n' \
	-ex 'printf "%lx %lx %x %lx %x %lx \n", (long) $cr3, (long) $gdtr.base, (int) $gdtr.limit, (long) $idtr.base, (int) $idtr.limit, $rip')
is "$(system system)" "$(shown "$alive" | head -n 1)" "a note has CR3, GDT, IDT and rip"
if command -v readelf >/dev/null; then
	has "$(readelf -nW system 2>/dev/null)" 'QEMU +0x0*1b0' "... which readelf shows"
fi

# --- 32-bit code -----------------------------------------------------------------------------------

general=(-ex 'echo marked\n' -ex 'info registers eax ebx ecx edx esi edi ebp esp eip cs ss ds' -ex 'p/x $mxcsr'
	-ex 'p/x $eflags' -ex 'x/6i $pc' -ex 'x/8xw $esp')
alive=$(live "" kernel32.elf -ex 'hbreak *0x10025b' -ex c -ex 'remote get core 32' -ex symbol-file "${general[@]}")
out=$(dead -ex 'core-file 32' "${general[@]}")
is "$(shown "$out")" "$(shown "$alive")" "32-bit code, without an ELF file"
out=$(dead "$GUESTS/kernel32.elf" 32 -ex bt)
has "$out" '^#1 .* in start' "... with it"

# --- 16-bit code -----------------------------------------------------------------------------------

alive=$(live "" segments.bin -ex 'hbreak *0x7c31' -ex c -ex 'remote get core 16' -ex 'echo marked\n' \
	-ex 'print $pc' -ex 'p/x $cs' -ex 'p/x $esp' -ex 'x/16xb $pc')
out=$(dead -ex 'core-file 16' -ex 'echo marked\n' -ex 'print $pc' -ex 'p/x $cs' -ex 'p/x $esp' -ex 'x/16xb $pc')
is "$(shown "$out")" "$(shown "$alive")" "16-bit code: registers, and memory by linear address"
if command -v objdump >/dev/null; then
	has "$(objdump -D -m i8086 --start-address=0x7c31 --stop-address=0x7c36 16)" 'mov +\$0x2000,%ax' "... and objdump knows the code"
fi

# --- a file that is large --------------------------------------------------------------------------

live "-m 3G" kernel64.elf -ex 'remote get core large' >/dev/null
is "$(($(stat -c %s large) < 4 << 20)) $(head -c 4 large | tail -c 3)" "1 ELF" "3 GiB of RAM that is not used take no room"
out=$(dead -ex 'core-file large' -ex 'x/xg 0xbffffff8' -ex 'x/xg 0xc0000000')
has "$out" '^0xbffffff8:.0x0{16}$' "... but are there"
has "$out" 'annot access memory at address 0xc0000000' "... and no more"

# --- the command -----------------------------------------------------------------------------------

out=$("$STEPVM" debug --gdb-program "$GDB" "$GUESTS/segments.bin" -- -nx -batch -ex 'stepvm core a' -ex 'stepvm core' 2>&1 </dev/null)
is "$(head -c 4 a | tail -c 3)" ELF "stepvm core FILE"
# limited COMMAND: what it says where no file of gdb's can have more than 1 KiB
limited() {
	"$STEPVM" debug --gdb-program "$GDB" --board pc "$GUESTS/segments.bin" -- -nx -batch \
		-ex 'python import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)' \
		-ex 'python resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))' -ex "$1" 2>&1 </dev/null
}
for name in core screenshot; do
	[[ $(limited "stepvm $name cut") = *"cut could not be written whole: is the disk full?"* ]]
	ok $? "stepvm $name: a file that is not whole is none" "$(limited "stepvm $name cut"; ls -l cut)"
done
if [ "$("$GDB" -nx -batch -ex 'python print(1)' 2>/dev/null)" = 1 ]; then
	has "$out" '^Wrote a core file, a\.$' "... says so"
	has "$out" '^expected a FILE' "... and what it wants"
fi

echo "1..$count"
[ $bad = 0 ]

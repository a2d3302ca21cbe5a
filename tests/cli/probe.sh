#!/bin/bash
# needs: kvm
# `stepvm probe`: both forms, and that they say the same. TAP.
#
#	STEPVM=build/stepvm tests/cli/probe.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM
skip() { # NAME REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

table=$("$STEPVM" probe 2>&1)
is $? 0 "the table: status 0"
json=$("$STEPVM" probe --json 2>&1)
is $? 0 "JSON: status 0"

# --- the table ------------------------------------------------------------------------------------

is "$(awk 'length > 80' <<<"$table")" "" "80 columns"
is "$(grep -c ' $' <<<"$table")" 0 "no space at a line's end"
is "$(awk '/^Linux / { print $2 }' <<<"$table")" "$(uname -r)" "the kernel's version"
is "$(sed -n "s/^KVM's API version *//p" <<<"$table")" 12 "the API version"
# Real mode runs on every KVM.
is "$(sed -n 's/^code runs *\([^ ]*\) .*/\1/p' <<<"$table")" yes "code runs"

# --- JSON -----------------------------------------------------------------------------------------

if perl -MJSON::PP -e 1 2>/dev/null; then
	out=$(perl -MJSON::PP -0777 -ne 'print scalar keys %{decode_json($_)->{facts}}' 2>&1 <<<"$json")
	is "$? $out" "0 $(grep -c '": {"real16\|": {"prot32\|": {"long64' <<<"$json")" "it parses"
else
	skip "it parses" "no JSON::PP in this perl"
fi
is "$(sed -n 's/^  "kernel": "\(.*\)",$/\1/p' <<<"$json")" "$(uname -r)" "the kernel's version"

# "KEY real16 prot32 long64", a line a fact, in the table's words.
facts=$(awk '/^    "/ {
	gsub(/[",{}:]/, " ")
	sub(/real16/, "real16="); sub(/prot32/, "prot32="); sub(/long64/, "long64=")
	gsub(/= +/, "="); gsub(/=true/, "=yes"); gsub(/=false/, "=no"); gsub(/=null/, "=?")
	was["real16"] = was["prot32"] = was["long64"] = "-"
	for (i = 2; i <= NF; i++) { split($i, pair, "="); was[pair[1]] = pair[2] }
	print $1, was["real16"], was["prot32"], was["long64"]
}' <<<"$json")

# same NAME-IN-TABLE KEY: the same three answers.
same() {
	is "$(awk -v name="$1" 'index($0, name "  ") == 1 {
		$0 = substr($0, length(name) + 1); print $1, $2, $3 }' <<<"$table")" \
		"$(sed -n "s/^$2 //p" <<<"$facts")" "$1: the same in both"
}
same "code runs" runs
same "32-bit paging works" paging32
same "a planted int3 exits" int3_exits
same "data breakpoints in DRs fire" data_breakpoints
same "a step runs a whole rep" step_runs_whole_rep
same "deleted slots exit on access" deleted_slots
same "triple fault keeps registers" shutdown_keeps_registers
same "a write of EFER exits" efer_exits

same "CPL 3: a step is a step" cpl3_steps
same "KVM emulates its guests" emulates
same "CPL 3: DR breakpoints fire" cpl3_breakpoints
same "CPL 3: ports by IOPL" cpl3_ports

# --- a guest that meets what this KVM lacks -------------------------------------------------------

kvm=$(sed -n 's/^module *//p' <<<"$table" | grep -oE 'kvm_(intel|amd|pvm)' | head -1)
# lacks KEY MODE BITS OPTIONS BYTES NAME: where the probe says so, a failure says it, once.
lacks() {
	if ! grep -q "^ *\"$1\": {.*\"$2\": false" <<<"$json"; then
		skip "$1 in $2 is named" "this KVM runs it"
		return
	fi
	printf "$5" >"$work/guest.bin"
	# shellcheck disable=SC2086 # several words
	out=$("$STEPVM" run $4 --load 0x100000 "$work/guest.bin" 2>&1)
	is "${out%%: the guest cannot go on at *}" \
		"stepvm: ${kvm:-this KVM} does not run $6 in $3-bit code (see stepvm probe)" \
		"$1 in $2 is named"
}
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-probe.XXXXXX")
trap 'rm -rf "$work"' EXIT
lacks iret prot32 32 "--mode prot" '\xcf' "iret"
lacks int_n prot32 32 "--mode prot" '\xcd\x20' "int n"
lacks int_n long64 64 "--mode long" '\xcc' "int3"
lacks x87 prot32 32 "--mode prot" '\xd9\xe8' "this x87 instruction"
# What raises a #GP in the guest is named when the guest comes to nothing by it.
if grep -q '"paging32_raises_gp": {"prot32": true' <<<"$json"; then
	# mov %cr0, %eax; or $0x80000000, %eax; mov %eax, %cr0
	printf '\x0f\x20\xc0\x0d\x00\x00\x00\x80\x0f\x22\xc0' >"$work/guest.bin"
	out=$("$STEPVM" run --engine kvm --mode prot --load 0x100000 "$work/guest.bin" 2>&1 |
		grep -c "^${kvm:-this KVM} raises this #GP itself: it has no 32-bit paging (see stepvm probe).$")
	is "$out" 1 "paging32 is named"
else
	skip "paging32 is named" "this KVM has it"
fi
# 32-bit paging that is on by the engine's doing.
pages() { # BYTES: the page directory at 0 maps 4 MiB to themselves; then paging, then these
	# movl $0x83, 0; mov %cr4, %eax; or $0x10, %al; mov %eax, %cr4; xor %eax, %eax; mov %eax, %cr3
	# mov %cr0, %eax; or $0x80000000, %eax; mov %eax, %cr0
	printf "%b" '\xc7\x05\0\0\0\0\x83\0\0\0\x0f\x20\xe0\x0c\x10\x0f\x22\xe0\x31\xc0\x0f\x22\xd8' \
		'\x0f\x20\xc0\x0d\0\0\0\x80\x0f\x22\xc0' "$1" >"$work/guest.bin"
	"$STEPVM" run --engine interp --mode prot --load 0x100000 "$work/guest.bin" 2>&1
}
if grep -q '"paging32": {"prot32": false' <<<"$json"; then
	out=$(pages '\xd9\xe8')
	is "${out%%: the guest cannot go on at *}" \
		"stepvm: ${kvm:-this KVM} has no 32-bit paging (see stepvm probe), and stepvm's engine leaves this x87 instruction to it" \
		"paging that KVM lacks and the engine has turned on is named"
	grep -q "^Code finds the x87 .* has no arithmetic of the x87, MMX or SSE" <<<"$out"
	ok $? "nobody has the arithmetic"
	out=$(pages '\x0f\x0b')
	is "${out%% at *}" "stepvm: Triple fault: the CPU shut down" "a triple fault under paging is one"
	grep -q "^Vector 0x06 (#UD): there is no handler, for the IDT .* ends before its entry.$" <<<"$out"
	ok $? "and what has raised it is told"
else
	skip "paging that the engine has turned on" "this KVM has it"
fi
# CR0.TS: mov %cr0, %eax; or $8, %al; mov %eax, %cr0; and an instruction
not_now() { # BYTES
	printf '%b' '\x0f\x20\xc0\x0c\x08\x0f\x22\xc0' "$1" >"$work/guest.bin"
	"$STEPVM" run --engine interp --mode prot --load 0x100000 "$work/guest.bin" 2>&1
}
if grep -q '"sse": {.*"prot32": false' <<<"$json"; then
	out=$(not_now '\x0f\x77') # emms
	grep -q "^A CPU raises #NM here, for CR0 (EM, TS, MP) says so.$" <<<"$out"
	ok $? "an instruction that CR0.TS rules out is told to be one"
else
	skip "an instruction that CR0.TS rules out" "this KVM runs it"
fi
lacks sse long64 64 "--mode long" '\x0f\x58\xc0' "this SSE instruction"

# --- the command line -----------------------------------------------------------------------------

out=$("$STEPVM" probe image 2>&1)
is "$? $out" "2 stepvm probe: image: expected options only; see stepvm probe --help" "an operand"
out=$("$STEPVM" probe --jsn 2>&1)
is "$? $out" "2 stepvm probe: --jsn: not an option; did you mean --json? See stepvm probe --help" \
	"a slip"
"$STEPVM" probe >/dev/full 2>/dev/null
is $? 4 "standard output is full"
"$STEPVM" --manual | grep -q '^\\fBstepvm probe\\fR\|\\fBstepvm probe\\fR'
ok $? "the manual page has the verb"

# --- no KVM ---------------------------------------------------------------------------------------

# An empty /dev, where we may make one; without a stand-in for /dev/kvm (tests/standin).
hidden() {
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --mount --map-root-user bash -c 'mount -t tmpfs none /dev && unset LD_PRELOAD && exec "$@"' - "$@" 2>&1
}
if hidden true >/dev/null; then
	out=$(hidden "$STEPVM" probe)
	is "$? $out" "4 stepvm probe: /dev/kvm is not there: load the module (modprobe kvm_intel or \
kvm_amd), or turn on virtualization in the firmware or for this virtual machine" "no /dev/kvm"
else
	skip "no /dev/kvm" "it can't be hidden here (unshare)"
fi

echo "1..$count"
[ $bad = 0 ]

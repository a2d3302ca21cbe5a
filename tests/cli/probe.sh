#!/bin/bash
# needs: kvm
# `stepvm probe`: both forms, and that they say the same. TAP.
#
#	STEPVM=build/stepvm tests/cli/probe.sh
. "$(dirname "$0")/tap.bash"
set -u

STEPVM=$(realpath "${STEPVM:?the program}")
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
	is "$? $out" "0 $(grep -c '": {".*64\|": {"prot32' <<<"$json")" "it parses"
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

# --- the command line -----------------------------------------------------------------------------

out=$("$STEPVM" probe image 2>&1)
is "$? $out" "2 stepvm probe: image: options only were meant; see stepvm probe --help" "an operand"
out=$("$STEPVM" probe --jsn 2>&1)
is "$? $out" "2 stepvm probe: --jsn: not an option; was --json meant? See stepvm probe --help" \
	"a slip"
"$STEPVM" probe >/dev/full 2>/dev/null
is $? 4 "standard output is full"
"$STEPVM" --manual | grep -q '^\\fBstepvm probe\\fR\|\\fBstepvm probe\\fR'
ok $? "the manual page has the verb"

# --- no KVM ---------------------------------------------------------------------------------------

# An empty /dev, where we may make one.
hidden() {
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --mount --map-root-user bash -c 'mount -t tmpfs none /dev && exec "$@"' - "$@" 2>&1
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

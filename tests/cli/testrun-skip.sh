#!/bin/bash
# needs: nothing
# `stepvm test` where nothing can be tested: TAP's way to skip, and --no-skip. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/testrun-skip.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
unset GDB
dir=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-skip.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 2
skip() { # NAME REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}
printf '# guest: %s\nexpect $pc == 0\n' "$GUESTS/hello.bin" >a.gdb
cp a.gdb b.gdb
no_kvm='/dev/kvm is not there: load the module'

# hidden HOW COMMAND...: in a mount namespace of its own, where /dev/kvm is /dev/null (HOW: null), or not
# there (HOW: gone).
hidden() {
	local how=$1
	shift
	if [ "$how" = null ]; then
		unshare -m sh -c 'mount --bind /dev/null /dev/kvm && exec "$@"' sh "$@"
	else
		unshare -m sh -c 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && exec "$@"' sh "$@"
	fi
}
# check HOW REASON COMMAND...: what stepvm test prints and ends with there.
check() {
	local how=$1 reason=$2 out
	shift 2
	out=$("$@" "$STEPVM" test a.gdb b.gdb 2>err)
	is "$? $(grep -v '^1' <<<"$out") $(cat err)" "0 TAP version 13
# 0 passed, 0 failed, 2 skipped " "$how: all are skipped, status 0"
	[[ $(sed -n 2p <<<"$out") = "1..0 # SKIP $reason"* ]]
	ok $? "$how: a plan of none, with the reason" "$out"
	out=$("$@" "$STEPVM" test --no-skip --junit x.xml a.gdb b.gdb 2>err)
	[[ "$? $(cat err)" = "4 stepvm test: $reason"* ]]
	ok $? "$how, --no-skip: one line, status 4" "$(cat err)"
	[[ $out = "TAP version 13
Bail out! $reason"* && $(grep -c '<error message="not tested: /dev/kvm' x.xml) = 2 ]]
	ok $? "$how, --no-skip: TAP and the report say so" "$out
$(cat x.xml)"
	out=$("$@" "$STEPVM" test a.gdb nothere.gdb 2>&1 >/dev/null)
	is "$? $out" "2 stepvm test: nothere.gdb: cannot open: No such file or directory" \
		"$how: a script that is not there is no reason to skip"
	if ! command -v prove >/dev/null; then
		skip "$how: prove" "prove is not installed"
		return
	fi
	out=$("$@" prove -e "$STEPVM test" a.gdb b.gdb 2>&1)
	[[ "$? $out" = *"a.gdb .. skipped: $reason"*"Result: NOTESTS" && $out != *"Failed"* ]]
	ok $? "$how: prove tells what was skipped" "$out"
}

if [ ! -e /dev/kvm ]; then
	check "no /dev/kvm" "$no_kvm" env -u LD_PRELOAD # a stand-in would be there all the same: tests/standin
elif hidden null true 2>/dev/null && hidden gone true 2>/dev/null; then
	check "no /dev/kvm" "$no_kvm" hidden gone
	check "/dev/kvm is none" "/dev/kvm does not answer as KVM" hidden null
else
	skip "no /dev/kvm" "hiding it takes a mount namespace: root"
fi

# The folder of the programs that are looked for, without gdb.
mkdir bin
for name in sh env cat; do ln -s "$(command -v $name)" bin/; done
out=$(PATH=$PWD/bin "$STEPVM" test a.gdb 2>&1)
is "$? $out" "0 TAP version 13
1..0 # SKIP gdb is not installed: install gdb (apt-get install gdb) or name one with --gdb-program
# 0 passed, 0 failed, 1 skipped" "no gdb: all are skipped"
out=$(PATH=$PWD/bin "$STEPVM" test --no-skip a.gdb 2>&1)
is "$?" 4 "no gdb, --no-skip: status 4"
for how in "--gdb-program gdb1" "GDB=gdb1"; do
	case $how in
	GDB*) out=$(GDB=gdb1 "$STEPVM" test a.gdb 2>&1 >/dev/null) ;;
	*) out=$("$STEPVM" test $how a.gdb 2>&1 >/dev/null) ;;
	esac
	is "$? ${out%%:*}" "4 stepvm test" "$how: a gdb that was named has to be there"
done

PATH=/nonexistent "$STEPVM" test --junit skipped.xml a.gdb b.gdb >/dev/null 2>&1
is "$? $(grep -c '<skipped message="gdb is not installed' skipped.xml)" "0 2" "a report as XML has all as skipped"

echo "1..$count"
[ $bad = 0 ]

#!/bin/bash
# needs: kvm
# Boot loaders of Debian's packages on a PC's board come to their prompts, and some start kernels of ours:
# tests/loaders/make makes the disks. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/loaders.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM
loaders=$(realpath "$(dirname "$0")/../loaders")
names=(syslinux mbr grub rescue ipxe memtest)
skip_all() { # REASON
	for name in "${names[@]}"; do
		echo "ok $((++count)) - $name # SKIP $1"
	done
	echo "1..$count"
	exit 0
}

command -v "${GDB:-gdb}" >/dev/null || skip_all "gdb is not installed"
iret=$("$STEPVM" probe | sed -n 's/^iret works *//p' | awk '{ print $2 }')
[ "${TEST_ENGINE-}" != kvm ] || [ "$iret" = yes ] || skip_all "this KVM runs no iret in 32-bit code"
missing=$("$loaders/make" --missing | head -n 1)
[ -z "$missing" ] || skip_all "$missing is not there (tests/loaders/make has the packages)"
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-loaders.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tests/loaders"
cp "$loaders"/*.gdb "$work/tests/loaders/"
"$loaders/make" "$work/build/loaders" >"$work/made" 2>&1
ok $? "the disks are made" "$(cat "$work/made")"

for name in "${names[@]}"; do
	sum=$(cksum <"$work/build/loaders/$name.img")
	out=$("$STEPVM" test --gdb-program "${GDB:-gdb}" "$work/tests/loaders/$name.gdb" 2>&1)
	ok $? "$name: what it comes to" "$out"
	is "$(cksum <"$work/build/loaders/$name.img")" "$sum" "$name: its disk is as it was"
done

echo "1..$count"
[ $bad = 0 ]

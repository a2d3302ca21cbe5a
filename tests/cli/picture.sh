#!/bin/bash
# needs: kvm
# The picture in README.md is what the program prints today: make picture makes it anew. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/picture.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
root=$(realpath "$(dirname "$0")/../..")
picture=$root/gdb/session.svg
GDB=${GDB:-gdb}
skip_all() { # REASON
	echo "1..0 # SKIP $1"
	exit 0
}
command -v python3 >/dev/null || skip_all "python3 is not installed"
command -v "$GDB" >/dev/null || skip_all "$GDB is not installed"
version=$("$GDB" --version | head -n 1)
grep -qF "$version" "$picture" || skip_all "another gdb than the picture's words messages otherwise: $version"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
out=$(GDB=$GDB timeout 250 python3 "$root/tests/picture.py" "$STEPVM" "$GUESTS" 2>&1 >"$dir/session.svg")
is "$? $out" "0 " "the session is recorded"
is "$(diff "$picture" "$dir/session.svg" | head -n 20)" "" "gdb/session.svg is what it prints; if not: make picture"
[ "$(stat -c %s "$picture")" -lt 60000 ]
ok $? "the picture is light: less than 60 KB"
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$picture"
ok $? "it is XML"
grep -q 'gdb/session.svg' "$root/README.md"
ok $? "README.md shows it"

echo "1..$count"
[ $bad = 0 ]

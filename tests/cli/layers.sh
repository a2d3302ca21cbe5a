#!/bin/bash
# needs: nothing
# tests/layers on this tree, and on copies of it in which a room uses what it must not. TAP.
#
#	STEPVM=build/stepvm tests/cli/layers.sh
. "$(dirname "$0")/tap.bash"
set -u

tests=$(realpath "$(dirname "$0")/..")
tree=$(dirname "$tests")
needs STEPVM
build=$(dirname "$STEPVM")
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-layers.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

out=$("$tests/layers" "$tree" "$build")
is "$?" 0 "every room uses only what stands below it"
[ -z "$out" ] || sed 's/^/# /' <<<"$out"

# A copy with its objects, in $work/tree and $work/build.
copy() {
	rm -rf "$work/tree" "$work/build"
	mkdir -p "$work/tree" "$work/build"
	cp -r "$tree/src" "$tree/HACKING.md" "$work/tree/"
	cp -r "$build/obj" "$work/build/"
}

compile() { # FILE of src/, without .c
	cc -std=c11 -D_GNU_SOURCE -I"$work/tree/src" -c -o "$work/build/obj/$1.o" "$work/tree/src/$1.c" \
		2>"$work/compiler" || sed 's/^/# /' "$work/compiler"
}

# Of the copy: fails, and the line that says so is this.
fails_by() { # PATTERN NAME
	local lines status
	lines=$("$tests/layers" "$work/tree" "$work/build")
	status=$?
	[ $status -ne 0 ] && grep -qE "$1" <<<"$lines"
	ok $? "$2" "status $status, and: $lines"
}

copy
"$tests/layers" "$work/tree" "$work/build" >"$work/out"
is "$? $(cat "$work/out")" "0 " "a copy is as good"

echo '#include "serve/serve.h"' >>"$work/tree/src/kvm/exit.h"
fails_by '^src/kvm/exit.h includes serve/serve.h: it goes up, from kvm to serve$' "an include that goes up"

copy
cat >>"$work/tree/src/base/cursor.c" <<'EOF'
extern const char *exit_name(unsigned reason);
const char *cursor_spoiled(void);
const char *cursor_spoiled(void) { return exit_name(1); }
EOF
compile base/cursor
fails_by '^src/base/cursor.c uses kvm/exit.c \(exit_name\): it goes up' \
	"an extern and a call without an include"

copy
echo '#include "boot/image.h"' >>"$work/tree/src/devices/board.h"
fails_by '^src/devices/board.h includes boot/image.h: devices and boot are on one floor$' \
	"a room of the same floor"

sed -i -E 's/^(    +[0-9]+ +devices).*/\1 and boot/; s/^(    +[0-9]+ +boot).*/\1 and devices/' "$work/tree/HACKING.md"
echo '#include "devices/board.h"' >>"$work/tree/src/boot/image.h"
fails_by '^src/(boot|devices) uses itself by way of other rooms: a circle$' \
	"a circle of two rooms, even where the list lets each use the other"

copy
echo '#include "kvm/vcpu.h"' >>"$work/tree/src/gdbstub/text.h"
fails_by '^src/gdbstub/text.h includes kvm/vcpu.h: gdbstub uses only' "the protocol uses something of the machine"

copy
mkdir "$work/tree/src/attic"
fails_by '^src/attic is not in the list of HACKING.md$' "a room that is not in the list"
echo "1..$count"
exit $((bad > 0))

#!/bin/bash
# needs: nothing
# What make says while it builds, and to those whose compiler is for another machine. TAP.
#
#	tests/cli/build.sh
. "$(dirname "$0")/tap.bash"
set -u

cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
build() { # MAKE-ARGUMENTS...: one file
	rm -rf "$dir/b"
	env -u MAKEFLAGS -u MAKELEVEL -u V make --no-print-directory B="$dir/b" "$dir/b/obj/base/error.o" "$@" 2>&1
}

is "$(build)" "  CC      src/base/error.c" "a file that is compiled is a line"
is "$(build -s)" "" "make -s says nothing"
is "$(build -j2 | head -n 1)" "  CC      src/base/error.c" "with -j there are lines, too"
out=$(build V=1)
[[ $out == *" -c -o $dir/b/obj/base/error.o src/base/error.c" ]]
ok $? "V=1 shows the command" "$out"
out=$(build CC="${CC:-cc} -m32")
[[ $(grep -m 1 'error:' <<<"$out") == *"stepvm needs a compiler for x86-64"* ]]
ok $? "a compiler for 32-bit code is refused in a sentence" "$out"
out=$(build CC="${CC:-cc} -U__linux__")
[[ $(grep -m 1 'error:' <<<"$out") == *"stepvm needs Linux"* ]]
ok $? "so is one for another system" "$out"

echo "1..$count"
[ $bad = 0 ]

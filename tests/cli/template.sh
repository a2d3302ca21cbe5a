#!/bin/bash
# needs: kvm
# guests/template, copied to somewhere else: it builds, its guests run and its tests pass. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/template.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
template=$(realpath "$(dirname "$0")/../../guests/template")
if ! command -v "${GDB:-gdb}" >/dev/null; then
	echo "1..0 # SKIP ${GDB:-gdb} is not installed"
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp -r "$template" "$dir/a copy"
cd "$dir/a copy" || exit 1
make() { env -u MAKEFLAGS -u MAKELEVEL -u CC make -s STEPVM="$STEPVM" "$@" 2>&1 </dev/null; }

is "$(make)" "" "it builds without a warning"
is "$(make run-boot | sed 's/\r//; s/(.*//')" "Hello from the boot sector
stepvm: hlt: the CPU is halted, and nothing can wake it " "the boot sector runs"
is "$(make run-kernel | head -n 1)" "Hello from the kernel" "so does the kernel"
"$STEPVM" run kernel.elf >/dev/null
is $? 7 "whose status is what it says"
out=$(make test)
is "$? $(tail -n 1 <<<"$out")" "0 # 2 passed, 0 failed, 0 skipped" "its tests pass"
sed -i 's/return a + b/return a - b/' kernel.c
out=$(make test)
grep -q "not ok 2 - tests/kernel.gdb" <<<"$out" && grep -q "what it returns" <<<"$out"
ok $? "one of them fails where the kernel is wrong" "$out"
if command -v python3 >/dev/null; then
	is "$(python3 -c 'import json
for c in json.load(open(".vscode/launch.json"))["configurations"]:
    print(c["program"], c["miDebuggerServerAddress"])')" '${workspaceFolder}/kernel.elf localhost:1234
${workspaceFolder}/boot.elf localhost:1234' "launch.json is JSON, and names what make builds"
fi
make clean
is "$(cd "$template" && find . -type f | sort)" "$(find . -type f | sort)" "make clean leaves what was there"

echo "1..$count"
[ $bad = 0 ]

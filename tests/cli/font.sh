#!/bin/bash
# needs: nothing
# The tables of font.c are what its drawings say. TAP.
#
#	tests/cli/font.sh
. "$(dirname "$0")/tap.bash"
set -u

if command -v python3 >/dev/null; then
	python3 "$(dirname "$0")/../../src/devices/font.py" --check
	ok $? "font.c is made of font.txt" "run src/devices/font.py"
else
	ok 0 "font.c is made of font.txt # SKIP no Python"
fi
echo "1..$count"
[ $bad = 0 ]

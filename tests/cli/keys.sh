#!/bin/bash
# needs: kvm
# --keys: what is typed comes whole to a program that is slower than the keyboard, at its times. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/keys.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

typed() { # OPTIONS...: what the guest sends to port 0xe9; its screen, which has the same, comes after it
	timeout 60 "$STEPVM" run "$@" "$GUESTS/typed.bin" </dev/null >"$dir/out" 2>"$dir/err"
	local status=$?
	head -n 1 "$dir/out"
	return $status
}

text=$(for ((i = 0; i < 500; i++)); do printf "\\x$(printf %x $((33 + i * 7 % 94)))"; done)
escaped=${text//\\/\\\\}
printf 'type "%s\\e"\n' "${escaped//\"/\\\"}" >"$dir/keys"
out=$(typed --keys "$dir/keys")
is "$?" 1 "a guest reads keys until Esc"
is "$out" "$text" "500 characters come whole and in order"

printf '# a comment\nwait 50ms\nkey a shift-b\nat 200ms\nhold c 100ms\ntype "\\x1b"\n' >"$dir/keys"
is "$(typed --keys "$dir/keys")" aBc "keys by name and at times"

printf 'type "x"\nkey nonsense\n' >"$dir/keys"
typed --keys "$dir/keys"
is "$? $(cat "$dir/err")" "2 stepvm run: --keys: $dir/keys: line 2: \`nonsense\` is no key" \
	"a line that is none is named"
typed --keys "$dir/nothing"
is "$? $(cat "$dir/err")" "4 stepvm run: --keys: $dir/nothing: cannot open: No such file or directory" "so is a file"
typed --keys "$dir"
is "$? $(cat "$dir/err")" "4 stepvm run: --keys: $dir: cannot read: Is a directory" "and a folder"
typed --board bare --keys /dev/null
is "$? $(cat "$dir/err")" "2 stepvm run: --keys: the guest's board has no keyboard (--board pc has)" \
	"a bare board has no keyboard"

echo "1..$count"
[ $bad = 0 ]

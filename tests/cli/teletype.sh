#!/bin/bash
# needs: kvm
# A boot sector without a screen: what it prints by the BIOS, keys from standard input, its last screen, and a wait for
# a key that nobody strikes. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/teletype.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
vain="stepvm: int 16h waits for a key, and none will come"

run() { # OPTIONS... GUEST
	timeout 60 "$STEPVM" run "${@:1:$#-1}" "$GUESTS/${!#}.bin" 2>"$dir/err"
}

out=$(run knock </dev/null)
is "$? $(cat "$dir/err")" "0 $vain" "a guest that asks for a key ends where none can come"
is "$out" "☺ Who is there? " "what it printed is UTF-8, and the screen has no more than that"
out=$(run --speed max knock </dev/null)
is "$? $out" "0 ☺ Who is there? " "with --speed max it ends, too, and does not run through the ticks"
out=$(printf 'me\nyöu\n' | run knock)
is "$? $(cat "$dir/err")" "0 $vain" "so does one when standard input has ended"
is "$out" "☺ Who is there? me
☺ Who is there? yöu
☺ Who is there? " "a pipe's text was typed, line by line"
out=$(printf 'me\n' | run knock | od -An -c | tr -d ' \n')
[[ $out != *'\r'* ]]
ok $? "a line's end is a newline, without a carriage return" "$out"
for ((i = 0; i < 40; i++)); do echo $i; done | run knock >"$dir/out"
is "$(grep -c 'Who is there' "$dir/out")" 41 "a screen that has scrolled is not printed once more"

out=$(printf 'ab\x1b' | run typed)
is "$?" 1 "keys of a pipe reach a program that writes to the screen itself"
is "$out" "ab
ab" "whose last screen is printed after what it sent to port 0xe9"
printf 'type "me\\r"\n' >"$dir/keys"
is "$(run --keys "$dir/keys" knock </dev/null)" "☺ Who is there? me
☺ Who is there? " "keys of a file are waited for, and when they are over none will come"
out=$(echo x | run --console stdio knock)
is "$?" 0 "with --console stdio standard input is the serial line's"
is "$out" "☺ Who is there? " "and no key"
is "$(echo x | run --console none knock)" "☺ Who is there? x
☺ Who is there? " "with the line elsewhere it is the keyboard's"

# A guest that looks for keys, and does not wait in the BIOS.
out=$(printf x | run polls)
is "$?" 1 "a guest that looks for a key gets one"
out=$(timeout 200 "$STEPVM" run --speed max "$GUESTS/polls.bin" 2>"$dir/err" </dev/null)
is "$? $(cat "$dir/err")" "0 stepvm: int 16h was called over and over for 60 s: the guest waits for a key, and none will come" \
	"one that looks for a minute and does nothing else ends where none can come"
mkfifo "$dir/keys3" "$dir/never"
run polls <"$dir/keys3" >"$dir/polls" &
exec 3>"$dir/keys3"
for ((i = 0; i < 2000; i++)); do
	[ -s "$dir/polls" ] && break
	read -r -t 0.01 <>"$dir/never"
done
printf q >&3
exec 3>&-
wait "$!"
is "$? $(cat "$dir/polls")" "1 polls ok" "while it looks it rests until the next tick, and a key wakes it"

# The ticks that a guest has which waits for a key for a second.
ticks=$({
	read -r -t 1 <>"$dir/never"
	printf q
} | timeout 60 "$STEPVM" run --speed max --trace io "$GUESTS/waits.bin" 2>&1 >/dev/null | grep -c 'port=0x20 ')
[ "$ticks" -lt 100 ]
ok $? "--speed max does not hurry through the time in which a key is waited for" "$ticks"

# mov ax, MODE; int 10h; cli; hlt
last_screen() { # MODE-BYTE
	{ printf "\xb8\x$1\x00\xcd\x10\xfa\xf4"; head -c 503 /dev/zero; printf '\x55\xaa'; } >"$dir/mode.img"
	timeout 60 "$STEPVM" run "$dir/mode.img" 2>&1 >/dev/null </dev/null | grep "last screen"
}
is "$(last_screen 13)" "stepvm: the guest's last screen is graphics, 320x200: --screen shows it" \
	"of a last screen with pixels it is said what shows it"
is "$(last_screen 12)" "stepvm: the guest's last screen is graphics in planes, 640x480, not shown" \
	"and of one that nothing shows, that it is not shown"

# Standard input stays open: the guest waits, and is not ended.
mkfifo "$dir/keys2"
run knock <"$dir/keys2" >"$dir/out" &
exec 3>"$dir/keys2"
printf 'one\n' >&3
for ((i = 0; i < 2000; i++)); do
	[ "$(grep -c there "$dir/out")" = 2 ] && break
	read -r -t 0.01 <>"$dir/never"
done
is "$(head -n 1 "$dir/out")" "☺ Who is there? one" "a key that may come is waited for"
exec 3>&-
wait
is "$?" 0 "until standard input ends"

echo "1..$count"
[ $bad = 0 ]

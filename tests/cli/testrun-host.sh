#!/bin/bash
# needs: kvm
# `stepvm test` where not the guest, but its host fails, and where a signal ends it: the status, TAP and the XML
# report say so, of each test. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/testrun-host.sh
. "$(dirname "$0")/tap.bash"
set -u -m # -m: background jobs must not ignore SIGINT

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
mkdir tmp
export TMPDIR=$dir/tmp # where stepvm makes its folders
unset GDB
script() { # NAME GUEST [HEADER-LINE...] <body
	local file=$1 guest=$2
	shift 2
	{
		echo "# guest: $GUESTS/$guest"
		for line; do echo "# $line"; done
		cat
	} >"$file"
}
like() { # WAS PATTERN NAME, an extended regular expression
	[[ $1 =~ $2 ]]
	ok $? "$3" "$1
does not match $2"
}
skip() { # NAME REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}
# What the XML report has of each script: its name and error, failure, skipped or nothing.
cases() { # FILE
	tr -d '\n' <"$1" | sed 's/<testcase/\n&/g' |
		sed -n 's/.* name="\([^"]*\)".*time="[^"]*"\(\/>\|> *<\([a-z]*\)\).*/\1 \3/p' | sed 's/ $//' | paste -sd,
}
script fine.gdb hello.bin <<<'expect 1'
script fails.gdb hello.bin <<<'expect 0'
full='No space left on device'

# --- a full disk ----------------------------------------------------------------------------------

out=$(TMPDIR=/nope "$STEPVM" test --timeout 120 --junit r.xml fine.gdb fails.gdb 2>err)
is "$? $(sed 's/-[^-]*: cannot/: cannot/' err)" "4 stepvm test: fine.gdb: /nope/stepvm: cannot make a directory: No such file or directory" "no TMPDIR: status 4, one line on stderr"
like "$out" "not ok 1 - fine.gdb .*# /nope/.*: cannot make a directory.*
# 0 passed, 0 failed, 0 skipped, 2 errors$" "and why in TAP"
is "$(cases r.xml)" "fine.gdb error,fails.gdb error" "and errors in the report"

# in_full COMMAND...: where ./full is a file system that is full.
in_full() {
	unshare -m sh -c 'mount -t tmpfs -o size=16k none full && head -c 64k /dev/zero >full/all 2>/dev/null
		exec "$@"' sh "$@"
}
mkdir full
if in_full true 2>/dev/null; then
	out=$(TMPDIR=$dir/full in_full "$STEPVM" test --timeout 120 fine.gdb 2>err)
	is "$?" 4 "a full TMPDIR: status 4"
	like "$out$(cat err)" "^[^#]*not ok 1 .*# $dir/full/stepvm-.{6}: $full" "and its reason"
	script shot.gdb prompt.bin <<<'screenshot full/x.png
expect 1'
	out=$(in_full "$STEPVM" test --timeout 120 shot.gdb)
	like "$? $out" "^1 .*not ok.*shot.gdb:2: expect failed: screenshot: .*$full" "a screenshot onto a full disk"
else
	skip "a full TMPDIR" "a full disk takes a mount namespace: root"
fi
script shot.gdb prompt.bin <<<'screenshot /dev/full
expect 1'
like "$("$STEPVM" test --timeout 120 shot.gdb)" "not ok.*shot.gdb:2: expect failed: screenshot: .*$full" "a screenshot onto a full device"
script shot.gdb prompt.bin <<<'screenshot "a b.png"
expect 1'
"$STEPVM" test --timeout 120 shot.gdb >/dev/null
is "$? $(tail -c 12 'a b.png' | od -An -tx1 -w12)" "0  00 00 00 00 49 45 4e 44 ae 42 60 82" "one that is whole, with a blank in its name"

mkdir logs
ln -s /dev/full logs/fails.log
cp fails.gdb later.gdb
out=$("$STEPVM" test --timeout 120 --log-dir logs --junit r.xml fails.gdb later.gdb fine.gdb 2>err)
is "$? $(cat err)" "4 stepvm test: --log-dir logs/fails.log: $full" "a log that can't be written: why"
is "$(tail -n 1 <<<"$out") $(ls logs/later.log)" "# 1 passed, 2 failed, 0 skipped logs/later.log" "the others are tested"
is "$(cases r.xml)" "fails.gdb failure,later.gdb failure,fine.gdb" "and the report is written"
printf '#!/bin/sh\necho "Scripting is not supported in this copy of GDB."\nexit 1\n' >bare-gdb
chmod +x bare-gdb
out=$("$STEPVM" test --timeout 120 --gdb-program ./bare-gdb fine.gdb 2>err)
like "$? $out" "^4 .*# expect.gdb could not be loaded: it needs a gdb with Python.*not supported" "a gdb without Python"

# --- what is looked for first ---------------------------------------------------------------------

mkdir folder
echo before >r.xml
for what in "nothere.gdb nothere.gdb: cannot open: No such file or directory" \
	"folder/ folder/: it is a folder: name its scripts, such as folder/*.gdb"; do
	out=$("$STEPVM" test --timeout 120 --junit r.xml fine.gdb "${what%% *}" 2>err)
	is "$? $(cat err)" "2 stepvm test: ${what#* }" "${what%% *}: wrong use"
	is "$out" "TAP version 13
Bail out! ${what#* }" "${what%% *}: nothing is tested"
	is "$(cases r.xml)" "fine.gdb error,${what%% *} error" "${what%% *}: a report of errors"
done
echo before >r.xml
out=$("$STEPVM" test --timeout 120 --gdb-program nogdb --junit r.xml fine.gdb 2>err)
is "$? $(cut -d: -f1-2 err) $(cases r.xml)" "4 stepvm test: nogdb is not installed fine.gdb error" "a gdb that is not there: a report of errors"
like "$out" "^TAP version 13
Bail out! nogdb is not installed: " "and TAP's last line"

env -u PATH "$STEPVM" test --timeout 120 fine.gdb >/dev/null
is "$?" 0 "without PATH gdb is found where execvp looks"

# --- what the guest writes ------------------------------------------------------------------------

# All bytes, to port 0xe9: xor %ax,%ax; 1: out %al,$0xe9; inc %al; jnz 1b; hlt
printf '\x31\xc0\xe6\xe9\xfe\xc0\x75\xfa\xf4' >bytes.bin
printf '# guest: bytes.bin\n# options: --format flat\ncontinue\nexpect 0\n' >bytes.gdb
"$STEPVM" test --timeout 120 --log-dir logs bytes.gdb >out
iconv -f UTF-8 -t UTF-8 out >/dev/null
ok $? "TAP is UTF-8, whatever the guest writes"
iconv -f UTF-8 -t UTF-8 logs/bytes.log >/dev/null
ok $? "and so is the log"
[[ $(cat logs/bytes.log) = *'\x7f\x80\x81'*'\xfe\xff'* ]]
ok $? "which loses nothing" "$(cat logs/bytes.log)"

script elsewhere.gdb kernel64.elf "options: --console con.log" <<<'continue
expect-console hello'
like "$("$STEPVM" test --timeout 120 elsewhere.gdb)" "written .*, wanted /hello/; its serial port leads elsewhere: --console con.log" \
	"what is looked for on the wrong console"
script stop.gdb triple.bin <<<'continue
expect-stop "signal SIGSEGV"
expect-stop SIGSEGV'
like "$("$STEPVM" test --timeout 120 stop.gdb)" "stop.gdb:4: expect failed: the last stop was .signal SIGSEGV., wanted /SIGSEGV/ to match the whole of that" \
	"why what looks alike is none"
like "$("$STEPVM" test --timeout 120 fails.gdb)" "--- the machine" "where the machine was"
[[ $("$STEPVM" test --timeout 120 fails.gdb) != *"nothing since"* ]]
ok $? "without words of nothing"

# --- signals --------------------------------------------------------------------------------------

mkfifo pipe
script endless.gdb spin.bin <<<'shell echo >pipe
expect 1
continue'
# signalled SIGNAL STATUS: of a run of which one test is done, one runs, one is to come
signalled() {
	echo before >r.xml
	"$STEPVM" test --timeout 120 --junit r.xml fine.gdb endless.gdb fails.gdb >out 2>err &
	local pid=$!
	cat pipe >/dev/null # the guest has a gdb now
	kill -"$1" $pid
	wait $pid 2>/dev/null
	is "$? $(cat err)" "$2 " "SIG$1 ends us"
	is "$(cases r.xml)" "fine.gdb,endless.gdb error,fails.gdb error" "SIG$1: the report has what was done"
	like "$(sed '/^# ---/,/^[^#]/{/^#/d}' out)" "^TAP version 13
1..3
ok 1 - fine.gdb # time=[0-9]*ms
not ok 2 - endless.gdb # time=[0-9]*ms
# ended by signal [0-9]+ \([A-Za-z]+\) at endless.gdb:4: continue; the guest was at 0000:00.* in real16 mode and has written nothing
Bail out! signal [0-9]+ \([A-Za-z]+\) has ended the run$" "SIG$1: TAP says so, and where the guest was"
}
signalled TERM 143
signalled INT 130
is "$(ls tmp)" "" "nothing is left"

# lives SIGNAL: nohup, or a shell's background job
lives() {
	(
		trap '' "$1"
		exec "$STEPVM" test --timeout 120 waits.gdb >out 2>err
	) &
	local pid=$!
	cat pipe >/dev/null
	kill -"$1" $pid
	echo >pipe
	wait $pid
	is "$? $(grep -o '^ok 1' out)" "0 ok 1" "an ignored SIG$1 stays ignored"
}
script waits.gdb hello.bin <<<'shell echo >pipe
shell cat pipe
expect 1'
lives HUP
lives INT

echo "1..$count"
[ $bad = 0 ]

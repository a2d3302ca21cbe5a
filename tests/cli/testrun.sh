#!/bin/bash
# `stepvm test`: each way to fail is reported as what it is, and nothing is left behind. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/testrun.sh
. "$(dirname "$0")/tap.bash"
set -u -m # -m: background jobs must not ignore SIGINT

needs STEPVM GUESTS
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
mkdir tmp
export TMPDIR=$dir/tmp # where stepvm makes its folders
unset GDB
# like WAS PATTERN NAME, an extended regular expression
like() {
	[[ $1 =~ $2 ]]
	ok $? "$3" "$1
does not match $2"
}

# script NAME GUEST [HEADER-LINE...] <body
script() {
	local file=$1 guest=$2
	shift 2
	{
		echo "# guest: $GUESTS/$guest"
		for line; do echo "# $line"; done
		cat
	} >"$file"
}

# Processes whose command line names our folder: VMs by their sockets, gdbs by their environment.
left_processes() {
	local p
	for p in /proc/[0-9]*; do
		if tr '\0' '\n' 2>/dev/null <"$p/cmdline" | grep -q "unix:$TMPDIR" ||
			tr '\0' '\n' 2>/dev/null <"$p/environ" | grep -q "^STEPVM_TEST_TARGET=$TMPDIR"; then
			echo "$p: $(tr '\0' ' ' 2>/dev/null <"$p/cmdline")"
		fi
	done
}

# Nothing but what may take a moment to die is left.
nothing_left() {
	local until=$((SECONDS + 10))
	while [ -n "$(left_processes)" ] && [ $SECONDS -lt $until ]; do :; done
	is "$(left_processes)$(ls "$TMPDIR")" "" "$1"
}

# --- each way to fail, in one run -----------------------------------------------------------------

names=() wanted=()
# fails NAME REASON GUEST [HEADER-LINE...] <body; REASON: extended regular expression for a line.
fails() {
	names+=("$1") wanted+=("$2")
	local name=$1
	shift 2
	script "$name.gdb" "$@"
}

fails expect "expect.gdb:3: expect failed: at the start: [$]pc == 0x7c05: was 0x7c00, wanted 0x7c05" \
	segments.bin <<-'END'
	expect $pc == 0x7c00
	expect $pc == 0x7c05 "at the start"
	expect 1
END
fails expect-decimal 'expect failed: \$ax \+ 99 == 100: was 99, wanted 100' hello.bin <<-'END'
	expect $ax + 99 == 100
END
fails expect-less 'expect failed: \$ax < 0: was 0, wanted < 0' hello.bin <<-'END'
	expect $ax < 0
END
fails expect-other 'expect failed: \$ax != 0: was 0, wanted anything else' hello.bin <<-'END'
	expect $ax != 0
END
fails expect-whole 'expect failed: \$ax == 0 && \$bx: was 0, wanted true' hello.bin <<-'END'
	expect $ax == 0 && $bx
END
fails expect-signed 'was -1 \(0xffff as int16_t\), wanted 0xffff' add.bin "options: --reg ax=0xffff" <<-'END'
	expect (unsigned short) $ax == 0xffff
	expect $ax == 0xffff
END
fails expect-string 'expect failed: a "b": \$_streq\(\$x, "== y"\): was 0, wanted true' hello.bin <<-'END'
	set $x = "z"
	expect $_streq($x, "z") "it \"is\""
	expect $_streq($x, "== y") "a \"b\""
END
fails expect-assigns 'expect-assigns.gdb:2: expect: = assigns; == compares' hello.bin <<-'END'
	expect $ax = 5
END
fails expect-binds 'expect: & binds less than ==: put \( \) around what it joins' hello.bin <<-'END'
	expect ($eflags & 2) == 2
	expect *(char *) &*(char *) 0 == *(char *) 0
	expect $eflags & 2 == 2
END
fails expect-memory 'expect failed: .*: no value: Cannot access memory at address 0xf0000000' hello.bin <<-'END'
	expect *(char *) 0xf0000000 == 0
END
fails expect-symbol 'expect failed: nosuch == 1: no value: No symbol "nosuch"' hello.bin \
	"symbols: $GUESTS/hello.elf" <<-'END'
	expect nosuch == 1
END
fails output 'expect failed: `x/i \$pc` printed `=> 0x0: mov +\$0x48,%al`, wanted /nop/' hello.bin <<-'END'
	expect-output mov x/i $pc
	expect-output nop x/i $pc
END
fails output-error 'expect failed: `x/i nosuch` failed: `No symbol "nosuch" in current context.`' \
	hello.bin "symbols: $GUESTS/hello.elf" <<-'END'
	expect-output . x/i nosuch
END
fails error-none 'expect failed: `stepi` did not fail' hello.bin <<-'END'
	expect-error "No symbol" print nosuch
	expect-error . stepi
END
fails error-other 'expect failed: `print nosuch` failed with `No symbol .*`, wanted /memory/' hello.bin <<-'END'
	expect-error memory print nosuch
END
fails stop 'expect failed: the last stop was `step`, wanted /breakpoint 1/' hello.bin <<-'END'
	stepi
	expect-stop step
	expect-stop breakpoint 1
END
fails stop-none 'expect failed: the guest has not run, wanted a stop /step/' hello.bin <<-'END'
	expect-stop step
END
fails console 'expect failed: the guest has written `H`, wanted /HE/' hello.bin <<-'END'
	stepi 2
	expect-console H
	expect-console HE
END
fails console-detached 'expect failed: the guest has written `HELLO`, wanted /BYE/' hello.bin <<-'END'
	detach
	expect-console HELLO
	expect-console BYE
END
fails until 'expect failed: the guest stopped \(halt\) before it wrote /login:/' hello.bin <<-'END'
	continue-until-console login:
END
fails screen 'expect failed: row 1 of the screen does not show `B>`: it shows `A>`' prompt.bin <<-'END'
	continue-until-screen "A>"
	expect-screen 1 "B>"
END
fails screen-blank 'expect failed: row 24 of the screen does not show `A>`: it shows nothing' prompt.bin <<-'END'
	continue-until-screen "A>"
	expect-screen 24 "A>"
END
fails screen-row 'expect failed: row 99: the screen has rows 0 to 24' prompt.bin <<-'END'
	expect-screen 99 "A>"
END
fails screen-wide 'gdb:4: expect failed: row 1 of the screen does not show `A> *`: it shows `A>`' prompt.bin <<-'END'
	continue-until-screen "A>"
	python gdb.execute('expect-screen 1 "A>%s"' % (78 * " "))
	python gdb.execute('expect-screen 1 "A>%s"' % (79 * " "))
END
fails screen-stop 'expect failed: the guest stopped \(breakpoint 1\) before its screen showed `B>`$' prompt.bin <<-'END'
	break *0x7c05
	continue-until-screen "B>"
END
# gone: it ends just when gdb interrupts it, and gdb loses the connection before it reads the status.
fails screen-ends 'expect failed: the guest ended \((exit 0|gone)\) before its screen showed `prompt 2`$' prompt.bin <<-'END'
	continue-until-screen "A>"
	type "off\r"
	continue-until-screen "prompt 2"
END
fails screen-bare 'expect failed: this board has no screen' hello.bin <<-'END'
	expect-screen "HELLO"
END
graphics='the screen has no text: graphics, 320x200'
fails screen-graphics "expect failed: $graphics: it does not show .graphics.$" picture.bin \
	"symbols: $GUESTS/picture.elf" <<-'END'
	break drawn
	continue
	expect-screen "graphics"
END
fails screen-until-graphics "expect failed: the guest stopped \(breakpoint 1\) before its screen showed .graphics.: $graphics$" \
	picture.bin "symbols: $GUESTS/picture.elf" <<-'END'
	break drawn
	continue-until-screen "graphics"
END
screen_expected='expected \[ROW] "TEXT": the row.s number, if one is meant, and the text in double quotes$'
fails screen-nothing "gdb:2: expect-screen: $screen_expected" prompt.bin <<<"expect-screen"
fails screen-word "gdb:2: expect-screen foo: $screen_expected" prompt.bin <<<"expect-screen foo"
fails screen-words "gdb:2: expect-screen foo \"A>\": $screen_expected" prompt.bin <<<'expect-screen foo "A>"'
fails screen-minus "gdb:2: expect-screen -1 \"A>\": $screen_expected" prompt.bin <<<'expect-screen -1 "A>"'
fails screen-open "gdb:2: expect-screen 1 \"A>: $screen_expected" prompt.bin <<<'expect-screen 1 "A>'
fails screen-more "gdb:2: expect-screen \"A>\" x: $screen_expected" prompt.bin <<<'expect-screen "A>" x'
fails screen-two "gdb:2: expect-screen \"A>\" \"x\": $screen_expected" prompt.bin <<<'expect-screen "A>" "x"'
fails screen-empty "gdb:2: expect-screen \"\": $screen_expected" prompt.bin <<<'expect-screen ""'
fails type-word 'gdb:2: expect failed: type dir: expected a text in double quotes, as in type "dir.r"$' prompt.bin <<<'type dir'
fails type-bare 'gdb:2: expect failed: type "dir": the guest.s board has no keyboard' hello.bin <<<'type "dir"'
fails screen-until-word 'gdb:2: continue-until-screen A>: expected "TEXT", in double quotes$' prompt.bin \
	<<<"continue-until-screen A>"
fails nothing 'nothing was expected: a test needs an expect that holds' hello.bin <<-'END'
	stepi
END
fails error 'error.gdb:3: Undefined command: "nosuchcommand"' hello.bin <<-'END'
	expect $pc == 0
	nosuchcommand
	expect $pc == 0
END
fails swallowed 'swallowed.gdb:4: |expect failed: 1 == 2: was 1, wanted 2' hello.bin <<-'END'
	expect 1
	python
	try:
	    gdb.execute("expect 1 == 2")
	except gdb.error:
	    pass
	end
	expect 1
END
fails python 'expect failed: three: was 2, wanted 3' hello.bin <<-'END'
	python expect_equal(2, 3, "three")
END
fails quits 'gdb ended \(exit status 0\) before the script.s end: by quit, perhaps' hello.bin <<-'END'
	expect $pc == 0
	quit
END
fails crash 'gdb was killed by signal 11, Segmentation fault' hello.bin <<-'END'
	expect $pc == 0
	python os.kill(os.getpid(), 11)
END
fails vm-crash 'the VM was killed by signal 6, Aborted$' hello.bin <<-'END'
	expect $pc == 0
	python os.kill(int(ExpectState.vm), 6)
	stepi
END
fails vm-killed 'the VM was killed by signal 9, Killed$' spin.bin <<-'END'
	expect $pc == 0
	python os.kill(int(ExpectState.vm), 9)
	continue
END
fails vm-gone 'vm-gone.gdb:5: The program is not being run' hello.bin "options: --hlt exit" <<-'END'
	continue
	expect-stop exit 0
	stepi
	expect 1
END
# They start a guest and gdb within that, beside each other; in CI this machine may be busy with something else.
late=5
[ -z "${CI:-}" ] || late=15
at_spin='; the guest was at 0000:00[0-9a-f]{2} \(linear 0x[0-9a-f]+\) in real16 mode'
fails timeout "timed out after $late s at timeout.gdb:5: continue$at_spin and has written nothing$" \
	spin.bin "timeout: $late" <<-'END'
	shell tail -f /dev/null &
	expect $pc == 0
	continue
END
fails timeout-loop 'timed out after '$late' s at timeout-loop.gdb:6: end \(of a block\)'"$at_spin" spin.bin \
	"timeout: $late" <<-'END'
	while 1
	# Never done.
	stepi
	end
END
fails timeout-console 'timed out after '$late' s at timeout-console.gdb:3: continue-until-console login:'"$at_spin" \
	spin.bin "timeout: $late" <<-'END'
	continue-until-console login:
END
fails timeout-screen 'timed out after '$late' s at timeout-screen.gdb:3: continue-until-screen "B>"' prompt.bin "timeout: $late" <<-'END'
	continue-until-screen "B>"
END
fails timeout-detached 'timed out after '$late' s at timeout-detached.gdb:5: expect-console BYE; the guest was halted before 0000:0017 \(linear 0x17\) in real16 mode and last wrote `HELLO`' \
	hello.bin "options: --hlt stop" "timeout: $late" <<-'END'
	detach
	expect-console BYE
END
fails timeout-shell 'timed out after '$late' s in a command that did not wait for the guest'"$at_spin" spin.bin \
	"timeout: $late" <<-'END'
	expect $pc == 0
	shell tail -f /dev/null
END
fails guest 'the VM did not start, exit status 4: stepvm run: .*nosuch.bin: cannot open' nosuch.bin <<-'END'
	expect 1
END
fails option 'the VM did not start, exit status 2: stepvm run: --hltt: not an option; did you mean --hlt' \
	hello.bin "options: --hltt auto" <<-'END'
	expect 1
END
fails option-value 'the VM did not start, exit status 2: stepvm run: --hlt a  b: expected auto, exit, stop' \
	hello.bin 'options: --hlt "a  b"' <<-'END'
	expect 1
END
fails header-twice 'header-twice.gdb:2: said twice' hello.bin "guest: x" <<<"expect 1"
fails header-word 'header-word.gdb:2: not a key of a test.s header: expected guest' hello.bin "timout: 3" <<<"expect 1"
fails header-time 'header-time.gdb:2: timeout: expected a number of seconds from 1' hello.bin "timeout: 3s" <<<"expect 1"
fails header-quote "header-quote.gdb:2: a quote ' is not closed" hello.bin "options: 'x" <<<"expect 1"
names+=(header-none) wanted+=('header-none.gdb: expected a line `# guest: IMAGE`')
echo 'expect 1' >header-none.gdb

out=$("$STEPVM" test -j 4 --timeout 60 "${names[@]/%/.gdb}" 2>err)
status=$?
is $status 1 "exit status 1"
is "$(cat err)" "" "nothing on stderr"
is "$(head -2 <<<"$out")" "TAP version 13
1..${#names[@]}" "TAP's head"
is "$(tail -1 <<<"$out")" "# 0 passed, ${#names[@]} failed, 0 skipped" "the summary"
is "$(sed 1,2d <<<"$out" | grep -v '^# ' | sed 's/ # time=[0-9]*ms$//')" \
	"$(for i in "${!names[@]}"; do echo "not ok $((i + 1)) - ${names[i]}.gdb"; done)" \
	"a line a test, in the order of the scripts; all else is comments"
for i in "${!names[@]}"; do
	like "$(grep -A1 "^not ok $((i + 1)) " <<<"$out" | sed 1d)" "^# .*${wanted[i]}" "${names[i]}: the reason"
done
nothing_left "no process and no file is left"

# The log: what gdb and the guest said.
like "$(sed -n '/ - console\.gdb/,/^not ok/p' <<<"$out")" \
	"--- gdb \(exit status 1\).*held: .*--- stepvm run $GUESTS/hello.bin.*--- the guest's output
# H" "the log's pieces"

# What was on the screen, in each of these.
log_of() {
	sed -n "/ - $1\\.gdb/,/^\\(not \\)\\?ok/p" <<<"$out"
}
like "$(log_of timeout-screen)" "# The screen, when it was last looked at:
#  1 .A>
#" "a test that is late shows the screen as it was"
like "$(log_of screen-blank)" "
#  1 .A>
#" "where one row was meant, the whole screen is shown"
like "$(log_of screen-until-graphics)" "
# \($graphics\)
" "a screen without text is no empty one"

# And where the machine was, with stepvm.gdb and without.
script machine.gdb hello.bin <<<'stepi 2
expect 0'
script machine-plain.gdb hello.bin "scripts: none" <<<'stepi 2
expect 0'
last='the last ports, MMIO and halts:
# out +port 0x00f1 text +0x48 .H.'
like "$("$STEPVM" test machine.gdb)" "# --- the machine
# real16  CS:IP 0000:0004  linear 0x4 .*
# => 0x4:.*# mode +real16, .*# $last" "the log says where the machine was"
like "$("$STEPVM" test machine-plain.gdb)" "# --- the machine
# CPU#0
# EAX=00000048 .*# EIP=00000004 .*
# => 0x4:.*# mode +real16, .*# $last" "in plain gdb, too"

# The guest is left where the script has left it: hello would go on to its end, and say so.
script stands-fails.gdb hello.bin <<<'stepi 2
expect $pc == 0x10'
script stands-error.gdb hello.bin <<<'stepi 2
nosuchcommand'
script stands-quits.gdb hello.bin <<<'stepi 2
quit 3'
script stands-nothing.gdb hello.bin <<<'stepi 2'
for name in fails error quits nothing; do
	out=$("$STEPVM" test stands-$name.gdb)
	is "$? $(sed -n "/^# --- the guest's output/,\$p" <<<"$out")" "1 # --- the guest's output
# H
# 0 passed, 1 failed, 0 skipped" "$name: the guest does not run on"
done
like "$("$STEPVM" test stands-quits.gdb)" "gdb ended \(exit status 3\) before" "quit's own status is told"

# Where a script ends the guest stands: halted it stays halted.
script halted.gdb dead.bin "options: --load 0x7c00" <<-'END'
	continue
	continue
	expect-stop halt
	expect 0
END
out=$("$STEPVM" test halted.gdb)
is "$(sed -n '/the guest.s output/,/passed/p' <<<"$out")" "# --- the guest's output
# A
# 0 passed, 1 failed, 0 skipped" "the end of a script leaves a halted guest halted"

# --- what passes ----------------------------------------------------------------------------------

mkdir -p 'sub dir'
cp "$GUESTS/add.bin" .
cat >'sub dir/a #1.gdb' <<'END'
# prose: of no meaning here
#
# guest: ../add.bin
# options:  --load 0x1000  --reg 'ax=1' --re"g" "bx=2"
# timeout: 60

expect $ax == 1
continue
expect-console ^3$
expect-output "FILE" echo $_stepvm_console FILE\n
expect-output "^Fail the script unless an expression is true" help expect
END
out=$("$STEPVM" test 'sub dir/a #1.gdb' 2>&1)
is "$?" 0 "status 0"
is "$(sed 's/time=[0-9]*/time=0/' <<<"$out")" "TAP version 13
1..1
ok 1 - sub dir/a \\#1.gdb # time=0ms
# 1 passed, 0 failed, 0 skipped" "a test that passes"
sed 's|\.\./add|sub dir/../add|' <'sub dir/a #1.gdb' >plain.gdb
sed -i 's/$/\r/' plain.gdb
"$STEPVM" test plain.gdb >/dev/null
is "$?" 0 "lines that end in CR LF"

# stepvm.gdb is loaded, so that 16-bit code has its frames, and its view is not shown at each stop.
script scripts.gdb frames.bin "symbols: $GUESTS/frames.elf" <<-'END'
	break *&leaf
	continue
	expect-output "#1 .* in call_leaf" bt
	finish
	expect $pc == &behind_leaf
	expect-output "\A[^:]*\Z" stepi
END
script scripts-none.gdb frames.bin "scripts: none" <<-'END'
	expect $_isvoid($stepvm_width)
	expect-error "Undefined command: .*stepvm" stepvm context
END
out=$("$STEPVM" test scripts.gdb scripts-none.gdb)
is "$(grep -o '^ok . - [a-z-]*' <<<"$out")" "ok 1 - scripts
ok 2 - scripts-none" "stepvm.gdb is loaded unless the script says none"

# A script may end itself.
script skips.gdb hello.bin <<-'END'
	expect 1
	if $_isvoid($nosuch)
	skip-test no such #register
	end
	expect 0
END
script skips-late.gdb hello.bin <<-'END'
	python
	try:
	    gdb.execute("expect 0")
	except gdb.error:
	    pass
	end
	skip-test too late
END
script fine.gdb hello.bin <<<'expect 1'
out=$("$STEPVM" test fine.gdb skips.gdb)
like "$? $out" "^0 .*ok 2 - skips.gdb # SKIP no such .#register
# 1 passed, 0 failed, 1 skipped$" "skip-test"
like "$("$STEPVM" test skips-late.gdb)" "not ok 1.*expect failed: 0: was 0.*0 passed, 1 failed, 0 skipped" \
	"what has failed is not skipped"
if command -v prove >/dev/null; then
	out=$(prove -e "$STEPVM test" fine.gdb skips.gdb error.gdb 2>&1)
	like "$? $out" "^1 fine.gdb .* ok.*skips.gdb .* ok.*error.gdb .*Failed 1/1 subtests.*Result: FAIL" "prove reads it"
else
	count=$((count + 1))
	echo "ok $count - prove # SKIP prove is not installed"
fi

# What gdb leaves behind: a child of its own; an event, which its end would crash on.
script leaves.gdb hello.bin <<-'END'
	shell tail -f /dev/null &
	python gdb.post_event(lambda: None)
	expect 1
END
out=$("$STEPVM" test leaves.gdb)
like "$(sed -n 3p <<<"$out")" "^ok 1" "gdb ends with an event that waits"
nothing_left "and its children end, too"

# The first is the slower one: it ends when the second has begun.
mkfifo pipe
script slow.gdb hello.bin <<<'expect 1
shell cat pipe >/dev/null'
script fast.gdb hello.bin <<<'shell echo >pipe
expect 1'
out=$("$STEPVM" test -j 2 slow.gdb fast.gdb)
is "$(grep -o '^ok . - [a-z]*' <<<"$out")" "ok 1 - slow
ok 2 - fast" "two at once, reported in order"

# --- logs -----------------------------------------------------------------------------------------

mkdir -p logs one two
script fine.gdb hello.bin <<<'expect 1'
echo stale >logs/fine.log
cp error.gdb one/same.gdb
cp quits.gdb two/same.gdb
"$STEPVM" test --log-dir logs fine.gdb nothing.gdb one/same.gdb two/same.gdb >/dev/null
is "$(ls logs)" "nothing.log
same-3.log
same-4.log" "a log for each that failed, and none of before"
like "$(cat logs/same-3.log)" \
	"^one/same.gdb: one/same.gdb:3: Undefined.*--- gdb.*Undefined command.*--- stepvm run .*waiting" \
	"the whole log"
"$STEPVM" test --log-dir new error.gdb >/dev/null
is "$(ls new)" error.log "the folder is made"
ok "$(grep -c 'No such file\|No executable' new/error.log)" "gdb looks for no file that there is none of" "$(cat new/error.log)"
out=$("$STEPVM" test --log-dir err error.gdb 2>&1 >/dev/null)
is "$? $out" "4 stepvm test: --log-dir err: Not a directory" "a file where logs should go"

# --- JUnit XML ------------------------------------------------------------------------------------

script 'od&<d>"'$'\x1b''.gdb' hello.bin <<<'expect $ax == "<&>\x01"'
script leaves.gdb hello.bin <<<'skip-test no <such> "guest"'
"$STEPVM" test -j 2 --junit report.xml fine.gdb 'od&<d>"'$'\x1b''.gdb' leaves.gdb >/dev/null
is "$? $(ls report.xml*)" "1 report.xml" "a report as XML, and no file beside it"
if command -v python3 >/dev/null; then
	out=$(python3 -c 'import xml.etree.ElementTree as t
root = t.parse("report.xml").getroot()
print(root.tag, *(root.get(k) for k in ("tests", "failures", "skipped")))
for case in root.iter("testcase"):
    print(case.get("name"), float(case.get("time")) >= 0, *((e.tag, "<" in e.get("message")) for e in case))' 2>&1)
	is "$out" "testsuites 3 1 1
fine.gdb True
od&<d>\"?.gdb True ('failure', True)
leaves.gdb True ('skipped', True)" "a parser of XML takes it, whatever the script says"
fi
out=$("$STEPVM" test --junit none/report.xml fine.gdb 2>&1 >/dev/null)
is "$? $out" "4 stepvm test: --junit none/report.xml: No such file or directory" \
	"one that can't be written: said before any test runs"
# --- gdb ------------------------------------------------------------------------------------------

out=$("$STEPVM" test --gdb-program nosuchgdb error.gdb 2>&1 >/dev/null)
is "$? $out" "4 stepvm test: nosuchgdb is not installed: install gdb (apt-get install gdb) or name one with \
--gdb-program" "no gdb: one line, status 4"
out=$(GDB=./nosuchgdb "$STEPVM" test error.gdb 2>&1 >/dev/null)
like "$? $out" "^4 stepvm test: ./nosuchgdb is not installed" "\$GDB"

# --- KVM ------------------------------------------------------------------------------------------

# One descriptor is /dev/kvm's, and none is left for the VM.
out=$( (ulimit -n 4 && exec "$STEPVM" test fine.gdb error.gdb) 2>&1 >/dev/null)
like "$? $out" "^4 stepvm test: .*Too many open files$" "no VM can be made: one line, status 4"

# --- signals --------------------------------------------------------------------------------------

script endless.gdb spin.bin <<<'shell echo >pipe
expect 1
continue'
script endless2.gdb spin.bin <<<'expect 1
continue'
# signalled SIGNAL STATUS NAME
signalled() {
	"$STEPVM" test -j 3 endless.gdb endless2.gdb endless2.gdb >out 2>err &
	local pid=$!
	cat pipe >/dev/null # the guest has a gdb now
	kill -"$1" $pid
	wait $pid 2>/dev/null
	is $? "$2" "$3"
}
signalled INT 130 "SIGINT ends us"
nothing_left "and all that we have started"
signalled TERM 143 "SIGTERM ends us"
nothing_left "and all that we have started"
signalled KILL 137 "SIGKILL ends us"
rm -rf "${TMPDIR:?}"/stepvm-* # nobody could
nothing_left "and all that we have started"
"$STEPVM" test error.gdb error.gdb endless2.gdb 2>err | read -r _
is "${PIPESTATUS[0]} $(cat err)" "141 " "a reader that goes away"
nothing_left "nothing is left then either"

echo "1..$count"
[ $bad = 0 ]

#!/bin/bash
# `stepvm test`: each way to fail is reported as what it is, and nothing is left behind. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/testrun.sh
. "$(dirname "$0")/tap.bash"
set -u -m # -m: background jobs must not ignore SIGINT

STEPVM=$(realpath "${STEPVM:?the program}")
GUESTS=$(realpath "${GUESTS:?the folder of the guest images}")
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
fails timeout 'timed out after 1 s' spin.bin "timeout: 1" <<-'END'
	expect $pc == 0
	shell cat /dev/zero >/dev/null &
	continue
END
fails guest 'the VM did not start, exit status 4: stepvm run: .*nosuch.bin: cannot open' nosuch.bin <<-'END'
	expect 1
END
fails option 'the VM did not start, exit status 2: stepvm run: --hltt: not an option; was --hlt meant' \
	hello.bin "options: --hltt auto" <<-'END'
	expect 1
END
fails option-value 'the VM did not start, exit status 2: stepvm run: --hlt a  b: auto, exit, stop' \
	hello.bin 'options: --hlt "a  b"' <<-'END'
	expect 1
END
fails header-twice 'header-twice.gdb:2: said twice' hello.bin "guest: x" <<<"expect 1"
fails header-word 'header-word.gdb:2: not a key of a test.s header: guest' hello.bin "timout: 3" <<<"expect 1"
fails header-time 'header-time.gdb:2: timeout: a number of seconds from 1' hello.bin "timeout: 3s" <<<"expect 1"
fails header-quote "header-quote.gdb:2: a quote ' is not closed" hello.bin "options: 'x" <<<"expect 1"
names+=(header-none) wanted+=('header-none.gdb: a line `# guest: IMAGE` was meant')
echo 'expect 1' >header-none.gdb
names+=(unreadable) wanted+=('unreadable.gdb: cannot read: Is a directory')
mkdir unreadable.gdb
names+=(missing) wanted+=('missing.gdb: cannot open: No such file')

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

# What gdb leaves behind: a child of its own; an event, which its end would crash on.
script leaves.gdb hello.bin <<-'END'
	shell cat /dev/zero >/dev/null &
	python ContinueUntilConsole.is_asked = True
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
out=$("$STEPVM" test --log-dir err error.gdb 2>&1 >/dev/null)
is "$? $out" "4 stepvm test: --log-dir err: Not a directory" "a file where logs should go"

# --- gdb ------------------------------------------------------------------------------------------

out=$("$STEPVM" test --gdb-program nosuchgdb error.gdb 2>&1)
is "$? $out" "4 stepvm test: nosuchgdb is not there: install gdb (apt-get install gdb) or name one with \
--gdb-program" "no gdb: one line, status 4"
out=$(GDB=./nosuchgdb "$STEPVM" test error.gdb 2>&1)
like "$? $out" "^4 stepvm test: ./nosuchgdb is not there" "\$GDB"
printf '#!/bin/sh\necho "Scripting is not supported in this copy of GDB."\nexit 1\n' >bare-gdb
chmod +x bare-gdb
out=$("$STEPVM" test --gdb-program ./bare-gdb error.gdb)
like "$?$out" "^1.*# expect.gdb could not be loaded: it needs a gdb with Python.*not supported" \
	"a gdb without Python"

# --- KVM ------------------------------------------------------------------------------------------

# One descriptor is /dev/kvm's, and none is left for the VM.
out=$(ulimit -n 4 && exec "$STEPVM" test fine.gdb error.gdb 2>&1)
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

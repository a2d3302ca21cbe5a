#!/bin/bash
# needs: kvm
# The manual page: man can show it, and its examples work as they stand there, with guests of ours under the
# names that they use. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/manual.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
root=$(realpath "$(dirname "$0")/../..")
if ! command -v gdb >/dev/null; then
	echo "1..0 # SKIP gdb is not installed, which most examples start"
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
"$STEPVM" --manual >page.1

if command -v mandoc >/dev/null; then
	is "$(mandoc -T lint page.1)" "" "mandoc has nothing to say about it"
fi

mkdir bin tests tests/gdb
ln -s "$STEPVM" bin/stepvm # what is started finds its scripts by its own place, not by the link's
PATH=$dir/bin:$PATH
cp "$GUESTS/segments.bin" boot.img
cp "$GUESTS/segments.elf" boot.elf
cp "$GUESTS/multiboot.elf" kernel.elf
cp "$GUESTS/add.bin" add.bin
head -c 1024 /dev/zero >disk.img
for i in 1 2; do
	printf '# guest: ../../boot.img\nexpect $pc == 0x7c00\n' >tests/gdb/$i.gdb
done

# What stands between .nf and .fi under EXAMPLES, as it is typed: a line each, pieces of one example joined by @.
examples() {
	sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/p' page.1 | sed -n '/^\.nf/,/^\.fi/p' |
		sed -e 's/\\-/-/g; s/\\(aq/'"'"'/g; s/\\e/\\/g' |
		awk '/^\.nf/ { text = ""; next } /^\.fi/ { print text; next } /^\./ { next }
			{ text = text (text == "" ? "" : "@") $0 }'
}
examples >examples
[ "$(wc -l <examples)" -ge 8 ]
ok $? "there are examples" "$(cat examples)"

# A port that is free stands in the place of the page's; each is run by bash without a terminal, so gdb ends by itself.
try_two() { # SERVER CLIENT
	local pid where
	bash -c "exec ${1/:1234/:0}" >server.out 2>server.err </dev/null &
	pid=$!
	while ! where=$(sed -n 's/.*target remote //p' server.err | grep .) && kill -0 $pid 2>/dev/null; do
		read -rt 0.05 <> <(:)
	done
	timeout 60 bash -c "${2/:1234/$where} -nx -batch" 2>&1 </dev/null
	wait $pid
}
while IFS= read -r line <&3; do
	case $line in
	*@*)
		out=$(try_two "${line%@*}" "${line#*@}")
		grep -q 'in ?? ()' <<<"$out"
		;;
	"gdb -ex"*) out=$(timeout 60 bash -c "$line -nx -batch" 2>&1 </dev/null) && grep -q 'in ?? ()' <<<"$out" ;;
	*) out=$(timeout 60 bash -c "$line" 2>&1 </dev/null) ;;
	esac
	status=$?
	# A guest that says its own status has one that is odd.
	[ $((status % 2)) = 1 ] && ! grep -qE "not an option|expected|No such|cannot|rror" <<<"$out" && status=0
	ok $status "$line" "$out"
done 3<examples

# --- completion -----------------------------------------------------------------------------------

source <("$STEPVM" --completion bash)
complete_words() { # WORDS...: what bash offers for the last of them
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	compopt() { :; }
	_stepvm 2>&1
	printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
}
is "$(complete_words stepvm '')" \
	"--completion --help --manual --version console debug probe replay run test " "bash: the verbs"
is "$(complete_words stepvm run --me)" "--memory " "an option by its beginning"
is "$(complete_words stepvm run --gd)" "--gdb " "one of run"
is "$(complete_words stepvm test --gd)" "--gdb-program " "another of test"
is "$(complete_words stepvm run --hlt '')" "auto exit resume stop " "an option's words"
is "$(complete_words stepvm run --hlt = e)" "exit " "after a =, too"
is "$(complete_words stepvm run -f multiboot)" "multiboot multiboot2 " "... and after a letter"
is "$(complete_words stepvm run boot)" "boot.elf boot.img " "files"
is "$(complete_words stepvm test --log-dir t)" "tests " "folders"
is "$(complete_words stepvm run --memory '')" " " "nothing where nobody can guess"
if command -v zsh >/dev/null; then
	zsh -n <("$STEPVM" --completion zsh)
	ok $? "zsh can read its own"
	# A shell at a pseudo-terminal of zsh's, in which Tab is pressed once.
	mkdir functions
	"$STEPVM" --completion zsh >functions/_stepvm
	out=$(timeout 60 zsh -f -c 'zmodload zsh/zpty
		zpty z "PS1=READY TERM=dumb zsh -f -i"
		zpty -w z "fpath=($PWD/functions \$fpath); autoload -Uz compinit; compinit -u -D; zstyle \":completion:*\" list-prompt \"\"; print -r -- BE\"\"GIN"
		zpty -r -m z text "*BEGIN*"
		zpty -w -n z $'"'stepvm run --boa\\t'"'
		zpty -r -m z text "*--board*"
		print -r -- $text; zpty -d z' 2>&1)
	grep -q -- '--board' <<<"$out"
	ok $? "zsh completes an option" "$out"
	out=$(STEPVM=$STEPVM timeout 60 zsh -f -c 'zmodload zsh/zpty
		zpty z "PS1=READY TERM=dumb zsh -f -i"
		zpty -w z "autoload -Uz compinit; compinit -u -D; zstyle \":completion:*\" list-prompt \"\"; source <($STEPVM --completion zsh); print -r -- BE\"\"GIN"
		zpty -r -m z text "*BEGIN*"
		zpty -w -n z $'"'stepvm run --boa\\t'"'
		zpty -r -m z text "*--board*"
		print -r -- $text; zpty -d z' 2>&1)
	grep -q -- '--board' <<<"$out"
	ok $? "... and where what it is told is sourced" "$out"
fi

# --- make install ---------------------------------------------------------------------------------

if [ "$(realpath "$root/build")" = "$(dirname "$STEPVM")" ]; then
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$root" install PREFIX=/usr DESTDIR="$dir/root" >log 2>&1
	ok $? "make install" "$(cat log)"
	is "$(cd root/usr/share && find . -name '*stepvm' -o -name '*.1' | sort | tr '\n' ' ')" \
		"./bash-completion/completions/stepvm ./man/man1/stepvm.1 ./stepvm ./zsh/site-functions/_stepvm " \
		"it puts the manual and the completions where they are looked for"
	is "$(root/usr/bin/stepvm test tests/gdb/1.gdb 2>&1 | tail -n 1)" "# 1 passed, 0 failed, 0 skipped" \
		"what is installed finds its scripts"
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$root" uninstall PREFIX=/usr DESTDIR="$dir/root" >log 2>&1
	is "$(find root -type f)" "" "make uninstall takes all of it away"
fi

echo "1..$count"
[ $bad = 0 ]

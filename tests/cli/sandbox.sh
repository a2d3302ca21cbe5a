#!/bin/bash
# needs: kvm
# What stepvm gives up besides a plain run (tests/rsp/confinement_test.c has that): `stepvm debug`,
# whose gdb must not lose anything, and the warning about an open port. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/sandbox.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-sandbox.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
wanted=2 # SECCOMP_MODE_FILTER
nm "$STEPVM" | grep -q __asan_init && wanted=0

# A gdb that waits until stepvm is confined, and tells how it and stepvm are.
cat >"$work/gdb" <<EOF
#!/bin/bash
for ((i = 0; i < 100000; i++)); do
	theirs=\$(sed -n 's/^Seccomp:[^0-9]*//p' /proc/\$PPID/status)
	[ "\$theirs" = $wanted ] && break
done
echo "stepvm \$theirs, gdb \$(sed -n 's/^Seccomp:[^0-9]*//p; s/^NoNewPrivs:[^0-9]*//p' \
	/proc/self/status | tr '\n' ' ')" >"$work/told"
exit 7
EOF
chmod +x "$work/gdb"
TMPDIR=$work/tmp
export TMPDIR
mkdir "$TMPDIR"
"$STEPVM" debug --gdb-program "$work/gdb" "$GUESTS/spin.bin" >"$work/out" 2>&1
is $? 7 "debug: gdb's status"
is "$(cat "$work/told")" "stepvm $wanted, gdb 0 0 " "debug: stepvm is confined, its gdb is not"
is "$(cat "$work/out")" "" "debug: nothing to say"
is "$(ls -A "$TMPDIR")" "" "debug: the socket and its folder are gone"

"$STEPVM" run --hlt exit --no-wait --gdb 0.0.0.0:0 "$GUESTS/hello.bin" >/dev/null 2>"$work/out"
is "$(grep -c 'warning: 0.0.0.0:.* is open to the network: whoever connects owns the guest' \
	"$work/out")" 1 "an open port is warned of"
"$STEPVM" run --hlt exit --no-wait --gdb :0 "$GUESTS/hello.bin" >/dev/null 2>"$work/out"
is "$(grep -c warning "$work/out")" 0 "a port of this machine alone is not"

echo "1..$count"
exit $((bad > 0))

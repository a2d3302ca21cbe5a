#!/bin/bash
# needs: nothing
# What make does with the program: install and uninstall, also where a path has a blank in it, and demo's status. TAP.
#
#	STEPVM=build/stepvm tests/cli/make.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM
root=$(realpath "$(dirname "$0")/../..")
build=${STEPVM%/stepvm}
build=${build#"$root"/}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
made() { # MAKE-ARGUMENT...
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$root" B="$build" "$@" 2>&1
}

for name in "a b" "it's; \$x \"&\" #1,2"; do
	place="$dir/$name"
	out=$(made install DESTDIR="${place//$/\$\$}" PREFIX=/usr)
	is "$? $out $(ls "$dir")" "0  $name" "install to '$name', and nowhere else"
	is "$("$place/usr/bin/stepvm" --version) $(ls "$place/usr/share/stepvm/stepvm.gdb")" \
		"$("$STEPVM" --version) $place/usr/share/stepvm/stepvm.gdb" "what is there runs"
	out=$(made uninstall DESTDIR="${place//$/\$\$}" PREFIX=/usr)
	is "$? $out $(find "$place" -type f)" "0  " "uninstall removes it"
	rm -rf "$place"
done

printf '#!/bin/sh\necho "stepvm debug: no KVM" >&2\nexit 4\n' >"$dir/stepvm"
chmod +x "$dir/stepvm"
out=$("$root/tests/demo" "$dir" 2>&1)
is "$?" 4 "a demo that can't be shown ends with stepvm's status"
[[ $out = *"no KVM"*"By hand: $dir/stepvm debug build/guests/segments.bin" ]]
ok $? "and says what to do by hand" "$out"

echo "1..$count"
[ $bad = 0 ]

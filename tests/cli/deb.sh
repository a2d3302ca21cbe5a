#!/bin/bash
# needs: nothing
# make deb: a package whose files are those of make install, and whose program runs. TAP.
#
#	STEPVM=build/stepvm tests/cli/deb.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM
root=$(realpath "$(dirname "$0")/../..")
if ! command -v dpkg-deb >/dev/null; then
	echo "1..0 # SKIP dpkg-deb is not installed"
	exit 0
fi
if [ "$(dirname "$STEPVM")" != "$root/build" ]; then
	echo "1..0 # SKIP the package is of the plain build alone"
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
out=$(env -u MAKEFLAGS -u MAKELEVEL make -s -C "$root" deb 2>&1)
status=$?
package=$root/$(sed -n 's/^the package is \(.*\): apt-get.*/\1/p' <<<"$out")
[ $status = 0 ] && [ -f "$package" ]
ok $? "make deb says where it has left the package" "$out"
is "$(dpkg-deb -f "$package" Package Architecture Recommends)" "Package: stepvm
Architecture: amd64
Recommends: gdb" "its control file"
[[ $(dpkg-deb -f "$package" Depends) =~ ^libc6\ \(\>=\ 2\.[0-9]+\)$ ]]
ok $? "which C library it needs" "$(dpkg-deb -f "$package" Depends)"
dpkg-deb -x "$package" "$dir"
is "$("$dir/usr/bin/stepvm" --version)" "$("$STEPVM" --version)" "the program in it runs"
is "$(cd "$dir" && find usr -name 'stepvm*.gdb' -o -name '_stepvm' -o -name '*.gz' -o -name copyright | sort)" \
	"usr/share/doc/stepvm/copyright
usr/share/man/man1/stepvm.1.gz
usr/share/stepvm/stepvm.gdb
usr/share/zsh/site-functions/_stepvm" "scripts, manual, completions and the license are there"
is "$(dpkg-deb -c "$package" | awk '{ print $2 }' | sort -u)" "root/root" "all of it is root's"

echo "1..$count"
[ $bad = 0 ]

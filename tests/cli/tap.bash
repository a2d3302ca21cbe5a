# What the tests of the command line share: TAP on stdout. Sourced, not run.
count=0 bad=0

# needs VARIABLE...: the paths that the script is given, as absolute ones. Without them it does nothing.
needs() {
	local name
	for name; do
		if [ ! -e "${!name-}" ]; then
			echo "$0: $name is not the path of what is to be tested: STEPVM=build/stepvm GUESTS=build/guests $0" >&2
			exit 2
		fi
		printf -v "$name" %s "$(realpath -- "${!name}")"
	done
}

# ok STATUS NAME [COMMENT], STATUS 0 being good; the comment is shown when it is not.
ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		bad=$((bad + 1))
		echo "not ok $count - $2"
		[ -z "${3-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
	fi
}

# is WAS WANTED NAME
is() {
	[ "$1" = "$2" ]
	ok $? "$3" "was:
$1
wanted:
$2"
}

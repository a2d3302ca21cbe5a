#!/bin/bash
# needs: nothing
# HACKING.md and the READMEs are true to the tree: each file that they name is there, and what HACKING.md
# says is in a file is in it. The scripts of this folder say what they need. TAP.
#
#	tests/cli/docs.sh
. "$(dirname "$0")/tap.bash"
set -u

cd "$(dirname "$0")/../.." || exit 1
documents=(README.md HACKING.md gdb/README.md guests/README.md guests/template/README.md tests/README.md
	src/*/README.md)

# FILE DOCUMENT: a path from the repository's folder, from src/ or tests/, from the document's folder, or
# a name alone that some file has.
is_there() {
	local found
	for found in "$1" "src/$1" "tests/$1" "$(dirname "$2")/$1"; do
		[ -e "$found" ] && return
	done
	[[ $1 != */* ]] && [ -n "$(find src gdb guests tests -name "$1" -print -quit)" ]
}

# No file of ours: NAME.c, which a reader puts a name into; the end of a name; QEMU's own tests.
is_not_ours() {
	local name=${1##*/}
	case $name in
	README.md) return 1 ;;
	.* | _* | *-) return 0 ;;
	memory.py | registers.py | interrupt.py) return 0 ;;
	esac
	[[ $name =~ ^[A-Z]+(_[a-z]+)?\. ]]
}

missing=
for document in "${documents[@]}"; do
	while read -r file; do
		is_not_ours "$file" || is_there "$file" "$document" || missing+="$document: $file"$'\n'
	done < <(grep -oE '[A-Za-z0-9_./-]+\.([chS]|py|gdb|md|sh|bash|ld)\b' "$document" | sort -u)
done
is "$missing" "" "the files that are named are there"

missing=
while read -r folder; do
	[ -e "$folder" ] || missing+="$folder"$'\n'
done < <(sed -n '/^    src\/main.c/,/^$/p' HACKING.md | grep -oE '(^    | )(src|gdb|guests|tests)/[a-z-]*(\.c)?')
is "$missing" "" "so are the folders of the map"

missing=
for file in src/*/*.c; do
	grep -qw -- "$(basename "$file" .c)" HACKING.md "$(dirname "$file")/README.md" || missing+="$file"$'\n'
done
is "$missing" "" "each source file stands in the map or in its room's README"

# `name` (room/file.c), as in "Where to look".
missing=
while read -r name file; do
	grep -qwr --include="${file##*/}" -- "$name" src || missing+="$name is not in $file"$'\n'
done < <(grep -ohE '`[a-z_]+` \([a-z_/]+\.c\)' "${documents[@]}" | tr -d '`()' | sort -u)
is "$missing" "" "what stands in a file is in it"

# A name of C in backticks, such as `a_name`, stands somewhere in the code; module_verb and subject_verb are patterns.
missing=$(comm -23 \
	<(grep -ohE '`[a-z]+(_[a-z0-9]+)+(\(\))?`' "${documents[@]}" | tr -d '`()' | grep -vE '^(module|subject)_verb$' | sort -u) \
	<(grep -rohIE --exclude='*.md' '[a-z]+(_[a-z0-9]+)+' src tests gdb guests | sort -u))
is "$missing" "" "each name of the code that they mention is in it"

missing=
while read -r name; do
	grep -qwr -- "#define $name" src || missing+="$name"$'\n'
done < <(sed -n '/| where |/,/^$/p' HACKING.md src/*/README.md | grep -oE '`[A-Z_]+`' | tr -d '`')
is "$missing" "" "the bounds have their names"

missing=
for file in guests/*.S guests/*.c; do
	grep -q "^| $(basename "$file") | .* | \`.*\` |\$" guests/README.md || missing+="$file"$'\n'
done
is "$missing" "" "each guest has its row in guests/README.md"

# By hand one is easily started without them.
wrong=
while read -r script; do
	said=$(env -u STEPVM -u GUESTS timeout 60 bash "$script" 2>&1 </dev/null)
	[ $? = 2 ] && [[ $said == "$script: STEPVM is not the path"* ]] || wrong+="$script: $said"$'\n'
done < <(grep -lE '[$]\{?(STEPVM|GUESTS)' tests/cli/*.sh | grep -v docs.sh)
is "$wrong" "" "a script without its variables says so, and ends"

echo "1..$count"
[ $bad = 0 ]

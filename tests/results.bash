# What tests/check and tests/lab/check share: a program's TAP is judged, told and added up.
passed=0 failed=0 skipped=0 flakes=()

skip() { # COUNT WHAT REASON
	[ "$1" -gt 0 ] || return
	skipped=$((skipped + $1))
	printf '%-36s %d skipped: %s\n' "$2" "$1" "$3"
}

# Reads TAP; status is the program's, seconds what it may take. Prints three counts, and after them
# why the whole failed. timeout ends a program by 124 (busybox: 143) or, when it has to kill, 137.
judge() { # STATUS SECONDS
	awk -v status="$1" -v seconds="$2" '
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; has_plan = 1; if (/# *[Ss][Kk][Ii][Pp]/) skipped++ }
	/^ok / || /^ok$/ { results++; if (/# *[Ss][Kk][Ii][Pp]/) skipped++; else passed++ }
	/^not ok/ { results++; failed++ }
	/^Bail out!/ { why = why "; it gave up" }
	END {
		if (status ~ /^(124|137|143)$/) why = why "; it took more than " seconds " s"
		else if (status > 128) why = why "; ended by signal " status - 128
		else if (status && !failed) why = why "; exit status " status " and no failed test"
		if (!has_plan) why = why "; no plan"
		else if (results != plan) why = why "; planned " plan " tests, " results + 0 " results"
		if (why != "") failed++
		print passed + 0, failed + 0, skipped + 0, substr(why, 3)
	}'
}

has_passed() { # STATUS SECONDS STDOUT
	local counts
	read -r -a counts < <(judge "$1" "$2" <"$3")
	[ "${counts[1]}" -eq 0 ]
}

# What passed is a line; what failed is shown whole, and so is every reason to skip.
report() { # NAME STATUS SECONDS STDOUT STDERR
	local counts
	read -r -a counts < <(judge "$2" "$3" <"$4")
	passed=$((passed + counts[0])) failed=$((failed + counts[1]))
	skipped=$((skipped + counts[2]))
	show "$1" "${counts[*]}" "$4" "$5"
}

# The same of one that has failed and is run once more: what counts is what comes of that.
report_first() { # NAME STATUS SECONDS STDOUT STDERR
	show "$1 (first try)" "$(judge "$2" "$3" <"$4")" "$4" "$5"
}

# The second try passed: said once more in the end, so that nobody overlooks it.
note_flake() { # NAME
	flakes+=("$1")
}

show() { # NAME COUNTS STDOUT STDERR
	local counts why line
	read -r -a counts <<<"$2"
	why="${counts[*]:3}"
	line="${counts[0]} passed"
	[ "${counts[1]}" -gt 0 ] && line+=", ${counts[1]} FAILED"
	[ "${counts[2]}" -gt 0 ] && line+=", ${counts[2]} skipped"
	[ -n "$why" ] && line+=": $why"
	printf '%-36s %s\n' "$1" "$line"
	if [ "${counts[1]}" -gt 0 ]; then
		grep -av '^ok\b' "$3" | sed 's/^/    /'
		sed 's/^/    stderr: /' "$4"
	elif [ "${counts[2]}" -gt 0 ]; then
		grep -aiE '# *skip' "$3" | sed 's/^/    /'
	fi
}

# With Python, which stepvm test needs in it.
has_gdb() { [ "$("${GDB:-gdb}" -nx -batch -ex 'python print(1)' 2>/dev/null)" = 1 ]; }

# The last line, before it those that were flaky; false when anything failed.
sum_up() {
	[ ${#flakes[@]} -eq 0 ] || printf 'flaky, passed at the second try: %s\n' "${flakes[@]}"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
}

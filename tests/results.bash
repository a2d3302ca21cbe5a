# What tests/check and tests/lab/check share: a program's TAP is judged, told and added up.
passed=0 failed=0 skipped=0

skip() { # COUNT WHAT REASON
	[ "$1" -gt 0 ] || return
	skipped=$((skipped + $1))
	printf '%-36s %d skipped: %s\n' "$2" "$1" "$3"
}

# Reads TAP; status is the program's, seconds what it may take. Prints three counts, and behind them
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

# What passed is a line; what failed is shown whole, and so is every reason to skip.
report() { # NAME STATUS SECONDS STDOUT STDERR
	local counts why line
	read -r -a counts < <(judge "$2" "$3" <"$4")
	why="${counts[*]:3}"
	passed=$((passed + counts[0])) failed=$((failed + counts[1]))
	skipped=$((skipped + counts[2]))
	line="${counts[0]} passed"
	[ "${counts[1]}" -gt 0 ] && line+=", ${counts[1]} FAILED"
	[ "${counts[2]}" -gt 0 ] && line+=", ${counts[2]} skipped"
	[ -n "$why" ] && line+=": $why"
	printf '%-36s %s\n' "$1" "$line"
	if [ "${counts[1]}" -gt 0 ]; then
		grep -av '^ok\b' "$4" | sed 's/^/    /'
		sed 's/^/    stderr: /' "$5"
	elif [ "${counts[2]}" -gt 0 ]; then
		grep -aiE '# *skip' "$4" | sed 's/^/    /'
	fi
}

# With Python, which stepvm test needs in it.
has_gdb() { [ "$("${GDB:-gdb}" -nx -batch -ex 'python print(1)' 2>/dev/null)" = 1 ]; }

# The last line; false when anything failed.
sum_up() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
}

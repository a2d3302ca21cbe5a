/* A test's log: pieces, each in a file of its own, for people to read. */
#ifndef STEPVM_TESTRUN_LOG_H
#define STEPVM_TESTRUN_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct log_piece {
	const char *title;
	const char *path;
	unsigned lines; /* at most, of its end, in log_tails */
};

#define LOG_LINE_MAX 500 /* longer lines are cut in log_tails */

/* The last line of the file at path that has more than blanks in it, in line, NUL-terminated and
 * cut at size; control characters become '?'. False when there is none. */
bool log_last_line(const char *path, char *line, size_t size);
/* Writes s as a test's description in TAP: no newline, and a # that begins no directive. */
void log_tap_name(FILE *to, const char *s);
/* The last lines of each piece as TAP comments, under "# --- TITLE"; empty pieces are left out.
 * Control characters become '?'. */
void log_tails(FILE *to, const struct log_piece *pieces, unsigned count);
/* All of each piece, byte by byte, under "--- TITLE". */
void log_whole(FILE *to, const struct log_piece *pieces, unsigned count);

#endif

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
 * cut at size; as in log_text. False when there is none. */
bool log_last_line(const char *path, char *line, size_t size);
/* What people and their programs read is UTF-8: a byte that is none becomes UTF8_REPLACE, a control character '?'. So
 * does s here. */
void log_text(FILE *to, const char *s);
/* The same as a test's description in TAP: no newline, and a # that begins no directive. */
void log_tap_name(FILE *to, const char *s);
/* The last lines of each piece as TAP comments, under "# --- TITLE"; empty pieces are left out.
 * As in log_text, but tabs stay. */
void log_tails(FILE *to, const struct log_piece *pieces, unsigned count);
/* All of each piece, under "--- TITLE". Bytes that are no UTF-8 and control characters, but for tabs and the ends of
 * lines, are written as \xNN: nothing is lost, and it is text. */
void log_whole(FILE *to, const struct log_piece *pieces, unsigned count);

#endif

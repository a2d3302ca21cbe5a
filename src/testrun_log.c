#include "testrun_log.h"

#include <stdbool.h>
#include <string.h>

/* Bytes of a piece's end that its last lines are looked for in. */
#define TAIL_MAX 0x10000

void log_tap_name(FILE *to, const char *s)
{
	for (; *s; s++) {
		if (*s == '#' || *s == '\\')
			putc('\\', to);
		putc((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s, to);
	}
}

/* "# " and the line without its newline. */
static void write_comment(FILE *to, const char *line, size_t len)
{
	size_t shown = len < LOG_LINE_MAX ? len : LOG_LINE_MAX;
	if (shown && line[shown - 1] == '\r' && shown == len)
		shown--;
	fputs("# ", to);
	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)line[i];
		putc((c < ' ' && c != '\t') || c == 0x7f ? '?' : c, to);
	}
	fputs(len > LOG_LINE_MAX ? "...\n" : "\n", to);
}

/* Where the last lines lines of text begin. */
static size_t last_lines(const char *text, size_t len, unsigned lines)
{
	size_t at = len;
	if (at && text[at - 1] == '\n')
		at--;
	for (; at > 0; at--)
		if (text[at - 1] == '\n' && --lines == 0)
			break;
	return at;
}

static void write_tail(FILE *to, const struct log_piece *piece)
{
	static char text[TAIL_MAX];
	FILE *from = fopen(piece->path, "re");
	if (!from)
		return;
	bool is_cut = fseek(from, -TAIL_MAX, SEEK_END) == 0 && ftell(from) > 0;
	if (!is_cut)
		rewind(from);
	size_t len = fread(text, 1, sizeof text, from);
	fclose(from);
	if (!len)
		return;
	size_t at = last_lines(text, len, piece->lines);
	fprintf(to, "# --- %s%s\n", piece->title, at || is_cut ? ", its last lines" : "");
	while (at < len) {
		size_t n = 0;
		while (at + n < len && text[at + n] != '\n')
			n++;
		write_comment(to, text + at, n);
		at += n + 1;
	}
}

void log_tails(FILE *to, const struct log_piece *pieces, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		write_tail(to, &pieces[i]);
}

void log_whole(FILE *to, const struct log_piece *pieces, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char text[4096];
		size_t n;
		FILE *from = fopen(pieces[i].path, "re");
		fprintf(to, "--- %s\n", pieces[i].title);
		while (from && (n = fread(text, 1, sizeof text, from)) > 0)
			fwrite(text, 1, n, to);
		if (from)
			fclose(from);
	}
}

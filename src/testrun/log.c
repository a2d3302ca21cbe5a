/* The last lines of files as TAP's comments, and whole files one after the other. */
#include "testrun/log.h"

#include <stdlib.h>
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

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* "# " and the line without its newline. */
static void write_comment(FILE *to, const char *line, size_t len)
{
	size_t shown = len < LOG_LINE_MAX ? len : LOG_LINE_MAX;
	if (shown && line[shown - 1] == '\r' && shown == len)
		shown--;
	fputs("# ", to);
	for (size_t i = 0; i < shown; i++)
		putc(is_control(line[i]) ? '?' : line[i], to);
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

/* The last bytes of the file at path, at most TAIL_MAX, to be freed; NULL where there are none.
 * *is_cut: there are others before them. */
static char *read_end(const char *path, size_t *len, bool *is_cut)
{
	FILE *from = fopen(path, "re");
	char *text = from ? malloc(TAIL_MAX) : NULL;
	*len = 0;
	if (text) {
		*is_cut = fseek(from, -TAIL_MAX, SEEK_END) == 0 && ftell(from) > 0;
		if (!*is_cut)
			rewind(from);
		*len = fread(text, 1, TAIL_MAX, from);
	}
	if (from)
		fclose(from);
	if (*len)
		return text;
	free(text);
	return NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0;
}

bool log_last_line(const char *path, char *line, size_t size)
{
	bool is_cut;
	size_t end, at, n = 0;
	char *text = read_end(path, &end, &is_cut);
	while (end && is_blank(text[end - 1]))
		end--;
	for (at = end; at > 0 && text[at - 1] != '\n'; at--)
		;
	for (; at < end && n + 1 < size; at++)
		line[n++] = is_control(text[at]) ? '?' : text[at];
	if (end)
		line[n] = 0;
	free(text);
	return end != 0;
}

static void write_tail(FILE *to, const struct log_piece *piece)
{
	bool is_cut;
	size_t len;
	char *text = read_end(piece->path, &len, &is_cut);
	if (!text)
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
	free(text);
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

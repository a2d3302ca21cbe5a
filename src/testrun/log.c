/* The last lines of files as TAP's comments, and whole files one after the other; as text, whatever is in them. */
#include "testrun/log.h"

#include <stdlib.h>
#include <string.h>

#include "display/utf8.h"

/* Bytes of a piece's end that its last lines are looked for in. */
#define TAIL_MAX 0x10000

/* One character of a text. */
struct character {
	const char *bytes;
	unsigned len;
	bool is_bad; /* a byte that is no UTF-8 */
	bool is_control;
};

/* The first of len bytes, len > 0. */
static struct character take(const char *text, size_t len)
{
	uint32_t ch = UTF8_REPLACE;
	unsigned taken = utf8_take((const uint8_t *)text, len, &ch);
	struct character c = { .bytes = text, .len = taken ? taken : 1 };
	c.is_bad = c.len == 1 && ch == UTF8_REPLACE;
	c.is_control = ch < ' ' || (ch >= 0x7f && ch < 0xa0);
	return c;
}

/* The same as it is to be read: what is bad or a control character is replaced. */
static struct character shown(struct character c)
{
	static const char bad[] = "\xef\xbf\xbd"; /* UTF8_REPLACE */
	if (c.is_bad)
		return (struct character) { .bytes = bad, .len = sizeof bad - 1 };
	if (c.is_control)
		return (struct character) { .bytes = "?", .len = 1 };
	return c;
}

static void put(FILE *to, struct character c)
{
	fwrite(c.bytes, 1, c.len, to);
}

void log_text(FILE *to, const char *s)
{
	for (struct character c; *s; s += c.len) {
		c = take(s, strlen(s));
		put(to, shown(c));
	}
}

void log_tap_name(FILE *to, const char *s)
{
	for (struct character c; *s; s += c.len) {
		c = take(s, strlen(s));
		if (*s == '#' || *s == '\\')
			putc('\\', to);
		put(to, shown(c));
	}
}

/* "# " and the line without its newline. */
static void write_comment(FILE *to, const char *line, size_t len)
{
	if (len && len <= LOG_LINE_MAX && line[len - 1] == '\r')
		len--;
	size_t at = 0;
	fputs("# ", to);
	while (at < len) {
		struct character c = take(line + at, len - at);
		if (at + c.len > LOG_LINE_MAX)
			break;
		put(to, line[at] == '\t' ? c : shown(c));
		at += c.len;
	}
	fputs(at < len ? "...\n" : "\n", to);
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
	while (at < end) {
		const struct character c = take(text + at, end - at), s = shown(c);
		if (s.len >= size - n)
			break;
		memcpy(line + n, s.bytes, s.len);
		n += s.len;
		at += c.len;
	}
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

/* Writes the first character of len bytes so that nothing of it is lost. Gives its length. */
static unsigned put_exactly(FILE *to, const char *text, size_t len)
{
	struct character c = take(text, len);
	bool is_blank_or_end = *text == '\t' || *text == '\n' || *text == '\r';
	if (!c.is_bad && (!c.is_control || is_blank_or_end)) {
		put(to, c);
		return c.len;
	}
	for (unsigned i = 0; i < c.len; i++)
		fprintf(to, "\\x%02x", (unsigned char)text[i]);
	return c.len;
}

static void write_whole(FILE *to, FILE *from)
{
	char text[4096];
	size_t len = 0, n;
	do {
		size_t at = 0;
		n = fread(text + len, 1, sizeof text - len, from);
		len += n;
		/* A character that is not whole yet waits for its rest. */
		while (at < len && (n == 0 || len - at >= UTF8_MAX))
			at += put_exactly(to, text + at, len - at);
		memmove(text, text + at, len - at);
		len -= at;
	} while (n > 0);
}

void log_whole(FILE *to, const struct log_piece *pieces, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		FILE *from = fopen(pieces[i].path, "re");
		fprintf(to, "--- %s\n", pieces[i].title);
		if (from) {
			write_whole(to, from);
			fclose(from);
		}
	}
}

/* Teletype output as bytes, and what of a screen it has printed. */
#include "machine/teletype.h"

#include "check.h"

static struct teletype paper;
static struct screen screen;

/* What comes of a text, as a string; a 0 in it is a NUL. */
static const char *print(const char *text, size_t len)
{
	static char out[4000];
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += teletype_put(&paper, (uint8_t)text[i], out + n);
	out[n] = 0;
	return out;
}
#define PRINT(text) print(text, sizeof(text) - 1)

static void begin(unsigned columns, unsigned rows)
{
	memset(&paper, 0, sizeof paper);
	memset(&screen, 0, sizeof screen);
	screen.kind = SCREEN_TEXT;
	screen.columns = columns;
	screen.rows = rows;
}

static void show(unsigned row, unsigned column, const char *text)
{
	for (; *text; column++, text++)
		screen.cells[row * screen.columns + column].character = (uint8_t)*text;
}

static void characters_are_utf8_and_lines_end_as_here(void)
{
	begin(80, 25);
	CHECK_STR(PRINT("a\r\nb"), "a\nb");
	CHECK_STR(PRINT("\n\rc\n\r"), "\nc\n");
	CHECK_STR(PRINT("1%\r2%\b\a"), "1%\r2%\b\a");
	CHECK_STR(PRINT("\r\n\r\n"), "\n\n");
	CHECK_STR(PRINT("\x01\x82\xc4\x09"), "\xe2\x98\xba\xc3\xa9\xe2\x94\x80\xe2\x97\x8b");
	CHECK_STR(PRINT("\0"), " ");
	CHECK_STR(PRINT("\r"), "");
}

static void a_screen_that_was_printed_is_known(void)
{
	begin(80, 25);
	CHECK(teletype_has_all(&paper, &screen));
	PRINT("one\r\n\r\ntwo\r\n");
	CHECK(teletype_has_all(&paper, &screen)); /* was cleared */
	show(0, 0, "one");
	show(2, 0, "two");
	CHECK(teletype_has_all(&paper, &screen));
	show(4, 3, "x");
	CHECK(!teletype_has_all(&paper, &screen));
	PRINT("\r\n   x");
	CHECK(teletype_has_all(&paper, &screen));
	show(0, 0, "two"); /* scrolled: the lines that follow each other count */
	show(2, 0, "   ");
	CHECK(!teletype_has_all(&paper, &screen));
}

static void a_screen_that_scrolled_is_known(void)
{
	char line[16];
	begin(80, 25);
	for (unsigned i = 0; i < 1000; i++) {
		int n = snprintf(line, sizeof line, "line %u\r\n", i);
		print(line, (size_t)n);
	}
	for (unsigned row = 0; row < 24; row++) {
		snprintf(line, sizeof line, "line %u", 976 + row);
		show(row, 0, line);
	}
	CHECK(teletype_has_all(&paper, &screen));
	show(24, 0, "more");
	CHECK(!teletype_has_all(&paper, &screen));
}

static void long_lines_wrap_and_corrections_count(void)
{
	char text[101];
	begin(80, 25);
	memset(text, 'x', 100);
	text[100] = 0;
	print(text, 100);
	text[80] = 0;
	show(0, 0, text);
	show(1, 0, "xxxxxxxxxxxxxxxxxxxx");
	CHECK(teletype_has_all(&paper, &screen));
	PRINT("\r\nab\bc\rd");
	show(2, 0, "dc");
	CHECK(teletype_has_all(&paper, &screen));
	PRINT("\b\b\b\be");
	show(2, 0, "ec");
	CHECK(teletype_has_all(&paper, &screen));
}

static void other_widths_are_compared_whole(void)
{
	begin(132, 60);
	PRINT("a");
	show(59, 0, "a");
	CHECK(teletype_has_all(&paper, &screen));
	show(59, 131, "b");
	CHECK(!teletype_has_all(&paper, &screen));
	begin(40, 25);
	PRINT("a");
	show(0, 0, "a");
	CHECK(teletype_has_all(&paper, &screen));
	PRINT("                                                  b");
	CHECK(!teletype_has_all(&paper, &screen));
}

int main(void)
{
	RUN(characters_are_utf8_and_lines_end_as_here);
	RUN(a_screen_that_was_printed_is_known);
	RUN(a_screen_that_scrolled_is_known);
	RUN(long_lines_wrap_and_corrections_count);
	RUN(other_widths_are_compared_whole);
	return check_done();
}

#include "testrun/log.h"

#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static char path[] = "/tmp/stepvm-log-test-XXXXXX";

static void write_piece(const char *text, size_t len)
{
	FILE *to = fopen(path, "w");
	CHECK(to && fwrite(text, 1, len, to) == len);
	fclose(to);
}

/* What log_tails makes of text; to be freed. */
static char *tails(const char *text, size_t len, unsigned lines)
{
	const struct log_piece pieces[] = { { "gdb", path, lines } };
	char *got;
	size_t size;
	write_piece(text, len);
	FILE *to = open_memstream(&got, &size);
	log_tails(to, pieces, 1);
	fclose(to);
	return got;
}

static void check_tails(const char *text, unsigned lines, const char *wanted)
{
	char *got = tails(text, strlen(text), lines);
	CHECK_STR(got, wanted);
	free(got);
}

static void last_lines(void)
{
	check_tails("", 3, "");
	check_tails("a\n", 3, "# --- gdb\n# a\n");
	check_tails("a", 3, "# --- gdb\n# a\n");
	check_tails("\n", 3, "# --- gdb\n# \n");
	check_tails("a\nb\nc\n", 3, "# --- gdb\n# a\n# b\n# c\n");
	check_tails("a\nb\nc\nd\n", 3, "# --- gdb, its last lines\n# b\n# c\n# d\n");
	check_tails("a\nb\nc\nd", 1, "# --- gdb, its last lines\n# d\n");
	check_tails("a\n\n\n", 2, "# --- gdb, its last lines\n# \n# \n");
}

static void check_last_line(const char *text, size_t size, const char *wanted)
{
	char line[100] = "none";
	write_piece(text, strlen(text));
	CHECK_EQ(log_last_line(path, line, size), strcmp(wanted, "none") != 0);
	CHECK_STR(line, wanted);
}

static void the_last_line(void)
{
	check_last_line("", 100, "none");
	check_last_line(" \r\n\n", 100, "none");
	check_last_line("a", 100, "a");
	check_last_line("a\nb c\r\n \n", 100, "b c");
	check_last_line("a\n\033[1mb\n", 100, "?[1mb");
	check_last_line("abcdef", 4, "abc");
	char line[10] = "none";
	CHECK(!log_last_line("/nonexistent", line, sizeof line));
	CHECK_STR(line, "none");
}

static void control_characters_and_long_lines(void)
{
	char *text = malloc(3000), *got;
	check_tails("a\033[1mb\tc\r\nd\re\x7f\xc3\xa4\n", 9,
	        "# --- gdb\n# a?[1mb\tc\n# d?e?\xc3\xa4\n");
	memset(text, 'x', 3000);
	for (size_t len = LOG_LINE_MAX - 1; len < LOG_LINE_MAX + 2; len++) {
		got = tails(text, len, 2);
		bool is_cut = len > LOG_LINE_MAX;
		CHECK_EQ(
		        strlen(got), strlen("# --- gdb\n# \n") + (is_cut ? LOG_LINE_MAX + 3 : len));
		CHECK_EQ(strstr(got, "...") != NULL, is_cut);
		free(got);
	}
	got = tails("a\0b\n", 4, 2);
	CHECK_STR(got, "# --- gdb\n# a?b\n");
	free(got);
	free(text);
}

/* A piece that is larger than what is looked at, with all line breaks before or within that. */
static void large_pieces(void)
{
	size_t len = 300000;
	char *text = malloc(len), *got;
	for (size_t i = 0; i < len; i++)
		text[i] = i % 10 == 9 ? '\n' : (char)('0' + i / 10 % 10);
	got = tails(text, len, 2);
	CHECK_STR(got, "# --- gdb, its last lines\n# 888888888\n# 999999999\n");
	free(got);
	memset(text, 'x', len);
	got = tails(text, len, 2);
	CHECK(!strncmp(got, "# --- gdb, its last lines\n# xxx", 31));
	free(got);
	free(text);
}

static void what_is_no_text_is_replaced(void)
{
	check_tails("\x80\x9f\xff(\xc2\x85\n\xe2\x82", 9,
	        "# --- gdb\n# \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd(?\n# "
	        "\xef\xbf\xbd\xef\xbf\xbd\n");
	check_last_line("\x80\xc3\xa4\n", 100, "\xef\xbf\xbd\xc3\xa4");
	check_last_line("a\x80", 4, "a");
	check_last_line("a\x80", 5, "a\xef\xbf\xbd");
	/* A long line is not cut within a character. */
	char text[LOG_LINE_MAX + 2], *got;
	memset(text, 'x', sizeof text);
	memcpy(text + LOG_LINE_MAX - 1, "\xc3\xa4", 2);
	got = tails(text, LOG_LINE_MAX + 1, 1);
	CHECK_EQ(strlen(got), strlen("# --- gdb\n# ...\n") + LOG_LINE_MAX - 1);
	free(got);
}

static void check_whole(const char *text, size_t len, const char *wanted)
{
	const struct log_piece pieces[] = { { "gdb", path, 1 }, { "none", "/nonexistent", 1 } };
	char *got;
	size_t size;
	write_piece(text, len);
	FILE *to = open_memstream(&got, &size);
	log_whole(to, pieces, 2);
	log_tails(to, pieces + 1, 1);
	fclose(to);
	CHECK_STR(got, wanted);
	free(got);
}

static void the_whole_log_loses_nothing(void)
{
	check_whole("a\0\033\r\nb\t\n", 8, "--- gdb\na\\x00\\x1b\r\nb\t\n--- none\n");
	check_whole("\x80\xc2\x85\xc3\xa4\xf0\x9f\x98\x80\xe2\x82", 11,
	        "--- gdb\n\\x80\\xc2\\x85\xc3\xa4\xf0\x9f\x98\x80\\xe2\\x82--- none\n");
}

/* A character is read in two parts, wherever these are parted. */
static void a_character_may_be_read_in_parts(void)
{
	static char text[9000], wanted[9100];
	for (size_t shift = 0; shift < 3; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i < sizeof text; i++)
			text[i] = "\xe2\x82\xac"[(i - shift) % 3];
		size_t len = sizeof text - (sizeof text - shift) % 3;
		snprintf(wanted, sizeof wanted, "--- gdb\n%.*s--- none\n", (int)len, text);
		check_whole(text, len, wanted);
	}
}

static void names(void)
{
	char *got;
	size_t size;
	FILE *to = open_memstream(&got, &size);
	log_tap_name(to, "a b#1\\\n\xc3\xa4\xff.gdb");
	fclose(to);
	CHECK_STR(got, "a b\\#1\\\\?\xc3\xa4\xef\xbf\xbd.gdb");
	free(got);
}

int main(void)
{
	int fd = mkstemp(path);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	close(fd);
	RUN(last_lines);
	RUN(the_last_line);
	RUN(control_characters_and_long_lines);
	RUN(large_pieces);
	RUN(what_is_no_text_is_replaced);
	RUN(the_whole_log_loses_nothing);
	RUN(a_character_may_be_read_in_parts);
	RUN(names);
	unlink(path);
	return check_done();
}

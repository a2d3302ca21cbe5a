#include "testrun/script.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"

static struct script script;
static struct error why;

static int parse(const char *path, const char *text)
{
	why = (struct error) { 0 };
	memset(&script, 0x5a, sizeof script);
	/* A copy without the NUL, so that a sanitizer sees a read behind it. */
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	memcpy(copy, text, len);
	int err = script_parse(&script, path, copy, len, &why);
	free(copy);
	return err;
}

static void all_keys(void)
{
	CHECK_EQ(parse("tests/gdb/a.gdb", "# Prose.\n#\n\n#guest:../hello.bin\n"
	                                  "#  options:\t--hlt auto  --reg ax=2 \n"
	                                  "# symbols: /abs/hello.elf\r\n"
	                                  "# More prose: with a colon\n"
	                                  "# timeout: 0x10\n# scripts: stepvm\n"
	                                  "expect 1\n# timeout: x\n"),
	        -EINVAL); /* `guest:` wants a blank after it */
	CHECK_EQ(parse("tests/gdb/a.gdb", "# Prose.\n#\n\n#guest: ../hello.bin\n"
	                                  "#  options:\t--hlt auto  --reg ax=2 \n"
	                                  "# symbols: /abs/hello.elf\r\n"
	                                  "# More prose: with a colon\n"
	                                  "# timeout: 0x10\n# scripts: stepvm\n"
	                                  "expect 1\n# timeout: x\n"),
	        0);
	CHECK_STR(script.guest, "tests/gdb/../hello.bin");
	CHECK_STR(script.symbols, "/abs/hello.elf");
	CHECK_EQ(script.timeout_ms, 16000);
	CHECK(script.wants_stepvm_gdb);
	CHECK_EQ(script.word_count, 4);
	CHECK_STR(script.words[0], "--hlt");
	CHECK_STR(script.words[3], "ax=2");
}

static void what_is_not_said(void)
{
	CHECK_EQ(parse("a.gdb", "# guest: x y.bin"), 0);
	CHECK_STR(script.guest, "x y.bin");
	CHECK_STR(script.symbols, "");
	CHECK_EQ(script.timeout_ms, 0);
	CHECK(script.wants_stepvm_gdb);
	CHECK_EQ(parse("a.gdb", "# guest: x\n# scripts: none"), 0);
	CHECK(!script.wants_stepvm_gdb);
	CHECK_EQ(script.word_count, 0);
}

static void lines_that_stand_for_options(void)
{
	CHECK_EQ(parse("d/a.gdb", "# guest: x\n# speed: 0.5\n# disk: a b.img,write\n# board: pc\n"
	                          "# disk: /c.img\n# keys: k\n# options: --hlt=exit"),
	        0);
	static const char *const wanted[][2] = { { "--speed", "0.5" },
		{ "--disk", "d/a b.img,write" }, { "--board", "pc" }, { "--disk", "/c.img" },
		{ "--keys", "d/k" } };
	CHECK_EQ(script.head_count, 5);
	for (unsigned i = 0; i < script.head_count; i++) {
		CHECK_STR(script.heads[i].option, wanted[i][0]);
		CHECK_STR(script.heads[i].value, wanted[i][1]);
	}
	CHECK(script_gives(&script, "--speed") && script_gives(&script, "--hlt"));
	CHECK(!script_gives(&script, "--hl") && !script_gives(&script, "--append"));
	CHECK_EQ(parse("a.gdb", "# guest: x\n# options: --speed max"), 0);
	CHECK(script_gives(&script, "--speed"));
}

static void prose_is_no_key(void)
{
	CHECK_EQ(parse("a.gdb", "# monitor: before guest\n# symbol: s\n# timeout:7\n# guest: a\n# "
	                        "https://x\n# Note: b\n"
	                        "# a word: c\n# timeout 5\n## timeout: 5\n#"),
	        0);
	CHECK_EQ(script.timeout_ms, 0);
}

#define UNKNOWN_KEY                                                                                \
	"a.gdb:2: not a key of a test's header: expected guest, options, symbols, timeout, "       \
	"scripts, board, disk, keys or speed; other options of stepvm's go into options"
#define GDB_REFUSED "a.gdb:2: options: --gdb is not for a script: stepvm test connects gdb itself"

static void refused(void)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "a.gdb: expected a line `# guest: IMAGE` in its first comment" },
		{ "expect 1\n# guest: a\n",
		        "a.gdb: expected a line `# guest: IMAGE` in its first comment" },
		{ "# guest:", "a.gdb:1: expected a value after the colon" },
		{ "# guest: \r\n", "a.gdb:1: expected a value after the colon" },
		{ "\n# guest: a\n# guest: b\n", "a.gdb:3: said twice" },
		{ "# timeout: 3\n# guest: a\n",
		        "a.gdb:1: expected a line `# guest: IMAGE` before it" },
		{ "# guest: a\n# timout: 3\n",
		        "a.gdb:2: timout: not a key of a test's header; did you mean timeout?" },
		{ "# What it shows.\n# guset: a\n# timeout: 3\n",
		        "a.gdb:2: guset: not a key of a test's header; did you mean guest?" },
		{ "# guest: a\n# memory: 3\n", UNKNOWN_KEY },
		{ "# guest: a\n# timeout:5\n", "a.gdb:2: expected a blank after timeout:" },
		{ "# guest:a\n", "a.gdb:1: expected a blank after guest:" },
		{ "# guest: a\n# optionsoptionsoptions: 3\n", UNKNOWN_KEY },
		{ "# guest: a\n# timeout: 0",
		        "a.gdb:2: timeout: expected a number of seconds from 1 to 4294967" },
		{ "# guest: a\n# timeout: 4294968",
		        "a.gdb:2: timeout: expected a number of seconds from 1 to 4294967" },
		{ "# guest: a\n# timeout: 5 s",
		        "a.gdb:2: timeout: expected a number of seconds from 1 to 4294967" },
		{ "# guest: a\n# scripts: stepvm2",
		        "a.gdb:2: scripts: expected none, for plain gdb, or stepvm" },
		{ "# guest: a\n# speed:", "a.gdb:2: expected a value after the colon" },
		{ "# guest: a\n# speed: 1\n# speed: 2", "a.gdb:3: said twice" },
		{ "# guest: a\n# disk: 1\n# disk: 2\n# disk: 3\n# disk: 4\n# disk: 5\n# disk: 6\n"
		  "# disk: 7\n# disk: 8\n# disk: 9",
		        "a.gdb:10: there are too many such lines" },
		{ "# guest: a\n# options: 'b", "a.gdb:2: a quote ' is not closed" },
		{ "# guest: a\n# options: --hlt exit --gdb :1", GDB_REFUSED },
		{ "# guest: a\n# options: --gdb=:1", GDB_REFUSED },
		{ "# guest: a\n# options: -g:1", GDB_REFUSED },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CHECK_EQ(-parse("a.gdb", cases[i].text), EINVAL);
		CHECK_STR(why.text, cases[i].why);
	}
}

static void long_values(void)
{
	static char text[2 * PATH_MAX], path[PATH_MAX + 10];
	/* The folder's part and the value's together: one less than PATH_MAX fits. */
	for (int room = -1; room <= 1; room++) {
		int len = PATH_MAX - 1 - 4 + room;
		snprintf(text, sizeof text, "# guest: %0*d\n", len, 7);
		CHECK_EQ(-parse("dir/a.gdb", text), room > 0 ? EINVAL : 0);
		CHECK(room > 0 || (int)strlen(script.guest) == len + 4);
	}
	memset(path, 'p', sizeof path - 1);
	path[sizeof path - 3] = '/';
	CHECK_EQ(-parse(path, "# guest: a\n"), EINVAL);
	for (int room = -1; room <= 1; room++) {
		int len = SCRIPT_OPTIONS_MAX - 1 + room;
		snprintf(text, sizeof text, "# guest: a\n# options: %0*d", len, 7);
		CHECK_EQ(-parse("a", text), room > 0 ? EINVAL : 0);
	}
	CHECK_EQ(script_parse(&script, "a", "# guest: a\0b", 12, NULL), -EINVAL);
}

static void words_and_quotes(void)
{
	static const struct {
		const char *text;
		int count;
		const char *joined;
	} cases[] = {
		{ "", 0, "" },
		{ " \t ", 0, "" },
		{ "a", 1, "a|" },
		{ "  a  b\t\tc ", 3, "a|b|c|" },
		{ "'a b' \"c  d\"", 2, "a b|c  d|" },
		{ "--x='a b'c", 1, "--x=a bc|" },
		{ "'' \"\" x''", 3, "||x|" },
		{ "'a\"b' \"c'd\"", 2, "a\"b|c'd|" },
		{ "a\\ b", 2, "a\\|b|" },
		{ "'", -EINVAL, "" },
		{ "a 'b c", -EINVAL, "" },
		{ "a \"b c' ", -EINVAL, "" },
		{ "a b c d e", -EINVAL, "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = strdup(cases[i].text), *words[4], joined[100] = "";
		int n = script_words(text, words, 4, NULL);
		CHECK_EQ(n, cases[i].count);
		for (int k = 0; k < n; k++) {
			strcat(joined, words[k]);
			strcat(joined, "|");
		}
		CHECK_STR(joined, cases[i].joined);
		free(text);
	}
}

/* Whatever the bytes: no read outside, no word outside, an error has a text. */
static void any_bytes(void)
{
	static const char alphabet[] = "#:# guest:options timeout 'a\"\n\r\t\0b5";
	unsigned seed = 1;
	for (int round = 0; round < 200000; round++) {
		char text[64];
		size_t len = 0, max = 9 + round % 50;
		memcpy(text, "# guest: ", 9);
		for (len = round % 3 ? 9 : 0; len < max; len++) {
			seed = seed * 1103515245 + 12345;
			text[len] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
		}
		char *copy = malloc(len);
		memcpy(copy, text, len);
		why.text[0] = 0;
		int err = script_parse(&script, "d/x", copy, len, &why);
		CHECK(err == 0 || (err == -EINVAL && why.text[0]));
		for (unsigned i = 0; !err && i < script.word_count; i++)
			CHECK(script.words[i] >= script.options &&
			        script.words[i] < script.options + sizeof script.options);
		free(copy);
	}
}

int main(void)
{
	RUN(all_keys);
	RUN(what_is_not_said);
	RUN(lines_that_stand_for_options);
	RUN(prose_is_no_key);
	RUN(refused);
	RUN(long_values);
	RUN(words_and_quotes);
	RUN(any_bytes);
	return check_done();
}

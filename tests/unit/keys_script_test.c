/* The file of --keys: what each line makes, and what is said of lines that are none. */
#include "machine/keys_script.h"

#include "check.h"

/* Events as text: "at1000 1e 9e +500 30 b0". */
static const char *events_of(const char *text)
{
	static char line[2000];
	struct keys_script s;
	struct error e = { 0 };
	size_t n = 0;
	line[0] = 0;
	if (keys_script_parse(&s, text, strlen(text), &e)) {
		snprintf(line, sizeof line, "%s", e.text);
		return line;
	}
	for (size_t i = 0; i < s.count && n < sizeof line; i++) {
		const struct key_event *k = &s.events[i];
		char when[32] = "";
		if (k->ms || k->is_at)
			snprintf(when, sizeof when, "%s%u ", k->is_at ? "at" : "+", k->ms);
		n += (size_t)snprintf(
		        line + n, sizeof line - n, "%s%s%02x", i ? " " : "", when, k->code);
	}
	keys_script_free(&s);
	return line;
}

static void lines_make_keys(void)
{
	CHECK_STR(events_of(""), "");
	CHECK_STR(events_of("# nothing\n\n   \t\n  # type \"a\"\n"), "");
	CHECK_STR(events_of("type \"aB\""), "1e 9e 2a 30 b0 aa");
	CHECK_STR(events_of("type \"\""), "");
	CHECK_STR(events_of("type \"a\\r\\\"\\x1b\\101\"\r\n"),
	        "1e 9e 1c 9c 2a 28 a8 aa 01 81 2a 1e 9e aa");
	CHECK_STR(events_of("key ret\nkey f1 ctrl-c\n"), "1c 9c 3b bb 1d 2e ae 9d");
	CHECK_STR(events_of("hold left 2s\n"), "e0 4b +2000 e0 cb");
	CHECK_STR(
	        events_of("wait 500ms\nkey a\nwait 1s\nwait 1ms\nkey b"), "+500 1e 9e +1001 30 b0");
	CHECK_STR(events_of("at 1s\nkey a\nat 2s\nwait 5ms\nkey b"), "at1000 1e 9e at2005 30 b0");
	CHECK_STR(events_of("at 0s\nkey a\nwait 1s\n"), "at0 1e 9e");
	CHECK_STR(events_of("wait 1s\nkey a\nhold b 1s\nat 2s\nkey a"),
	        "+1000 1e 9e 30 +1000 b0 at2000 1e 9e");
	CHECK_STR(events_of("\tkey\ta\t\n"), "1e 9e");
}

static void what_is_wrong_is_told_with_its_line(void)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "dir\n", "line 1: expected type, key, hold, wait or at, and what is to be done" },
		{ "key a\n\nkeys b\n",
		        "line 3: expected type, key, hold, wait or at, and what is to be done" },
		{ "type\n",
		        "line 1: expected type, key, hold, wait or at, and what is to be done" },
		{ "type dir\n", "line 1: expected a text in quotes after type" },
		{ "type \"dir\n", "line 1: expected a quote at the text's end" },
		{ "type \"dir\" x\n", "line 1: expected the line's end" },
		{ "type \"\\q\"\n", "line 1: expected an escape such as \\r, \\\" or \\x1b after "
		                    "the backslash" },
		{ "type \"\\", "line 1: expected an escape such as \\r, \\\" or \\x1b after the "
		               "backslash" },
		{ "type \"\\400\"", "line 1: expected an escape such as \\r, \\\" or \\x1b after "
		                    "the backslash" },
		{ "type \"\xff\"\n", "line 1: a character that a PC's keyboard does not type" },
		{ "key a bogus\n", "line 1: `bogus` is no key" },
		{ "key ctrl-alt-foo\n", "line 1: `foo` is no key" },
		{ "key ctrl-\n", "line 1: expected the name of a key" },
		{ "hold nosuch 2s\n", "line 1: `nosuch` is no key" },
		{ "at 5s\nkey a\nat 1s\nkey b\n",
		        "line 3: at 1000ms is past by then: the lines before take until 5000ms" },
		{ "at 5s\nwait 2s\nkey a\nat 6999ms\n",
		        "line 4: at 6999ms is past by then: the lines before take until 7000ms" },
		{ "hold a 2s\nat 1s\n",
		        "line 2: at 1000ms is past by then: the lines before take until 2000ms" },
		{ "at 5s\nat 1s\n",
		        "line 2: at 1000ms is past by then: the lines before take until 5000ms" },
		{ "hold a\n", "line 1: expected a time such as 500ms or 2s, of an hour at most" },
		{ "wait 5\n", "line 1: expected a time such as 500ms or 2s, of an hour at most" },
		{ "wait 5 s\n", "line 1: expected a time such as 500ms or 2s, of an hour at most" },
		{ "wait 99999999999999999999s\n",
		        "line 1: expected a time such as 500ms or 2s, of an hour at most" },
		{ "at 4195s\n", "line 1: expected a time such as 500ms or 2s, of an hour at most" },
		{ "at 4194304ms\n",
		        "line 1: expected a time such as 500ms or 2s, of an hour at most" },
		{ "at 1s 2s\n", "line 1: expected the line's end" },
		{ "wait 3600s\nwait 3600s\n",
		        "line 2: the waits before a key are an hour at most" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK_STR(events_of(rows[i].text), rows[i].error);
	CHECK_STR(events_of("wait 4194303ms\nkey a\n"), "+4194303 1e 9e");
}

static void bytes_of_any_kind_are_read(void)
{
	static const char zeros[] = "key a\n\0\0\n";
	struct keys_script s;
	struct error e = { 0 };
	CHECK(keys_script_parse(&s, zeros, sizeof zeros - 1, &e) != 0);
	CHECK_STR(e.text, "line 2: expected type, key, hold, wait or at, and what is to be done");
}

static void a_file_is_named_in_errors(void)
{
	struct keys_script s;
	struct error e = { 0 };
	CHECK(keys_script_read(&s, "/nonexistent/keys", &e) != 0);
	CHECK_STR(e.text, "/nonexistent/keys: cannot open: No such file or directory");
	e.text[0] = 0;
	CHECK(keys_script_read(&s, "/", &e) != 0);
	CHECK_STR(e.text, "/: cannot read: Is a directory");
	e.text[0] = 0;
	CHECK(keys_script_read(&s, "/dev/zero", &e) != 0);
	CHECK_STR(e.text, "/dev/zero: expected at most 65536 bytes");
	e.text[0] = 0;
	CHECK_EQ(keys_script_read(&s, "/dev/null", &e), 0);
	CHECK_EQ(s.count, 0);
}

int main(void)
{
	RUN(lines_make_keys);
	RUN(what_is_wrong_is_told_with_its_line);
	RUN(bytes_of_any_kind_are_read);
	RUN(a_file_is_named_in_errors);
	return check_done();
}

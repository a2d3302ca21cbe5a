/* monitor sendkey and type: keys for the guest, as QEMU's monitor spells the one. */
#include <string.h>

#include "base/array.h"
#include "machine/input.h"
#include "monitor/internal.h"

#define HOLD_MS 100 /* QEMU's: a program that looks now and then sees the key down */

static void put(struct run *run, const struct output *out, const char *command,
        const char *operands, const struct key_events *events)
{
	struct error e = { 0 };
	if (input_keys(run->machine, events->all, events->count, &e))
		refuse(out, command, operands, "%s", e.text);
}

#define LIST_WIDTH 78

void monitor_more_sendkey(const struct output *out)
{
	char line[LIST_WIDTH + 1];
	size_t len = 0;
	const char *name;
	say(out,
	        "Keys that are joined by - are pressed together, %d at most, and released after MS "
	        "milliseconds.\n"
	        "The keys: a to z, 0 to 9, a number of scancode set 1 as 0x1e, and\n",
	        KEYS_AT_ONCE);
	for (size_t i = 0; (name = keys_name(i)); i++) {
		if (len && len + 1 + strlen(name) > LIST_WIDTH) {
			say(out, "%s\n", line);
			len = 0;
		}
		len += (size_t)snprintf(
		        line + len, sizeof line - len, "%s%s", len ? " " : "", name);
	}
	say(out, "%s\n", line);
}

void monitor_sendkey(struct run *run, const struct output *out, const char *operands)
{
	struct key_event all[KEYS_BYTES_MAX];
	struct key_events events = { .all = all, .max = ARRAY_SIZE(all) };
	struct cursor c = cursor_of(operands);
	struct keys keys;
	uint64_t hold_ms = HOLD_MS;
	char why[KEYS_WHY_MAX];
	if (!*operands) {
		say(out, "sendkey: expected KEYS [MS], as in sendkey ctrl-alt-delete\n");
		monitor_more_sendkey(out);
		return;
	}
	if (!keys_named(&c, &keys)) {
		keys_explain(&c, why);
		refuse(out, "sendkey", operands, "%s; monitor help sendkey lists them", why);
		return;
	}
	bool has_ms = cursor_char(&c, ' ');
	if ((has_ms && (!cursor_number(&c, &hold_ms) || hold_ms > KEY_EVENT_MS_MAX)) ||
	        !cursor_at_end(&c)) {
		refuse(out, "sendkey", operands,
		        "expected keys, joined by - where they are pressed together, and for how "
		        "many milliseconds, if not %d",
		        HOLD_MS);
		return;
	}
	key_events_add(&events, &keys, (uint32_t)hold_ms);
	put(run, out, "sendkey", operands, &events);
}

#define TEXT_EXPECTED "expected a text in double quotes, as in type \"dir\\r\""

void monitor_more_type(const struct output *out)
{
	say(out, "The escapes: \\n \\r \\t \\b \\a \\f \\v \\e \\\\ \\\" \\' \\?, \\x1b and "
	         "\\033; above 7f the characters of code page 437.\n"
	         "The guest gets them when it runs, key by key, as it takes them.\n");
}

/* The characters up to the quote that ends them. NULL, or what is wrong. */
static const char *take_text(struct cursor *c, struct key_events *to)
{
	struct keys keys;
	while (c->at < c->end && *c->at != '"') {
		char first = *c->at;
		if (!key_events_character(c, &keys))
			return first == '\\'
			               ? "expected an escape such as \\r, \\\" or \\x1b after "
			                 "the backslash"
			               : "a character that a PC's keyboard does not type";
		if (!key_events_add(to, &keys, 0))
			return "too many keys at once: 4096 scan codes, 2048 small letters, wait "
			       "for the guest";
	}
	return NULL;
}
_Static_assert(TYPIST_MAX == 4096, "the text above says 4096");

void monitor_type(struct run *run, const struct output *out, const char *operands)
{
	struct key_event all[TYPIST_MAX];
	struct key_events events = { .all = all, .max = ARRAY_SIZE(all) };
	struct cursor c = cursor_of(operands);
	while (cursor_char(&c, ' '))
		;
	bool is_quoted = cursor_char(&c, '"');
	const char *why = is_quoted ? take_text(&c, &events) : TEXT_EXPECTED;
	if (!why && !cursor_char(&c, '"'))
		why = "expected a double quote at the text's end";
	while (cursor_char(&c, ' '))
		;
	if (!why && !cursor_at_end(&c))
		why = "expected nothing after the text; a quote in it is \\\"";
	if (!why && !events.count)
		why = TEXT_EXPECTED;
	if (why)
		refuse(out, "type", operands, "%s", why);
	else
		put(run, out, "type", operands, &events);
}

/* A line is a word, a row in a table, and what its function makes of the rest. */
#include "machine/keys_script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "host/file.h"

#define STROKE_MS 0 /* how long a key of `key` and `type` is down: until the guest has read it */

/* The events so far, and the wait that is to go before the next one. */
struct parse {
	struct key_events to;
	uint32_t ms;
	bool is_at;
	uint64_t passed_ms; /* of the guest's time, at least, when the lines before are done */
	struct error *e;
	unsigned line;
};

static int wrong(struct parse *p, const char *what)
{
	return error_set(p->e, -EINVAL, "line %u: %s", p->line, what);
}

static void skip_blanks(struct cursor *c)
{
	while (cursor_char(c, ' ') || cursor_char(c, '\t'))
		;
}

static bool make_room(struct key_events *to, size_t count)
{
	size_t max = to->max ? to->max : 256;
	while (max - to->count < count)
		max *= 2;
	struct key_event *all = max == to->max ? to->all : realloc(to->all, max * sizeof *all);
	if (!all)
		return false;
	to->all = all;
	to->max = max;
	return true;
}

static int add(struct parse *p, const struct keys *keys, uint32_t hold_ms)
{
	size_t first = p->to.count;
	if (!make_room(&p->to, keys->len))
		return error_set(p->e, -ENOMEM, "out of memory");
	if (!keys->len || !key_events_add(&p->to, keys, hold_ms))
		return 0;
	p->to.all[first].ms = p->ms;
	p->to.all[first].is_at = p->is_at;
	p->ms = 0;
	p->is_at = false;
	return 0;
}

static bool take_time(struct cursor *c, uint32_t *ms)
{
	uint64_t value;
	if (!cursor_number(c, &value) || value > KEY_EVENT_MS_MAX)
		return false;
	if (cursor_text(c, "ms"))
		*ms = (uint32_t)value;
	else if (cursor_char(c, 's') && value <= KEY_EVENT_MS_MAX / 1000)
		*ms = (uint32_t)value * 1000;
	else
		return false;
	return true;
}

#define TIME_EXPECTED "expected a time such as 500ms or 2s, of an hour at most"

static int take_type(struct parse *p, struct cursor *c)
{
	struct keys keys;
	if (!cursor_char(c, '"'))
		return wrong(p, "expected a text in quotes after type");
	while (c->at < c->end && *c->at != '"') {
		char backslash = *c->at;
		if (!key_events_character(c, &keys))
			return wrong(p, backslash == '\\'
			                        ? "expected an escape such as \\r, \\\" or \\x1b "
			                          "after the backslash"
			                        : "a character that a PC's keyboard does not type");
		int err = add(p, &keys, STROKE_MS);
		if (err)
			return err;
	}
	return cursor_char(c, '"') ? 0 : wrong(p, "expected a quote at the text's end");
}

static int take_keys(struct parse *p, struct cursor *c, struct keys *keys)
{
	char why[KEYS_WHY_MAX];
	if (keys_named(c, keys))
		return 0;
	keys_explain(c, why);
	return wrong(p, why);
}

static int take_key(struct parse *p, struct cursor *c)
{
	struct keys keys;
	do {
		int err = take_keys(p, c, &keys);
		if (!err)
			err = add(p, &keys, STROKE_MS);
		if (err)
			return err;
		skip_blanks(c);
	} while (!cursor_at_end(c));
	return 0;
}

static int take_hold(struct parse *p, struct cursor *c)
{
	struct keys keys;
	uint32_t ms;
	int err = take_keys(p, c, &keys);
	if (err)
		return err;
	skip_blanks(c);
	if (!take_time(c, &ms))
		return wrong(p, TIME_EXPECTED);
	p->passed_ms += ms;
	return add(p, &keys, ms);
}

static int take_wait(struct parse *p, struct cursor *c)
{
	uint32_t ms;
	if (!take_time(c, &ms))
		return wrong(p, TIME_EXPECTED);
	if (ms > KEY_EVENT_MS_MAX - p->ms)
		return wrong(p, "the waits before a key are an hour at most");
	p->ms += ms;
	p->passed_ms += ms;
	return 0;
}

static int take_at(struct parse *p, struct cursor *c)
{
	uint32_t ms;
	if (!take_time(c, &ms))
		return wrong(p, TIME_EXPECTED);
	if (ms < p->passed_ms)
		return error_set(p->e, -EINVAL,
		        "line %u: at %ums is past by then: the lines before take until %" PRIu64
		        "ms",
		        p->line, ms, p->passed_ms);
	p->ms = ms;
	p->is_at = true;
	p->passed_ms = ms;
	return 0;
}

static int take_line(struct parse *p, struct cursor c)
{
	static const struct {
		const char *word;
		int (*take)(struct parse *p, struct cursor *c);
	} rows[] = {
		{ "type", take_type },
		{ "key", take_key },
		{ "hold", take_hold },
		{ "wait", take_wait },
		{ "at", take_at },
	};
	skip_blanks(&c);
	if (cursor_at_end(&c) || *c.at == '#')
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cursor at = c;
		if (!cursor_text(&at, rows[i].word) || cursor_at_end(&at) ||
		        (*at.at != ' ' && *at.at != '\t'))
			continue;
		skip_blanks(&at);
		int err = rows[i].take(p, &at);
		skip_blanks(&at);
		return err || cursor_at_end(&at) ? err : wrong(p, "expected the line's end");
	}
	return wrong(p, "expected type, key, hold, wait or at, and what is to be done");
}

int keys_script_parse(struct keys_script *to, const char *text, size_t len, struct error *e)
{
	struct parse p = { .e = e };
	int err = 0;
	for (const char *at = text, *end = text + len; at < end && !err;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct cursor line = { at, newline ? newline : end };
		at = newline ? newline + 1 : end;
		if (line.end > line.at && line.end[-1] == '\r')
			line.end--;
		p.line++;
		err = take_line(&p, line);
	}
	if (err) {
		free(p.to.all);
		return err;
	}
	*to = (struct keys_script) { p.to.all, p.to.count };
	return 0;
}

int keys_script_read(struct keys_script *to, const char *path, struct error *e)
{
	struct file file;
	struct error why = { 0 };
	struct file_label label = file_label(path);
	int err = file_read(&file, path, KEYS_SCRIPT_SIZE, e);
	if (err)
		return err;
	if (!file.is_whole)
		err = error_set(
		        e, -EFBIG, "%s: expected at most %d bytes", label.text, KEYS_SCRIPT_SIZE);
	else
		err = keys_script_parse(to, (const char *)file.bytes, file.len, &why);
	if (why.text[0])
		error_set(e, err, "%s: %s", label.text, why.text);
	file_free(&file);
	return err;
}

void keys_script_free(struct keys_script *s)
{
	free(s->events);
	*s = (struct keys_script) { 0 };
}

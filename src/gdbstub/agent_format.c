/* A format is checked once, when its expression comes, and printed at each hit: both go through
 * it piece by piece. */
#include "gdbstub/agent_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gdbstub/text.h"

#define FIELD_MAX 999 /* width and precision: three digits */

/* One piece of a format: a character of the text, or a directive. */
struct piece {
	bool is_directive;
	char text;
	char flags[8];        /* of "-+ #0" */
	int width, precision; /* -1: none */
	bool is_wide;         /* 64 bits, not 32 */
	char conversion;
};

static bool fail(struct agent_error *e, const char *what, char c)
{
	snprintf(e->text, sizeof e->text, "printf does not know %s%c", what, c);
	return false;
}

/* Escapes as gdb's format_pieces takes them. */
static bool take_escape(const char **at, char *to, struct agent_error *e)
{
	static const char letters[] = "\\abefnrtv\"", values[] = "\\\a\b\033\f\n\r\t\v\"";
	char c = *(*at)++;
	const char *found = c ? strchr(letters, c) : NULL;
	if (!found)
		return fail(e, "\\", c);
	*to = values[found - letters];
	return true;
}

static bool take_number(const char **at, int *to, struct agent_error *e)
{
	int value = 0;
	while (**at >= '0' && **at <= '9' && value <= FIELD_MAX)
		value = 10 * value + *(*at)++ - '0';
	if (value > FIELD_MAX) {
		snprintf(e->text, sizeof e->text, "printf's fields have at most %d characters",
		        FIELD_MAX);
		return false;
	}
	*to = value;
	return true;
}

static bool take_directive(const char **at, struct piece *p, struct agent_error *e)
{
	size_t flags = 0;
	p->is_directive = true;
	while (**at && strchr("-+ #0", **at)) {
		if (!strchr(p->flags, **at) && flags < sizeof p->flags - 1)
			p->flags[flags++] = **at;
		(*at)++;
	}
	if (**at >= '1' && **at <= '9' && !take_number(at, &p->width, e))
		return false;
	if (**at == '.') {
		(*at)++;
		if (!take_number(at, &p->precision, e))
			return false;
	}
	while (**at && strchr("lzjt", **at)) {
		p->is_wide = true;
		(*at)++;
	}
	p->conversion = **at;
	if (!p->conversion || !strchr("diuoxXcsp", p->conversion))
		return fail(e, "%", p->conversion ? p->conversion : ' ');
	if (p->is_wide && strchr("csp", p->conversion))
		return fail(e, "%l", p->conversion);
	(*at)++;
	return true;
}

/* True with a piece; false at the end (no text in *e) or with a reason. */
static bool take_piece(const char **at, struct piece *p, struct agent_error *e)
{
	*p = (struct piece) { .width = -1, .precision = -1 };
	e->text[0] = 0;
	if (!**at)
		return false;
	p->text = *(*at)++;
	if (p->text == '\\')
		return take_escape(at, &p->text, e);
	if (p->text != '%')
		return true;
	if (**at == '%') {
		(*at)++;
		return true;
	}
	return take_directive(at, p, e);
}

bool agent_format_check(const uint8_t *format, size_t len, unsigned count, struct agent_error *e)
{
	const char *at = (const char *)format;
	struct piece p;
	unsigned wanted = 0;
	if (!len || memchr(format, 0, len) != format + len - 1) {
		snprintf(e->text, sizeof e->text, "printf's format has no end");
		return false;
	}
	while (take_piece(&at, &p, e))
		wanted += p.is_directive;
	if (e->text[0])
		return false;
	if (wanted == count)
		return true;
	snprintf(e->text, sizeof e->text, "printf has %u arguments for %u directives", count,
	        wanted);
	return false;
}

/* A field's text, wherever it came from. */
static void put_text(struct text_out *out, const struct piece *p, const char *text, size_t len)
{
	size_t width = p->width > 0 ? (size_t)p->width : 0;
	bool is_left = strchr(p->flags, '-') != NULL;
	for (size_t i = len; !is_left && i < width; i++)
		text_put_char(out, ' ');
	for (size_t i = 0; i < len; i++)
		text_put_char(out, text[i]);
	for (size_t i = len; is_left && i < width; i++)
		text_put_char(out, ' ');
}

static void put_number(struct text_out *out, const struct piece *p, uint64_t value)
{
	char spec[40], text[2 * FIELD_MAX];
	bool is_signed = p->conversion == 'd' || p->conversion == 'i';
	if (!p->is_wide)
		value = is_signed ? (uint64_t)(int64_t)(int32_t)value : (uint32_t)value;
	int n = snprintf(spec, sizeof spec, "%%%s", p->flags);
	if (p->width >= 0)
		n += snprintf(spec + n, sizeof spec - (size_t)n, "%d", p->width);
	if (p->precision >= 0)
		n += snprintf(spec + n, sizeof spec - (size_t)n, ".%d", p->precision);
	snprintf(spec + n, sizeof spec - (size_t)n, "ll%c", p->conversion);
	/* spec was made of what take_directive has let through. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (is_signed)
		snprintf(text, sizeof text, spec, (long long)value);
	else
		snprintf(text, sizeof text, spec, (unsigned long long)value);
#pragma GCC diagnostic pop
	text_put(out, text);
}

static bool put_string(struct text_out *out, const struct piece *p, uint64_t address,
        const struct agent_machine *m, struct agent_error *e)
{
	char text[AGENT_STRING_MAX];
	size_t most = p->precision >= 0 && p->precision < AGENT_STRING_MAX ? (size_t)p->precision
	                                                                   : AGENT_STRING_MAX;
	size_t len = 0;
	for (; len < most; len++) {
		if (m->read_memory(m->ctx, address + len, (uint8_t *)&text[len], 1) != 1) {
			snprintf(e->text, sizeof e->text, "no memory at 0x%" PRIx64, address + len);
			return false;
		}
		if (!text[len])
			break;
	}
	put_text(out, p, text, len);
	return true;
}

static void put_pointer(struct text_out *out, const struct piece *p, uint64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof text, value ? "0x%" PRIx64 : "(nil)", value);
	put_text(out, p, text, (size_t)n);
}

bool agent_format(const uint8_t *format, const uint64_t *arguments, const struct agent_machine *m,
        struct text_out *out, struct agent_error *e)
{
	const char *at = (const char *)format;
	struct piece p;
	while (take_piece(&at, &p, e)) {
		char c;
		if (!p.is_directive) {
			text_put_char(out, p.text);
			continue;
		}
		uint64_t value = *arguments++;
		switch (p.conversion) {
		case 'c':
			c = (char)value;
			put_text(out, &p, &c, 1);
			break;
		case 's':
			if (!put_string(out, &p, value, m, e))
				return false;
			break;
		case 'p': put_pointer(out, &p, value); break;
		default: put_number(out, &p, value);
		}
	}
	return true;
}

/* QTDPsrc: the lines that a user has written, which are kept for who uploads the definitions. */
#include "gdbstub/trace_source.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "gdbstub/agent.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_store.h"

/* --- does gdb mean what its user has written? ------------------------------------------------- */

/* A name after a $, of len bytes: its number in f, or f->count. */
static unsigned find_register(const struct features *f, const uint8_t *name, size_t len)
{
	unsigned n = 0;
	while (n < f->count &&
	        (strlen(f->registers[n].name) != len || memcmp(f->registers[n].name, name, len)))
		n++;
	return n;
}

static bool is_register(struct session *s, const uint8_t *name, size_t len)
{
	for (int i = 0; i < TARGET_LAYOUTS; i++) {
		const struct features *f = session_features(s, (enum target_layout)i);
		if (f && find_register(f, name, len) < f->count)
			return true;
	}
	return false;
}

struct search {
	unsigned wanted;
	bool is_found;
};

static void compare(void *ctx, unsigned reg)
{
	struct search *search = ctx;
	search->is_found |= reg == search->wanted;
}

static bool is_letter(uint8_t c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* gdb parses a condition where it is set and compiles it at tstart, with the numbers of the mode
 * in which it was parsed. So the registers that the text names have to be in the code, by the
 * numbers that they have in the mode of the tracepoint. */
static bool means_these_registers(
        struct session *s, const struct tracepoint *p, const struct trace_source *source)
{
	const struct features *f = session_features(s, p->layout);
	const uint8_t *at = source->text, *end = at + source->len;
	while (f && p->condition && (at = memchr(at, '$', (size_t)(end - at))) != NULL) {
		const uint8_t *name = ++at;
		while (at < end && is_letter(*at))
			at++;
		size_t len = (size_t)(at - name);
		struct search search = { find_register(f, name, len), false };
		if (!is_register(s, name, len))
			continue;
		agent_registers(p->condition, p->condition_len, compare, &search);
		if (!search.is_found)
			return false;
	}
	return true;
}

/* --- the packet ------------------------------------------------------------------------------- */

/* The source is used up. */
static bool join(struct trace_source *last, struct trace_source *source)
{
	uint8_t *joined = realloc(last->text, last->len + source->len + 1);
	if (joined) {
		memcpy(joined + last->len, source->text, source->len);
		last->text = joined;
		last->len += source->len;
	}
	free(source->text);
	return joined != NULL;
}

/* What a packet brings: a piece of a line, len bytes of total from start on. */
struct piece {
	struct tracepoint *point;
	char type[sizeof((struct trace_source *)0)->type];
	uint64_t start, total;
	struct text_in bytes;
	size_t len;
};

/* N:ADDRESS:TYPE:START:TOTAL:BYTES */
static bool take_piece(struct session *s, struct text_in in, struct piece *piece)
{
	static const char *const types[] = { "at", "cond", "cmd" };
	uint64_t number, gva;
	if (!text_take_hex(&in, &number) || !text_take(&in, ":") || !text_take_hex(&in, &gva) ||
	        !text_take(&in, ":"))
		return false;
	piece->point = trace_find(&s->trace, number, gva);
	struct text_in type = text_take_until(&in, ':');
	if (!piece->point || !text_take(&in, ":") || !text_take_hex(&in, &piece->start) ||
	        !text_take(&in, ":") || !text_take_hex(&in, &piece->total) || !text_take(&in, ":"))
		return false;
	piece->type[0] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (text_equals(&type, types[i]))
			strcpy(piece->type, types[i]);
	piece->bytes = in;
	piece->len = text_left(&in) / 2;
	return piece->type[0] && text_left(&in) % 2 == 0 && piece->start <= piece->total &&
	       piece->len <= piece->total - piece->start;
}

/* REPLY_OK with *last, the line so far. */
static enum verdict keep(struct session *s, struct piece *piece, struct trace_source **last)
{
	struct tracepoint *p = piece->point;
	struct trace_source source = { .len = piece->len };
	bool is_new = !piece->start;
	*last = p->source_count ? &p->sources[p->source_count - 1] : NULL;
	if (!is_new &&
	        (!*last || strcmp((*last)->type, piece->type) || (*last)->len != piece->start))
		return REPLY_WRONG;
	if (is_new) { /* counted as itself, for a packet can bring an empty line */
		if (sizeof source > TRACE_TEXT_MAX - s->trace.text_used)
			return trace_refuse_text(s);
		s->trace.text_used += sizeof source;
		struct trace_source *all = realloc(p->sources, (p->source_count + 1) * sizeof *all);
		if (!all)
			return reply_refuse(s, "out of memory");
		p->sources = all;
		*last = &all[p->source_count];
	}
	strcpy(source.type, piece->type);
	enum verdict verdict = trace_take_text(s, &piece->bytes, source.len, &source.text);
	if (verdict != REPLY_OK)
		return verdict;
	if (is_new) {
		**last = source;
		p->source_count++;
	} else if (!join(*last, &source)) {
		return reply_refuse(s, "out of memory");
	}
	return REPLY_OK;
}

/* A line that comes in parts is put together. */
enum verdict trace_define_source(struct session *s, struct text_in in)
{
	struct piece piece;
	struct trace_source *line;
	if (!take_piece(s, in, &piece))
		return REPLY_WRONG;
	if (s->trace.is_running)
		return reply_refuse(s, "tracepoints can't be changed while they run: tstop first");
	if (piece.total > TRACE_TEXT_MAX / 16) /* so that a reply has room for it */
		return trace_refuse_text(s);
	enum verdict verdict = keep(s, &piece, &line);
	if (verdict != REPLY_OK || line->len < piece.total || strcmp(line->type, "cond") ||
	        means_these_registers(s, piece.point, line))
		return verdict;
	reply_refuse(s,
	        "the condition of tracepoint %u was compiled for the registers of another CPU "
	        "mode; delete it and set it again",
	        piece.point->number);
	trace_remove(&s->trace, piece.point);
	return REPLY_WHY;
}

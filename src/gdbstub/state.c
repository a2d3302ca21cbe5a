/* What several files ask of the target, and how a packet's handler is found. */
#include "gdbstub/state.h"

#include <string.h>

#include "base/bytes.h"
#include "gdbstub/features.h"
#include "gdbstub/text.h"

bool session_has(const struct session *s, unsigned needs)
{
	const struct target *t = s->target;
	const unsigned has = (t->registers ? REGISTERS : 0) | (t->memory ? MEMORY : 0) |
	                     (t->run ? RUN : 0) | (t->breakpoints ? BREAKPOINTS : 0) |
	                     (t->cpus ? CPUS : 0) | (t->monitor ? MONITOR : 0) |
	                     (t->file ? ELF_FILE : 0) | (t->file || t->made_count ? ANY_FILE : 0) |
	                     (t->history ? HISTORY : 0);
	return !(needs & ~has);
}

unsigned session_cpu_count(const struct session *s)
{
	return s->target->cpus ? s->target->cpus->count(s->target->ctx) : 1;
}

enum target_layout session_layout(const struct session *s, unsigned cpu)
{
	const struct target_registers *r = s->target->registers;
	return r ? r->layout(s->target->ctx, cpu) : TARGET_REAL16;
}

const struct features *session_features(struct session *s, enum target_layout layout)
{
	struct features *f = &s->features[layout];
	if (!s->target->registers)
		return NULL;
	if (!f->xml && features_open(f, layout, s->target) < 0)
		return NULL;
	return f;
}

uint64_t session_pc(struct session *s, unsigned cpu)
{
	const struct features *f = session_features(s, session_layout(s, cpu));
	uint8_t bytes[TARGET_REGISTER_MAX] = { 0 };
	if (f)
		features_read(&f->registers[f->pc], s->target, cpu, bytes);
	return get_number(bytes, 8);
}

const struct command *session_find(const struct command *table, const struct text_in *packet)
{
	const struct command *best = NULL;
	size_t best_len = 0;
	if (text_take_end(packet))
		return NULL;
	for (const struct command *c = table; c->name; c++) {
		if (c->name[0] != (char)*packet->at)
			continue;
		size_t n = strlen(c->name);
		if (n > text_left(packet) || memcmp(packet->at, c->name, n))
			continue;
		if (c->match == EXACT && n != text_left(packet))
			continue;
		if (!best || n > best_len) {
			best = c;
			best_len = n;
		}
	}
	return best;
}

#include "path.h"

static bool is_end(const struct program *p, const struct view *v)
{
	return v->registers[VIEW_PC] == p->halt + 1;
}

enum path_record path_record(struct path *path, struct session *s)
{
	path->last = 0;
	if (!session_view(s, &path->at[0]))
		return PATH_FAILED;
	while (!is_end(s->program, &path->at[path->last])) {
		if (path->last == PATH_MAX_STEPS)
			return PATH_TOO_LONG;
		if (!session_step(s, &path->at[path->last + 1]))
			return PATH_FAILED;
		path->last++;
	}
	return PATH_DONE;
}

int path_find(const struct path *path, const struct view *v, unsigned first, unsigned last,
        bool has_timer)
{
	char text[100];
	for (unsigned i = first; i <= last; i++)
		if (view_is_same(v, &path->at[i], has_timer, text, sizeof text))
			return (int)i;
	return -1;
}

static uint64_t mask_of(const struct program *p)
{
	return p->mode->bits == 16 ? 0xffff : p->mode->bits == 32 ? UINT32_MAX : UINT64_MAX;
}

static uint64_t access_gva(const struct program *p, const struct access *a, const struct view *v)
{
	const uint64_t *r = v->registers, base = 16u * p->data_selector;
	switch ((enum access_where)a->where) {
	case ACCESS_AT: return a->gva;
	case ACCESS_PUSH: return (r[VIEW_SP] - a->size) & mask_of(p);
	case ACCESS_POP: return r[VIEW_SP] & mask_of(p);
	case ACCESS_SI: return base + (r[VIEW_SI] & mask_of(p));
	case ACCESS_DI: return base + (r[VIEW_DI] & mask_of(p));
	}
	return 0;
}

static bool has_changed(const struct view *a, const struct view *b, uint64_t gva, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		const uint8_t *before = view_byte(a, gva + i), *after = view_byte(b, gva + i);
		if (before && after && *before != *after)
			return true;
	}
	return false;
}

bool path_is_in_rep(const struct path *path, const struct program *p, unsigned n)
{
	const struct program_insn *i = program_find(p, path->at[n].registers[VIEW_PC]);
	return i && i->is_rep && n &&
	       path->at[n - 1].registers[VIEW_PC] == path->at[n].registers[VIEW_PC];
}

enum path_hit path_hit(const struct path *path, const struct program *p, unsigned n, uint64_t gva,
        unsigned len, bool on_read, bool on_write)
{
	const struct view *before = &path->at[n], *after = &path->at[n + 1];
	const struct program_insn *i = program_find(p, before->registers[VIEW_PC]);
	enum path_hit hit = HIT_NONE;
	if (on_write && has_changed(before, after, gva, len))
		return HIT_SURE;
	if (!i) /* of a handler's: it is not known what it accesses */
		return gva >> 12 == PROGRAM_STACK >> 12 ? HIT_MAYBE : HIT_NONE;
	if (i->is_rep && !(before->registers[VIEW_CX] & mask_of(p)))
		return HIT_NONE;
	for (unsigned k = 0; k < i->access_count; k++) {
		const struct access *a = &i->accesses[k];
		uint64_t at = access_gva(p, a, before);
		if (at - gva >= len && gva - at >= a->size)
			continue;
		if (!(a->reads && on_read) && !(a->writes && on_write))
			continue;
		if (!a->is_maybe)
			return HIT_SURE;
		hit = HIT_MAYBE;
	}
	/* int n and faults push on the same stack at CPL 0. */
	if (hit == HIT_NONE && !program_find(p, after->registers[VIEW_PC]) &&
	        gva >> 12 == PROGRAM_STACK >> 12)
		return HIT_MAYBE;
	return hit;
}

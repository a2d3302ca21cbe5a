/* Which row explains a difference. The rows: known_emulated.c, known_any.c and known_cpu.c. */
#include "compare/known_row.h"

#include "base/array.h"

/* The rows of all files, by one number. NULL after the last. */
static const struct known_row *row_at(unsigned n)
{
	static const struct known_row *const tables[] = { known_emulated, known_on_any,
		known_on_cpu };
	for (size_t k = 0; k < ARRAY_SIZE(tables); k++)
		for (unsigned i = 0; tables[k][i].what; i++)
			if (n-- == 0)
				return &tables[k][i];
	return NULL;
}

static bool is_about(
        const struct known_row *row, const struct known_case *c, const struct opcode *o)
{
	bool is_here = row->on == KNOWN_ANYWHERE ||
	               (row->on == KNOWN_EMULATED && c->kvm_emulates) ||
	               (row->on == KNOWN_ON_CPU && !c->kvm_emulates) ||
	               (row->on == KNOWN_ON_TCG && c->is_tcg);
	return is_here && row->is(c, o);
}

/* Rows add up: what one leaves open another may explain. */
int known_find(const struct known_case *c)
{
	const struct compare_result *r = c->result;
	const struct known_row *row;
	struct opcode o = opcode_decode(c->bytes, c->bits);
	unsigned parts = r->parts & ~(unsigned)COMPARE_FLAGS;
	uint64_t flags = r->flags;
	int first = -1;
	if (r->verdict == COMPARE_CHANGED)
		return -1;
	for (unsigned i = 0; (row = row_at(i)); i++) {
		bool helps = r->verdict == COMPARE_KVM_FAILS
		                     ? row->fails
		                     : parts & row->parts ||
		                               (row->parts & COMPARE_FLAGS && flags & row->flags);
		if (!helps || !is_about(row, c, &o))
			continue;
		first = first < 0 ? (int)i : first;
		if (r->verdict == COMPARE_KVM_FAILS)
			return first;
		parts &= ~row->parts;
		flags &= row->parts & COMPARE_FLAGS ? ~row->flags : UINT64_MAX;
	}
	return parts || flags || r->verdict == COMPARE_KVM_FAILS ? -1 : first;
}

unsigned known_count(void)
{
	unsigned n = 0;
	while (row_at(n))
		n++;
	return n;
}

const char *known_name(unsigned row)
{
	return row_at(row)->what;
}

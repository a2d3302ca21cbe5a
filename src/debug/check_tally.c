/* Two of a kind are told, and so many in all. */
#include "debug/check_tally.h"

#include <inttypes.h>
#include <stdio.h>

#include "compare/tell.h"

#define KIND_TOLD   2
#define HANDED_TOLD 12

static bool is_to_be_told(struct check_tally *t, const struct opcode *o, unsigned parts)
{
	unsigned i = 0;
	while (i < t->kind_count && (t->kinds[i].map != o->map || t->kinds[i].op != o->op ||
	                                    t->kinds[i].parts != parts))
		i++;
	if (i == CHECK_KINDS_MAX)
		return false;
	if (i == t->kind_count)
		t->kinds[t->kind_count++] = (struct check_kind) { o->map, o->op, parts, 0 };
	return t->kinds[i].count++ < KIND_TOLD && t->told <= CHECK_TOLD_MAX;
}

static void tell(
        struct check_tally *t, const struct known_case *c, unsigned byte_count, const char *why)
{
	const struct compare_result *r = c->result;
	const struct opcode o = opcode_decode(c->bytes, c->bits);
	char text[TELL_TEXT];
	if (!is_to_be_told(t, &o, r->parts))
		return;
	if (t->told++ == CHECK_TOLD_MAX) {
		t->tell(t->ctx, "more differences are counted and not told");
		return;
	}
	uint64_t len = r->own.regs.rip - c->before->regs.rip;
	bool is_next = r->verdict != COMPARE_CHANGED && len > 0 && len < byte_count;
	compare_tell(c, is_next ? (unsigned)len : byte_count, why, text, sizeof text);
	t->tell(t->ctx, text);
}

void check_tally_add(struct check_tally *t, const struct known_case *c, unsigned byte_count,
        int row, const char *why)
{
	switch (c->result->verdict) {
	case COMPARE_SKIPPED: t->sums.skipped++; return;
	case COMPARE_HANDED_OVER: return;
	case COMPARE_SAME: t->sums.compared++; return;
	case COMPARE_DIFFERS:
	case COMPARE_KVM_FAILS: t->sums.compared++; break;
	case COMPARE_CHANGED: break;
	}
	t->sums.known += row >= 0;
	t->sums.differ += row < 0;
	if (row >= 0)
		t->known_by[row]++;
	if (row < 0)
		tell(t, c, byte_count, why);
}

void check_tally_handed(struct check_tally *t, unsigned opcode)
{
	t->sums.handed++;
	t->handed_by[opcode % CHECK_OPCODES]++;
}

const char *check_tally_known(const struct check_tally *t, unsigned n, uint64_t *count)
{
	for (unsigned row = 0; row < known_count(); row++)
		if (t->known_by[row] && n-- == 0) {
			*count = t->known_by[row];
			return known_name(row);
		}
	return NULL;
}

/* Those that were handed over most. */
static void describe_handed(const struct check_tally *t, char *to, size_t size)
{
	bool is_told[CHECK_OPCODES] = { false };
	size_t len = 0;
	for (unsigned n = 0; n < HANDED_TOLD && len < size; n++) {
		unsigned best = 0;
		for (unsigned i = 0; i < CHECK_OPCODES; i++)
			if (!is_told[i] && (is_told[best] || t->handed_by[i] > t->handed_by[best]))
				best = i;
		if (!t->handed_by[best] || is_told[best])
			break;
		is_told[best] = true;
		len += (size_t)snprintf(to + len, size - len, "%s%s%02x %" PRIu64,
		        n ? ", " : " (by opcode: ", best & 0x100 ? "0f " : "", best & 0xff,
		        t->handed_by[best]);
	}
	if (len && len < size)
		snprintf(to + len, size - len, ")");
}

void check_tally_describe(const struct check_tally *t, char *to, size_t size)
{
	const struct check_sums *s = &t->sums;
	char handed[500] = "";
	describe_handed(t, handed, sizeof handed);
	snprintf(to, size,
	        "%" PRIu64 " compared, %" PRIu64 " handed over%s, %" PRIu64 " differ; %" PRIu64
	        " known faults of this KVM, %" PRIu64 " not compared",
	        s->compared, s->handed, handed, s->differ, s->known, s->skipped);
}

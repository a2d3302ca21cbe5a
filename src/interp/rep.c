/* Iterations of movs, cmps, stos, lods and scas that differ in nothing but their addresses: in one page each for what
 * is read and what is written, in ascending order. What is at the end of a page, or might fault, or is looked at by
 * somebody, is string.c's, one by one. */
#include "interp/rep.h"

#include "interp/flags.h"

enum { LEAST = 4 }; /* iterations that are worth it */

/* So many elements from off on are in one page that is accessed without more, *at. */
static uint64_t room(struct interp *c, const struct insn *i, unsigned seg, uint64_t off,
        unsigned len, enum access kind, uint8_t **at)
{
	const struct segment *s = &c->seg[seg];
	if ((s->can & kind) != kind || off > s->limit)
		return 0;
	uint64_t lin = (s->base + off) & c->lin_mask, bytes = PAGE - (lin & (PAGE - 1));
	struct tlb_entry *e = &c->tlb[lin >> 12 & (TLB_SIZE - 1)];
	if ((lin & ~(uint64_t)(PAGE - 1)) != (kind == ACCESS_WRITE ? e->write_page : e->read_page))
		return 0;
	if (s->limit - off < bytes)
		bytes = s->limit - off; /* the last byte is left to the one by one */
	if (address_mask(i) - off < bytes)
		bytes = address_mask(i) - off;
	*at = (uint8_t *)(e->add + lin);
	if (kind == ACCESS_WRITE)
		e->written |= trail_lines(lin, bytes);
	return bytes / len;
}

/* What is written is no byte of the instruction itself, which would be another at its next iteration. */
static bool spares_itself(const struct interp *c, const uint8_t *at, uint64_t bytes)
{
	uint64_t pc = (c->seg[CS].base + c->rip) & c->lin_mask;
	const uint8_t *code = (const uint8_t *)(c->code_add + pc);
	if ((pc & (PAGE - 1)) > PAGE - INSN_BYTES) /* it may go on in another page */
		return false;
	return at < code ? (uint64_t)(code - at) >= bytes : (uint64_t)(at - code) >= INSN_BYTES;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How many there may be; 0: too few. */
static uint64_t how_many(const struct interp *c, const struct insn *i)
{
	bool may = !c->attention && !(c->rflags & DF);
	return may ? least(count_get(c, i), c->at_once) : 0;
}

/* n iterations are done. goes_on: the last one is not the rep's last for its ZF. */
static void count_all(struct interp *c, const struct insn *i, unsigned len, uint64_t n,
        bool goes_on, unsigned regs)
{
	const unsigned size = 2u << i->ad;
	if (regs & 1u << SI)
		reg_put(c, SI * 8, size, (c->r[SI] + n * len) & address_mask(i));
	if (regs & 1u << DI)
		reg_put(c, DI * 8, size, (c->r[DI] + n * len) & address_mask(i));
	count_put(c, i, (count_get(c, i) - (n - 1)) & address_mask(i));
	count_iteration(c, i, goes_on);
	c->more_done = (unsigned)n - 1;
	c->attention = true; /* run.c counts them */
}

static uint64_t element(const uint8_t *at, unsigned len)
{
	uint64_t value = 0;
	memcpy(&value, at, len);
	return value;
}

#define SOURCE      (c->r[SI] & address_mask(i))
#define DESTINATION (c->r[DI] & address_mask(i))

/* As one by one: where the destination begins within the source, what was written is read again. */
static void copy(uint8_t *to, const uint8_t *from, uint64_t n, unsigned len)
{
	uint64_t bytes = n * len;
	if (to <= from || (uint64_t)(to - from) >= bytes) {
		memmove(to, from, bytes);
		return;
	}
	for (uint64_t k = 0; k < bytes; k += len) {
		uint64_t value = element(from + k, len);
		memcpy(to + k, &value, len);
	}
}

bool interp_rep_movs(struct interp *c, const struct insn *i, unsigned len)
{
	uint8_t *from, *to;
	uint64_t n = how_many(c, i);
	n = n ? least(n, room(c, i, i->seg, SOURCE, len, ACCESS_READ, &from)) : 0;
	n = n ? least(n, room(c, i, ES, DESTINATION, len, ACCESS_WRITE, &to)) : 0;
	if (n < LEAST || !spares_itself(c, to, n * len))
		return false;
	copy(to, from, n, len);
	count_all(c, i, len, n, true, 1u << SI | 1u << DI);
	return true;
}

/* The first element is there. */
static void repeat(uint8_t *to, uint64_t bytes, uint64_t len)
{
	for (uint64_t there = len; there < bytes; there *= 2)
		memcpy(to + there, to, least(there, bytes - there));
}

bool interp_rep_stos(struct interp *c, const struct insn *i, unsigned len)
{
	uint8_t *to;
	uint64_t n = how_many(c, i);
	n = n ? least(n, room(c, i, ES, DESTINATION, len, ACCESS_WRITE, &to)) : 0;
	if (n < LEAST || !spares_itself(c, to, n * len))
		return false;
	memcpy(to, &c->r[AX], len);
	repeat(to, n * len, len);
	count_all(c, i, len, n, true, 1u << DI);
	return true;
}

bool interp_rep_lods(struct interp *c, const struct insn *i, unsigned len)
{
	uint8_t *from;
	uint64_t n = how_many(c, i);
	n = n ? least(n, room(c, i, i->seg, SOURCE, len, ACCESS_READ, &from)) : 0;
	if (n < LEAST)
		return false;
	reg_put(c, AX * 8, len, element(from + (n - 1) * len, len));
	count_all(c, i, len, n, true, 1u << SI);
	return true;
}

/* The flags of a comparison, and whether the rep ends with it. */
static bool ends(struct interp *c, const struct insn *i, unsigned len, uint64_t a, uint64_t b)
{
	switch (len) {
	case 1: sub1(c, a, b); break;
	case 2: sub2(c, a, b); break;
	case 4: sub4(c, a, b); break;
	default: sub8(c, a, b); break;
	}
	return !(c->status & S_ZF) == (i->rep == 0xf3);
}

bool interp_rep_cmps(struct interp *c, const struct insn *i, unsigned len)
{
	uint8_t *a, *b;
	uint64_t k = 0, n = how_many(c, i);
	n = n ? least(n, room(c, i, i->seg, SOURCE, len, ACCESS_READ, &a)) : 0;
	n = n ? least(n, room(c, i, ES, DESTINATION, len, ACCESS_READ, &b)) : 0;
	if (n < LEAST)
		return false;
	/* ends does the last one, for its flags. */
	while (k < n - 1 && (memcmp(a + k * len, b + k * len, len) == 0) == (i->rep == 0xf3))
		k++;
	bool is_last = ends(c, i, len, element(a + k * len, len), element(b + k * len, len));
	count_all(c, i, len, k + 1, !is_last, 1u << SI | 1u << DI);
	return true;
}

bool interp_rep_scas(struct interp *c, const struct insn *i, unsigned len)
{
	uint8_t *at;
	uint64_t k = 0, n = how_many(c, i);
	n = n ? least(n, room(c, i, ES, DESTINATION, len, ACCESS_READ, &at)) : 0;
	if (n < LEAST)
		return false;
	while (k < n - 1 && (memcmp(at + k * len, &c->r[AX], len) == 0) == (i->rep == 0xf3))
		k++;
	bool is_last = ends(c, i, len, c->r[AX], element(at + k * len, len));
	count_all(c, i, len, k + 1, !is_last, 1u << DI);
	return true;
}

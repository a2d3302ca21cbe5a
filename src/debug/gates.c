/* The gates of all exceptions: read, led elsewhere, put back. */
#include "debug/gates.h"

#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/vectors.h"
#include "debug/ways.h"
#include "kvm/linear.h"
#include "kvm/registers.h"
#include "kvm/segment.h"

/* SDM vol 3, table "Exceptions and Interrupts", but for NMI, which no instruction raises, and those that no
 * CPU raises. */
static const uint8_t exceptions[] = { VECTOR_DE, VECTOR_DB, VECTOR_BP, VECTOR_OF, VECTOR_BR,
	VECTOR_UD, VECTOR_NM, VECTOR_DF, VECTOR_TS, VECTOR_NP, VECTOR_SS, VECTOR_GP, VECTOR_PF,
	VECTOR_MF, VECTOR_AC, VECTOR_XM, VECTOR_VE, VECTOR_CP };

/* --- where an entry is -------------------------------------------------------------------------- */

/* The page that was translated last: the whole table lies in one or two. */
struct page {
	bool is_known;
	uint64_t gva, gpa;
	uint8_t *hva; /* NULL: no RAM */
};

static void translate(struct vcpu *v, struct page *page, uint64_t gva)
{
	uint64_t len;
	size_t run;
	gva &= ~(uint64_t)(MEMORY_PAGE - 1);
	if (page->is_known && page->gva == gva)
		return;
	*page = (struct page) { .is_known = true, .gva = gva };
	if (linear_to_gpa(v, gva, &page->gpa, &len))
		page->hva = memory_hva(&v->vm->memory, page->gpa, &run);
}

/* Sets pieces and original. False: it is not all in RAM. */
static bool locate(struct vcpu *v, struct page *page, uint64_t gva, struct gate *g)
{
	g->piece_count = 0;
	for (unsigned done = 0; done < g->size;) {
		unsigned in_page = (gva + done) % MEMORY_PAGE, len = MEMORY_PAGE - in_page;
		if (len > g->size - done)
			len = g->size - done;
		translate(v, page, gva + done);
		if (!page->hva)
			return false;
		memcpy(g->original + done, page->hva + in_page, len);
		g->pieces[g->piece_count++] =
		        (struct gate_piece) { page->gpa + in_page, page->hva + in_page, len };
		done += len;
	}
	return true;
}

/* --- what the instruction itself reads and writes ------------------------------------------------ */

/* Of physical memory: the fetch, and operands, which may lie across pages. */
#define RANGES_MAX 16
struct ranges {
	unsigned count;
	struct {
		uint64_t gpa, len;
	} all[RANGES_MAX];
};

static void add_range(struct vcpu *v, struct ranges *r, uint64_t gva, uint64_t len)
{
	while (len && r->count < RANGES_MAX) {
		uint64_t gpa, run;
		if (!linear_to_gpa(v, gva, &gpa, &run))
			return;
		if (run > len)
			run = len;
		r->all[r->count].gpa = gpa;
		r->all[r->count++].len = run;
		gva += run;
		len -= run;
	}
}

static void find_ranges(struct vcpu *v, struct ranges *r)
{
	struct operand operands[OPERANDS_MAX];
	r->count = 0;
	add_range(v, r, registers_pc(v), INSN_MAX);
	unsigned count = cpu_operands(v, operands);
	for (unsigned i = 0; i < count; i++)
		add_range(v, r, operands[i].gva, operands[i].len);
}

static bool overlaps(const struct gate *g, const struct ranges *r)
{
	for (unsigned i = 0; i < g->piece_count; i++)
		for (unsigned k = 0; k < r->count; k++)
			if (g->pieces[i].gpa < r->all[k].gpa + r->all[k].len &&
			        r->all[k].gpa < g->pieces[i].gpa + g->pieces[i].len)
				return true;
	return false;
}

/* --- what an entry says ------------------------------------------------------------------------- */

static bool is_32(const struct gate *g)
{
	unsigned type = g->original[5] & 0x1f;
	return type == 0xe || type == 0xf;
}

static bool is_16(const struct gate *g)
{
	unsigned type = g->original[5] & 0x1f;
	return type == 6 || type == 7;
}

static bool is_task_gate(const struct gate *g)
{
	return (g->original[5] & 0x9f) == 0x85; /* present */
}

static void read_real(struct gate *g)
{
	g->offset = get16(g->original);
	g->selector = get16(g->original + 2);
	g->slot_size = 2;
}

/* The code segment that it names. Where there is none, the CPU says so, whatever the offset is. */
static void find_segment(struct vcpu *v, struct gate *g, const struct gate *before)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	bool is_local = g->selector & 4;
	uint64_t descriptor, table = is_local ? s->ldt.base : s->gdt.base;
	uint32_t limit = is_local ? s->ldt.limit : s->gdt.limit;
	uint16_t index = g->selector & 0xfff8;
	if (before && before->selector == g->selector) {
		g->base = before->base;
		g->limit = before->limit;
	} else if (g->selector & ~3u && index + 7u <= limit &&
	           linear_read(v, table + index, &descriptor, sizeof descriptor) ==
	                   sizeof descriptor) {
		struct kvm_segment segment = segment_decode(descriptor);
		if (segment.present && segment.s && segment.type & 8) {
			g->base = (uint32_t)segment.base;
			g->limit = segment.limit;
		}
	}
}

/* SDM vol 3, "IDT Descriptors" and "64-Bit Mode IDT". False: it leads nowhere, which raises #NP or #GP. */
static bool read_gate(struct vcpu *v, struct gate *g, const struct gate *before, bool is_long)
{
	if (!(g->original[5] & 0x80) || !(is_32(g) || (is_16(g) && !is_long)))
		return false;
	g->selector = g->our_selector = get16(g->original + 2);
	g->offset = get16(g->original);
	if (is_32(g))
		g->offset |= (uint64_t)get16(g->original + 6) << 16;
	g->base = 0;
	g->limit = 0xffffffff;
	if (is_long) {
		g->offset |= (uint64_t)get32(g->original + 8) << 32;
		g->slot_size = 8;
		return registers_is_canonical(vcpu_sregs(v), g->offset);
	}
	g->slot_size = is_32(g) ? 4 : 2;
	find_segment(v, g, before);
	g->is_beyond = g->offset > g->limit;
	return true;
}

/* --- where ours lead ---------------------------------------------------------------------------- */

/* In real mode one X is enough, for the segment tells the vector: they are 16 bytes apart, and the offset
 * makes up for it. */
#define REAL_SEGMENT 0xb123u
#define REAL_OFFSET  7u

static void lead_real(struct gates *all, struct gate *g)
{
	g->our_selector = (uint16_t)(REAL_SEGMENT - g->vector);
	g->our_offset = REAL_OFFSET + 16u * g->vector;
	put16(g->ours, (uint16_t)g->our_offset);
	put16(g->ours + 2, g->our_selector);
	g->x = 0;
	all->x_count = 1;
	all->x[0] = 16 * REAL_SEGMENT + REAL_OFFSET;
}

/* Nothing of a guest's is there, and each is on a page of its own. */
#define X_LONG   0x7eedcba98001u
#define X_LEGACY 0xfe9ab001u
#define X_APART  0x1000u

/* low, high: the addresses that the code segments of the gates have in common. None is the pc, where a
 * breakpoint would stop the instruction before it is done. */
static void choose_x(struct gates *all, uint32_t low, uint32_t high, uint64_t pc)
{
	bool is_flat = low < 0xf0000000 && high > 0xfff00000;
	uint64_t first = all->is_long ? X_LONG : is_flat ? X_LEGACY : high;
	uint64_t apart = all->is_long || is_flat ? X_APART : UINT64_MAX; /* less 1 */
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++, first += apart) {
		first += first == pc ? apart : 0;
		all->x[i] = first;
	}
}

/* What the segments have in common; of 16-bit gates, 64 KiB. One that has nothing in common with those
 * before it is left out. */
static void choose_addresses(struct vcpu *v, struct gates *all)
{
	uint32_t low = 0, high = 0xffffffff;
	for (unsigned i = 0; i < all->count && !all->is_long; i++) {
		const struct gate *g = &all->all[i];
		uint32_t limit = is_16(g) && g->limit > 0xffff ? 0xffff : g->limit;
		uint32_t to = limit > 0xffffffff - g->base ? 0xffffffff : g->base + limit;
		if (g->is_beyond || g->base > high || to < low)
			continue;
		low = g->base > low ? g->base : low;
		high = to < high ? to : high;
	}
	choose_x(all, low, high, registers_pc(v));
}

/* Those of one group share an X: what pushes an error code and what does not are told apart by the stack,
 * the others by the instruction. */
static unsigned group_of(const struct gates *all, unsigned vector)
{
	static const uint8_t groups[] = { [VECTOR_PF] = 0,
		[VECTOR_BP] = 2,
		[VECTOR_UD] = 0,
		[VECTOR_GP] = 1,
		[VECTOR_DE] = 1,
		[VECTOR_OF] = 1,
		[VECTOR_BR] = 1,
		[VECTOR_NM] = 1,
		[VECTOR_TS] = 2,
		[VECTOR_SS] = 2,
		[VECTOR_AC] = 2,
		[VECTOR_DB] = 2,
		[VECTOR_MF] = 2,
		[VECTOR_DF] = 3,
		[VECTOR_NP] = 3,
		[VECTOR_XM] = 3,
		[VECTOR_VE] = 3,
		[VECTOR_CP] = 3 };
	for (unsigned i = 0; i < all->apart.count; i++)
		if (all->apart.vectors[i] == vector)
			return i % all->x_count;
	unsigned group = vector < ARRAY_SIZE(groups) ? groups[vector] : 3;
	return group < all->x_count ? group : all->x_count - 1;
}

/* What the CPU refuses it shall go on refusing, and nothing else: at any of the Xs. */
static bool can_lead(const struct gates *all, const struct gate *g)
{
	if (all->is_long || (g->limit == 0xffffffff && !g->is_beyond && !is_16(g)))
		return true;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++) {
		uint32_t offset = (uint32_t)(all->x[i] - g->base);
		if ((offset > g->limit) != g->is_beyond || (is_16(g) && offset > 0xffff))
			return false;
	}
	return true;
}

static void lead(const struct gates *all, struct gate *g)
{
	memcpy(g->ours, g->original, sizeof g->ours);
	g->x = (uint8_t)group_of(all, g->vector);
	g->our_offset = all->x[g->x] - g->base;
	if (!all->is_long)
		g->our_offset &= 0xffffffff;
	put16(g->ours, (uint16_t)g->our_offset);
	if (is_32(g))
		put16(g->ours + 6, (uint16_t)(g->our_offset >> 16));
	if (all->is_long)
		put32(g->ours + 8, (uint32_t)(g->our_offset >> 32));
}

/* --- those that stay the guest's ---------------------------------------------------------------- */

/* The real handler gets a debug register, while there are any, and but where it is the pc. */
static void leave(struct vcpu *v, struct gates *all, const struct insn *insn, const struct gate *g,
        unsigned room)
{
	struct handlers *left = &all->left;
	uint64_t gva;
	unsigned slot_size = 0;
	if (left->count == room ||
	        !gates_is_plausible(g->vector, insn, vcpu_regs(v), vcpu_sregs(v)))
		return;
	bool has_handler = vector_target(v, g->vector, &gva, &slot_size) ||
	                   (!all->is_real && !all->is_long && is_task_gate(g) &&
	                           ways_find_task(v, get16(g->original + 2), &gva));
	if (!has_handler || gva == registers_pc(v) || handlers_index(left, gva) >= 0)
		return;
	left->slot_size = slot_size ? slot_size : left->slot_size;
	left->vector[left->count] = g->vector;
	left->gva[left->count++] = gva;
}

/* --- all together ------------------------------------------------------------------------------- */

static void begin(struct vcpu *v, struct gates *all, const struct gates_apart *apart)
{
	memset(all, 0, offsetof(struct gates, all));
	all->is_real = registers_is_real(registers_mode(v));
	all->is_long = vcpu_sregs(v)->efer & EFER_LMA;
	if (apart)
		all->apart = *apart;
}

/* The entry of one vector, if it is a gate that can lead elsewhere: then it is all->all[all->count - 1]. */
static void take(struct vcpu *v, struct gates *all, const struct insn *insn, uint8_t vector,
        struct page *page, const struct ranges *ranges, unsigned room)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	struct gate *g = &all->all[all->count];
	/* What is left is set below: to clear it all would cost as much as the rest. */
	g->vector = vector;
	g->size = all->is_real ? 4 : all->is_long ? 16 : 8;
	g->is_beyond = false;
	uint32_t at = (uint32_t)vector * g->size;
	if (at + g->size - 1 > s->idt.limit || !locate(v, page, s->idt.base + at, g))
		return;
	bool is_gate = all->is_real ? REAL_OFFSET + 16u * vector <= s->cs.limit
	                            : read_gate(v, g, all->count ? g - 1 : NULL, all->is_long);
	if (overlaps(g, ranges) || (all->is_real && !is_gate) ||
	        (!is_gate && is_task_gate(g) && !all->is_long))
		leave(v, all, insn, g, room - 1);
	else if (is_gate)
		all->count++;
}

/* Ours, with what no X can serve left out. */
static void lead_all(struct vcpu *v, struct gates *all, const struct insn *insn, unsigned room)
{
	unsigned n = 0;
	choose_addresses(v, all);
	for (unsigned i = 0; i < all->count; i++) {
		struct gate *g = &all->all[i];
		if (!can_lead(all, g))
			leave(v, all, insn, g, room - 1);
		else if (n++ != i)
			all->all[n - 1] = *g;
	}
	all->count = n;
	all->x_count = room - all->left.count;
	for (unsigned i = 0; i < all->count; i++)
		lead(all, &all->all[i]);
}

void gates_find(struct vcpu *v, const struct insn *insn, unsigned room,
        const struct gates_apart *apart, struct gates *all)
{
	struct ranges ranges;
	struct page page = { 0 };
	bool has_own =
	        insn->kind == INSN_INT && !memchr(exceptions, insn->vector, sizeof exceptions);
	begin(v, all, apart);
	find_ranges(v, &ranges);
	for (unsigned i = 0; i < sizeof exceptions; i++)
		take(v, all, insn, exceptions[i], &page, &ranges, room);
	if (has_own)
		take(v, all, insn, insn->vector, &page, &ranges, room);
	if (!all->is_real) {
		lead_all(v, all, insn, room);
		return;
	}
	for (unsigned i = 0; i < all->count; i++) {
		read_real(&all->all[i]);
		lead_real(all, &all->all[i]);
	}
}

void gates_put(const struct gates *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct gate *g = &all->all[i];
		unsigned at = 0;
		for (unsigned k = 0; k < g->piece_count; at += g->pieces[k++].len)
			memcpy(g->pieces[k].hva, g->ours + at, g->pieces[k].len);
	}
}

void gates_put_back(const struct gates *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct gate *g = &all->all[i];
		unsigned at = 0;
		for (unsigned k = 0; k < g->piece_count; at += g->pieces[k++].len) {
			uint8_t *now = g->pieces[k].hva;
			const uint8_t *ours = g->ours + at, *original = g->original + at;
			const unsigned len = g->pieces[k].len;
			if (!memcmp(now, ours, len)) {
				memcpy(now, original, len);
				continue;
			}
			for (unsigned j = 0; j < len; j++)
				if (now[j] == ours[j])
					now[j] = original[j];
		}
	}
}

void gates_watch(const struct gates *all, struct handlers *h)
{
	*h = (struct handlers) { .slot_size = all->left.slot_size };
	for (unsigned i = 0; i < all->x_count && all->count; i++)
		h->gva[h->count++] = all->x[i];
	for (unsigned i = 0; i < all->left.count; i++)
		h->gva[h->count++] = all->left.gva[i];
}

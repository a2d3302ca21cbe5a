/* Translations (a direct-mapped TLB), watched ranges, and the accesses that are not the fast way. */
#include "interp/paging.h"
#include "interp/segment.h"

#define PAGE_MASK (~(uint64_t)(PAGE - 1))

/* --- the trail --------------------------------------------------------------------------------- */

static void leave_entry(struct interp *c, struct tlb_entry *e)
{
	if (c->trail && e->page != 1 && (e->written | e->executed))
		trail_note(c->trail, e->page, e->executed, e->written);
	e->written = e->executed = 0;
}

void interp_leave_code(struct interp *c)
{
	struct tlb_entry *e = &c->tlb[c->code_page >> 12 & (TLB_SIZE - 1)];
	if (c->code_lines && e->page == c->code_page)
		e->executed |= c->code_lines;
	else if (c->code_lines && c->trail)
		trail_note(c->trail, c->code_page, c->code_lines, 0);
	c->code_lines = 0;
}

void interp_leave_trail(struct interp *c)
{
	interp_leave_code(c);
	for (unsigned i = 0; i < TLB_SIZE && c->has_translations; i++)
		leave_entry(c, &c->tlb[i]);
}

void interp_set_trail(struct interp *c, struct trail *t)
{
	interp_leave_trail(c);
	c->trail = t;
	for (unsigned i = 0; t && i < TLB_SIZE && c->has_translations; i++)
		if (c->tlb[i].page != 1)
			trail_note(t, c->tlb[i].page, 0, 0);
}

/* --- translations ------------------------------------------------------------------------------ */

void interp_flush(struct interp *c)
{
	interp_leave_trail(c);
	for (unsigned i = 0; i < TLB_SIZE && c->has_translations; i++)
		c->tlb[i].page = c->tlb[i].read_page = c->tlb[i].write_page = 1;
	c->has_translations = false;
	c->code_page = 1;
}

/* A segment that expands down has the offsets from after its limit to 64 KiB or 4 GiB: SDM vol 3, "Limit Checking". Where
 * the access begins within a segment that goes to 4 GiB, or to the end of 64-bit addresses, CPUs differ in whether it
 * wraps. */
bool interp_outside_segment(
        struct interp *c, unsigned seg, uint64_t off, unsigned len, unsigned can, uint64_t *lin)
{
	const struct segment *s = &c->seg[seg];
	bool may = ((s->can | s->can_down) & can) == can, is_down = s->can_down != 0;
	uint64_t last = !is_down ? s->limit : interp_segment(c, seg)->db ? UINT32_MAX : 0xffff;
	bool begins = may && off <= last && !(is_down && off <= s->limit);
	if (is_down && begins && last - off >= len - 1) {
		*lin = (s->base + off) & c->lin_mask;
		return true;
	}
	if (s->is_sure && !(begins && last >= UINT32_MAX))
		raise_error(c, seg == SS ? V_SS : V_GP, 0);
	else
		raise(c, V_NONE);
	return false;
}

static bool is_page_watched(const struct interp *c, uint64_t page, bool for_writes)
{
	for (unsigned i = 0; i < c->watch_count; i++) {
		const struct interp_watch *w = &c->watches[i];
		if ((w->on_read || (for_writes && w->on_write)) &&
		        (w->gva < page ? page - w->gva < w->len : w->gva - page < PAGE))
			return true;
	}
	return false;
}

void interp_look_for_watches(struct interp *c, uint64_t lin, unsigned len, enum access kind)
{
	for (unsigned i = 0; i < c->watch_count; i++) {
		const struct interp_watch *w = &c->watches[i];
		bool is_write = w->on_write && kind & ACCESS_WRITE;
		if (!is_write && !(w->on_read && kind & ACCESS_READ))
			continue;
		if (w->gva < lin ? lin - w->gva >= w->len : w->gva - lin >= len)
			continue;
		c->attention = true;
		if (c->hit_count < INTERP_HITS_MAX)
			c->hits[c->hit_count++] =
			        (struct interp_hit) { w->gva > lin ? w->gva : lin, i, is_write };
	}
}

static void tell_of_writes(struct interp *c, const struct place *at, unsigned len)
{
	c->touch(c->ctx, at->p, at->len1, false);
	if (at->len1 < len)
		c->touch(c->ctx, at->p2, len - at->len1, false);
}

static struct tlb_entry *entry_of(struct interp *c, uint64_t lin, uint8_t can)
{
	struct tlb_entry *e = &c->tlb[lin >> 12 & (TLB_SIZE - 1)];
	uint64_t page = lin & PAGE_MASK;
	struct walk w;
	bool is_rom;
	if (e->page == page && (e->can & can) == can)
		return e;
	if (!interp_walk(c, lin, can, c->cpl == 3, &w))
		return NULL;
	uint8_t *hva = interp_ram(c, w.gpa, &is_rom);
	if (!hva || (is_rom && can & CAN_WRITE)) {
		raise(c, V_NONE);
		c->fault.is_mmio = can != CAN_FETCH;
		c->fault.gpa = (w.gpa & c->gpa_mask) | (lin & (PAGE - 1));
		return NULL;
	}
	if (is_rom)
		w.can &= (uint8_t)~CAN_WRITE;
	leave_entry(c, e);
	if (c->trail)
		trail_note(c->trail, page, 0, 0);
	*e = (struct tlb_entry) { .read_page = 1,
		.write_page = 1,
		.page = page,
		.add = (uintptr_t)hva - page,
		.can = w.can };
	if (w.can & CAN_READ && !is_page_watched(c, page, false))
		e->read_page = page;
	if (w.can & CAN_WRITE && !c->touch && !is_page_watched(c, page, true))
		e->write_page = page;
	c->has_translations = true;
	return e;
}

struct tlb_entry *interp_fetch_entry(struct interp *c, uint64_t lin)
{
	return entry_of(c, lin, CAN_FETCH);
}

/* Who accesses a device gets bytes of c->devices instead; a ROM's are read where they are. */
static bool find_device(
        struct interp *c, uint64_t lin, unsigned len, enum access kind, struct place *at)
{
	struct device_operand is = { c->fault.gpa, 0, (uint8_t)len, (uint8_t)kind };
	unsigned n = c->device_next;
	bool is_rom;
	if (n == DEVICES_MAX)
		return false;
	const uint8_t *rom = interp_ram(c, is.gpa, &is_rom);
	if (rom)
		is.kind &= (uint8_t)~ACCESS_READ;
	if (c->device_pass == DEVICE_IS_SEEN) {
		c->devices[n] = is;
		c->device_count = n + 1;
	}
	if (rom)
		memcpy(&c->devices[n].value, rom, len);
	c->device_next++;
	at->p = (uint8_t *)&c->devices[n].value;
	if (c->watch_count)
		interp_look_for_watches(c, lin, len, kind);
	if (c->trail)
		trail_note_bytes(c->trail, lin, len, kind & ACCESS_WRITE);
	return true;
}

__attribute__((noinline)) bool interp_access(struct interp *c, unsigned seg, uint64_t lin,
        unsigned len, enum access kind, struct place *at)
{
	unsigned len1 = PAGE - (lin & (PAGE - 1));
	uint64_t last = (lin + len - 1) & c->lin_mask;
	if (c->is_long && (!is_canonical(lin) || !is_canonical(last) || last < lin)) {
		/* Half of it, or around: CPUs need not agree. */
		if (!is_canonical(lin) && !is_canonical(last))
			raise_error(c, seg == SS ? V_SS : V_GP, 0);
		else
			raise(c, V_NONE);
		return false;
	}
	uint64_t second = (lin + len1) & c->lin_mask;
	at->len1 = len1 < len ? len1 : len;
	struct tlb_entry *e = entry_of(c, lin, (uint8_t)kind);
	if (!e && c->fault.is_mmio && c->device_pass != DEVICE_FAULTS && len1 >= len)
		return find_device(c, lin, len, kind, at);
	if (!e) {
		/* Where both pages fault, CPUs differ in which one they name. */
		struct fault fault = c->fault;
		if (len1 < len && entry_of(c, second, (uint8_t)kind))
			c->fault = fault;
		else if (len1 < len)
			raise(c, V_NONE);
		return false;
	}
	at->p = (uint8_t *)(e->add + lin);
	if (kind & ACCESS_WRITE)
		e->written |= trail_lines(lin, at->len1);
	if (len1 < len) {
		e = entry_of(c, second, (uint8_t)kind);
		if (!e)
			return false;
		at->p2 = (uint8_t *)(e->add + second);
		if (kind & ACCESS_WRITE)
			e->written |= trail_lines(second, len - len1);
	}
	if (c->watch_count)
		interp_look_for_watches(c, lin, len, kind);
	if (c->touch && kind & ACCESS_WRITE)
		tell_of_writes(c, at, len);
	return true;
}

bool interp_is_same_fault(const struct fault *a, const struct fault *b)
{
	if (a->is_mmio || b->is_mmio)
		return a->is_mmio && b->is_mmio;
	return a->vector == b->vector && a->vector != V_NONE && a->error == b->error &&
	       (a->vector != V_PF || a->cr2 == b->cr2);
}

enum interp_done interp_either_faults(struct interp *c, unsigned seg1, uint64_t off1, unsigned len1,
        unsigned seg2, uint64_t off2, unsigned len2)
{
	uint64_t v;
	bool first = mem_read(c, seg1, off1, len1, &v);
	const struct fault fault = c->fault;
	bool second = mem_read(c, seg2, off2, len2, &v);
	if (first)
		return FAULTS;
	/* One of a device and one that raises something: that is raised. */
	bool is_first = second || (c->fault.is_mmio && !fault.is_mmio);
	if (!is_first && !(fault.is_mmio && !c->fault.is_mmio) &&
	        !interp_is_same_fault(&fault, &c->fault))
		return HANDOVER;
	if (is_first)
		c->fault = fault;
	return FAULTS;
}

/* Not kept in the TLB, which has what the code may do. What it writes is told to who watches; descriptors and gates
 * that are read are not. */
bool interp_system_access(
        struct interp *c, uint64_t lin, unsigned len, enum access kind, struct place *at)
{
	uint64_t mask = has_lma(c) ? UINT64_MAX : UINT32_MAX;
	lin &= mask;
	unsigned len1 = PAGE - (lin & (PAGE - 1));
	at->len1 = len1 < len ? len1 : len;
	for (unsigned k = 0; k < (len1 < len ? 2u : 1u); k++) {
		uint64_t part = k ? (lin + len1) & mask : lin;
		struct walk w;
		bool is_rom;
		uint8_t *hva;
		if (!interp_walk(c, part, (uint8_t)kind, false, &w))
			return false;
		hva = interp_ram(c, w.gpa, &is_rom);
		if (!hva || (is_rom && kind & ACCESS_WRITE)) {
			raise(c, V_NONE);
			return false;
		}
		*(k ? &at->p2 : &at->p) = hva + (part & (PAGE - 1));
		if (c->trail && kind & ACCESS_WRITE)
			trail_note_bytes(c->trail, part, k ? len - len1 : at->len1, true);
	}
	if (c->watch_count && kind & ACCESS_WRITE)
		interp_look_for_watches(c, lin, len, kind);
	if (c->touch && kind & ACCESS_WRITE)
		tell_of_writes(c, at, len);
	return true;
}

bool interp_system_read(struct interp *c, uint64_t lin, unsigned len, void *to)
{
	struct place at;
	if (!interp_system_access(c, lin, len, ACCESS_READ, &at))
		return false;
	memcpy(to, at.p, at.len1);
	if (at.len1 < len)
		memcpy((uint8_t *)to + at.len1, at.p2, len - at.len1);
	return true;
}

/* Walks the guest's page tables with the CPU's checks of rights: 32-bit, PAE and 4-level paging.
 * Source: SDM vol 3, chapter "Paging". */
#include "interp/paging.h"

#include "base/cpu_bits.h"

enum { E_P = 1, E_W = 2, E_U = 4, E_A = 0x20, E_D = 0x40, E_PS = 0x80 };
#define E_NX    (1ull << 63)
#define E_FRAME 0x000ffffffffff000ull
/* Address bits that are reserved on some CPUs: above their physical addresses. */
#define E_FAR 0x000fff0000000000ull

/* SDM vol 3, "Control Registers". */
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)
#define CR4_PKE  (1u << 22)
#define CR4_PKS  (1u << 24)

/* Error codes of #PF: SDM vol 3, "Page-Fault Exceptions". */
enum { PF_P = 1, PF_W = 2, PF_U = 4, PF_I = 0x10 };

enum { LEVELS_MAX = 4 };

/* The entries on the way to a page. */
struct path {
	struct {
		uint8_t *at;
		uint64_t value;
	} entry[LEVELS_MAX];
	unsigned count;
	bool is_whole; /* the last one maps the page */
	uint64_t gpa;
	bool is_user, is_writable, is_nx;
};

uint8_t *interp_ram(const struct interp *c, uint64_t gpa, bool *is_rom)
{
	gpa &= c->gpa_mask;
	for (unsigned i = 0; i < c->slot_count; i++) {
		const struct interp_slot *s = &c->slots[i];
		if (gpa - s->gpa < s->size) {
			*is_rom = s->is_rom;
			return s->hva + (gpa - s->gpa);
		}
	}
	return NULL;
}

static bool unsure(struct interp *c)
{
	raise(c, V_NONE);
	return false;
}

/* Whether a large page's entry is one that no CPU finds fault with; *below: its offset's bits. */
static bool is_good_large_page(
        const struct interp *c, uint64_t entry, unsigned shift, unsigned entry_len, uint64_t *below)
{
	*below = (1ull << shift) - 1;
	if (entry_len == 4) /* bits 13 to 21: PSE-36, where a CPU has it */
		return c->sregs.cr4 & CR4_PSE && !(entry & 0x3fe000);
	return shift <= 30 && !(entry & E_FRAME & *below & ~0x1fffull); /* bit 12: PAT */
}

/* False: a table is not in RAM, or a bit is set that may be reserved on this CPU. */
static bool find_path(struct interp *c, uint64_t lin, struct path *path)
{
	const struct kvm_sregs *s = &c->sregs;
	bool is_pae = s->cr4 & CR4_PAE && !has_lma(c), is_wide = has_lma(c) || is_pae;
	unsigned entry_len = is_wide ? 8 : 4, bits = is_wide ? 9 : 10;
	unsigned shift = is_pae ? 21 : is_wide ? 39 : 22;
	uint64_t table = is_wide ? s->cr3 & E_FRAME : s->cr3 & 0xfffff000;
	uint64_t rights = E_W | E_U, nx = 0;
	*path = (struct path) { .count = 0 };
	if (is_pae) {
		if (!c->has_pdptes)
			return false;
		table = c->pdptes[lin >> 30 & 3];
		if (!(table & E_P))
			return true;
		table &= E_FRAME;
	}
	for (;; shift -= bits) {
		uint64_t entry = 0, below = 0, gpa;
		bool is_rom;
		gpa = table + (lin >> shift & ((1u << bits) - 1)) * entry_len;
		uint8_t *at = interp_ram(c, gpa, &is_rom);
		if (!at || is_rom)
			return false;
		memcpy(&entry, at, entry_len);
		if (!(entry & E_P))
			return true;
		if (entry & E_FAR)
			return false;
		path->entry[path->count].at = at;
		path->entry[path->count++].value = entry;
		rights &= entry;
		nx |= is_wide ? entry & E_NX : 0;
		bool is_large = shift > 12 && entry & E_PS && (is_wide || s->cr4 & CR4_PSE);
		if (is_large && !is_good_large_page(c, entry, shift, entry_len, &below))
			return false;
		if (is_large || shift == 12) {
			path->gpa =
			        (entry & E_FRAME & ~below) | (lin & below & ~(uint64_t)(PAGE - 1));
			break;
		}
		table = entry & E_FRAME;
	}
	path->is_whole = true;
	path->is_user = rights & E_U;
	path->is_writable = rights & E_W;
	path->is_nx = nx;
	return !nx || s->efer & EFER_NXE_BIT; /* else reserved */
}

/* The first count entries were used, and the last of them for a write. */
static bool mark(struct interp *c, const struct path *path, unsigned count, bool is_written)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t wanted = i == path->count - 1 && is_written ? E_A | E_D : E_A;
		uint8_t missing = wanted & (uint8_t)~path->entry[i].value;
		if (!missing)
			continue;
		if (c->mark_count == MARKS_MAX)
			return false;
		c->marks[c->mark_count++] = (struct mark) { path->entry[i].at, missing };
		c->attention = true;
	}
	return true;
}

/* Entries that led to the one that does not map the page, or not for this, were used: Accessed is set in them, as CPUs
 * do it. No guest can count on its being clear, for a CPU may set it early. SDM vol 3, "Accessed and Dirty Flags". */
static bool page_fault(
        struct interp *c, const struct path *path, uint64_t lin, uint8_t can, bool is_user)
{
	const struct kvm_sregs *s = &c->sregs;
	if (!mark(c, path, path->is_whole ? path->count - 1 : path->count, false))
		return unsure(c);
	bool has_i = s->cr4 & CR4_SMEP || (s->cr4 & CR4_PAE && s->efer & EFER_NXE_BIT);
	c->fault = (struct fault) {
		.vector = V_PF,
		.has_error = true,
		.error = (path->is_whole ? PF_P : 0) | (can & CAN_WRITE ? PF_W : 0) |
		         (is_user ? PF_U : 0) | (can & CAN_FETCH && has_i ? PF_I : 0),
		.cr2 = lin,
	};
	return false;
}

/* What may be done with a page, its Dirty bit aside. */
static uint8_t rights_of(const struct interp *c, const struct path *path, bool is_user)
{
	const struct kvm_sregs *s = &c->sregs;
	uint8_t can = CAN_READ | CAN_WRITE | CAN_FETCH;
	if (is_user && !path->is_user)
		return 0;
	if (!path->is_writable && (is_user || s->cr0 & CR0_WP))
		can &= (uint8_t)~CAN_WRITE;
	if (path->is_nx || (!is_user && path->is_user && s->cr4 & CR4_SMEP))
		can &= (uint8_t)~CAN_FETCH;
	return can;
}

bool interp_walk(struct interp *c, uint64_t lin, uint8_t can, bool is_user, struct walk *w)
{
	const struct kvm_sregs *s = &c->sregs;
	struct path path;
	if (!(s->cr0 & CR0_PG)) {
		*w = (struct walk) { lin & ~(uint64_t)(PAGE - 1),
			CAN_READ | CAN_WRITE | CAN_FETCH };
		return true;
	}
	if (s->cr4 & (CR4_PKE | CR4_PKS | CR4_LA57) || (has_lma(c) && !is_canonical(lin)) ||
	        !find_path(c, lin, &path))
		return unsure(c);
	if (!path.is_whole)
		return page_fault(c, &path, lin, can, is_user);
	if (!is_user && path.is_user && s->cr4 & CR4_SMAP) /* by AC, or not */
		return unsure(c);
	w->gpa = path.gpa;
	w->can = rights_of(c, &path, is_user);
	if ((w->can & can) != can)
		return page_fault(c, &path, lin, can, is_user);
	if (!mark(c, &path, path.count, can & CAN_WRITE))
		return unsure(c);
	/* A page that is not dirty is looked up again for the first write. */
	if (!(can & CAN_WRITE) && !(path.entry[path.count - 1].value & E_D))
		w->can &= (uint8_t)~CAN_WRITE;
	return true;
}

/* Others, such as a device's thread of the guest's, may look at the entries meanwhile. */
void interp_commit_marks(struct interp *c)
{
	for (unsigned i = 0; i < c->mark_count && c->touch; i++)
		c->touch(c->ctx, c->marks[i].at, 1, c->marks[i].bits & (E_A | E_D));
	for (unsigned i = 0; i < c->mark_count; i++)
		__atomic_fetch_or(c->marks[i].at, c->marks[i].bits, __ATOMIC_SEQ_CST);
	c->mark_count = 0;
}

bool interp_marks_may_be_early(const struct interp *c)
{
	for (unsigned i = 0; i < c->mark_count; i++)
		if (c->marks[i].bits != E_A)
			return false;
	return true;
}

void interp_drop_marks(struct interp *c)
{
	if (c->mark_count)
		interp_flush(c);
	c->mark_count = 0;
}

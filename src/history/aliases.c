/* Who asks what wrote to a byte names one linear address of it, and the guest may have written by another: in a higher
 * half, or before paging was on. So all addresses that lead to the byte now are watched, and a hit counts where the address
 * led to that byte at that moment. */
#include <errno.h>

#include "base/cpu_bits.h"
#include "history/state.h"
#include "kvm/linear.h"

#define PAGE_SIZE 4096u

static int watch(struct history *h, uint64_t gva, uint64_t len)
{
	return watches_add(&h->machine->control.watches, gva, len, WATCH_WRITE);
}

/* Watches the pieces that are in this page at the page's linear address. False: there is no room for more. */
static bool add_page(void *ctx, const struct paging_page *p)
{
	struct history *h = ctx;
	const struct aliases *a = &h->aliases;
	for (unsigned i = 0; i < a->count; i++) {
		const struct alias_piece *piece = &a->pieces[i];
		/* A piece is within 4 KiB, so it is in the page as a whole or not at all. */
		if (!piece->is_mapped || piece->gpa < p->gpa || piece->gpa - p->gpa >= p->size)
			continue;
		h->aliases.is_cut = h->machine->control.watches.count >= ALIASES_MAX;
		if (h->aliases.is_cut)
			return false;
		watch(h, p->gva + (piece->gpa - p->gpa), piece->len);
	}
	return true;
}

/* A piece for each page of the range, for each page may be anywhere in RAM. */
static void take_pieces(struct history *h, uint64_t gva, uint64_t len)
{
	struct vcpu *v = machine_vcpu(h->machine);
	struct aliases *a = &h->aliases;
	uint64_t left;
	a->count = 0;
	while (len && a->count < ALIAS_PIECES) {
		struct alias_piece *p = &a->pieces[a->count++];
		const uint64_t in_page = PAGE_SIZE - (gva & (PAGE_SIZE - 1));
		*p = (struct alias_piece) { .gva = gva, .len = len < in_page ? len : in_page };
		p->is_mapped = linear_to_gpa(v, gva, &p->gpa, &left);
		gva += p->len;
		len -= p->len;
	}
}

int aliases_watch(struct history *h, uint64_t gva, uint64_t len)
{
	const struct aliases *a = &h->aliases;
	struct vcpu *v = machine_vcpu(h->machine);
	uint64_t next;
	int err = len > WATCH_LEN_MAX ? -E2BIG : len - 1 > UINT64_MAX - gva ? -EINVAL : 0;
	h->aliases.is_cut = false;
	take_pieces(h, gva, err ? 0 : len);
	/* Each piece is watched by itself: where one page led elsewhere, a write to the other one counts all the same. */
	for (unsigned i = 0; i < a->count && !err; i++)
		err = watch(h, a->pieces[i].gva, a->pieces[i].len);
	if (err)
		return err;
	/* As without paging, or where low memory is mapped to itself. */
	for (unsigned i = 0; i < a->count; i++)
		if (a->pieces[i].is_mapped && a->pieces[i].gpa != a->pieces[i].gva)
			watch(h, a->pieces[i].gpa, a->pieces[i].len);
	if (vcpu_sregs(v)->cr0 & CR0_PG && !linear_each(v, 0, add_page, h, &next))
		h->aliases.is_cut = true; /* more tables than are looked through */
	return 0;
}

bool aliases_are_hit(struct history *h, uint64_t gva)
{
	const struct aliases *a = &h->aliases;
	uint64_t gpa = 0, left;
	const bool is_mapped = linear_to_gpa(machine_vcpu(h->machine), gva, &gpa, &left);
	for (unsigned i = 0; i < a->count; i++) {
		const struct alias_piece *p = &a->pieces[i];
		if (p->is_mapped ? is_mapped && gpa - p->gpa < p->len : gva - p->gva < p->len)
			return true;
	}
	return false;
}

bool history_has_passed_over(const struct history *h)
{
	return h->aliases.is_cut;
}

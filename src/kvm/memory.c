/* RAM, and the slots by which KVM knows it: they are cut into pieces at the guarded pages. */
#include "kvm/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/kvm.h>

#include "kvm/vm.h"

void memory_init(struct memory *m, int vm_fd)
{
	*m = (struct memory) { .vm_fd = vm_fd };
}

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static int check_range(const struct memory *m, uint64_t gpa, uint64_t size, struct error *e)
{
	if (size == 0 || size % MEMORY_PAGE || gpa % MEMORY_PAGE)
		return error_set(e, -EINVAL,
		        "RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64
		        ": address and size are whole pages of 4096 bytes",
		        size, gpa);
	if (size > UINT64_MAX - gpa)
		return error_set(e, -EINVAL,
		        "RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64
		        " runs over the end of the address space",
		        size, gpa);
	if (overlaps(gpa, size, VM_RESERVED_GPA, VM_RESERVED_SIZE))
		return error_set(e, -EINVAL,
		        "RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64
		        " covers 0x%x to 0x%x, which KVM keeps for itself",
		        size, gpa, VM_RESERVED_GPA, VM_RESERVED_GPA + VM_RESERVED_SIZE - 1);
	for (unsigned i = 0; i < m->count; i++)
		if (overlaps(gpa, size, m->slots[i].gpa, m->slots[i].size))
			return error_set(e, -EINVAL,
			        "RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64
			        " overlaps the RAM at 0x%" PRIx64,
			        size, gpa, m->slots[i].gpa);
	if (m->count == MEMORY_SLOTS_MAX)
		return error_set(e, -ENOSPC, "more than %d pieces of RAM", MEMORY_SLOTS_MAX);
	return 0;
}

/* --- what KVM is told ------------------------------------------------------------------------- */

static int tell_kvm(struct memory *m, int id, const struct memory_piece *p, uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = (uint32_t)id,
		.flags = p->access == MEMORY_NO_WRITE ? KVM_MEM_READONLY : 0,
		.guest_phys_addr = p->gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)p->hva,
	};
	return ioctl(m->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

static int add_piece(struct memory *m, struct memory_piece p)
{
	p.id = -1;
	if (p.access != MEMORY_NO_ACCESS) {
		p.id = 0;
		while (m->ids[p.id])
			p.id++;
		int err = tell_kvm(m, p.id, &p, p.size);
		if (err)
			return err;
		m->ids[p.id] = 1;
	}
	m->pieces[m->piece_count++] = p;
	return 0;
}

static int remove_piece(struct memory *m, unsigned i)
{
	struct memory_piece *p = &m->pieces[i];
	if (p->id >= 0) {
		int err = tell_kvm(m, p->id, p, 0); /* size 0 deletes a slot, api.rst */
		if (err)
			return err;
		m->ids[p->id] = 0;
	}
	*p = m->pieces[--m->piece_count];
	return 0;
}

static enum memory_access access_of(const struct memory_guard *guards, unsigned count, uint64_t gpa)
{
	enum memory_access strictest = MEMORY_ALL;
	for (unsigned i = 0; i < count; i++)
		if (guards[i].gpa == gpa && guards[i].access > strictest)
			strictest = guards[i].access;
	return strictest;
}

/* The first guarded page from gpa on, or end. */
static uint64_t next_guard(
        const struct memory_guard *guards, unsigned count, uint64_t gpa, uint64_t end)
{
	for (unsigned i = 0; i < count; i++)
		if (guards[i].gpa >= gpa && guards[i].gpa < end)
			end = guards[i].gpa;
	return end;
}

/* Where the ROM begins or ends after gpa, or end. */
static uint64_t next_edge(const struct memory *m, uint64_t gpa, uint64_t end)
{
	const uint64_t edges[] = { m->rom_gpa, m->rom_gpa + m->rom_size };
	for (unsigned i = 0; m->rom_size && i < 2; i++)
		if (edges[i] > gpa && edges[i] < end)
			end = edges[i];
	return end;
}

bool memory_is_rom(const struct memory *m, uint64_t gpa)
{
	return gpa - m->rom_gpa < m->rom_size;
}

/* Cuts the slots into pieces at the guarded pages and the ROM. Returns how many. */
static unsigned cut(const struct memory *m, const struct memory_guard *guards, unsigned count,
        struct memory_piece *to)
{
	unsigned n = 0;
	for (unsigned i = 0; i < m->count; i++) {
		const struct memory_slot *s = &m->slots[i];
		uint64_t end = s->gpa + s->size;
		for (uint64_t gpa = s->gpa; gpa < end; gpa += to[n++].size) {
			uint64_t guard = next_guard(guards, count, gpa, end);
			enum memory_access access =
			        memory_is_rom(m, gpa) ? MEMORY_NO_WRITE : MEMORY_ALL;
			to[n] = (struct memory_piece) {
				.gpa = gpa,
				.size = guard == gpa ? MEMORY_PAGE : next_edge(m, gpa, guard) - gpa,
				.hva = s->hva + (gpa - s->gpa),
				.access = access,
			};
			if (guard == gpa && access_of(guards, count, gpa) > access)
				to[n].access = access_of(guards, count, gpa);
		}
	}
	return n;
}

static bool has_piece(
        const struct memory_piece *pieces, unsigned count, const struct memory_piece *p)
{
	for (unsigned i = 0; i < count; i++)
		if (pieces[i].gpa == p->gpa && pieces[i].size == p->size &&
		        pieces[i].access == p->access)
			return true;
	return false;
}

/* Makes the pieces wanted the ones that KVM has: first away with what differs, then the new ones,
 * for slots must not overlap. */
static int change_pieces(struct memory *m, const struct memory_piece *wanted, unsigned count)
{
	for (unsigned i = m->piece_count; i-- > 0;) {
		int err = has_piece(wanted, count, &m->pieces[i]) ? 0 : remove_piece(m, i);
		if (err)
			return err;
	}
	for (unsigned i = 0; i < count; i++) {
		int err = has_piece(m->pieces, m->piece_count, &wanted[i])
		                  ? 0
		                  : add_piece(m, wanted[i]);
		if (err)
			return err;
	}
	return 0;
}

int memory_guard(struct memory *m, const struct memory_guard *guards, unsigned count)
{
	struct memory_piece pieces[MEMORY_PIECES_MAX];
	if (count > MEMORY_GUARDS_MAX)
		return -ENOSPC;
	if (count == m->guard_count &&
	        (!count || !memcmp(guards, m->guards, count * sizeof *guards)))
		return 0;
	int err = change_pieces(m, pieces, cut(m, guards, count, pieces));
	if (err) {
		m->guard_count = 0;
		int again = change_pieces(m, pieces, cut(m, NULL, 0, pieces));
		return again ? again : err;
	}
	if (count)
		memcpy(m->guards, guards, count * sizeof *guards);
	m->guard_count = count;
	return 0;
}

int memory_set_rom(struct memory *m, uint64_t gpa, uint64_t size)
{
	struct memory_piece pieces[MEMORY_PIECES_MAX];
	m->rom_gpa = gpa;
	m->rom_size = size;
	return change_pieces(m, pieces, cut(m, m->guards, m->guard_count, pieces));
}

int memory_add(struct memory *m, uint64_t gpa, uint64_t size, struct error *e)
{
	int err = check_range(m, gpa, size, e);
	if (err)
		return err;
	/* MAP_NORESERVE: pages that the guest never touches cost nothing. */
	void *hva = mmap(NULL, size, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (hva == MAP_FAILED)
		return error_set(e, -errno,
		        "cannot map %" PRIu64 " bytes of guest RAM: %s; give less with --memory",
		        size, strerror(errno));
	err = add_piece(m, (struct memory_piece) { .gpa = gpa, .size = size, .hva = hva });
	if (err) {
		error_set(e, err, "KVM refuses RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64 ": %s",
		        size, gpa, strerror(-err));
		munmap(hva, size);
		return err;
	}
	m->slots[m->count++] = (struct memory_slot) { .gpa = gpa, .size = size, .hva = hva };
	return 0;
}

int memory_share(struct memory *m, const struct memory *other)
{
	struct memory_piece pieces[MEMORY_PIECES_MAX];
	m->is_shared = true;
	m->count = other->count;
	memcpy(m->slots, other->slots, sizeof m->slots);
	m->rom_gpa = other->rom_gpa;
	m->rom_size = other->rom_size;
	int err = change_pieces(m, pieces, cut(m, NULL, 0, pieces));
	if (err)
		memory_close(m);
	return err;
}

int memory_clear(struct memory *m)
{
	struct memory_piece pieces[MEMORY_PIECES_MAX];
	int err = change_pieces(m, NULL, 0);
	if (err)
		return err;
	m->guard_count = 0;
	/* An anonymous mapping is zeros again, and its pages are the host's: madvise(2). It can't
	 * be done to pages that are locked. */
	for (unsigned i = 0; i < m->count; i++)
		if (madvise(m->slots[i].hva, m->slots[i].size, MADV_DONTNEED) < 0)
			memset(m->slots[i].hva, 0, m->slots[i].size);
	return change_pieces(m, pieces, cut(m, NULL, 0, pieces));
}

int memory_forget(struct memory *m)
{
	struct memory_piece pieces[MEMORY_PIECES_MAX];
	int err = change_pieces(m, NULL, 0);
	return err ? err : change_pieces(m, pieces, cut(m, m->guards, m->guard_count, pieces));
}

void memory_close(struct memory *m)
{
	for (unsigned i = 0; i < m->count && !m->is_shared; i++)
		munmap(m->slots[i].hva, m->slots[i].size);
	m->count = m->piece_count = m->guard_count = 0;
}

uint8_t *memory_hva(const struct memory *m, uint64_t gpa, size_t *len)
{
	for (unsigned i = 0; i < m->count; i++) {
		const struct memory_slot *s = &m->slots[i];
		if (gpa >= s->gpa && gpa - s->gpa < s->size) {
			*len = s->size - (gpa - s->gpa);
			return s->hva + (gpa - s->gpa);
		}
	}
	*len = 0;
	return NULL;
}

size_t memory_read(const struct memory *m, uint64_t gpa, void *to, size_t len)
{
	size_t done = 0;
	while (done < len) {
		size_t run;
		const uint8_t *hva = memory_hva(m, gpa + done, &run);
		if (!hva)
			break;
		if (run > len - done)
			run = len - done;
		memcpy((uint8_t *)to + done, hva, run);
		done += run;
	}
	return done;
}

size_t memory_write(struct memory *m, uint64_t gpa, const void *from, size_t len)
{
	size_t done = 0;
	m->writes++;
	while (done < len) {
		size_t run;
		uint8_t *hva = memory_hva(m, gpa + done, &run);
		if (!hva)
			break;
		if (run > len - done)
			run = len - done;
		memcpy(hva, (const uint8_t *)from + done, run);
		done += run;
	}
	return done;
}

uint64_t memory_total(const struct memory *m)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < m->count; i++)
		total += m->slots[i].size;
	return total;
}

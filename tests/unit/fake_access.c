/* The fake CPU's accesses to memory. */
#include "fake_cpu.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"

/* The host's bytes for all of [gpa, gpa + len); NULL where a part is in no slot. */
static uint8_t *find_ram(const struct fake_vm *vm, uint64_t gpa, unsigned len, bool *is_read_only)
{
	for (unsigned i = 0; i < FAKE_SLOTS; i++) {
		const struct fake_slot *s = &vm->slots[i];
		if (gpa < s->gpa || gpa - s->gpa >= s->size)
			continue;
		*is_read_only = s->is_read_only;
		return len <= s->size - (gpa - s->gpa) ? s->hva + (gpa - s->gpa) : NULL;
	}
	return NULL;
}

static uint8_t *find_readable(const struct fake_vm *vm, uint64_t gpa, unsigned len)
{
	bool is_read_only;
	return find_ram(vm, gpa, len, &is_read_only);
}

static uint8_t *find_writable(const struct fake_vm *vm, uint64_t gpa, unsigned len)
{
	bool is_read_only = false;
	uint8_t *hva = find_ram(vm, gpa, len, &is_read_only);
	return is_read_only ? NULL : hva;
}

/* An entry of a page directory or page table. */
static bool read_entry(const struct fake_vm *vm, uint64_t table, uint64_t index, uint32_t *entry)
{
	const uint8_t *hva = find_readable(vm, (table & 0xfffff000) + 4 * index, 4);
	*entry = hva ? get32(hva) : 0;
	return *entry & 1; /* present */
}

/* SDM vol 3, "32-Bit Paging": pages of 4 KiB, and with CR4.PSE of 4 MiB. False: a page fault, which is not modelled. */
static bool translate(const struct fake_insn *i, uint64_t gva, uint64_t *gpa)
{
	const struct kvm_sregs *s = &i->to.s;
	const uint32_t is_large = 1u << 7;
	uint32_t entry;
	*gpa = gva;
	if (!(s->cr0 & CR0_PG))
		return true;
	if (!read_entry(i->v->vm, s->cr3, gva >> 22 & 0x3ff, &entry))
		return false;
	if (entry & is_large && s->cr4 & CR4_PSE) {
		*gpa = (entry & 0xffc00000) | (gva & 0x3fffff);
		return true;
	}
	if (!read_entry(i->v->vm, entry, gva >> 12 & 0x3ff, &entry))
		return false;
	*gpa = (entry & 0xfffff000) | (gva & 0xfff);
	return true;
}

/* One access may lie in two slots, with the guard of a page in between: byte by byte then. */
static bool read_ram(struct fake_insn *i, uint64_t gva, unsigned len, void *to)
{
	uint8_t bytes[16];
	for (unsigned k = 0; k < len; k++) {
		uint64_t gpa;
		const uint8_t *hva =
		        translate(i, gva + k, &gpa) ? find_readable(i->v->vm, gpa, 1) : NULL;
		if (!hva)
			return false;
		bytes[k] = *hva;
	}
	memcpy(to, bytes, len);
	return true;
}

static uint8_t *writable(struct fake_insn *i, uint64_t gva)
{
	uint64_t gpa;
	return translate(i, gva, &gpa) ? find_writable(i->v->vm, gpa, 1) : NULL;
}

bool fake_fetch(struct fake_insn *i, uint64_t gva, unsigned len, void *to)
{
	return read_ram(i, gva, len, to);
}

static struct fake_access *note(struct fake_insn *i, uint64_t gva, unsigned len, bool is_write)
{
	struct fake_vcpu *v = i->v;
	if (v->access_count == FAKE_ACCESSES) {
		i->end = FAKE_UNKNOWN;
		return NULL;
	}
	struct fake_access *a = &v->accesses[v->access_count];
	*a = (struct fake_access) { .gva = gva, .len = len, .is_write = is_write };
	if (!translate(i, gva, &a->gpa)) {
		i->end = FAKE_UNKNOWN;
		return NULL;
	}
	v->access_count++;
	return a;
}

bool fake_load(struct fake_insn *i, uint64_t gva, unsigned len, uint64_t *value)
{
	struct fake_vcpu *v = i->v;
	struct fake_access *a = note(i, gva, len, false);
	if (!a)
		return false;
	*value = 0;
	if (read_ram(i, gva, len, value))
		return true;
	a->is_mmio = true;
	unsigned before = 0;
	for (unsigned k = 0; k + 1 < v->access_count; k++)
		before += v->accesses[k].is_mmio && !v->accesses[k].is_write;
	if (before < v->reads_known) {
		*value = v->reads[before];
		return true;
	}
	i->wanted = *a;
	i->end = FAKE_READS;
	return false;
}

bool fake_store(struct fake_insn *i, uint64_t gva, unsigned len, uint64_t value)
{
	struct fake_access *a = note(i, gva, len, true);
	if (!a)
		return false;
	a->value = value;
	for (unsigned k = 0; k < len; k++)
		a->is_mmio |= !writable(i, gva + k);
	for (unsigned k = 0; k < len && !a->is_mmio; k++)
		*writable(i, gva + k) = (uint8_t)(value >> 8 * k);
	return true;
}

/* --- the stack -------------------------------------------------------------------------------- */

static uint64_t stack_mask(const struct fake_insn *i)
{
	return i->to.s.ss.db ? 0xffffffff : 0xffff;
}

static uint64_t top(const struct fake_insn *i)
{
	return (i->to.s.ss.base + (i->to.r.rsp & stack_mask(i))) & 0xffffffff;
}

static void move_top(struct fake_insn *i, uint64_t by)
{
	uint64_t mask = stack_mask(i);
	__u64 *rsp = &i->to.r.rsp;
	*rsp = (*rsp & ~mask) | ((*rsp + by) & mask);
}

bool fake_push(struct fake_insn *i, unsigned len, uint64_t value)
{
	move_top(i, 0 - (uint64_t)len);
	return fake_store(i, top(i), len, value);
}

bool fake_pop(struct fake_insn *i, unsigned len, uint64_t *value)
{
	if (!fake_load(i, top(i), len, value))
		return false;
	move_top(i, len);
	return true;
}

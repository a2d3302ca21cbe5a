/* Both sides of a trial, and what differs after it. */
#include "pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "compare/compare.h"
#include "debug/cpu.h"
#include "device.h"
#include "extras.h"
#include "kvm/probe.h"
#include "kvm_side.h"

#define PAGE  0x1000u
#define A_BIT 0x20 /* of a page table's entry */

/* --- opening ------------------------------------------------------------------------------------ */

const uint32_t pair_slot_gpa[2] = { 0, WORLD_LOW_SIZE };
const uint32_t pair_slot_size[2] = { WORLD_LOW_SIZE, WORLD_RAM - WORLD_LOW_SIZE };

static bool own_io(void *ctx, unsigned port, void *data, unsigned size, bool is_write)
{
	struct pair *p = ctx;
	device_access(&p->own_log, true, port, data, size, is_write);
	return false;
}

static bool own_mmio(void *ctx, uint64_t gpa, void *data, unsigned size, bool is_write)
{
	struct pair *p = ctx;
	device_access(&p->own_log, false, gpa, data, size, is_write);
	return false;
}

/* Those of sysenter and sysexit; of others, whether there are any. */
static enum interp_msr own_msr(void *ctx, uint32_t number, uint64_t *value, bool is_write)
{
	struct pair *p = ctx;
	uint64_t old;
	if (is_write || vcpu_get_msr(&p->vcpu, number, &old))
		return is_write ? INTERP_MSR_KVM : INTERP_MSR_NONE;
	if (number < 0x174 || number > 0x176)
		return INTERP_MSR_KVM;
	*value = old;
	return INTERP_MSR_DONE;
}

static bool own_debug(void *ctx, unsigned number, uint64_t *value, bool is_write)
{
	struct kvm_debugregs *all = &((struct pair *)ctx)->own_debug;
	__u64 *one = number == 7 ? &all->dr7 : number == 6 ? &all->dr6 : &all->db[number];
	if (is_write)
		*one = *value;
	else
		*value = *one;
	return true;
}

static enum interp_push pushes(const struct pair *p)
{
	switch (probe_ask(PROBE_PUSHES_HALF, SCRATCH_PROT32, &p->vm)) {
	case PROBE_YES: return INTERP_PUSH_HALF;
	case PROBE_NO: return INTERP_PUSH_WHOLE;
	case PROBE_UNKNOWN: break;
	}
	return INTERP_PUSH_UNKNOWN;
}

static bool open_own(struct pair *p)
{
	struct interp_slot slots[2];
	struct interp_config config = { .slots = slots,
		.slot_count = 2,
		.io = own_io,
		.mmio = own_mmio,
		.msr = own_msr,
		.debug = own_debug,
		.ctx = p };
	config.has_bcd = pair_kvm_emulates(p);
	config.push_segment = pushes(p);
	p->cpuid = vcpu_new_cpuid(&p->vcpu);
	if (p->cpuid) {
		config.cpuid = p->cpuid->entries;
		config.cpuid_count = p->cpuid->nent;
	}
	for (unsigned i = 0; i < 2; i++) {
		p->own[i] = aligned_alloc(PAGE, pair_slot_size[i]);
		slots[i] = (struct interp_slot) { pair_slot_gpa[i], pair_slot_size[i], p->own[i],
			false };
	}
	p->ram = aligned_alloc(PAGE, WORLD_RAM);
	p->own_cpu = interp_new(&config);
	return p->own[0] && p->own[1] && p->ram && p->own_cpu;
}

static void try_plain(struct pair *p, uint64_t flags, const uint8_t *bytes, unsigned len,
        struct compare_result *r)
{
	struct trial t;
	trial_make_plain(&t, &p->source, flags, bytes, len);
	pair_try(p, &t, r);
}

/* What KVM can't do here, or its CPU: whether it runs the mode at all; the hidden parts of real mode's segments that
 * it has its own way with (kvm_intel); the flags that it can't keep, for kvm_pvm has IOPL and NT of 64-bit code at
 * CPL 3 for itself; whether it is TCG, which extends the sign of ret's immediate. */
static int find_limits(struct pair *p, struct error *e)
{
	static const uint8_t nop[] = { 0x90 }, ret[] = { 0xc2, 0x00, 0x80 };
	static const uint64_t flags[] = { 1u << 12, 1u << 13, 1u << 14 };
	struct compare_result r;
	p->source = (struct trial_source) { p->mode, p->ram, &p->base, 0 };
	p->is_probing = true;
	try_plain(p, 0, nop, sizeof nop, &r);
	if (r.verdict == COMPARE_DIFFERS && r.parts == COMPARE_SEGMENTS) {
		p->base = r.kvm.sregs;
		try_plain(p, 0, nop, sizeof nop, &r);
	}
	if (r.verdict != COMPARE_SAME)
		return error_set(e, -ENOTSUP, "this KVM does not run it");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		try_plain(p, flags[i], nop, sizeof nop, &r);
		if (r.verdict == COMPARE_DIFFERS && r.flags == flags[i])
			p->source.flags |= flags[i];
	}
	try_plain(p, 0, ret, sizeof ret, &r);
	p->is_tcg = r.verdict == COMPARE_DIFFERS && r.parts == COMPARE_REGS;
	p->is_probing = false;
	return 0;
}

static int begin_steps(struct pair *p, struct error *e)
{
	p->by_steps = true;
	p->steps_user = p->mode->kind != WORLD_LONG64 ||
	                probe_ask(PROBE_CPL3_STEPS, SCRATCH_LONG64, &p->vm) == PROBE_YES;
	if (p->is_user && !p->steps_user)
		return error_set(e, -ENOTSUP, "this KVM takes no steps at CPL 3");
	return 0;
}

int pair_open(struct pair *p, const struct world_mode *mode, bool by_steps, struct error *e)
{
	*p = (struct pair) { .mode = mode, .is_user = mode->cpl == 3 };
	int err = kvm_side_open(p, e);
	if (err)
		return err;
	if (!open_own(p)) {
		pair_close(p);
		return error_set(e, -ENOMEM, "no memory");
	}
	p->base = *vcpu_sregs(&p->vcpu);
	world_make(mode, p->ram, &p->base);
	for (unsigned i = 0; i < 2; i++) {
		memcpy(p->kvm[i], p->ram + pair_slot_gpa[i], pair_slot_size[i]);
		memcpy(p->own[i], p->ram + pair_slot_gpa[i], pair_slot_size[i]);
	}
	err = vcpu_set_sregs(&p->vcpu, &p->base);
	if (err) {
		pair_close(p);
		return error_set(e, err, "this KVM refuses the mode");
	}
	err = find_limits(p, e);
	if (!err && by_steps)
		err = begin_steps(p, e);
	if (err)
		pair_close(p);
	return err;
}

void pair_close(struct pair *p)
{
	interp_free(p->own_cpu);
	free(p->cpuid);
	free(p->own[0]);
	free(p->own[1]);
	free(p->ram);
	kvm_side_close(p);
}

bool pair_kvm_emulates(struct pair *p)
{
	return cpu_probe(&p->control)->step_runs_whole_rep;
}

/* --- RAM ---------------------------------------------------------------------------------------- */

static void write_both(struct pair *p, uint32_t gpa, const uint8_t *bytes, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		unsigned slot = gpa + i >= WORLD_LOW_SIZE;
		p->kvm[slot][gpa + i - pair_slot_gpa[slot]] = bytes[i];
		p->own[slot][gpa + i - pair_slot_gpa[slot]] = bytes[i];
	}
}

/* Whether the bytes differ in nothing but Accessed of a page table's entry, which a CPU, and KVM's emulator, may
 * set before it needs the page (SDM vol 3, "Accessed and Dirty Flags"). That of KVM's side is always fine, ours
 * where the instruction is handed over, or has raised an exception. */
static bool is_early_access(uint32_t gpa, uint8_t own, uint8_t kvm, bool spares_own)
{
	return gpa >= WORLD_TABLES && (own ^ kvm) == A_BIT && (kvm & A_BIT || spares_own);
}

/* The first byte that the sides do not share. */
static bool ram_differs(struct pair *p, struct compare_result *r, bool spares_own)
{
	for (unsigned slot = 0; slot < 2; slot++) {
		const uint8_t *own = p->own[slot], *kvm = p->kvm[slot];
		if (!memcmp(own, kvm, pair_slot_size[slot]))
			continue;
		r->has_odd_ram = true;
		for (uint32_t at = 0; at < pair_slot_size[slot]; at++) {
			uint32_t gpa = pair_slot_gpa[slot] + at;
			if (own[at] == kvm[at] ||
			        is_early_access(gpa, own[at], kvm[at], spares_own))
				continue;
			r->gpa = gpa;
			r->is_table = gpa >= WORLD_TABLES;
			r->own_byte = own[at];
			r->kvm_byte = kvm[at];
			return true;
		}
	}
	return false;
}

/* KVM forgets what it has made of the guest's page tables, which we have written behind its back. */
static void forget_tables(struct pair *p)
{
	const struct memory_guard all = { .gpa = WORLD_TABLES, .access = MEMORY_NO_ACCESS };
	memory_guard(&p->vm.memory, &all, 1);
	memory_guard(&p->vm.memory, NULL, 0);
}

/* Both as before the trial. was_different: they do not share all bytes. */
static void restore_ram(struct pair *p, bool was_different)
{
	bool has_tables = false;
	for (unsigned slot = 0; slot < 2; slot++)
		for (uint32_t at = 0; at < pair_slot_size[slot]; at += PAGE) {
			const uint8_t *from = p->ram + pair_slot_gpa[slot] + at;
			bool is_changed = memcmp(p->own[slot] + at, from, PAGE) != 0;
			if (!is_changed &&
			        !(was_different && memcmp(p->kvm[slot] + at, from, PAGE)))
				continue;
			memcpy(p->own[slot] + at, from, PAGE);
			memcpy(p->kvm[slot] + at, from, PAGE);
			has_tables |= pair_slot_gpa[slot] + at >= WORLD_TABLES;
		}
	if (has_tables && p->mode->kind != WORLD_PROT32)
		forget_tables(p);
}

/* --- the interpreter ---------------------------------------------------------------------------- */

/* False: it hands over. */
static bool run_own(struct pair *p, const struct trial *t, struct compare_result *r)
{
	uint64_t done = 0;
	p->own_log.count = 0;
	interp_load(p->own_cpu, &t->regs, &t->sregs, 0, false);
	extras_put(p);
	if (p->mode->kind == WORLD_PAE32)
		interp_set_pdptes(p->own_cpu, (const uint64_t *)(p->ram + WORLD_TABLES));
	interp_run(p->own_cpu, 1, &done);
	interp_save(p->own_cpu, &r->own.regs, &r->own.sregs);
	r->own.shadow = interp_shadow(p->own_cpu);
	r->own_vector = interp_last_vector(p->own_cpu);
	r->own_raised = interp_raised(p->own_cpu);
	r->own_log = p->own_log;
	return done != 0;
}

/* --- comparing ---------------------------------------------------------------------------------- */

static void compare(
        struct pair *p, const struct trial *t, struct compare_result *r, bool is_handover)
{
	r->parts = compare_states(&r->own, &r->kvm, &r->flags);
	if (ram_differs(p, r, is_handover || r->own_vector >= 0))
		r->parts |= COMPARE_MEMORY;
	if (!is_handover && extras_differ(p, t))
		r->parts |= COMPARE_EXTRAS;
	if (!compare_logs(&r->own_log, &r->kvm_log))
		r->parts |= COMPARE_ACCESS;
}

/* KVM stays out of it: what it would be given is what must be there still. */
static void judge_handover(struct pair *p, const struct trial *t, struct compare_result *r)
{
	r->kvm = (struct compare_state) { .regs = t->regs, .sregs = t->sregs };
	r->kvm_log.count = 0;
	compare(p, t, r, true);
	r->verdict = r->parts ? COMPARE_CHANGED : COMPARE_HANDED_OVER;
}

/* It is sure that the CPU shuts down, with which nothing of the instruction is done. */
static void judge_shutdown(struct pair *p, const struct trial *t, struct compare_result *r)
{
	judge_handover(p, t, r);
	if (r->verdict != COMPARE_HANDED_OVER)
		return;
	r->has_odd_ram = true; /* KVM may have pushed something */
	r->shuts_down = true;
	r->own_vector = interp_raised(p->own_cpu);
	r->verdict = COMPARE_SKIPPED;
	if (kvm_side_put(p, t))
		return;
	r->verdict = COMPARE_KVM_FAILS; /* as kvm_side_clean takes it */
	bool is_down = kvm_side_shuts_down(p, r);
	kvm_side_clean(p, r);
	if (is_down)
		r->verdict = COMPARE_SAME;
}

static void poke_both(struct pair *p, const struct trial *t)
{
	for (unsigned i = 0; i < t->poke_count; i++)
		write_both(p, t->pokes[i].gpa, t->pokes[i].bytes, t->pokes[i].len);
}

/* Whether it is our ud2 that has made the difference: the instruction reads it, or it stands in the midst of it. */
static bool is_by_trap(struct pair *p, const struct trial *t, const struct compare_result *r)
{
	struct compare_result again = { 0 };
	if (!p->trap || r->verdict != COMPARE_DIFFERS)
		return false;
	restore_ram(p, true);
	poke_both(p, t);
	memcpy(p->own[0] + (p->trap - p->kvm[0]), (const uint8_t[]) { 0x0f, 0x0b }, 2);
	bool is_done = run_own(p, t, &again);
	again.own.regs.rflags &= ~(uint64_t)RFLAGS_RF;
	unsigned slot = r->gpa >= WORLD_LOW_SIZE;
	return !is_done || memcmp(&again.own.regs, &r->own.regs, sizeof again.own.regs) ||
	       (r->parts & COMPARE_MEMORY &&
	               p->own[slot][r->gpa - pair_slot_gpa[slot]] == r->kvm_byte);
}

void pair_try(struct pair *p, const struct trial *t, struct compare_result *r)
{
	*r = (struct compare_result) { .verdict = COMPARE_SAME };
	p->ticks = 0;
	p->seed = t->seed;
	poke_both(p, t);
	if (!run_own(p, t, r)) {
		if (interp_shuts_down(p->own_cpu))
			judge_shutdown(p, t, r);
		else
			judge_handover(p, t, r);
	} else if (kvm_side_put(p, t)) {
		r->verdict = COMPARE_SKIPPED; /* a state that KVM refuses */
	} else if (kvm_side_run(p, t, r)) {
		compare(p, t, r, false);
		r->verdict = r->parts ? COMPARE_DIFFERS : COMPARE_SAME;
		kvm_side_clean(p, r);
		if (is_by_trap(p, t, r))
			r->verdict = COMPARE_SKIPPED;
	} else if (r->verdict != COMPARE_SKIPPED) {
		r->verdict = COMPARE_KVM_FAILS;
		kvm_side_clean(p, r);
	}
	restore_ram(p,
	        r->has_odd_ram || r->verdict == COMPARE_KVM_FAILS || r->verdict == COMPARE_SKIPPED);
}

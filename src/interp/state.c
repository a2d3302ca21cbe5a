/* What comes in from outside and goes out again: the CPU's state, the memory, watches. */
#include "interp/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu_bits.h"
#include "interp/flags.h"
#include "interp/segment.h"

struct interp *interp_new(const struct interp_config *config)
{
	struct interp *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->io = config->io;
	c->mmio = config->mmio;
	c->msr = config->msr;
	c->debug = config->debug;
	c->tsc = config->tsc;
	c->touch = config->touch;
	c->cpuid = config->cpuid;
	c->cpuid_count = config->cpuid ? config->cpuid_count : 0;
	c->ctx = config->ctx;
	c->push_segment = config->push_segment;
	c->has_bcd = config->has_bcd;
	c->kick = config->kick;
	c->last_vector = c->vector = V_NONE;
	c->gpa_mask = UINT64_MAX;
	c->rep_rip = UINT64_MAX;
	interp_set_slots(c, config->slots, config->slot_count);
	return c;
}

void interp_free(struct interp *c)
{
	free(c);
}

/* The first flush of all: an entry of zeros would be one for page 0. */
static void flush_all(struct interp *c)
{
	c->has_translations = true;
	interp_flush(c);
}

void interp_set_slots(struct interp *c, const struct interp_slot *slots, unsigned count)
{
	c->slot_count = count < INTERP_SLOTS_MAX ? count : INTERP_SLOTS_MAX;
	if (c->slot_count)
		memcpy(c->slots, slots, c->slot_count * sizeof *slots);
	flush_all(c);
}

void interp_set_a20(struct interp *c, bool is_on)
{
	c->gpa_mask = is_on ? UINT64_MAX : ~(1ull << 20);
	interp_flush(c);
}

void interp_set_watches(struct interp *c, const struct interp_watch *watches, unsigned count)
{
	c->watches = watches;
	c->watch_count = count;
	interp_flush(c);
}

unsigned interp_hits(const struct interp *c, const struct interp_hit **hits)
{
	*hits = c->hits;
	return c->hit_count;
}

void interp_set_irq(struct interp *c, bool is_pending)
{
	c->irq_pending = is_pending;
	c->attention |= is_pending;
}

bool interp_take_flush(struct interp *c)
{
	bool was = c->guest_flushed;
	c->guest_flushed = false;
	return was;
}

void interp_set_push(struct interp *c, enum interp_push push)
{
	c->push_segment = push;
}

void interp_catch(struct interp *c, uint32_t vectors)
{
	c->caught = vectors;
}

int interp_last_vector(const struct interp *c)
{
	return c->last_vector;
}

int interp_vector_to(const struct interp *c, uint64_t pc)
{
	return c->handler == pc ? c->last_vector : V_NONE;
}

uint8_t interp_shadow(const struct interp *c)
{
	return c->shadow;
}

enum interp_reason interp_handed(const struct interp *c, unsigned *opcode)
{
	*opcode = c->handed_opcode;
	return c->reason;
}

int interp_raised(const struct interp *c)
{
	return c->raised;
}

bool interp_shuts_down(const struct interp *c)
{
	return c->shuts_down;
}

uint64_t interp_shutdown_cr2(const struct interp *c)
{
	return c->shutdown_cr2;
}

bool interp_load(struct interp *c, const struct kvm_regs *regs, const struct kvm_sregs *sregs,
        uint8_t shadow, bool has_debug)
{
	const uint64_t r[16] = { regs->rax, regs->rcx, regs->rdx, regs->rbx, regs->rsp, regs->rbp,
		regs->rsi, regs->rdi, regs->r8, regs->r9, regs->r10, regs->r11, regs->r12,
		regs->r13, regs->r14, regs->r15 };
	memcpy(c->r, r, sizeof r);
	c->rip = regs->rip;
	flags_put(c, regs->rflags);
	c->shadow = shadow;
	c->new_shadow = 0;
	c->leaves_rf = false;
	c->rep_rip = UINT64_MAX;
	c->has_debug = has_debug;
	c->sregs = *sregs;
	c->sregs_changed = c->pdptes_changed = c->msrs_changed = c->x87_changed = false;
	c->has_pdptes = c->has_msrs = c->has_x87 = false;
	interp_derive(c);
	interp_flush(c);
	return c->is_mine;
}

void interp_set_pdptes(struct interp *c, const uint64_t pdptes[4])
{
	memcpy(c->pdptes, pdptes, sizeof c->pdptes);
	c->has_pdptes = true;
	interp_flush(c);
}

void interp_set_msrs(struct interp *c, const struct interp_msrs *msrs)
{
	c->msrs = *msrs;
	c->has_msrs = true;
}

void interp_set_x87(struct interp *c, const struct interp_x87 *x87)
{
	c->x87 = *x87;
	c->has_x87 = true;
}

bool interp_get_pdptes(const struct interp *c, uint64_t pdptes[4])
{
	if (c->pdptes_changed)
		memcpy(pdptes, c->pdptes, sizeof c->pdptes);
	return c->pdptes_changed;
}

bool interp_get_msrs(const struct interp *c, struct interp_msrs *msrs)
{
	if (c->msrs_changed)
		*msrs = c->msrs;
	return c->msrs_changed;
}

bool interp_get_x87(const struct interp *c, struct interp_x87 *x87)
{
	if (c->x87_changed)
		*x87 = c->x87;
	return c->x87_changed;
}

bool interp_save(const struct interp *c, struct kvm_regs *regs, struct kvm_sregs *sregs)
{
	*regs = (struct kvm_regs) {
		.rax = c->r[0],
		.rcx = c->r[1],
		.rdx = c->r[2],
		.rbx = c->r[3],
		.rsp = c->r[4],
		.rbp = c->r[5],
		.rsi = c->r[6],
		.rdi = c->r[7],
		.r8 = c->r[8],
		.r9 = c->r[9],
		.r10 = c->r[10],
		.r11 = c->r[11],
		.r12 = c->r[12],
		.r13 = c->r[13],
		.r14 = c->r[14],
		.r15 = c->r[15],
		.rip = c->rip,
		.rflags = flags_get(c),
	};
	*sregs = c->sregs;
	return c->sregs_changed;
}

/* The guest's accesses that exit: those of devices, and those of RAM whose page is guarded. */
#include "debug/access.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/seen.h"
#include "kvm/efer.h"
#include "kvm/linear.h"

/* An MMIO exit at a guarded page of RAM: does the access, past planted bytes. False: no RAM
 * there, or ROM, which drops it. */
static bool access_ram(struct control *c, const struct exit *x)
{
	struct memory *m = &c->cpu.vcpu->vm->memory;
	for (unsigned i = 0; i < x->mmio.size; i++) {
		size_t run;
		uint8_t *hva = memory_hva(m, x->mmio.gpa + i, &run);
		struct breakpoint *p = breakpoints_planted(&c->breakpoints, x->mmio.gpa + i);
		if (!hva || (x->mmio.is_write && memory_is_rom(m, x->mmio.gpa + i)))
			return false;
		if (p)
			hva = &p->original;
		if (x->mmio.is_write)
			*hva = x->mmio.data[i];
		else
			x->mmio.data[i] = *hva;
	}
	return true;
}

static bool catch_access(struct control *c, const struct exit *x)
{
	if (!c->catches.count)
		return false;
	if (x->kind == EXIT_MMIO)
		seen_caught(&c->cpu,
		        catches_mmio(&c->catches, x->mmio.gpa, x->mmio.size, x->mmio.is_write,
		                get_number(x->mmio.data, x->mmio.size), seen_next_line(&c->cpu)));
	for (uint32_t i = 0; x->kind == EXIT_IO && i < x->io.count; i++)
		seen_caught(&c->cpu,
		        catches_port(&c->catches, x->io.port, x->io.size, x->io.is_write,
		                get_number(x->io.data + (size_t)i * x->io.size, x->io.size),
		                seen_next_line(&c->cpu)));
	return c->cpu.has_caught;
}

bool access_answer(struct control *c, const struct exit *x)
{
	if (x->kind == EXIT_MMIO && access_ram(c, x)) {
		uint64_t gva = 0;
		CONTROL_NOTE(c, .kind = DECISION_GUARDED, .at = x->mmio.gpa, .number = x->mmio.size,
		        .how = x->mmio.is_write);
		const struct watch *w = watches_hit_gpa(&c->watches, c->cpu.vcpu, x->mmio.gpa,
		        x->mmio.size, x->mmio.is_write, &gva);
		seen_hit(&c->cpu, w, gva);
		return w != NULL;
	}
	bool wants_stop = x->kind == EXIT_IO ? c->io.io(c->io.ctx, x) : c->io.mmio(c->io.ctx, x);
	if (c->io.trace)
		c->io.trace(c->io.ctx, x);
	c->cpu.device_stops |= wants_stop;
	return catch_access(c, x) || wants_stop;
}

/* kvm_pvm leaves rip at a rep whose last iteration has made an access that exits, with nothing left
 * of it: before is where the guest was then. watch_test:
 * a_rep_that_ends_with_a_hit_stops_after_it. */
static int leave_rep(struct vcpu *v, const struct kvm_regs *before)
{
	struct insn insn;
	struct kvm_regs regs = *vcpu_regs(v);
	if (regs.rip != before->rip || !cpu_look_ahead(v, &insn) || !insn_is_rep(&insn))
		return 0;
	uint64_t mask = insn_count_mask(&insn), left = regs.rcx & mask;
	/* A write has been counted before it exits, a read is counted when it is done. */
	bool is_done = insn.kind == INSN_STRING || left != (before->rcx & mask);
	if (!is_done || !insn_has_rep_ended(&insn, left, regs.rflags))
		return 0;
	regs.rip += insn.prefix_len + 1;
	regs.rflags &= ~(uint64_t)RFLAGS_RF; /* of a rep under way */
	return vcpu_set_regs(v, &regs);
}

/* After a read that has exited, KVM's emulator goes on with a rep's next iteration in the same KVM_RUN
 * (x86_emulate_insn in Linux' arch/x86/kvm/emulate.c), and the iteration that has hit would be told at the end of all:
 * the count is made 1 until this one is done. A write has been counted when it exits, and ends KVM_RUN.
 * watch_test: a_rep_stops_after_the_read_that_hits. */
struct limited {
	bool is_limited;
	struct insn insn;
	struct kvm_regs before;
	unsigned loaded; /* bytes of what lods loads */
	uint8_t bytes[8];
};

static unsigned lods_bytes(const struct insn *i)
{
	if (i->is_0f || (i->opcode & 0xfe) != 0xac)
		return 0;
	return i->opcode == 0xac ? 1 : i->operand_bits / 8;
}

/* The bytes that lods loads, as far as they are RAM: where they go on in another page, not all of them exit. */
static void read_loaded(struct vcpu *v, struct limited *l)
{
	struct operand operands[OPERANDS_MAX];
	unsigned count = cpu_operands(v, operands);
	for (unsigned i = 0; i < count; i++)
		if (operands[i].is_read)
			linear_read(v, operands[i].gva, l->bytes, l->loaded);
}

/* What an exit has given is the whole, or its part in one of two pages: up to the end of the first, or from the
 * beginning of the second. */
static void note_loaded(struct limited *l, uint64_t gpa, const void *data, unsigned len)
{
	const unsigned page = 4096;
	if (len > l->loaded)
		return;
	bool is_end = len < l->loaded && gpa % page == 0;
	memcpy(l->bytes + (is_end ? l->loaded - len : 0), data, len);
}

static int limit_rep(struct vcpu *v, struct limited *l)
{
	const struct kvm_run *run = v->run;
	*l = (struct limited) { .before = *vcpu_regs(v) };
	if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.is_write ||
	        !cpu_look_ahead(v, &l->insn) || !insn_is_rep(&l->insn) ||
	        (l->before.rcx & insn_count_mask(&l->insn)) <= 1)
		return 0;
	/* KVM takes over what is written here, and forgets that it has still to write rax. */
	l->loaded = lods_bytes(&l->insn);
	if (l->loaded)
		read_loaded(v, l);
	note_loaded(l, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
	l->is_limited = true;
	struct kvm_regs regs = l->before;
	regs.rcx = (regs.rcx & ~insn_count_mask(&l->insn)) | 1;
	return vcpu_set_regs(v, &regs);
}

static int end_limited(struct vcpu *v, const struct limited *l)
{
	struct kvm_regs regs = *vcpu_regs(v);
	uint64_t mask = l->loaded < 4 ? (UINT64_C(1) << 8 * l->loaded) - 1 : UINT64_MAX;
	if (!l->loaded)
		return cpu_end_iteration(v, &l->insn, &l->before);
	regs.rax = (regs.rax & ~mask) | get_number(l->bytes, l->loaded);
	int err = vcpu_set_regs(v, &regs);
	return err ? err : cpu_end_iteration(v, &l->insn, &l->before);
}

static int complete(struct control *c, struct limited *l, struct stop *stop)
{
	const struct kvm_regs before = *vcpu_regs(c->cpu.vcpu);
	for (;;) {
		struct exit x;
		int err = vcpu_complete(c->cpu.vcpu, &x);
		if (err)
			return err;
		switch (x.kind) {
		case EXIT_IO: access_answer(c, &x); break;
		case EXIT_MMIO: /* the same instruction's next one */
			access_answer(c, &x);
			if (l->loaded && !x.mmio.is_write)
				note_loaded(l, x.mmio.gpa, x.mmio.data, x.mmio.size);
			break;
		case EXIT_KICKED:
		case EXIT_DEBUG:
		case EXIT_IRQ_WINDOW:
			/* kvm_amd and kvm_intel lose the step's TF in what they emulate. */
			vcpu_debug_stale(c->cpu.vcpu);
			seen_stop(&c->cpu, stop);
			return leave_rep(c->cpu.vcpu, &before);
		case EXIT_MSR: /* wrmsr has no second access */
		case EXIT_HLT:
		case EXIT_SHUTDOWN:
		case EXIT_FAIL_ENTRY:
		case EXIT_INTERNAL_ERROR:
		case EXIT_NO_PAGING:
		case EXIT_OTHER: cpu_stop_by(&x, stop); return 0;
		}
	}
}

int access_complete(struct control *c, struct stop *stop)
{
	struct limited l;
	int err = limit_rep(c->cpu.vcpu, &l);
	if (!err)
		err = complete(c, &l, stop);
	return err || !l.is_limited ? err : end_limited(c->cpu.vcpu, &l);
}

bool access_refuses_msr(struct control *c, const struct exit *x)
{
	uint64_t ignored;
	*x->msr.is_refused = efer_written(c->cpu.vcpu, x, &ignored) != 0;
	return *x->msr.is_refused;
}

int access_write_msr(struct control *c, const struct exit *x, struct stop *stop)
{
	uint64_t value;
	int err = efer_written(c->cpu.vcpu, x, &value);
	if (!err)
		err = access_complete(c, stop);
	return err ? err : vcpu_set_msr(c->cpu.vcpu, MSR_EFER, value);
}

int access_finish(struct control *c, const struct exit *x, struct stop *stop)
{
	access_answer(c, x);
	return access_complete(c, stop);
}

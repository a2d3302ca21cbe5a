/* KVM's machine is a whole one, with its devices, interrupts and firmware; the interpreter has a copy of its RAM. */
#include "lockstep.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu_bits.h"
#include "cli/options.h"
#include "compare/compare.h"
#include "debug/check_twin.h"
#include "debug/cpu.h"
#include "debug/interrupt.h"
#include "guest_starts.h"
#include "interp/interp.h"
#include "kvm/linear.h"
#include "kvm/registers.h"
#include "machine/firmware.h"
#include "machine/machine.h"

#define RAM_STEPS 32 /* between two looks at all of the RAM */

struct lockstep {
	struct machine machine;
	struct control_io io; /* the machine's own */
	struct interp *own;
	uint8_t *copies[MEMORY_SLOTS_MAX];
	struct compare_log log; /* what ports said to KVM's side */
	unsigned replayed;      /* of it, on the other side */
	bool replays_right;
	bool kvm_emulates, is_tcg, kvm_steps_user; /* the last: in long mode */
	const char *name;
	uint64_t step;
};

/* --- the devices' answers, once for both ---------------------------------------------------------- */

static bool log_io(void *ctx, const struct exit *x)
{
	struct lockstep *l = ctx;
	bool stops = l->io.io(l->io.ctx, x);
	for (uint32_t i = 0; i < x->io.count; i++) {
		struct compare_access a = { true, x->io.is_write, x->io.size, x->io.port, 0 };
		memcpy(&a.value, x->io.data + i * x->io.size, x->io.size);
		if (l->log.count < COMPARE_ACCESSES)
			l->log.all[l->log.count++] = a;
	}
	return stops;
}

static bool pass_mmio(void *ctx, const struct exit *x)
{
	struct lockstep *l = ctx;
	return l->io.mmio(l->io.ctx, x);
}

static bool pass_interrupt(void *ctx)
{
	struct lockstep *l = ctx;
	return l->io.has_interrupt(l->io.ctx);
}

static uint8_t pass_acknowledge(void *ctx)
{
	struct lockstep *l = ctx;
	return l->io.acknowledge(l->io.ctx);
}

static bool replay_io(void *ctx, unsigned port, void *data, unsigned size, bool is_write)
{
	struct lockstep *l = ctx;
	if (l->replayed == l->log.count) {
		l->replays_right = false;
		return false;
	}
	const struct compare_access *a = &l->log.all[l->replayed++];
	if (a->at != port || a->size != size || a->is_write != is_write ||
	        (is_write && memcmp(&a->value, data, size)))
		l->replays_right = false;
	if (!is_write)
		memcpy(data, &a->value, size);
	return false;
}

/* --- RAM ------------------------------------------------------------------------------------------ */

/* Whether the copy is as KVM's RAM; where it is not, it is made so. */
static bool same_ram(struct lockstep *l, struct compare_result *r)
{
	const struct memory *m = &l->machine.guest->vm.memory;
	bool is_same = true;
	for (unsigned i = 0; i < m->count; i++)
		for (uint64_t at = 0; at < m->slots[i].size; at += MEMORY_PAGE) {
			const uint8_t *kvm = m->slots[i].hva + at;
			uint8_t *own = l->copies[i] + at;
			if (!memcmp(own, kvm, MEMORY_PAGE))
				continue;
			if (is_same && r) {
				unsigned k = 0;
				while (own[k] == kvm[k])
					k++;
				r->gpa = m->slots[i].gpa + at + k;
				r->own_byte = own[k];
				r->kvm_byte = kvm[k];
			}
			memcpy(own, kvm, MEMORY_PAGE);
			is_same = false;
		}
	return is_same;
}

/* --- a step --------------------------------------------------------------------------------------- */

static void take_state(struct lockstep *l, struct compare_state *s)
{
	struct vcpu *v = machine_vcpu(&l->machine);
	struct kvm_vcpu_events events;
	s->regs = *vcpu_regs(v);
	s->sregs = *vcpu_sregs(v);
	s->shadow = vcpu_get_events(v, &events) ? 0 : events.interrupt.shadow;
}

static void load_own(struct lockstep *l, const struct compare_state *before)
{
	const struct kvm_debugregs *d = cpu_guest_registers(&l->machine.control.cpu);
	interp_load(
	        l->own, &before->regs, &before->sregs, before->shadow, d->dr7 & (0xff | DR7_GD));
}

static void save_own(struct lockstep *l, struct compare_result *r)
{
	interp_save(l->own, &r->own.regs, &r->own.sregs);
	r->own.shadow = interp_shadow(l->own);
	r->own_vector = interp_last_vector(l->own);
	r->own_raised = interp_raised(l->own);
}

/* The interpreter's side, from the state before. */
static bool run_own(
        struct lockstep *l, const struct compare_state *before, struct compare_result *r)
{
	uint64_t done = 0;
	l->replayed = 0;
	l->replays_right = true;
	load_own(l, before);
	interp_run(l->own, 1, &done);
	save_own(l, r);
	return done != 0;
}

static void add(struct lockstep *l, struct tally *t, const struct compare_state *before,
        const uint8_t *bytes, bool is_interrupt, const struct compare_result *r)
{
	const struct kvm_sregs *s = &before->sregs;
	char title[120];
	struct known_case c = { .kvm_emulates = l->kvm_emulates,
		.is_tcg = l->is_tcg,
		.bits = s->efer & EFER_LMA && s->cs.l ? 64
		        : s->cs.db                    ? 32
		                                      : 16,
		.cpl = s->cr0 & CR0_PE ? s->ss.dpl : 0,
		.is_real = !(s->cr0 & CR0_PE),
		.is_interrupt = is_interrupt,
		.before = before,
		.result = r };
	memcpy(c.bytes, bytes, sizeof c.bytes);
	snprintf(title, sizeof title, "%s, step %" PRIu64, l->name, l->step);
	tally_add(t, &c, title);
}

static void judge(struct lockstep *l, struct tally *t, const struct compare_state *before,
        const uint8_t *bytes, struct compare_result *r, bool has_failed)
{
	if (!run_own(l, before, r)) {
		const struct compare_state kvm = r->kvm;
		r->kvm = *before;
		r->parts = compare_states(&r->own, &r->kvm, &r->flags);
		r->verdict = r->parts ? COMPARE_CHANGED : COMPARE_HANDED_OVER;
		r->kvm = kvm;
		same_ram(l, NULL);
	} else if (has_failed) {
		r->verdict = COMPARE_KVM_FAILS;
	} else if (!l->kvm_steps_user && r->own.sregs.efer & EFER_LMA &&
	           r->own.sregs.cs.selector & 3) { /* it goes on to where it is back */
		r->verdict = COMPARE_SKIPPED;
		same_ram(l, NULL);
	} else {
		r->parts = compare_states(&r->own, &r->kvm, &r->flags);
		if (!l->replays_right || l->replayed != l->log.count)
			r->parts |= COMPARE_ACCESS;
		if ((r->parts || l->step % RAM_STEPS == 0) && !same_ram(l, r))
			r->parts |= COMPARE_MEMORY;
		r->verdict = r->parts ? COMPARE_DIFFERS : COMPARE_SAME;
	}
	add(l, t, before, bytes, false, r);
}

/* KVM's side has come to the handler of a device's interrupt. */
static void judge_interrupt(struct lockstep *l, struct tally *t, const struct compare_state *before,
        struct compare_result *r)
{
	const struct cpu_run *cpu = &l->machine.control.cpu;
	static const uint8_t none[COMPARE_BYTES]; /* it is no instruction */
	load_own(l, before);
	bool is_done = cpu->entered_handler && interp_deliver(l->own, cpu->vector);
	save_own(l, r);
	if (is_done) {
		r->parts = compare_states(&r->own, &r->kvm, &r->flags);
		if (!same_ram(l, r))
			r->parts |= COMPARE_MEMORY;
		r->verdict = r->parts ? COMPARE_DIFFERS : COMPARE_SAME;
	} else {
		r->verdict = COMPARE_HANDED_OVER;
		same_ram(l, NULL);
	}
	add(l, t, before, none, true, r);
}

/* False: it is the guest's last one. */
static bool step(struct lockstep *l, struct tally *t)
{
	struct machine *m = &l->machine;
	struct vcpu *v = machine_vcpu(m);
	struct compare_state before;
	struct compare_result r = { .verdict = COMPARE_SAME };
	struct stop stop;
	uint8_t bytes[COMPARE_BYTES] = { 0 };
	int err = 0;
	machine_step_clock(m, m->control.step_interrupts);
	bool is_interrupt = interrupt_is_due(&m->control);
	linear_read(v, registers_pc(v), bytes, sizeof bytes);
	take_state(l, &before);
	l->log.count = 0;
	if (control_step(&m->control, &stop))
		return false;
	take_state(l, &r.kvm);
	bool has_failed = stop.kind == STOP_FAILED || stop.kind == STOP_SHUTDOWN;
	r.stop = stop.kind;
	r.kvm_vector = m->control.cpu.entered_handler ? m->control.cpu.vector : -1;
	if (is_interrupt)
		judge_interrupt(l, t, &before, &r);
	else
		judge(l, t, &before, bytes, &r, has_failed);
	if (stop.kind == STOP_DEVICE && firmware_answer(m, &err)) {
		same_ram(l, NULL);
		stop.kind = STOP_STEPPED;
	}
	return !err &&
	       (stop.kind == STOP_STEPPED || (stop.kind == STOP_HALTED && machine_can_wake(m)));
}

/* --- all together --------------------------------------------------------------------------------- */

static int open_machine(struct lockstep *l, const char *image, struct options *o, struct error *e)
{
	const char *argv[GUEST_OPTIONS_MAX + 6] = { "engine", "run" };
	int argc = 2;
	const char *const *options = guest_options(l->name);
	while (*options)
		argv[argc++] = *options++;
	argv[argc++] = image;
	int err = options_parse(o, argc, (char **)argv, e);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return err ? err : machine_open(&l->machine, &o->machine, null, e);
}

/* A slot of ours; the pages of the BIOS's ROM are slots of their own. */
static void add_slots(
        struct lockstep *l, struct interp_config *config, struct interp_slot *to, unsigned slot)
{
	const struct memory *m = &l->machine.guest->vm.memory;
	const struct memory_slot *s = &m->slots[slot];
	const uint64_t rom = m->rom_gpa,
	               ends[] = { s->gpa, rom, rom + m->rom_size, s->gpa + s->size };
	bool has_rom = m->rom_size && rom - s->gpa < s->size;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t begin = has_rom ? ends[i] : ends[0], end = has_rom ? ends[i + 1] : ends[3];
		if (begin < end && (has_rom || i == 0))
			to[config->slot_count++] = (struct interp_slot) { begin, end - begin,
				l->copies[slot] + (begin - s->gpa), has_rom && i == 1 };
	}
}

static bool open_own(struct lockstep *l)
{
	const struct memory *m = &l->machine.guest->vm.memory;
	struct interp_slot slots[INTERP_SLOTS_MAX];
	struct interp_config config = { .slots = slots, .io = replay_io, .ctx = l };
	for (unsigned i = 0; i < m->count && config.slot_count < INTERP_SLOTS_MAX - 2; i++) {
		l->copies[i] = aligned_alloc(MEMORY_PAGE, m->slots[i].size);
		if (!l->copies[i])
			return false;
		memcpy(l->copies[i], m->slots[i].hva, m->slots[i].size);
		add_slots(l, &config, slots, i);
	}
	l->own = interp_new(&config);
	return l->own;
}

static void wrap_io(struct lockstep *l)
{
	struct control_io *io = &l->machine.control.io;
	l->io = *io;
	*io = (struct control_io) { .io = log_io,
		.mmio = pass_mmio,
		.has_interrupt = pass_interrupt,
		.acknowledge = pass_acknowledge,
		.ctx = l };
}

static bool follow(struct lockstep *l, struct tally *t, uint64_t steps_max, struct error *e)
{
	bool is_open = open_own(l);
	if (!is_open)
		error_set(e, -ENOMEM, "no memory");
	wrap_io(l);
	l->kvm_emulates = cpu_probe(&l->machine.control)->step_runs_whole_rep;
	l->is_tcg = !l->kvm_emulates && check_twin_is_tcg(machine_vcpu(&l->machine)->vm);
	l->kvm_steps_user = probe_ask(PROBE_CPL3_STEPS, SCRATCH_LONG64,
	                            machine_vcpu(&l->machine)->vm) == PROBE_YES;
	control_set_engine(&l->machine.control, ENGINE_KVM);
	control_set_step_bios(&l->machine.control, true);
	control_set_step_interrupts(&l->machine.control, true);
	while (is_open && l->step < steps_max && step(l, t))
		l->step++;
	interp_free(l->own);
	for (unsigned i = 0; i < MEMORY_SLOTS_MAX; i++)
		free(l->copies[i]);
	return is_open;
}

bool lockstep_run(struct tally *t, const char *image, uint64_t steps_max, struct error *e)
{
	struct lockstep *l = calloc(1, sizeof *l);
	struct options o;
	const char *slash = strrchr(image, '/');
	bool ok = l != NULL;
	if (!ok) {
		error_set(e, -ENOMEM, "no memory");
		return false;
	}
	l->name = slash ? slash + 1 : image;
	ok = !open_machine(l, image, &o, e);
	if (ok) {
		ok = follow(l, t, steps_max, e);
		machine_close(&l->machine);
	}
	free(l);
	return ok;
}

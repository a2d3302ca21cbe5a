/* KVM's side of a trial. */
#include "kvm_side.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cpu_bits.h"
#include "compare/opcode.h"
#include "debug/cpu.h"
#include "device.h"
#include "extras.h"
#include "kvm/registers.h"

#define PAGE        0x1000u
#define UD          6 /* vector */
#define DF          8
#define TICKS_RUN   3 /* seconds: the guest has come to no handler */
#define TICKS_MAX   20
#define REPEATS_MAX 32

/* --- what it asks the machine ------------------------------------------------------------------- */

static bool kvm_io(void *ctx, const struct exit *x)
{
	struct pair *p = ctx;
	for (uint32_t i = 0; i < x->io.count; i++)
		device_access(&p->kvm_log, true, x->io.port, x->io.data + i * x->io.size,
		        x->io.size, x->io.is_write);
	return false;
}

static bool kvm_mmio(void *ctx, const struct exit *x)
{
	struct pair *p = ctx;
	device_access(
	        &p->kvm_log, false, x->mmio.gpa, x->mmio.data, x->mmio.size, x->mmio.is_write);
	return false;
}

static bool no_interrupt(void *ctx)
{
	(void)ctx;
	return false;
}

static uint8_t no_vector(void *ctx)
{
	(void)ctx;
	return 0;
}

/* --- a bound ------------------------------------------------------------------------------------ */

static struct pair *ticking;

/* Once a second: a run that does not end is kicked, and a step that hears no kick ends us. */
static void tick(int signal)
{
	char text[120];
	(void)signal;
	if (!ticking || ticking->ticks++ == 0)
		return;
	vcpu_kick(&ticking->vcpu);
	if (ticking->ticks < TICKS_MAX)
		return;
	int len = snprintf(text, sizeof text, "\nBail out! it hangs: random 1 0x%llx %s\n",
	        (unsigned long long)ticking->seed, ticking->mode->name);
	if (write(1, text, (size_t)len) < 0)
		_exit(4);
	_exit(3);
}

static void start_ticks(struct pair *p)
{
	const struct sigaction action = { .sa_handler = tick };
	const struct itimerval second = { { 1, 0 }, { 1, 0 } };
	ticking = p;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &second, NULL);
}

static void stop_ticks(void)
{
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &never, NULL);
	ticking = NULL;
}

/* --- opening ------------------------------------------------------------------------------------ */

static int open_vm(struct pair *p, struct error *e)
{
	const struct control_io io = { .io = kvm_io,
		.mmio = kvm_mmio,
		.has_interrupt = no_interrupt,
		.acknowledge = no_vector,
		.ctx = p };
	int err = vm_open(&p->vm, e);
	if (err)
		return err;
	for (unsigned i = 0; i < 2 && !err; i++)
		err = memory_add(&p->vm.memory, pair_slot_gpa[i], pair_slot_size[i], e);
	if (!err)
		err = vcpu_open(&p->vcpu, &p->vm, e);
	if (err) {
		vm_close(&p->vm);
		return err;
	}
	for (unsigned i = 0; i < 2; i++) {
		size_t len;
		p->kvm[i] = memory_hva(&p->vm.memory, pair_slot_gpa[i], &len);
	}
	control_init(&p->control, &p->vcpu, &io);
	control_set_engine(&p->control, ENGINE_KVM);
	return 0;
}

int kvm_side_open(struct pair *p, struct error *e)
{
	int err = open_vm(p, e);
	if (err)
		return err;
	extras_open(p);
	start_ticks(p);
	return 0;
}

void kvm_side_close(struct pair *p)
{
	stop_ticks();
	control_close(&p->control);
	vcpu_close(&p->vcpu);
	vm_close(&p->vm);
}

/* --- running ------------------------------------------------------------------------------------ */

int kvm_side_put(struct pair *p, const struct trial *t)
{
	int err = 0;
	p->kvm_log.count = 0;
	if (memcmp(vcpu_sregs(&p->vcpu), &t->sregs, sizeof t->sregs))
		err = vcpu_set_sregs(&p->vcpu, &t->sregs);
	return err ? err : vcpu_set_regs(&p->vcpu, &t->regs);
}

/* To whose handler it has come: each is a hlt of its own. */
static int handler_of(const struct compare_state *s)
{
	uint64_t at = registers_code_address(&s->sregs, s->regs.rip) - WORLD_HANDLERS;
	return at < 0x100 ? (int)at : -1;
}

static void take_state(struct pair *p, struct compare_result *r)
{
	struct kvm_vcpu_events events;
	r->kvm.regs = *vcpu_regs(&p->vcpu);
	r->kvm.sregs = *vcpu_sregs(&p->vcpu);
	r->kvm_log = p->kvm_log;
	if (!vcpu_get_events(&p->vcpu, &events))
		r->kvm.shadow = events.interrupt.shadow;
}

/* Nothing of this trial is left in KVM: an exception under way, a shadow. */
void kvm_side_clean(struct pair *p, const struct compare_result *r)
{
	const struct kvm_vcpu_events none = { .flags = KVM_VCPUEVENT_VALID_SHADOW };
	if (r->verdict == COMPARE_KVM_FAILS || r->verdict == COMPARE_SKIPPED || r->kvm.shadow)
		vcpu_set_events(&p->vcpu, &none);
	if (r->verdict != COMPARE_SAME)
		extras_open(p); /* it may have done something else */
	p->control.cpu.is_halted = p->control.cpu.is_acknowledged = false;
}

static bool step_kvm(struct pair *p, struct compare_result *r)
{
	struct stop stop;
	int err;
	do /* a kick of a busy machine's clock */
		err = control_step(&p->control, &stop);
	while (!err && stop.kind == STOP_KICKED && p->ticks < TICKS_RUN);
	r->stop = err ? STOP_FAILED : stop.kind;
	r->suberror = err ? (uint32_t)-err : stop.exit.internal.suberror;
	take_state(p, r);
	return !err && (stop.kind == STOP_STEPPED || stop.kind == STOP_HALTED);
}

/* A DEBUG with nothing done, which kvm_intel gives after a step before. What shuts the CPU down does nothing else. */
static bool is_stale(
        struct pair *p, const struct exit *x, uint64_t from, const struct compare_result *r)
{
	return x->kind == EXIT_DEBUG && vcpu_regs(&p->vcpu)->rip == from &&
	       (r->shuts_down || r->own.regs.rip != from);
}

/* Runs the guest until something but a device's access ends it. */
static bool run_kvm(
        struct pair *p, struct vcpu_debug *debug, struct compare_result *r, struct exit *x)
{
	const uint64_t from = vcpu_regs(&p->vcpu)->rip;
	debug->control |=
	        KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP; /* it is us who hear of a #DB */
	debug->dr7 |= DR7_ONES;
	vcpu_set_debug(&p->vcpu, debug);
	unsigned again = 0;
	int err = vcpu_run(&p->vcpu, x);
	while (!err && (x->kind == EXIT_IO || x->kind == EXIT_MMIO ||
	                       (is_stale(p, x, from, r) && again++ < REPEATS_MAX) ||
	                       (x->kind == EXIT_KICKED && p->ticks < TICKS_RUN))) {
		if (x->kind == EXIT_IO)
			kvm_io(p, x);
		else if (x->kind == EXIT_MMIO)
			kvm_mmio(p, x);
		err = vcpu_run(&p->vcpu, x);
	}
	if (err || x->kind == EXIT_KICKED)
		r->stop = STOP_KICKED;
	else if (x->kind == EXIT_SHUTDOWN)
		r->stop = STOP_SHUTDOWN;
	else
		r->stop = x->kind == EXIT_HLT || x->kind == EXIT_DEBUG ? STOP_HALTED : STOP_FAILED;
	r->suberror = x->kind == EXIT_INTERNAL_ERROR ? x->internal.suberror : 0;
	take_state(p, r);
	return r->stop == STOP_HALTED;
}

/* What a breakpoint at the next instruction would not show: an instruction that comes again, one behind which the
 * CPU holds it back; and what kvm_pvm never gets done, int 80h and above in real mode. Run control knows how to
 * step those. */
static bool needs_step(const struct trial *t, const struct compare_result *r)
{
	return r->own.regs.rip == t->regs.rip || r->own_vector >= 0x80 ||
	       r->own.regs.rflags & RFLAGS_RF || r->own.shadow == KVM_X86_SHADOW_INT_MOV_SS;
}

/* At CPL 0: a breakpoint stands where the interpreter says that the instruction leads, and all handlers are hlt. */
static bool run_to_breakpoint(struct pair *p, struct compare_result *r)
{
	struct vcpu_debug debug = { 0 };
	struct exit x;
	uint64_t to = registers_code_address(&r->own.sregs, r->own.regs.rip);
	if (to - WORLD_HANDLERS >= 0x100)
		cpu_use_register(&debug, 0, to, CPU_EXECUTES, 1);
	if (!run_kvm(p, &debug, r, &x)) {
		/* With other page tables there may be no next instruction. */
		bool is_moved = r->own.sregs.cr3 != p->base.cr3 ||
		                (r->own.sregs.cr0 ^ p->base.cr0) & CR0_PG;
		if (r->stop == STOP_SHUTDOWN && is_moved)
			r->verdict = COMPARE_SKIPPED;
		return false;
	}
	if (x.kind == EXIT_HLT)
		r->kvm.regs.rip--;
	return true;
}

/* Whether code of CPL 3 can be fetched from an odd page. */
static bool is_user_page(struct pair *p, uint64_t gva)
{
	unsigned size = world_entry_size(p->mode);
	uint64_t entry = 0;
	memcpy(&entry, p->own[1] + WORLD_TABLES + 0x3000 + gva / PAGE * size - WORLD_LOW_SIZE,
	        size);
	return (entry & 5) == 5 && !(entry >> 63) && (entry & ~0xfffull) < WORLD_RAM;
}

/* The bytes of RAM behind a linear address, which is this world's; NULL where no code of CPL 3 can be. */
static uint8_t *kvm_ram(struct pair *p, uint64_t gva)
{
	bool is_odd = p->base.cr0 & CR0_PG && gva - WORLD_ODD < WORLD_ODD_PAGES * PAGE;
	uint64_t gpa = is_odd ? WORLD_DATA + (gva & 0xffff) : gva;
	if (gpa > WORLD_LOW_SIZE - 2 || (gva & 0xfff) == 0xfff || (is_odd && !is_user_page(p, gva)))
		return NULL;
	return p->kvm[0] + gpa;
}

/* A frame's slots: ip, cs, flags, sp, ss; of virtual-8086 mode es, ds, fs, gs as well. */
#define FRAME_SLOTS     5
#define FRAME_SLOTS_V86 9

/* A segment register becomes what it was before the trap, if its selector is: its hidden part can't be seen any more. */
static void undo_segment(struct kvm_segment *kvm, const struct kvm_segment *own, uint64_t selector)
{
	if ((uint16_t)selector == own->selector)
		*kvm = *own;
}

/* The guest is in a handler's hlt, whose frame tells how it was at CPL 3 before its ud2. */
static void undo_trap(struct pair *p, struct compare_result *r)
{
	struct kvm_regs *k = &r->kvm.regs;
	struct kvm_sregs *s = &r->kvm.sregs, *own = &r->own.sregs;
	unsigned size = p->mode->kind == WORLD_LONG64 ? 8 : 4;
	const bool is_v86 = r->own.regs.rflags & RFLAGS_VM;
	const unsigned count = is_v86 ? FRAME_SLOTS_V86 : FRAME_SLOTS;
	uint64_t slots[FRAME_SLOTS_V86] = { 0 };
	uint32_t at = (uint32_t)(WORLD_STACK0 - count * size);
	for (unsigned i = 0; i < count; i++) {
		uint8_t *slot = p->kvm[1] + at + i * size - WORLD_LOW_SIZE;
		memcpy(&slots[i], slot, size);
		memcpy(slot, p->own[1] + at + i * size - WORLD_LOW_SIZE, size);
	}
	k->rip = slots[0];
	k->rflags = slots[2] & ~(uint64_t)RFLAGS_RF;
	k->rsp = slots[3];
	r->kvm.shadow = r->own.shadow; /* gone by the trap */
	r->own.regs.rflags &= ~(uint64_t)RFLAGS_RF;
	undo_segment(&s->cs, &own->cs, slots[1]);
	undo_segment(&s->ss, &own->ss, slots[4]);
	if (!is_v86) /* of virtual-8086 mode the others are null in the handler */
		return;
	undo_segment(&s->es, &own->es, slots[5]);
	undo_segment(&s->ds, &own->ds, slots[6]);
	undo_segment(&s->fs, &own->fs, slots[7]);
	undo_segment(&s->gs, &own->gs, slots[8]);
}

/* At CPL 3. False: KVM has failed, or *verdict is COMPARE_SKIPPED. */
static bool trap_kvm(struct pair *p, const struct trial *t, struct compare_result *r)
{
	uint8_t *at = NULL, saved[2];
	bool is_user = r->own.sregs.cs.selector & 3;
	struct vcpu_debug none = { 0 };
	struct exit x;
	uint64_t end = registers_code_address(&r->own.sregs, r->own.regs.rip);
	p->trap = NULL;
	if (!is_user &&
	        end - WORLD_HANDLERS >= 0x100) { /* a code segment that the trial has made */
		r->verdict = COMPARE_SKIPPED;
		return false;
	}
	if (is_user) {
		uint64_t begin = registers_code_address(&t->sregs, t->regs.rip);
		at = kvm_ram(p, end);
		bool is_written = at && memcmp(at, p->own[0] + (at - p->kvm[0]), 2);
		if (!at || is_written || end - begin + 1 < 2 || r->own.regs.rip == t->regs.rip) {
			r->verdict = COMPARE_SKIPPED;
			return false;
		}
		memcpy(saved, at, 2);
		p->trap = at;
		memcpy(at, (const uint8_t[]) { 0x0f, 0x0b }, 2);
	}
	bool ok = run_kvm(p, &none, r, &x);
	if (at && at[0] == 0x0f && at[1] == 0x0b)
		memcpy(at, saved, 2);
	/* kvm_pvm may lose its way to the ud2's handler: where the stack of CPL 3 ends at a page that can't be
	 * written, and with other segments than the table's. */
	uint64_t handler = r->kvm.regs.rip - WORLD_HANDLERS;
	bool is_lost = r->stop == STOP_SHUTDOWN || (ok ? handler == DF + 1 : handler <= 0x100);
	if (is_lost && is_user) {
		ok = false;
		r->verdict = COMPARE_SKIPPED;
		kvm_side_clean(p, r);
	}
	if (!ok)
		return false;
	r->kvm.regs.rip--; /* the hlt */
	if (is_user && r->kvm.regs.rip == WORLD_HANDLERS + UD)
		undo_trap(p, r);
	return true;
}

/* Whether what was pushed lies on the tables that lead to its handler, or on the handlers' code. */
static bool is_frame_on_tables(const struct pair *p, const struct compare_result *r)
{
	const unsigned frame = 48; /* of long mode, with an error code */
	const struct kvm_sregs *s = &r->own.sregs;
	uint64_t mask = s->efer & EFER_LMA ? UINT64_MAX : s->ss.db ? UINT32_MAX : 0xffff;
	uint64_t begin = (s->efer & EFER_LMA ? 0 : s->ss.base) + (r->own.regs.rsp & mask);
	uint64_t end = begin + frame;
	if (r->own_vector < 0 || p->is_user)
		return false;
	return (end > WORLD_GDT && begin < WORLD_STACK1 - frame) ||
	       (end > WORLD_HANDLERS && begin < WORLD_HANDLERS + 0x100);
}

bool kvm_side_shuts_down(struct pair *p, struct compare_result *r)
{
	struct vcpu_debug debug = { 0 };
	struct exit x;
	if (p->is_tcg && p->mode->kind == WORLD_REAL16) { /* as in run_side */
		r->verdict = COMPARE_SKIPPED;
		return false;
	}
	run_kvm(p, &debug, r, &x);
	return r->stop == STOP_SHUTDOWN;
}

/* What QEMU as kvm_amd's CPU dies of: exceptions in real mode under the eyes of a debugger; and mov to the segment
 * registers 6 and 7: it writes past its six, where it has LDTR and TR, and at CPL 3 the next exception finds no TSS. */
static bool ends_tcg(const struct pair *p, const struct trial *t, const struct compare_result *r)
{
	struct opcode o = opcode_decode(t->bytes, trial_bits(t));
	bool is_no_segment = o.map == MAP_1 && o.op == 0x8e && (o.modrm >> 3 & 7) > 5;
	bool is_real = p->mode->kind == WORLD_REAL16;
	return p->is_tcg && (is_no_segment || (is_real && r->own_vector >= 0));
}

static bool run_side(struct pair *p, const struct trial *t, struct compare_result *r)
{
	bool ends_at_user = r->own.sregs.cs.selector & 3 && p->mode->kind != WORLD_REAL16;
	if (is_frame_on_tables(p, r)) {
		r->verdict = COMPARE_SKIPPED;
		return false;
	}
	if (ends_tcg(p, t, r) || (p->by_steps && ends_at_user && !p->steps_user)) {
		r->verdict = COMPARE_SKIPPED;
		return false;
	}
	if (!p->by_steps && (p->is_user || ends_at_user))
		return trap_kvm(p, t, r);
	bool is_stepped = p->by_steps || p->is_tcg || p->is_probing || needs_step(t, r);
	return is_stepped ? step_kvm(p, r) : run_to_breakpoint(p, r);
}

bool kvm_side_run(struct pair *p, const struct trial *t, struct compare_result *r)
{
	bool is_done = run_side(p, t, r);
	r->kvm_vector = handler_of(&r->kvm);
	return is_done;
}

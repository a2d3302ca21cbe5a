/* KVM_RUN of the fake: instruction after instruction until one exits, with what KVM makes of them
 * under a debugger. Sources: api.rst, KVM_RUN; SDM vol 3, "Debug Exceptions" and "Priority Among
 * Concurrent Events"; Linux's arch/x86/kvm/x86.c for what all KVMs share. */
#include "fake_cpu.h"

#include <errno.h>
#include <string.h>

#include "base/cpu_bits.h"

#define REP_AT_ONCE  1024 /* iterations: x86_emulate_insn in arch/x86/kvm/emulate.c */
#define WINDOW_INSNS 1024

/* What a part of a run comes to. */
enum next { GO_ON, EXIT, HANG };

static enum next leave(struct fake_vcpu *v, uint32_t reason)
{
	v->run->exit_reason = reason;
	return EXIT;
}

static enum next leave_debug(struct fake_vcpu *v, uint32_t exception, uint64_t dr6)
{
	v->run->debug.arch.exception = exception;
	v->run->debug.arch.pc = fake_pc(&v->now);
	v->run->debug.arch.dr6 = dr6 | 0xffff0ff0; /* bits that are always 1, SDM vol 3, "DR6" */
	v->run->debug.arch.dr7 = v->debug.arch.debugreg[7];
	v->has_stale_bs = fake_has(v, FAKE_STALE_BS) && dr6 & DR6_BS;
	return leave(v, KVM_EXIT_DEBUG);
}

static bool is_asked(const struct fake_vcpu *v, uint32_t control)
{
	return v->debug.control & KVM_GUESTDBG_ENABLE && v->debug.control & control;
}

static bool is_stepped(const struct fake_vcpu *v)
{
	return is_asked(v, KVM_GUESTDBG_SINGLESTEP) &&
	       (!v->is_step_lost || v->now.r.rflags & RFLAGS_TF);
}

/* --- MMIO ------------------------------------------------------------------------------------- */

static void fill_mmio(struct fake_vcpu *v, const struct fake_access *a)
{
	v->run->mmio.phys_addr = a->gpa;
	v->run->mmio.len = a->len;
	v->run->mmio.is_write = a->is_write;
	memcpy(v->run->mmio.data, &a->value, sizeof a->value);
}

/* KVM's emulator has room for one write: emulator_read_write in arch/x86/kvm/x86.c. */
static bool is_lost(const struct fake_vcpu *v, unsigned at)
{
	if (!fake_has(v, FAKE_LOSES_WRITES))
		return false;
	for (unsigned k = at + 1; k < v->access_count; k++)
		if (v->accesses[k].is_mmio && v->accesses[k].is_write)
			return true;
	return false;
}

static bool has_mmio(const struct fake_vcpu *v)
{
	for (unsigned k = 0; k < v->access_count; k++)
		if (v->accesses[k].is_mmio)
			return true;
	return false;
}

/* --- #DB -------------------------------------------------------------------------------------- */

static enum next enter(struct fake_vcpu *v, uint8_t vector, uint64_t flags);

static enum next raise_own_db(struct fake_vcpu *v, uint64_t dr6, uint64_t rf)
{
	v->now.d.dr6 |= dr6;
	v->now.d.dr7 &= ~(uint64_t)DR7_GD;
	return enter(v, 1, v->now.r.rflags | rf);
}

/* After an instruction, and after its last access was told. */
static enum next take_trap(struct fake_vcpu *v)
{
	struct fake_trap trap = v->trap;
	v->trap = (struct fake_trap) { 0 };
	if (trap.ours)
		return leave_debug(v, 1, trap.ours | trap.own);
	return trap.own ? raise_own_db(v, trap.own, 0) : GO_ON;
}

/* The rest of an instruction whose state is that after it. */
static enum next tell_writes(struct fake_vcpu *v)
{
	for (; v->writes_told < v->access_count; v->writes_told++) {
		const struct fake_access *a = &v->accesses[v->writes_told];
		if (!a->is_write || !a->is_mmio || is_lost(v, v->writes_told))
			continue;
		fill_mmio(v, a);
		v->writes_told++;
		v->pending = FAKE_WRITE;
		return leave(v, KVM_EXIT_MMIO);
	}
	bool is_late = v->pending == FAKE_WRITE;
	if (fake_has(v, FAKE_ACCESS_LOSES_STEP) && has_mmio(v)) {
		v->is_step_lost = true;
		if (is_late)
			v->trap.ours &= ~(uint64_t)DR6_BS;
	}
	v->pending = FAKE_NOTHING;
	return take_trap(v);
}

/* DR6's bits of the breakpoints that an access hits. rw: bits of R/Wn that count, 1 << n for n. */
static uint64_t hits(const __u64 db[4], uint64_t dr7, uint64_t gva, unsigned len, unsigned rw)
{
	uint64_t bits = 0;
	for (unsigned n = 0; n < 4; n++) {
		uint64_t code = dr7 >> (18 + 4 * n) & 3, own_len = code == 2 ? 8 : code + 1;
		bool is_near = db[n] < gva ? gva - db[n] < own_len : db[n] - gva < len;
		if (is_near && dr7 >> 2 * n & 3 && rw >> (dr7 >> (16 + 4 * n) & 3) & 1)
			bits |= 1ull << n;
	}
	return bits;
}

static uint64_t data_hits(const struct fake_vcpu *v, const __u64 db[4], uint64_t dr7)
{
	uint64_t bits = 0;
	for (unsigned k = 0; k < v->access_count; k++)
		bits |= hits(db, dr7, v->accesses[k].gva, v->accesses[k].len,
		        v->accesses[k].is_write ? 1u << 1 | 1u << 3 : 1u << 3);
	return bits;
}

static bool has_own_breakpoints(const struct fake_vcpu *v)
{
	return !(fake_has(v, FAKE_ONLY_OURS) && is_asked(v, KVM_GUESTDBG_USE_HW_BP));
}

/* Exec breakpoints are faults, before the instruction. */
static enum next check_code(struct fake_vcpu *v)
{
	const struct kvm_guest_debug *d = &v->debug;
	uint64_t pc = fake_pc(&v->now), bits = 0;
	bool rf = v->now.r.rflags & RFLAGS_RF;
	if (v->is_in_rep ||
	        (v->now.shadow & KVM_X86_SHADOW_INT_MOV_SS && fake_has(v, FAKE_MOV_SS_HIDES_BREAK)))
		return GO_ON;
	if (is_asked(v, KVM_GUESTDBG_USE_HW_BP) && (!rf || fake_has(v, FAKE_RF_IGNORED)))
		bits = hits(d->arch.debugreg, d->arch.debugreg[7], pc, 1, 1u << 0);
	if (bits)
		return leave_debug(v, 1, bits);
	if (has_own_breakpoints(v) && !rf)
		bits = hits(v->now.d.db, v->now.d.dr7, pc, 1, 1u << 0);
	if (!bits)
		return GO_ON;
	/* Where the guest runs on the CPU, #DB comes to KVM, which takes it for the step's. */
	if (fake_has(v, FAKE_ONLY_OURS) && is_asked(v, KVM_GUESTDBG_SINGLESTEP))
		return leave_debug(v, 1, bits);
	return raise_own_db(v, bits, 0); /* without RF: the handler has to set it */
}

/* --- after an instruction ---------------------------------------------------------------------- */

/* What was so when it began. */
struct before {
	bool is_stepped, tf;
};

static struct before note(const struct fake_vcpu *v)
{
	return (struct before) { .is_stepped = is_stepped(v), .tf = v->now.r.rflags & RFLAGS_TF };
}

/* The data breakpoints that the last accesses have hit. */
static void note_data(struct fake_vcpu *v)
{
	const struct kvm_guest_debug *d = &v->debug;
	if (fake_has(v, FAKE_NO_DATA_BREAKPOINTS))
		return;
	if (is_asked(v, KVM_GUESTDBG_USE_HW_BP))
		v->trap.ours |= data_hits(v, d->arch.debugreg, d->arch.debugreg[7]);
	if (has_own_breakpoints(v))
		v->trap.own |= data_hits(v, v->now.d.db, v->now.d.dr7);
}

static void note_traps(struct fake_vcpu *v, const struct before *b, enum fake_how how)
{
	bool is_hidden = (how == FAKE_LOADS_SS && fake_has(v, FAKE_MOV_SS_HIDES_STEP)) ||
	                 (how == FAKE_HANDED && fake_has(v, FAKE_HANDED_TO_CPU));
	struct fake_trap *t = &v->trap;
	*t = (struct fake_trap) { 0 };
	note_data(v);
	if (b->is_stepped && !is_hidden)
		t->ours |= DR6_BS;
	else if (b->tf && !is_hidden && how != FAKE_ENTERED &&
	         !is_asked(v, KVM_GUESTDBG_SINGLESTEP))
		*(is_asked(v, KVM_GUESTDBG_USE_HW_BP) ? &t->ours : &t->own) |= DR6_BS;
}

/* Whether the step goes on with the next iteration. */
static bool is_rep_gone_on(struct fake_vcpu *v, const struct before *b)
{
	if (!v->is_in_rep || !b->is_stepped || !fake_has(v, FAKE_REP_IN_ONE_STEP))
		return false;
	if (++v->iterations < REP_AT_ONCE)
		return true;
	v->iterations = 0;
	v->now.r.rflags |= RFLAGS_RF;
	return false;
}

static void hold_rep_traps(struct fake_vcpu *v)
{
	const uint64_t data = 0xf; /* B0 to B3 */
	struct fake_trap *t = &v->trap, *held = &v->rep_trap;
	if (!fake_has(v, FAKE_REP_WATCH_AT_END))
		return;
	if (v->is_in_rep && !(t->ours & DR6_BS)) {
		held->ours |= t->ours & data;
		held->own |= t->own & data;
		t->ours &= ~data;
		t->own &= ~data;
		return;
	}
	t->ours |= held->ours;
	t->own |= held->own;
	*held = (struct fake_trap) { 0 };
}

static enum next retire(struct fake_vcpu *v, const struct fake_insn *i, const struct before *b)
{
	bool was_rep = i->how == FAKE_IS_REP && v->access_count;
	v->now = i->to;
	if (i->how != FAKE_LOADS_FLAGS)
		v->now.r.rflags &= ~(uint64_t)RFLAGS_RF;
	v->is_step_lost |= (i->how == FAKE_LOADS_FLAGS && fake_has(v, FAKE_POPF_LOSES_STEP)) ||
	                   (i->how == FAKE_EMULATED && fake_has(v, FAKE_EMULATED_LOSES_STEP));
	if (v->now.shadow == KVM_X86_SHADOW_INT_STI && b->is_stepped &&
	        fake_has(v, FAKE_STI_LOSES_SHADOW))
		v->now.shadow = 0;
	v->is_in_rep = i->how == FAKE_IS_REP && !i->is_last;
	if (was_rep && i->is_last &&
	        ((b->is_stepped && fake_has(v, FAKE_REP_ENDS_AT_ITSELF)) ||
	                (has_mmio(v) && fake_has(v, FAKE_REP_MMIO_STAYS))))
		v->now.r.rip = i->begin;
	if (is_rep_gone_on(v, b))
		v->trap = (struct fake_trap) { 0 };
	else
		note_traps(v, b, i->how);
	hold_rep_traps(v);
	/* SDM vol 3, "Instruction-Breakpoint Exception Condition": a trap between two iterations. */
	if (v->is_in_rep && (v->trap.ours || v->trap.own))
		v->now.r.rflags |= RFLAGS_RF;
	return tell_writes(v);
}

/* --- exceptions and interrupts ------------------------------------------------------------------ */

static enum next enter(struct fake_vcpu *v, uint8_t vector, uint64_t flags)
{
	struct fake_insn i;
	fake_begin(&i, v);
	v->writes_told = 0;
	if (!fake_enter(&i, vector, flags)) {
		if (i.end == FAKE_HANGS)
			return HANG;
		if (fake_has(v, FAKE_SHUTDOWN_RESETS))
			fake_reset(&v->now);
		return leave(v, KVM_EXIT_SHUTDOWN);
	}
	v->now = i.to;
	v->is_in_rep = false;
	v->entries++;
	note_data(v); /* of the frame */
	return tell_writes(v);
}

/* From an instruction. A step ends at the handler's first instruction, if it is told. */
static enum next enter_stepped(
        struct fake_vcpu *v, uint8_t vector, uint64_t flags, bool is_unseen, bool is_late)
{
	bool is_step = is_stepped(v);
	v->trap = (struct fake_trap) { .ours = is_step && !is_unseen && !is_late ? DR6_BS : 0 };
	if (is_step && is_unseen) {
		flags |= RFLAGS_TF;
		v->is_step_lost = true;
	}
	return enter(v, vector, flags);
}

static enum next raise_fault(struct fake_vcpu *v, uint8_t vector)
{
	return enter_stepped(v, vector, v->now.r.rflags | RFLAGS_RF, fake_has(v, FAKE_FAULT_UNSEEN),
	        fake_has(v, FAKE_FAULT_LATE));
}

static enum next call_vector(struct fake_vcpu *v, const struct fake_insn *i)
{
	struct fake_state before = v->now;
	v->now = i->to;
	enum next next =
	        enter_stepped(v, i->vector, v->now.r.rflags, fake_has(v, FAKE_INT_UNSEEN), false);
	if (next == HANG)
		v->now = before;
	return next;
}

/* Events that go before the next instruction. */
static enum next inject(struct fake_vcpu *v)
{
	uint64_t flags = v->now.r.rflags;
	if (v->has_queued_ud) {
		v->has_queued_ud = false;
		return enter(v, 6, flags);
	}
	if (v->has_exception) {
		v->has_exception = false;
		/* int3 is given back with rip at it, and goes on after it: kvm_exception_is_soft */
		v->now.r.rip += v->exception == 3;
		return enter(v, v->exception, flags);
	}
	if (!v->has_interrupt)
		return GO_ON;
	if ((!(flags & RFLAGS_IF) || v->now.shadow) && fake_has(v, FAKE_INTERRUPT_NEEDS_IF)) {
		v->run->fail_entry.hardware_entry_failure_reason = 0x80000021; /* SDM vol 3,
		        "VM-Entry Failures": invalid guest state */
		return leave(v, KVM_EXIT_FAIL_ENTRY);
	}
	v->has_interrupt = false;
	bool is_step = is_stepped(v);
	flags |= fake_has(v, FAKE_INTERRUPT_PUSHES_RF) ? RFLAGS_RF : 0;
	v->is_step_lost |= is_step && fake_has(v, FAKE_INT_UNSEEN);
	return enter(v, v->interrupt, flags | (is_step ? RFLAGS_TF : 0));
}

/* --- one instruction ---------------------------------------------------------------------------- */

static enum next fail(struct fake_vcpu *v)
{
	struct kvm_run *run = v->run;
	memset(&run->emulation_failure, 0, sizeof run->emulation_failure);
	run->emulation_failure.suberror = KVM_INTERNAL_ERROR_EMULATION;
	v->has_queued_ud = true;
	return leave(v, KVM_EXIT_INTERNAL_ERROR);
}

static enum next halt(struct fake_vcpu *v, const struct fake_insn *i, const struct before *b)
{
	v->now = i->to;
	if (!b->is_stepped || !fake_has(v, FAKE_HLT_SWALLOWED))
		return leave(v, KVM_EXIT_HLT);
	v->has_kept_hlt = true;
	return leave_debug(v, 1, DR6_BS);
}

static enum next begin_port(struct fake_vcpu *v, const struct fake_insn *i, const struct before *b)
{
	bool is_out = v->run->io.direction == KVM_EXIT_IO_OUT,
	     is_string = (i->opcode & 0xf0) == 0x60;
	if (b->is_stepped && is_out && !is_string && v->run->io.port == 0x7e &&
	        fake_has(v, FAKE_OUT_7E_LOST)) {
		v->now = i->to;
		return leave_debug(v, 1, DR6_BS);
	}
	v->pending = is_out ? FAKE_OUT : FAKE_AGAIN;
	v->after = i->to;
	v->again_rsp = v->now.r.rsp;
	if (is_out && fake_has(v, FAKE_OUT_SWALLOWS_STEP))
		v->now = v->after;
	return leave(v, KVM_EXIT_IO);
}

static enum next begin_msr(struct fake_vcpu *v, const struct fake_insn *i)
{
	v->pending = FAKE_OUT;
	v->after = i->to;
	return leave(v, KVM_EXIT_X86_WRMSR);
}

static enum next begin_read(struct fake_vcpu *v, const struct fake_insn *i)
{
	v->pending = FAKE_AGAIN;
	v->again_rsp = i->to.r.rsp;
	fill_mmio(v, &i->wanted);
	return leave(v, KVM_EXIT_MMIO);
}

static enum next guarded(struct fake_vcpu *v)
{
	if (!(v->now.d.dr7 & DR7_GD))
		return leave_debug(v, 1, DR6_BD);
	return raise_own_db(v, DR6_BD, RFLAGS_RF);
}

static enum next do_insn(struct fake_vcpu *v)
{
	struct fake_insn i;
	struct before b = note(v);
	v->writes_told = 0;
	fake_execute(&i, v, b.is_stepped);
	if (i.end == FAKE_READS) /* those of before are still needed */
		return begin_read(v, &i);
	v->pending = FAKE_NOTHING;
	v->reads_known = 0;
	v->has_port_data = false;
	switch (i.end) {
	case FAKE_DONE: return retire(v, &i, &b);
	case FAKE_HALTED: return halt(v, &i, &b);
	case FAKE_PORT: return begin_port(v, &i, &b);
	case FAKE_MSR: return begin_msr(v, &i);
	case FAKE_RAISES: return raise_fault(v, i.vector);
	case FAKE_BREAKS:
		if (is_asked(v, KVM_GUESTDBG_USE_SW_BP) && !fake_has(v, FAKE_INT3_TO_GUEST))
			return leave_debug(v, 3, 0);
		return call_vector(v, &i);
	case FAKE_CALLS: return call_vector(v, &i);
	case FAKE_GUARDED: return guarded(v);
	case FAKE_UNKNOWN: return fail(v);
	case FAKE_READS:
	case FAKE_HANGS: break;
	}
	return HANG;
}

/* --- a run -------------------------------------------------------------------------------------- */

/* What the last exit has left to be done. */
static enum next complete(struct fake_vcpu *v)
{
	struct before b = note(v);
	uint64_t value;
	switch (v->pending) {
	case FAKE_NOTHING: return GO_ON;
	case FAKE_OUT:
		v->pending = FAKE_NOTHING;
		if (v->run->exit_reason == KVM_EXIT_X86_WRMSR && v->run->msr.error)
			return raise_fault(v, 13);
		v->now = v->after;
		v->access_count = 0;
		note_traps(v, &b, FAKE_PLAIN);
		if (fake_has(v, FAKE_OUT_SWALLOWS_STEP))
			v->trap.ours &= ~(uint64_t)(b.is_stepped ? DR6_BS : 0);
		return take_trap(v);
	case FAKE_AGAIN:
		v->has_port_data = v->run->exit_reason == KVM_EXIT_IO;
		if (!v->has_port_data) {
			memcpy(&value, v->run->mmio.data, sizeof value);
			v->reads[v->reads_known++] = value;
		}
		return do_insn(v);
	case FAKE_WRITE: return tell_writes(v);
	}
	return GO_ON;
}

static bool takes_interrupt(const struct fake_vcpu *v)
{
	return v->now.r.rflags & RFLAGS_IF && !v->now.shadow && !v->has_interrupt &&
	       !v->has_exception && !v->has_queued_ud;
}

static bool is_new_page(struct fake_vcpu *v)
{
	uint64_t page = fake_pc(&v->now) / MEMORY_PAGE;
	for (unsigned k = 0; k < v->vm->page_count; k++)
		if (v->vm->pages[k] == page)
			return false;
	if (v->vm->page_count == FAKE_PAGES)
		return false;
	v->vm->pages[v->vm->page_count++] = page;
	return true;
}

/* One instruction, or what comes before it. */
static enum next go_on(struct fake_vcpu *v)
{
	bool is_looked = !fake_has(v, FAKE_WINDOW_LATE) || ++v->insns % WINDOW_INSNS == 0;
	if (v->run->request_interrupt_window && is_looked && takes_interrupt(v))
		return leave(v, KVM_EXIT_IRQ_WINDOW_OPEN);
	if (is_stepped(v) && fake_has(v, FAKE_EMPTY_STEPS) && is_new_page(v)) {
		v->now.r.rflags &= ~(uint64_t)RFLAGS_RF;
		return leave_debug(v, 1, DR6_BS);
	}
	struct fake_state was = v->now;
	enum next next = check_code(v);
	/* Or the guest goes to a handler of its own, and that is looked at anew. */
	return next == GO_ON && !memcmp(&was, &v->now, sizeof was) ? do_insn(v) : next;
}

/* Of a step before this run. */
static enum next take_stale(struct fake_vcpu *v)
{
	if (is_asked(v, KVM_GUESTDBG_USE_HW_BP))
		return leave_debug(v, 1, DR6_BS);
	return raise_own_db(v, DR6_BS, 0);
}

static enum next run(struct fake_vcpu *v)
{
	enum next next = complete(v);
	if (next != GO_ON || v->run->immediate_exit)
		return next == GO_ON ? HANG : next;
	bool is_step = is_asked(v, KVM_GUESTDBG_SINGLESTEP), is_stale = v->has_stale_bs && !is_step;
	if (v->has_queued_shutdown) {
		v->has_queued_shutdown = false;
		return leave(v, KVM_EXIT_SHUTDOWN);
	}
	if (v->has_kept_hlt && !is_step) {
		v->has_kept_hlt = false;
		return leave(v, KVM_EXIT_HLT);
	}
	if (is_stale)
		next = take_stale(v);
	v->has_stale_bs &= is_step;
	if (next == GO_ON)
		next = inject(v);
	v->entries = 0;
	for (unsigned n = 0; next == GO_ON && fake_goes_on(v, n); n++)
		next = go_on(v);
	return next == GO_ON ? HANG : next;
}

/* The bit of an interrupt that was given to KVM and not delivered is set, and none is ever cleared: store_regs and
 * __get_sregs in Linux' arch/x86/kvm/x86.c. */
static void store_sregs(const struct fake_vcpu *v, struct kvm_sregs *to)
{
	__u64 kept[4];
	memcpy(kept, to->interrupt_bitmap, sizeof kept);
	*to = v->now.s;
	memcpy(to->interrupt_bitmap, kept, sizeof kept);
	if (v->has_interrupt)
		to->interrupt_bitmap[v->interrupt / 64] |= 1ull << v->interrupt % 64;
}

int fake_run(struct fake_vcpu *v)
{
	enum next next = run(v);
	struct kvm_run *run_ = v->run;
	run_->if_flag = (v->now.r.rflags & RFLAGS_IF) != 0;
	run_->ready_for_interrupt_injection = takes_interrupt(v);
	if (run_->kvm_valid_regs & KVM_SYNC_X86_REGS)
		fake_get_regs(v, &run_->s.regs.regs);
	if (run_->kvm_valid_regs & KVM_SYNC_X86_SREGS)
		store_sregs(v, &run_->s.regs.sregs);
	if (run_->kvm_valid_regs & KVM_SYNC_X86_EVENTS)
		fake_get_events(v, &run_->s.regs.events);
	if (next == EXIT) {
		v->hung_runs = 0;
		return 0;
	}
	if (run_->immediate_exit)
		return -EINTR;
	return fake_give_up(v);
}

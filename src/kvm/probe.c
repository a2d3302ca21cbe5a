/* The table of all questions, and those about what runs and about memory; probe_debug.c has the others. */
#include "kvm/probe.h"

#include <string.h>
#include <sys/ioctl.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "kvm/efer.h"
#include "kvm/probe_emulates.h"
#include "kvm/probe_tries.h"
#include "kvm/registers.h"

static bool guard(struct scratch *s, uint64_t gpa, enum memory_access access)
{
	const struct memory_guard page = { gpa, access };
	return !s->err && memory_guard(&s->vm.memory, &page, 1) == 0;
}

/* --- what runs ------------------------------------------------------------------------------- */

static enum probe_answer try_runs(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(WRITE_AND_READ));
	run_plain(s, &x);
	return yes_or_no(s, x.kind == EXIT_HLT && s->ram[SCRATCH_DATA] == NEW_BYTE &&
	                            is_byte_read(s, NEW_BYTE));
}

/* The float 2 is written to the data. */
static enum probe_answer try_x87(struct scratch *s, enum scratch_mode mode)
{
	static const uint8_t two[4] = { 0, 0, 0, 0x40 };
	struct exit x;
	/* fld1; fadd st, st; fstp dword [bx or rdi] */
	scratch_put(s, mode, CODE(0xd9, 0xe8, 0xd8, 0xc0, 0xd9, 0x1f, HLT));
	run_plain(s, &x);
	return yes_or_no(s, x.kind == EXIT_HLT && !memcmp(s->ram + SCRATCH_DATA, two, sizeof two));
}

static enum probe_answer try_sse(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(0x0f, 0x58, 0xc0, HLT)); /* addps xmm0, xmm0 */
	run_plain(s, &x);
	return yes_or_no(s, x.kind == EXIT_HLT && is_pc(s, SCRATCH_CODE + 4));
}

/* mov eax, cr0; or eax, 1 << 31; mov cr0, eax */
#define TURN_PAGING_ON 0x0f, 0x20, 0xc0, 0x0d, 0, 0, 0, 0x80, 0x0f, 0x22, 0xc0

static enum probe_answer try_paging(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	(void)mode;
	scratch_put(s, SCRATCH_PAGED32, CODE(TURN_PAGING_ON, WRITE_AND_READ));
	run_plain(s, &x);
	return yes_or_no(s, x.kind == EXIT_HLT && s->ram[SCRATCH_DATA] == NEW_BYTE &&
	                            is_byte_read(s, NEW_BYTE));
}

static enum probe_answer try_paging_fault(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	(void)mode;
	scratch_put(s, SCRATCH_PAGED32, CODE(TURN_PAGING_ON, HLT));
	run_plain(s, &x);
	return yes_or_no(s, x.kind == EXIT_HLT && is_pc(s, AT_GP));
}

static enum probe_answer try_int_n(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(0xcd, 0x20, HLT)); /* int 0x20 */
	run_plain(s, &x);
	return yes_or_no(s, x.kind == EXIT_HLT && is_pc(s, SCRATCH_HANDLERS + 0x20 + 1));
}

/* The frame is as the CPU would push it: SDM vol 3, 7.12.1, 7.14.2 and 21.1.4. */
static void put_frame(struct scratch *s, enum scratch_mode mode, uint16_t to)
{
	const struct kvm_sregs *r = vcpu_sregs(&s->vcpu);
	const uint16_t frame[] = { to, r->cs.selector, 2, SCRATCH_STACK, r->ss.selector };
	uint32_t size = mode == SCRATCH_REAL16 ? 2 : mode == SCRATCH_PROT32 ? 4 : 8;
	for (uint32_t i = 0; i < ARRAY_SIZE(frame); i++) {
		const uint64_t value = frame[i];
		memory_write(&s->vm.memory, SCRATCH_STACK + i * size, &value, size);
	}
}

static enum probe_answer try_iret(struct scratch *s, enum scratch_mode mode)
{
	const uint16_t to = SCRATCH_CODE + 16;
	struct exit x;
	if (mode == SCRATCH_LONG64)
		scratch_put(s, mode, CODE(0x48, 0xcf, HLT)); /* iretq */
	else
		scratch_put(s, mode, CODE(0xcf, HLT));
	put_frame(s, mode, to);
	run_plain(s, &x);
	return yes_or_no(s, x.kind == EXIT_HLT && is_pc(s, to + 1));
}

/* --- memory ---------------------------------------------------------------------------------- */

/* Data on the page that is executed. */
static enum probe_answer try_read_only(struct scratch *s, enum scratch_mode mode)
{
	const uint32_t data = SCRATCH_CODE + MEMORY_PAGE / 2;
	struct exit x;
	scratch_put(s, mode, CODE(WRITE_AND_READ));
	set_pointer(s, data);
	s->ram[data] = OLD_BYTE;
	if (!guard(s, SCRATCH_CODE, MEMORY_NO_WRITE))
		return yes_or_no(s, false);
	run_plain(s, &x);
	if (x.kind != EXIT_MMIO || !x.mmio.is_write || x.mmio.gpa != data)
		return yes_or_no(s, false);
	run_plain(s, &x);
	return yes_or_no(
	        s, x.kind == EXIT_HLT && is_byte_read(s, OLD_BYTE) && s->ram[data] == OLD_BYTE);
}

static enum probe_answer try_deleted(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(WRITE_AND_READ));
	if (!guard(s, SCRATCH_DATA, MEMORY_NO_ACCESS))
		return yes_or_no(s, false);
	run_plain(s, &x);
	if (x.kind != EXIT_MMIO || !x.mmio.is_write || x.mmio.gpa != SCRATCH_DATA)
		return yes_or_no(s, false);
	run_plain(s, &x);
	if (x.kind != EXIT_MMIO || x.mmio.is_write || x.mmio.gpa != SCRATCH_DATA)
		return yes_or_no(s, false);
	x.mmio.data[0] = OLD_BYTE;
	run_plain(s, &x);
	return yes_or_no(s, x.kind == EXIT_HLT && is_byte_read(s, OLD_BYTE));
}

/* fst dword [bx or rdi], which KVM's emulator does not know. */
static enum probe_answer try_guarded_fst(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(0xd9, 0x17, HLT));
	run_plain(s, &x);
	if (s->err || x.kind != EXIT_HLT)
		return PROBE_UNKNOWN; /* fails without a guard, too */
	scratch_put(s, mode, CODE(0xd9, 0x17, HLT));
	if (!guard(s, SCRATCH_DATA, MEMORY_NO_WRITE))
		return PROBE_UNKNOWN;
	run_plain(s, &x);
	return answer(s, x.kind == EXIT_INTERNAL_ERROR, x.kind == EXIT_MMIO);
}

/* ud2 with an IDT that has no vector. */
static enum probe_answer try_shutdown(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(0x0f, 0x0b, HLT));
	struct kvm_sregs r = *vcpu_sregs(&s->vcpu);
	r.idt.limit = 0;
	if (!s->err)
		s->err = vcpu_set_sregs(&s->vcpu, &r);
	run_plain(s, &x);
	if (s->err || x.kind != EXIT_SHUTDOWN)
		return PROBE_UNKNOWN;
	const struct kvm_regs *regs = vcpu_regs(&s->vcpu);
	return yes_or_no(s, regs->rip == SCRATCH_CODE && regs->rcx == 3);
}

/* EFER is written as it is. */
static enum probe_answer try_efer(struct scratch *s, enum scratch_mode mode)
{
	struct exit x, done;
	scratch_put(s, mode, CODE(0x0f, 0x30, HLT)); /* wrmsr */
	if (!s->err && !efer_watch(&s->vcpu))
		return yes_or_no(s, false);
	struct kvm_regs r = *vcpu_regs(&s->vcpu);
	r.rcx = MSR_EFER;
	r.rax = vcpu_sregs(&s->vcpu)->efer;
	r.rdx = 0;
	if (!s->err)
		s->err = vcpu_set_regs(&s->vcpu, &r);
	run_plain(s, &x);
	if (!s->err && x.kind == EXIT_MSR)
		s->err = vcpu_complete(&s->vcpu, &done);
	return answer(s, x.kind == EXIT_MSR && is_pc(s, SCRATCH_CODE + 2), x.kind == EXIT_HLT);
}

/* CPUs differ: SDM vol 2, "PUSH". */
static enum probe_answer try_push_segment(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	const uint8_t ones[4] = { 0xff, 0xff, 0xff, 0xff };
	uint16_t slot[2] = { 0 };
	scratch_put(s, mode, CODE(0x1e, NOP, HLT)); /* push ds */
	memory_write(&s->vm.memory, vcpu_regs(&s->vcpu)->rsp - sizeof ones, ones, sizeof ones);
	scratch_step(s, &x);
	if (s->err || !is_pc(s, SCRATCH_CODE + 1))
		return PROBE_UNKNOWN;
	memory_read(&s->vm.memory, vcpu_regs(&s->vcpu)->rsp, slot, sizeof slot);
	if (slot[0] != vcpu_sregs(&s->vcpu)->ds.selector)
		return PROBE_UNKNOWN;
	return answer(s, slot[1] == 0xffff, slot[1] == 0);
}

static enum probe_answer try_emulates(struct scratch *s, enum scratch_mode mode)
{
	bool is_so;
	(void)mode;
	return probe_emulates(s, &is_so) ? yes_or_no(s, is_so) : PROBE_UNKNOWN;
}

/* --- all of them ----------------------------------------------------------------------------- */

#define REAL16 (1u << SCRATCH_REAL16)
#define PROT32 (1u << SCRATCH_PROT32)
#define LONG64 (1u << SCRATCH_LONG64)
#define ALL    (REAL16 | PROT32 | LONG64)

static const struct {
	probe_try *try;
	unsigned modes;
	enum probe_fact needs; /* where this is not so, it is about nothing; it comes before */
} tries[PROBE_FACTS] = {
	[PROBE_RUNS] = { try_runs, ALL },
	[PROBE_X87] = { try_x87, ALL },
	[PROBE_SSE] = { try_sse, PROT32 | LONG64 },
	[PROBE_PAGING32] = { try_paging, PROT32 },
	[PROBE_PAGING32_FAULTS] = { try_paging_fault, PROT32 },
	[PROBE_INT_N] = { try_int_n, ALL },
	[PROBE_IRET] = { try_iret, ALL },
	[PROBE_INT3_EXITS] = { probe_try_int3, ALL },
	[PROBE_EXEC_BREAKPOINTS] = { probe_try_exec_breakpoint, ALL },
	[PROBE_RF_COUNTS] = { probe_try_rf, ALL },
	[PROBE_DATA_BREAKPOINTS] = { probe_try_data_breakpoint, ALL },
	[PROBE_OWN_BREAKPOINTS] = { probe_try_own_breakpoint, ALL },
	[PROBE_STEP_OVER_OUT_LATE] = { probe_try_out, ALL },
	[PROBE_STEP_LOSES_HLT] = { probe_try_hlt, ALL },
	[PROBE_STEP_SHOWS_TF] = { probe_try_pushf, ALL },
	[PROBE_STEP_SKIPS_MOV_SS] = { probe_try_mov_ss, ALL },
	[PROBE_STEP_RUNS_WHOLE_REP] = { probe_try_rep, ALL },
	[PROBE_STEP_LEAVES_TRAP] = { probe_try_leftover, ALL },
	[PROBE_READ_ONLY_SLOTS] = { try_read_only, ALL },
	[PROBE_DELETED_SLOTS] = { try_deleted, ALL },
	[PROBE_GUARDS_FAIL] = { try_guarded_fst, ALL },
	[PROBE_CPL3_RUNS] = { probe_try_cpl3, LONG64 },
	[PROBE_CPL3_STEPS] = { probe_try_cpl3_step, LONG64, PROBE_CPL3_RUNS },
	[PROBE_CPL3_BREAKPOINTS] = { probe_try_cpl3_breakpoint, LONG64, PROBE_CPL3_RUNS },
	[PROBE_CPL3_PORTS] = { probe_try_cpl3_ports, LONG64, PROBE_CPL3_RUNS },
	[PROBE_SHUTDOWN_KEEPS_STATE] = { try_shutdown, ALL },
	[PROBE_EFER_EXITS] = { try_efer, ALL },
	[PROBE_PUSHES_HALF] = { try_push_segment, PROT32 },
	[PROBE_EMULATES] = { try_emulates, REAL16 },
};

bool probe_is_tried(enum probe_fact fact, enum scratch_mode mode)
{
	return tries[fact].modes & 1u << mode;
}

int probe_run(struct probe *p, const struct vm *beside, struct error *e)
{
	struct scratch s;
	int err = scratch_open(&s, beside, e);
	if (err)
		return err;
	p->has_int3 = probe_try_int3(&s, SCRATCH_REAL16) == PROBE_YES;
	p->step_runs_whole_rep = probe_try_rep(&s, SCRATCH_REAL16) != PROBE_NO;
	p->mov_ss_hides_step = probe_try_mov_ss(&s, SCRATCH_REAL16) != PROBE_NO;
	p->has_data_breakpoints = probe_try_data_breakpoint(&s, SCRATCH_REAL16) == PROBE_YES;
	p->step_leaves_trap = probe_try_leftover(&s, SCRATCH_REAL16) == PROBE_YES;
	scratch_close(&s);
	return 0;
}

enum probe_answer probe_ask(enum probe_fact fact, enum scratch_mode mode, const struct vm *beside)
{
	struct scratch s;
	if (!probe_is_tried(fact, mode) || scratch_open(&s, beside, NULL))
		return PROBE_UNKNOWN;
	/* What it needs is tried first, as in probe_run_all: without, there is no answer. And a step on pages
	 * that KVM has not mapped yet ends with nothing done on kvm_intel in Bochs, and would be a NO. */
	const enum probe_fact needs = tries[fact].needs;
	enum probe_answer a = PROBE_UNKNOWN;
	if (fact == needs || tries[needs].try(&s, mode) == PROBE_YES)
		a = tries[fact].try(&s, mode);
	scratch_close(&s);
	return a;
}

static void run_mode(struct scratch *s, enum scratch_mode mode, struct probe_facts *p)
{
	for (unsigned i = 0; i < PROBE_FACTS; i++)
		if (probe_is_tried((enum probe_fact)i, mode) &&
		        (i == PROBE_RUNS || p->answers[tries[i].needs][mode] == PROBE_YES))
			p->answers[i][mode] = tries[i].try(s, mode);
}

int probe_run_all(struct probe_facts *p, const struct vm *beside, struct error *e)
{
	struct scratch s;
	int err = scratch_open(&s, beside, e);
	if (err)
		return err;
	*p = (struct probe_facts) {
		.api_version = ioctl(s.vm.kvm_fd, KVM_GET_API_VERSION, 0),
		.has_sync_regs = s.vm.has_sync_regs,
		.has_readonly_mem = ioctl(s.vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_READONLY_MEM) > 0,
	};
	run_mode(&s, SCRATCH_REAL16, p);
	run_mode(&s, SCRATCH_PROT32, p);
	run_mode(&s, SCRATCH_LONG64, p);
	scratch_close(&s);
	return 0;
}

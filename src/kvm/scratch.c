/* The scratch guest: its memory and registers in each mode, and a timer against one that hangs. */
#include "kvm/scratch.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"

#define RAM_SIZE 0x10000u

/* A page each. */
#define GDT_GPA  0x5000u
#define TSS_GPA  0x5800u
#define IDT_GPA  0x6000u
#define TOP_GPA  0x7000u /* page directory or PML4 */
#define PDPT_GPA 0x8000u
#define PD_GPA   0x9000u
#define PT_GPA   0xa000u
#define DATA_GVA 0x100000u /* the data with paging */

#define SELECTOR_CODE32 0x08
#define SELECTOR_DATA   0x10
#define SELECTOR_CODE64 0x18
#define SELECTOR_TSS    0x28 /* 16 bytes */
#define SELECTOR_USERS  0x3b /* data, RPL 3 */
#define SELECTOR_USER64 0x43
#define GDT_LIMIT       0x47

#define KERNEL_STACK 0x3f00u /* where exceptions at CPL 3 push */

#define HLT 0xf4

#define PAGE_PRESENT_WRITABLE 3u /* SDM vol 3, table 5-6 and others */
#define PAGE_USER             4u

/* A run that hangs sees the third tick: it was let run for 2 to 3 times this long. */
#define TICK_US       100000
#define TICKS_MAX     3
#define HUNG_RUNS_MAX 3
#define REPEATS_MAX   3

/* --- a timer that ends what hangs ------------------------------------------------------------ */

static struct vcpu *watched; /* atomic; for on_tick */

static void on_tick(int number)
{
	struct vcpu *v = __atomic_load_n(&watched, __ATOMIC_SEQ_CST);
	(void)number;
	if (v)
		vcpu_kick(v);
}

static void start_timer(struct scratch *s)
{
	const struct sigaction action = { .sa_handler = on_tick }; /* no SA_RESTART */
	const struct itimerval every = { { 0, TICK_US }, { 0, TICK_US } };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	__atomic_store_n(&watched, &s->vcpu, __ATOMIC_SEQ_CST);
	sigaction(SIGALRM, &action, &s->old_action);
	setitimer(ITIMER_REAL, &every, &s->old_timer);
	pthread_sigmask(SIG_UNBLOCK, &set, &s->old_mask);
}

static void stop_timer(struct scratch *s)
{
	const struct itimerval never = { 0 };
	setitimer(ITIMER_REAL, &never, NULL);
	pthread_sigmask(SIG_SETMASK, &s->old_mask, NULL);
	__atomic_store_n(&watched, NULL, __ATOMIC_SEQ_CST);
	sigaction(SIGALRM, &s->old_action, NULL);
	setitimer(ITIMER_REAL, &s->old_timer, NULL);
}

/* --- the machine ----------------------------------------------------------------------------- */

int scratch_open(struct scratch *s, const struct vm *beside, struct error *e)
{
	size_t len;
	*s = (struct scratch) { .err = 0 };
	int err = beside ? vm_open_beside(&s->vm, beside, e) : vm_open(&s->vm, e);
	if (err)
		return err;
	err = memory_add(&s->vm.memory, 0, RAM_SIZE, e);
	if (!err)
		err = vcpu_open(&s->vcpu, &s->vm, e);
	if (err) {
		vm_close(&s->vm);
		return err;
	}
	s->reset = *vcpu_sregs(&s->vcpu);
	s->ram = memory_hva(&s->vm.memory, 0, &len);
	start_timer(s);
	return 0;
}

void scratch_close(struct scratch *s)
{
	stop_timer(s);
	vcpu_close(&s->vcpu);
	vm_close(&s->vm);
}

static bool is_long(const struct scratch *s)
{
	return s->mode == SCRATCH_LONG64 || s->mode == SCRATCH_USER64;
}

/* IVT (SDM vol 3, 21.1.4), 32-bit and 64-bit interrupt gates (7.11 and 7.14.1). */
static void put_vectors(struct scratch *s)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t to = SCRATCH_HANDLERS + i;
		switch (s->mode) {
		case SCRATCH_REAL16:
			put16(s->ram + i * 4, (uint16_t)to);
			put16(s->ram + i * 4 + 2, 0);
			break;
		case SCRATCH_PROT32:
		case SCRATCH_PAGED32:
			put32(s->ram + IDT_GPA + i * 8, SELECTOR_CODE32 << 16 | to);
			put32(s->ram + IDT_GPA + i * 8 + 4, 0x8e00);
			break;
		case SCRATCH_LONG64:
		case SCRATCH_USER64:
			put32(s->ram + IDT_GPA + i * 16, SELECTOR_CODE64 << 16 | to);
			put32(s->ram + IDT_GPA + i * 16 + 4, 0x8e00);
			put64(s->ram + IDT_GPA + i * 16 + 8, 0);
			break;
		}
	}
}

/* SDM vol 3, 3.4.5 "Segment Descriptors": flat, accessed, CPL 0 and CPL 3; a busy TSS, which has
 * the stack of CPL 0 (SDM vol 3, "Task-State Segment", "TSS in 64-bit Mode"). */
static void put_gdt(struct scratch *s)
{
	memset(s->ram + GDT_GPA, 0, MEMORY_PAGE);
	put64(s->ram + GDT_GPA + SELECTOR_CODE32, 0x00cf9b000000ffff);
	put64(s->ram + GDT_GPA + SELECTOR_DATA, 0x00cf93000000ffff);
	put64(s->ram + GDT_GPA + SELECTOR_CODE64, 0x00af9b000000ffff);
	put64(s->ram + GDT_GPA + SELECTOR_TSS, 0x00008b0000000067 | (uint64_t)TSS_GPA << 16);
	put64(s->ram + GDT_GPA + (SELECTOR_USERS & ~3u), 0x00cff3000000ffff);
	put64(s->ram + GDT_GPA + (SELECTOR_USER64 & ~3u), 0x00affb000000ffff);
	put64(s->ram + TSS_GPA + 4, KERNEL_STACK);
}

/* All RAM at its own address, and the data once more at DATA_GVA. The tables are as large as they
 * are with 32-bit entries; with 64-bit ones the last half is not used. */
static void put_tables(struct scratch *s)
{
	uint32_t size = is_long(s) ? 8 : 4;
	uint32_t rights = PAGE_PRESENT_WRITABLE | (s->mode == SCRATCH_USER64 ? PAGE_USER : 0);
	memset(s->ram + TOP_GPA, 0, 4 * MEMORY_PAGE);
	if (is_long(s)) {
		put64(s->ram + TOP_GPA, PDPT_GPA | rights);
		put64(s->ram + PDPT_GPA, PD_GPA | rights);
		put64(s->ram + PD_GPA, PT_GPA | rights);
	} else {
		put32(s->ram + TOP_GPA, PT_GPA | rights);
	}
	for (uint32_t gpa = 0; gpa < RAM_SIZE; gpa += MEMORY_PAGE)
		put32(s->ram + PT_GPA + gpa / MEMORY_PAGE * size, gpa | rights);
	put32(s->ram + PT_GPA + DATA_GVA / MEMORY_PAGE * size, SCRATCH_DATA | rights);
}

static void put_ram(struct scratch *s, const uint8_t *code, size_t len)
{
	memset(s->ram, HLT, RAM_SIZE);
	memset(s->ram + SCRATCH_DATA, 0, MEMORY_PAGE);
	memcpy(s->ram + SCRATCH_CODE, code, len);
	put_vectors(s);
	if (s->mode != SCRATCH_REAL16)
		put_gdt(s);
	if (is_long(s) || s->mode == SCRATCH_PAGED32)
		put_tables(s);
}

/* Segment types: SDM vol 3, tables 3-1 and 3-2. */
static struct kvm_sregs make_sregs(const struct scratch *s)
{
	struct kvm_sregs r = s->reset;
	if (s->mode == SCRATCH_REAL16) {
		r.cs.base = 0;
		r.cs.selector = 0;
		return r;
	}
	const struct kvm_segment data = { .limit = 0xffffffff,
		.selector = s->mode == SCRATCH_USER64 ? SELECTOR_USERS : SELECTOR_DATA,
		.dpl = s->mode == SCRATCH_USER64 ? 3 : 0,
		.type = 3,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1 };
	r.ds = r.es = r.fs = r.gs = r.ss = r.cs = data;
	r.cs.type = 11;
	r.cs.selector = SELECTOR_CODE32;
	r.tr = (struct kvm_segment) {
		.base = TSS_GPA, .limit = 0x67, .selector = SELECTOR_TSS, .type = 11, .present = 1
	};
	r.ldt = (struct kvm_segment) { .type = 2, .unusable = 1 };
	r.gdt.base = GDT_GPA;
	r.gdt.limit = GDT_LIMIT;
	r.idt.base = IDT_GPA;
	r.idt.limit = is_long(s) ? 0xfff : 0x7ff;
	r.cr0 = CR0_PE | CR0_ET | CR0_NE;
	r.cr3 = TOP_GPA;
	r.cr4 = CR4_OSFXSR;
	if (is_long(s)) {
		r.cr0 |= CR0_PG;
		r.cr4 |= CR4_PAE;
		r.efer = EFER_LME | EFER_LMA;
		r.cs.selector = s->mode == SCRATCH_USER64 ? SELECTOR_USER64 : SELECTOR_CODE64;
		r.cs.db = 0;
		r.cs.l = 1;
	}
	return r;
}

uint64_t scratch_data_gva(const struct scratch *s)
{
	return is_long(s) || s->mode == SCRATCH_PAGED32 ? DATA_GVA : SCRATCH_DATA;
}

/* What the guest before has left in KVM: an access under way, an exception or an interrupt shadow,
 * guarded pages. */
static int clean_up(struct scratch *s)
{
	const struct vcpu_debug none = { 0 };
	const struct kvm_vcpu_events no_events = { .flags = KVM_VCPUEVENT_VALID_SHADOW };
	struct exit x = { .kind = EXIT_OTHER };
	vcpu_set_debug(&s->vcpu, &none);
	int err = s->hung_runs == HUNG_RUNS_MAX ? -ETIMEDOUT : 0;
	/* The code has no instruction with more than 4 accesses. */
	for (unsigned i = 0; i < 4 && !err && s->is_access_pending; i++) {
		err = vcpu_complete(&s->vcpu, &x);
		s->is_access_pending = x.kind == EXIT_IO || x.kind == EXIT_MMIO;
	}
	if (!err)
		err = vcpu_set_events(&s->vcpu, &no_events);
	if (!err)
		err = memory_guard(&s->vm.memory, NULL, 0);
	return err;
}

void scratch_put(struct scratch *s, enum scratch_mode mode, const uint8_t *code, size_t len)
{
	s->mode = mode;
	s->err = clean_up(s);
	if (s->err)
		return;
	put_ram(s, code, len);
	const struct kvm_sregs sregs = make_sregs(s);
	const struct kvm_regs regs = {
		.rip = SCRATCH_CODE,
		.rflags = 2, /* bit 1 is always 1: SDM vol 1, 3.4.3 */
		.rsp = SCRATCH_STACK,
		.rax = sregs.ss.selector,
		.rbx = scratch_data_gva(s),
		.rcx = 3,
		.rsi = scratch_data_gva(s) + 256,
		.rdi = scratch_data_gva(s),
	};
	s->err = vcpu_set_sregs(&s->vcpu, &sregs);
	if (!s->err)
		s->err = vcpu_set_regs(&s->vcpu, &regs);
}

/* --- running it ------------------------------------------------------------------------------ */

void scratch_run(struct scratch *s, const struct vcpu_debug *debug, struct exit *x)
{
	unsigned ticks = 0;
	vcpu_set_debug(&s->vcpu, debug);
	vcpu_debug_stale(&s->vcpu);
	do {
		*x = (struct exit) { .kind = EXIT_OTHER };
		if (!s->err)
			s->err = vcpu_run(&s->vcpu, x);
		if (s->err)
			return;
		ticks += x->kind == EXIT_KICKED;
	} while (x->kind == EXIT_KICKED && ticks < TICKS_MAX);
	s->is_access_pending = x->kind == EXIT_IO || x->kind == EXIT_MMIO;
	if (x->kind == EXIT_KICKED) {
		x->kind = EXIT_OTHER;
		s->hung_runs++;
		s->err = -ETIMEDOUT;
	}
}

void scratch_step(struct scratch *s, struct exit *x)
{
	static const struct vcpu_debug step = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
		.dr7 = 0x400, /* bit 10 is always 1: SDM vol 3, "DR7" */
	};
	const struct kvm_regs before = *vcpu_regs(&s->vcpu);
	for (unsigned i = 0; i <= REPEATS_MAX; i++) {
		scratch_run(s, &step, x);
		if (s->err || x->kind != EXIT_DEBUG ||
		        memcmp(&before, vcpu_regs(&s->vcpu), sizeof before))
			return;
	}
}

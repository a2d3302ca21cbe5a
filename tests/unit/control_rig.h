/* A guest of a few instructions on every kind of KVM, for the tests of run control:
 *
 *	EVERYWHERE(steps_over_nop)
 *	{
 *		PUT(r, NOP, HLT);
 *		CHECK_STEP(r, RIG_CODE + 1);
 *	}
 *	int main(void) { RUN(steps_over_nop); return check_done(); }
 *
 * Such a test runs in 16-bit real mode and in 32-bit protected mode, on the fake KVM's presets and
 * with each of its quirks alone (fake_kvm.h), and on the machine's own KVM where there is one: what
 * a test expects of the fake holds on a real one, too. The presets and the machine's own are tried with the
 * engine as well (is_engine). */
#ifndef STEPVM_TESTS_CONTROL_RIG_H
#define STEPVM_TESTS_CONTROL_RIG_H

#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "check.h"
#include "debug/control.h"
#include "debug/means.h"
#include "fake_kvm.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

#define RIG_RAM      0x10000u
#define RIG_VECTORS  0x0000u /* the IVT, in 16-bit code */
#define RIG_CODE     0x1000u /* the first instruction; a page of its own, then hlt */
#define RIG_DATA     0x2000u /* a page of zeroes; the first byte is at [bx or edi] */
#define RIG_STACK    0x4800u /* (e)sp at the start */
#define RIG_HANDLERS 0x5000u /* + 16 * n: of vector n, an iret */
#define RIG_GDT      0x7000u
#define RIG_IDT      0x8000u
#define RIG_FREE     0x9000u /* a page of zeroes */
#define RIG_HOLE     0xc000u /* no RAM from here to RIG_HOLE_END: devices */
#define RIG_HOLE_END 0xd000u

/* Machine code that is the same in 16- and 32-bit code. [m] is the data's first byte. */
#define NOP        0x90
#define HLT        0xf4
#define INT3       0xcc
#define IRET       0xcf
#define CLI        0xfa
#define STI        0xfb
#define PUSHF      0x9c
#define POPF       0x9d
#define INC_AX     0x40 /* or eax */
#define PUSH_AX    0x50
#define POP_AX     0x58
#define RET        0xc3
#define UD2        0x0f, 0x0b
#define MOV_SS_AX  0x8e, 0xd0
#define MOV_SP_BX  0x89, 0xdc
#define MOV_SS_M   0x8e, 0x17 /* 16-bit code */
#define MOV_AL(n)  0xb0, n
#define MOV_M_AL   0x88, 0x07
#define MOV_DL_M   0x8a, 0x17
#define INC_M      0xfe, 0x07
#define OUT_AL(n)  0xe6, n
#define IN_AL(n)   0xe4, n
#define INT(n)     0xcd, n
#define REP_MOVSB  0xf3, 0xa4
#define REP_STOSB  0xf3, 0xaa
#define MOV_AX_CR0 0x0f, 0x20, 0xc0 /* eax */
#define MOV_CR0_AX 0x0f, 0x22, 0xc0
#define REP_INSB   0xf3, 0x6c
#define REP_OUTSB  0xf3, 0x6e
#define LIDT_M     0x0f, 0x01, 0x1f
#define CPUID      0x0f, 0xa2
#define ENDBR      0xf3, 0x0f, 0x1e, 0xfb
#define JMP(by)    0xeb, (uint8_t)(by)
#define LOOP(by)   0xe2, (uint8_t)(by)
#define MOV_DR0_SI 0x0f, 0x23, 0xc6 /* dr0 = esi */
#define MOV_DR7_BP 0x0f, 0x23, 0xfd /* dr7 = ebp */

#define RIG_PORTS_MAX 32

struct rig {
	const struct fake_kind *kind; /* NULL: the machine's own KVM */
	bool is_32;
	bool is_engine; /* the engine does the guest's instructions, and KVM what it hands over */
	struct vm kvm, vm;
	struct vcpu vcpu;
	struct control control;
	struct stop stop;
	/* What the devices have seen, and an interrupt that waits. */
	unsigned outs, ins, reads, writes, exits;
	uint8_t out[RIG_PORTS_MAX];
	uint64_t mmio_gpa, mmio_value;
	bool has_interrupt, stops_at_io, kicks_at_io;
	uint8_t vector;
	unsigned acknowledged;
};

/* --- devices ------------------------------------------------------------------------------------ */

static bool rig_io(void *ctx, const struct exit *x)
{
	struct rig *r = ctx;
	if (x->io.is_write && r->outs < RIG_PORTS_MAX)
		r->out[r->outs] = x->io.data[0];
	r->outs += x->io.is_write;
	r->ins += !x->io.is_write;
	if (!x->io.is_write)
		memset(x->io.data, 0x5a, (size_t)x->io.size * x->io.count);
	if (r->kicks_at_io)
		vcpu_kick(&r->vcpu);
	return r->stops_at_io;
}

static bool rig_mmio(void *ctx, const struct exit *x)
{
	struct rig *r = ctx;
	r->writes += x->mmio.is_write;
	r->reads += !x->mmio.is_write;
	r->mmio_gpa = x->mmio.gpa;
	r->mmio_value = 0;
	if (x->mmio.is_write)
		memcpy(&r->mmio_value, x->mmio.data, x->mmio.size);
	else
		memset(x->mmio.data, 0x5a, x->mmio.size);
	return r->stops_at_io;
}

static void rig_trace(void *ctx, const struct exit *x)
{
	struct rig *r = ctx;
	(void)x;
	r->exits++;
}

static bool rig_has_interrupt(void *ctx)
{
	return ((struct rig *)ctx)->has_interrupt;
}

static uint8_t rig_acknowledge(void *ctx)
{
	struct rig *r = ctx;
	r->has_interrupt = false;
	r->acknowledged++;
	return r->vector;
}

/* --- the guest ---------------------------------------------------------------------------------- */

static inline void rig_write(struct rig *r, uint64_t gva, const void *bytes, size_t len)
{
	memory_write(&r->vm.memory, gva, bytes, len);
}

static inline uint64_t rig_read(struct rig *r, uint64_t gva, unsigned len)
{
	uint64_t value = 0;
	memory_read(&r->vm.memory, gva, &value, len);
	return value;
}

/* Bytes of a word of the guest's, and of a slot of an interrupt's frame. */
static inline unsigned rig_word(const struct rig *r)
{
	return r->is_32 ? 4 : 2;
}

static inline uint64_t rig_handler(uint8_t vector)
{
	return RIG_HANDLERS + 16u * vector;
}

/* RF in a frame is not looked at: faults push it, and QEMU's TCG does it with interrupts, too. */
#define RIG_FLAGS(value) ((value) & ~(uint64_t)RFLAGS_RF)

/* What the top of the stack holds, so many words up. */
static inline uint64_t rig_stacked(struct rig *r, unsigned words)
{
	uint64_t gva = registers_stack_address(
	        &r->vcpu, vcpu_regs(&r->vcpu)->rsp + (uint64_t)words * rig_word(r));
	return rig_read(r, gva, rig_word(r));
}

/* Interrupt gates (SDM vol 3, "IDT Descriptors"), or an IVT. */
static void rig_put_vectors(struct rig *r)
{
	for (unsigned n = 0; n < 256; n++) {
		const uint64_t to = rig_handler((uint8_t)n);
		const uint64_t gate = 0x8e0000080000 | (to & 0xffff) | (to & 0xffff0000) << 32;
		const uint8_t iret = IRET;
		rig_write(r, to, &iret, 1);
		if (r->is_32)
			rig_write(r, RIG_IDT + 8 * n, &gate, 8);
		else
			rig_write(r, RIG_VECTORS + 4 * n, &to, 4);
	}
}

/* Flat segments: code 0x08, data 0x10. */
static void rig_make_flat(struct rig *r, struct kvm_sregs *s)
{
	static const uint64_t gdt[] = { 0, 0x00cf9b000000ffff, 0x00cf93000000ffff };
	const struct kvm_segment data = { .limit = 0xffffffff,
		.selector = 0x10,
		.type = 3,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1 };
	rig_write(r, RIG_GDT, gdt, sizeof gdt);
	s->ds = s->es = s->fs = s->gs = s->ss = s->cs = data;
	s->cs.type = 11;
	s->cs.selector = 0x08;
	s->tr = (struct kvm_segment) {
		.base = RIG_GDT + 0x100, .limit = 0x67, .type = 11, .present = 1
	};
	s->ldt = (struct kvm_segment) { .type = 2, .unusable = 1 };
	s->gdt.base = RIG_GDT;
	s->gdt.limit = sizeof gdt - 1;
	s->idt.base = RIG_IDT;
	s->idt.limit = 0x7ff;
	s->cr0 = CR0_PE | CR0_ET | CR0_NE;
}

/* A guest that stands at RIG_CODE, with bx = edi = RIG_DATA, si = RIG_DATA + 256, cx = 3, and ax
 * what SS is loaded with. */
static inline void rig_put(struct rig *r, const uint8_t *code, size_t len)
{
	struct kvm_sregs s = *vcpu_sregs(&r->vcpu);
	static const uint8_t zeroes[RIG_RAM];
	uint8_t fill[0x1000];
	memset(fill, HLT, sizeof fill);
	for (uint64_t gva = 0; gva < RIG_RAM; gva += gva + 0x1000 == RIG_HOLE ? 0x2000 : 0x1000)
		rig_write(r, gva, zeroes, 0x1000);
	rig_write(r, RIG_CODE, fill, sizeof fill);
	rig_write(r, RIG_CODE, code, len);
	rig_put_vectors(r);
	s.cs.base = s.cs.selector = 0;
	if (r->is_32)
		rig_make_flat(r, &s);
	const struct kvm_regs regs = {
		.rip = RIG_CODE,
		.rflags = 2,
		.rax = s.ss.selector,
		.rbx = RIG_DATA,
		.rcx = 3,
		.rsi = RIG_DATA + 256,
		.rdi = RIG_DATA,
		.rsp = RIG_STACK,
	};
	CHECK_EQ(vcpu_set_sregs(&r->vcpu, &s), 0);
	CHECK_EQ(vcpu_set_regs(&r->vcpu, &regs), 0);
}

#define PUT(r, ...)                                                                                \
	rig_put(r, (const uint8_t[]) { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }))

/* Writes code elsewhere. */
#define PUT_AT(r, gva, ...)                                                                        \
	rig_write(r, gva, (const uint8_t[]) { __VA_ARGS__ },                                       \
	        sizeof((const uint8_t[]) { __VA_ARGS__ }))

/* Changes one register. */
#define SET(r, reg, value)                                                                         \
	do {                                                                                       \
		struct kvm_regs rig_regs = *vcpu_regs(&(r)->vcpu);                                 \
		rig_regs.reg = (value);                                                            \
		CHECK_EQ(vcpu_set_regs(&(r)->vcpu, &rig_regs), 0);                                 \
	} while (0)
#define GET(r, reg) (vcpu_regs(&(r)->vcpu)->reg)

/* --- every kind of KVM -------------------------------------------------------------------------- */

static inline bool rig_open(struct rig *r, const struct fake_kind *kind, bool is_32, bool is_engine)
{
	struct error e = { 0 };
	*r = (struct rig) { .kind = kind, .is_32 = is_32, .is_engine = is_engine };
	if (kind && !fake_kvm_open(&r->kvm, kind->quirks))
		return false;
	int err = kind ? vm_open_beside(&r->vm, &r->kvm, &e) : vm_open(&r->vm, &e);
	if (!err)
		err = memory_add(&r->vm.memory, 0, RIG_HOLE, &e);
	if (!err)
		err = memory_add(&r->vm.memory, RIG_HOLE_END, RIG_RAM - RIG_HOLE_END, &e);
	if (!err)
		err = vcpu_open(&r->vcpu, &r->vm, &e);
	if (err)
		CHECK_FAIL("%s", e.text);
	const struct control_io io = { .io = rig_io,
		.mmio = rig_mmio,
		.trace = rig_trace,
		.has_interrupt = rig_has_interrupt,
		.acknowledge = rig_acknowledge,
		.ctx = r };
	control_init(&r->control, &r->vcpu, &io);
	control_set_engine(&r->control, is_engine ? ENGINE_INTERP : ENGINE_KVM);
	return !err;
}

static inline void rig_close(struct rig *r)
{
	control_close(&r->control);
	vcpu_close(&r->vcpu);
	vm_close(&r->vm);
	if (r->kind)
		fake_kvm_close(&r->kvm);
}

static bool rig_has_kvm(void)
{
	return access("/dev/kvm", R_OK | W_OK) == 0;
}

/* What the probe says of this KVM in this mode. */
static inline enum probe_answer rig_fact(const struct rig *r, enum probe_fact fact)
{
	static bool is_asked; /* the machine's own */
	static struct probe_facts kernels;
	struct probe_facts facts = { 0 };
	enum scratch_mode mode = r->is_32 ? SCRATCH_PROT32 : SCRATCH_REAL16;
	if (r->kind) {
		probe_run_all(&facts, &r->kvm, NULL);
		return facts.answers[fact][mode];
	}
	if (!is_asked)
		probe_run_all(&kernels, NULL, NULL);
	is_asked = true;
	return kernels.answers[fact][mode];
}

/* Whether int n and iret work there: not in 32-bit code on every KVM. */
static inline bool rig_has_int(const struct rig *r)
{
	if (!r->is_32)
		return true;
	if (r->kind)
		return !(r->kind->quirks & FAKE(NO_INT32));
	return rig_fact(r, PROBE_INT_N) == PROBE_YES && rig_fact(r, PROBE_IRET) == PROBE_YES;
}

/* RIG_ONLY=pvm in the environment: that kind alone; RIG_ONLY=kvm: the machine's own. */
static inline void rig_try_with(
        void (*test)(struct rig *r), const struct fake_kind *kind, bool is_32, bool is_engine)
{
	const char *only = getenv("RIG_ONLY"), *name = kind ? kind->name : "kvm";
	bool was_ok = check_case_ok;
	struct rig r;
	if (only && strcmp(only, name))
		return;
	check_case_ok = true;
	if (rig_open(&r, kind, is_32, is_engine)) {
		test(&r);
		rig_close(&r);
	}
	if (!check_case_ok)
		printf("# ... on %s, %s-bit%s\n", name, is_32 ? "32" : "16",
		        is_engine ? ", by the engine" : "");
	check_case_ok &= was_ok;
}

static inline void rig_try(void (*test)(struct rig *r), const struct fake_kind *kind, bool is_32)
{
	rig_try_with(test, kind, is_32, false);
}

/* A test that fails on the plain KVM, or on a preset, tells nothing more on the others. */
static inline void rig_everywhere(void (*test)(struct rig *r))
{
	for (int is_32 = 0; is_32 < 2; is_32++) {
		for (unsigned k = 0; k < fake_kind_count; k++) {
			rig_try(test, &fake_kinds[k], is_32);
			if (k < FAKE_PRESETS && check_case_ok)
				rig_try_with(test, &fake_kinds[k], is_32, true);
			if (!check_case_ok && (k == 0 || k == FAKE_PRESETS - 1))
				return;
		}
		if (!rig_has_kvm())
			continue;
		rig_try(test, NULL, is_32);
		rig_try_with(test, NULL, is_32, true);
	}
}

#define EVERYWHERE(name)                                                                           \
	static void name##_there(struct rig *r);                                                   \
	static void name(void)                                                                     \
	{                                                                                          \
		rig_everywhere(name##_there);                                                      \
	}                                                                                          \
	static void name##_there(struct rig *r)

/* --- what happens ------------------------------------------------------------------------------- */

static const char *const rig_stops[] = {
	[STOP_STEPPED] = "STEPPED",
	[STOP_BREAKPOINT] = "BREAKPOINT",
	[STOP_CATCH] = "CATCH",
	[STOP_WATCH] = "WATCH",
	[STOP_LONG] = "LONG",
	[STOP_ZERO_VECTOR] = "ZERO_VECTOR",
	[STOP_KICKED] = "KICKED",
	[STOP_DEVICE] = "DEVICE",
	[STOP_HALTED] = "HALTED",
	[STOP_SHUTDOWN] = "SHUTDOWN",
	[STOP_FAILED] = "FAILED",
};

static inline bool rig_stopped(
        struct rig *r, int err, enum stop_kind kind, uint64_t pc, const char *file, int line)
{
	uint64_t is = registers_pc(&r->vcpu);
	if (!err && r->stop.kind == kind && is == pc)
		return true;
	check_case_ok = false;
	printf("# %s:%d: ", file, line);
	if (err)
		printf("error %d", err);
	else
		printf("%s at 0x%" PRIx64, rig_stops[r->stop.kind], is);
	printf(", wanted %s at 0x%" PRIx64 "\n", rig_stops[kind], pc);
	return false;
}

static inline int rig_run(struct rig *r)
{
	control_begin(&r->control);
	return control_run(&r->control, &r->stop);
}

#define RIG_STOPPED(r, err, stop_kind, pc) rig_stopped(r, err, stop_kind, pc, __FILE__, __LINE__)
/* One step, which ends at pc. */
#define CHECK_STEP(r, pc) RIG_STOPPED(r, control_step(&(r)->control, &(r)->stop), STOP_STEPPED, pc)
/* Going on, until a stop of that kind at pc. */
#define CHECK_RUN(r, stop_kind, pc) RIG_STOPPED(r, rig_run(r), stop_kind, pc)
#define CHECK_BREAK(r, gva)         CHECK_EQ(breakpoints_add(&(r)->control.breakpoints, gva, false), 0)
#define CHECK_UNBREAK(r, gva)       breakpoints_remove(&(r)->control.breakpoints, gva, false)
#define CHECK_WATCH(r, gva, len, kind)                                                             \
	CHECK_EQ(watches_add(&(r)->control.watches, gva, len, kind), 0)

#endif

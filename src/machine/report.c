/* Where the guest is and why it stopped, as sentences. */
#include "machine/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu_bits.h"
#include "debug/insn.h"
#include "debug/means.h"
#include "debug/vectors.h"
#include "devices/pic.h"
#include "kvm/linear.h"
#include "kvm/probe.h"
#include "kvm/registers.h"
#include "machine/explain.h"
#include "machine/firmware.h"

void report_where(struct vcpu *v, char *to, size_t size)
{
	uint64_t rip = vcpu_regs(v)->rip, pc = registers_pc(v);
	unsigned cs = vcpu_sregs(v)->cs.selector;
	switch (registers_mode(v)) {
	case CPU_LONG64: snprintf(to, size, "0x%" PRIx64, pc); break;
	case CPU_REAL32:
	case CPU_PROT32:
	case CPU_COMPAT32:
		snprintf(to, size, "%04x:%08" PRIx64 " (linear 0x%" PRIx64 ")", cs, rip, pc);
		break;
	case CPU_REAL16:
	case CPU_VM86:
	case CPU_PROT16:
	case CPU_COMPAT16:
		snprintf(to, size, "%04x:%04" PRIx64 " (linear 0x%" PRIx64 ")", cs, rip, pc);
		break;
	}
}

/* What KVM's emulator may not know, as the probe asks for it. */
struct lack {
	const char *name;
	enum probe_fact fact; /* PROBE_FACTS: it does not */
};

static struct lack lack_of(const struct insn *insn)
{
	if (insn->kind == INSN_IRET)
		return (struct lack) { "iret", PROBE_IRET };
	if (insn->kind == INSN_INT)
		return (struct lack) { insn_is_int_n(insn)    ? "int n"
			               : insn->opcode == 0xcc ? "int3"
			               : insn->opcode == 0xce ? "into"
			                                      : "int1",
			PROBE_INT_N };
	if (insn->faults == INSN_FAULTS_FLOAT)
		return (struct lack) { "this x87 instruction", PROBE_X87 };
	if (insn->faults == INSN_FAULTS_SIMD)
		return (struct lack) { "this SSE instruction", PROBE_SSE };
	return (struct lack) { "this instruction", PROBE_FACTS };
}

/* Whether this KVM never does it in the mode that the CPU is in. */
static bool is_lacking(struct vcpu *v, const struct lack *l)
{
	enum cpu_mode mode = registers_mode(v);
	enum scratch_mode like = mode == CPU_LONG64   ? SCRATCH_LONG64
	                         : mode == CPU_PROT32 ? SCRATCH_PROT32
	                                              : SCRATCH_REAL16;
	bool is_like = mode == CPU_LONG64 || mode == CPU_PROT32 || mode == CPU_REAL16;
	return is_like && l->fact != PROBE_FACTS && probe_ask(l->fact, like, v->vm) == PROBE_NO;
}

/* False: the code can't be read. */
static bool read_insn(struct vcpu *v, struct insn *insn)
{
	uint8_t code[INSN_MAX];
	size_t n = linear_read(v, registers_pc(v), code, sizeof code);
	if (!insn_decode(insn, code, n, registers_code_bits(registers_mode(v))))
		*insn = (struct insn) { .kind = INSN_OTHER };
	return n;
}

/* Code that looks for an x87 finds one, and then nobody computes with it; unless it is not to. */
static const char *arithmetic_text(struct machine *m, const struct insn *insn)
{
	struct vcpu *v = machine_vcpu(m);
	bool is_float = insn->faults == INSN_FAULTS_FLOAT || insn->faults == INSN_FAULTS_SIMD;
	if (!is_float)
		return "";
	switch (explain_ruled_out(insn, vcpu_sregs(v), registers_code_bits(registers_mode(v)))) {
	case VECTOR_NM: return "A CPU raises #NM here, for CR0 (EM, TS, MP) says so.\n";
	case VECTOR_UD: return "A CPU raises #UD here, for CR0.EM or CR4 says so.\n";
	default: break;
	}
	if (!means_engine_is_first(&m->control))
		return "";
	return "Code finds the x87 by what stepvm's engine answers, but it has no "
	       "arithmetic of the x87, MMX or SSE: that needs a KVM that runs its guests on the "
	       "CPU.\n";
}

/* An instruction that KVM's emulator gave up at. */
static void report_emulation(struct machine *m, const char *where, char *to, size_t size)
{
	struct vcpu *v = machine_vcpu(m);
	char bytes[200];
	struct insn insn;
	unsigned bits = registers_code_bits(registers_mode(v));
	explain_bytes(v, bytes, sizeof bytes);
	if (!read_insn(v, &insn)) {
		snprintf(to, size,
		        "The guest cannot go on at %s: there is no RAM to run code from.\n%s",
		        where, bytes);
		return;
	}
	const struct lack l = lack_of(&insn);
	bool is_known = is_lacking(v, &l);
	snprintf(to, size, "%s %s %s in %u-bit code%s: the guest cannot go on at %s.\n%s%s",
	        m->kvm_name, is_known ? "does not run" : "could not run", l.name, bits,
	        is_known ? " (see stepvm probe)" : "", where, bytes, arithmetic_text(m, &insn));
}

/* 32-bit paging is on, which KVM lacks, and so it was not asked. */
static void report_no_paging(struct machine *m, const char *where, char *to, size_t size)
{
	struct insn insn;
	char bytes[200], what[80];
	bool is_first = means_engine_is_first(&m->control);
	if (read_insn(machine_vcpu(m), &insn))
		snprintf(what, sizeof what, "leaves %s to it", lack_of(&insn).name);
	else
		snprintf(what, sizeof what, "cannot fetch the instruction");
	explain_bytes(machine_vcpu(m), bytes, sizeof bytes);
	snprintf(to, size,
	        "%s has no 32-bit paging (see stepvm probe), %s%s: the guest cannot go on at "
	        "%s.\n%s%s",
	        m->kvm_name, is_first ? "and stepvm's engine " : "which is on",
	        is_first ? what : "", where, bytes,
	        is_first
	                ? arithmetic_text(m, &insn)
	                : "`monitor engine interp` has stepvm's own engine do the instructions.\n");
}

static void report_failure(
        struct machine *m, const struct exit *x, const char *where, char *to, size_t size)
{
	char exit[300], bytes[100];
	exit_describe(x, true, exit, sizeof exit);
	explain_bytes(machine_vcpu(m), bytes, sizeof bytes);
	switch (x->kind) {
	case EXIT_INTERNAL_ERROR:
		if (x->internal.suberror == KVM_INTERNAL_ERROR_EMULATION)
			report_emulation(m, where, to, size);
		else
			snprintf(to, size, "%s cannot go on at %s in %s mode: %s\n%s", m->kvm_name,
			        where, registers_mode_name(registers_mode(machine_vcpu(m))), exit,
			        bytes);
		break;
	case EXIT_FAIL_ENTRY:
		snprintf(to, size,
		        "The CPU refused to enter the guest at %s: %s\n"
		        "Its state is invalid for the CPU: look at cr0, cr4, efer and the "
		        "segments.\n",
		        where, exit);
		break;
	case EXIT_NO_PAGING: report_no_paging(m, where, to, size); break;
	case EXIT_KICKED:
		snprintf(to, size,
		        "%s begins the instruction at %s again and again, and never gets it "
		        "done.\n%s",
		        m->kvm_name, where, bytes);
		break;
	default:
		snprintf(to, size, "The guest stopped at %s: %s, which stepvm can't handle.\n",
		        where, exit);
		break;
	}
}

/* kvm_amd leaves a CPU that shut down in its reset state (SVM's VMCB is undefined then). */
static bool is_reset(struct vcpu *v)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	return s->cs.selector == 0xf000 && s->cs.base == 0xffff0000 &&
	       vcpu_regs(v)->rip == 0xfff0 && registers_mode(v) == CPU_REAL16;
}

/* A guest that turns 32-bit paging on may get #GP from a KVM that has none. */
static bool has_paging_fault(struct vcpu *v)
{
	uint8_t code[INSN_MAX];
	struct insn insn;
	const struct kvm_sregs *s = vcpu_sregs(v);
	size_t n = linear_read(v, registers_pc(v), code, sizeof code);
	return registers_mode(v) == CPU_PROT32 && !(s->cr0 & CR0_PG) && !(s->efer & EFER_LME) &&
	       insn_decode(&insn, code, n, 32) && insn.written_cr == 0 &&
	       probe_ask(PROBE_PAGING32_FAULTS, SCRATCH_PROT32, v->vm) == PROBE_YES;
}

/* With what was caught at the same time. */
static void report_zero_vector(struct machine *m, const struct stop *stop, char *to, size_t size)
{
	char what[100];
	const struct zero_jump *z = &stop->zero;
	bool is_for_bios = z->cause == CATCH_BY_INT && z->vector >= 0x10 && z->vector <= 0x1a;
	zero_jump_describe(z, what, sizeof what);
	snprintf(to, size, "%s%s, so the CPU takes the vectors for code.%s\n",
	        control_caught(&m->control), what,
	        is_for_bios && !m->guest->board.is_pc ? " A bare board has no BIOS (see --board)."
	                                              : "");
}

/* The end of a guest that has gone through a vector that is 0 some time before, as its stack shows. */
static void append_zero_vector(struct machine *m, char *to, size_t size)
{
	struct zero_jump jump;
	char what[100];
	size_t len = strlen(to);
	if (!m->control.watches_zero || registers_pc(machine_vcpu(m)) >= IVT_SIZE ||
	        !zero_vector_find(machine_vcpu(m), &jump) || len >= size)
		return;
	zero_jump_describe(&jump, what, sizeof what);
	snprintf(to + len, size - len, "What led there: %s.\n", what);
}

/* An interrupt's name, where its vector is one of the 8259s'. */
static void name_interrupt(struct machine *m, uint8_t vector, char *to, size_t size)
{
	int irq = pic_irq_of(&m->guest->board.state.pic, vector);
	if (irq >= 0)
		snprintf(to, size, "IRQ %d", irq);
	else
		snprintf(to, size, "An interrupt");
}

/* Appends a line where a kernel has not set up the 8259: its interrupts come where the CPU has its exceptions. */
static void append_base(struct machine *m, uint8_t vector, char *to, size_t size)
{
	size_t len = strlen(to);
	const int irq = pic_irq_of(&m->guest->board.state.pic, vector);
	if (irq >= 0 && vector < 0x20 && !registers_is_real(registers_mode(machine_vcpu(m))) &&
	        len < size)
		snprintf(to + len, size - len,
		        "The 8259's base is 0x%02x: it sends IRQ %d by a vector that is an "
		        "exception's.\n",
		        vector - irq % 8, irq);
}

/* Appends which device's interrupt was caught, where one was. */
static void append_irq(struct machine *m, char *to, size_t size)
{
	const struct cpu_run *cpu = &m->control.cpu;
	size_t len = strlen(to);
	char name[20];
	if (!cpu->entered_handler || cpu->cause != CATCH_BY_DEVICE || len >= size)
		return;
	name_interrupt(m, cpu->vector, name, sizeof name);
	snprintf(to + len, size - len, "%s came by vector 0x%02x.\n", name, cpu->vector);
	append_base(m, cpu->vector, to, size);
}

/* On the way to an interrupt's handler: the instruction has nothing to do with it. */
static void report_interrupt(
        struct machine *m, uint8_t vector, const char *where, char *to, size_t size)
{
	char why[1100], name[20];
	explain_interrupt(machine_vcpu(m), vector, why, sizeof why);
	name_interrupt(m, vector, name, sizeof name);
	snprintf(to, size,
	        "Triple fault: the CPU shut down at %s in %s mode.\n%s came there by vector "
	        "0x%02x, "
	        "before the instruction.\n%s",
	        where, registers_mode_name(registers_mode(machine_vcpu(m))), name, vector, why);
	append_base(m, vector, to, size);
}

static void report_shutdown(struct machine *m, const char *where, char *to, size_t size)
{
	char why[1100];
	uint8_t vector;
	if (control_shut_down_by(&m->control, &vector)) {
		report_interrupt(m, vector, where, to, size);
		return;
	}
	if (is_reset(machine_vcpu(m))) {
		snprintf(to, size,
		        "Triple fault: the CPU shut down, and this KVM has reset it: the registers "
		        "of that moment are lost. `monitor catch exception` before the next run "
		        "has the guest stepped, which keeps them.\n");
		return;
	}
	explain_fault(machine_vcpu(m), why, sizeof why);
	size_t len = strlen(why);
	if (has_paging_fault(machine_vcpu(m)))
		snprintf(why + len, sizeof why - len,
		        "%s raises this #GP itself: it has no 32-bit paging (see stepvm probe).\n",
		        m->kvm_name);
	snprintf(to, size, "Triple fault: the CPU shut down at %s in %s mode.\n%s", where,
	        registers_mode_name(registers_mode(machine_vcpu(m))), why);
}

/* A file that was taken for what it is not is the first thing to look at. */
static void append_image(const struct machine *m, char *to, size_t size)
{
	char line[400];
	size_t len = strlen(to);
	image_describe(&m->guest->image, line, sizeof line);
	if (len < size && !m->config->replay) /* a recording's image was not guessed from a file */
		snprintf(to + len, size - len, "%s\n", line);
}

/* The guest may stand in a call that waits: where somebody has asked for a stop, or nothing can wake it. */
static void append_wait(struct machine *m, char *to, size_t size)
{
	char what[100];
	size_t len = strlen(to);
	if (len < size && firmware_describe_wait(m, what, sizeof what))
		snprintf(to + len, size - len, "The guest is %s.\n", what);
}

/* The BIOS's part in what was caught: a call's handler is its stub. */
static void append_call(struct machine *m, char *to, size_t size)
{
	struct bios_regs regs;
	char what[300];
	size_t len = strlen(to);
	if (!m->control.cpu.entered_handler || !firmware_runs(m) || len >= size)
		return;
	firmware_regs(m, m->control.cpu.vector, &regs);
	bios_describe(m->control.cpu.vector, &regs, NULL, what, sizeof what);
	snprintf(to + len, size - len, "The BIOS is called: %s\n", what);
}

void report_held_back(const struct machine *m, char *to, size_t size)
{
	size_t len = strlen(to);
	int by;
	const int irq = pic_held_back(&m->guest->board.state.pic, &by);
	if (irq >= 0 && len < size)
		snprintf(to + len, size - len,
		        "IRQ %d waits: IRQ %d is in service at the 8259 and holds it back until an "
		        "EOI is sent.\n",
		        irq, by);
}

static void report_halt(struct machine *m, const char *where, char *to, size_t size)
{
	const bool has_if = vcpu_regs(machine_vcpu(m))->rflags & RFLAGS_IF;
	const char *wake = machine_can_wake(m) ? " until an interrupt comes"
	                   : has_if ? ", and nothing can wake it (no device will interrupt)"
	                            : ", and nothing can wake it (IF=0)";
	snprintf(to, size, "hlt: the CPU is halted%s. After the hlt: %s.\n", wake, where);
	const int irq = pic_in_service(&m->guest->board.state.pic);
	size_t len = strlen(to);
	if (has_if && irq >= 0 && !machine_can_wake(m) && len < size)
		snprintf(to + len, size - len,
		        "IRQ %d is still in service at the 8259 (no EOI was sent), which holds "
		        "back "
		        "IRQ %d and those of lower priority.\n",
		        irq, irq);
	len = strlen(to);
	if (has_if && !machine_can_wake(m) && !pic_masks(&m->guest->board.state.pic, 1) &&
	        len < size)
		snprintf(to + len, size - len,
		        "IRQ 1 is not masked: its keys come by --screen, --keys or monitor "
		        "type.\n");
	append_wait(m, to, size);
}

/* What this KVM has not shown of the guest since the stop before. */
static void append_unseen(struct machine *m, char *to, size_t size)
{
	size_t len = strlen(to);
	uint64_t from;
	if (control_take_run_on(&m->control, &from))
		snprintf(to + len, size - len,
		        "%s did not stop the guest after the instruction at 0x%" PRIx64
		        ": it has run on.\n",
		        m->kvm_name, from);
	len = strlen(to);
	if (control_take_unseen(&m->control))
		snprintf(to + len, size - len,
		        "The guest has run at CPL 3 unseen: %s shows neither steps nor "
		        "breakpoints there (see stepvm probe).\n",
		        m->kvm_name);
}

void report_stop(struct machine *m, const struct stop *stop, char *to, size_t size)
{
	char where[100] = "";
	bool is_end = stop->kind == STOP_HALTED || stop->kind == STOP_SHUTDOWN ||
	              stop->kind == STOP_FAILED;
	if (is_end) /* a step has no time for it */
		report_where(machine_vcpu(m), where, sizeof where);
	to[0] = 0;
	switch (stop->kind) {
	case STOP_HALTED: report_halt(m, where, to, size); break;
	case STOP_SHUTDOWN:
		report_shutdown(m, where, to, size);
		append_image(m, to, size);
		break;
	case STOP_WATCH: /* and what was caught with it */
	case STOP_CATCH:
		snprintf(to, size, "%s", control_caught(&m->control));
		append_irq(m, to, size);
		if (stop->kind == STOP_CATCH)
			append_call(m, to, size);
		break;
	case STOP_FAILED:
		report_failure(m, &stop->exit, where, to, size);
		append_image(m, to, size);
		break;
	case STOP_ZERO_VECTOR: report_zero_vector(m, stop, to, size); break;
	case STOP_STEPPED:
	case STOP_BREAKPOINT:
	case STOP_DEVICE: break;
	case STOP_KICKED:
		append_wait(m, to, size);
		report_held_back(m, to, size);
		break;
	/* The protocol alone hears of it: there is nothing to say with it. */
	case STOP_LONG: return;
	}
	if (is_end)
		append_zero_vector(m, to, size);
	append_unseen(m, to, size);
}

#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "cpu_bits.h"
#include "explain.h"
#include "kvm/registers.h"

void report_where(struct vcpu *v, char *to, size_t size)
{
	uint64_t rip = vcpu_regs(v)->rip, pc = registers_pc(v);
	unsigned cs = vcpu_sregs(v)->cs.selector;
	switch (registers_mode(v)) {
	case CPU_LONG64: snprintf(to, size, "0x%" PRIx64, pc); break;
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

static void report_failure(
        struct machine *m, const struct exit *x, const char *where, char *to, size_t size)
{
	char exit[300], bytes[100];
	exit_describe(x, true, exit, sizeof exit);
	explain_bytes(&m->vcpu, bytes, sizeof bytes);
	switch (x->kind) {
	case EXIT_INTERNAL_ERROR:
		snprintf(to, size,
		        "KVM cannot go on at %s in %s mode: %s\n"
		        "%s",
		        where, registers_mode_name(registers_mode(&m->vcpu)), exit, bytes);
		break;
	case EXIT_FAIL_ENTRY:
		snprintf(to, size,
		        "The CPU refused to enter the guest at %s: %s\n"
		        "Its state is invalid for the CPU: look at cr0, cr4, efer and the "
		        "segments.\n",
		        where, exit);
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

static void report_shutdown(struct machine *m, const char *where, char *to, size_t size)
{
	char why[700];
	if (is_reset(&m->vcpu)) {
		snprintf(to, size,
		        "Triple fault: the CPU shut down, and this KVM has reset it: the registers "
		        "of that moment are lost. `monitor catch exception` before the next run "
		        "has the guest stepped, which keeps them.\n");
		return;
	}
	explain_fault(&m->vcpu, why, sizeof why);
	snprintf(to, size, "Triple fault: the CPU shut down at %s in %s mode.\n%s", where,
	        registers_mode_name(registers_mode(&m->vcpu)), why);
}

void report_stop(struct machine *m, const struct stop *stop, char *to, size_t size)
{
	char where[100] = "";
	bool has_where = stop->kind == STOP_HALTED || stop->kind == STOP_SHUTDOWN ||
	                 stop->kind == STOP_FAILED;
	if (has_where) /* a step has no time for it */
		report_where(&m->vcpu, where, sizeof where);
	to[0] = 0;
	switch (stop->kind) {
	case STOP_HALTED:
		snprintf(to, size, "hlt: the CPU is halted%s. Behind the hlt: %s.\n",
		        machine_can_wake(m) ? " until an interrupt comes"
		        : vcpu_regs(&m->vcpu)->rflags & RFLAGS_IF
		                ? ", and nothing can wake it (no device will interrupt)"
		                : ", and nothing can wake it (IF=0)",
		        where);
		break;
	case STOP_SHUTDOWN: report_shutdown(m, where, to, size); break;
	case STOP_WATCH: /* and what was caught with it */
	case STOP_CATCH:
		if (stop->kind == STOP_CATCH || m->control.has_caught)
			snprintf(to, size, "%s", m->control.caught);
		break;
	case STOP_FAILED: report_failure(m, &stop->exit, where, to, size); break;
	case STOP_STEPPED:
	case STOP_BREAKPOINT:
	case STOP_KICKED:
	case STOP_DEVICE: break;
	}
}

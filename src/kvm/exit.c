/* Decoding struct kvm_run, and exits in words. */
#include "kvm/exit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "base/line.h"

/* Numbers from <linux/kvm.h>; those that a distribution's header may not have yet stand as numbers.
 */
static const char *const names[] = {
	[KVM_EXIT_UNKNOWN] = "KVM_EXIT_UNKNOWN",
	[KVM_EXIT_EXCEPTION] = "KVM_EXIT_EXCEPTION",
	[KVM_EXIT_IO] = "KVM_EXIT_IO",
	[KVM_EXIT_HYPERCALL] = "KVM_EXIT_HYPERCALL",
	[KVM_EXIT_DEBUG] = "KVM_EXIT_DEBUG",
	[KVM_EXIT_HLT] = "KVM_EXIT_HLT",
	[KVM_EXIT_MMIO] = "KVM_EXIT_MMIO",
	[KVM_EXIT_IRQ_WINDOW_OPEN] = "KVM_EXIT_IRQ_WINDOW_OPEN",
	[KVM_EXIT_SHUTDOWN] = "KVM_EXIT_SHUTDOWN",
	[KVM_EXIT_FAIL_ENTRY] = "KVM_EXIT_FAIL_ENTRY",
	[KVM_EXIT_INTR] = "KVM_EXIT_INTR",
	[KVM_EXIT_SET_TPR] = "KVM_EXIT_SET_TPR",
	[KVM_EXIT_TPR_ACCESS] = "KVM_EXIT_TPR_ACCESS",
	[KVM_EXIT_S390_SIEIC] = "KVM_EXIT_S390_SIEIC",
	[KVM_EXIT_S390_RESET] = "KVM_EXIT_S390_RESET",
	[15] = "KVM_EXIT_DCR",
	[KVM_EXIT_NMI] = "KVM_EXIT_NMI",
	[KVM_EXIT_INTERNAL_ERROR] = "KVM_EXIT_INTERNAL_ERROR",
	[KVM_EXIT_OSI] = "KVM_EXIT_OSI",
	[KVM_EXIT_PAPR_HCALL] = "KVM_EXIT_PAPR_HCALL",
	[KVM_EXIT_S390_UCONTROL] = "KVM_EXIT_S390_UCONTROL",
	[KVM_EXIT_WATCHDOG] = "KVM_EXIT_WATCHDOG",
	[KVM_EXIT_S390_TSCH] = "KVM_EXIT_S390_TSCH",
	[KVM_EXIT_EPR] = "KVM_EXIT_EPR",
	[KVM_EXIT_SYSTEM_EVENT] = "KVM_EXIT_SYSTEM_EVENT",
	[KVM_EXIT_S390_STSI] = "KVM_EXIT_S390_STSI",
	[KVM_EXIT_IOAPIC_EOI] = "KVM_EXIT_IOAPIC_EOI",
	[KVM_EXIT_HYPERV] = "KVM_EXIT_HYPERV",
	[28] = "KVM_EXIT_ARM_NISV",
	[29] = "KVM_EXIT_X86_RDMSR",
	[30] = "KVM_EXIT_X86_WRMSR",
	[31] = "KVM_EXIT_DIRTY_RING_FULL",
	[32] = "KVM_EXIT_AP_RESET_HOLD",
	[33] = "KVM_EXIT_X86_BUS_LOCK",
	[34] = "KVM_EXIT_XEN",
	[35] = "KVM_EXIT_RISCV_SBI",
	[36] = "KVM_EXIT_RISCV_CSR",
	[37] = "KVM_EXIT_NOTIFY",
	[38] = "KVM_EXIT_LOONGARCH_IOCSR",
	[39] = "KVM_EXIT_MEMORY_FAULT",
	[40] = "KVM_EXIT_TDX",
};

static const char *const suberrors[] = {
	[1] = "KVM_INTERNAL_ERROR_EMULATION",
	[2] = "KVM_INTERNAL_ERROR_SIMUL_EX",
	[3] = "KVM_INTERNAL_ERROR_DELIVERY_EV",
	[4] = "KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON",
};

const char *exit_name(uint32_t reason)
{
	return reason < ARRAY_SIZE(names) ? names[reason] : NULL;
}

const char *exit_suberror_name(uint32_t suberror)
{
	return suberror < ARRAY_SIZE(suberrors) ? suberrors[suberror] : NULL;
}

static void decode_io(struct exit *x, struct kvm_run *run, size_t run_size)
{
	uint64_t len = (uint64_t)run->io.size * run->io.count, at = run->io.data_offset;
	if (at > run_size || len > run_size - at)
		return;
	x->kind = EXIT_IO;
	x->io.is_write = run->io.direction == KVM_EXIT_IO_OUT;
	x->io.size = run->io.size;
	x->io.port = run->io.port;
	x->io.count = run->io.count;
	x->io.data = (uint8_t *)run + at;
}

static void decode_internal(struct exit *x, const struct kvm_run *run)
{
	x->kind = EXIT_INTERNAL_ERROR;
	x->internal.suberror = run->internal.suberror;
	x->internal.insn_size = 0;
	uint32_t n = run->internal.ndata;
	x->internal.data_count = n < EXIT_DATA_MAX ? n : EXIT_DATA_MAX;
	memcpy(x->internal.data, run->internal.data, x->internal.data_count * sizeof(uint64_t));
	if (run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION && n >= 3 &&
	        run->emulation_failure.flags &
	                KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) {
		uint8_t size = run->emulation_failure.insn_size;
		x->internal.insn_size = size < EXIT_INSN_MAX ? size : EXIT_INSN_MAX;
		memcpy(x->internal.insn, run->emulation_failure.insn_bytes, EXIT_INSN_MAX);
	}
}

void exit_decode(struct exit *x, struct kvm_run *run, size_t run_size)
{
	x->reason = run->exit_reason;
	x->kind = EXIT_OTHER;
	switch (run->exit_reason) {
	case KVM_EXIT_IO: decode_io(x, run, run_size); break;
	case KVM_EXIT_MMIO:
		if (run->mmio.len > sizeof run->mmio.data)
			break;
		x->kind = EXIT_MMIO;
		x->mmio.is_write = run->mmio.is_write;
		x->mmio.size = (uint8_t)run->mmio.len;
		x->mmio.gpa = run->mmio.phys_addr;
		x->mmio.data = run->mmio.data;
		break;
	case KVM_EXIT_X86_WRMSR:
		if (run->msr.index != MSR_EFER)
			break;
		x->kind = EXIT_MSR;
		x->msr.value = run->msr.data;
		x->msr.is_refused = &run->msr.error;
		break;
	case KVM_EXIT_HLT: x->kind = EXIT_HLT; break;
	case KVM_EXIT_DEBUG:
		x->kind = EXIT_DEBUG;
		x->debug.exception = run->debug.arch.exception;
		x->debug.pc = run->debug.arch.pc;
		x->debug.dr6 = run->debug.arch.dr6;
		x->debug.dr7 = run->debug.arch.dr7;
		break;
	case KVM_EXIT_SHUTDOWN: x->kind = EXIT_SHUTDOWN; break;
	case KVM_EXIT_FAIL_ENTRY:
		x->kind = EXIT_FAIL_ENTRY;
		x->fail_entry.hardware_reason = run->fail_entry.hardware_entry_failure_reason;
		x->fail_entry.cpu = run->fail_entry.cpu;
		break;
	case KVM_EXIT_INTERNAL_ERROR: decode_internal(x, run); break;
	case KVM_EXIT_IRQ_WINDOW_OPEN: x->kind = EXIT_IRQ_WINDOW; break;
	case KVM_EXIT_INTR: x->kind = EXIT_KICKED; break;
	}
}

/* size bytes, little-endian, as one hex number. */
static void add_value(struct line *l, const uint8_t *data, unsigned size)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < size && i < 8; i++)
		value |= (uint64_t)data[i] << (8 * i);
	line_add(l, "0x%" PRIx64, value);
}

static void add_io(struct line *l, const struct exit *x, bool data_valid)
{
	line_add(l, " port=0x%x size=%u direction=%s", x->io.port, x->io.size,
	        x->io.is_write ? "out" : "in");
	if (x->io.count != 1)
		line_add(l, " count=%u", x->io.count);
	if (!x->io.is_write && !data_valid)
		return;
	for (uint32_t i = 0; i < x->io.count; i++) {
		line_add(l, i ? "," : " data=");
		add_value(l, x->io.data + (size_t)i * x->io.size, x->io.size);
	}
}

static void add_internal(struct line *l, const struct exit *x)
{
	const char *name = exit_suberror_name(x->internal.suberror);
	line_add(l, " suberror=%u", x->internal.suberror);
	if (name)
		line_add(l, " (%s)", name);
	if (x->internal.insn_size) {
		line_add(l, " instruction=");
		for (unsigned i = 0; i < x->internal.insn_size; i++)
			line_add(l, "%s%02x", i ? " " : "", x->internal.insn[i]);
		return;
	}
	for (uint32_t i = 0; i < x->internal.data_count; i++)
		line_add(l, "%s0x%" PRIx64, i ? "," : " data=", x->internal.data[i]);
}

void exit_describe(const struct exit *x, bool data_valid, char *to, size_t size)
{
	struct line l = { .to = to, .size = size };
	const char *name = exit_name(x->reason);
	if (x->kind == EXIT_KICKED)
		line_add(&l, "KVM_EXIT_INTR");
	else if (x->kind == EXIT_NO_PAGING)
		line_add(&l, "KVM_RUN is not asked: it has no 32-bit paging");
	else if (name)
		line_add(&l, "%s", name);
	else
		line_add(&l, "KVM_EXIT_%u (a reason this stepvm does not know)", x->reason);
	switch (x->kind) {
	case EXIT_IO: add_io(&l, x, data_valid); break;
	case EXIT_MMIO:
		line_add(&l, " address=0x%" PRIx64 " size=%u direction=%s", x->mmio.gpa,
		        x->mmio.size, x->mmio.is_write ? "write" : "read");
		if (x->mmio.is_write || data_valid) {
			line_add(&l, " data=");
			add_value(&l, x->mmio.data, x->mmio.size);
		}
		break;
	case EXIT_MSR: line_add(&l, " EFER=0x%" PRIx64, x->msr.value); break;
	case EXIT_DEBUG:
		line_add(&l, " exception=%u pc=0x%" PRIx64 " dr6=0x%" PRIx64, x->debug.exception,
		        x->debug.pc, x->debug.dr6);
		break;
	case EXIT_FAIL_ENTRY:
		line_add(&l, " hardware_entry_failure_reason=0x%" PRIx64 " cpu=%u",
		        x->fail_entry.hardware_reason, x->fail_entry.cpu);
		break;
	case EXIT_INTERNAL_ERROR: add_internal(&l, x); break;
	case EXIT_KICKED:
	case EXIT_HLT:
	case EXIT_SHUTDOWN:
	case EXIT_IRQ_WINDOW:
	case EXIT_NO_PAGING:
	case EXIT_OTHER: break;
	}
}

/* monitor info registers: the CPU in QEMU's words and columns, which scripts for its monitor parse.
 * Source: QEMU's target/i386/cpu-dump.c for the format (QEMU 7.2 to 10); SDM vol 3, "Segment
 * Descriptors" and "System Descriptor Types"; SDM vol 1, "FXSAVE Area".
 *
 * A20 is open and there is no SMM: A20=1 SMM=0. ymm and zmm registers are gdb's to show. */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "kvm/registers.h"
#include "kvm/segment.h"
#include "monitor/internal.h"

/* How wide the rows are: by CS.L, those of the tables and control registers by LMA. */
struct width {
	bool is_code64, is_lma, is_protected;
};

static void say_general(const struct output *out, const struct kvm_regs *r, bool is_wide)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = { { "AX", r->rax }, { "BX", r->rbx }, { "CX", r->rcx }, { "DX", r->rdx },
		{ "SI", r->rsi }, { "DI", r->rdi }, { "BP", r->rbp }, { "SP", r->rsp },
		{ "8 ", r->r8 }, { "9 ", r->r9 }, { "10", r->r10 }, { "11", r->r11 },
		{ "12", r->r12 }, { "13", r->r13 }, { "14", r->r14 }, { "15", r->r15 } };
	for (unsigned i = 0; i < (is_wide ? 16 : 8); i++) {
		const char *end = i % 4 == 3 ? "\n" : " ";
		if (is_wide)
			say(out, "R%s=%016" PRIx64 "%s", rows[i].name, rows[i].value, end);
		else
			say(out, "E%s=%08" PRIx32 "%s", rows[i].name, (uint32_t)rows[i].value, end);
	}
}

static void say_flags(struct run *run, const struct output *out, bool is_wide)
{
	static const struct {
		char letter;
		uint8_t bit; /* SDM vol 1, "EFLAGS Register" */
	} flags[] = { { 'D', 10 }, { 'O', 11 }, { 'S', 7 }, { 'Z', 6 }, { 'A', 4 }, { 'P', 2 },
		{ 'C', 0 } };
	struct vcpu *v = machine_vcpu(run->machine);
	const struct kvm_regs *r = vcpu_regs(v);
	struct kvm_vcpu_events events = { 0 };
	char letters[ARRAY_SIZE(flags) + 1] = "";
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		letters[i] = r->rflags >> flags[i].bit & 1 ? flags[i].letter : '-';
	vcpu_get_events(v, &events);
	if (is_wide)
		say(out, "RIP=%016" PRIx64 " RFL=", (uint64_t)r->rip);
	else
		say(out, "EIP=%08" PRIx32 " EFL=", (uint32_t)r->rip);
	say(out, "%08" PRIx32 " [%s] CPL=%u II=%d A20=1 SMM=0 HLT=%d\n", (uint32_t)r->rflags,
	        letters, registers_cpl(v), events.interrupt.shadow != 0,
	        control_is_halted(&run->machine->control));
}

static const char *system_name(unsigned type, bool is_lma)
{
	static const char *const names[2][16] = {
		{ "Reserved", "TSS16-avl", "LDT", "TSS16-busy", "CallGate16", "TaskGate",
		        "IntGate16", "TrapGate16", "Reserved", "TSS32-avl", "Reserved",
		        "TSS32-busy", "CallGate32", "Reserved", "IntGate32", "TrapGate32" },
		{ "<hiword>", "Reserved", "LDT", "Reserved", "Reserved", "Reserved", "Reserved",
		        "Reserved", "Reserved", "TSS64-avl", "Reserved", "TSS64-busy", "CallGate64",
		        "Reserved", "IntGate64", "TrapGate64" },
	};
	return names[is_lma][type & 15];
}

/* " DPL=0 CS32 [-R-]", " DPL=0 TSS64-busy" */
static void add_kind(char *to, size_t size, const struct kvm_segment *g, const struct width *w)
{
	unsigned type = g->type;
	int n = snprintf(to, size, " DPL=%u ", g->dpl);
	to += n;
	size -= (size_t)n;
	if (!g->s)
		snprintf(to, size, "%s", system_name(type, w->is_lma));
	else if (type & 8)
		snprintf(to, size, "%s [%c%c%c]",
		        g->l    ? "CS64"
		        : g->db ? "CS32"
		                : "CS16",
		        type & 4 ? 'C' : '-', type & 2 ? 'R' : '-', type & 1 ? 'A' : '-');
	else
		snprintf(to, size, "%s [%c%c%c]", g->db || w->is_lma ? "DS  " : "DS16",
		        type & 4 ? 'E' : '-', type & 2 ? 'W' : '-', type & 1 ? 'A' : '-');
}

static void say_segment(const struct output *out, const char *name, const struct kvm_segment *g,
        const struct width *w)
{
	char kind[40] = "";
	/* Bits 8 to 23 of a descriptor's second word; 16 to 19 are the limit's, in pages with G. */
	uint32_t limit = g->limit >> (g->g ? 28 : 16) & 15;
	uint32_t flags = g->unusable ? 0 : (segment_attributes(g) & 0xffff) << 8 | limit << 16;
	if (w->is_protected && g->present && !g->unusable)
		add_kind(kind, sizeof kind, g, w);
	if (w->is_code64)
		say(out, "%-3s=%04x %016" PRIx64 " %08x %08x%s\n", name, g->selector,
		        (uint64_t)g->base, g->limit, flags, kind);
	else
		say(out, "%-3s=%04x %08x %08x %08x%s\n", name, g->selector, (uint32_t)g->base,
		        g->limit, flags, kind);
}

static void say_control(const struct output *out, const struct kvm_sregs *r, const struct width *w)
{
	int digits = w->is_lma ? 16 : 8;
	say(out, "GDT=     %0*" PRIx64 " %08x\n", digits, (uint64_t)r->gdt.base, r->gdt.limit);
	say(out, "IDT=     %0*" PRIx64 " %08x\n", digits, (uint64_t)r->idt.base, r->idt.limit);
	say(out, "CR0=%08x CR2=%0*" PRIx64 " CR3=%0*" PRIx64 " CR4=%08x\n", (uint32_t)r->cr0,
	        digits, (uint64_t)r->cr2, digits, (uint64_t)r->cr3, (uint32_t)r->cr4);
}

static void say_debug(const struct output *out, struct vcpu *v)
{
	struct kvm_debugregs d = { 0 };
	vcpu_get_debugregs(v, &d);
	for (unsigned i = 0; i < 4; i++)
		say(out, "DR%u=%016" PRIx64 " ", i, (uint64_t)d.db[i]);
	say(out, "\nDR6=%016" PRIx64 " DR7=%016" PRIx64 "\n", (uint64_t)d.dr6, (uint64_t)d.dr7);
}

/* FPR0 to FPR7 are the x87's physical registers, FXSAVE has them from its top on. */
static void say_floats(const struct output *out, const uint8_t *fxsave, bool is_wide)
{
	unsigned top = fxsave[3] >> 3 & 7;
	say(out, "FCW=%04x FSW=%04x [ST=%u] FTW=%02x MXCSR=%08x\n", (unsigned)get_number(fxsave, 2),
	        (unsigned)get_number(fxsave + 2, 2), top, fxsave[4],
	        (unsigned)get_number(fxsave + 24, 4));
	for (unsigned i = 0; i < 8; i++) {
		const uint8_t *st = fxsave + 32 + 16 * ((i - top) & 7);
		say(out, "FPR%u=%016" PRIx64 " %04x%s", i, get_number(st, 8),
		        (unsigned)get_number(st + 8, 2), i & 1 ? "\n" : " ");
	}
	for (unsigned i = 0; i < (is_wide ? 16 : 8); i++) {
		const uint8_t *xmm = fxsave + 160 + 16 * i;
		say(out, "XMM%02u=%016" PRIx64 " %016" PRIx64 "%s", i, get_number(xmm + 8, 8),
		        get_number(xmm, 8), i & 1 ? "\n" : " ");
	}
}

void monitor_info_registers(struct run *run, const struct output *out, const char *operands)
{
	struct vcpu *v = machine_vcpu(run->machine);
	const struct kvm_sregs r = *vcpu_sregs(v);
	const struct {
		const char *name;
		const struct kvm_segment *segment;
	} segments[] = { { "ES", &r.es }, { "CS", &r.cs }, { "SS", &r.ss }, { "DS", &r.ds },
		{ "FS", &r.fs }, { "GS", &r.gs }, { "LDT", &r.ldt }, { "TR", &r.tr } };
	const struct width w = { .is_code64 = registers_mode(v) == CPU_LONG64,
		.is_lma = r.efer & EFER_LMA,
		.is_protected = r.cr0 & CR0_PE };
	if (*operands && strcmp(operands, "-a") && strcmp(operands, "0")) {
		refuse(out, "info registers", operands, "there is one CPU, 0");
		return;
	}
	say(out, "\nCPU#0\n");
	say_general(out, vcpu_regs(v), w.is_code64);
	say_flags(run, out, w.is_code64);
	for (size_t i = 0; i < ARRAY_SIZE(segments); i++)
		say_segment(out, segments[i].name, segments[i].segment, &w);
	say_control(out, &r, &w);
	say_debug(out, v);
	say(out, "EFER=%016" PRIx64 "\n", (uint64_t)r.efer);
	say_floats(out, vcpu_xsave(v), w.is_code64);
}

/* The fields of struct kept: where each is, how wide, and how large its value may be. What is read of a file is used as an
 * index by devices, so each is held to that. */
#include "history/file_machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/cpu_bits.h"

#define ANY      UINT64_MAX
#define MSRS_MAX 4096

#define TYPE_CODE        8  /* SDM vol 3, "Code- and Data-Segment Descriptor Types" */
#define XSAVE_MXCSR_MASK 28 /* SDM vol 1, "FXSAVE Area": the CPU's, and not the guest's */
#define NOW_NS_MAX       (UINT64_C(1) << 60) /* 36 years */

struct field {
	const char *name;
	uint16_t size;
	uint32_t at, count; /* elements */
	uint64_t max;       /* of each */
};

#define AT(member) (uint32_t) offsetof(struct kept, member)
#define OF(member) ((struct kept *)0)->member
#define ONE(member, most)                                                                          \
	{                                                                                          \
#member, sizeof OF(member), AT(member), 1, most                                    \
	}
#define MANY(member, most)                                                                         \
	{                                                                                          \
#member, sizeof OF(member)[0], AT(member),                                         \
		                 sizeof OF(member) / sizeof OF(member)[0], most                    \
	}
#define BYTES(member)                                                                              \
	{                                                                                          \
#member, 1, AT(member), sizeof OF(member), ANY                                     \
	}

#define SEGMENT(name)                                                                              \
	ONE(vcpu.sregs.name.base, ANY), ONE(vcpu.sregs.name.limit, ANY),                           \
	        ONE(vcpu.sregs.name.selector, ANY), ONE(vcpu.sregs.name.type, 15),                 \
	        ONE(vcpu.sregs.name.present, 1), ONE(vcpu.sregs.name.dpl, 3),                      \
	        ONE(vcpu.sregs.name.db, 1), ONE(vcpu.sregs.name.s, 1), ONE(vcpu.sregs.name.l, 1),  \
	        ONE(vcpu.sregs.name.g, 1), ONE(vcpu.sregs.name.avl, 1),                            \
	        ONE(vcpu.sregs.name.unusable, 1)
#define TABLE(name) ONE(vcpu.sregs.name.base, ANY), ONE(vcpu.sregs.name.limit, ANY)

#define UART_FIELDS(name)                                                                          \
	ONE(board.name.ier, ANY), ONE(board.name.fcr, ANY), ONE(board.name.lcr, ANY),              \
	        ONE(board.name.mcr, ANY), ONE(board.name.lsr, ANY), ONE(board.name.msr, ANY),      \
	        ONE(board.name.scr, ANY), ONE(board.name.divisor, ANY),                            \
	        ONE(board.name.is_alone, 1), ONE(board.name.is_thre_pending, 1),                   \
	        ONE(board.name.is_timed_out, 1), BYTES(board.name.rx),                             \
	        ONE(board.name.rx_head, UART_FIFO - 1), ONE(board.name.rx_count, UART_FIFO)

#define CHIP(name)                                                                                 \
	ONE(board.pic.name.lines, ANY), ONE(board.pic.name.edges, ANY),                            \
	        ONE(board.pic.name.imr, ANY), ONE(board.pic.name.isr, ANY),                        \
	        ONE(board.pic.name.elcr, ANY), ONE(board.pic.name.base, ANY),                      \
	        ONE(board.pic.name.icw3, ANY), ONE(board.pic.name.lowest, 7),                      \
	        ONE(board.pic.name.is_level, 1), ONE(board.pic.name.is_single, 1),                 \
	        ONE(board.pic.name.has_icw4, 1), ONE(board.pic.name.is_auto, 1),                   \
	        ONE(board.pic.name.is_nested, 1), ONE(board.pic.name.rotates, 1),                  \
	        ONE(board.pic.name.is_special, 1), ONE(board.pic.name.reads_isr, 1),               \
	        ONE(board.pic.name.is_polled, 1), ONE(board.pic.name.is_initialized, 1),           \
	        ONE(board.pic.name.expects, PIC_ICW4)

#define COUNTER(n)                                                                                 \
	ONE(board.pit.counters[n].tick, ANY), ONE(board.pit.counters[n].control, 0x3f),            \
	        ONE(board.pit.counters[n].has_count, 1), ONE(board.pit.counters[n].loads, 1),      \
	        ONE(board.pit.counters[n].is_loaded, 1), ONE(board.pit.counters[n].is_null, 1),    \
	        ONE(board.pit.counters[n].is_armed, 1), ONE(board.pit.counters[n].is_odd, 1),      \
	        ONE(board.pit.counters[n].is_halfway, 1),                                          \
	        ONE(board.pit.counters[n].reads_high, 1), ONE(board.pit.counters[n].gate, 1),      \
	        ONE(board.pit.counters[n].out, 1), ONE(board.pit.counters[n].has_risen, 1),        \
	        ONE(board.pit.counters[n].count, ANY), ONE(board.pit.counters[n].low, ANY),        \
	        ONE(board.pit.counters[n].value, ANY), ONE(board.pit.counters[n].is_latched, 1),   \
	        ONE(board.pit.counters[n].has_status, 1), ONE(board.pit.counters[n].latch, ANY),   \
	        ONE(board.pit.counters[n].status, ANY)

static const struct field fields[] = {
	ONE(vcpu.regs.rax, ANY),
	ONE(vcpu.regs.rbx, ANY),
	ONE(vcpu.regs.rcx, ANY),
	ONE(vcpu.regs.rdx, ANY),
	ONE(vcpu.regs.rsi, ANY),
	ONE(vcpu.regs.rdi, ANY),
	ONE(vcpu.regs.rsp, ANY),
	ONE(vcpu.regs.rbp, ANY),
	ONE(vcpu.regs.r8, ANY),
	ONE(vcpu.regs.r9, ANY),
	ONE(vcpu.regs.r10, ANY),
	ONE(vcpu.regs.r11, ANY),
	ONE(vcpu.regs.r12, ANY),
	ONE(vcpu.regs.r13, ANY),
	ONE(vcpu.regs.r14, ANY),
	ONE(vcpu.regs.r15, ANY),
	ONE(vcpu.regs.rip, ANY),
	ONE(vcpu.regs.rflags, ANY),
	SEGMENT(cs),
	SEGMENT(ds),
	SEGMENT(es),
	SEGMENT(fs),
	SEGMENT(gs),
	SEGMENT(ss),
	SEGMENT(tr),
	SEGMENT(ldt),
	TABLE(gdt),
	TABLE(idt),
	ONE(vcpu.sregs.cr0, ANY),
	ONE(vcpu.sregs.cr2, ANY),
	ONE(vcpu.sregs.cr3, ANY),
	ONE(vcpu.sregs.cr4, ANY),
	ONE(vcpu.sregs.cr8, 15),
	ONE(vcpu.sregs.efer, ANY),
	ONE(vcpu.sregs.apic_base, ANY),
	MANY(vcpu.sregs.interrupt_bitmap, ANY),
	ONE(vcpu.has_pdptrs, 1),
	MANY(vcpu.pdptrs, ANY),
	MANY(vcpu.debugregs.db, ANY),
	ONE(vcpu.debugregs.dr6, ANY),
	ONE(vcpu.debugregs.dr7, ANY),
	ONE(vcpu.debugregs.flags, ANY),
	BYTES(vcpu.events),
	BYTES(vcpu.xsave),
	ONE(vcpu.xcr0, ANY),
	UART_FIELDS(uart),
	UART_FIELDS(uart2),
	CHIP(master),
	CHIP(slave),
	COUNTER(0),
	COUNTER(1),
	COUNTER(2),
	BYTES(board.i8042.keyboard.queue),
	ONE(board.i8042.keyboard.head, KEYBOARD_QUEUE - 1),
	ONE(board.i8042.keyboard.count, KEYBOARD_QUEUE),
	BYTES(board.i8042.keyboard.replies),
	ONE(board.i8042.keyboard.reply_count, KEYBOARD_REPLIES),
	ONE(board.i8042.keyboard.expects, ANY),
	ONE(board.i8042.keyboard.set, 2),
	ONE(board.i8042.keyboard.leds, ANY),
	ONE(board.i8042.keyboard.rate, ANY),
	ONE(board.i8042.keyboard.last, ANY),
	ONE(board.i8042.keyboard.is_scanning, 1),
	ONE(board.i8042.keyboard.is_breaking, 1),
	BYTES(board.i8042.ram),
	ONE(board.i8042.output, ANY),
	ONE(board.i8042.source, I8042_MOUSE),
	ONE(board.i8042.is_full, 1),
	ONE(board.i8042.has_risen, 1),
	ONE(board.i8042.is_command, 1),
	ONE(board.i8042.has_timed_out, 1),
	ONE(board.i8042.is_breaking, 1),
	ONE(board.i8042.expects, ANY),
	ONE(board.i8042.ready_ns, ANY),
	ONE(board.system.port_a, ANY),
	ONE(board.system.reset, ANY),
	ONE(board.system.post, ANY),
	ONE(board.vga.misc, ANY),
	ONE(board.vga.feature, ANY),
	ONE(board.vga.crtc_index, ANY),
	BYTES(board.vga.crtc),
	ONE(board.vga.seq_index, ANY),
	BYTES(board.vga.seq),
	ONE(board.vga.gc_index, ANY),
	BYTES(board.vga.gc),
	ONE(board.vga.attr_index, ANY),
	BYTES(board.vga.attr),
	ONE(board.vga.attr_flip, 1),
	BYTES(board.vga.dac),
	ONE(board.vga.dac_mask, ANY),
	ONE(board.vga.dac_write, ANY),
	ONE(board.vga.dac_read, ANY),
	ONE(board.vga.dac_part, 2),
	BYTES(board.vga.dac_latch),
	ONE(board.vga.dac_reads, 1),
	ONE(board.vga.looked_ns, ANY),
	ONE(board.rtc.index, RTC_SIZE - 1),
	BYTES(board.rtc.ram),
	ONE(board.rtc.now_ns, NOW_NS_MAX),
	ONE(board.rtc.phase_ns, 999999999),
	ONE(board.rtc.next_ns, ANY),
	ONE(board.parallel.data, ANY),
	ONE(board.parallel.control, ANY),
	ONE(board.system_port, ANY),
	ONE(board.next_rise_ns, ANY),
	ONE(board.now_ns, NOW_NS_MAX),
	ONE(board.is_exiting, 1),
	ONE(board.exit_value, ANY),
	ONE(board.wants_reset, BOARD_RESET_BIOS),
	ONE(bios.jump, ANY),
	MANY(bios.said, ANY),
	ONE(bios.key_seen, ANY),
	ONE(bios.key_rate, ANY),
	ONE(bios.wait.is_on, 1),
	ONE(bios.wait.ss, ANY),
	ONE(bios.wait.sp, ANY),
	ONE(bios.wait.until_ns, ANY),
	ONE(bios.serial_wait.is_on, 1),
	ONE(bios.serial_wait.ss, ANY),
	ONE(bios.serial_wait.sp, ANY),
	ONE(bios.serial_wait.until_ns, ANY),
	ONE(bios.apm, ANY),
	ONE(bios.is_idle, 1),
	ONE(bios.disk_said, ANY),
	ONE(bios.video_said, ANY),
	ONE(control.is_acknowledged, 1),
	ONE(control.is_shut_down, 1),
	ONE(control.is_halted, 1),
	ONE(control.acknowledged, ANY),
	ONE(control.halt_rip, ANY),
	ONE(tsc_zero, ANY),
	ONE(is_off, 1),
	ONE(typist.head, TYPIST_MAX - 1),
	ONE(typist.count, TYPIST_MAX),
	ONE(typist.tries, ANY),
	ONE(typist.due_ns, ANY),
	ONE(typist.script_at, ANY),
	ONE(typist.script_due_ns, ANY),
};

uint32_t machine_layout(void)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint8_t row[6];
		put16(row, fields[i].size);
		put32(row + 2, fields[i].count);
		sum = crc32c(sum, row, sizeof row);
	}
	return sum;
}

static const uint8_t *place(const struct field *f, const struct kept *k, uint32_t element)
{
	return (const uint8_t *)k + f->at + (size_t)element * f->size;
}

/* --- out --------------------------------------------------------------------------------------- */

/* The last two of a key's bytes that have gone are heeded, too: typist.c's code_left. */
#define GONE_KEYS 2

static void keys_out(struct file_out *o, const struct typist_state *t)
{
	for (unsigned i = 0; i < t->count + GONE_KEYS; i++)
		out_bytes(o, &t->queue[(t->head + TYPIST_MAX - GONE_KEYS + i) % TYPIST_MAX],
		        sizeof t->queue[0]);
}

void machine_out(struct file_out *o, const struct kept *k)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		out_bytes(o, place(&fields[i], k, 0), (size_t)fields[i].count * fields[i].size);
	out_number(o, k->vcpu.msr_count, 4);
	for (unsigned i = 0; i < k->vcpu.msr_count; i++) {
		out_number(o, k->vcpu.msrs[i].index, 4);
		out_number(o, k->vcpu.msrs[i].data, 8);
	}
	keys_out(o, &k->typist);
}

/* --- in ---------------------------------------------------------------------------------------- */

static int field_in(struct file_in *in, struct kept *to, const struct field *f, struct error *e)
{
	const size_t len = (size_t)f->count * f->size;
	const uint8_t *bytes = in_bytes(in, len);
	if (!bytes)
		return error_set(e, -EINVAL, "the machine ends before %s", f->name);
	for (uint32_t i = 0; i < f->count && f->max != ANY; i++)
		if (get_number(bytes + (size_t)i * f->size, f->size) > f->max)
			return error_set(e, -EINVAL, "%s has a value that it can't have", f->name);
	memcpy((uint8_t *)to + f->at, bytes, len);
	return 0;
}

static int msrs_in(struct file_in *in, struct vcpu_state *to, struct error *e)
{
	const uint64_t count = in_number(in, 4);
	if (count > MSRS_MAX || in->has_failed)
		return error_set(e, -EINVAL, "its MSRs are more than a CPU has");
	to->msrs = calloc((size_t)count + 1, sizeof *to->msrs);
	if (!to->msrs)
		return error_set(e, -ENOMEM, "out of memory");
	to->msr_count = (unsigned)count;
	for (unsigned i = 0; i < to->msr_count; i++) {
		to->msrs[i].index = (uint32_t)in_number(in, 4);
		to->msrs[i].data = in_number(in, 8);
	}
	return 0;
}

static void keys_in(struct file_in *in, struct typist_state *t)
{
	for (unsigned i = 0; i < t->count + GONE_KEYS; i++) {
		struct key_event *to =
		        &t->queue[(t->head + TYPIST_MAX - GONE_KEYS + i) % TYPIST_MAX];
		const uint8_t *bytes = in_bytes(in, sizeof *to);
		if (bytes)
			memcpy(to, bytes, sizeof *to);
	}
}

/* What one field alone does not show. */
static const char *check(const struct kept *k, size_t script_count)
{
	if (k->board.rtc.now_ns > k->board.now_ns)
		return "its real-time clock is ahead of its time";
	if (k->typist.script_at >= script_count && k->typist.script_due_ns != TYPIST_NEVER)
		return "it types what no --keys has";
	return NULL;
}

int machine_in(struct file_in *in, struct kept *to, size_t script_count, struct error *e)
{
	int err = 0;
	for (size_t i = 0; i < ARRAY_SIZE(fields) && !err; i++)
		err = field_in(in, to, &fields[i], e);
	if (!err)
		err = msrs_in(in, &to->vcpu, e);
	if (err)
		return err;
	keys_in(in, &to->typist);
	const char *wrong = check(to, script_count);
	if (in->has_failed || in->left)
		wrong = "it has another length";
	return wrong ? error_set(e, -EINVAL, "%s", wrong) : 0;
}

/* --- two machines ------------------------------------------------------------------------------ */

/* What the user was told, and what only some KVMs tell, is no matter of the guest's. */
static bool is_compared(const struct field *f)
{
	return f->at != AT(bios.said) && f->at != AT(bios.disk_said) &&
	       f->at != AT(bios.video_said) && f->at != AT(vcpu.has_pdptrs) &&
	       f->at != AT(vcpu.pdptrs) && f->at != AT(vcpu.debugregs.flags);
}

/* All segments count as accessed: kvm_intel says so of all of real mode's (vmx_set_segment in Linux'
 * arch/x86/kvm/vmx/vmx.c), and kvm_amd not of cs and ss as they are at power-on. No instruction tells the difference. */
static void set_accessed(struct kvm_sregs *s)
{
	struct kvm_segment *const all[] = { &s->cs, &s->ds, &s->es, &s->fs, &s->gs, &s->ss };
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i]->s && !all[i]->unusable)
			all[i]->type |= 1;
}

/* In real mode cs counts as a code segment. Without "unrestricted guest" kvm_intel has that mode done as virtual-8086 mode,
 * where each segment's type is 3 (SDM vol 3, "Checks on Guest Segment Registers"), and gives cs that type, too. */
static void set_code(struct kvm_sregs *s)
{
	if (!(s->cr0 & CR0_PE))
		s->cs.type |= TYPE_CODE;
}

/* As both are to have them: see the header. */
static void normalise(struct kept *k)
{
	struct kvm_vcpu_events *v = &k->vcpu.events;
	set_accessed(&k->vcpu.sregs);
	set_code(&k->vcpu.sregs);
	k->vcpu.regs.rflags &= ~(uint64_t)RFLAGS_RF;
	if (!v->exception.injected && !v->exception.pending)
		memset(&v->exception, 0, sizeof v->exception);
	if (!v->interrupt.injected)
		v->interrupt.nr = v->interrupt.soft = 0;
	v->flags = 0;
	memset(k->vcpu.xsave + XSAVE_MXCSR_MASK, 0, 4);
	memset(k->vcpu.xsave + XSAVE_BV, 0, 8);
}

static struct kept *normal_copy(const struct kept *k)
{
	struct kept *copy = malloc(sizeof *copy);
	if (!copy)
		return NULL;
	*copy = *k;
	normalise(copy);
	return copy;
}

static uint64_t sum_fields(const struct kept *k)
{
	struct file_out o = { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (is_compared(&fields[i]))
			out_bytes(&o, place(&fields[i], k, 0),
			        (size_t)fields[i].count * fields[i].size);
	keys_out(&o, &k->typist);
	while (o.len % 8 && !o.has_failed)
		out_number(&o, 0, 1);
	uint64_t sum = file_sum(0, o.bytes, o.len);
	out_free(&o);
	return sum;
}

uint64_t machine_sum(const struct kept *k)
{
	struct kept *copy = normal_copy(k);
	uint64_t sum = copy ? sum_fields(copy) : 0;
	free(copy);
	return sum;
}

static bool field_differs(
        const struct field *f, const struct kept *is, const struct kept *was, char *to, size_t size)
{
	for (uint32_t i = 0; i < f->count; i++) {
		const uint8_t *a = place(f, is, i), *b = place(f, was, i);
		char number[16] = "";
		if (!memcmp(a, b, f->size))
			continue;
		if (f->count > 1)
			snprintf(number, sizeof number, "[%" PRIu32 "]", i);
		snprintf(to, size, "%s%s is 0x%" PRIx64 ", and was 0x%" PRIx64, f->name, number,
		        get_number(a, f->size), get_number(b, f->size));
		return true;
	}
	return false;
}

bool machine_differs(const struct kept *is, const struct kept *was, char *to, size_t size)
{
	struct kept *a = normal_copy(is), *b = normal_copy(was);
	bool differs = false;
	for (size_t i = 0; i < ARRAY_SIZE(fields) && a && b && !differs; i++)
		differs = is_compared(&fields[i]) && field_differs(&fields[i], a, b, to, size);
	if (a && b && !differs && sum_fields(a) != sum_fields(b)) {
		snprintf(to, size, "the keys that wait to be typed are others");
		differs = true;
	}
	free(a);
	free(b);
	return differs;
}

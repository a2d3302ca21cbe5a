/* Registers from the vCPU to a service and back. */
#include "machine/firmware.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "bios/bda.h"
#include "bios/rom.h"
#include "boot/handover.h"
#include "debug/touch.h"
#include "host/notice.h"
#include "kvm/linear.h"
#include "kvm/registers.h"
#include "machine/firmware_memory.h"
#include "machine/input.h"
#include "machine/media.h"

#define VGA_GPA        0xa0000
#define HANDLERS_STACK 0x400 /* bytes that handlers of interrupts take, at most, for what is said */
#define FRAME_SIZE     6     /* of int n in 16-bit code: IP, CS, FLAGS */
#define FRAME_FLAGS    4     /* where they stand in it */

#define FRAME_FLAGS_SIZE 2

/* --- what the services say ---------------------------------------------------------------------- */

static void say(void *ctx, const char *line)
{
	(void)ctx;
	notice_print("stepvm: %s\n", line);
}

static void print(void *ctx, uint8_t character)
{
	struct guest *g = ctx;
	char bytes[UTF8_MAX + 1];
	unsigned n = teletype_put(&g->teletype, character, bytes);
	if (n && !g->is_shown)
		g->board.output(g->board.output_ctx, (const uint8_t *)bytes, n);
}

/* --- power-on --------------------------------------------------------------------------------- */

static void set_map(struct bios_memory *to, const struct memory *m)
{
	struct handover_range ranges[HANDOVER_RANGES_MAX];
	_Static_assert(HANDOVER_RANGES_MAX <= BIOS_RANGES_MAX, "each has its place");
	to->range_count = handover_map(ranges, m, true);
	for (unsigned i = 0; i < to->range_count; i++)
		to->ranges[i] = (struct bios_range) { ranges[i].gpa, ranges[i].size,
			(uint32_t)ranges[i].type };
}

int firmware_power_on(struct guest *g, struct error *e)
{
	int err = memory_set_rom(&g->vm.memory, ROM_GPA, ROM_SIZE);
	if (err)
		return error_set(
		        e, err, "KVM refuses the ROM at 0x%x: %s", ROM_GPA, strerror(-err));
	g->bios_memory = (struct bios_memory) {
		.ctx = g, .read = firmware_read_ram, .write = firmware_write_ram
	};
	set_map(&g->bios_memory, &g->vm.memory);
	g->bios = (struct bios) {
		.board = &g->board,
		.disks = g->media ? &g->media->disks : NULL,
		.memory = &g->bios_memory,
		.say = say,
		.teletype = print,
		.ctx = g,
	};
	bios_power_on(&g->bios);
	return 0;
}

/* --- the trap --------------------------------------------------------------------------------- */

/* A far call with CPL 0 has come to the ROM's one entry of protected mode. */
static bool is_apm(const struct kvm_sregs *s, int offset)
{
	bool is_there = rom_trap_at((uint16_t)offset) == ROM_APM ||
	                rom_wait_at((uint16_t)offset) == ROM_APM;
	return is_there && s->cs.base == ROM_GPA && !(s->cs.selector & 3);
}

/* The CPU's offset in the ROM, where it runs the ROM's code as a BIOS is run: in real mode, in V86, or
 * at the entry of protected mode. -1: it does not. */
static int offset_in_rom(struct machine *m)
{
	struct vcpu *v = machine_vcpu(m);
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint64_t rip = vcpu_regs(v)->rip;
	uint64_t gpa, len;
	if (m->guest->image.board != IMAGE_BOARD_PC)
		return -1;
	uint64_t gva = s->cs.base + rip;
	if (rip > UINT16_MAX || gva < ROM_GPA || gva - ROM_GPA >= ROM_SIZE)
		return -1;
	int offset = (int)(gva - ROM_GPA);
	if (!(s->cr0 & CR0_PE))
		return offset;
	if (!firmware_is_v86(v) && !is_apm(s, offset))
		return -1;
	/* Pages may have put other code there. */
	return linear_to_gpa(v, gva, &gpa, &len) && gpa == gva ? offset : -1;
}

bool firmware_runs(struct machine *m)
{
	const int offset = offset_in_rom(m);
	return offset >= 0 && rom_is_code((uint16_t)offset);
}

bool firmware_trap(struct machine *m, const struct exit *x)
{
	if (x->kind != EXIT_IO || !x->io.is_write || x->io.port != ROM_TRAP_PORT || x->io.size != 1)
		return false;
	int offset = offset_in_rom(m);
	int vector = offset < 0 ? -1 : rom_trap_at((uint16_t)offset);
	if (vector < 0)
		return false;
	m->guest->is_call_due = true;
	m->guest->call_vector = (uint16_t)vector;
	return true;
}

/* --- the call --------------------------------------------------------------------------------- */

/* The entry of protected mode is called, and has no frame of int n: its flags are the CPU's. */
static bool has_frame(unsigned vector)
{
	return vector != ROM_APM;
}

/* A byte of the frame: sp counts within 64 KiB, and goes on at 0. */
static uint64_t frame_gva(const struct kvm_sregs *s, uint16_t sp, unsigned at)
{
	return s->ss.base + (uint16_t)(sp + at);
}

static void read_call(struct vcpu *v, unsigned vector, struct bios_regs *r)
{
	const struct kvm_regs *regs = vcpu_regs(v);
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint8_t frame[FRAME_SIZE] = { 0 };
	*r = (struct bios_regs) {
		.eax = (uint32_t)regs->rax,
		.ebx = (uint32_t)regs->rbx,
		.ecx = (uint32_t)regs->rcx,
		.edx = (uint32_t)regs->rdx,
		.esi = (uint32_t)regs->rsi,
		.edi = (uint32_t)regs->rdi,
		.ebp = (uint32_t)regs->rbp,
		.ds = s->ds.selector,
		.es = s->es.selector,
		.ss = s->ss.selector,
		.sp = (uint16_t)regs->rsp,
	};
	r->flags = (uint16_t)regs->rflags;
	if (!has_frame(vector))
		return;
	for (unsigned i = 0; i < sizeof frame; i++)
		linear_read(v, frame_gva(s, r->sp, i), frame + i, 1);
	r->ip = get16(frame);
	r->cs = get16(frame + 2);
	r->flags = get16(frame + 4);
}

void firmware_regs(struct machine *m, unsigned vector, struct bios_regs *r)
{
	read_call(machine_vcpu(m), vector, r);
}

static void set_data_segment(struct kvm_segment *s, uint16_t selector)
{
	if (s->selector == selector)
		return; /* its base may be another than real mode's, and stays */
	s->selector = selector;
	s->base = (uint64_t)selector * 16;
}

static uint16_t read_flags(struct vcpu *v, uint16_t sp)
{
	uint8_t bytes[FRAME_FLAGS_SIZE] = { 0 };
	for (unsigned i = 0; i < sizeof bytes; i++)
		linear_read(v, frame_gva(vcpu_sregs(v), sp, FRAME_FLAGS + i), bytes + i, 1);
	return get16(bytes);
}

/* What iret is to load: what is in the frame by now, for a call may have loaded over it, with the flags that the
 * service has set; of a frame that is another one now the carry, too, as a BIOS leaves it there. It is the
 * BIOS's write, which a watchpoint sees as its others. */
static void write_flags(
        struct guest *g, struct vcpu *v, uint16_t sp, uint16_t before, uint16_t after)
{
	const uint16_t is = read_flags(v, sp);
	const uint16_t set = (uint16_t)(before ^ after) | (is != before ? BIOS_CF : 0);
	uint8_t bytes[FRAME_FLAGS_SIZE];
	uint64_t gpa, len;
	put16(bytes, (uint16_t)((is & ~set) | (after & set)));
	if (get16(bytes) == is)
		return;
	for (unsigned i = 0; i < sizeof bytes; i++)
		if (linear_to_gpa(v, frame_gva(vcpu_sregs(v), sp, FRAME_FLAGS + i), &gpa, &len) &&
		        gpa <= UINT32_MAX)
			firmware_write_at(g, (uint32_t)gpa, bytes + i, 1);
}

/* A program may have called the ROM by another segment that leads there: the answer goes on by the BIOS's
 * own, in which the offsets are. */
static void set_code_segment(struct kvm_segment *cs)
{
	if (cs->base == ROM_GPA)
		return; /* and so is APM's of protected mode */
	cs->base = ROM_GPA;
	cs->selector = ROM_SEGMENT;
}

/* before: as read_call gave it. */
static int write_call(struct guest *g, struct vcpu *v, unsigned vector,
        const struct bios_regs *before, const struct bios_regs *r, uint64_t rip)
{
	struct kvm_regs regs = *vcpu_regs(v);
	struct kvm_sregs s = *vcpu_sregs(v);
	regs.rax = r->eax;
	regs.rbx = r->ebx;
	regs.rcx = r->ecx;
	regs.rdx = r->edx;
	regs.rsi = r->esi;
	regs.rdi = r->edi;
	regs.rbp = r->ebp;
	regs.rip = rip;
	if (!has_frame(vector))
		regs.rflags = (regs.rflags & ~(uint64_t)BIOS_CF) | (r->flags & BIOS_CF);
	else
		write_flags(g, v, r->sp, before->flags, r->flags);
	set_code_segment(&s.cs);
	if (r->ds != before->ds)
		set_data_segment(&s.ds, r->ds);
	if (r->es != before->es)
		set_data_segment(&s.es, r->es);
	int err = memcmp(&s, vcpu_sregs(v), sizeof s) ? vcpu_set_sregs(v, &s) : 0;
	/* Many a call answers in its flags alone, and KVM has to be asked for all again after it was told. */
	if (err || !memcmp(&regs, vcpu_regs(v), sizeof regs))
		return err;
	return vcpu_set_regs(v, &regs);
}

/* int 19h has read the boot sector: the CPU starts it as a BIOS does. */
static int boot(struct vcpu *v, const struct bios_regs *r)
{
	struct kvm_regs regs = {
		.rip = BOOT_GPA, .rsp = BOOT_GPA, .rdx = r->edx & 0xff, .rflags = 2 | RFLAGS_IF
	};
	struct kvm_sregs s = *vcpu_sregs(v);
	struct kvm_segment *const all[] = { &s.cs, &s.ds, &s.es, &s.fs, &s.gs, &s.ss };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		all[i]->selector = 0, all[i]->base = 0;
	int err = vcpu_set_sregs(v, &s);
	return err ? err : vcpu_set_regs(v, &regs);
}

/* A call of the BIOS, for the debugger: after, or NULL while it waits. */
static void note_call(struct machine *m, unsigned vector, const struct bios_regs *before,
        const struct bios_regs *after)
{
	char line[300];
	bool is_news = journal_bios_note(&m->calls, vector, before, after);
	if (!(m->config->trace & TRACE_BIOS) || !is_news)
		return;
	const char *what = after ? NULL : bios_waits_for(vector, before);
	bios_describe(vector, before, after, line, sizeof line);
	notice_print("bios: %s%s%s\n", line, after ? "" : ": waits for ",
	        after  ? ""
	        : what ? what
	               : "an interrupt");
}

/* "int 13h AH=02h", or "int 08h" where AH means nothing: the call's description without its words. */
static void name_call(char *to, size_t size, unsigned vector, const struct bios_regs *before)
{
	char line[300];
	bios_describe(vector, before, NULL, line, sizeof line);
	if (vector >= ROM_RESET) {
		snprintf(to, size, "%.*s", (int)strcspn(line, ",:"), line);
		return;
	}
	int n = snprintf(to, size, "int %02xh", vector);
	if (!strncmp(line + n, " AH=", 4) || !strncmp(line + n, " AX=", 4))
		snprintf(to + n, size - (size_t)n, "%.*s", (int)strcspn(line + n + 1, " ,") + 1,
		        line + n);
}

/* --- a guest that only looks for keys ----------------------------------------------------------- */

/* Calls that programs make while they wait for a key: ticks, the time, the flags, where the cursor is, whether the disk
 * was changed (DOS, by its device drivers), and that the PC idles (Ralf Brown's Interrupt List, INT 15/AX=5305h). */
static bool is_idle_call(unsigned vector, const struct bios_regs *r)
{
	switch (vector) {
	case 0x08: return true;
	case 0x10: return bios_ah(r) == 0x03 || bios_ah(r) == 0x0f;
	case 0x13: return bios_ah(r) == 0x16;
	case 0x15: return (uint16_t)r->eax == 0x5305;
	case 0x16: return bios_ah(r) == 0x02 || bios_ah(r) == 0x12;
	case 0x1a: return bios_ah(r) == 0x00;
	default: return false;
	}
}

/* Of all that the VGA shows: any change is another sum, but for one in 2^64. */
static uint64_t sum_screen(const struct machine *m)
{
	size_t len;
	uint64_t sum = 0, piece;
	const uint8_t *vram = memory_hva(&m->guest->vm.memory, VGA_GPA, &len);
	for (size_t at = 0; vram && len >= VGA_MEMORY && at < VGA_MEMORY; at += sizeof piece) {
		memcpy(&piece, vram + at, sizeof piece);
		sum = (sum ^ piece) * UINT64_C(0x100000001b3); /* FNV-1a's prime, on 8 bytes */
	}
	return sum;
}

static void note_poll(struct machine *m, unsigned vector, const struct bios_regs *before,
        const struct bios_regs *after)
{
	const uint64_t now = m->guest->board.state.now_ns;
	const uint8_t ah = bios_ah(before);
	bool is_look = vector == 0x16 && (ah == 0x01 || ah == 0x11) && after->flags & BIOS_ZF;
	if (!is_look && !is_idle_call(vector, before))
		polling_disturbed(&m->polling);
	else if (is_look && polling_look(&m->polling, before, now))
		m->may_rest = polling_burst(&m->polling, sum_screen(m), now);
}

bool firmware_has_touched(const struct machine *m)
{
	return m->control.touched.has_hit;
}

bool firmware_end_touches(struct machine *m, struct stop *stop)
{
	return touch_end(&m->control, m->touched_by, stop);
}

bool firmware_answer(struct machine *m, int *err)
{
	struct guest *g = m->guest;
	struct vcpu *v = machine_vcpu(m);
	struct bios_regs before, r;
	unsigned vector = g->call_vector;
	*err = 0;
	if (!g->is_call_due)
		return false;
	g->is_call_due = false;
	if (vector == 0x16)
		input_asked(m);
	read_call(v, vector, &before);
	r = before;
	const bool had_touched = firmware_has_touched(m);
	clock_sync(&m->clock, &g->board);
	g->toucher = &m->control;
	enum bios_verdict verdict = bios_call(&g->bios, vector, &r);
	note_call(m, vector, &before, verdict == BIOS_WAITS ? NULL : &r);
	note_poll(m, vector, &before, &r);
	switch (verdict) {
	case BIOS_DONE: *err = write_call(g, v, vector, &before, &r, rom_return(vector)); break;
	case BIOS_WAITS: *err = write_call(g, v, vector, &before, &before, rom_wait(vector)); break;
	case BIOS_JUMPS:
		*err = write_call(g, v, vector, &before, &r, rom_call(g->bios.state.jump));
		break;
	case BIOS_BOOTS: *err = boot(v, &r); break;
	case BIOS_RESETS: g->board.state.wants_reset = BOARD_RESET_BIOS; break;
	case BIOS_OFF: g->is_off = true; break;
	}
	g->toucher = NULL;
	clock_plan(&m->clock, &g->board);
	if (!had_touched && firmware_has_touched(m))
		name_call(m->touched_by, sizeof m->touched_by, vector, &before);
	return !*err && !machine_is_stopping(m);
}

int firmware_waiting(struct machine *m)
{
	int offset = offset_in_rom(m);
	return offset < 0 ? -1 : rom_wait_at((uint16_t)offset);
}

/* A call that waited when an interrupt came, whose handler is deeper in the same stack. */
static bool is_interrupted(struct machine *m)
{
	const struct journal_bios *j = &m->calls;
	const uint16_t sp = (uint16_t)vcpu_regs(machine_vcpu(m))->rsp;
	return j->is_on && j->has_wait && vcpu_sregs(machine_vcpu(m))->ss.selector == j->wait.ss &&
	       sp < j->wait.sp && j->wait.sp - sp < HANDLERS_STACK;
}

bool firmware_describe_wait(struct machine *m, char *to, size_t size)
{
	struct bios_regs r;
	char call[40];
	int vector = firmware_waiting(m);
	const bool is_there = vector >= 0;
	if (!is_there && !is_interrupted(m))
		return false;
	if (is_there) {
		read_call(machine_vcpu(m), (unsigned)vector, &r);
	} else {
		vector = m->calls.waiting;
		r = m->calls.wait;
	}
	const char *what = bios_waits_for((unsigned)vector, &r);
	name_call(call, sizeof call, (unsigned)vector, &r);
	char *ah = vector < ROM_RESET ? strchr(call + sizeof "int", ' ') : NULL;
	if (ah)
		*ah = 0;
	snprintf(to, size, "in %s%s%s: it waits for %s%s", call, ah ? ", " : "", ah ? ah + 1 : "",
	        what ? what : "an interrupt", is_there ? "" : "; an interrupt has come");
	return true;
}

/* The engine with any code in any state: the first bytes say the mode and the control bits, the next what the registers
 * and segments hold, the rest is pieces of RAM: code, page tables, descriptors, gates. Runs end; nothing outside the RAM is touched; a handover has changed nothing. */
#include "fuzz.h"

#include "interp/interp.h"

enum { RAM = 0x8000, ROM = 0x1000, INSNS = 300 };

struct machine {
	uint8_t *ram, *rom, *copy;
	unsigned accesses;
	struct interp *c;
};

static bool do_io(void *ctx, unsigned port, void *data, unsigned size, bool is_write)
{
	struct machine *m = ctx;
	FUZZ_CLAIM(port <= 0xffff && (size == 1 || size == 2 || size == 4));
	if (!is_write)
		memset(data, (int)port, size);
	interp_set_irq(m->c, port & 1);
	m->accesses++;
	return port & 2;
}

/* None is ever armed. */
static bool do_debug(void *ctx, unsigned number, uint64_t *value, bool is_write)
{
	struct machine *m = ctx;
	FUZZ_CLAIM(number < 8 && number != 4 && number != 5);
	FUZZ_CLAIM(!is_write || number != 7 || !(*value & 0x20ff));
	if (!is_write)
		*value = 0x8000000000000000u | number;
	m->accesses++;
	return true;
}

static struct kvm_segment segment(struct fuzz_in *in)
{
	uint64_t v = fuzz_number(in, 6);
	return (struct kvm_segment) {
		.base = v & 0x10 ? 0 : v >> 8 & 0xffff,
		.limit = v & 0x20 ? 0xffffffff : (uint32_t)(v >> 16 & 0x1ffff),
		.selector = (uint16_t)(v >> 32),
		.type = v & 15,
		.present = !(v >> 24 & 1) || v & 0x40,
		.s = v >> 25 & 1 || v & 0x40,
		.dpl = v >> 26 & 3,
		.db = v >> 28 & 1,
		.l = v >> 29 & 1,
		.unusable = (v >> 30 & 3) == 3,
	};
}

static void take_state(struct fuzz_in *in, struct kvm_regs *regs, struct kvm_sregs *s)
{
	uint64_t *all = (uint64_t *)regs, bits = fuzz_number(in, 4);
	*regs = (struct kvm_regs) { .rflags = 2 };
	*s = (struct kvm_sregs) { .cr0 = (bits & 1) | (bits & 2 ? 1u << 31 : 0) |
		                         (bits & 4 ? 1u << 16 : 0) };
	for (unsigned k = 0; k < 16; k++) {
		uint64_t v = fuzz_number(in, 3);
		all[k] = v & 0x800000 ? (uint64_t)0 - (v & 0x7fffff) : v;
	}
	regs->rip = fuzz_number(in, 2);
	regs->rflags |= fuzz_number(in, 3) & 0x3f7fd7;
	s->cr4 = (bits & 8 ? 0x10 : 0) | (bits & 0x10 ? 0x20 : 0) | (bits & 0x20 ? 0x100000 : 0);
	s->efer = (bits & 0x40 ? 0x500 : 0) | (bits & 0x80 ? 0x800 : 0) | (bits >> 8 & 1);
	s->cr3 = bits >> 16 & 0x7000;
	struct kvm_segment *segments[] = { &s->es, &s->cs, &s->ss, &s->ds, &s->fs, &s->gs, &s->ldt,
		&s->tr };
	for (unsigned k = 0; k < 8; k++)
		*segments[k] = segment(in);
	s->gdt.base = fuzz_number(in, 2);
	s->gdt.limit = (uint16_t)fuzz_number(in, 2);
	s->idt.base = fuzz_number(in, 2);
	s->idt.limit = (uint16_t)fuzz_number(in, 2);
}

/* Pieces of RAM: where, how long, and its bytes. */
static void fill(struct fuzz_in *in, uint8_t *ram)
{
	memset(ram, 0, RAM);
	while (fuzz_left(in) > 3) {
		size_t at = fuzz_number(in, 2) % RAM, len = fuzz_number(in, 1);
		fuzz_take(in, ram + at, len < RAM - at ? len : RAM - at);
	}
}

/* Each instruction by itself, and what was there before it. */
static void step(struct machine *m, const struct kvm_regs *regs, const struct kvm_sregs *sregs,
        uint8_t shadow)
{
	struct kvm_regs before, after;
	struct kvm_sregs sbefore, safter;
	uint64_t done;
	interp_load(m->c, regs, sregs, shadow, false);
	for (unsigned k = 0; k < INSNS; k++) {
		const struct interp_hit *hits;
		unsigned opcode;
		interp_save(m->c, &before, &sbefore);
		memcpy(m->copy, m->ram, RAM);
		m->accesses = 0;
		enum interp_why why = interp_run(m->c, 1, &done);
		FUZZ_CLAIM(done <= 1);
		FUZZ_CLAIM(interp_hits(m->c, &hits) <= INTERP_HITS_MAX);
		if (!done) {
			interp_save(m->c, &after, &safter);
			FUZZ_CLAIM(!m->accesses && !memcmp(m->copy, m->ram, RAM));
			FUZZ_CLAIM(!memcmp(&before, &after, sizeof after));
			FUZZ_CLAIM(!memcmp(&sbefore, &safter, sizeof safter));
		}
		if (why == INTERP_HANDOVER) {
			interp_handed(m->c, &opcode);
			FUZZ_CLAIM(opcode < 0x200);
			return;
		}
		if (why == INTERP_WINDOW && !interp_deliver(m->c, (uint8_t)k))
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t breakpoints[] = { 0x100, 0x1000, 0x7fff };
	static const struct interp_watch watches[] = { { 0x2000, 2, true, true },
		{ 0x2ffe, 4, false, true }, { 0x4000, 0x1000, true, false } };
	struct fuzz_in in = { data, data + size };
	struct machine m = { .ram = aligned_alloc(4096, RAM),
		.rom = aligned_alloc(4096, ROM),
		.copy = malloc(RAM) };
	FUZZ_CLAIM(m.ram && m.rom && m.copy);
	const struct interp_slot slots[] = { { 0, RAM, m.ram, false }, { RAM, ROM, m.rom, true } };
	const struct interp_config config = {
		.slots = slots, .slot_count = 2, .io = do_io, .debug = do_debug, .ctx = &m
	};
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	uint64_t done;
	uint8_t how = (uint8_t)fuzz_number(&in, 1);
	memset(m.rom, 0x90, ROM);
	m.c = interp_new(&config);
	FUZZ_CLAIM(m.c);
	take_state(&in, &regs, &sregs);
	fill(&in, m.ram);
	interp_set_a20(m.c, how & 1);
	interp_set_watches(m.c, watches, how & 2 ? 3 : 0);
	interp_set_breakpoints(m.c, breakpoints, how & 4 ? 3 : 0);
	interp_set_irq(m.c, how & 8);
	interp_catch(m.c, how & 16 ? 0xffffffff : 0);
	step(&m, &regs, &sregs, how >> 6);
	interp_load(m.c, &regs, &sregs, 0, false);
	interp_run(m.c, INSNS, &done);
	FUZZ_CLAIM(done <= INSNS);
	for (unsigned k = 0; k < ROM; k++)
		FUZZ_CLAIM(m.rom[k] == 0x90);
	interp_free(m.c);
	free(m.ram);
	free(m.rom);
	free(m.copy);
	return 0;
}

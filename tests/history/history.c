/* history: recordings of guests, and random jumps in them.
 *
 *	history JUMPS SEED IMAGE...
 *
 * Each guest is recorded while things come to it at random: bytes, keys, the debugger's writes, steps without interrupts,
 * and at random positions its whole state is noted. Then it is brought to those positions, JUMPS times in random order, and
 * all of it has to be the same: registers, MSRs, extended state, devices, disks and RAM. A second machine that nobody
 * records does as many steps at other strides, and ends the same, where nothing came from outside. What is found in it, of
 * writes and jumps to places at random, is the same whether or not stretches are passed over for what is known of them.
 * A third machine has the recording from a file, in which all is the same (files.c).
 *
 * HISTORY_STEPS in the environment: so many steps of each at most; HISTORY_ENGINE: who does them (--engine).
 *
 * Output is TAP. How each is started stands in guest_starts.h. */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "guest_starts.h"
#include "kvm/registers.h"
#include "kvm/touched.h"
#include "machine/firmware.h"
#include "machine/input.h"

#define NOTES      60
#define STEPS_MAX  UINT64_C(3000000)
#define STRIDE_MAX UINT64_C(60000)
#define KVM_PART   60

static uint64_t state;

uint64_t rnd(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static const char *const parts[PARTS] = { "general registers", "system registers", "events",
	"extended state", "MSRs", "devices", "disks", "run control", "RAM" };

static uint64_t add(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ b[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t add_words(uint64_t hash, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t word;
		memcpy(&word, bytes + i, 8);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

/* Pages of zeros are left out, and those that nobody has touched are not read. */
static uint64_t hash_ram(const struct machine *m)
{
	static const uint8_t zeros[MEMORY_PAGE];
	const struct memory *memory = &m->guest->vm.memory;
	struct touched_pages touched = { .fd = m->pagemap_fd };
	uint64_t hash = 1;
	for (unsigned i = 0; i < memory->count; i++)
		for (uint64_t off = 0; off < memory->slots[i].size; off += MEMORY_PAGE) {
			const uint8_t *hva = memory->slots[i].hva + off;
			if (touched_is_untouched(&touched, hva) || !memcmp(hva, zeros, MEMORY_PAGE))
				continue;
			hash = add(hash, &off, sizeof off) ^ i;
			hash = add_words(hash, hva, MEMORY_PAGE);
		}
	return hash;
}

#define TSC        0x10u
#define TSC_ADJUST 0x3bu

/* Of those that have gone the last two are heeded, and the others left over: a file does not have them. */
static void forget_old_keys(struct typist_state *t)
{
	for (unsigned i = t->count; i < TYPIST_MAX - 2; i++)
		t->queue[(t->head + i) % TYPIST_MAX] = (struct key_event) { .code = 0 };
}

bool take_note(struct subject *g, struct note *n)
{
	struct machine *m = &g->machine;
	struct kept k;
	struct error e = { 0 };
	if (kept_take(&k, m, NULL, &e)) {
		printf("# %s: %s\n", g->name, e.text);
		return false;
	}
	*n = (struct note) { .position = m->position };
	n->regs = k.vcpu.regs;
	n->now_ns = k.board.now_ns;
	k.vcpu.regs.rflags &= ~UINT64_C(0x10000); /* RF, which KVM's own steps may leave */
	n->hash[GENERAL] = add(1, &k.vcpu.regs, sizeof k.vcpu.regs);
	n->hash[SYSTEM] = add(1, &k.vcpu.sregs, sizeof k.vcpu.sregs);
	n->hash[SYSTEM] = add(n->hash[SYSTEM], &k.vcpu.debugregs, sizeof k.vcpu.debugregs);
	/* The number of an exception that is none is left over. */
	if (!k.vcpu.events.exception.injected && !k.vcpu.events.exception.pending)
		memset(&k.vcpu.events.exception, 0, sizeof k.vcpu.events.exception);
	if (!k.vcpu.events.interrupt.injected)
		memset(&k.vcpu.events.interrupt, 0,
		        offsetof(struct kvm_vcpu_events, interrupt.shadow) -
		                offsetof(struct kvm_vcpu_events, interrupt));
	n->hash[EVENTS] = add(1, &k.vcpu.events, sizeof k.vcpu.events);
	memset(k.vcpu.xsave + 512, 0, 8); /* XSTATE_BV: what is as at reset may be said so or not */
	n->hash[XSAVE] = add(1, k.vcpu.xsave, sizeof k.vcpu.xsave);
	for (unsigned i = 0; i < k.vcpu.msr_count; i++)
		if (k.vcpu.msrs[i].index != TSC && k.vcpu.msrs[i].index != TSC_ADJUST)
			n->hash[MSRS] = add(n->hash[MSRS], &k.vcpu.msrs[i], sizeof k.vcpu.msrs[i]);
	n->hash[DEVICES] = add(1, &k.board, sizeof k.board);
	forget_old_keys(&k.typist);
	n->hash[DEVICES] = add(n->hash[DEVICES], &k.typist, sizeof k.typist);
	n->hash[DISKS] = disks_image_size(&k.disks);
	n->hash[CONTROL] = k.control.is_halted + 2u * k.control.is_acknowledged +
	                   4u * k.control.acknowledged + 8u * k.control.halt_rip;
	n->hash[RAM] = hash_ram(m);
	kept_free(&k);
	return true;
}

bool is_same(
        const struct subject *g, const struct note *was, const struct note *is, const char *how)
{
	bool same = true;
	for (unsigned i = 0; i < PARTS; i++)
		if (was->hash[i] != is->hash[i]) {
			printf("# %s, position %" PRIu64
			       ", %s: the %s differ (rip %llx, was %llx; time "
			       "%" PRIu64 ", was %" PRIu64 ")\n",
			        g->name, was->position, how, parts[i], is->regs.rip, was->regs.rip,
			        is->now_ns, was->now_ns);
			same = false;
		}
	return same;
}

/* --- a guest and its recording ------------------------------------------------------------------ */

static int open_guest(struct subject *g, const char *image, struct error *e)
{
	const char *argv[GUEST_OPTIONS_MAX + 8] = { "history", "run", "--speed", "max" };
	const char *name = strrchr(image, '/');
	int argc = 4;
	*g = (struct subject) { .name = name ? name + 1 : image };
	const char *const *options = guest_options(g->name);
	while (*options)
		argv[argc++] = *options++;
	if (getenv("HISTORY_ENGINE")) {
		argv[argc++] = "--engine";
		argv[argc++] = getenv("HISTORY_ENGINE");
	}
	argv[argc++] = image;
	int err = options_parse(&g->options, argc, (char **)argv, e);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (err)
		return err;
	err = machine_open(&g->machine, &g->options.machine, null, e);
	if (!err)
		run_init(&g->run, &g->machine);
	return err;
}

void close_guest(struct subject *g)
{
	history_end(&g->run);
	run_close(&g->run);
	machine_close(&g->machine);
}

/* Something comes from outside. */
static void disturb(struct subject *g)
{
	struct machine *m = &g->machine;
	struct error e = { 0 };
	uint8_t bytes[4] = { (uint8_t)('a' + rnd(26)), '\r', (uint8_t)rnd(256), 0 };
	uint64_t value = rnd(UINT64_MAX);
	switch (rnd(8)) {
	case 0:
		if (input_room(m, &uart_device) >= 3) {
			input_bytes(m, &uart_device, bytes, 1 + rnd(3));
			g->has_outside = true;
		}
		break;
	case 1: {
		struct key_event all[16];
		struct key_events events = { .all = all, .max = ARRAY_SIZE(all) };
		struct keys keys = { .len = 1, .bytes = { (uint8_t)(0x10 + rnd(9)) } };
		if (m->guest->board.is_pc && key_events_add(&events, &keys, rnd(100000)) &&
		        !input_keys(m, events.all, events.count, NULL))
			g->has_outside = true;
		break;
	}
	case 2: /* a register that few guests need */
		registers_write(machine_vcpu(m), registers_find("r15"), (uint8_t *)&value, &e);
		control_registers_written(&m->control);
		history_changed(g->run.history);
		g->has_outside = true;
		break;
	case 3:
		memory_write(&m->guest->vm.memory, 0x500 + rnd(64), bytes, 1);
		history_changed(g->run.history);
		g->has_outside = true;
		break;
	default: break;
	}
}

/* The debugger's own steps, without interrupts or with them. False: the guest has ended. */
static bool step_some(struct subject *g)
{
	struct stop stop;
	control_set_step_interrupts(&g->machine.control, rnd(2));
	for (uint64_t n = rnd(20); n; n--) {
		if (control_is_halted(&g->machine.control))
			break;
		run_step(&g->run);
		if (run_steps(&g->run, &stop) || stop.kind == STOP_SHUTDOWN ||
		        stop.kind == STOP_FAILED || stop.kind == STOP_DEVICE)
			return false;
		g->has_outside = true; /* interrupts have waited */
		if (g->run.state == RUN_WAITING)
			break;
	}
	run_stop(&g->run);
	return true;
}

/* A halt goes by at once. False: for good. */
static bool wait(struct subject *g)
{
	uint64_t timeout;
	g->run.state = RUN_WAITING;
	g->run.resume_at_ns = RUN_FOREVER;
	while (g->run.state == RUN_WAITING)
		if (!history_wait(g->run.history, &timeout) || timeout == RUN_FOREVER)
			return false;
	return true;
}

/* A stretch ends here, or a checkpoint comes, too: there are more of both than a recording has. */
static void divide(struct history *h, struct error *e)
{
	const uint64_t interval = h->interval;
	h->interval = 0;
	if (rnd(2))
		spans_take(h);
	h->interval = interval;
	struct checkpoint *c = rnd(2) ? checkpoint_take(h, e) : NULL;
	if (c && checkpoints_add(h, c))
		checkpoint_free(h, c);
}

static unsigned record(
        struct subject *g, struct note *notes, unsigned max, bool is_disturbed, struct error *e)
{
	struct history *h = g->run.history;
	unsigned count = 0;
	struct stop stop;
	/* KVM's steps take a hundred times as long as the engine's. */
	const uint64_t part = g->machine.control.engine_choice == ENGINE_KVM ? KVM_PART : 1;
	const char *steps = getenv("HISTORY_STEPS");
	const uint64_t most = (steps ? strtoull(steps, NULL, 0) : STEPS_MAX) / part;
	while (count < max && g->machine.position < most) {
		const uint64_t strides[] = { 12, 300, 300, STRIDE_MAX / part };
		uint64_t to = g->machine.position + 1 + rnd(strides[rnd(ARRAY_SIZE(strides))]);
		enum drive how = drive(h, to, NULL, &stop, e);
		if (how == DRIVE_FAILED)
			break;
		if (how == DRIVE_STOP && stop.kind == STOP_HALTED && !wait(g))
			break;
		if (how == DRIVE_STOP && (stop.kind == STOP_SHUTDOWN || stop.kind == STOP_FAILED ||
		                                 stop.kind == STOP_DEVICE))
			break;
		if (is_disturbed)
			disturb(g);
		if (is_disturbed && !rnd(4) && !step_some(g))
			break;
		if (control_is_halted(&g->machine.control) && !wait(g))
			break;
		/* What was changed here is seen at a position when the next step is made. */
		if (events_keep_changes(h, e))
			break;
		divide(h, e);
		if (take_note(g, &notes[count]))
			count++;
	}
	return count;
}

/* --- jumps -------------------------------------------------------------------------------------- */

bool jump(struct subject *g, const struct note *notes, unsigned count, uint64_t jumps)
{
	unsigned differ = 0;
	for (uint64_t i = 0; i < jumps && differ < 5; i++) {
		const struct note *was = &notes[rnd(count)];
		struct note is;
		struct error e = { 0 };
		char how[80];
		snprintf(how, sizeof how, "from %" PRIu64, g->machine.position);
		if (history_seek(g->run.history, was->position, &e)) {
			printf("# %s, position %" PRIu64 ", %s: %s\n", g->name, was->position, how,
			        e.text);
			differ++;
		} else if (g->machine.position != was->position || !take_note(g, &is) ||
		           !is_same(g, was, &is, how)) {
			differ++;
		}
	}
	return !differ;
}

/* A guest that a kick finds at its last position, coming from the past, is at the present. */
static bool interrupt_at_end(struct subject *g)
{
	struct history *h = g->run.history;
	struct history_state s;
	struct stop stop;
	struct error e = { 0 };
	history_state(h, &s);
	if (s.end <= s.begin || history_seek(h, s.end - 1, &e))
		return true;
	if (drive(h, s.end, NULL, &stop, &e) == DRIVE_FAILED || g->machine.position < s.end)
		return true; /* its end, which is a stop */
	history_interrupt(h, NULL);
	if (!history_is_past(h))
		return true;
	printf("# %s: interrupted at its last position it is still in the past\n", g->name);
	return false;
}

/* --- finding ------------------------------------------------------------------------------------ */

/* What is looked for: where the guest has been, or its stack is, or near it; or anywhere. */
static uint64_t some_place(struct subject *g, enum history_what what)
{
	struct vcpu *v = machine_vcpu(&g->machine);
	const struct kvm_segment *ss = &vcpu_sregs(v)->ss;
	const uint64_t near = rnd(3) ? rnd(64) : rnd(8192);
	if (!rnd(8))
		return rnd(0x100000);
	if (what == HISTORY_COMES)
		return registers_pc(v) + (rnd(2) ? 0 : near);
	return rnd(2) ? ss->base + vcpu_regs(v)->rsp - near : registers_pc(v) + near;
}

/* With what is known of the stretches between checkpoints, and with nothing known: all of them searched. */
static bool find(struct subject *g, const struct note *notes, unsigned count, uint64_t tries)
{
	struct history *h = g->run.history;
	uint64_t fast[HISTORY_HITS_MAX], slow[HISTORY_HITS_MAX];
	for (uint64_t i = 0; i < tries; i++) {
		struct error e = { 0 };
		const enum history_what what = rnd(2) ? HISTORY_WRITES : HISTORY_COMES;
		/* Where a stretch may end, and from right after it: what is done there is not done again. */
		const uint64_t at = notes[rnd(count)].position;
		const uint64_t from = rnd(2) ? at + 1 + rnd(3) : notes[rnd(count)].position;
		if (history_seek(h, at, &e) || !history_is_past(h))
			continue;
		const uint64_t gva = some_place(g, what);
		if (history_seek(h, from, &e) || !history_is_past(h))
			continue;
		const unsigned max = rnd(2) ? 1 : HISTORY_HITS_MAX;
		const uint64_t len = what == HISTORY_WRITES ? 1 + rnd(8) : 1;
		int n = history_find(h, what, gva, len, fast, max, &e);
		const struct spans known = h->spans;
		h->spans = (struct spans) { 0 };
		int all = history_find(h, what, gva, len, slow, max, &e);
		h->spans = known;
		if (n == all && (n <= 0 || !memcmp(fast, slow, (size_t)n * sizeof *fast)))
			continue;
		printf("# %s, before position %" PRIu64 ": %s 0x%" PRIx64
		       " gave %d places, %" PRIu64 " the first, and should give %d, %" PRIu64
		       " %s\n",
		        g->name, g->machine.position,
		        what == HISTORY_WRITES ? "writes to" : "jumps to", gva, n,
		        n > 0 ? fast[0] : 0, all, all > 0 ? slow[0] : 0, e.text);
		return false;
	}
	return true;
}

/* Another machine, which nobody records, at other strides. */
static bool witness(const struct subject *recorded, const struct note *last, const char *image)
{
	struct subject g;
	struct error e = { 0 };
	struct note is;
	struct stop stop;
	bool good = open_guest(&g, image, &e) == 0;
	if (!good)
		return false;
	struct machine *m = &g.machine;
	/* The date of its clock is the host's when it was opened. */
	struct history other = { .machine = m, .step_ns = recorded->run.history->step_ns };
	good = checkpoint_load(&other, recorded->run.history->checkpoints[0], &e) == 0;
	control_set_step_interrupts(&m->control, true);
	while (m->position < last->position) {
		int err = 0;
		const uint64_t left = last->position - m->position, stride = 1 + rnd(5000);
		struct control_range range = { .end = UINT64_MAX, .many_end = UINT64_MAX };
		uint64_t done;
		while (control_is_halted(&m->control) && !control_has_interrupt(&m->control))
			machine_wait(m, input_next_ns(m) - m->guest->board.state.now_ns);
		machine_step_clock(m, true);
		range.max = 1 + machine_steps_left(m);
		range.max = range.max < left ? range.max : left;
		range.max = range.max < stride ? range.max : stride;
		if (control_step_range(&m->control, &range, &done, &stop) < 0)
			break;
		machine_stepped(m, done - 1);
		if (stop.kind == STOP_DEVICE && firmware_answer(m, &err))
			continue;
		if (stop.kind == STOP_SHUTDOWN || stop.kind == STOP_FAILED ||
		        stop.kind == STOP_DEVICE)
			break;
	}
	/* The note was taken where the halt had passed. */
	while (m->position == last->position && m->guest->board.state.now_ns < last->now_ns &&
	        control_is_halted(&m->control) && !control_has_interrupt(&m->control))
		machine_wait(m, input_next_ns(m) - m->guest->board.state.now_ns);
	good = good && m->position == last->position && take_note(&g, &is) &&
	       is_same(&g, last, &is, "without a recording");
	if (m->position != last->position)
		printf("# %s: it ends at %" PRIu64 ", and not at %" PRIu64 "\n", g.name,
		        m->position, last->position);
	run_close(&g.run);
	machine_close(m);
	return good;
}

static bool try_guest(const char *image, uint64_t jumps, bool is_disturbed, uint64_t *positions)
{
	static struct note notes[NOTES];
	struct subject g;
	struct error e = { 0 };
	if (open_guest(&g, image, &e)) {
		printf("# %s: %s\n", image, e.text);
		return true; /* none that runs here */
	}
	/* As if a kick had found a step with nothing done where the recording begins. */
	g.machine.control.cpu.stuck = 1;
	if (history_begin(&g.run, 0, &e)) {
		printf("# %s: %s\n", image, e.text);
		close_guest(&g);
		return false;
	}
	/* The host's time, a thousand times as fast, is always ahead: the guest's is made up. */
	if (is_disturbed)
		g.options.machine.speed = (struct config_speed) { .permille = 1000000 };
	unsigned count = record(
	        &g, notes, jumps < NOTES / 3 ? 3 * (unsigned)jumps : NOTES, is_disturbed, &e);
	*positions += g.machine.position;
	bool good = !e.text[0];
	if (!good)
		printf("# %s: %s\n", image, e.text);
	good = good && (!count || jump(&g, notes, count, jumps));
	good = good && (!count || interrupt_at_end(&g));
	good = good && (!count || find(&g, notes, count, jumps));
	if (good && count && !g.has_outside)
		good = witness(&g, &notes[count - 1], image);
	if (good && count)
		good = try_file(&g, notes, count, 1 + jumps / 4);
	close_guest(&g);
	return good;
}

int main(int argc, char **argv)
{
	unsigned number = 0, bad = 0;
	if (argc < 4) {
		fputs("usage: history JUMPS SEED IMAGE...\n", stderr);
		return 2;
	}
	const uint64_t jumps = strtoull(argv[1], NULL, 0);
	for (int i = 3; i < argc; i++)
		for (int is_disturbed = 0; is_disturbed < 2; is_disturbed++) {
			uint64_t positions = 0;
			const char *name = strrchr(argv[i], '/');
			state = strtoull(argv[2], NULL, 0) * UINT64_C(0x9e3779b97f4a7c15) + 1 +
			        (uint64_t)is_disturbed;
			bool good = try_guest(argv[i], jumps, is_disturbed, &positions);
			bad += !good;
			printf("%sok %u - %s, %s: %" PRIu64 " steps\n", good ? "" : "not ",
			        ++number, name ? name + 1 : argv[i],
			        is_disturbed ? "with much from outside" : "alone", positions);
			fflush(stdout);
		}
	printf("1..%u\n", number);
	return bad > 0;
}

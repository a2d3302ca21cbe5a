/* How fast the engine is by itself, without KVM, in millions of instructions a second of CPU time:
 *
 *	mips FOLDER [LEAST]	FOLDER has loop16.bin, work32.bin and work64.bin
 *
 * With LEAST the exit status is 1 when a mode comes to less. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "interp/interp.h"
#include "interp/trail.h"

enum { RAM = 8 << 20, TABLES = 0x400000, COUNT = 20000000, ROUNDS = 3, BREAKPOINTS = 1000 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const struct mode {
	const char *file;
	unsigned bits;
	uint64_t load;
	uint64_t page; /* 0: no paging */
} modes[] = {
	{ "loop16.bin", 16, 0x7c00, 0 },
	{ "work32.bin", 32, 0x100000, 0 },
	{ "work64.bin", 64, 0x100000, 2 << 20 },
	{ "work64.bin", 64, 0x100000, 4096 },
};

/* How a run is made harder. */
static const struct way {
	const char *name;
	unsigned breakpoints;
	uint64_t watch; /* a byte of the page that the stack is in, never accessed; 0: none */
	uint64_t at_once;
	bool is_recorded; /* stops before what is loud, and leaves its trail */
} ways[] = {
	{ "alone", 0, 0, COUNT, false },
	{ "1,000 breakpoints", BREAKPOINTS, 0, COUNT, false },
	{ "a watch on the stack's page", 0, 0xf, COUNT, false },
	{ "called for each instruction", 0, 0, 1, false },
	{ "recorded", 0, 0, COUNT, true },
};

static struct kvm_segment segment(unsigned bits, bool is_code)
{
	return (struct kvm_segment) {
		.limit = bits == 16 ? 0xffff : 0xffffffff,
		.type = is_code ? 11 : 3,
		.present = 1,
		.s = 1,
		.db = bits == 32 || (bits == 64 && !is_code),
		.l = bits == 64 && is_code,
		.g = bits != 16,
	};
}

/* SDM vol 3, "4-Level Paging": the RAM to itself, Accessed and Dirty set. */
static void map(uint8_t *ram, uint64_t page)
{
	uint64_t *t = (uint64_t *)(void *)(ram + TABLES);
	t[0] = (TABLES + 0x1000) | 0x63;
	t[512] = (TABLES + 0x2000) | 0x63;
	for (uint64_t k = 0; k < RAM >> 21; k++)
		t[1024 + k] = page == 4096 ? (TABLES + 0x3000 + k * 4096) | 0x63 : k << 21 | 0xe3;
	for (uint64_t k = 0; k < RAM >> 12; k++)
		t[1536 + k] = k << 12 | 0x63;
}

static void load(uint8_t *ram, const char *folder, const struct mode *m)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, m->file);
	FILE *f = fopen(path, "rb");
	memset(ram, 0, RAM);
	if (!f || !fread(ram + m->load, 1, TABLES - m->load, f)) {
		fprintf(stderr, "mips: %s: %s\n", path, f ? "empty" : strerror(errno));
		exit(2);
	}
	fclose(f);
}

/* Nanoseconds an instruction. */
static double measure(uint8_t *ram, const struct mode *m, const struct way *w)
{
	const struct interp_slot slot = { 0, RAM, ram, false };
	const struct interp_config config = { .slots = &slot, .slot_count = 1 };
	struct interp *c = interp_new(&config);
	struct kvm_regs regs = { .rip = m->load, .rflags = 2 };
	struct kvm_sregs s = { .cr0 = m->bits == 16 ? 0x10 : 0x11 };
	uint64_t breakpoints[BREAKPOINTS], total = 0, done;
	struct interp_watch watch = { 0, 1, true, true };
	s.cs = segment(m->bits, true);
	s.ds = s.es = s.ss = s.fs = s.gs = segment(m->bits, false);
	if (m->page) {
		map(ram, m->page);
		s.cr0 |= 1u << 31;
		s.cr3 = TABLES;
		s.cr4 = 0x20;
		s.efer = 0x500;
	}
	if (!c || !interp_load(c, &regs, &s, 0, false))
		exit(2);
	for (unsigned k = 0; k < w->breakpoints;
	        k++) /* none is met, but the filter has to let them by */
		breakpoints[k] = m->load + 0x100000 + 3 * k;
	interp_set_breakpoints(c, breakpoints, w->breakpoints);
	watch.gva = m->bits == 16 ? 0x7000 + w->watch : 0x8f000 + w->watch;
	interp_set_watches(c, &watch, w->watch ? 1 : 0);
	static const struct interp_range all = { 0, UINT64_MAX };
	static struct trail trail;
	interp_set_trail(c, w->is_recorded ? &trail : NULL);
	double from = now();
	while (total < COUNT) {
		enum interp_why why = w->is_recorded ? interp_run_quiet(c, &all, w->at_once, &done)
		                                     : interp_run(c, w->at_once, &done);
		total += done;
		if (why != INTERP_COUNT) {
			fprintf(stderr, "mips: %s ended, why %d\n", m->file, why);
			exit(2);
		}
	}
	double took = now() - from;
	interp_free(c);
	return took * 1e9 / (double)total;
}

int main(int argc, char **argv)
{
	uint8_t *ram = aligned_alloc(4096, RAM);
	double least = argc > 2 ? atof(argv[2]) : 0;
	bool is_slow = false;
	if (argc < 2 || !ram) {
		fprintf(stderr, "usage: mips FOLDER [LEAST]\n");
		return 2;
	}
	printf("| | | MIPS | ns each |\n|---|---|---|---|\n");
	for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
		for (size_t j = 0; j < sizeof ways / sizeof *ways; j++) {
			double best = 1e9;
			for (int round = 0; round < ROUNDS; round++) {
				load(ram, argv[1], &modes[k]);
				double ns = measure(ram, &modes[k], &ways[j]);
				best = ns < best ? ns : best;
			}
			printf("| %u bits%s | %s | %.0f | %.1f |\n", modes[k].bits,
			        modes[k].page == 4096 ? ", 4 KiB pages" : "", ways[j].name,
			        1e3 / best, best);
			is_slow |= j == 0 && 1e3 / best < least;
		}
	}
	free(ram);
	return is_slow;
}

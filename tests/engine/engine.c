/* engine: the interpreter (src/interp) beside KVM, instruction by instruction.
 *
 *	make check-engine
 *	engine random COUNT SEED [MODE]...	COUNT random instructions in each of these modes, or in all
 *	engine steps COUNT SEED [MODE]...	the same, and KVM's side is run control's step
 *	engine lockstep COUNT IMAGE...		up to COUNT instructions of each of these guests
 *
 * Modes are those of world.c: r16, p32, p32-paged, l64, and with -user at CPL 3. What this KVM can't run is skipped.
 * Each random instruction has a seed of its own, from SEED on: a difference says how to do it alone, which prints both
 * sides whole. Whoever differs, and in what, is counted by opcode; the first of each kind is shown.
 *
 * What is compared: all general registers, rflags, the segment registers with their hidden parts, the tables'
 * registers, control registers, EFER, the interrupt shadow, all RAM (of a guest: every 32 instructions), and what
 * was read and written at ports and devices. What is handed over must have changed nothing. What KVM is known
 * to do otherwise than the SDM says stands in src/compare.
 *
 * Output is TAP; the exit status 0, or 1 when anything differed that is not known.
 *
 * How to read the files: world.c makes the modes, trial.c instructions and states, pair.c does them on both sides,
 * src/compare and extras.c compare, and the first of them knows KVM's own faults; lockstep.c follows a guest, tally.c
 * counts. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockstep.h"
#include "pair.h"
#include "tally.h"

static int usage(void)
{
	fputs("usage: engine random|steps COUNT SEED [MODE]...\n"
	      "       engine lockstep COUNT IMAGE...\n",
	        stderr);
	return 2;
}

static bool take_number(const char *text, uint64_t *to)
{
	char *end;
	errno = 0;
	*to = strtoull(text, &end, 0);
	return *text && !*end && !errno;
}

/* A line of TAP; skipped: why, or NULL. */
static bool tell(unsigned number, bool is_good, const char *name, const char *skipped)
{
	printf("%sok %u - %s%s%s\n", is_good ? "" : "not ", number, name, skipped ? " # SKIP " : "",
	        skipped ? skipped : "");
	fflush(stdout);
	return is_good;
}

/* --- random instructions ------------------------------------------------------------------------ */

static void try_seed(struct pair *p, struct tally *tally, bool kvm_emulates, uint64_t seed)
{
	struct trial t;
	struct compare_result r;
	char title[80];
	trial_make(&t, &p->source, seed);
	const struct compare_state before = { .regs = t.regs, .sregs = t.sregs };
	struct known_case c = { .kvm_emulates = kvm_emulates,
		.is_tcg = p->is_tcg,
		.bits = trial_bits(&t),
		.cpl = p->mode->cpl,
		.is_real = p->mode->kind == WORLD_REAL16,
		.before = &before,
		.result = &r };
	memcpy(c.bytes, t.bytes, sizeof c.bytes);
	pair_try(p, &t, &r);
	snprintf(title, sizeof title, "random 1 0x%" PRIx64 " %s", seed, p->mode->name);
	tally_add(tally, &c, title);
}

static bool random_in(unsigned number, const struct world_mode *mode, uint64_t count, uint64_t seed,
        bool by_steps)
{
	struct error e = { 0 };
	struct pair *p = malloc(sizeof *p);
	struct tally *tally = calloc(1, sizeof *tally);
	bool is_good = p && tally;
	if (is_good && pair_open(p, mode, by_steps, &e)) {
		tell(number, true, mode->name, e.text);
	} else if (is_good) {
		bool kvm_emulates = pair_kvm_emulates(p);
		for (uint64_t i = 0; i < count; i++)
			try_seed(p, tally, kvm_emulates, seed + i);
		pair_close(p);
		tally_print(tally, mode->name);
		is_good = tell(number, tally_is_good(tally), mode->name, NULL);
	}
	free(tally);
	free(p);
	return is_good;
}

static bool is_among(const char *name, char **names)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static int run_random(uint64_t count, uint64_t seed, char **modes, bool by_steps)
{
	bool is_good = true;
	unsigned number = 0;
	for (char **name = modes; *name; name++)
		if (!world_find(*name)) {
			fprintf(stderr, "engine: %s is no mode\n", *name);
			return usage();
		}
	for (const struct world_mode *m = world_modes; m->name; m++)
		if (!*modes || is_among(m->name, modes))
			is_good = random_in(++number, m, count, seed, by_steps) && is_good;
	printf("1..%u\n", number);
	return !is_good;
}

/* --- guests ------------------------------------------------------------------------------------- */

static int run_lockstep(uint64_t count, char **images)
{
	struct tally *tally = calloc(1, sizeof *tally);
	bool is_good = tally != NULL;
	unsigned number = 0;
	for (; *images && tally; images++) {
		struct error e = { 0 };
		uint64_t differ = tally->differ + tally->changed;
		bool is_run = lockstep_run(tally, *images, count, &e);
		if (!is_run)
			printf("# %s\n", e.text);
		bool is_same = is_run && tally->differ + tally->changed == differ;
		is_good = tell(++number, is_same, *images, NULL) && is_good;
	}
	if (tally)
		tally_print(tally, "lockstep");
	printf("1..%u\n", number);
	free(tally);
	return !is_good;
}

int main(int argc, char **argv)
{
	uint64_t count, seed;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4 || !take_number(argv[2], &count))
		return usage();
	if (!strcmp(argv[1], "lockstep"))
		return run_lockstep(count, argv + 3);
	bool by_steps = !strcmp(argv[1], "steps");
	if ((!by_steps && strcmp(argv[1], "random")) || !take_number(argv[3], &seed))
		return usage();
	return run_random(count, seed, argv + 4, by_steps);
}

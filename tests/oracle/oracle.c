/* oracle: runs the same programs under stepvm and under QEMU's TCG, one instruction at a time
 * through both debug stubs, and compares everything after each.
 *
 *	make oracle
 *	build/tests/oracle/oracle --seed 1042 --seeds 1		one program again
 *	build/tests/oracle/oracle --connect 10.0.2.15:1234	a stepvm that runs elsewhere
 *
 *	--seeds N	random programs (500); 0: none
 *	--seed S	the first one's seed (1)
 *	--steps N	at most so many steps of each program (300 of random ones, 5000 of guests)
 *	--guests DIR	the folder of the guests' flat images (build/guests); "": none
 *	--image FILE	a boot disk that calls the BIOS, after the guests that do
 *	--without LIST	instructions to leave out, as in daa,bound; what stepvm's KVM can't do is
 *			found out and left out by itself
 *	--stepvm PATH	the program (build/stepvm)
 *	--connect WHERE	HOST:PORT of a stepvm that waits for its debugger, with 1 MiB of RAM or
 *			more, and is started again when it has ended
 *	--qemu PATH	qemu-system-i386
 *	--trace yes	print every step
 *
 * Guests that call the BIOS are run on a PC's board beside QEMU's PC with SeaBIOS, too (calls.c), where stepvm is
 * started here: a call is one step, and what it returns is compared. Where they wait for a key, one is typed on both
 * sides.
 *
 * What is compared after each step: general registers, eflags, segment selectors, cr0, the linear
 * pc; of stepvm besides, that in real mode each segment's base is 16 times its selector and that
 * eip, ip and cs agree. Memory is compared at the end of each program, and where it differs the
 * program is run again to find the step. A difference is reported with the instruction and both
 * sides, and ends its program. Output is TAP; the exit status 0, or 1 when anything differed.
 *
 * How to read the files: side.c is a connection, program.c and generate.c (with emit.c, units_*.c)
 * make programs, lockstep.c and calls.c run them, known.c has what may differ and why, report.c prints. */
#include <dirent.h>

#include "calls.h"
#include "known.h"
#include "lockstep.h"

struct options {
	unsigned long seeds, seed, steps;
	const char *guests, *image, *without, *stepvm, *connect, *qemu, *trace;
};

struct totals {
	unsigned programs, differences;
	unsigned long steps;
};

static const char usage_text[] =
        "usage: oracle [--seeds N] [--seed S] [--steps N] [--guests DIR] [--image FILE]\n"
        "              [--without LIST] [--stepvm PATH | --connect HOST:PORT] [--qemu PATH] "
        "[--trace yes]\n";

static int usage(const char *why)
{
	fprintf(stderr, "oracle: %s\n%s", why, usage_text);
	return 2;
}

static bool take_number(const char *text, unsigned long *to)
{
	char *end;
	errno = 0;
	*to = strtoul(text, &end, 0);
	return *text && !*end && !errno;
}

static const char *take_option(struct options *o, const char *name, const char *value)
{
	const struct {
		const char *name;
		unsigned long *number;
		const char **text;
	} rows[] = {
		{ "--seeds", &o->seeds, NULL },
		{ "--seed", &o->seed, NULL },
		{ "--steps", &o->steps, NULL },
		{ "--guests", NULL, &o->guests },
		{ "--image", NULL, &o->image },
		{ "--without", NULL, &o->without },
		{ "--stepvm", NULL, &o->stepvm },
		{ "--connect", NULL, &o->connect },
		{ "--qemu", NULL, &o->qemu },
		{ "--trace", NULL, &o->trace },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strcmp(rows[i].name, name))
			continue;
		if (!value)
			return "an option lacks its value";
		if (rows[i].text)
			*rows[i].text = value;
		else if (!take_number(value, rows[i].number))
			return "expected a number";
		return NULL;
	}
	return "not an option";
}

/* --- what is left out ------------------------------------------------------------------------- */

static bool is_in_list(const char *list, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == len && !strncmp(at, name, len))
			return true;
	return false;
}

static uint32_t find_without(struct pair *p, struct program *scratch, const char *list)
{
	uint32_t without = 0;
	struct cpu after;
	printf("# left out:");
	for (unsigned i = 0; i < OPTIONALS; i++) {
		const char *why = "";
		generate_probe(scratch, (enum optional)i);
		if (is_in_list(list, optional_insns[i].name))
			;
		else if (!lockstep_one(p, scratch, &after))
			why = " (stepvm can't do it)";
		else if (!generate_probe_is_right((enum optional)i, &after))
			why = " (stepvm's CPU has it wrong)";
		else
			continue;
		without |= 1u << i;
		printf(" %s%s", optional_insns[i].name, why);
	}
	printf("%s\n", without ? "" : " nothing");
	return without;
}

/* What else stepvm's KVM does otherwise: enum known_quirk. */
static unsigned find_quirks(struct pair *p, struct program *scratch)
{
	struct cpu after;
	generate_probe(scratch, OPTIONAL_AAD);
	scratch->start.r[CPU_EAX] = 0x0080; /* al is 0x80 behind it, ax is not negative */
	if (!lockstep_one(p, scratch, &after) || after.r[CPU_EFLAGS] & 1 << 7)
		return 0;
	printf("# aam and aad set SF and ZF by ax: left uncompared\n");
	return QUIRK_ASCII_FLAGS;
}

/* --- programs --------------------------------------------------------------------------------- */

static const char *const ends[] = { "to its end", "to the limit of steps", "differs", "broken" };

static bool run(
        struct pair *p, const struct program *program, unsigned long steps_max, struct totals *t)
{
	unsigned steps = 0;
	enum lockstep_end end = lockstep_run(p, program, (unsigned)steps_max, &steps);
	bool is_same = end == LOCKSTEP_HALTED || end == LOCKSTEP_STEPS;
	t->programs++;
	t->steps += steps;
	t->differences += !is_same;
	printf("%sok %u - %s: %u steps, %s\n", is_same ? "" : "not ", t->programs, program->name,
	        steps, ends[end]);
	fflush(stdout);
	return end != LOCKSTEP_BROKEN;
}

static bool run_seeds(
        struct pair *p, struct program *program, const struct options *o, struct totals *t)
{
	uint32_t without = find_without(p, program, o->without);
	p->quirks = find_quirks(p, program);
	for (unsigned long i = 0; i < o->seeds; i++) {
		generate(program, o->seed + i, without);
		if (!run(p, program, o->steps, t))
			return false;
	}
	return true;
}

static int is_image(const struct dirent *e)
{
	size_t len = strlen(e->d_name);
	return len > 4 && !strcmp(e->d_name + len - 4, ".bin");
}

static bool run_guests(
        struct pair *p, struct program *program, const struct options *o, struct totals *t)
{
	struct dirent **list;
	char path[4096];
	bool ok = true;
	int count = o->guests[0] ? scandir(o->guests, &list, is_image, alphasort) : 0;
	if (count < 0)
		printf("# %s: no such folder\n", o->guests);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", o->guests, list[i]->d_name);
		snprintf(program->name, sizeof program->name, "%.*s",
		        (int)strlen(list[i]->d_name) - 4, list[i]->d_name);
		program->has_fixed_code = false;
		if (!program_can_be_compared(program->name)) {
			printf("# %s: left out\n", program->name);
			free(list[i]);
			continue;
		}
		ok = ok && program_load(program, path) && run(p, program, o->steps, t);
		free(list[i]);
	}
	if (count > 0)
		free(list);
	return ok && count >= 0;
}

/* Boot sectors that call the BIOS and look at nothing that is a BIOS's own; keys are typed where they wait for one. */
static const char *const callers[] = { "calls", "screen", "disk", "picture", "devices", "hooks",
	"waits", "pc" };

#define CALLER_STEPS 5000

static void run_caller(const struct pair *p, const struct options *o, const char *name,
        const char *path, struct totals *t)
{
	unsigned steps = 0, steps_max = o->steps ? (unsigned)o->steps : CALLER_STEPS;
	enum lockstep_end end = calls_run(o->stepvm, o->qemu, path, p->quirks, steps_max, &steps);
	bool is_same = end == LOCKSTEP_HALTED || end == LOCKSTEP_STEPS;
	t->programs++;
	t->steps += steps;
	t->differences += !is_same;
	printf("%sok %u - %s, with the BIOS: %u steps, %s\n", is_same ? "" : "not ", t->programs,
	        name, steps, ends[end]);
	fflush(stdout);
}

static void run_callers(const struct pair *p, const struct options *o, struct totals *t)
{
	char path[4096];
	for (size_t i = 0; o->guests[0] && i < sizeof callers / sizeof *callers; i++) {
		snprintf(path, sizeof path, "%s/%s.bin", o->guests, callers[i]);
		run_caller(p, o, callers[i], path, t);
	}
	if (o->image)
		run_caller(p, o, "the image", o->image, t);
}

/* --- all together ----------------------------------------------------------------------------- */

/* stepvm wants an image to start with: one hlt. Everything else comes through its stub. */
static bool start_stepvm(struct side *s, const char *program)
{
	char image[] = "/tmp/oracle-XXXXXX";
	int fd = mkstemp(image);
	if (fd < 0 || write(fd, "\xf4", 1) != 1)
		return false;
	close(fd);
	bool ok = side_start_stepvm(s, program, image);
	unlink(image);
	return ok;
}

static bool start_both(struct pair *p, const struct options *o)
{
	return side_start_qemu(&p->qemu, o->qemu) &&
	       (o->connect ? side_connect(&p->stepvm, o->connect)
	                   : start_stepvm(&p->stepvm, o->stepvm));
}

static bool restart(struct pair *p)
{
	const struct options *o = p->ctx;
	if (o->connect) /* who started it starts it again */
		side_kill(&p->stepvm);
	side_close(&p->stepvm);
	side_close(&p->qemu);
	return start_both(p, o);
}

int main(int argc, char **argv)
{
	struct options o = { .seeds = 500,
		.seed = 1,
		.guests = "build/guests",
		.without = "",
		.stepvm = "build/stepvm",
		.qemu = "qemu-system-i386" };
	struct totals t = { 0 };
	static struct pair p;
	p.restart = restart;
	p.ctx = &o;
	struct program program;
	for (int i = 1; i < argc; i += 2) {
		const char *why = take_option(&o, argv[i], argv[i + 1]);
		if (why)
			return usage(why);
	}
	p.is_traced = o.trace != NULL;
	bool ok = program_init(&program, "") && start_both(&p, &o) &&
	          run_seeds(&p, &program, &o, &t) && run_guests(&p, &program, &o, &t);
	side_close(&p.stepvm);
	side_close(&p.qemu);
	program_close(&program);
	if (ok && !o.connect)
		run_callers(&p, &o, &t);
	printf("1..%u\n# %u programs, %lu steps compared, %u differences\n", t.programs, t.programs,
	        t.steps, t.differences);
	if (!ok)
		printf("Bail out! not everything was run\n");
	return !ok || t.differences;
}

/* observe: whether a debugger changes what a guest does, or tells of it what is not so.
 *
 *	make observe OBSERVE=2000
 *	observe [-v] COUNT [SEED [MODE]...]
 *
 * COUNT random programs (program.h) in real mode, 32-bit code with and without paging and 64-bit code, at CPL 0 and 3,
 * with and without the ticks of a timer. Each is run alone by each engine, stepped to its end, and gone through by a
 * debugger that does what a debugger can do, at random (tour.h): it has to end the same, each stop has to be where
 * the steps say that it is due, and nothing else stops it. What this machine's KVM can't run by itself is not run by
 * it, as `stepvm probe` tells; the engine does it then.
 *
 * A program's seed is SEED plus its number, so `observe 1 SEED MODE` does one alone; modes are those of program.c.
 * Without a seed one is taken, and told. Output is TAP; the exit status is 1 where anything differs.
 *
 * In the environment, for QEMU's TCG as the CPU: OBSERVE_LATE_IN_REP: a watchpoint that a rep hits may be told after it;
 * OBSERVE_JUMP_TO_WRITTEN: programs jump to an instruction that they have just written.
 *
 * How to read the files: emit.c and units.c write programs, setup.c what is around them; view.c is what is seen at a
 * stop, session.c a stepvm, path.c the steps, plan.c where the next stop is due, tour.c the debugger. */
#include "tour.h"

#define TOURS 2

struct tally {
	unsigned programs, runs, differ, long_ones, not_run;
	char reasons[400]; /* why KVM could not */
};

struct observer {
	const struct program *program;
	const char *image;
	struct tally *tally;
	bool can_kvm, is_verbose;
	struct ending alone; /* how it ends when nobody looks */
	bool has_ending;
	bool is_bad;
};

static void differs(struct observer *o, const char *what, const char *engine, const char *text)
{
	const struct program *p = o->program;
	if (!o->is_bad)
		o->tally->differ++;
	o->is_bad = true;
	printf("# observe 1 0x%" PRIx64 " %s%s%s: %s, --engine %s: %s\n", p->seed, p->mode->name,
	        p->has_timer ? " (ticks)" : "", p->has_vectors ? " (faults)" : "", what, engine,
	        text);
}

/* --- what KVM can do ---------------------------------------------------------------------------- */

/* NULL: all that the program needs. */
static const char *what_is_missing(const struct program *p)
{
	const struct program_mode *m = p->mode;
	bool needs_iret = p->has_timer || p->has_vectors || m->cpl;
	if (m->kind == PROGRAM_PAGED32 && rsp_fact("paging32", m->fact) != 'y')
		return "32-bit paging";
	if (needs_iret && rsp_fact("iret", m->fact) != 'y')
		return m->bits == 64 ? "iret in 64-bit code" : "iret in 32-bit code";
	if (p->has_vectors && rsp_fact("int_n", m->fact) != 'y')
		return m->bits == 64 ? "int n in 64-bit code" : "int n in 32-bit code";
	if (m->cpl && rsp_fact("cpl3_steps", "long64") != 'y')
		return "steps at CPL 3";
	return NULL;
}

static void note_missing(struct tally *t, const char *what)
{
	size_t len = strlen(t->reasons);
	t->not_run++;
	if (!strstr(t->reasons, what))
		snprintf(t->reasons + len, sizeof t->reasons - len, "%s%s", len ? ", " : "", what);
}

/* --- runs --------------------------------------------------------------------------------------- */

/* Who did the guest's instructions, and what run control decided last. */
static void tell_decisions(const struct observer *o, struct session *s)
{
	char text[1200];
	if (s->r.in_fd < 0)
		return;
	snprintf(text, sizeof text, "%s", rsp_monitor(&s->r, "info engine"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		printf("#   %s\n", line);
	if (!o->is_verbose)
		return;
	const char *log = rsp_monitor(&s->r, "log run");
	size_t len = strlen(log);
	fprintf(stderr, "%s", len > 4000 ? log + len - 4000 : log);
}

/* What every run ends with. False: it differs. */
static bool is_end_right(
        struct observer *o, struct session *s, const char *what, const char *engine)
{
	static struct ending is;
	char text[300] = "";
	bool has_timer = o->program->has_timer;
	if (!s->r.failure[0] && !o->has_ending) {
		o->has_ending = session_ending(s, &o->alone);
	} else if (!s->r.failure[0] && session_ending(s, &is) &&
	           !ending_is_same(&is, &o->alone, has_timer, text, sizeof text)) {
		rsp_fail(&s->r, "at the end %s", text);
	}
	if (s->r.failure[0]) {
		differs(o, what, engine, s->r.failure);
		tell_decisions(o, s);
	}
	return !s->r.failure[0];
}

static bool run_alone(struct observer *o, const char *engine)
{
	struct session s;
	o->tally->runs++;
	if (session_open(&s, o->program, o->image, engine) && session_resume(&s, "c") &&
	        rsp_pc(s.stop) != o->program->halt + 1)
		rsp_fail(&s.r, "it came to 0x%" PRIx64 ", expected 0x%x: %s", rsp_pc(s.stop),
		        o->program->halt + 1, s.stop);
	bool is_first = !o->has_ending;
	bool ok = is_end_right(o, &s, "alone", engine);
	static struct ending again;
	char text[200];
	if (ok && !is_first && session_ending(&s, &again) &&
	        !output_is_same(again.output, again.output_len, o->alone.output,
	                o->alone.output_len, text, sizeof text)) {
		differs(o, "alone", engine, text);
		ok = false;
	}
	session_close(&s);
	return ok;
}

/* False: there is no path, or a wrong one. */
static bool step_through(struct observer *o, const char *engine, struct path *path)
{
	struct session s;
	bool ok = session_open(&s, o->program, o->image, engine);
	enum path_record how = ok ? path_record(path, &s) : PATH_FAILED;
	o->tally->runs++;
	if (how == PATH_TOO_LONG)
		o->tally->long_ones++;
	else
		ok = is_end_right(o, &s, "stepped", engine);
	session_close(&s);
	return ok && how == PATH_DONE;
}

static bool is_path_same(struct observer *o, const struct path *is, const struct path *wanted)
{
	char text[200], all[300];
	for (unsigned i = 0; i <= is->last && i <= wanted->last; i++)
		if (!view_is_same(
		            &is->at[i], &wanted->at[i], o->program->has_timer, text, sizeof text)) {
			snprintf(all, sizeof all, "step %u, to 0x%" PRIx64 ": %s", i,
			        wanted->at[i].registers[VIEW_PC], text);
			differs(o, "stepped", "kvm", all);
			return false;
		}
	return true;
}

static void go_round(struct observer *o, const struct path *path, unsigned number)
{
	static const char *const engines[] = { "interp", "auto", "kvm" };
	struct tour_options options = { .seed = o->program->seed * TOURS + number,
		.can_kvm = o->can_kvm,
		.is_verbose = o->is_verbose,
		.is_late_in_rep = getenv("OBSERVE_LATE_IN_REP") != NULL };
	const char *engine = engines[(o->program->seed + number) % (o->can_kvm ? 3 : 2)];
	if (o->can_kvm && number == 0)
		engine = "kvm";
	struct session s;
	char what[40];
	snprintf(what, sizeof what, "tour %u", number);
	o->tally->runs++;
	if (session_open(&s, o->program, o->image, engine))
		tour_go(&s, path, &options);
	is_end_right(o, &s, what, engine);
	session_close(&s);
}

static void observe_program(struct observer *o)
{
	static struct path path, by_kvm;
	const char *missing = what_is_missing(o->program);
	o->can_kvm = !missing;
	if (missing)
		note_missing(o->tally, missing);
	if (!run_alone(o, "interp"))
		return;
	if (!run_alone(o, "auto") || (o->can_kvm && !run_alone(o, "kvm")))
		return;
	if (!step_through(o, "interp", &path))
		return;
	if (o->can_kvm && (!step_through(o, "kvm", &by_kvm) || !is_path_same(o, &by_kvm, &path)))
		return;
	for (unsigned i = 0; i < TOURS; i++)
		go_round(o, &path, i);
}

/* --- all of them -------------------------------------------------------------------------------- */

static bool write_image(const struct program *p, const char *path)
{
	FILE *f = fopen(path, "w");
	bool ok = f && fwrite(p->image, sizeof p->image, 1, f) == 1;
	return f && !fclose(f) && ok;
}

/* modes: NULL, or the only ones, in turn; the last is NULL. */
static bool observe_all(
        struct tally *t, uint64_t count, uint64_t seed, char **modes, bool is_verbose)
{
	static struct program p;
	static struct observer o;
	char folder[100], image[120];
	const char *tmp = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%.60s/stepvm-observe.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return false;
	snprintf(image, sizeof image, "%s/image", folder);
	bool ok = true;
	uint64_t mode_count = 0;
	while (modes && modes[mode_count])
		mode_count++;
	for (uint64_t i = 0; ok && i < count; i++) {
		program_make(&p, seed + i, modes ? modes[i % mode_count] : NULL);
		memset(&o, 0, sizeof o);
		o.program = &p;
		o.image = image;
		o.tally = t;
		o.is_verbose = is_verbose;
		ok = write_image(&p, image);
		t->programs += ok;
		if (ok)
			observe_program(&o);
		fflush(stdout);
	}
	unlink(image);
	rmdir(folder);
	return ok;
}

static bool take_number(const char *text, uint64_t *to)
{
	char *end;
	errno = 0;
	*to = strtoull(text, &end, 0);
	return *text && !*end && !errno;
}

static int usage(void)
{
	fputs("usage: observe [-v] COUNT [SEED [MODE]...]\n", stderr);
	return 2;
}

static void tell(const struct tally *t, bool is_good)
{
	printf("%sok 1 - a debugger changes nothing and tells what is so\n1..1\n",
	        is_good ? "" : "not ");
	if (t->long_ones)
		printf("# %u programs take more than %u steps: not stepped\n", t->long_ones,
		        PATH_MAX_STEPS);
	printf("# %u programs, %u runs, %u not run by KVM alone%s%s%s, %u differ\n", t->programs,
	        t->runs, t->not_run, t->not_run ? " (it has no " : "", t->reasons,
	        t->not_run ? ")" : "", t->differ);
}

static bool is_mode(const char *name)
{
	for (const struct program_mode *m = program_modes; m->name; m++)
		if (!strcmp(m->name, name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct tally t = { 0 };
	bool is_verbose = argc > 1 && !strcmp(argv[1], "-v");
	char **words = argv + 1 + is_verbose, **modes = NULL;
	int left = argc - 1 - is_verbose;
	uint64_t count = 0, seed = (uint64_t)rsp_now_ms() << 16;
	if (left < 1 || !take_number(words[0], &count) ||
	        (left > 1 && !take_number(words[1], &seed)))
		return usage();
	if (left > 2)
		modes = words + 2;
	for (char **name = modes; name && *name; name++)
		if (!is_mode(*name))
			return usage();
	printf("# observe %" PRIu64 " 0x%" PRIx64 "\n", count, seed);
	bool is_done = observe_all(&t, count, seed, modes, is_verbose);
	tell(&t, is_done && !t.differ);
	return !is_done || t.differ;
}

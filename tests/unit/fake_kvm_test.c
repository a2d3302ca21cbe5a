/* The fake KVM is what it says: the probe finds each quirk in it and no other, and where there is a
 * /dev/kvm, one of the presets answers the probe as that does. */
#include "check.h"
#include "fake_kvm.h"
#include "readme.h"

#include <unistd.h>

#include "base/array.h"
#include "kvm/probe.h"

/* beside: NULL for the kernel's KVM. */
static bool ask(const struct vm *beside, struct probe_facts *facts)
{
	struct error e = { 0 };
	int err = probe_run_all(facts, beside, &e);
	if (err)
		CHECK_FAIL("the probe failed: %s", e.text);
	return !err;
}

static bool ask_fake(uint64_t quirks, struct probe_facts *facts)
{
	struct vm kvm;
	if (!fake_kvm_open(&kvm, quirks)) {
		CHECK_FAIL("the fake KVM did not open");
		return false;
	}
	bool ok = ask(&kvm, facts);
	fake_kvm_close(&kvm);
	return ok;
}

/* What the probe finds where there is nothing to be found. The fake has no 32-bit paging,
 * no arithmetic of x87 and SSE, and no CPL 3. */
static enum probe_answer plain_answer(enum probe_fact fact)
{
	switch (fact) {
	case PROBE_RUNS:
	case PROBE_INT_N:
	case PROBE_IRET:
	case PROBE_INT3_EXITS:
	case PROBE_EXEC_BREAKPOINTS:
	case PROBE_RF_COUNTS:
	case PROBE_DATA_BREAKPOINTS:
	case PROBE_OWN_BREAKPOINTS:
	case PROBE_READ_ONLY_SLOTS:
	case PROBE_DELETED_SLOTS:
	case PROBE_GUARDS_FAIL:
	case PROBE_SHUTDOWN_KEEPS_STATE: return PROBE_YES;
	case PROBE_X87:
	case PROBE_SSE:
	case PROBE_PAGING32:
	case PROBE_PAGING32_FAULTS:
	case PROBE_EFER_EXITS:
	case PROBE_STEP_OVER_OUT_LATE:
	case PROBE_STEP_LOSES_HLT:
	case PROBE_STEP_SHOWS_TF:
	case PROBE_STEP_SKIPS_MOV_SS:
	case PROBE_STEP_RUNS_WHOLE_REP:
	case PROBE_STEP_LEAVES_TRAP: return PROBE_NO;
	case PROBE_EMULATES:    /* is_timed */
	case PROBE_PUSHES_HALF: /* no such instruction in the fake */
	case PROBE_CPL3_RUNS:   /* not asked here */
	case PROBE_CPL3_STEPS:
	case PROBE_CPL3_BREAKPOINTS:
	case PROBE_CPL3_PORTS:
	case PROBE_FACTS: break;
	}
	return PROBE_UNKNOWN;
}

#define REAL16 (1u << SCRATCH_REAL16)
#define PROT32 (1u << SCRATCH_PROT32)
#define BOTH   (REAL16 | PROT32)

/* What a quirk makes of an answer. */
static const struct {
	uint64_t quirk;
	enum probe_fact fact;
	enum probe_answer answer;
	unsigned modes;
} found[] = {
	{ FAKE(OUT_SWALLOWS_STEP), PROBE_STEP_OVER_OUT_LATE, PROBE_YES, BOTH },
	{ FAKE(REP_IN_ONE_STEP), PROBE_STEP_RUNS_WHOLE_REP, PROBE_YES, BOTH },
	{ FAKE(HLT_SWALLOWED), PROBE_STEP_LOSES_HLT, PROBE_YES, BOTH },
	{ FAKE(PUSHF_SHOWS_TF), PROBE_STEP_SHOWS_TF, PROBE_YES, BOTH },
	{ FAKE(MOV_SS_HIDES_STEP), PROBE_STEP_SKIPS_MOV_SS, PROBE_YES, BOTH },
	{ FAKE(STALE_BS), PROBE_STEP_LEAVES_TRAP, PROBE_YES, BOTH },
	{ FAKE(NO_INT32), PROBE_INT_N, PROBE_NO, PROT32 },
	{ FAKE(NO_INT32), PROBE_INT3_EXITS, PROBE_NO, PROT32 },
	{ FAKE(NO_INT32), PROBE_IRET, PROBE_NO, PROT32 },
	{ FAKE(RF_IGNORED), PROBE_RF_COUNTS, PROBE_NO, BOTH },
	{ FAKE(NO_DATA_BREAKPOINTS), PROBE_DATA_BREAKPOINTS, PROBE_NO, BOTH },
	{ FAKE(INT3_TO_GUEST), PROBE_INT3_EXITS, PROBE_NO, BOTH },
	{ FAKE(SHUTDOWN_RESETS), PROBE_SHUTDOWN_KEEPS_STATE, PROBE_NO, BOTH },
	/* The handler is found in spite of the limit. */
	{ FAKE(IVT_HAS_NO_LIMIT), PROBE_SHUTDOWN_KEEPS_STATE, PROBE_UNKNOWN, REAL16 },
	{ FAKE(NO_FLOAT), PROBE_GUARDS_FAIL, PROBE_UNKNOWN, BOTH },
};

static enum probe_answer expected(uint64_t quirks, enum probe_fact fact, enum scratch_mode mode)
{
	enum probe_answer answer = plain_answer(fact);
	/* Nothing tells that the guest has loaded its debug registers, and they don't work. */
	if (fact == PROBE_OWN_BREAKPOINTS && quirks & FAKE(ONLY_OURS) && quirks & FAKE(GD_IGNORED))
		return PROBE_NO;
	for (size_t i = 0; i < ARRAY_SIZE(found); i++)
		if (found[i].fact == fact && quirks & found[i].quirk && found[i].modes & 1u << mode)
			answer = found[i].answer;
	return answer;
}

/* The fake has no time of its own: how long its runs take beside code of this host's is the host's system calls. */
static bool is_timed(enum probe_fact fact)
{
	return fact == PROBE_EMULATES;
}

static void each_quirk_is_tried_and_written_of(void)
{
	CHECK_EQ(fake_kind_count, FAKE_PRESETS + FAKE_QUIRKS);
	if (fake_kind_count != FAKE_PRESETS + FAKE_QUIRKS)
		return;
	char *readme = readme_read("src/debug/README.md");
	for (unsigned quirk = 0; readme && quirk < FAKE_QUIRKS; quirk++) {
		const struct fake_kind *kind = &fake_kinds[FAKE_PRESETS + quirk];
		char name[64];
		snprintf(name, sizeof name, "`%s`", kind->name);
		CHECK(kind->quirks & 1ull << quirk);
		if (!strstr(readme, name))
			CHECK_FAIL("%s: not in src/debug/README.md", kind->name);
	}
	free(readme);
}

static void the_probe_finds_each_quirk_and_no_other(void)
{
	for (unsigned k = 0; k < fake_kind_count; k++) {
		const struct fake_kind *kind = &fake_kinds[k];
		struct probe_facts facts;
		if (!ask_fake(kind->quirks, &facts))
			return;
		CHECK_EQ(facts.has_sync_regs, !(kind->quirks & FAKE(NO_SYNC_REGS)));
		for (unsigned fact = 0; fact < PROBE_FACTS; fact++)
			for (unsigned mode = SCRATCH_REAL16; mode <= SCRATCH_PROT32; mode++)
				if (probe_is_tried(fact, mode) && !is_timed(fact) &&
				        facts.answers[fact][mode] !=
				                expected(kind->quirks, fact, mode))
					CHECK_FAIL("%s: fact %u in mode %u is %u", kind->name, fact,
					        mode, facts.answers[fact][mode]);
	}
}

/* Whether the fake could answer otherwise. A new question is to be decided here. */
static bool is_modelled(enum probe_fact fact)
{
	switch (fact) {
	case PROBE_X87:
	case PROBE_SSE:
	case PROBE_PAGING32:
	case PROBE_PAGING32_FAULTS:
	case PROBE_EFER_EXITS:
	case PROBE_EMULATES:
	case PROBE_PUSHES_HALF:
	case PROBE_CPL3_RUNS:
	case PROBE_CPL3_STEPS:
	case PROBE_CPL3_BREAKPOINTS:
	case PROBE_CPL3_PORTS:
	case PROBE_FACTS: return false;
	case PROBE_RUNS:
	case PROBE_INT_N:
	case PROBE_IRET:
	case PROBE_INT3_EXITS:
	case PROBE_EXEC_BREAKPOINTS:
	case PROBE_RF_COUNTS:
	case PROBE_DATA_BREAKPOINTS:
	case PROBE_OWN_BREAKPOINTS:
	case PROBE_STEP_OVER_OUT_LATE:
	case PROBE_STEP_LOSES_HLT:
	case PROBE_STEP_SHOWS_TF:
	case PROBE_STEP_SKIPS_MOV_SS:
	case PROBE_STEP_RUNS_WHOLE_REP:
	case PROBE_STEP_LEAVES_TRAP:
	case PROBE_READ_ONLY_SLOTS:
	case PROBE_DELETED_SLOTS:
	case PROBE_GUARDS_FAIL:
	case PROBE_SHUTDOWN_KEEPS_STATE: return true;
	}
	return false;
}

/* How many answers differ from the kernel's, of those that the fake could give. */
static unsigned differences(const struct probe_facts *a, const struct probe_facts *b)
{
	unsigned n = 0;
	for (unsigned fact = 0; fact < PROBE_FACTS; fact++)
		for (unsigned mode = SCRATCH_REAL16; mode <= SCRATCH_PROT32; mode++)
			n += is_modelled((enum probe_fact)fact) &&
			     a->answers[fact][mode] != b->answers[fact][mode];
	return n;
}

/* Asked alone, in a VM in which nothing has run yet. quirks: NULL for the kernel's KVM. */
static enum probe_answer ask_alone(
        const uint64_t *quirks, enum probe_fact fact, enum scratch_mode mode)
{
	struct vm kvm;
	if (!quirks)
		return probe_ask(fact, mode, NULL);
	if (!fake_kvm_open(&kvm, *quirks)) {
		CHECK_FAIL("the fake KVM did not open");
		return PROBE_UNKNOWN;
	}
	enum probe_answer a = probe_ask(fact, mode, &kvm);
	fake_kvm_close(&kvm);
	return a;
}

static void check_alone(const char *name, const uint64_t *quirks, const struct probe_facts *all)
{
	for (unsigned fact = 0; fact < PROBE_FACTS; fact++)
		for (unsigned mode = SCRATCH_REAL16; mode <= SCRATCH_LONG64; mode++) {
			if (quirks && is_timed(fact))
				continue;
			enum probe_answer alone = ask_alone(quirks, fact, mode);
			if (alone != all->answers[fact][mode])
				CHECK_FAIL("%s: fact %u in mode %u is %u alone, and %u among all",
				        name, fact, mode, alone, all->answers[fact][mode]);
		}
}

static void a_question_alone_has_the_same_answer(void)
{
	struct probe_facts facts;
	for (unsigned k = 0; k < fake_kind_count; k++) {
		if (!ask_fake(fake_kinds[k].quirks, &facts))
			return;
		check_alone(fake_kinds[k].name, &fake_kinds[k].quirks, &facts);
	}
	if (!access("/dev/kvm", R_OK | W_OK) && ask(NULL, &facts))
		check_alone("/dev/kvm", NULL, &facts);
}

static void a_preset_answers_as_this_machines_kvm(void)
{
	struct probe_facts facts, kernels;
	unsigned least = UINT32_MAX, nearest = 0;
	static char why[80];
	if (access("/dev/kvm", R_OK | W_OK))
		CHECK_SKIP("no /dev/kvm");
	if (!ask(NULL, &kernels))
		return;
	for (unsigned k = 0; k < FAKE_PRESETS && ask_fake(fake_kinds[k].quirks, &facts); k++) {
		unsigned n = differences(&facts, &kernels);
		if (n >= least)
			continue;
		least = n;
		nearest = k;
	}
	printf("# nearest: %s, %u answers differ\n", fake_kinds[nearest].name, least);
	if (!least)
		return;
	/* A KVM that nobody has measured yet is no fault of the fake's. */
	snprintf(why, sizeof why, "a KVM of its own kind: %u answers differ from %s's", least,
	        fake_kinds[nearest].name);
	CHECK_SKIP(why);
}

int main(void)
{
	RUN(each_quirk_is_tried_and_written_of);
	RUN(the_probe_finds_each_quirk_and_no_other);
	RUN(a_question_alone_has_the_same_answer);
	RUN(a_preset_answers_as_this_machines_kvm);
	return check_done();
}

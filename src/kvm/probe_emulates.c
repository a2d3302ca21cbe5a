/* Whether KVM emulates its guests, by how long they take: a jump of a loop costs a CPU a nanosecond or two,
 * and an emulator hundreds (kvm_pvm: 400). What this process takes for the same loop is the measure, so that
 * a simulated host is judged by its own speed; and a run of one jump, so that slow exits are none of it. */
#include "kvm/probe_emulates.h"

#include <time.h>

#include "base/cpu_bits.h"

#define JUMPS 100u /* kvm_pvm: 40 us */
#define TIMES 10   /* slower than here: half of it would be a CPU's bad day */
#define EXITS 3    /* times as long as a run of one jump */
/* The shortest of so many counts. Whatever else the host does makes a loop longer, never shorter, and is not likely to meet
 * each of them where each is this short: of two loops of 160 us both were met once, at a load of 15. */
#define TRIES 3
/* At most, while it does not look like an emulator: by its shortest counts no CPU does. At a load of 10 three were not
 * enough once in a hundred probes. */
#define TRIES_MAX 12

/* What this thread has run, so that the time in which others had the CPU is none of it. */
static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t here_ns(uint64_t jumps)
{
	uint64_t start = now_ns();
	__asm__ volatile("1: loop 1b" : "+c"(jumps));
	return now_ns() - start;
}

/* UINT64_MAX: it did not come to its end. */
static uint64_t there_ns(struct scratch *s, uint64_t jumps)
{
	static const uint8_t code[] = { 0xe2, 0xfe, 0xf4 }; /* loop to itself; hlt */
	static const struct vcpu_debug none = { 0 };
	struct exit x;
	scratch_put(s, SCRATCH_REAL16, code, sizeof code);
	struct kvm_regs regs = *vcpu_regs(&s->vcpu);
	regs.rcx = jumps;
	if (!s->err)
		s->err = vcpu_set_regs(&s->vcpu, &regs);
	uint64_t start = now_ns();
	scratch_run(s, &none, &x);
	uint64_t ns = now_ns() - start;
	return s->err || x.kind != EXIT_HLT ? UINT64_MAX : ns;
}

static void keep_least(uint64_t *least, uint64_t ns)
{
	if (ns < *least)
		*least = ns;
}

bool probe_emulates_by(const struct probe_times *t)
{
	return t->there_ns > t->one_ns && t->there_ns - t->one_ns > TIMES * t->here_ns &&
	       t->there_ns > EXITS * t->one_ns;
}

bool probe_emulates(struct scratch *s, bool *is_so)
{
	struct probe_times least = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
	for (unsigned i = 0; i < TRIES || (i < TRIES_MAX && !probe_emulates_by(&least)); i++) {
		keep_least(&least.here_ns, here_ns(JUMPS));
		keep_least(&least.one_ns, there_ns(s, 1));
		keep_least(&least.there_ns, there_ns(s, JUMPS));
	}
	*is_so = probe_emulates_by(&least);
	return least.there_ns != UINT64_MAX && least.one_ns != UINT64_MAX;
}

/* Whether KVM emulates its guests, by how long they take: a jump of a loop costs a CPU a nanosecond or two,
 * and an emulator hundreds (kvm_pvm: 400). What this process takes for the same loop is the measure, so that
 * a simulated host is judged by its own speed; and a run of one jump, so that slow exits are none of it. */
#include "kvm/probe_emulates.h"

#include <time.h>

#include "base/cpu_bits.h"

#define JUMPS 400u /* kvm_pvm: 160 us */
#define TRIES 2    /* the host may have had something else to do */
#define TIMES 10   /* slower than here: half of it would be a CPU's bad day */
#define EXITS 3    /* times as long as a run of one jump */

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
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

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

bool probe_emulates(struct scratch *s, bool *is_so)
{
	uint64_t here = UINT64_MAX, there = UINT64_MAX, one = UINT64_MAX;
	for (unsigned i = 0; i < TRIES; i++) {
		here = least(here, here_ns(JUMPS));
		one = least(one, there_ns(s, 1));
		there = least(there, there_ns(s, JUMPS));
	}
	*is_so = there > one && there - one > TIMES * here && there > EXITS * one;
	return there != UINT64_MAX && one != UINT64_MAX;
}

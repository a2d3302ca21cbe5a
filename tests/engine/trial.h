/* A random instruction and the state that it finds: all of it follows from the mode and a seed. */
#ifndef STEPVM_TESTS_ENGINE_TRIAL_H
#define STEPVM_TESTS_ENGINE_TRIAL_H

#include "compare/compare.h"
#include "world.h"

#define TRIAL_POKES 6

/* Bytes that are written to RAM before the instruction: what is on the stack for it, the far pointer that it
 * reads, the instruction itself. */
struct trial_poke {
	uint32_t gpa;
	uint8_t len;
	uint8_t bytes[40];
};

struct trial {
	const struct world_mode *mode;
	uint64_t seed;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	uint8_t bytes[COMPARE_BYTES];
	unsigned poke_count;
	struct trial_poke pokes[TRIAL_POKES];
};

/* What trials are made of. */
struct trial_source {
	const struct world_mode *mode;
	const uint8_t *ram; /* world_make's */
	const struct kvm_sregs *base;
	uint64_t flags; /* of rflags that this KVM can't keep at CPL 3: never set */
};

void trial_make(struct trial *t, const struct trial_source *from, uint64_t seed);
/* A plain state with these flags, and these bytes, up to COMPARE_BYTES of them. */
void trial_make_plain(struct trial *t, const struct trial_source *from, uint64_t flags,
        const uint8_t *bytes, unsigned len);
/* How wide its code is: 16, 32 or 64. */
unsigned trial_bits(const struct trial *t);

#endif

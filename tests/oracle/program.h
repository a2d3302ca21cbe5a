/* A program that both sides run: registers and memory to begin with. */
#ifndef STEPVM_TESTS_PROGRAM_H
#define STEPVM_TESTS_PROGRAM_H

#include "side.h"

struct program {
	char name[64];
	struct cpu start;
	uint8_t *memory; /* SIDE_MEMORY bytes, owned */
	size_t window; /* the first bytes of memory are compared: the program writes nowhere else */
	bool has_fixed_code; /* its code stays as it is in memory */
	unsigned steps_max;
};

/* Both: false when there is no memory for it, or no such file. */
bool program_init(struct program *p, const char *name);
/* Whether a guest, by its name, is one for both sides. */
bool program_can_be_compared(const char *name);
/* A guest's flat image, placed and started as stepvm's `make check` does. */
bool program_load(struct program *p, const char *path);
void program_close(struct program *p);

/* Instructions that not every KVM has. */
enum optional {
	OPTIONAL_DAA,
	OPTIONAL_DAS,
	OPTIONAL_AAA,
	OPTIONAL_AAS,
	OPTIONAL_AAM,
	OPTIONAL_AAD,
	OPTIONAL_SALC,
	OPTIONAL_CMPXCHG8B,
	OPTIONAL_BOUND,
	OPTIONAL_UD2,
	OPTIONAL_TF, /* not one instruction: the program single-steps itself */
	/* Not right everywhere; QEMU 10's TCG, as kvm_amd's host, has them wrong (target/i386/tcg,
	 * decode-new.c.inc and emit.c.inc). */
	OPTIONAL_MOV_CS,  /* done and no #UD: its issue 3195 */
	OPTIONAL_RCR_9,   /* rcl, rcr by an immediate that rotates nothing: CF is lost */
	OPTIONAL_AAM_128, /* the divisor is taken as signed */
	OPTIONALS
};
struct optional_insn {
	const char *name;
	uint8_t bytes[8];
	uint8_t len;
	/* What has to be so behind it, when ax is 0xff and CF set before. */
	enum cpu_register reg;
	uint32_t mask, value;
};
extern const struct optional_insn optional_insns[OPTIONALS];

/* A program of its seed alone. without: a bit for each enum optional that it must not have. */
void generate(struct program *p, uint64_t seed, uint32_t without);
/* One optional instruction, to see whether it can be done, and whether it was done right. */
void generate_probe(struct program *p, enum optional which);
bool generate_probe_is_right(enum optional which, const struct cpu *after);

#endif

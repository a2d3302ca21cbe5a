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
	OPTIONALS
};
struct optional_insn {
	const char *name;
	uint8_t bytes[8];
	uint8_t len;
};
extern const struct optional_insn optional_insns[OPTIONALS];

/* A program of its seed alone. without: a bit for each enum optional that it must not have. */
void generate(struct program *p, uint64_t seed, uint32_t without);
/* One optional instruction, to see whether it can be done. */
void generate_probe(struct program *p, enum optional which);

#endif

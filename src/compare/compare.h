/* What two CPUs have made of one instruction, part by part: the engine, and KVM beside it. Pure.
 *
 * Who has brought them to do it fills in struct compare_result: debug/check.c during a run, tests/engine with random
 * instructions. */
#ifndef STEPVM_COMPARE_COMPARE_H
#define STEPVM_COMPARE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#define COMPARE_BYTES    15 /* the longest instruction: SDM vol 2, 2.3.11 */
#define COMPARE_ACCESSES 32

/* What was read and written outside RAM. */
struct compare_access {
	bool is_port, is_write;
	uint8_t size;
	uint64_t at, value;
};

struct compare_log {
	unsigned count;
	struct compare_access all[COMPARE_ACCESSES];
};

/* A CPU's state. */
struct compare_state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	uint8_t shadow; /* KVM_X86_SHADOW_INT_ bits */
};

enum compare_verdict {
	COMPARE_SAME,
	COMPARE_HANDED_OVER, /* and nothing had changed */
	COMPARE_CHANGED,     /* handed over, and something had changed */
	COMPARE_DIFFERS,
	COMPARE_KVM_FAILS, /* KVM itself could not do it */
	COMPARE_SKIPPED,   /* it can't be compared here */
};

/* What differs, a set. */
enum compare_part {
	COMPARE_REGS = 1 << 0,
	COMPARE_RIP = 1 << 1,
	COMPARE_FLAGS = 1 << 2,
	COMPARE_SEGMENTS = 1 << 3,
	COMPARE_TABLES = 1 << 4, /* GDTR, IDTR, LDTR, TR */
	COMPARE_CR2 = 1 << 5,
	COMPARE_CONTROL = 1 << 6, /* other control registers, EFER */
	COMPARE_MEMORY = 1 << 7,
	COMPARE_ACCESS = 1 << 8,
	COMPARE_SHADOW = 1 << 9,
	COMPARE_EXTRAS = 1 << 10, /* the x87's control, status and tag words; MSRs */
};

struct compare_result {
	enum compare_verdict verdict;
	unsigned parts;
	uint64_t flags; /* of rflags that differ */
	uint64_t gpa;   /* of the first byte of RAM that differs, */
	bool is_table;  /* which is in the guest's page tables */
	uint8_t own_byte, kvm_byte;
	bool shuts_down;   /* the engine says that the CPU does */
	bool has_odd_ram;  /* the sides' RAM differs, be it for what is spared */
	unsigned stop;     /* how KVM's side ended: the caller's */
	uint32_t suberror; /* of KVM_EXIT_INTERNAL_ERROR */
	int own_vector;    /* of the exception or int n that the engine has delivered, or -1 */
	int own_raised; /* the exception that the instruction raises, which may have become #DF, or -1 */
	int kvm_vector; /* to whose handler KVM's side has come, or -1: none, or not known */
	struct compare_state own, kvm;
	struct compare_log own_log, kvm_log;
};

/* A set of enum compare_part; *flags: those of rflags that differ. */
unsigned compare_states(
        const struct compare_state *a, const struct compare_state *b, uint64_t *flags);
/* Whether they are the same; of two null selectors nothing else counts. */
bool compare_segment(const struct kvm_segment *a, const struct kvm_segment *b);
/* The same accesses in the same order. */
bool compare_logs(const struct compare_log *a, const struct compare_log *b);

#endif

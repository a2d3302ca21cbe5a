/* The last instructions that the guest has done, for `monitor log insn`: the engine's, those that KVM was stepped for,
 * and where KVM has run freely, which nobody sees. While it is on the engine does its instructions one by one; off, it
 * costs a test a run. */
#ifndef STEPVM_DEBUG_LOG_H
#define STEPVM_DEBUG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "debug/insn.h"

struct control;

#define LOG_INSNS 4096

struct log_insn {
	uint64_t pc, rip; /* linear address, offset */
	uint64_t times;   /* in a row: iterations of a rep, a jump to itself */
	uint16_t cs;
	uint8_t bits; /* 16, 32 or 64; 0: here KVM has run freely, and nobody has seen what it did */
	bool is_kvms;
	uint8_t len; /* 0: not known, for the guest went elsewhere */
	uint8_t bytes[INSN_MAX];
};

/* A ring. All zeros is empty. */
struct log {
	unsigned next, used;
	struct log_insn insns[LOG_INSNS];
};

/* The n'th last, 0 the newest; NULL where no more are. */
const struct log_insn *log_last(const struct log *l, unsigned n);

/* Private to src/debug. All do nothing where nothing is noted. */

/* The CPU is about to do an instruction in this state; and it has done it, and is at pc. */
void log_begin(const struct control *c, struct log_insn *to, const struct kvm_regs *regs,
        const struct kvm_sregs *sregs, bool is_kvms);
void log_end(struct control *c, struct log_insn *insn, uint64_t pc);
/* KVM runs freely from here on. */
void log_free_run(struct control *c);
/* The guest is another, or at another moment of its life. */
void log_forget(struct control *c);
void log_close(struct control *c);

#endif

/* For the time of one step the gates of all exceptions lead to addresses that debug registers watch, so
 * that whatever the instruction raises, the CPU stops before the handler's first instruction, be that the
 * instruction itself or one that faults. Nobody has to guess what it may raise. Private to src/debug.
 *
 *	gates_find	reads the IVT's or IDT's entries, and makes ours of them
 *	gates_put	writes ours into the guest's RAM
 *	(KVM runs)
 *	gates_put_back	in any case
 *	gates_taken	which one the CPU has gone through: gates_taken.c
 *
 * An X is an address to which gates lead. A code breakpoint comes before the fetch (SDM vol 3, "Priority
 * Among Concurrent Events"), so nothing has to be there, but the offset has to be one that the gate's code
 * segment allows, and canonical in long mode. There are at most four, for more vectors, and what lies on
 * the stack tells them apart. Where it does not, the instruction, which has done nothing, is done once
 * more, with an X for each of those that are left.
 *
 * Gates that the instruction itself reads or writes stay the guest's; their real handlers get debug
 * registers, as far as they go. */
#ifndef STEPVM_DEBUG_GATES_H
#define STEPVM_DEBUG_GATES_H

#include "debug/handlers.h"
#include "debug/insn.h"
#include "kvm/vcpu.h"

#define GATES_MAX      20 /* the exceptions that there are, and that of an int n */
#define GATES_SIZE_MAX 16 /* bytes of an entry, in long mode */

struct gate {
	uint8_t vector;
	uint8_t size;      /* of the entry: 4, 8 or 16 bytes */
	uint8_t slot_size; /* bytes of a slot of the frame that is pushed: 2, 4 or 8 */
	uint8_t x;         /* which of gates.x it leads to */
	bool is_beyond;    /* its offset is past the segment's limit: #GP, and so is ours */
	uint16_t selector, our_selector;
	uint64_t offset, our_offset;
	uint32_t base, limit; /* of its code segment */
	unsigned piece_count; /* two across pages */
	struct gate_piece {
		uint64_t gpa;
		uint8_t *hva;
		unsigned len;
	} pieces[2];
	uint8_t original[GATES_SIZE_MAX], ours[GATES_SIZE_MAX];
};

/* Vectors that are to be told apart, which of each other. */
struct gates_apart {
	unsigned count;
	uint8_t vectors[GATES_MAX];
};

struct gates {
	bool is_real, is_long;
	unsigned count, x_count;
	uint64_t x[BREAKPOINT_REGISTERS]; /* gva */
	struct gates_apart apart;         /* count 0: all of them share the X */
	struct handlers left;             /* the real handlers of those that stay the guest's */
	struct gate all[GATES_MAX];
};

/* Where the CPU has come to by a gate. */
struct gates_taken {
	const struct gate *gate;
	uint64_t flags_gva; /* of those in the frame */
	unsigned flags_size;
	bool is_of_user; /* by an instruction of CPL 3, to which the one that was stepped has led unseen */
};

enum gates_result {
	GATES_NONE,   /* it has gone through none of them */
	GATES_ONE,    /* through *taken */
	GATES_SEVERAL /* one of those in *apart */
};

/* room: for how many debug registers; apart: of gates_taken, or NULL. */
void gates_find(struct vcpu *v, const struct insn *insn, unsigned room,
        const struct gates_apart *apart, struct gates *g);
void gates_put(const struct gates *g);
/* What the guest has written there meanwhile stays. */
void gates_put_back(const struct gates *g);
/* Debug registers for the Xs, and for the handlers of those left. */
void gates_watch(const struct gates *g, struct handlers *h);
/* Whether the instruction can raise it at all, whatever its operands are. */
bool gates_is_plausible(unsigned vector, const struct insn *insn, const struct kvm_regs *regs,
        const struct kvm_sregs *sregs);

/* After the run, with the registers of before it. is_last: one of several is taken for the one. */
enum gates_result gates_taken(struct vcpu *v, const struct gates *g, const struct insn *insn,
        const struct kvm_regs *regs, const struct kvm_sregs *sregs, bool is_last,
        struct gates_taken *taken, struct gates_apart *apart);

#endif

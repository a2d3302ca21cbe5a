/* A debugger's step over the firmware: one that has led into the PC's ROM goes on until the CPU is back
 * from there, whatever comes meanwhile. So an `int $0x13` is one step, as are a jump and a call from a
 * guest's own handler to the one before it.
 *
 * Where it goes back to is what the stack holds when the CPU enters the ROM, by int, by a far call
 * with the flags pushed, or by a far jump from a handler: IP, CS and flags. On the way the guest's hooks
 * and its handlers of interrupts are stepped, and their breakpoints hit. */
#ifndef STEPVM_MACHINE_OVER_H
#define STEPVM_MACHINE_OVER_H

#include <stdbool.h>
#include <stdint.h>

struct machine;

struct over {
	bool is_on;
	bool has_return; /* false: it began within the ROM, and any place outside is its end */
	uint64_t return_gva,
	        stack_gva; /* the CPU's pc and top of stack when it is back; 0: not known */
};

/* The CPU is in the ROM. was_in_rom: it has been there before the step. */
void over_begin(struct over *o, struct machine *m, bool was_in_rom);
/* A call was answered, and the CPU stands in the ROM: where the frame is the one of the beginning, what the call has
 * made of it is where it goes back to. A call may load over its own stack. */
void over_follow(struct over *o, struct machine *m);
/* The CPU is at the place that the frame named, wherever that is. */
bool over_is_back(const struct over *o, struct machine *m);
/* The CPU is back. */
bool over_has_ended(const struct over *o, struct machine *m);

#endif

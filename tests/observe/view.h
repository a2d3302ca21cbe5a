/* What is seen of a guest at a stop: its general registers, and the memory that its program writes. */
#ifndef STEPVM_TESTS_OBSERVE_VIEW_H
#define STEPVM_TESTS_OBSERVE_VIEW_H

#include <stddef.h>

#include "program.h"

enum {
	VIEW_AX,
	VIEW_CX,
	VIEW_SP = 4,
	VIEW_SI = 6,
	VIEW_DI = 7,
	VIEW_PC = 16,
	VIEW_FLAGS,
	VIEW_REGISTERS
};

/* In ascending order. The stack is the last. */
struct view_window {
	uint32_t gva, size, at; /* at: in the memory of a view */
};
#define VIEW_WINDOWS 3u
#define VIEW_MEMORY  (0x40u + 0x100u + 0x200u)
extern const struct view_window view_windows[VIEW_WINDOWS];

struct view {
	uint64_t registers[VIEW_REGISTERS]; /* in the CPU's order: ax cx dx bx sp bp si di r8... */
	uint8_t memory[VIEW_MEMORY];
};

/* From the reply to `g`. False: it is none. */
bool view_registers(struct view *v, const char *reply, bool is_64bit);
/* The byte at gva, or NULL: in none of the windows. */
const uint8_t *view_byte(const struct view *v, uint64_t gva);
/* has_timer: what is below the stack pointer does not count, for there are the frames of interrupts. Where they
 * differ, says in what. */
bool view_is_same(
        const struct view *is, const struct view *wanted, bool has_timer, char *text, size_t size);

#endif

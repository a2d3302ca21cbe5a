/* Agent expressions: the bytecode that gdb compiles conditions and dprintf into, checked once and
 * then evaluated without gdb. Pure.
 *
 * A checked expression is safe: every instruction that can be reached is whole and known, every
 * jump stays inside, the stack's depth is the same on every way to an instruction and never leaves
 * its limits, and every way ends. What is left to fail later is said by agent_run. The opcodes that
 * collect are for the actions of tracepoints alone. Not taken are those for floating point: the
 * manual calls them not implemented.
 * Source: GDB manual, appendix "The GDB Agent Expression Mechanism"; numbers: gdb's ax.def. */
#ifndef STEPVM_GDBSTUB_AGENT_H
#define STEPVM_GDBSTUB_AGENT_H

#include "gdbstub/text.h"

#define AGENT_CODE_MAX   0x2000 /* bytes; a jump reaches 65536, gdb's longest are some hundred */
#define AGENT_STACK_MAX  100    /* gdbserver's */
#define AGENT_STEPS_MAX  10000  /* instructions of one evaluation: a loop ends */
#define AGENT_STRING_MAX 1024   /* bytes of one %s */

/* Why an expression is refused or can't be evaluated: a clause without a full stop. */
struct agent_error {
	char text[120];
};

/* What it is about. Registers by gdb's number. */
struct agent_machine {
	unsigned (*register_size)(void *ctx, unsigned reg); /* bytes; 0: there is none */
	bool (*read_register)(void *ctx, unsigned reg, uint64_t *value);
	/* Returns the bytes read; stops at the first that can't be had. */
	size_t (*read_memory)(void *ctx, uint64_t address, uint8_t *to, size_t len);
	void *ctx;
	/* Trace state variables, by gdb's number. agent_check declares those that the expression
	 * names: one that is not there yet is made; false: there is no room. All NULL: no
	 * expression may name one. */
	bool (*declare_variable)(void *ctx, unsigned number);
	uint64_t (*get_variable)(void *ctx, unsigned number);
	void (*set_variable)(void *ctx, unsigned number, uint64_t value);
	/* For a trace frame: memory (is_string: up to and with the first zero byte), the value of a
	 * variable. False with the reason ends the expression. Both NULL: it has no frame. */
	bool (*collect_memory)(
	        void *ctx, uint64_t address, uint64_t len, bool is_string, struct agent_error *e);
	bool (*collect_variable)(void *ctx, unsigned number, struct agent_error *e);
};

enum agent_use {
	AGENT_CONDITION, /* leaves a value on the stack */
	AGENT_COMMAND,
};

/* Whether agent_run may be called with it; false with the reason. */
bool agent_check(const uint8_t *code, size_t len, enum agent_use use, const struct agent_machine *m,
        struct agent_error *e);
/* Evaluates a checked expression: the top of the stack at its end (0 when that is empty). What
 * printf prints is appended to printed; what does not fit there is cut. False with the reason:
 * nothing is in *value then. */
bool agent_run(const uint8_t *code, size_t len, const struct agent_machine *m, uint64_t *value,
        struct text_out *printed, struct agent_error *e);
/* Calls each for every register that a checked expression names. */
void agent_registers(
        const uint8_t *code, size_t len, void (*each)(void *ctx, unsigned reg), void *ctx);

#endif

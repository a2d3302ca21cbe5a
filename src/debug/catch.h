/* Catchpoints: events of the CPU and the bus that stop the guest. Pure: what happened comes in as
 * values, a sentence comes out.
 *
 * Port and memory accesses and hlt are seen at full speed, for they exit. For the others the guest
 * has to be stepped: slow, and never wrong. */
#ifndef STEPVM_DEBUG_CATCH_H
#define STEPVM_DEBUG_CATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "base/error.h"

#define CATCH_MAX      32
#define CATCH_TEXT_MAX 200

enum catch_kind {
	CATCH_VECTOR, /* exceptions and interrupts: vectors low to high */
	CATCH_PORT,   /* ports low to high */
	CATCH_MMIO,   /* physical addresses low to high, where no RAM is */
	CATCH_MODE,   /* real, protected, 64-bit, ...: registers_mode */
	CATCH_CS,     /* CS is loaded with another selector */
	CATCH_CR,     /* control register low (0, 3 or 4) changes its value */
	CATCH_HLT,
	CATCH_RESET, /* the guest asks for the machine to start anew */
	CATCH_MAGIC, /* xchg %bx, %bx, as Bochs has it */
};

/* What brought the CPU to a vector. Only an exception has an exception's name: int 0x13 is no #XM,
 * and neither is a device whose interrupt has that vector. */
enum catch_cause {
	CATCH_BY_EXCEPTION, /* raised by the CPU; int3, into and int1 raise #BP, #OF and #DB */
	CATCH_BY_INT,       /* int n */
	CATCH_BY_DEVICE,    /* an interrupt */
};

enum catch_direction { CATCH_BOTH, CATCH_IN, CATCH_OUT }; /* also read and write */

/* A register (offset into struct kvm_regs, shifted, masked) that has to have this value. */
struct catch_condition {
	uint16_t offset;
	uint8_t shift;
	uint64_t mask, value;
};

#define CATCH_CONDITIONS_MAX 4

struct catchpoint {
	enum catch_kind kind;
	uint64_t low, high;
	enum catch_direction direction;
	bool is_exception; /* CATCH_VECTOR: only those of CATCH_BY_EXCEPTION */
	bool has_value;    /* CATCH_PORT, CATCH_MMIO: only this value */
	uint64_t value;
	/* CATCH_VECTOR: only when all of them hold. */
	unsigned condition_count;
	struct catch_condition conditions[CATCH_CONDITIONS_MAX];
	char text[64]; /* as the user wrote it */
};

struct catches {
	unsigned count;
	struct catchpoint all[CATCH_MAX];
};

/* Parses what follows `monitor catch`, in upper or lower case, such as "int 0x13 ah=2 dl=0x80", "int 13h
 * AH=02h", "#GP", "exception", "port 0x60-0x64 in", "port 0x3f8 out value=0x41", "mmio 0xa0000-0xbffff
 * write", "mode", "cs", "cr0", "hlt", "magic". -EINVAL with what was expected. */
int catch_parse(struct catchpoint *p, const char *words, struct error *e);
/* -ENOSPC when there are CATCH_MAX. */
int catches_add(struct catches *c, const struct catchpoint *p);
/* number counts from 1; false: there is none. */
bool catches_remove(struct catches *c, unsigned number);
void catches_clear(struct catches *c);
/* Whether it, or one of them, needs the guest to be stepped. */
bool catch_needs_steps(const struct catchpoint *p);
bool catches_need_steps(const struct catches *c);

/* Each writes a line to text, which has CATCH_TEXT_MAX bytes, and returns true when it is caught.
 */
bool catches_vector(const struct catches *c, unsigned vector, enum catch_cause cause,
        const struct kvm_regs *regs, const char *from, char *text);
bool catches_port(const struct catches *c, uint16_t port, unsigned size, bool is_out,
        uint64_t value, char *text);
bool catches_mmio(const struct catches *c, uint64_t gpa, unsigned size, bool is_write,
        uint64_t value, char *text);
bool catches_mode(const struct catches *c, const char *before, const char *after, char *text);
bool catches_cs(const struct catches *c, uint16_t before, uint16_t after, char *text);
/* is_written: the instruction writes it, maybe with what it was. */
bool catches_cr(const struct catches *c, unsigned number, bool is_written, uint64_t before,
        uint64_t after, char *text);
bool catches_magic(const struct catches *c, char *text);
bool catches_hlt(const struct catches *c, char *text);
/* how: what asked for it, as in "port 0x64". */
bool catches_reset(const struct catches *c, const char *how, char *text);

/* "vector 0x0d (#GP)", "vector 0x13 (int 0x13)", "vector 0x08 (interrupt)". */
struct catch_vector_text {
	char text[32];
};
struct catch_vector_text catch_vector_describe(unsigned vector, enum catch_cause cause);

#endif

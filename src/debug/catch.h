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

#include "error.h"

#define CATCH_MAX      32
#define CATCH_TEXT_MAX 200

enum catch_kind {
	CATCH_VECTOR, /* exceptions and software interrupts: vectors low to high */
	CATCH_PORT,   /* ports low to high */
	CATCH_MMIO,   /* physical addresses low to high, where no RAM is */
	CATCH_MODE,   /* real, protected, 64-bit, ...: registers_mode */
	CATCH_CS,     /* CS is loaded with another selector */
	CATCH_CR,     /* control register low (0, 3 or 4) changes its value */
	CATCH_HLT,
};

enum catch_direction { CATCH_BOTH, CATCH_IN, CATCH_OUT }; /* also read and write */

struct catchpoint {
	enum catch_kind kind;
	uint64_t low, high;
	enum catch_direction direction;
	bool has_value; /* CATCH_PORT, CATCH_MMIO: only this value */
	uint64_t value;
	/* CATCH_VECTOR: only when this register (offset into struct kvm_regs, shifted, masked) has
	 * this value; mask 0: always. */
	uint16_t register_offset;
	uint8_t register_shift;
	uint64_t register_mask, register_value;
	char text[64]; /* as the user wrote it */
};

struct catches {
	unsigned count;
	struct catchpoint all[CATCH_MAX];
};

/* Parses what stands behind `monitor catch`, such as "int 0x10 ah=0x0e", "#GP", "exception",
 * "port 0x60-0x64 in", "port 0x3f8 out value=0x41", "mmio 0xa0000-0xbffff write", "mode", "cs",
 * "cr0", "hlt". -EINVAL with what was meant. */
int catch_parse(struct catchpoint *p, const char *words, struct error *e);
/* -ENOSPC when there are CATCH_MAX. */
int catches_add(struct catches *c, const struct catchpoint *p);
/* number counts from 1; false: there is none. */
bool catches_remove(struct catches *c, unsigned number);
/* Whether one needs the guest to be stepped. */
bool catches_need_steps(const struct catches *c);

/* Each writes a line to text, which has CATCH_TEXT_MAX bytes, and returns true when it is caught.
 */
bool catches_vector(const struct catches *c, unsigned vector, const struct kvm_regs *regs,
        const char *from, char *text);
bool catches_port(const struct catches *c, uint16_t port, unsigned size, bool is_out,
        uint64_t value, char *text);
bool catches_mmio(const struct catches *c, uint64_t gpa, unsigned size, bool is_write,
        uint64_t value, char *text);
bool catches_mode(const struct catches *c, const char *before, const char *after, char *text);
bool catches_cs(const struct catches *c, uint16_t before, uint16_t after, char *text);
/* is_written: the instruction writes it, maybe with what it was. */
bool catches_cr(const struct catches *c, unsigned number, bool is_written, uint64_t before,
        uint64_t after, char *text);
bool catches_hlt(const struct catches *c, char *text);

/* "#GP" and its like for 0 to 31 where the SDM names one, else NULL. */
const char *catch_vector_name(unsigned vector);

#endif

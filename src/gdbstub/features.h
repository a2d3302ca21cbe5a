/* Target descriptions: which registers gdb sees, in which order and under which names, from one
 * table for the three layouts. Computed from what the target has.
 * Source: GDB manual, "Target Descriptions", "i386 Features"; what a real gdb makes of them is in
 * README.md. */
#ifndef STEPVM_GDBSTUB_FEATURES_H
#define STEPVM_GDBSTUB_FEATURES_H

#include "gdbstub/target.h"

#define FEATURES_REGISTERS_MAX 224

/* One register as gdb knows it. */
struct feature_register {
	const char *name; /* gdb's */
	int reg;          /* the target's; -1: it has none, and gdb shows it as unavailable */
	uint8_t size;     /* bytes on the wire */
	uint8_t skip;     /* the target's value begins so many bytes in */
};

struct features {
	char *xml; /* owned */
	size_t xml_len;
	unsigned in_g;  /* the registers of g and G: those below it */
	size_t g_size;  /* bytes of them */
	unsigned count; /* registers, by the number that the description gives them */
	unsigned pc;    /* its number */
	struct feature_register registers[FEATURES_REGISTERS_MAX];
	unsigned expedited_count; /* what a stop reply carries */
	uint8_t expedited[16];
};

/* 0 or -ENOMEM. */
int features_open(struct features *f, enum target_layout layout, const struct target *t);
void features_close(struct features *f);

/* One register in gdb's size; false when the target can't tell. */
bool features_read(
        const struct feature_register *r, const struct target *t, unsigned cpu, uint8_t *to);
/* False with a reason when the target refuses, or when the value does not fit its register. */
bool features_write(const struct feature_register *r, const struct target *t, unsigned cpu,
        const uint8_t *from, struct target_error *e);

#endif

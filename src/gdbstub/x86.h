/* What is x86 about the stub: gdb's registers, in one table for the three layouts, and what gdb and
 * lldb call a layout.
 *
 * A row is one register in one or more layouts. The description lists the rows of a layout in the
 * table's order, which is gdb's own order for the features that gdb knows.
 *
 * Numbers are another matter: `g` holds the registers from 0 up to features.in_g, and gdb asks for
 * the others one by one when somebody wants to see them. In `g` are those that gdb looks at while
 * stepping and that cost the machine no call; rare ones come after them. */
#ifndef STEPVM_GDBSTUB_X86_H
#define STEPVM_GDBSTUB_X86_H

#include "gdbstub/feature_types.h"
#include "gdbstub/target.h"

struct x86_row {
	const char *name; /* gdb's name */
	const char *of;   /* the target's name; NULL: the same */
	uint16_t bits;
	const char *type;
	uint8_t layouts;
	uint8_t feature;
	uint8_t skip;      /* bytes into the target's value */
	uint8_t is_rare;   /* not in `g` */
	const char *group; /* NULL: gdb's choice */
};

#define X86_ROWS 226
extern const struct x86_row x86_rows[X86_ROWS];

struct x86_layout {
	const char *architecture; /* gdb's */
	const char *pc;           /* the register's name */
	const char *program;      /* of an exec event: the mode */
	const char *bits;
	/* What gdb asks for at every stop: with these in the stop reply it need not. */
	const char *expedited[12];
	/* lldb's. Source: LLVM's Triple.h. */
	const char *triple;
	char pointer_size;
};
extern const struct x86_layout x86_layouts[TARGET_LAYOUTS];

#endif

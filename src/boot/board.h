/* The board that a plan is for. Pure. */
#ifndef STEPVM_BOOT_BOARD_H
#define STEPVM_BOOT_BOARD_H

#include "boot/plan.h"

/* What the options ask for, or the format when they don't: a PC or a bare board. Whether the image
 * leaves room for a PC is not known yet: for what a format's plan puts into a memory map. */
enum image_board board_wanted(const struct plan *p);
/* Sets p->board, when all that goes into RAM is in the plan. -EINVAL: the options ask for a PC, and
 * the image covers what a PC keeps in the first MiB, or there is no RAM; or the image can't do without a PC. */
int board_choose(struct plan *p, struct error *e);

#endif

/* A linear address through the guest's page tables. */
#ifndef STEPVM_INTERP_PAGING_H
#define STEPVM_INTERP_PAGING_H

#include "interp/memory.h"

/* The RAM at gpa, which begins a page or lies in one; NULL: none. */
uint8_t *interp_ram(const struct interp *c, uint64_t gpa, bool *is_rom);

struct walk {
	uint64_t gpa; /* of the page */
	uint8_t can;
};

/* What can: CAN_READ, CAN_WRITE, CAN_FETCH. Its Accessed and Dirty bits become marks of c's. False: c->fault. */
bool interp_walk(struct interp *c, uint64_t lin, uint8_t can, bool is_user, struct walk *w);

/* Sets what the last instruction has marked; or takes it back, and the translations with it. */
void interp_commit_marks(struct interp *c);
/* Whether they are of those that a CPU may set though the instruction is not done. */
bool interp_marks_may_be_early(const struct interp *c);
void interp_drop_marks(struct interp *c);

#endif

/* --check-engine: what the engine does is done by KVM, too, and compared. README.md, "The engine, checked", has the way.
 * Private to src/debug, but for opening and the sums. */
#ifndef STEPVM_DEBUG_CHECK_H
#define STEPVM_DEBUG_CHECK_H

#include <stddef.h>

#include "debug/state.h"
#include "interp/interp.h"

struct check;

struct check_sums {
	uint64_t compared; /* by KVM, with what follows among them: */
	uint64_t known;    /* what this KVM is known to do otherwise than the SDM has it */
	uint64_t differ;   /* what nobody has an explanation for */
	uint64_t handed;   /* by the engine to KVM: nothing to compare */
	uint64_t skipped;  /* the engine's, but KVM can't be asked */
};

/* From now on, until control_close. tell hears of differences, a sentence each without a newline, CHECK_TOLD_MAX of them at
 * most, and of a last one when there are more; ctx is of control_io. 0, or -errno with a text: KVM's second VM can't
 * be had. */
#define CHECK_TOLD_MAX 20
typedef void check_tell(void *ctx, const char *text);
int check_open(struct control *c, check_tell *tell, struct error *e);
bool check_is_on(const struct control *c);
/* All so far; zeros where it is not on. */
struct check_sums check_sums(const struct control *c);
/* The n-th known fault that was met, from 0: its sentence, and how often. NULL: there are not so many. */
const char *check_known(const struct control *c, unsigned n, uint64_t *count);
/* "8997 compared, 2 handed over (by opcode: f4 2), 0 differ; ...", without a newline. */
void check_describe(const struct control *c, char *to, size_t size);
/* From a signal handler, too: KVM's side is kicked, like the guest's vCPU. */
void check_kick(struct control *c);

void check_close(struct control *c);
/* The guest's machine is to be another: nothing of it is used any more. */
void check_forget_machine(struct control *c);
/* The engine is about to do one instruction; and it has done it, or where is_done is false has left it to KVM. The second
 * comes before the vCPU has what the engine has left. False, with may_again: a kick has come to KVM's side, and RAM is as before
 * the instruction, as the vCPU is: from there the engine is to do it again, after who has kicked was heard. Both do nothing
 * where it is not on. */
void check_begin(struct control *c, const struct interp *i);
bool check_end(struct control *c, const struct interp *i, bool is_done, bool may_again);
/* The same of the way to the handler of an interrupt with this vector. */
void check_end_interrupt(struct control *c, const struct interp *i, bool is_done, uint8_t vector);
/* The instruction under way is about to write RAM (interp_config.touch, whose ctx is a struct control). */
void check_touch(void *ctx, uint8_t *hva, unsigned len, bool is_table);
/* It has had this access answered. */
void check_access(struct control *c, const struct exit *x);
/* The instruction is KVM's. opcode: as interp_handed gives it. */
void check_handed(struct control *c, unsigned opcode);

#endif

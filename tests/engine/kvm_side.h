/* KVM's side of a pair: its virtual machine, and an instruction done there in the way that shows most.
 *
 * At CPL 0 a breakpoint stands where the interpreter says that the instruction leads, and KVM runs freely to it, or
 * to a handler, which is a hlt: so what is compared is KVM's own work. What a breakpoint can't show is stepped by run
 * control. At CPL 3, where not every KVM has breakpoints, it is a ud2. */
#ifndef STEPVM_TESTS_ENGINE_KVM_SIDE_H
#define STEPVM_TESTS_ENGINE_KVM_SIDE_H

#include "pair.h"

/* 0, or -errno with a text, and there is nothing to close. */
int kvm_side_open(struct pair *p, struct error *e);
void kvm_side_close(struct pair *p);
/* The trial's state. KVM's -errno: it can't be in it. */
int kvm_side_put(struct pair *p, const struct trial *t);
/* Does the instruction, whose end on the interpreter's side r has, and adds KVM's. False: KVM has failed, or
 * r->verdict is COMPARE_SKIPPED. */
bool kvm_side_run(struct pair *p, const struct trial *t, struct compare_result *r);
/* The same where the engine says that the CPU shuts down. False: KVM goes elsewhere, or r->verdict is
 * COMPARE_SKIPPED. */
bool kvm_side_shuts_down(struct pair *p, struct compare_result *r);
/* Nothing of the trial is left in KVM: an exception under way, a shadow. */
void kvm_side_clean(struct pair *p, const struct compare_result *r);

#endif

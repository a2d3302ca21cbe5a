/* State that few instructions touch, so that it is looked at after those alone: the x87's control, status and tag
 * words, and the MSRs of syscall and swapgs. Both sides begin each trial with the same. */
#ifndef STEPVM_TESTS_ENGINE_EXTRAS_H
#define STEPVM_TESTS_ENGINE_EXTRAS_H

#include "pair.h"

/* KVM's side, before the first trial. */
void extras_open(struct pair *p);
/* The interpreter's, after interp_load. */
void extras_put(struct pair *p);
/* Whether the sides differ after the trial; KVM's are as before it then. */
bool extras_differ(struct pair *p, const struct trial *t);

#endif

/* The interpreter beside KVM along a guest's way: KVM goes first, as a debugger steps it, and the interpreter does
 * the same from the state before, given what the ports said. */
#ifndef STEPVM_TESTS_ENGINE_LOCKSTEP_H
#define STEPVM_TESTS_ENGINE_LOCKSTEP_H

#include "base/error.h"
#include "tally.h"

/* Up to steps_max instructions of the guest in the file. False, with a text: it can't be started. What was compared
 * is added to *t. */
bool lockstep_run(struct tally *t, const char *image, uint64_t steps_max, struct error *e);

#endif

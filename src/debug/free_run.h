/* A free run: the guest runs, with what place_all has put in its way, until something stops it.
 * Private to src/debug. */
#ifndef STEPVM_DEBUG_FREE_RUN_H
#define STEPVM_DEBUG_FREE_RUN_H

#include "debug/state.h"

/* Devices are answered and interrupts injected meanwhile. 0 with *stop (STOP_STEPPED: the run ended
 * at an instruction for a reason of run control's own), 1: the next instruction has to be stepped,
 * for an interrupt is due whose pushes may be watched, or -errno from KVM. */
int free_run(struct control *c, struct stop *stop);

#endif

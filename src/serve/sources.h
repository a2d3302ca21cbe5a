/* What the loop waits for: a row for each descriptor, in sources.c. A new one is a row there. */
#ifndef STEPVM_SERVE_SOURCES_H
#define STEPVM_SERVE_SOURCES_H

#include "serve/serve.h"

/* Does what the ready descriptors ask for; waits for them up to timeout_ns, or RUN_FOREVER. */
void sources_attend(struct serve *s, uint64_t timeout_ns);
/* From now on, until kicker_disarm, input of what wants attention kicks the guest's run. */
void sources_arm(struct serve *s);

#endif

/* Writes of CR0, by mov and by lmsw. */
#ifndef STEPVM_INTERP_CONTROL_H
#define STEPVM_INTERP_CONTROL_H

#include "interp/state.h"

/* At CPL 0. HANDOVER where it begins or ends long mode, or may raise something. */
enum interp_done interp_write_cr0(struct interp *c, uint64_t value);

#endif

/* Sentences about the machine, for people: on stderr, in gdb, in monitor commands. */
#ifndef STEPVM_MACHINE_REPORT_H
#define STEPVM_MACHINE_REPORT_H

#include <stddef.h>

#include "machine/machine.h"

/* "07c0:0005 (linear 0x7c05)", or "0008:00101000", or one linear address in 64-bit mode. */
void report_where(struct vcpu *v, char *to, size_t size);
/* Why the guest stopped, one or more whole lines; empty for a step, a kick or a breakpoint. */
void report_stop(struct machine *m, const struct stop *stop, char *to, size_t size);

/* Appends a line about an interrupt that one in service holds back at the 8259, if there is one. */
void report_held_back(const struct machine *m, char *to, size_t size);

#endif

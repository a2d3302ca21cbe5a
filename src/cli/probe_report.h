/* `stepvm probe`: what the probe has found (kvm/probe.h), for people and for machines. */
#ifndef STEPVM_CLI_PROBE_REPORT_H
#define STEPVM_CLI_PROBE_REPORT_H

#include <stdio.h>

#include "base/error.h"
#include "kvm/probe.h"

struct probe_report {
	/* For information only. */
	char kernel[65];   /* as uname(2) tells it */
	char modules[128]; /* kvm_ modules with a space between; empty: /sys/module has none */
	uint32_t time_us;  /* that probe_run_all took */
	struct probe_facts facts;
};

/* Probes. 0 with *r, or -errno when no VM can be made. */
int probe_report_make(struct probe_report *r, struct error *e);

/* At most 80 columns. */
void probe_report_table(FILE *to, const struct probe_report *r);
/* One object. Its "facts" has an object a fact, with the modes as keys: true, false, or null where
 * the answer is unknown. A mode that makes no sense is left out. */
void probe_report_json(FILE *to, const struct probe_report *r);

#endif

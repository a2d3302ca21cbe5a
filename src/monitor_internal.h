/* What the files of the `monitor` commands share: where their output goes. */
#ifndef STEPVM_MONITOR_INTERNAL_H
#define STEPVM_MONITOR_INTERNAL_H

#include <stdarg.h>
#include <stdio.h>

#include "gdbstub/target.h"
#include "kvm/vcpu.h"

struct output {
	target_print *print;
	void *to;
};

static inline void say(const struct output *out, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static inline void say(const struct output *out, const char *format, ...)
{
	char text[500];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	out->print(out->to, text);
}

/* monitor msr [NAME|NUMBER [VALUE]] */
void monitor_msr(struct vcpu *v, const struct output *out, const char *operands);

#endif

/* What the files of the `monitor` commands share: where their output goes, and what the table of
 * monitor.c has of them. */
#ifndef STEPVM_MONITOR_INTERNAL_H
#define STEPVM_MONITOR_INTERNAL_H

#include <stdarg.h>
#include <stdio.h>

#include "cursor.h"
#include "gdbstub/target.h"
#include "serve.h"

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

/* Runs a command. operands: what stands behind its name, words with single spaces, or "". */
typedef void monitor_run(struct serve *s, const struct output *out, const char *operands);

/* monitor_info.c */
monitor_run monitor_info_all, monitor_info_mode, monitor_info_segments, monitor_info_exits,
        monitor_info_breakpoints, monitor_info_memory, monitor_info_pic, monitor_info_pit;
/* monitor_cpu.c */
monitor_run monitor_info_registers;
/* monitor_events.c */
monitor_run monitor_catch, monitor_uncatch, monitor_ports, monitor_log;
/* monitor_memory.c */
monitor_run monitor_x, monitor_xp;
/* monitor_msr.c */
monitor_run monitor_msr;
/* monitor_paging.c */
monitor_run monitor_info_mem, monitor_info_tlb;
/* monitor_snapshot.c */
monitor_run monitor_savevm, monitor_loadvm, monitor_delvm, monitor_info_snapshots;

/* An expression, such as $eip + 4: monitor_value.c. False, and *c and *value are left alone. */
bool monitor_take_value(struct vcpu *v, struct cursor *c, uint64_t *value);

/* Behind what moves the guest under gdb's feet: gdb asks again when it next stops. */
#define MONITOR_STALE                                                                              \
	"gdb keeps what it has read until the guest goes on: say maintenance flush "               \
	"register-cache, and maintenance flush dcache.\n"

#endif

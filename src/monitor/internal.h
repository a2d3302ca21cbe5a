/* What the files of the `monitor` commands share: where their output goes, and what the table of
 * monitor.c has of them. */
#ifndef STEPVM_MONITOR_INTERNAL_H
#define STEPVM_MONITOR_INTERNAL_H

#include <stdarg.h>
#include <stdio.h>

#include "base/cursor.h"
#include "gdbstub/target.h"
#include "machine/run.h"

struct output {
	target_print *print;
	void *to;
};

static inline void say(const struct output *out, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static inline void say(const struct output *out, const char *format, ...)
{
	char text[600];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	out->print(out->to, text);
}

/* Why a command does nothing, after its name and its operands: "msr x: expected ...". */
static inline void refuse(const struct output *out, const char *command, const char *operands,
        const char *format, ...) __attribute__((format(printf, 4, 5)));
static inline void refuse(const struct output *out, const char *command, const char *operands,
        const char *format, ...)
{
	char why[300];
	va_list args;
	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	say(out, "%s%s%.100s: %s\n", command, *operands ? " " : "", operands, why);
}

/* Runs a command. operands: what follows its name, words with single spaces, or "". */
typedef void monitor_run(struct run *run, const struct output *out, const char *operands);
/* What `monitor help NAME` says besides the command's line. */
typedef void monitor_more(const struct output *out);

/* info.c */
monitor_run monitor_info_all, monitor_info_mode, monitor_info_segments, monitor_info_exits,
        monitor_info_breakpoints, monitor_info_memory;
/* info NAME, of the device of that name. False: there is none that shows its state. */
bool monitor_info_device(struct run *run, const struct output *out, const char *name);
/* bios.c */
monitor_run monitor_info_call, monitor_step_bios;
/* console.c */
monitor_run monitor_console, monitor_hints;
/* insns.c: what follows log insn */
monitor_run monitor_log_insns;
/* keyboard.c */
monitor_run monitor_sendkey, monitor_type;
monitor_more monitor_more_sendkey, monitor_more_type;
/* cpu.c */
monitor_run monitor_info_registers;
/* engine.c */
monitor_run monitor_engine, monitor_info_engine;
/* events.c */
monitor_run monitor_catch, monitor_uncatch, monitor_ports, monitor_log;
monitor_more monitor_more_catch;
/* history.c */
monitor_run monitor_record, monitor_when, monitor_goto, monitor_mark, monitor_last_write,
        monitor_last_jump_to, monitor_hits, monitor_calls, monitor_output;
/* memory.c */
monitor_run monitor_x, monitor_xp;
/* msr.c */
monitor_run monitor_msr;
/* paging.c */
monitor_run monitor_info_mem, monitor_info_tlb, monitor_gva2gpa;
/* regions.c */
monitor_run monitor_info_mtree;
/* screen.c */
monitor_run monitor_screen, monitor_screendump;
/* disk.c */
monitor_run monitor_info_block;
/* snapshot.c */
monitor_run monitor_savevm, monitor_loadvm, monitor_delvm, monitor_info_snapshots;

/* An expression, such as $eip + 4: value.c. False, and *c and *value are left alone. */
bool monitor_take_value(struct vcpu *v, struct cursor *c, uint64_t *value);

/* Said after a command that ends a recording which has begun by itself. */
#define MONITOR_UNRECORDED                                                                         \
	"The guest is no longer recorded, for a recording does not go with that.\n"

/* After what moves the guest under gdb's feet: gdb asks again when it next stops. */
#define MONITOR_STALE                                                                              \
	"gdb keeps what it has read until the guest goes on: say maintenance flush "               \
	"register-cache, and maintenance flush dcache; the stepvm command of the same name "       \
	"does.\n"

#endif

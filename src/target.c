/* gdbstub/target.h on a machine: the stub's requests become run control's calls. ctx is the
 * struct serve. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kvm/linear.h"
#include "kvm/registers.h"
#include "monitor.h"
#include "report.h"
#include "serve.h"
#include "target_file.h"

static struct vcpu *vcpu_of(void *ctx)
{
	struct serve *s = ctx;
	return &s->machine->vcpu;
}

static int find_register(void *ctx, const char *name)
{
	int reg = registers_find(name);
	return reg >= 0 && registers_has(vcpu_of(ctx), reg) ? reg : -1;
}

static unsigned register_size(void *ctx, int reg)
{
	(void)ctx;
	return registers_size(reg);
}

static bool read_register(void *ctx, unsigned cpu, int reg, uint8_t *to)
{
	(void)cpu;
	return registers_read(vcpu_of(ctx), reg, to) == 0;
}

static bool write_register(
        void *ctx, unsigned cpu, int reg, const uint8_t *from, struct target_error *why)
{
	struct error e = { 0 };
	(void)cpu;
	struct serve *s = ctx;
	int err = registers_write(vcpu_of(ctx), reg, from, &e);
	control_registers_written(&s->machine->control);
	if (err)
		snprintf(why->text, sizeof why->text, "%.*s", (int)sizeof why->text - 1,
		        e.text[0] ? e.text : strerror(-err));
	return err == 0;
}

static enum target_layout layout(void *ctx, unsigned cpu)
{
	(void)cpu;
	switch (registers_mode(vcpu_of(ctx))) {
	case CPU_REAL16:
	case CPU_VM86:
	case CPU_PROT16:
	case CPU_COMPAT16: return TARGET_REAL16;
	case CPU_PROT32:
	case CPU_COMPAT32: return TARGET_PROT32;
	case CPU_LONG64: return TARGET_LONG64;
	}
	return TARGET_REAL16;
}

static size_t read_memory(void *ctx, unsigned cpu, uint64_t gva, uint8_t *to, size_t len)
{
	(void)cpu;
	return linear_read(vcpu_of(ctx), gva, to, len);
}

static size_t write_memory(void *ctx, unsigned cpu, uint64_t gva, const uint8_t *from, size_t len)
{
	(void)cpu;
	return linear_write(vcpu_of(ctx), gva, from, len);
}

static size_t read_physical(void *ctx, uint64_t gpa, uint8_t *to, size_t len)
{
	return memory_read(&vcpu_of(ctx)->vm->memory, gpa, to, len);
}

static size_t write_physical(void *ctx, uint64_t gpa, const uint8_t *from, size_t len)
{
	return memory_write(&vcpu_of(ctx)->vm->memory, gpa, from, len);
}

static void resume(void *ctx, unsigned cpu, enum target_resume how)
{
	struct serve *s = ctx;
	(void)cpu;
	s->is_interrupted = false;
	if (how == TARGET_STEP) {
		s->state = SERVE_STEPPING;
		s->range_begin = s->range_end = 0;
		return;
	}
	s->state = SERVE_RUNNING;
	control_begin(&s->machine->control);
}

static void step_range(void *ctx, unsigned cpu, uint64_t begin, uint64_t end)
{
	struct serve *s = ctx;
	resume(ctx, cpu, TARGET_STEP);
	s->range_begin = begin;
	s->range_end = end;
}

/* Run control asks at a breakpoint. */
static bool stops(void *ctx, uint64_t gva)
{
	struct serve *s = ctx;
	size_t len;
	bool stops_here = !s->session || session_breakpoint_hit(s->session, 0, gva);
	s->machine->control.is_followed = s->session && session_wants_steps(s->session);
	if (stops_here)
		return true;
	if (session_output(s->session, &len)) /* it is to be sent before the guest goes on */
		vcpu_kick(&s->machine->vcpu);
	return false;
}

/* ... and behind each instruction that a tracepoint wants to see. */
static bool follows(void *ctx)
{
	struct serve *s = ctx;
	return s->session && session_stepped(s->session, 0);
}

static void interrupt(void *ctx)
{
	struct serve *s = ctx;
	s->is_interrupted = true;
}

static void detach(void *ctx)
{
	struct serve *s = ctx;
	control_forget(&s->machine->control);
	s->state = SERVE_RUNNING;
	control_begin(&s->machine->control);
}

static void kill_machine(void *ctx)
{
	struct serve *s = ctx;
	s->is_killed = true;
	s->state = SERVE_ENDED;
	s->status = STATUS_OK;
}

static void end_machine(void *ctx)
{
	struct serve *s = ctx;
	s->is_killed = true;
	s->state = SERVE_STOPPED;
	s->is_dead = true;
	s->status = STATUS_OK;
}

static bool restart(void *ctx, struct target_error *why)
{
	struct serve *s = ctx;
	struct error e = { 0 };
	if (serve_restart(s, &e)) {
		snprintf(why->text, sizeof why->text, "%.*s", (int)sizeof why->text - 1, e.text);
		return false;
	}
	s->is_attached = false; /* the debugger has started this one */
	s->state = SERVE_STOPPED;
	return true;
}

static bool attach(void *ctx)
{
	struct serve *s = ctx;
	if (s->state == SERVE_STOPPED)
		return true;
	s->is_interrupted = true;
	return false;
}

static bool steps_take_interrupts(void *ctx)
{
	const struct serve *s = ctx;
	return s->machine->control.step_interrupts;
}

static void let_steps_take_interrupts(void *ctx, bool is_on)
{
	struct serve *s = ctx;
	s->machine->control.step_interrupts = is_on;
}

static bool is_attached(void *ctx)
{
	const struct serve *s = ctx;
	return s->is_attached;
}

static enum watch_kind watch_kind_of(enum target_watch kind)
{
	switch (kind) {
	case TARGET_WATCH_WRITE: return WATCH_WRITE;
	case TARGET_WATCH_READ: return WATCH_READ;
	case TARGET_WATCH_ACCESS: return WATCH_ACCESS;
	}
	return WATCH_ACCESS;
}

static bool insert(void *ctx, bool is_hardware, uint64_t gva, struct target_error *why)
{
	struct serve *s = ctx;
	int err = breakpoints_add(&s->machine->control.breakpoints, gva, is_hardware);
	if (err == -ENOSPC)
		snprintf(why->text, sizeof why->text,
		        "the CPU has %d debug registers, and all are taken by hardware breakpoints",
		        BREAKPOINT_REGISTERS);
	else if (err == -E2BIG)
		snprintf(why->text, sizeof why->text, "there are %d breakpoints already",
		        BREAKPOINTS_MAX);
	else if (err)
		snprintf(why->text, sizeof why->text, "no breakpoint at 0x%" PRIx64 ": %s", gva,
		        strerror(-err));
	return err == 0;
}

static bool remove_breakpoint(void *ctx, bool is_hardware, uint64_t gva, struct target_error *why)
{
	struct serve *s = ctx;
	(void)why;
	breakpoints_remove(&s->machine->control.breakpoints, gva, is_hardware);
	return true;
}

static bool insert_watch(
        void *ctx, enum target_watch kind, uint64_t gva, uint64_t len, struct target_error *why)
{
	struct serve *s = ctx;
	int err = watches_add(&s->machine->control.watches, gva, len, watch_kind_of(kind));
	if (err == -E2BIG)
		snprintf(why->text, sizeof why->text,
		        "a watchpoint can have %d bytes, not %" PRIu64, WATCH_LEN_MAX, len);
	else if (err == -ENOSPC)
		snprintf(why->text, sizeof why->text, "there are %d watchpoints already",
		        WATCHES_MAX);
	else if (err)
		snprintf(why->text, sizeof why->text, "no watchpoint at 0x%" PRIx64 ": %s", gva,
		        strerror(-err));
	return err == 0;
}

static bool remove_watch(
        void *ctx, enum target_watch kind, uint64_t gva, uint64_t len, struct target_error *why)
{
	struct serve *s = ctx;
	(void)why;
	watches_remove(&s->machine->control.watches, gva, len, watch_kind_of(kind));
	return true;
}

static bool is_breakpoint_here(void *ctx, unsigned cpu)
{
	struct serve *s = ctx;
	(void)cpu;
	return breakpoints_find(&s->machine->control.breakpoints, registers_pc(vcpu_of(ctx)));
}

static unsigned cpu_count(void *ctx)
{
	(void)ctx;
	return 1;
}

static void cpu_name(void *ctx, unsigned cpu, char to[TARGET_NAME_MAX])
{
	snprintf(to, TARGET_NAME_MAX, "vCPU%u [%s]", cpu,
	        registers_mode_name(registers_mode(vcpu_of(ctx))));
}

static void cpu_where(void *ctx, unsigned cpu, char to[TARGET_NAME_MAX])
{
	(void)cpu;
	report_where(vcpu_of(ctx), to, TARGET_NAME_MAX);
}

static void monitor(void *ctx, const char *line, target_print *print, void *to)
{
	monitor_command(ctx, line, print, to);
}

static const char *file_path(void *ctx, unsigned cpu)
{
	return target_file_path(ctx, layout(ctx, cpu));
}

static int file_status(void *ctx, struct target_file_status *to)
{
	return target_file_status(ctx, to);
}

static int file_read(void *ctx, uint64_t off, uint8_t *to, size_t len, size_t *done)
{
	return target_file_read(ctx, off, to, len, done);
}

void target_init(struct target *t, struct serve *s)
{
	static const struct target_registers registers = { find_register, register_size,
		read_register, write_register, layout };
	static const struct target_memory memory = { read_memory, write_memory, read_physical,
		write_physical };
	static const struct target_run run = { resume, step_range, interrupt, detach, kill_machine,
		end_machine, restart, attach, steps_take_interrupts, let_steps_take_interrupts,
		is_attached };
	static const struct target_breakpoints breakpoints = { insert, remove_breakpoint,
		insert_watch, remove_watch, is_breakpoint_here };
	static const struct target_cpus cpus = { cpu_count, cpu_name, cpu_where };
	static const struct target_monitor monitor_ops = { monitor };
	static const struct target_file file = { file_path, file_status, file_read };
	*t = (struct target) { s, &registers, &memory, &run, &breakpoints, &cpus, &monitor_ops,
		&file };
	s->machine->control.stops = stops;
	s->machine->control.follows = follows;
	s->machine->control.stops_ctx = s;
}

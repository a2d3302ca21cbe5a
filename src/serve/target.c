/* gdbstub/target.h on a machine: the stub's requests become run control's calls. ctx is the
 * struct serve. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "gdbstub/hit.h"
#include "history/history.h"
#include "kvm/linear.h"
#include "kvm/registers.h"
#include "host/notice.h"
#include "machine/report.h"
#include "monitor/monitor.h"
#include "serve/internal.h"
#include "serve/sources.h"
#include "serve/target_file.h"

static struct vcpu *vcpu_of(void *ctx)
{
	struct serve *s = ctx;
	return machine_vcpu(s->machine);
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
	if (history_refuses(s->run.history, &e)) {
		snprintf(why->text, sizeof why->text, "%.*s", (int)sizeof why->text - 1, e.text);
		return false;
	}
	history_changed(s->run.history);
	int err = registers_write(vcpu_of(ctx), reg, from, &e);
	control_registers_written(&s->machine->control);
	if (!err && registers_moves_pc(reg))
		control_wake(&s->machine->control);
	if (err)
		snprintf(why->text, sizeof why->text, "%.*s", (int)sizeof why->text - 1,
		        e.text[0] ? e.text : strerror(-err));
	return err == 0;
}

static enum target_layout layout(void *ctx, unsigned cpu)
{
	(void)cpu;
	switch (registers_code_bits(registers_mode(vcpu_of(ctx)))) {
	case 64: return TARGET_LONG64;
	case 32: return TARGET_PROT32;
	default: return TARGET_REAL16;
	}
}

static size_t read_memory(void *ctx, unsigned cpu, uint64_t gva, uint8_t *to, size_t len)
{
	(void)cpu;
	return linear_exists(vcpu_of(ctx), gva) ? linear_read(vcpu_of(ctx), gva, to, len) : 0;
}

/* The past of a recording stays as it was. gdb has no way to show why a write of memory is refused ("Cannot access
 * memory"), so stepvm says it beside gdb, once until the guest goes on; but not where gdb's TUI has the screen. */
static bool may_write(void *ctx)
{
	struct serve *s = ctx;
	struct error e = { 0 };
	if (history_refuses(s->run.history, &e)) {
		if (!s->has_told_past && !s->machine->prints_to_debugger)
			notice_print("stepvm: memory is not written: %s\n", e.text);
		s->has_told_past = true;
		return false;
	}
	history_changed(s->run.history);
	return true;
}

static size_t write_memory(void *ctx, unsigned cpu, uint64_t gva, const uint8_t *from, size_t len)
{
	(void)cpu;
	if (!may_write(ctx))
		return 0;
	return linear_exists(vcpu_of(ctx), gva) ? linear_write(vcpu_of(ctx), gva, from, len) : 0;
}

static size_t read_physical(void *ctx, uint64_t gpa, uint8_t *to, size_t len)
{
	return memory_read(&vcpu_of(ctx)->vm->memory, gpa, to, len);
}

static size_t write_physical(void *ctx, uint64_t gpa, const uint8_t *from, size_t len)
{
	return may_write(ctx) ? memory_write(&vcpu_of(ctx)->vm->memory, gpa, from, len) : 0;
}

static void resume(void *ctx, const struct target_action *actions)
{
	struct serve *s = ctx;
	s->was_resumed = true;
	s->machine->has_hinted = s->has_told_past = false;
	/* gdb continues from a breakpoint by a step: that must not pass a halt that is the end. */
	s->keeps_halt = actions->is_step_off && run_is_halted_for_good(&s->run);
	if (actions->how != TARGET_STAY)
		history_due(&s->run);
	switch (actions->how) {
	case TARGET_STAY: break; /* there is one CPU */
	case TARGET_CONTINUE: run_resume(&s->run); break;
	case TARGET_STEP:
		if (s->keeps_halt)
			run_resume(&s->run);
		else
			run_step(&s->run);
		break;
	case TARGET_STEP_RANGE: run_range(&s->run, actions->begin, actions->end); break;
	}
	if (s->run.history && s->run.state == RUN_STEPPING)
		history_step(s->run.history, s->run.range_begin, s->run.range_end);
	else if (s->run.history)
		history_go_on(s->run.history);
}

/* Run control asks at a breakpoint. */
static bool stops(void *ctx, uint64_t gva)
{
	struct serve *s = ctx;
	size_t len;
	if (history_is_finding(s->run.history))
		return true;
	if (history_is_searching(s->run.history))
		return s->session && hit_would_stop(s->session, 0, gva);
	bool stops_here = !s->session || hit_breakpoint(s->session, 0, gva);
	control_set_followed(&s->machine->control, s->session && hit_wants_steps(s->session));
	if (stops_here)
		return true;
	if (session_output(s->session, &len)) /* it is to be sent before the guest goes on */
		machine_kick(s->machine);
	return false;
}

/* ... and after each instruction that a tracepoint wants to see. */
static bool follows(void *ctx)
{
	struct serve *s = ctx;
	return s->session && hit_stepped(s->session, 0);
}

static void step_back(void *ctx)
{
	serve_step_back(ctx);
}

static void run_back(void *ctx)
{
	serve_run_back(ctx);
}

static void interrupt(void *ctx)
{
	struct serve *s = ctx;
	run_interrupt(&s->run);
}

/* Without a debugger there is nobody to look at the past: the guest goes on from the present. */
static void detach(void *ctx)
{
	struct serve *s = ctx;
	struct error e = { 0 };
	s->is_let_go = true;
	if (history_leave_past(s->run.history, &e)) {
		notice_print("stepvm: the guest can't go on from its past: %s\n", e.text);
		run_stop(&s->run);
		return;
	}
	history_give_way(&s->run);
	s->run.is_interrupted = false; /* a 0x03 of the debugger that has gone */
	control_forget(&s->machine->control);
	run_go_on(&s->run);
}

static void kill_machine(void *ctx)
{
	struct serve *s = ctx;
	run_kill(&s->run, RUN_ENDED);
}

static void end_machine(void *ctx)
{
	struct serve *s = ctx;
	run_kill(&s->run, RUN_DEAD);
}

static bool restart(void *ctx, struct target_error *why)
{
	struct serve *s = ctx;
	struct error e = { 0 };
	if (run_restart(&s->run, &e)) {
		snprintf(why->text, sizeof why->text, "%.*s", (int)sizeof why->text - 1, e.text);
		/* gdb's run has words of its own for any refusal. */
		notice_print("stepvm: the guest is not started again: %s\n", e.text);
		return false;
	}
	s->is_attached = s->is_let_go = false; /* the debugger has started this one */
	if (history_restart(&s->run, &e))
		notice_print("stepvm: the guest is no longer recorded: %s\n", e.text);
	run_stop(&s->run);
	return true;
}

static bool attach(void *ctx)
{
	struct serve *s = ctx;
	s->is_let_go = false;
	if (s->run.state == RUN_STOPPED)
		return true;
	run_interrupt(&s->run);
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
	control_set_step_interrupts(&s->machine->control, is_on);
}

static bool is_attached(void *ctx)
{
	const struct serve *s = ctx;
	return s->is_attached;
}

static void watch_long(void *ctx, bool is_on)
{
	struct serve *s = ctx;
	control_set_watch_long(&s->machine->control, is_on);
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

static enum target_watch target_watch_of(enum watch_kind kind)
{
	switch (kind) {
	case WATCH_WRITE: return TARGET_WATCH_WRITE;
	case WATCH_READ: return TARGET_WATCH_READ;
	case WATCH_ACCESS: return TARGET_WATCH_ACCESS;
	}
	return TARGET_WATCH_ACCESS;
}

struct target_stop serve_target_stop(const struct serve *s, const struct stop *stop, bool was_step)
{
	struct target_stop t = { .kind = TARGET_STOP_SIGNAL, .signal = TARGET_SIGNAL_TRAP };
	switch (stop->kind) {
	case STOP_STEPPED:
	case STOP_CATCH:
	case STOP_ZERO_VECTOR: break;
	case STOP_LONG: t.kind = TARGET_STOP_LONG; break;
	case STOP_BREAKPOINT:
		t.kind = stop->is_hardware ? TARGET_STOP_HARDWARE : TARGET_STOP_BREAKPOINT;
		break;
	case STOP_WATCH:
		t.kind = TARGET_STOP_WATCH;
		t.watch = target_watch_of(stop->watch.kind);
		t.watch_gva = stop->watch.gva;
		break;
	case STOP_KICKED: t.signal = TARGET_SIGNAL_INT; break;
	case STOP_HALTED: t.signal = was_step ? TARGET_SIGNAL_TRAP : TARGET_SIGNAL_0; break;
	case STOP_SHUTDOWN: t.signal = TARGET_SIGNAL_SEGV; break;
	case STOP_FAILED:
		t.signal = stop->exit.kind == EXIT_INTERNAL_ERROR ? TARGET_SIGNAL_ILL
		                                                  : TARGET_SIGNAL_ABRT;
		break;
	case STOP_DEVICE:
		t.kind = TARGET_STOP_EXITED;
		t.status = machine_exit_status(s->machine);
		break;
	}
	return t;
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

static bool monitor(
        void *ctx, const char *line, target_print *print, void *to, struct target_stop *stop)
{
	struct serve *s = ctx;
	s->was_long = false;
	const bool is_other = monitor_command(&s->run, line, print, to);
	if (s->was_long)
		serve_end_long(s);
	if (!is_other)
		return false;
	*stop = serve_target_stop(s, &s->run.last, true);
	return true;
}

static void begins_long(void *ctx)
{
	struct serve *s = ctx;
	s->was_long = true;
	serve_begin_long(s);
}

static bool monitor_has_lasted(void *ctx)
{
	const struct serve *s = ctx;
	return s->was_long;
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

static int open_screen(void *ctx, uint64_t *size)
{
	return target_file_open_screen(ctx, size);
}

static size_t read_screen(void *ctx, uint64_t off, uint8_t *to, size_t len)
{
	return target_file_read_screen(ctx, off, to, len);
}

static int open_core(void *ctx, uint64_t *size)
{
	return target_file_open_core(ctx, size);
}

static size_t read_core(void *ctx, uint64_t off, uint8_t *to, size_t len)
{
	return target_file_read_core(ctx, off, to, len);
}

static int open_recording(void *ctx, uint64_t *size)
{
	return target_file_open_recording(ctx, size);
}

static size_t read_recording(void *ctx, uint64_t off, uint8_t *to, size_t len)
{
	return target_file_read_recording(ctx, off, to, len);
}

void target_init(struct target *t, struct serve *s)
{
	static const struct target_registers registers = { find_register, register_size,
		read_register, write_register, layout };
	static const struct target_memory memory = { read_memory, write_memory, read_physical,
		write_physical };
	static const struct target_run run = { resume, interrupt, detach, kill_machine, end_machine,
		restart, attach, steps_take_interrupts, let_steps_take_interrupts, is_attached,
		watch_long };
	static const struct target_breakpoints breakpoints = { insert, remove_breakpoint,
		insert_watch, remove_watch };
	static const struct target_cpus cpus = { cpu_count, cpu_name, cpu_where };
	static const struct target_monitor monitor_ops = { monitor, monitor_has_lasted };
	static const struct target_file file = { file_path, file_status, file_read };
	static const struct target_made made[] = { { "screen.png", open_screen, read_screen },
		{ "core", open_core, read_core }, { "recording", open_recording, read_recording } };
	static const struct target_history history = { step_back, run_back };
	*t = (struct target) { s, &registers, &memory, &run, &breakpoints, &cpus, &monitor_ops,
		&file, made, ARRAY_SIZE(made), &history };
	control_ask(&s->machine->control, stops, follows, s);
	s->run.is_called_off = serve_is_called_off;
	s->run.begins_long = begins_long;
	s->run.called_off_ctx = s;
}

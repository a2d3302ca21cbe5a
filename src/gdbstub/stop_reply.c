/* T and W packets, with the registers that gdb would ask for next. */
#include "gdbstub/stop_reply.h"

#include "gdbstub/points.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_store.h"

static void put_expedited(struct session *s)
{
	const struct features *f = session_features(s, s->latched);
	if (!f)
		return;
	for (unsigned i = 0; i < f->expedited_count; i++) {
		uint8_t value[TARGET_REGISTER_MAX];
		const struct feature_register *r = &f->registers[f->expedited[i]];
		if (!features_read(r, s->target, s->stop.cpu, value))
			continue;
		text_put_hex(&s->reply, f->expedited[i]);
		text_put_char(&s->reply, ':');
		text_put_bytes(&s->reply, value, r->size);
		text_put_char(&s->reply, ';');
	}
}

void stop_reply_put_signal(struct session *s, uint8_t signal)
{
	text_put_char(&s->reply, 'T');
	text_put_bytes(&s->reply, &signal, 1);
	text_put(&s->reply, "thread:");
	reply_put_thread(s, s->stop.cpu);
	text_put_char(&s->reply, ';');
}

void stop_reply_put_first(struct session *s)
{
	stop_reply_put_signal(
	        s, s->stop.kind == TARGET_STOP_SIGNAL ? s->stop.signal : TARGET_SIGNAL_TRAP);
}

void stop_reply_put(struct session *s, bool with_reason)
{
	static const char *const watches[] = { [TARGET_WATCH_WRITE] = "watch:",
		[TARGET_WATCH_READ] = "rwatch:",
		[TARGET_WATCH_ACCESS] = "awatch:" };
	uint8_t signal = TARGET_SIGNAL_TRAP;
	const char *reason = NULL;
	switch (s->stop.kind) {
	case TARGET_STOP_EXITED:
		text_put_char(&s->reply, 'W');
		text_put_bytes(&s->reply, &s->stop.status, 1);
		if (s->has_multiprocess)
			text_put(&s->reply, ";process:1");
		return;
	case TARGET_STOP_SIGNAL: signal = s->stop.signal; break;
	case TARGET_STOP_LONG:
	case TARGET_STOP_WATCH: break;
	case TARGET_STOP_BEGIN: reason = "replaylog:begin;"; break;
	case TARGET_STOP_END: reason = "replaylog:end;"; break;
	case TARGET_STOP_BREAKPOINT: reason = s->has_swbreak ? "swbreak:;" : NULL; break;
	case TARGET_STOP_HARDWARE: reason = s->has_hwbreak ? "hwbreak:;" : NULL; break;
	}
	stop_reply_put_signal(s, signal);
	if (reason && with_reason)
		text_put(&s->reply, reason);
	/* Without a reason for it a stop by signal 0 is none to lldb: it would go on at once. */
	if (s->is_lldb && s->stop.kind == TARGET_STOP_SIGNAL && !signal) {
		static const char description[] = "halted";
		text_put(&s->reply, "reason:exception;description:");
		text_put_bytes(&s->reply, description, sizeof description - 1);
		text_put_char(&s->reply, ';');
	}
	if (s->stop.kind == TARGET_STOP_WATCH && with_reason) {
		text_put(&s->reply, watches[s->stop.watch]);
		text_put_hex(&s->reply, s->stop.watch_gva);
		text_put_char(&s->reply, ';');
	}
	put_expedited(s);
}

/* A tracepoint's breakpoint is nothing that the debugger knows: one that it has set itself at the
 * same place is the reason, or none. */
void stop_reply_adapt_traced(struct session *s)
{
	struct target_stop *stop = &s->stop;
	if (stop->kind != TARGET_STOP_BREAKPOINT || !s->trace.count)
		return;
	uint64_t pc = session_pc(s, stop->cpu);
	if (points_has(s, false, pc))
		return;
	if (points_has(s, true, pc))
		stop->kind = TARGET_STOP_HARDWARE;
	else if (trace_keeps(&s->trace, pc))
		stop->kind = TARGET_STOP_SIGNAL;
	stop->signal = TARGET_SIGNAL_TRAP;
}

/* The q and Q packets: what both sides can do, descriptions, threads, monitor commands. */
#include "gdbstub/queries.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "gdbstub/bulk.h"
#include "gdbstub/exec.h"
#include "gdbstub/files.h"
#include "gdbstub/program.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_define.h"
#include "gdbstub/trace_look.h"
#include "gdbstub/trace_run.h"
#include "gdbstub/trace_source.h"
#include "gdbstub/trace_tell.h"
#include "gdbstub/x86.h"

/* What a gdb may say of itself in qSupported; where it is kept; what of the target is needed for it
 * to be of use: only then it is said back. */
static const struct peer_feature {
	const char *name;
	size_t at; /* of a bool in struct session */
	unsigned needs;
} peer_features[] = {
	{ "multiprocess+", offsetof(struct session, has_multiprocess), 0 },
	{ "swbreak+", offsetof(struct session, has_swbreak), BREAKPOINTS },
	{ "hwbreak+", offsetof(struct session, has_hwbreak), BREAKPOINTS },
	{ "exec-events+", offsetof(struct session, has_exec), REGISTERS | RUN },
};

/* What we say of ourselves. */
static const struct {
	const char *name;
	unsigned needs;
} own_features[] = {
	{ "QStartNoAckMode+", 0 },
	{ "vContSupported+", RUN },
	{ "ReverseStep+", RUN | HISTORY },
	{ "ReverseContinue+", RUN | HISTORY },
	{ "qXfer:features:read+", REGISTERS },
	{ "qXfer:threads:read+", CPUS },
	{ "qXfer:exec-file:read+", ELF_FILE },
	{ "ConditionalBreakpoints+", AGENT },
	{ "BreakpointCommands+", AGENT },
	{ "binary-upload+", MEMORY },
	{ "ConditionalTracepoints+", AGENT },
	{ "TracepointSource+", AGENT },
	{ "EnableDisableTracepoints+", AGENT },
	{ "tracenz+", AGENT },
	{ "QTBuffer:size+", AGENT },
	{ "qXfer:traceframe-info:read+", AGENT },
};

static bool *peer_flag(struct session *s, const struct peer_feature *f)
{
	return (bool *)((char *)s + f->at);
}

static enum verdict supported(struct session *s, struct text_in in)
{
	for (size_t i = 0; i < ARRAY_SIZE(peer_features); i++)
		*peer_flag(s, &peer_features[i]) = false;
	text_take(&in, ":");
	while (!text_take_end(&in)) {
		struct text_in feature = text_take_until(&in, ';');
		text_take(&in, ";");
		for (size_t i = 0; i < ARRAY_SIZE(peer_features); i++)
			if (text_equals(&feature, peer_features[i].name))
				*peer_flag(s, &peer_features[i]) =
				        session_has(s, peer_features[i].needs);
	}
	text_put(&s->reply, "PacketSize=");
	text_put_hex(&s->reply, SESSION_PACKET_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(own_features); i++)
		if (session_has(s, own_features[i].needs)) {
			text_put_char(&s->reply, ';');
			text_put(&s->reply, own_features[i].name);
		}
	for (size_t i = 0; i < ARRAY_SIZE(peer_features); i++)
		if (*peer_flag(s, &peer_features[i])) {
			text_put_char(&s->reply, ';');
			text_put(&s->reply, peer_features[i].name);
		}
	return REPLY;
}

/* lldb's questions, without which it takes 16-bit code for its host's. What it hears once it keeps:
 * a change of the mode needs another connection. Source: lldb/docs/lldb-gdb-remote.txt; the
 * triple's environment from LLVM's Triple.h. */
static enum verdict host_info(struct session *s, struct text_in in)
{
	enum target_layout layout = session_layout(s, s->cpu);
	const char *triple = x86_layouts[layout].triple;
	(void)in;
	s->is_lldb = true;
	text_put(&s->reply, "triple:");
	text_put_bytes(&s->reply, triple, strlen(triple));
	text_put(&s->reply, ";endian:little;ptrsize:");
	text_put_char(&s->reply, x86_layouts[layout].pointer_size);
	text_put_char(&s->reply, ';');
	return REPLY;
}

static enum verdict process_info(struct session *s, struct text_in in)
{
	text_put(&s->reply, "pid:1;");
	return host_info(s, in);
}

static enum verdict start_no_ack(struct session *s, struct text_in in)
{
	(void)in;
	s->has_no_ack = true; /* this packet itself was acknowledged already */
	return REPLY_OK;
}

/* Reading the description from its start is what makes gdb speak a layout: see README.md. */
static enum verdict read_features(struct session *s, struct text_in in)
{
	if (!text_take(&in, "target.xml:"))
		return REPLY_WRONG;
	struct text_in ahead = in;
	uint64_t offset, len;
	bool begins = text_take_hex(&ahead, &offset) && text_take(&ahead, ",") &&
	              text_take_hex(&ahead, &len) && text_take_end(&ahead) && offset == 0;
	if (begins && !s->follows_status)
		s->latched = exec_layout(s);
	const struct features *f = session_features(s, s->latched);
	return f ? reply_piece(s, in, f->xml, f->xml_len) : REPLY_FAULT;
}

static enum verdict read_threads(struct session *s, struct text_in in)
{
	/* Two names and some markup a CPU, and what stands around them. */
	char xml[TARGET_CPUS_MAX * 256 + 64];
	struct text_out out = { .data = (uint8_t *)xml, .size = sizeof xml };
	unsigned count = s->state == SESSION_IDLE ? 0 : session_cpu_count(s);
	exec_shown(s);
	text_put(&out, "<?xml version=\"1.0\"?>\n<threads>\n");
	for (unsigned cpu = 0; cpu < count; cpu++) {
		char name[TARGET_NAME_MAX], where[TARGET_NAME_MAX], row[256];
		s->target->cpus->name(s->target->ctx, cpu, name);
		s->target->cpus->where(s->target->ctx, cpu, where);
		snprintf(row, sizeof row,
		        "<thread id=\"%s%x\" core=\"%u\" name=\"%s\">%s</thread>\n",
		        s->has_multiprocess ? "p1." : "", cpu + 1, cpu, name, where);
		text_put(&out, row);
	}
	text_put(&out, "</threads>\n");
	return reply_piece(s, in, xml, out.len);
}

static enum verdict no_more_threads(struct session *s, struct text_in in)
{
	(void)in;
	text_put_char(&s->reply, 'l');
	return REPLY;
}

static enum verdict first_threads(struct session *s, struct text_in in)
{
	unsigned count = session_cpu_count(s);
	(void)in;
	exec_shown(s);
	if (s->state == SESSION_IDLE)
		return no_more_threads(s, in);
	for (unsigned cpu = 0; cpu < count; cpu++) {
		text_put_char(&s->reply, cpu ? ',' : 'm');
		reply_put_thread(s, cpu);
	}
	return REPLY;
}

static enum verdict thread_extra(struct session *s, struct text_in in)
{
	char name[TARGET_NAME_MAX], where[TARGET_NAME_MAX], both[2 * TARGET_NAME_MAX];
	int cpu;
	if (!reply_take_thread(s, &in, &cpu) || !text_take_end(&in))
		return REPLY_WRONG;
	unsigned n = cpu > 0 ? (unsigned)cpu - 1 : s->cpu;
	s->target->cpus->name(s->target->ctx, n, name);
	s->target->cpus->where(s->target->ctx, n, where);
	snprintf(both, sizeof both, "%s %s", name, where);
	text_put_bytes(&s->reply, both, strlen(both));
	return REPLY;
}

static enum verdict current_thread(struct session *s, struct text_in in)
{
	(void)in;
	if (s->state == SESSION_IDLE)
		return REPLY; /* none: gdb takes it so */
	text_put(&s->reply, "QC");
	reply_put_thread(s, s->cpu);
	return REPLY;
}

static enum verdict attached(struct session *s, struct text_in in)
{
	(void)in;
	bool (*is_attached)(void *ctx) = s->target->run->is_attached;
	text_put(&s->reply, !is_attached || is_attached(s->target->ctx) ? "1" : "0");
	return REPLY;
}

/* QEMU's packets (its gdbstub's documentation, "PhyMemMode"): whether memory goes by physical
 * addresses. A debugger that walks page tables needs them. */
static bool has_physical(const struct session *s)
{
	return s->target->memory->read_physical && s->target->memory->write_physical;
}

static enum verdict physical_mode(struct session *s, struct text_in in)
{
	(void)in;
	if (!has_physical(s))
		return REPLY_NONE;
	text_put(&s->reply, s->is_physical ? "1" : "0");
	return REPLY;
}

static enum verdict set_physical_mode(struct session *s, struct text_in in)
{
	uint64_t mode;
	if (!has_physical(s))
		return REPLY_NONE;
	if (!text_take_hex(&in, &mode) || mode > 1 || !text_take_end(&in))
		return REPLY_WRONG;
	s->is_physical = mode;
	return REPLY_OK;
}

/* QEMU's mask for steps (its documentation, "Changing single-stepping behaviour"). NOTIMER is not
 * there: the guest's time goes on with each step, if not with the host's. */
enum { SSTEP_ENABLE = 1, SSTEP_NOIRQ = 2, SSTEP_NOTIMER = 4 };

static enum verdict step_bits(struct session *s, struct text_in in)
{
	(void)in;
	if (!s->target->run->steps_take_interrupts)
		return REPLY_NONE;
	text_put(&s->reply, "ENABLE=");
	text_put_hex(&s->reply, SSTEP_ENABLE);
	text_put(&s->reply, ",NOIRQ=");
	text_put_hex(&s->reply, SSTEP_NOIRQ);
	return REPLY;
}

static enum verdict step_mask(struct session *s, struct text_in in)
{
	(void)in;
	if (!s->target->run->steps_take_interrupts)
		return REPLY_NONE;
	bool takes = s->target->run->steps_take_interrupts(s->target->ctx);
	text_put(&s->reply, "0x");
	text_put_hex(&s->reply, SSTEP_ENABLE | (takes ? 0 : SSTEP_NOIRQ));
	return REPLY;
}

static enum verdict set_step_mask(struct session *s, struct text_in in)
{
	uint64_t mask;
	if (!s->target->run->let_steps_take_interrupts)
		return REPLY_NONE;
	text_take(&in, "0x");
	if (!text_take_hex(&in, &mask) || !text_take_end(&in))
		return REPLY_WRONG;
	if (mask & ~(uint64_t)(SSTEP_ENABLE | SSTEP_NOIRQ | SSTEP_NOTIMER))
		return REPLY_WRONG;
	const char *why = mask & SSTEP_NOTIMER     ? "no NOTIMER: the guest's time goes on by steps"
	                  : !(mask & SSTEP_ENABLE) ? "steps can't be switched off"
	                                           : NULL;
	if (why)
		return reply_refuse(s, "%s", why);
	s->target->run->let_steps_take_interrupts(s->target->ctx, !(mask & SSTEP_NOIRQ));
	return REPLY_OK;
}

static void print(void *to, const char *text)
{
	reply_print(to, text);
}

static enum verdict monitor(struct session *s, struct text_in in)
{
	char line[TARGET_LINE_MAX + 1];
	size_t len = text_left(&in) / 2;
	if (len > TARGET_LINE_MAX) {
		/* gdb would say "Protocol error" of an error reply, and no word more. */
		snprintf(line, sizeof line, "a monitor command has %d characters at most\n",
		        TARGET_LINE_MAX);
		print(s, line);
		return REPLY_OK;
	}
	if (!text_take_bytes(&in, (uint8_t *)line, len) || !text_take_end(&in))
		return REPLY_WRONG;
	line[len] = 0;
	if (strlen(line) != len)
		return REPLY_WRONG;
	struct target_stop stop;
	const struct target_monitor *m = s->target->monitor;
	const size_t begin = s->out_end;
	if (m->command(s->target->ctx, line, print, s, &stop))
		program_replaced(s, &stop);
	/* gdb looks for Ctrl-C after each O packet, and does not read on then: the OK would be the reply to its next
	 * packet. lldb shows a reply as it is. */
	const bool is_joined = m->has_lasted && m->has_lasted(s->target->ctx) && !s->is_lldb;
	return is_joined && reply_join_prints(s, begin) ? REPLY : REPLY_OK;
}

const struct command session_queries[] = {
	{ "qSupported", PREFIX, NO_PROGRAM, supported },
	{ "QStartNoAckMode", EXACT, NO_PROGRAM, start_no_ack },
	{ "qXfer:features:read:", PREFIX, NO_PROGRAM, read_features, REGISTERS },
	{ "qXfer:threads:read::", PREFIX, NO_PROGRAM, read_threads, CPUS },
	{ "qXfer:exec-file:read:", PREFIX, NO_PROGRAM, files_path, ELF_FILE },
	{ "qfThreadInfo", EXACT, NO_PROGRAM, first_threads },
	{ "qsThreadInfo", EXACT, NO_PROGRAM, no_more_threads },
	{ "qThreadExtraInfo,", PREFIX, STOPPED, thread_extra, CPUS },
	{ "qC", EXACT, NO_PROGRAM, current_thread },
	{ "qCRC:", PREFIX, STOPPED, bulk_checksum, MEMORY },
	{ "qSearch:memory:", PREFIX, STOPPED, bulk_search, MEMORY },
	{ "qAttached", EXACT, STOPPED, attached, RUN },
	{ "qAttached:", PREFIX, STOPPED, attached, RUN },
	{ "qHostInfo", EXACT, STOPPED, host_info, REGISTERS },
	{ "qProcessInfo", EXACT, STOPPED, process_info, REGISTERS },
	{ "qRcmd,", PREFIX, NO_PROGRAM, monitor, MONITOR },
	{ "qqemu.PhyMemMode", EXACT, STOPPED, physical_mode, MEMORY },
	{ "Qqemu.PhyMemMode:", PREFIX, STOPPED, set_physical_mode, MEMORY },
	{ "qqemu.sstepbits", EXACT, STOPPED, step_bits, RUN },
	/* QEMU takes it with either letter; GEF and pwndbg ask so whether there is a kernel. */
	{ "Qqemu.sstepbits", EXACT, STOPPED, step_bits, RUN },
	{ "qqemu.sstep", EXACT, STOPPED, step_mask, RUN },
	{ "Qqemu.sstep=", PREFIX, STOPPED, set_step_mask, RUN },
	{ "QTinit", EXACT, STOPPED, trace_init, AGENT },
	{ "QTDP:", PREFIX, STOPPED, trace_define, AGENT },
	{ "QTDPsrc:", PREFIX, STOPPED, trace_define_source, AGENT },
	{ "QTDV:", PREFIX, STOPPED, trace_define_variable, AGENT },
	{ "QTro", PREFIX, STOPPED, trace_define_ranges, AGENT },
	{ "QTBuffer:circular:", PREFIX, STOPPED, trace_set_circular, AGENT },
	{ "QTBuffer:size:", PREFIX, STOPPED, trace_set_size, AGENT },
	{ "QTNotes:", PREFIX, NO_PROGRAM, trace_set_notes, AGENT },
	{ "QTStart", EXACT, STOPPED, trace_start, AGENT },
	{ "QTStop", EXACT, NO_PROGRAM, trace_stop, AGENT },
	{ "QTEnable:", PREFIX, STOPPED, trace_enable, AGENT },
	{ "QTDisable:", PREFIX, STOPPED, trace_disable, AGENT },
	{ "qTStatus", EXACT, NO_PROGRAM, trace_status, AGENT },
	{ "qTP:", PREFIX, NO_PROGRAM, trace_point_status, AGENT },
	{ "qTfP", EXACT, NO_PROGRAM, trace_first_point, AGENT },
	{ "qTsP", EXACT, NO_PROGRAM, trace_next_point, AGENT },
	{ "qTfV", EXACT, NO_PROGRAM, trace_first_variable, AGENT },
	{ "qTsV", EXACT, NO_PROGRAM, trace_next_variable, AGENT },
	{ "qTV:", PREFIX, NO_PROGRAM, trace_variable_value, AGENT },
	{ "QTFrame:", PREFIX, NO_PROGRAM, trace_select, AGENT },
	{ "qXfer:traceframe-info:read::", PREFIX, STOPPED, trace_read_info, AGENT },
	{ "qTBuffer:", PREFIX, NO_PROGRAM, trace_read_buffer, AGENT },
	{ 0 },
};

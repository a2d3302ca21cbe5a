/* The q and Q packets: what both sides can do, descriptions, threads, monitor commands. */
#include <stdio.h>
#include <string.h>

#include "gdbstub/session_internal.h"

/* What a gdb may say of itself in qSupported, and where it is kept. */
static void note_feature(struct session *s, const struct text_in *feature)
{
	if (text_equals(feature, "multiprocess+"))
		s->has_multiprocess = true;
	else if (text_equals(feature, "swbreak+"))
		s->has_swbreak = true;
	else if (text_equals(feature, "hwbreak+"))
		s->has_hwbreak = true;
	else if (text_equals(feature, "exec-events+"))
		s->has_exec = true;
}

static enum verdict supported(struct session *s, struct text_in in)
{
	s->has_multiprocess = s->has_swbreak = s->has_hwbreak = s->has_exec = false;
	text_take(&in, ":");
	while (!text_take_end(&in)) {
		struct text_in feature = text_take_until(&in, ';');
		text_take(&in, ";");
		note_feature(s, &feature);
	}
	text_put(&s->reply, "PacketSize=");
	text_put_hex(&s->reply, SESSION_PACKET_SIZE);
	text_put(&s->reply, ";QStartNoAckMode+;vContSupported+;qXfer:features:read+"
	                    ";qXfer:threads:read+;qXfer:exec-file:read+"
	                    ";ConditionalBreakpoints+;BreakpointCommands+;binary-upload+"
	                    ";ConditionalTracepoints+;TracepointSource+"
	                    ";EnableDisableTracepoints+;tracenz+;QTBuffer:size+"
	                    ";qXfer:traceframe-info:read+");
	if (s->has_multiprocess)
		text_put(&s->reply, ";multiprocess+");
	if (s->has_swbreak)
		text_put(&s->reply, ";swbreak+");
	if (s->has_hwbreak)
		text_put(&s->reply, ";hwbreak+");
	if (s->has_exec)
		text_put(&s->reply, ";exec-events+");
	return REPLY;
}

/* lldb's questions, without which it takes 16-bit code for its host's. What it hears once it keeps:
 * a change of the mode needs another connection. Source: lldb/docs/lldb-gdb-remote.txt; the
 * triple's environment from LLVM's Triple.h. */
static enum verdict host_info(struct session *s, struct text_in in)
{
	static const struct {
		const char *triple;
		char pointer_size;
	} hosts[TARGET_LAYOUTS] = {
		[TARGET_REAL16] = { "i386-unknown-unknown-code16", '4' },
		[TARGET_PROT32] = { "i386-unknown-unknown", '4' },
		[TARGET_LONG64] = { "x86_64-unknown-unknown", '8' },
	};
	enum target_layout layout = s->target->registers->layout(s->target->ctx, s->cpu);
	const char *triple = hosts[layout].triple;
	(void)in;
	text_put(&s->reply, "triple:");
	text_put_bytes(&s->reply, triple, strlen(triple));
	text_put(&s->reply, ";endian:little;ptrsize:");
	text_put_char(&s->reply, hosts[layout].pointer_size);
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

enum verdict session_piece(struct session *s, struct text_in in, const char *document, size_t size)
{
	uint64_t offset, len;
	if (!text_take_hex(&in, &offset) || !text_take(&in, ",") || !text_take_hex(&in, &len) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	if (offset > size)
		return REPLY_WRONG;
	size_t left = size - (size_t)offset;
	size_t wanted = len < left ? (size_t)len : left;
	text_put_char(&s->reply, 'm');
	/* What does not fit after escaping is asked for again. */
	size_t put = text_put_binary(&s->reply, document + offset, wanted);
	s->reply.is_full = false;
	if (put == left)
		s->reply.data[0] = 'l';
	return REPLY;
}

/* Reading the description from its start is what makes gdb speak a layout: see HACKING.md. */
static enum verdict read_features(struct session *s, struct text_in in)
{
	if (!text_take(&in, "target.xml:"))
		return REPLY_WRONG;
	struct text_in ahead = in;
	uint64_t offset, len;
	bool begins = text_take_hex(&ahead, &offset) && text_take(&ahead, ",") &&
	              text_take_hex(&ahead, &len) && text_take_end(&ahead) && offset == 0;
	if (begins && !s->is_behind_status)
		s->latched = trace_layout(s);
	const struct features *f = session_features(s, s->latched);
	return f ? session_piece(s, in, f->xml, f->xml_len) : REPLY_FAULT;
}

static enum verdict read_threads(struct session *s, struct text_in in)
{
	/* Up to 16 CPUs of at most 2 names and some markup each. */
	char xml[16 * 256];
	struct text_out out = { .data = (uint8_t *)xml, .size = sizeof xml };
	unsigned count = s->state == SESSION_IDLE ? 0 : s->target->cpus->count(s->target->ctx);
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
	return session_piece(s, in, xml, out.len);
}

static enum verdict no_more_threads(struct session *s, struct text_in in)
{
	(void)in;
	text_put_char(&s->reply, 'l');
	return REPLY;
}

static enum verdict first_threads(struct session *s, struct text_in in)
{
	unsigned count = s->target->cpus->count(s->target->ctx);
	(void)in;
	if (s->state == SESSION_IDLE)
		return no_more_threads(s, in);
	for (unsigned cpu = 0; cpu < count; cpu++) {
		text_put_char(&s->reply, cpu ? ',' : 'm');
		session_put_thread(s, cpu);
	}
	return REPLY;
}

static enum verdict thread_extra(struct session *s, struct text_in in)
{
	char name[TARGET_NAME_MAX], where[TARGET_NAME_MAX], both[2 * TARGET_NAME_MAX];
	int cpu;
	if (!session_take_thread(s, &in, &cpu) || !text_take_end(&in))
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
	session_put_thread(s, s->cpu);
	return REPLY;
}

static enum verdict attached(struct session *s, struct text_in in)
{
	(void)in;
	text_put(&s->reply, s->target->run->is_attached(s->target->ctx) ? "1" : "0");
	return REPLY;
}

/* QEMU's packets (its gdbstub's documentation, "PhyMemMode"): whether memory goes by physical
 * addresses. A debugger that walks page tables needs them. */
static enum verdict physical_mode(struct session *s, struct text_in in)
{
	(void)in;
	text_put(&s->reply, s->is_physical ? "1" : "0");
	return REPLY;
}

static enum verdict set_physical_mode(struct session *s, struct text_in in)
{
	uint64_t mode;
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
	text_put(&s->reply, "ENABLE=");
	text_put_hex(&s->reply, SSTEP_ENABLE);
	text_put(&s->reply, ",NOIRQ=");
	text_put_hex(&s->reply, SSTEP_NOIRQ);
	return REPLY;
}

static enum verdict step_mask(struct session *s, struct text_in in)
{
	bool takes = s->target->run->steps_take_interrupts(s->target->ctx);
	(void)in;
	text_put(&s->reply, "0x");
	text_put_hex(&s->reply, SSTEP_ENABLE | (takes ? 0 : SSTEP_NOIRQ));
	return REPLY;
}

static enum verdict set_step_mask(struct session *s, struct text_in in)
{
	uint64_t mask;
	text_take(&in, "0x");
	if (!text_take_hex(&in, &mask) || !text_take_end(&in))
		return REPLY_WRONG;
	if (mask & ~(uint64_t)(SSTEP_ENABLE | SSTEP_NOIRQ | SSTEP_NOTIMER))
		return REPLY_WRONG;
	const char *why = mask & SSTEP_NOTIMER     ? "no NOTIMER: the guest's time goes on by steps"
	                  : !(mask & SSTEP_ENABLE) ? "steps can't be switched off"
	                                           : NULL;
	if (why)
		return session_refuse(s, "%s", why);
	s->target->run->let_steps_take_interrupts(s->target->ctx, !(mask & SSTEP_NOIRQ));
	return REPLY_OK;
}

static void print(void *to, const char *text)
{
	session_print(to, text);
}

static enum verdict monitor(struct session *s, struct text_in in)
{
	char line[1024];
	size_t len = text_left(&in) / 2;
	if (len >= sizeof line || !text_take_bytes(&in, (uint8_t *)line, len) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	line[len] = 0;
	if (strlen(line) != len)
		return REPLY_WRONG;
	s->target->monitor->command(s->target->ctx, line, print, s);
	return REPLY_OK;
}

const struct command session_queries[] = {
	{ "qSupported", PREFIX, NO_PROGRAM, supported },
	{ "QStartNoAckMode", EXACT, NO_PROGRAM, start_no_ack },
	{ "qXfer:features:read:", PREFIX, NO_PROGRAM, read_features },
	{ "qXfer:threads:read::", PREFIX, NO_PROGRAM, read_threads },
	{ "qXfer:exec-file:read:", PREFIX, NO_PROGRAM, files_path },
	{ "qfThreadInfo", EXACT, NO_PROGRAM, first_threads },
	{ "qsThreadInfo", EXACT, NO_PROGRAM, no_more_threads },
	{ "qThreadExtraInfo,", PREFIX, STOPPED, thread_extra },
	{ "qC", EXACT, NO_PROGRAM, current_thread },
	{ "qCRC:", PREFIX, STOPPED, bulk_checksum },
	{ "qSearch:memory:", PREFIX, STOPPED, bulk_search },
	{ "qAttached", EXACT, STOPPED, attached },
	{ "qAttached:", PREFIX, STOPPED, attached },
	{ "qHostInfo", EXACT, STOPPED, host_info },
	{ "qProcessInfo", EXACT, STOPPED, process_info },
	{ "qRcmd,", PREFIX, NO_PROGRAM, monitor },
	{ "qqemu.PhyMemMode", EXACT, STOPPED, physical_mode },
	{ "Qqemu.PhyMemMode:", PREFIX, STOPPED, set_physical_mode },
	{ "qqemu.sstepbits", EXACT, STOPPED, step_bits },
	{ "qqemu.sstep", EXACT, STOPPED, step_mask },
	{ "Qqemu.sstep=", PREFIX, STOPPED, set_step_mask },
	{ "QTinit", EXACT, STOPPED, trace_init },
	{ "QTDP:", PREFIX, STOPPED, trace_define },
	{ "QTDPsrc:", PREFIX, STOPPED, trace_define_source },
	{ "QTDV:", PREFIX, STOPPED, trace_define_variable },
	{ "QTro", PREFIX, STOPPED, trace_define_ranges },
	{ "QTBuffer:circular:", PREFIX, STOPPED, trace_set_circular },
	{ "QTBuffer:size:", PREFIX, STOPPED, trace_set_size },
	{ "QTNotes:", PREFIX, NO_PROGRAM, trace_set_notes },
	{ "QTStart", EXACT, STOPPED, trace_start },
	{ "QTStop", EXACT, NO_PROGRAM, trace_stop },
	{ "QTEnable:", PREFIX, STOPPED, trace_enable },
	{ "QTDisable:", PREFIX, STOPPED, trace_disable },
	{ "qTStatus", EXACT, NO_PROGRAM, trace_status },
	{ "qTP:", PREFIX, NO_PROGRAM, trace_point_status },
	{ "qTfP", EXACT, NO_PROGRAM, trace_first_point },
	{ "qTsP", EXACT, NO_PROGRAM, trace_next_point },
	{ "qTfV", EXACT, NO_PROGRAM, trace_first_variable },
	{ "qTsV", EXACT, NO_PROGRAM, trace_next_variable },
	{ "qTV:", PREFIX, NO_PROGRAM, trace_variable_value },
	{ "QTFrame:", PREFIX, NO_PROGRAM, trace_select },
	{ "qXfer:traceframe-info:read::", PREFIX, STOPPED, trace_read_info },
	{ "qTBuffer:", PREFIX, NO_PROGRAM, trace_read_buffer },
	{ 0 },
};

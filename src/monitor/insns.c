/* monitor log insn: the instructions that the guest has done last. */
#include <inttypes.h>
#include <string.h>

#include "debug/log.h"
#include "monitor/internal.h"

#define SHOWN 20

static void say_insn(const struct output *out, const struct log_insn *i)
{
	char bytes[3 * sizeof i->bytes + 8] = "", where[32], times[40] = "";
	size_t n = 0;
	if (!i->bits) {
		say(out, "KVM has run the guest: what it did is not known\n");
		return;
	}
	/* One that has jumped: its first bytes. */
	for (unsigned k = 0; k < (i->len ? i->len : 4u); k++)
		n += (size_t)snprintf(bytes + n, sizeof bytes - n, " %02x", i->bytes[k]);
	if (!i->len)
		snprintf(bytes + n, sizeof bytes - n, " ...");
	if (i->bits == 64)
		snprintf(where, sizeof where, "0x%" PRIx64, i->rip);
	else
		snprintf(where, sizeof where, "%04x:%0*" PRIx64, i->cs, i->bits == 16 ? 4 : 8,
		        i->rip);
	if (i->times > 1)
		snprintf(times, sizeof times, ", %" PRIu64 " times", i->times);
	say(out, "%u-bit 0x%" PRIx64 " %s %s%s%s\n", i->bits, i->pc, where, bytes,
	        i->is_kvms ? " (by KVM)" : "", times);
}

void monitor_log_insns(struct run *run, const struct output *out, const char *operands)
{
	struct control *c = &run->machine->control;
	struct cursor at = cursor_of(operands);
	uint64_t count = SHOWN;
	const bool is_on = !strcmp(operands, "on");
	if (is_on || !strcmp(operands, "off")) {
		if (!control_log_insns(c, is_on))
			say(out, "out of memory\n");
		else
			say(out,
			        is_on ? "The last %u instructions are noted from now on: the "
			                "engine is "
			                "slower with that.\n"
			              : "No instructions are noted.\n",
			        LOG_INSNS);
		return;
	}
	if (*operands && (!cursor_number(&at, &count) || !cursor_at_end(&at))) {
		refuse(out, "log insn", operands, "expected on, off, or how many of the last ones");
		return;
	}
	const struct log *log = c->log;
	if (!log)
		say(out, "no instructions are noted: monitor log insn on begins it\n");
	else if (!log->used)
		say(out, "nothing since monitor log insn on\n");
	for (unsigned n = log ? (count < log->used ? (unsigned)count : log->used) : 0; n > 0; n--)
		say_insn(out, log_last(log, n - 1));
}

/* monitor console and hints: where the guest's output goes, and what is said while it runs. */
#include <string.h>

#include "monitor/internal.h"

void monitor_console(struct run *run, const struct output *out, const char *operands)
{
	struct machine *m = run->machine;
	if (!strcmp(operands, "gdb") || !strcmp(operands, "stdio"))
		m->prints_to_debugger = !strcmp(operands, "gdb");
	else if (*operands)
		refuse(out, "console", operands, "expected gdb or stdio");
	else
		say(out, "%s\n", m->prints_to_debugger ? "gdb" : "stdio");
}

void monitor_hints(struct run *run, const struct output *out, const char *operands)
{
	struct machine *m = run->machine;
	if (!strcmp(operands, "on") || !strcmp(operands, "off"))
		m->wants_hints = !strcmp(operands, "on");
	else if (*operands)
		refuse(out, "hints", operands, "expected on or off");
	else
		say(out, "%s\n", m->wants_hints ? "on" : "off");
}

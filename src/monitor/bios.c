/* monitor info call and step-bios: the PC board's firmware under a debugger. */
#include <string.h>

#include "base/cursor.h"
#include "bios/bios.h"
#include "machine/firmware.h"
#include "monitor/internal.h"

void monitor_info_call(struct run *run, const struct output *out, const char *operands)
{
	struct cursor at = cursor_of(operands);
	struct bios_regs regs;
	uint64_t vector;
	char line[300];
	if (!run->machine->guest->board.is_pc) {
		say(out, "there is no BIOS on a bare board\n");
		return;
	}
	if (!cursor_code(&at, &vector) || !cursor_at_end(&at) || vector > 0xff) {
		refuse(out, "info call", operands, "expected a vector of 0 to 0xff");
		return;
	}
	firmware_regs(run->machine, (unsigned)vector, &regs);
	bios_describe((unsigned)vector, &regs, NULL, line, sizeof line);
	say(out, "%s\n", line);
}

void monitor_step_bios(struct run *run, const struct output *out, const char *operands)
{
	if (!strcmp(operands, "on") || !strcmp(operands, "off"))
		control_set_step_bios(&run->machine->control, !strcmp(operands, "on"));
	else if (*operands)
		refuse(out, "step-bios", operands, "expected on or off");
	else
		say(out, "a step goes %s\n",
		        run->machine->control.steps_bios ? "into the BIOS's ROM (on)"
		                                         : "over what the BIOS does (off)");
}

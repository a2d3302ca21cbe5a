/* Agent expressions from anybody. The first byte chooses what the expression is for; the rest is
 * its code. Registers have any size and value, memory is there in even pages. */
#include "gdbstub/agent.h"

#include <stdlib.h>

static unsigned register_size(void *ctx, unsigned reg)
{
	(void)ctx;
	return reg % 12;
}

static bool read_register(void *ctx, unsigned reg, uint64_t *value)
{
	(void)ctx;
	*value = reg * 0x0123456789abcdefull;
	return reg % 7 != 0;
}

static size_t read_memory(void *ctx, uint64_t address, uint8_t *to, size_t len)
{
	size_t n = 0;
	(void)ctx;
	for (; n < len && (address + n) / 4096 % 2 == 0; n++)
		to[n] = (uint8_t)(address + n);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct agent_machine machine = { register_size, read_register, read_memory, NULL };
	uint8_t text[256];
	struct text_out printed = { .data = text, .size = sizeof text };
	struct agent_error e = { 0 };
	uint64_t value;
	if (!size)
		return 0;
	enum agent_use use = data[0] & 1 ? AGENT_COMMAND : AGENT_CONDITION;
	bool ok = agent_check(data + 1, size - 1, use, &machine, &e);
	ok = ok && agent_run(data + 1, size - 1, &machine, &value, &printed, &e);
	if (!ok && !e.text[0]) /* every refusal has a reason */
		abort();
	return 0;
}

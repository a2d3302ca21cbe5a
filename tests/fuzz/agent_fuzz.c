/* Agent expressions from anybody. The first byte chooses what the expression is for (1: a command,
 * 2: variables, 4: a trace frame); the rest is its code. Registers have any size and value, memory
 * is there in even pages, and so are variables in even dozens. */
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

static uint64_t variables[0x10000]; /* an operand's two bytes */

static bool declare_variable(void *ctx, unsigned number)
{
	(void)ctx;
	return number / 12 % 2 == 0;
}

/* One that was not asked for must not be used. */
static uint64_t *variable(unsigned number)
{
	if (!declare_variable(NULL, number))
		abort();
	return &variables[number];
}

static uint64_t get_variable(void *ctx, unsigned number)
{
	(void)ctx;
	return *variable(number);
}

static void set_variable(void *ctx, unsigned number, uint64_t value)
{
	(void)ctx;
	*variable(number) = value;
}

static bool collect(struct agent_error *e, bool fits)
{
	if (!fits)
		e->text[0] = '!';
	return fits;
}

static bool collect_memory(
        void *ctx, uint64_t address, uint64_t len, bool is_string, struct agent_error *e)
{
	(void)ctx, (void)is_string;
	return collect(e, address % 64 && len < 0x1000);
}

static bool collect_variable(void *ctx, unsigned number, struct agent_error *e)
{
	(void)ctx;
	return collect(e, *variable(number) < 0x1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_machine machine = { register_size, read_register, read_memory, NULL };
	uint8_t text[256];
	struct text_out printed = { .data = text, .size = sizeof text };
	struct agent_error e = { 0 };
	uint64_t value;
	if (!size)
		return 0;
	if (data[0] & 6) {
		machine.declare_variable = declare_variable;
		machine.get_variable = get_variable;
		machine.set_variable = set_variable;
	}
	if (data[0] & 4) {
		machine.collect_memory = collect_memory;
		machine.collect_variable = collect_variable;
	}
	variables[0] = variables[1] = 0;
	enum agent_use use = data[0] & 1 ? AGENT_COMMAND : AGENT_CONDITION;
	bool ok = agent_check(data + 1, size - 1, use, &machine, &e);
	ok = ok && agent_run(data + 1, size - 1, &machine, &value, &printed, &e);
	if (!ok && !e.text[0]) /* every refusal has a reason */
		abort();
	return 0;
}

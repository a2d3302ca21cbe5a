/* The calls of struct agent_machine, on the target and the session's trace state variables. */
#include "gdbstub/view.h"

#include "base/bytes.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_store.h"

static unsigned register_size(void *ctx, unsigned reg)
{
	const struct view *v = ctx;
	return reg < v->features->count ? v->features->registers[reg].size : 0;
}

static bool read_register(void *ctx, unsigned reg, uint64_t *value)
{
	const struct view *v = ctx;
	uint8_t bytes[TARGET_REGISTER_MAX];
	const struct feature_register *r = &v->features->registers[reg];
	if (!features_read(r, v->session->target, v->cpu, bytes))
		return false;
	*value = get_number(bytes, r->size < 8 ? r->size : 8);
	return true;
}

uint64_t view_gva(const struct view *v, uint64_t address)
{
	return v->layout == TARGET_LONG64 ? address : (uint32_t)address;
}

static size_t read_memory(void *ctx, uint64_t address, uint8_t *to, size_t len)
{
	const struct view *v = ctx;
	const struct target *t = v->session->target;
	return t->memory->read(t->ctx, v->cpu, view_gva(v, address), to, len);
}

static bool declare_variable(void *ctx, unsigned number)
{
	const struct view *v = ctx;
	return trace_declare_variable(&v->session->trace, number) != NULL;
}

static uint64_t get_variable(void *ctx, unsigned number)
{
	const struct view *v = ctx;
	const struct trace_variable *is = trace_find_variable(&v->session->trace, number);
	return is ? is->value : 0;
}

static void set_variable(void *ctx, unsigned number, uint64_t value)
{
	const struct view *v = ctx;
	struct trace_variable *is = trace_find_variable(&v->session->trace, number);
	if (is)
		is->value = value;
}

bool view_open(struct view *v, struct session *s, enum target_layout layout, unsigned cpu,
        struct agent_machine *m)
{
	*v = (struct view) { s, session_features(s, layout), cpu, layout };
	*m = (struct agent_machine) {
		.register_size = register_size,
		.read_register = read_register,
		.read_memory = read_memory,
		.ctx = v,
		.declare_variable = declare_variable,
		.get_variable = get_variable,
		.set_variable = set_variable,
	};
	return v->features != NULL;
}

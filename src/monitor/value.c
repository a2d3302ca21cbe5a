/* What stands for an address after a monitor word: a little of QEMU's expressions. */
#include <string.h>

#include "base/array.h"
#include "base/cursor.h"
#include "kvm/registers.h"
#include "monitor/internal.h"

/* Signs and parentheses within each other: what is typed must not decide how much stack is used. */
#define NESTED_MAX 32

/* sum: product { + - product }; product: unary { * unary }; unary: - ~ ( sum ) $register number.
 * Blanks may stand around an operator, one by one: the line has no two in a row. left: how many
 * more may be nested here. */
static bool take_sum(struct vcpu *v, struct cursor *c, unsigned left, uint64_t *value);

/* Names as gdb has them here: $eip and $pc are linear, $ip and $rip the offset, $sp is linear. */
static bool read_register(struct vcpu *v, const char *name, uint64_t *value)
{
	static const char *const others[][2] = { { "eip", "pc" }, { "ip", "rip" },
		{ "sp", "sp_linear" } };
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(name, others[i][0]))
			name = others[i][1];
	return registers_read_named(v, name, value) == 0;
}

static bool take_unary(struct vcpu *v, struct cursor *c, unsigned left, uint64_t *value)
{
	char name[24];
	if (!left)
		return false;
	if (cursor_char(c, '-')) {
		if (!take_unary(v, c, left - 1, value))
			return false;
		*value = -*value;
		return true;
	}
	if (cursor_char(c, '~')) {
		if (!take_unary(v, c, left - 1, value))
			return false;
		*value = ~*value;
		return true;
	}
	if (cursor_char(c, '('))
		return take_sum(v, c, left - 1, value) && cursor_char(c, ')');
	if (cursor_char(c, '$'))
		return cursor_name(c, name, sizeof name) && read_register(v, name, value);
	return cursor_number(c, value);
}

/* An operator, with the blanks around it. */
static bool take_operator(struct cursor *c, char which)
{
	struct cursor at = *c;
	cursor_char(&at, ' ');
	if (!cursor_char(&at, which))
		return false;
	cursor_char(&at, ' ');
	*c = at;
	return true;
}

static bool take_product(struct vcpu *v, struct cursor *c, unsigned left, uint64_t *value)
{
	uint64_t factor;
	if (!take_unary(v, c, left, value))
		return false;
	while (take_operator(c, '*')) {
		if (!take_unary(v, c, left, &factor))
			return false;
		*value *= factor;
	}
	return true;
}

static bool take_sum(struct vcpu *v, struct cursor *c, unsigned left, uint64_t *value)
{
	uint64_t term;
	if (!take_product(v, c, left, value))
		return false;
	for (;;) {
		bool is_minus = false;
		if (!take_operator(c, '+') && !(is_minus = take_operator(c, '-')))
			return true;
		if (!take_product(v, c, left, &term))
			return false;
		*value = is_minus ? *value - term : *value + term;
	}
}

bool monitor_take_value(struct vcpu *v, struct cursor *c, uint64_t *value)
{
	struct cursor try = *c;
	uint64_t found;
	if (!take_sum(v, &try, NESTED_MAX, &found))
		return false;
	*c = try;
	*value = found;
	return true;
}

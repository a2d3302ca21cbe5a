#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rsp_values.h"

const struct view_window view_windows[VIEW_WINDOWS] = {
	{ PROGRAM_MIXED, 0x40, 0 },
	{ PROGRAM_DATA - 0x100, 0x200, 0x40 },
	{ PROGRAM_STACK - 0x100, 0x100, 0x240 },
};
#define STACK 2

#define RFLAGS_RF (1u << 16) /* the CPU's own: it is not what the program does */

bool view_registers(struct view *v, const char *reply, bool is_64bit)
{
	/* The two layouts of gdb's: 8 or 16 registers, the pc, eflags of 32 bits. */
	static const uint8_t order_64[8] = { 0, 3, 1, 2, 6, 7, 5, 4 };
	unsigned count = is_64bit ? 16 : 8, digits = is_64bit ? 16 : 8;
	if (strlen(reply) < (count + 1) * digits + 8)
		return false;
	memset(v->registers, 0, sizeof v->registers);
	for (unsigned i = 0; i <= count; i++) {
		char hex[17] = "";
		memcpy(hex, reply + i * digits, digits);
		unsigned to = i == count ? VIEW_PC : is_64bit && i < 8 ? order_64[i] : i;
		v->registers[to] = rsp_value(hex);
	}
	char hex[9] = "";
	memcpy(hex, reply + (count + 1) * digits, 8);
	v->registers[VIEW_FLAGS] = rsp_value(hex) & ~RFLAGS_RF;
	return true;
}

const uint8_t *view_byte(const struct view *v, uint64_t gva)
{
	for (unsigned i = 0; i < VIEW_WINDOWS; i++)
		if (gva - view_windows[i].gva < view_windows[i].size)
			return v->memory + view_windows[i].at + (gva - view_windows[i].gva);
	return NULL;
}

static bool are_registers_same(
        const struct view *is, const struct view *wanted, char *text, size_t size)
{
	static const char *const names[VIEW_REGISTERS] = { "ax", "cx", "dx", "bx", "sp", "bp", "si",
		"di", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "pc", "flags" };
	for (unsigned i = VIEW_REGISTERS; i--;)
		if (is->registers[i] != wanted->registers[i]) {
			snprintf(text, size, "%s is 0x%" PRIx64 ", expected 0x%" PRIx64, names[i],
			        is->registers[i], wanted->registers[i]);
			return false;
		}
	return true;
}

/* Where there are ticks: the stack's first byte that is not theirs. In a handler of 64-bit code there are some above the
 * frame, too, which the CPU aligns. */
static uint32_t first_known(const struct view *v, const struct view_window *stack)
{
	uint64_t below = v->registers[VIEW_SP] - stack->gva;
	bool is_handler = v->registers[VIEW_PC] < PROGRAM_OWN;
	return is_handler || below > stack->size ? stack->size : (uint32_t)below;
}

bool view_is_same(
        const struct view *is, const struct view *wanted, bool has_timer, char *text, size_t size)
{
	if (!are_registers_same(is, wanted, text, size))
		return false;
	for (unsigned i = 0; i < VIEW_WINDOWS; i++) {
		const struct view_window *w = &view_windows[i];
		uint32_t from = has_timer && i == STACK ? first_known(is, w) : 0;
		for (; from < w->size; from++)
			if (is->memory[w->at + from] != wanted->memory[w->at + from]) {
				snprintf(text, size, "the byte at 0x%x is 0x%02x, expected 0x%02x",
				        w->gva + from, is->memory[w->at + from],
				        wanted->memory[w->at + from]);
				return false;
			}
	}
	return true;
}

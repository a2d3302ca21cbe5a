/* How the table is read: a row is one opcode as in gdb's ax.def, with the bytes of its operand, and
 * what it takes from the stack and leaves there. The check and the evaluation both walk by it. */
#include "gdbstub/agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "gdbstub/agent_format.h"

enum opcode {
	ADD = 0x02,
	SUB,
	MUL,
	DIV_SIGNED,
	DIV_UNSIGNED,
	REM_SIGNED,
	REM_UNSIGNED,
	LSH,
	RSH_SIGNED,
	RSH_UNSIGNED,
	TRACE,
	TRACE_QUICK,
	LOG_NOT,
	BIT_AND,
	BIT_OR,
	BIT_XOR,
	BIT_NOT,
	EQUAL,
	LESS_SIGNED,
	LESS_UNSIGNED,
	EXT,
	REF8,
	REF16,
	REF32,
	REF64,
	IF_GOTO = 0x20,
	GOTO,
	CONST8,
	CONST16,
	CONST32,
	CONST64,
	REG,
	END,
	DUP,
	POP,
	ZERO_EXT,
	SWAP,
	GETV,
	SETV,
	TRACEV,
	TRACENZ,
	TRACE16,
	PICK = 0x32,
	ROT,
	PRINTF,
	OPCODES,
};

/* Why some are in the manual and not here. */
#define NO_FLOAT "is for floating point, which agent expressions do not have"

struct operation {
	const char *name;
	uint8_t operand; /* bytes after the opcode */
	uint8_t takes, leaves;
	bool collects;       /* for a trace frame */
	bool is_variable;    /* the operand is a trace state variable's number */
	const char *refused; /* NULL: it is done */
};

static const struct operation operations[OPCODES] = {
	[0x01] = { "float", .refused = NO_FLOAT },
	[ADD] = { "add", 0, 2, 1 },
	[SUB] = { "sub", 0, 2, 1 },
	[MUL] = { "mul", 0, 2, 1 },
	[DIV_SIGNED] = { "div_signed", 0, 2, 1 },
	[DIV_UNSIGNED] = { "div_unsigned", 0, 2, 1 },
	[REM_SIGNED] = { "rem_signed", 0, 2, 1 },
	[REM_UNSIGNED] = { "rem_unsigned", 0, 2, 1 },
	[LSH] = { "lsh", 0, 2, 1 },
	[RSH_SIGNED] = { "rsh_signed", 0, 2, 1 },
	[RSH_UNSIGNED] = { "rsh_unsigned", 0, 2, 1 },
	[TRACE] = { "trace", 0, 2, 0, .collects = true },
	[TRACE_QUICK] = { "trace_quick", 1, 1, 1, .collects = true },
	[LOG_NOT] = { "log_not", 0, 1, 1 },
	[BIT_AND] = { "bit_and", 0, 2, 1 },
	[BIT_OR] = { "bit_or", 0, 2, 1 },
	[BIT_XOR] = { "bit_xor", 0, 2, 1 },
	[BIT_NOT] = { "bit_not", 0, 1, 1 },
	[EQUAL] = { "equal", 0, 2, 1 },
	[LESS_SIGNED] = { "less_signed", 0, 2, 1 },
	[LESS_UNSIGNED] = { "less_unsigned", 0, 2, 1 },
	[EXT] = { "ext", 1, 1, 1 },
	[REF8] = { "ref8", 0, 1, 1 },
	[REF16] = { "ref16", 0, 1, 1 },
	[REF32] = { "ref32", 0, 1, 1 },
	[REF64] = { "ref64", 0, 1, 1 },
	[0x1b] = { "ref_float", .refused = NO_FLOAT },
	[0x1c] = { "ref_double", .refused = NO_FLOAT },
	[0x1d] = { "ref_long_double", .refused = NO_FLOAT },
	[0x1e] = { "l_to_d", .refused = NO_FLOAT },
	[0x1f] = { "d_to_l", .refused = NO_FLOAT },
	[IF_GOTO] = { "if_goto", 2, 1, 0 },
	[GOTO] = { "goto", 2, 0, 0 },
	[CONST8] = { "const8", 1, 0, 1 },
	[CONST16] = { "const16", 2, 0, 1 },
	[CONST32] = { "const32", 4, 0, 1 },
	[CONST64] = { "const64", 8, 0, 1 },
	[REG] = { "reg", 2, 0, 1 },
	[END] = { "end", 0, 0, 0 },
	[DUP] = { "dup", 0, 1, 2 },
	[POP] = { "pop", 0, 1, 0 },
	[ZERO_EXT] = { "zero_ext", 1, 1, 1 },
	[SWAP] = { "swap", 0, 2, 2 },
	[GETV] = { "getv", 2, 0, 1, .is_variable = true },
	[SETV] = { "setv", 2, 1, 1, .is_variable = true },
	/* It leaves nothing: the manual says otherwise, but gdb has put the value there before. */
	[TRACEV] = { "tracev", 2, 0, 0, .collects = true, .is_variable = true },
	[TRACENZ] = { "tracenz", 0, 2, 0, .collects = true },
	[TRACE16] = { "trace16", 2, 1, 1, .collects = true },
	[PICK] = { "pick", 1, 0, 1 }, /* takes one that lies deeper: see decode */
	[ROT] = { "rot", 0, 3, 3 },
	[PRINTF] = { "printf", 3, 2, 0 }, /* and as many as it says: see decode */
};

/* One instruction of an expression. */
struct step {
	uint8_t opcode;
	uint64_t operand; /* the most significant byte comes first */
	unsigned needs;   /* on the stack */
	int change;       /* of the stack's depth */
	size_t next;      /* where the next one stands */
	unsigned arguments;
	const uint8_t *format; /* printf's, format_len bytes */
	size_t format_len;
};

static bool fail(struct agent_error *e, const char *what)
{
	snprintf(e->text, sizeof e->text, "%s", what);
	return false;
}

static bool fail_at(struct agent_error *e, size_t at, const char *name, const char *what)
{
	snprintf(e->text, sizeof e->text, "%s at byte %zu %s", name, at, what);
	return false;
}

/* printf: the number of arguments, two bytes of length, the format. */
static bool decode_printf(const uint8_t *code, size_t len, struct step *s)
{
	s->arguments = s->operand >> 16 & 0xff;
	s->format_len = s->operand & 0xffff;
	s->format = code + s->next;
	s->needs += s->arguments;
	s->change -= (int)s->arguments;
	if (s->format_len > len - s->next)
		return false;
	s->next += s->format_len;
	return true;
}

static bool decode(
        const uint8_t *code, size_t len, size_t at, struct step *s, struct agent_error *e)
{
	static const struct operation none = { 0 };
	if (at >= len)
		return fail(e, "it has no end");
	const struct operation *o = code[at] < OPCODES ? &operations[code[at]] : &none;
	if (!o->name) {
		snprintf(e->text, sizeof e->text, "opcode 0x%02x at byte %zu does not exist",
		        code[at], at);
		return false;
	}
	if (o->refused)
		return fail_at(e, at, o->name, o->refused);
	if (o->operand >= len - at)
		return fail_at(e, at, o->name, "is cut off");
	*s = (struct step) { .opcode = code[at],
		.needs = o->takes,
		.change = o->leaves - o->takes,
		.next = at + 1 + o->operand };
	for (size_t i = 1; i <= o->operand; i++)
		s->operand = s->operand << 8 | code[at + i];
	if (s->opcode == PICK)
		s->needs = (unsigned)s->operand + 1;
	if (s->opcode == PRINTF && !decode_printf(code, len, s))
		return fail_at(e, at, o->name, "is cut off");
	return true;
}

/* --- the check -------------------------------------------------------------------------------- */

static bool check_step(const struct step *s, size_t at, unsigned depth, enum agent_use use,
        const struct agent_machine *m, struct agent_error *e)
{
	const struct operation *o = &operations[s->opcode];
	const char *name = o->name;
	if (s->needs > depth)
		return fail_at(e, at, name, "finds too little on the stack");
	if ((int)depth + s->change > AGENT_STACK_MAX)
		return fail_at(e, at, name, "is too much for the stack");
	if (s->opcode == END && use == AGENT_CONDITION && !depth)
		return fail_at(e, at, name, "leaves no value");
	if (o->collects && !m->collect_memory)
		return fail_at(e, at, name, "is for the actions of a tracepoint");
	if (o->is_variable &&
	        !(m->declare_variable && m->declare_variable(m->ctx, (unsigned)s->operand)))
		return fail_at(e, at, name, "names a variable, and there is no room for more");
	if (s->opcode == PRINTF)
		return agent_format_check(s->format, s->format_len, s->arguments, e);
	if (s->opcode != REG)
		return true;
	unsigned size = m->register_size(m->ctx, (unsigned)s->operand);
	if (!size)
		return fail_at(e, at, name, "names a register that does not exist");
	return size <= 8 || fail_at(e, at, name, "names a register of more than 64 bits");
}

bool agent_check(const uint8_t *code, size_t len, enum agent_use use, const struct agent_machine *m,
        struct agent_error *e)
{
	/* The depth with which each instruction is come to, plus 1; where ifs may go that were not
	 * followed yet, with their depths: each instruction is walked once, and an if has three
	 * bytes. */
	uint8_t depths[AGENT_CODE_MAX] = { 0 };
	struct {
		uint16_t at;
		uint8_t depth;
	} branches[AGENT_CODE_MAX / 3 + 1];
	size_t count = 1;
	if (len > AGENT_CODE_MAX)
		return fail(e, "it is too long");
	branches[0].at = branches[0].depth = 0;
	while (count) {
		size_t at = branches[--count].at;
		unsigned depth = branches[count].depth;
		for (;;) {
			struct step s;
			if (!decode(code, len, at, &s, e))
				return false;
			if (depths[at] && depths[at] != depth + 1)
				return fail_at(e, at, operations[s.opcode].name,
				        "is reached with different stacks");
			if (depths[at])
				break;
			depths[at] = (uint8_t)(depth + 1);
			if (!check_step(&s, at, depth, use, m, e))
				return false;
			depth = (unsigned)((int)depth + s.change);
			if (s.opcode == END)
				break;
			at = s.opcode == GOTO ? (size_t)s.operand : s.next;
			if (s.opcode == IF_GOTO) {
				if (s.operand >= len)
					return fail(e, "it has no end");
				branches[count].at = (uint16_t)s.operand;
				branches[count++].depth = (uint8_t)depth;
			}
		}
	}
	return true;
}

void agent_registers(
        const uint8_t *code, size_t len, void (*each)(void *ctx, unsigned reg), void *ctx)
{
	struct agent_error ignored;
	struct step s;
	/* gdb's expressions are whole instructions, one after the other. */
	for (size_t at = 0; at < len && decode(code, len, at, &s, &ignored); at = s.next)
		if (s.opcode == REG)
			each(ctx, (unsigned)s.operand);
}

/* --- evaluation ------------------------------------------------------------------------------- */

/* A shift by the width or more leaves what shifting bit by bit would. */
static uint64_t shift(enum opcode opcode, uint64_t a, uint64_t b)
{
	if (opcode == RSH_SIGNED)
		return (uint64_t)((int64_t)a >> (b < 64 ? b : 63));
	if (b >= 64)
		return 0;
	return opcode == LSH ? a << b : a >> b;
}

static bool divide(enum opcode opcode, uint64_t a, uint64_t b, uint64_t *to, struct agent_error *e)
{
	if (!b)
		return fail(e, "division by zero");
	bool overflows = a == (uint64_t)INT64_MIN && b == UINT64_MAX; /* by -1 */
	switch (opcode) {
	case DIV_SIGNED: *to = overflows ? a : (uint64_t)((int64_t)a / (int64_t)b); break;
	case REM_SIGNED: *to = overflows ? 0 : (uint64_t)((int64_t)a % (int64_t)b); break;
	case DIV_UNSIGNED: *to = a / b; break;
	default: *to = a % b;
	}
	return true;
}

static bool load(const struct agent_machine *m, uint64_t address, size_t len, uint64_t *to,
        struct agent_error *e)
{
	uint8_t bytes[8];
	if (m->read_memory(m->ctx, address, bytes, len) != len) {
		snprintf(e->text, sizeof e->text, "no memory at 0x%" PRIx64, address);
		return false;
	}
	*to = get_number(bytes, (unsigned)len);
	return true;
}

static uint64_t extend(uint64_t value, uint64_t bits, bool is_signed)
{
	if (bits >= 64)
		return value;
	uint64_t mask = (1ull << bits) - 1;
	bool is_negative = is_signed && bits && value >> (bits - 1) & 1;
	return is_negative ? value | ~mask : value & mask;
}

/* Two values into one. */
static bool combine(enum opcode opcode, uint64_t a, uint64_t b, uint64_t *to, struct agent_error *e)
{
	switch (opcode) {
	case ADD: *to = a + b; break;
	case SUB: *to = a - b; break;
	case MUL: *to = a * b; break;
	case BIT_AND: *to = a & b; break;
	case BIT_OR: *to = a | b; break;
	case BIT_XOR: *to = a ^ b; break;
	case EQUAL: *to = a == b; break;
	case LESS_SIGNED: *to = (int64_t)a < (int64_t)b; break;
	case LESS_UNSIGNED: *to = a < b; break;
	case LSH:
	case RSH_SIGNED:
	case RSH_UNSIGNED: *to = shift(opcode, a, b); break;
	default: return divide(opcode, a, b, to, e);
	}
	return true;
}

/* printf's function and channel lie on top, then the arguments, the first one uppermost. */
static bool print(const struct step *s, const uint64_t *top, const struct agent_machine *m,
        struct text_out *printed, struct agent_error *e)
{
	uint64_t arguments[AGENT_STACK_MAX];
	for (unsigned i = 0; i < s->arguments; i++)
		arguments[i] = top[-3 - (int)i];
	return agent_format(s->format, arguments, m, printed, e);
}

/* top: one above the stack's uppermost value. *next: where a jump goes. */
static bool execute(const struct step *s, uint64_t *top, size_t *next,
        const struct agent_machine *m, struct text_out *printed, struct agent_error *e)
{
	uint64_t value;
	switch (s->opcode) {
	case LOG_NOT: top[-1] = !top[-1]; break;
	case BIT_NOT: top[-1] = ~top[-1]; break;
	case EXT:
	case ZERO_EXT: top[-1] = extend(top[-1], s->operand, s->opcode == EXT); break;
	case REF8:
	case REF16:
	case REF32:
	case REF64: return load(m, top[-1], 1u << (s->opcode - REF8), &top[-1], e);
	case IF_GOTO:
		if (top[-1])
			*next = (size_t)s->operand;
		break;
	case GOTO: *next = (size_t)s->operand; break;
	case CONST8:
	case CONST16:
	case CONST32:
	case CONST64: top[0] = s->operand; break;
	case REG:
		if (!m->read_register(m->ctx, (unsigned)s->operand, &top[0])) {
			snprintf(e->text, sizeof e->text, "register %u can't be read",
			        (unsigned)s->operand);
			return false;
		}
		break;
	case DUP: top[0] = top[-1]; break;
	case PICK: top[0] = top[-1 - (int)s->operand]; break;
	case SWAP:
		value = top[-1];
		top[-1] = top[-2];
		top[-2] = value;
		break;
	case ROT: /* a b c -> c a b */
		value = top[-1];
		top[-1] = top[-2];
		top[-2] = top[-3];
		top[-3] = value;
		break;
	case PRINTF: return print(s, top, m, printed, e);
	case TRACE: return m->collect_memory(m->ctx, top[-2], top[-1], false, e);
	case TRACENZ: return m->collect_memory(m->ctx, top[-2], top[-1], true, e);
	case TRACE_QUICK:
	case TRACE16: return m->collect_memory(m->ctx, top[-1], s->operand, false, e);
	case TRACEV: return m->collect_variable(m->ctx, (unsigned)s->operand, e);
	case GETV: top[0] = m->get_variable(m->ctx, (unsigned)s->operand); break;
	case SETV: m->set_variable(m->ctx, (unsigned)s->operand, top[-1]); break;
	case POP:
	case END: break;
	default: return combine(s->opcode, top[-2], top[-1], &top[-2], e);
	}
	return true;
}

bool agent_run(const uint8_t *code, size_t len, const struct agent_machine *m, uint64_t *value,
        struct text_out *printed, struct agent_error *e)
{
	uint64_t stack[AGENT_STACK_MAX + 1];
	size_t depth = 0, at = 0;
	for (unsigned steps = 0; steps < AGENT_STEPS_MAX; steps++) {
		struct step s;
		if (!decode(code, len, at, &s, e))
			return false;
		if (s.opcode == END) {
			*value = depth ? stack[depth - 1] : 0;
			return true;
		}
		at = s.next;
		if (!execute(&s, stack + depth, &at, m, printed, e))
			return false;
		depth = (size_t)((int)depth + s.change);
	}
	return fail(e, "it never ends");
}

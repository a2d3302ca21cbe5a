/* Agent expressions: every opcode with what it leaves, what is refused, what fails, the limits. */
#include "gdbstub/agent.h"

#include <stdlib.h>

#include "check.h"
#include "random.h"

#define RAM  0x1000
#define TEXT 0x1020 /* "kernel" and a 0 */

/* Registers: 0: -5 in 32 bits, 1: 64 bits, 2: too wide, 3: can't be read. RAM: bytes f0 to ff over
 * and over, and TEXT; the page ends behind 0x10ff. */
static unsigned register_size(void *ctx, unsigned reg)
{
	static const unsigned sizes[] = { 4, 8, 10, 4 };
	(void)ctx;
	return reg < 4 ? sizes[reg] : 0;
}

static bool read_register(void *ctx, unsigned reg, uint64_t *value)
{
	(void)ctx;
	*value = reg ? 0x123456789abcdef0 : 0xfffffffb;
	return reg != 3;
}

static size_t read_memory(void *ctx, uint64_t address, uint8_t *to, size_t len)
{
	size_t n = 0;
	(void)ctx;
	for (; n < len && address + n - RAM < 0x100; n++)
		to[n] = address + n - TEXT < 7 ? (uint8_t) "kernel"[address + n - TEXT]
		                               : (uint8_t)(0xf0 | (address + n) % 16);
	return n;
}

static const struct agent_machine machine = { register_size, read_register, read_memory, NULL };

static size_t bytes_of(const char *hex, uint8_t *to)
{
	size_t n = 0;
	unsigned byte;
	int used;
	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		to[n++] = (uint8_t)byte;
		hex += used;
	}
	return n;
}

/* The value in hex, or why not. */
static const char *evaluate_on(
        const struct agent_machine *m, const uint8_t *code, size_t len, enum agent_use use)
{
	static char result[200];
	struct agent_error e = { 0 };
	struct text_out nowhere = { 0 };
	uint64_t value = 0;
	if (!agent_check(code, len, use, m, &e))
		snprintf(result, sizeof result, "refused: %s", e.text);
	else if (!agent_run(code, len, m, &value, &nowhere, &e))
		snprintf(result, sizeof result, "failed: %s", e.text);
	else
		snprintf(result, sizeof result, "%" PRIx64, value);
	return result;
}

static const char *evaluate(const uint8_t *code, size_t len, enum agent_use use)
{
	return evaluate_on(&machine, code, len, use);
}

struct row {
	const char *code, *result;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t code[400];
		size_t n = bytes_of(rows[i].code, code);
		const char *result = evaluate(code, n, AGENT_CONDITION);
		if (strcmp(result, rows[i].result))
			CHECK_FAIL("%s -> %s, wanted %s", rows[i].code, result, rows[i].result);
	}
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof rows / sizeof *rows)

/* 22: const8, 23: const16, 24: const32, 25: const64, 27: end. 2205 1608: 5; 22fb 1608: -5. */
static const struct row good[] = {
	{ "2207 2203 02 27", "a" },                                   /* add */
	{ "2203 2207 03 27", "fffffffffffffffc" },                    /* sub */
	{ "22fb 1608 2207 04 27", "ffffffffffffffdd" },               /* mul */
	{ "22fb 1608 2202 05 27", "fffffffffffffffe" },               /* div_signed */
	{ "22fb 1608 2202 06 27", "7ffffffffffffffd" },               /* div_unsigned */
	{ "22fb 1608 2203 07 27", "fffffffffffffffe" },               /* rem_signed */
	{ "22fb 1608 2203 08 27", "2" },                              /* rem_unsigned */
	{ "258000000000000000 22ff 1608 05 27", "8000000000000000" }, /* the least by -1 */
	{ "258000000000000000 22ff 1608 07 27", "0" },
	{ "2203 2204 09 27", "30" }, /* lsh */
	{ "2203 2240 09 27", "0" },
	{ "22fb 1608 2201 0a 27", "fffffffffffffffd" }, /* rsh_signed */
	{ "22fb 1608 22ff 0a 27", "ffffffffffffffff" },
	{ "22fb 1608 2201 0b 27", "7ffffffffffffffd" }, /* rsh_unsigned */
	{ "22fb 1608 2240 0b 27", "0" },
	{ "2200 0e 27", "1" }, /* log_not */
	{ "2209 0e 27", "0" },
	{ "220c 220a 0f 27", "8" },           /* bit_and */
	{ "220c 220a 10 27", "e" },           /* bit_or */
	{ "220c 220a 11 27", "6" },           /* bit_xor */
	{ "2200 12 27", "ffffffffffffffff" }, /* bit_not */
	{ "2204 2204 13 27", "1" },           /* equal */
	{ "2204 2205 13 27", "0" },
	{ "22fb 1608 2204 14 27", "1" }, /* less_signed */
	{ "2204 2204 14 27", "0" },
	{ "22fb 1608 2204 15 27", "0" }, /* less_unsigned */
	{ "2204 22fb 1608 15 27", "1" },
	{ "2280 1608 27", "ffffffffffffff80" }, /* ext */
	{ "227f 1608 27", "7f" },
	{ "22ff 1640 27", "ff" },
	{ "22ff 16ff 27", "ff" },
	{ "22ff 1600 27", "0" },
	{ "231003 17 27", "f3" },               /* ref8 */
	{ "231003 18 27", "f4f3" },             /* ref16 */
	{ "231003 19 27", "f6f5f4f3" },         /* ref32 */
	{ "231003 1a 27", "faf9f8f7f6f5f4f3" }, /* ref64 */
	{ "2310f8 1a 27", "fffefdfcfbfaf9f8" }, /* the last there are */
	{ "2201 200008 2202 27 2203 27", "3" }, /* if_goto */
	{ "2200 200008 2202 27 2203 27", "2" },
	{ "210005 2202 2203 27", "3" },                  /* goto */
	{ "2203 22ff 1608 02 28 200002 0e 27", "1" },    /* ... backwards */
	{ "22ff 27", "ff" },                             /* const8 */
	{ "23ff01 27", "ff01" },                         /* const16 */
	{ "24ff010203 27", "ff010203" },                 /* const32 */
	{ "25ff01020304050607 27", "ff01020304050607" }, /* const64 */
	{ "260000 27", "fffffffb" },                     /* reg */
	{ "260001 27", "123456789abcdef0" },
	{ "2207 28 04 27", "31" },       /* dup */
	{ "2207 2208 29 27", "7" },      /* pop */
	{ "22fb 1608 2a10 27", "fffb" }, /* zero_ext */
	{ "22fb 1608 2aff 27", "fffffffffffffffb" },
	{ "22fb 1608 2a00 27", "0" },
	{ "2207 2203 2b 03 27", "fffffffffffffffc" }, /* swap */
	{ "2207 2203 3201 27", "7" },                 /* pick */
	{ "2207 2203 3200 27", "3" },
	{ "2201 2202 2203 33 27", "2" }, /* rot: 1 2 3 -> 3 1 2 */
	{ "2201 2202 2203 33 29 27", "1" },
	{ "2201 2202 2203 33 29 29 27", "3" },
	{ "2209 2200 2200 34 00 0003 686900 27", "9" }, /* printf "hi" */
	{ "2209 2201 2202 2200 2200 34 02 0006 256425640a00 27", "9" },
};

static void each_opcode_does_what_the_manual_says(void)
{
	CHECK_ROWS(good);
}

static void what_can_not_be_evaluated_says_why(void)
{
	static const struct row rows[] = {
		{ "2201 2200 05 27", "failed: division by zero" },
		{ "2201 2200 06 27", "failed: division by zero" },
		{ "2201 2200 07 27", "failed: division by zero" },
		{ "2201 2200 08 27", "failed: division by zero" },
		{ "220f 17 27", "failed: no memory at 0xf" },
		{ "2310f9 1a 27", "failed: no memory at 0x10f9" },
		{ "260003 27", "failed: register 3 can't be read" },
		{ "220f 2200 2200 34 01 0003 257300 2201 27", "failed: no memory at 0xf" },
		{ "2310ff 2200 2200 34 01 0003 257300 2201 27", "failed: no memory at 0x1100" },
		{ "210000 27", "failed: it never ends" },
		{ "2201 200000 2201 27", "failed: it never ends" },
	};
	CHECK_ROWS(rows);
}

static void malformed_ones_are_refused(void)
{
	static const struct row rows[] = {
		{ "", "refused: it has no end" },
		{ "2201", "refused: it has no end" },
		{ "27", "refused: end at byte 0 leaves no value" },
		{ "2201 29 27", "refused: end at byte 3 leaves no value" },
		{ "00 27", "refused: opcode 0x00 at byte 0 does not exist" },
		{ "31 27", "refused: opcode 0x31 at byte 0 does not exist" },
		{ "2201 35 27", "refused: opcode 0x35 at byte 2 does not exist" },
		{ "ff", "refused: opcode 0xff at byte 0 does not exist" },
		{ "2201 02 27", "refused: add at byte 2 finds too little on the stack" },
		{ "29 260003 27", "refused: pop at byte 0 finds too little on the stack" },
		{ "2201 3201 27", "refused: pick at byte 2 finds too little on the stack" },
		{ "2201 2202 33 27", "refused: rot at byte 4 finds too little on the stack" },
		{ "2200 2200 34 01 0003 256400 27",
		        "refused: printf at byte 4 finds too little on the stack" },
		{ "2201 21000a 27", "refused: it has no end" },
		{ "2201 20000a 2201 27", "refused: it has no end" },
		{ "2201 200007 2202 2202 27",
		        "refused: const8 at byte 7 is reached with different stacks" },
		{ "22", "refused: const8 at byte 0 is cut off" },
		{ "26 00", "refused: reg at byte 0 is cut off" },
		{ "2200 2200 34 00 0004 686900 27 00", "refused: printf's format has no end" },
		{ "2200 2200 34 00 ffff 686900 27", "refused: printf at byte 4 is cut off" },
		{ "2200 2200 34 00 0000 27", "refused: printf's format has no end" },
		{ "2200 2200 34 00 0002 6869 27", "refused: printf's format has no end" },
		{ "260004 27", "refused: reg at byte 0 names a register that does not exist" },
		{ "26ffff 27", "refused: reg at byte 0 names a register that does not exist" },
		{ "260002 27", "refused: reg at byte 0 names a register of more than 64 bits" },
		{ "2c0001 27",
		        "refused: getv at byte 0 names a variable, and there is no room for more" },
		{ "2201 2202 0c 2201 27",
		        "refused: trace at byte 4 is for the actions of a tracepoint" },
		{ "2201 1e 27", "refused: l_to_d at byte 2 is for floating point, which agent "
		                "expressions do not have" },
	};
	CHECK_ROWS(rows);
}

/* With three numbers on the stack and zeros behind it, each opcode is taken or refused. */
static void the_opcodes_that_are_not_taken_are_refused(void)
{
	static const uint8_t refused[] = { 0x00, 0x01, 0x0c, 0x0d, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
		0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31 };
	for (unsigned opcode = 0; opcode < 256; opcode++) {
		uint8_t code[32] = { 0x22, 1, 0x22, 2, 0x22, 3, (uint8_t)opcode };
		struct agent_error e = { 0 };
		/* Operands, or whole instructions where there are none. */
		static const uint8_t operands[256] = { [0x16] = 1,
			[0x20] = 2,
			[0x21] = 2,
			[0x22] = 1,
			[0x23] = 2,
			[0x24] = 4,
			[0x25] = 8,
			[0x26] = 2,
			[0x2a] = 1,
			[0x32] = 1,
			[0x34] = 4 };
		code[7 + operands[opcode]] = 0x27;
		if (opcode == 0x20 || opcode == 0x21)
			code[8] = 9;
		if (opcode == 0x34)
			code[9] = 1;
		bool is_refused =
		        opcode > 0x34 || memchr(refused, (int)opcode, sizeof refused) != NULL;
		if (agent_check(code, 16, AGENT_CONDITION, &machine, &e) == is_refused)
			CHECK_FAIL("opcode 0x%02x: %s", opcode, is_refused ? "taken" : e.text);
	}
}

/* --- tracepoints: variables 0 to 7, and what is collected as a text --------------------------- */

struct tracing {
	uint64_t variables[8];
	char log[300];
	bool is_full;
};

static bool declare_variable(void *ctx, unsigned number)
{
	(void)ctx;
	return number < 8;
}

static uint64_t get_variable(void *ctx, unsigned number)
{
	return ((struct tracing *)ctx)->variables[number];
}

static void set_variable(void *ctx, unsigned number, uint64_t value)
{
	((struct tracing *)ctx)->variables[number] = value;
}

static bool note(struct tracing *t, struct agent_error *e, const char *what, uint64_t a, uint64_t b)
{
	size_t n = strlen(t->log);
	snprintf(t->log + n, sizeof t->log - n, "%s %" PRIx64 " %" PRIx64 ";", what, a, b);
	if (t->is_full)
		snprintf(e->text, sizeof e->text, "full");
	return !t->is_full;
}

static bool collect_memory(
        void *ctx, uint64_t address, uint64_t len, bool is_string, struct agent_error *e)
{
	return note(ctx, e, is_string ? "string" : "memory", address, len);
}

static bool collect_variable(void *ctx, unsigned number, struct agent_error *e)
{
	return note(ctx, e, "variable", number, 0);
}

static void tracepoints_collect_and_have_variables(void)
{
	static const struct {
		const char *code, *result, *log;
		bool is_full;
	} rows[] = {
		{ "2207 231234 2220 0c 27", "7", "memory 1234 20;", false }, /* trace */
		{ "231234 0d20 27", "1234", "memory 1234 20;", false },      /* trace_quick */
		{ "231234 300120 27", "1234", "memory 1234 120;", false },   /* trace16 */
		{ "2207 231234 2220 2f 27", "7", "string 1234 20;", false }, /* tracenz */
		{ "2207 2e0005 27", "7", "variable 5 0;", false },           /* tracev */
		{ "2c0003 27", "33", "", false },                            /* getv */
		{ "2209 2d0003 29 2c0003 2203 02 27", "c", "", false },      /* setv */
		{ "2209 2d0003 27", "9", "", false },
		{ "2c0008 27",
		        "refused: getv at byte 0 names a variable, and there is no room for more",
		        "", false },
		{ "2201 2dffff 27",
		        "refused: setv at byte 2 names a variable, and there is no room for more",
		        "", false },
		{ "2e0008 2201 27",
		        "refused: tracev at byte 0 names a variable, and there is no room for more",
		        "", false },
		{ "2201 0c 27", "refused: trace at byte 2 finds too little on the stack", "",
		        false },
		{ "0d01 27", "refused: trace_quick at byte 0 finds too little on the stack", "",
		        false },
		{ "2201 0d01 2202 0d02 27", "failed: full", "memory 1 1;", true },
		{ "2e0001 2e0002 2201 27", "failed: full", "variable 1 0;", true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tracing t = { .variables = { [3] = 0x33 }, .is_full = rows[i].is_full };
		const struct agent_machine m = { register_size, read_register, read_memory, &t,
			declare_variable, get_variable, set_variable, collect_memory,
			collect_variable };
		uint8_t code[40];
		size_t n = bytes_of(rows[i].code, code);
		CHECK_STR(evaluate_on(&m, code, n, AGENT_CONDITION), rows[i].result);
		CHECK_STR(t.log, rows[i].log);
		if (!check_case_ok)
			CHECK_FAIL("that was %s", rows[i].code);
	}
}

static void all_cuts_are_refused(void)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		uint8_t code[400];
		size_t n = bytes_of(good[i].code, code);
		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc(cut + 1); /* a read behind it would be noticed */
			struct agent_error e = { 0 };
			memcpy(exact + 1, code, cut);
			if (agent_check(exact + 1, cut, AGENT_CONDITION, &machine, &e))
				CHECK_FAIL("%s, cut to %zu bytes, is taken", good[i].code, cut);
			CHECK(e.text[0]);
			free(exact);
		}
	}
}

static void a_command_need_not_leave_a_value(void)
{
	CHECK_STR(evaluate((const uint8_t *)"\x27", 1, AGENT_COMMAND), "0");
	CHECK_STR(evaluate((const uint8_t *)"\x22\x05\x29\x27", 4, AGENT_COMMAND), "0");
}

static void the_stack_and_the_length_have_limits(void)
{
	uint8_t code[AGENT_CODE_MAX + 1];
	size_t n = 0;
	for (unsigned i = 0; i < AGENT_STACK_MAX; i++) {
		code[n++] = 0x22;
		code[n++] = (uint8_t)i;
	}
	code[n] = 0x27;
	CHECK_STR(evaluate(code, n + 1, AGENT_CONDITION), "63");
	code[n++] = 0x28; /* dup */
	code[n] = 0x27;
	CHECK_STR(evaluate(code, n + 1, AGENT_CONDITION),
	        "refused: dup at byte 200 is too much for the stack");
	/* The longest: a number, and not of it as often as fits. */
	memset(code, 0x12, sizeof code);
	code[0] = 0x22;
	code[AGENT_CODE_MAX - 1] = code[AGENT_CODE_MAX] = 0x27;
	CHECK(evaluate(code, AGENT_CODE_MAX, AGENT_CONDITION)[0] != 'r');
	CHECK_STR(evaluate(code, AGENT_CODE_MAX + 1, AGENT_CONDITION), "refused: it is too long");
}

/* --- printf ----------------------------------------------------------------------------------- */

/* Prints with up to three arguments; what came out, or why not. */
static const char *print(const char *format, unsigned count, const uint64_t *arguments, size_t room)
{
	static char result[3000];
	uint8_t code[400] = { 0 };
	size_t n = 0, len = strlen(format) + 1;
	struct agent_error e = { 0 };
	struct text_out out = { .data = (uint8_t *)result, .size = room };
	uint64_t value;
	for (unsigned i = count + 2; i-- > 0;) { /* the first one uppermost, below two zeros */
		code[n++] = 0x25;
		for (unsigned k = 8; k-- > 0;)
			code[n++] = i < 2 ? 0 : (uint8_t)(arguments[i - 2] >> 8 * k);
	}
	code[n++] = 0x34;
	code[n++] = (uint8_t)count;
	code[n++] = (uint8_t)(len >> 8);
	code[n++] = (uint8_t)len;
	memcpy(code + n, format, len);
	n += len;
	code[n++] = 0x27;
	memset(result, 0, sizeof result);
	if (!agent_check(code, n, AGENT_COMMAND, &machine, &e) ||
	        !agent_run(code, n, &machine, &value, &out, &e))
		snprintf(result, sizeof result, "(%s)", e.text);
	return result;
}

static void printf_prints_as_c_does(void)
{
	static const struct {
		const char *format;
		uint64_t arguments[3];
		unsigned count;
		const char *printed;
	} rows[] = {
		{ "plain", { 0 }, 0, "plain" },
		{ "", { 0 }, 0, "" },
		{ "%d,%d,%d", { 1, 2, 3 }, 3, "1,2,3" },
		{ "%d %u", { 0xfffffffb, 0xfffffffb }, 2, "-5 4294967291" },
		{ "%d", { 0xabcd00000007 }, 1, "7" },
		{ "%ld %lld", { -5ull, 0x7fffffffffffffff }, 2, "-5 9223372036854775807" },
		{ "%x %X %o", { 0x1f, 0x1f, 8 }, 3, "1f 1F 10" },
		{ "%lx %zx %jx", { -1ull, -1ull, -1ull }, 3,
		        "ffffffffffffffff ffffffffffffffff ffffffffffffffff" },
		{ "[%5d|%-5d|%05d]", { 42, 42, 42 }, 3, "[   42|42   |00042]" },
		{ "[%+d|% d|%#x]", { 42, 42, 42 }, 3, "[+42| 42|0x2a]" },
		{ "[%.4d|%8.3x]", { 7, 7 }, 2, "[0007|     007]" },
		{ "%c%c", { 'o', 'k' }, 2, "ok" },
		{ "[%3c|%-3c]", { 'o', 'k' }, 2, "[  o|k  ]" },
		{ "%s", { TEXT }, 1, "kernel" },
		{ "[%8s|%-8s|%.3s]", { TEXT, TEXT, TEXT }, 3, "[  kernel|kernel  |ker]" },
		{ "%.0s.", { 0 }, 1, "." }, /* nothing is read */
		{ "%p %p", { 0x7c00, 0 }, 2, "0x7c00 (nil)" },
		{ "100%%\\n", { 0 }, 0, "100%\n" },
		{ "\\t\\\\\\\"\\a\\e", { 0 }, 0, "\t\\\"\a\033" },
		{ "%f", { 0 }, 1, "(printf does not know %f)" },
		{ "%n", { 0 }, 1, "(printf does not know %n)" },
		{ "%hd", { 0 }, 1, "(printf does not know %h)" },
		{ "%ls", { TEXT }, 1, "(printf does not know %ls)" },
		{ "%*d", { 1, 2 }, 2, "(printf does not know %*)" },
		{ "%", { 0 }, 0, "(printf does not know % )" },
		{ "a\\q", { 0 }, 0, "(printf does not know \\q)" },
		{ "%1000d", { 1 }, 1, "(printf's fields have at most 999 characters)" },
		{ "%.99999999999d", { 1 }, 1, "(printf's fields have at most 999 characters)" },
		{ "%d", { 0 }, 0, "(printf has 0 arguments for 1 directives)" },
		{ "none", { 0 }, 1, "(printf has 1 arguments for 0 directives)" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *printed = print(rows[i].format, rows[i].count, rows[i].arguments, 2000);
		if (strcmp(printed, rows[i].printed))
			CHECK_FAIL("%s -> %s, wanted %s", rows[i].format, printed, rows[i].printed);
	}
}

static void what_has_no_room_is_cut(void)
{
	const uint64_t values[3] = { 1, 2, 3 };
	CHECK_EQ(strlen(print("%999d%999d%999d", 3, values, 2000)), 1998);
	CHECK_STR(print("one two", 0, values, 3), "one");
	CHECK_STR(print("x", 0, values, 0), "");
}

/* --- anything --------------------------------------------------------------------------------- */

/* What the check lets through ends, in bounds: the sanitizers look on. */
static void random_bytes_do_no_harm(void)
{
	uint64_t seed = 12;
	unsigned taken = 0;
	for (int round = 0; round < 300000 && check_case_ok; round++) {
		size_t n = random_below(&seed, 24);
		uint8_t *code = malloc(n + 1), text[64];
		struct text_out out = { .data = text, .size = sizeof text };
		struct agent_error e = { 0 };
		uint64_t value;
		for (size_t i = 0; i < n; i++)
			code[i] = random_below(&seed, 3) ? (uint8_t)random_below(&seed, 0x35)
			                                 : (uint8_t)random_next(&seed);
		if (n)
			code[n - 1] = 0x27;
		enum agent_use use = random_below(&seed, 2) ? AGENT_COMMAND : AGENT_CONDITION;
		bool ok = agent_check(code, n, use, &machine, &e);
		taken += ok;
		if (!ok && !e.text[0])
			CHECK_FAIL("round %d: refused without a reason", round);
		if (ok && !agent_run(code, n, &machine, &value, &out, &e) && !e.text[0])
			CHECK_FAIL("round %d: failed without a reason", round);
		free(code);
	}
	CHECK(taken > 1000);
}

int main(void)
{
	RUN(each_opcode_does_what_the_manual_says);
	RUN(what_can_not_be_evaluated_says_why);
	RUN(malformed_ones_are_refused);
	RUN(the_opcodes_that_are_not_taken_are_refused);
	RUN(tracepoints_collect_and_have_variables);
	RUN(all_cuts_are_refused);
	RUN(a_command_need_not_leave_a_value);
	RUN(the_stack_and_the_length_have_limits);
	RUN(printf_prints_as_c_does);
	RUN(what_has_no_room_is_cut);
	RUN(random_bytes_do_no_harm);
	return check_done();
}

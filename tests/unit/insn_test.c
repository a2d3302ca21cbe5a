#include "debug/insn.h"

#include "check.h"
#include "random.h"

/* For readable rows: bytes as hex. */
static size_t bytes_of(const char *hex, uint8_t *to)
{
	size_t n = 0;
	for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += hex[2] ? 3 : 2)
		to[n++] = (uint8_t)byte;
	return n;
}

static bool decode(const char *hex, unsigned code_bits, struct insn *i)
{
	uint8_t bytes[INSN_MAX];
	size_t n = bytes_of(hex, bytes);
	bool is_there = insn_decode(i, bytes, n, code_bits);
	if (!is_there)
		CHECK_FAIL("%s: not decoded", hex);
	return is_there;
}

static void knows_prefixes_opcodes_and_sizes(void)
{
	static const struct {
		const char *hex;
		unsigned code_bits;
		enum insn_kind kind;
		enum insn_rep rep;
		unsigned address_bits, prefix_len;
		bool has_lock;
	} rows[] = {
		{ "90", 16, INSN_OTHER, INSN_ONCE, 16, 0, false },
		{ "f4", 16, INSN_HLT, INSN_ONCE, 16, 0, false },
		{ "f4", 64, INSN_HLT, INSN_ONCE, 64, 0, false },
		{ "f3 f4", 32, INSN_HLT, INSN_REPE, 32, 1, false },
		{ "f0 f4", 32, INSN_HLT, INSN_ONCE, 32, 1, true },
		{ "f3 a4", 16, INSN_STRING, INSN_REPE, 16, 1, false },
		{ "f2 a4", 16, INSN_STRING, INSN_REPNE, 16, 1, false },
		{ "67 f3 a4", 16, INSN_STRING, INSN_REPE, 32, 2, false },
		{ "f3 67 a4", 32, INSN_STRING, INSN_REPE, 16, 2, false },
		{ "f3 67 a4", 64, INSN_STRING, INSN_REPE, 32, 2, false },
		{ "67 67 a4", 32, INSN_STRING, INSN_ONCE, 16, 2, false }, /* no toggle */
		{ "f3 48 a5", 64, INSN_STRING, INSN_REPE, 64, 2, false },
		{ "48 a5", 32, INSN_OTHER, INSN_ONCE, 32, 0, false }, /* dec eax */
		{ "48 a5", 16, INSN_OTHER, INSN_ONCE, 16, 0, false },
		{ "f3 2e a6", 16, INSN_SCAN, INSN_REPE, 16, 2, false },
		{ "f2 f3 ae", 16, INSN_SCAN, INSN_REPE, 16, 2, false }, /* the last counts */
		{ "f3 f2 ae", 16, INSN_SCAN, INSN_REPNE, 16, 2, false },
		{ "26 2e 36 3e 64 65 66 6c", 16, INSN_STRING, INSN_ONCE, 16, 7, false },
		{ "cd 21", 16, INSN_INT, INSN_ONCE, 16, 0, false },
		{ "66 9d", 16, INSN_POPF, INSN_ONCE, 16, 1, false },
		{ "48 cf", 64, INSN_IRET, INSN_ONCE, 64, 1, false }, /* iretq */
		{ "0f 05", 64, INSN_SYSTEM, INSN_ONCE, 64, 0, false },
		{ "48 0f 07", 64, INSN_SYSTEM, INSN_ONCE, 64, 1, false },
		{ "0f f4", 16, INSN_OTHER, INSN_ONCE, 16, 0, false }, /* pmuludq, not hlt */
		{ "0f a4", 16, INSN_OTHER, INSN_ONCE, 16, 0, false }, /* shld, not movs */
		{ "0f 38 aa", 32, INSN_OTHER, INSN_ONCE, 32, 0, false },
		{ "0f aa", 32, INSN_SYSTEM, INSN_ONCE, 32, 0, false },
		{ "f3 f3 f3 f3 f3 f3 f3 f3 f3 f3 f3 f3 f3 f3 a4", 16, INSN_STRING, INSN_REPE, 16,
		        14, false },
	};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct insn i;
		if (decode(rows[k].hex, rows[k].code_bits, &i) &&
		        (i.kind != rows[k].kind || i.rep != rows[k].rep ||
		                i.address_bits != rows[k].address_bits ||
		                i.prefix_len != rows[k].prefix_len ||
		                i.has_lock != rows[k].has_lock))
			CHECK_FAIL("%s in %u-bit code: kind %d, rep %d, address %u, prefixes %u",
			        rows[k].hex, rows[k].code_bits, (int)i.kind, (int)i.rep,
			        i.address_bits, i.prefix_len);
	}
}

/* Lengths where a step needs them, mov ss by its ModRM, vectors. */
static void what_a_step_needs(void)
{
	static const struct {
		const char *hex;
		unsigned code_bits;
		enum insn_kind kind;
		unsigned len;
		uint8_t vector;
	} rows[] = {
		{ "8e d0", 16, INSN_LOAD_SS, 2, 0 },
		{ "8e d8", 16, INSN_OTHER, 0, 0 }, /* mov ds */
		{ "8e 16 34 12", 16, INSN_LOAD_SS, 4, 0 },
		{ "8e 57 04", 16, INSN_LOAD_SS, 3, 0 },
		{ "8e 97 04 00", 16, INSN_LOAD_SS, 4, 0 },
		{ "67 8e 14 25 01 02 03 04", 16, INSN_LOAD_SS, 8, 0 },
		{ "8e 15 01 02 03 04", 32, INSN_LOAD_SS, 6, 0 },
		{ "8e 54 24 08", 32, INSN_LOAD_SS, 4, 0 },
		{ "2e 8e 17", 16, INSN_LOAD_SS, 3, 0 },
		{ "17", 16, INSN_LOAD_SS, 1, 0 },
		{ "cc", 16, INSN_INT, 1, 3 },
		{ "cd 80", 32, INSN_INT, 2, 0x80 },
		{ "ce", 16, INSN_INT, 1, 4 },
		{ "f1", 64, INSN_INT, 1, 1 },
		{ "66 cf", 16, INSN_IRET, 2, 0 },
		{ "66 f4", 16, INSN_HLT, 2, 0 },
	};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct insn i;
		if (decode(rows[k].hex, rows[k].code_bits, &i) &&
		        (i.kind != rows[k].kind || i.len != rows[k].len ||
		                i.vector != rows[k].vector))
			CHECK_FAIL("%s: kind %d, %u bytes, vector %u", rows[k].hex, (int)i.kind,
			        i.len, i.vector);
	}
}

/* SDM vol 2, 2.2.1: a REX prefix that does not stand right before the opcode is ignored. */
static void a_rex_before_another_prefix_is_ignored(void)
{
	struct insn i;
	CHECK(insn_decode(&i, (const uint8_t *)"\x48\xf3\xa4", 3, 64));
	CHECK_EQ(i.kind, INSN_STRING);
	CHECK_EQ(i.rep, INSN_REPE);
	CHECK_EQ(i.prefix_len, 2);
	CHECK(insn_decode(&i, (const uint8_t *)"\x40\x66\xf4", 3, 64));
	CHECK_EQ(i.kind, INSN_HLT);
	CHECK(insn_decode(&i, (const uint8_t *)"\x48\x48\xf4", 3, 64));
	CHECK_EQ(i.kind, INSN_HLT);
}

/* SDM vol 2, appendix A, tables. */
static void classes_cover_the_opcode_maps(void)
{
	static const uint8_t strings[] = { 0x6c, 0x6d, 0x6e, 0x6f, 0xa4, 0xa5, 0xaa, 0xab, 0xac,
		0xad };
	static const uint8_t scans[] = { 0xa6, 0xa7, 0xae, 0xaf };
	static const uint8_t ints[] = { 0xcc, 0xcd, 0xce, 0xf1 };
	static const uint8_t system_0f[] = { 0x05, 0x07, 0x34, 0x35, 0xaa };
	static const uint8_t prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0,
		0xf2, 0xf3, 0x0f };
	for (unsigned op = 0; op < 256; op++) {
		uint8_t bytes[2] = { (uint8_t)op, 0 }, two[3] = { 0x0f, (uint8_t)op, 0 };
		enum insn_kind kind = INSN_OTHER;
		struct insn i;
		if (!memchr(prefixes, (int)op, sizeof prefixes)) {
			if (memchr(strings, (int)op, sizeof strings))
				kind = INSN_STRING;
			else if (memchr(scans, (int)op, sizeof scans))
				kind = INSN_SCAN;
			else if (memchr(ints, (int)op, sizeof ints))
				kind = INSN_INT;
			else if (op == 0xf4)
				kind = INSN_HLT;
			else if (op == 0x17)
				kind = INSN_LOAD_SS;
			else if (op >= 0x9c && op <= 0x9d)
				kind = op == 0x9c ? INSN_PUSHF : INSN_POPF;
			else if (op == 0xcf)
				kind = INSN_IRET;
			CHECK(insn_decode(&i, bytes, 2, 32));
			CHECK_EQ(i.kind, kind);
			CHECK_EQ(i.opcode, op);
		}
		CHECK(insn_decode(&i, two, 3, 32));
		kind = memchr(system_0f, (int)op, sizeof system_0f) ? INSN_SYSTEM
		       : op == 0x21 || op == 0x23                   ? INSN_MOV_DR
		                                                    : INSN_OTHER;
		CHECK_EQ(i.kind, kind);
		CHECK_EQ(i.opcode, op);
	}
}

/* Plain ones raise nothing but what their operands and targets do. */
static void plain_instructions_are_known(void)
{
	static const struct {
		const char *hex;
		unsigned code_bits;
		bool is_plain;
		enum insn_jump jump;
	} rows[] = {
		{ "90", 16, true, INSN_NO_JUMP },
		{ "f3 90", 16, false, INSN_NO_JUMP }, /* pause */
		{ "40", 16, true, INSN_NO_JUMP },
		{ "04 01", 16, true, INSN_NO_JUMP },
		{ "06", 16, true, INSN_NO_JUMP },
		{ "06", 64, false, INSN_NO_JUMP },
		{ "07", 16, false, INSN_NO_JUMP }, /* pop es */
		{ "27", 16, false, INSN_NO_JUMP }, /* daa */
		{ "60", 32, true, INSN_NO_JUMP },
		{ "60", 64, false, INSN_NO_JUMP },
		{ "62 00", 32, false, INSN_NO_JUMP },
		{ "6c", 16, false, INSN_NO_JUMP },
		{ "74 00", 16, true, INSN_JUMP_RELATIVE },
		{ "88 00", 16, true, INSN_NO_JUMP },
		{ "f0 88 00", 16, false, INSN_NO_JUMP },
		{ "8c 00", 16, false, INSN_NO_JUMP },
		{ "8d 00", 16, true, INSN_NO_JUMP },
		{ "8d c0", 16, false, INSN_NO_JUMP },
		{ "8e d8", 16, false, INSN_NO_JUMP },
		{ "9a 00", 16, false, INSN_NO_JUMP },
		{ "9c", 16, false, INSN_NO_JUMP },
		{ "a5", 16, true, INSN_NO_JUMP },
		{ "f3 a5", 16, false, INSN_NO_JUMP },
		{ "c3", 16, true, INSN_JUMP_ANYWHERE },
		{ "c6 c0", 16, true, INSN_NO_JUMP },
		{ "c6 c8", 16, false, INSN_NO_JUMP },
		{ "cb", 16, false, INSN_NO_JUMP },
		{ "cc", 16, false, INSN_NO_JUMP },
		{ "d0 f0", 16, false, INSN_NO_JUMP },
		{ "d4 0a", 16, false, INSN_NO_JUMP },
		{ "d8 00", 16, false, INSN_NO_JUMP },
		{ "e4 00", 16, false, INSN_NO_JUMP },
		{ "e8 00", 16, true, INSN_JUMP_RELATIVE },
		{ "eb 00", 16, true, INSN_JUMP_RELATIVE },
		{ "f4", 16, false, INSN_NO_JUMP },
		{ "f7 e0", 16, true, INSN_NO_JUMP },
		{ "f7 f0", 16, false, INSN_NO_JUMP },
		{ "fa", 16, false, INSN_NO_JUMP },
		{ "fe d0", 16, false, INSN_NO_JUMP },
		{ "ff 10", 16, true, INSN_JUMP_ANYWHERE },
		{ "ff 18", 16, false, INSN_NO_JUMP },
		{ "ff 30", 16, true, INSN_NO_JUMP },
		{ "ff f8", 16, false, INSN_NO_JUMP },
		{ "0f 84 00", 16, true, INSN_JUMP_RELATIVE },
		{ "0f b6 c0", 16, true, INSN_NO_JUMP },
		{ "f3 0f b8 c0", 32, false, INSN_NO_JUMP }, /* popcnt */
		{ "0f 0b", 16, false, INSN_NO_JUMP },
		{ "0f 22 c0", 16, false, INSN_NO_JUMP },
		{ "0f 01 10", 16, false, INSN_NO_JUMP },
		{ "0f a1", 16, false, INSN_NO_JUMP },
		/* With so many prefixes it may be longer than 15 bytes. */
		{ "26 26 26 26 81", 16, true, INSN_NO_JUMP },
		{ "26 26 26 26 26 81", 16, false, INSN_NO_JUMP },
	};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct insn i;
		if (decode(rows[k].hex, rows[k].code_bits, &i) &&
		        ((i.faults == INSN_FAULTS_ACCESS) != rows[k].is_plain ||
		                i.jump != rows[k].jump))
			CHECK_FAIL("%s in %u-bit code: faults %d, jump %d", rows[k].hex,
			        rows[k].code_bits, (int)i.faults, (int)i.jump);
	}
}

static void invalid_forms_and_vectors_are_known(void)
{
	static const struct {
		const char *hex;
		unsigned code_bits;
		enum insn_faults faults;
	} rows[] = {
		{ "d8 00", 32, INSN_FAULTS_FLOAT }, { "9b", 16, INSN_FAULTS_FLOAT },
		{ "0f 28 c0", 32, INSN_FAULTS_SIMD },
		{ "c5 f8 28 c0", 64, INSN_FAULTS_SIMD }, /* vmovaps */
		{ "c5 f8 28 c0", 32, INSN_FAULTS_SIMD },
		{ "c5 00", 32, INSN_FAULTS_SEGMENT }, /* lds */
		{ "c4 00", 64, INSN_FAULTS_SIMD }, { "62 00", 32, INSN_FAULTS_BOUND },
		{ "62 00", 64, INSN_FAULTS_SIMD }, { "8e d8", 32, INSN_FAULTS_SEGMENT },
		{ "8e c8", 32, INSN_FAULTS_INVALID }, /* mov to cs */
		{ "8e f8", 32, INSN_FAULTS_INVALID }, { "ff 2c 24", 32, INSN_FAULTS_SEGMENT },
		{ "ff ec", 32, INSN_FAULTS_INVALID }, /* far jmp to a register */
		{ "0f b2 00", 32, INSN_FAULTS_SEGMENT }, { "0f b2 c0", 32, INSN_FAULTS_INVALID },
		{ "1f", 32, INSN_FAULTS_SEGMENT }, { "1f", 64, INSN_FAULTS_INVALID },
		{ "ce", 32, INSN_FAULTS_USUAL }, { "ce", 64, INSN_FAULTS_INVALID },
		{ "d4 0a", 64, INSN_FAULTS_INVALID }, { "f7 f0", 32, INSN_FAULTS_DIVIDE },
		{ "f0 f7 f0", 32, INSN_FAULTS_INVALID }, { "f0 cd 80", 32, INSN_FAULTS_INVALID },
		{ "f0 90", 32, INSN_FAULTS_INVALID }, { "f0 f4", 32, INSN_FAULTS_INVALID },
		{ "f0 8b 00", 32, INSN_FAULTS_INVALID },       /* mov, from memory */
		{ "f0 01 c0", 32, INSN_FAULTS_INVALID },       /* add, of registers */
		{ "f0 39 00", 32, INSN_FAULTS_INVALID },       /* cmp */
		{ "f0 0f ba 20 01", 32, INSN_FAULTS_INVALID }, /* bt */
		{ "f0 01 00", 32, INSN_FAULTS_USUAL }, { "f0 ff 00", 32, INSN_FAULTS_USUAL },
		{ "f0 0f ba 28 01", 32, INSN_FAULTS_USUAL }, /* bts */
		{ "f0 0f c7 08", 32, INSN_FAULTS_USUAL },    /* cmpxchg8b */
		{ "f0 0f 20 c0", 32, INSN_FAULTS_USUAL },    /* AMD: mov from cr8 */
		{ "06", 64, INSN_FAULTS_INVALID }, { "37", 64, INSN_FAULTS_INVALID },
		{ "60", 64, INSN_FAULTS_INVALID }, { "82 c0 00", 64, INSN_FAULTS_INVALID },
		{ "d6", 64, INSN_FAULTS_INVALID }, { "8c f0", 32, INSN_FAULTS_INVALID },
		{ "8d c0", 32, INSN_FAULTS_INVALID }, { "8f c8", 32, INSN_FAULTS_INVALID },
		{ "c6 c8 00", 32, INSN_FAULTS_INVALID },
		{ "c7 f8 00 00 00 00", 32, INSN_FAULTS_USUAL }, /* xbegin */
		{ "fe d0", 32, INSN_FAULTS_INVALID }, { "ff ff", 32, INSN_FAULTS_INVALID },
		{ "ff 38", 32, INSN_FAULTS_INVALID }, { "0f 04", 32, INSN_FAULTS_INVALID },
		{ "0f ff", 32, INSN_FAULTS_INVALID }, { "0f 00 f0", 32, INSN_FAULTS_INVALID },
		{ "0f 00 d8", 32, INSN_FAULTS_USUAL }, /* ltr */
		{ "0f 22 c8", 32, INSN_FAULTS_INVALID }, { "0f ba c0 00", 32, INSN_FAULTS_INVALID },
		{ "0f c7 c8", 32, INSN_FAULTS_INVALID },
		{ "0f c7 f0", 32, INSN_FAULTS_USUAL }, /* rdrand */
	};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct insn i;
		if (decode(rows[k].hex, rows[k].code_bits, &i) && (i.faults != rows[k].faults))
			CHECK_FAIL("%s in %u-bit code: faults %d", rows[k].hex, rows[k].code_bits,
			        (int)i.faults);
	}
}

static void bytes_that_end_early_are_refused(void)
{
	static const char *const whole[] = { "f4", "f3 67 a4", "66 0f 05", "48 0f 05", "f0 0f 05",
		"8e d0", "f6 f0", "66 f7 f0", "ff e0", "0f 22 c0", "0f 01 f0", "c6 c6", "d1 00",
		"8d 00", "c5 c0", "62 00", "0f b4 00" };
	for (size_t k = 0; k < sizeof whole / sizeof *whole; k++) {
		uint8_t bytes[INSN_MAX];
		struct insn i;
		size_t n = bytes_of(whole[k], bytes);
		for (size_t len = 0; len <= n; len++)
			CHECK_EQ(insn_decode(&i, bytes, len, 64), len == n);
	}
	uint8_t prefixes[INSN_MAX];
	struct insn i;
	memset(prefixes, 0x66, sizeof prefixes);
	CHECK(!insn_decode(&i, prefixes, sizeof prefixes, 16));
}

/* ModRM, SIB and displacement matter at most, and what was decoded stays so with more bytes. */
static void what_is_behind_does_not_matter(void)
{
	static const unsigned sizes[] = { 16, 32, 64 };
	uint64_t seed = 4;
	for (int round = 0; round < 20000 && check_case_ok; round++) {
		uint8_t bytes[INSN_MAX];
		struct insn shorter, longer;
		unsigned bits = sizes[round % 3];
		for (size_t k = 0; k < sizeof bytes; k++)
			bytes[k] = (uint8_t)random_next(&seed);
		if (!insn_decode(&longer, bytes, sizeof bytes, bits))
			continue;
		size_t used = longer.prefix_len + 1u;
		if (bytes[longer.prefix_len] == 0x0f)
			used++;
		CHECK(used <= sizeof bytes);
		size_t enough = used + 6 < sizeof bytes ? used + 6 : sizeof bytes;
		CHECK(insn_decode(&shorter, bytes, enough, bits));
		CHECK(!memcmp(&shorter, &longer, sizeof shorter));
		CHECK(!insn_decode(&shorter, bytes, used - 1, bits));
		CHECK_EQ(longer.opcode, bytes[used - 1]);
	}
}

int main(void)
{
	RUN(knows_prefixes_opcodes_and_sizes);
	RUN(what_a_step_needs);
	RUN(a_rex_before_another_prefix_is_ignored);
	RUN(classes_cover_the_opcode_maps);
	RUN(plain_instructions_are_known);
	RUN(invalid_forms_and_vectors_are_known);
	RUN(bytes_that_end_early_are_refused);
	RUN(what_is_behind_does_not_matter);
	return check_done();
}

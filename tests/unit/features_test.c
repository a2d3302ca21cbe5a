#include "gdbstub/features.h"

#include <ctype.h>
#include <stdlib.h>

#include "check.h"
#include "fake_target.h"

static const char *const layout_names[TARGET_LAYOUTS] = { "real16", "prot32", "long64" };

/* The value of attribute in the tag that begins at tag; "" when there is none. */
static const char *attribute(const char *tag, const char *name, char *to, size_t size)
{
	char key[40];
	const char *end = strchr(tag, '>');
	snprintf(key, sizeof key, " %s=\"", name);
	const char *at = strstr(tag, key);
	to[0] = 0;
	if (at && at < end)
		snprintf(to, size, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
	return to;
}

/* Tags nest and close, attributes are quoted, no stray < & or >. */
static void check_well_formed(const char *xml)
{
	char stack[16][40];
	unsigned depth = 0;
	for (const char *at = xml; *at; at++) {
		if (*at == '>' || *at == '&') {
			CHECK_FAIL("stray %c at: %.40s", *at, at);
			return;
		}
		if (*at != '<')
			continue;
		const char *end = strpbrk(at + 1, "<>");
		if (!end || *end != '>') {
			CHECK_FAIL("no end of: %.40s", at);
			return;
		}
		unsigned quotes = 0;
		for (const char *c = at; c < end; c++)
			quotes += *c == '"';
		CHECK_EQ(quotes % 2, 0);
		const char *name = at + 1 + (at[1] == '/');
		size_t len = strcspn(name, " />");
		bool is_single = at[1] == '?' || at[1] == '!' || end[-1] == '/';
		if (at[1] == '/') {
			if (!depth || strlen(stack[depth - 1]) != len ||
			        memcmp(stack[depth - 1], name, len)) {
				CHECK_FAIL("not open: %.40s", at);
				return;
			}
			depth--;
		} else if (!is_single && depth < 16) {
			snprintf(stack[depth++], sizeof stack[0], "%.*s", (int)len, name);
		}
		at = end;
	}
	CHECK_EQ(depth, 0);
}

static void descriptions_are_well_formed(void)
{
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		fake_init(&t);
		CHECK_EQ(features_open(&f, layout, &t.target), 0);
		CHECK_EQ(strlen(f.xml), f.xml_len);
		CHECK(!strncmp(f.xml, "<?xml version=\"1.0\"?>", 21));
		check_well_formed(f.xml);
		features_close(&f);
		CHECK(!f.xml);
	}
}

/* The register that a <reg> tag of f.xml describes: that of its regnum, or of the number behind
 * that of the tag before it. */
static const struct feature_register *of_tag(const struct features *f, const char *tag)
{
	char number[40];
	unsigned n = 0, next = 0;
	for (const char *at = f->xml; (at = strstr(at, "<reg ")) != NULL && at <= tag; at++) {
		attribute(at, "regnum", number, sizeof number);
		n = number[0] ? (unsigned)atoi(number) : next;
		next = n + 1;
	}
	if (n >= f->count) {
		CHECK_FAIL("no such number: %.60s", tag);
		n = 0;
	}
	return &f->registers[n];
}

/* What the description says of each register is what the stub sends, by its number. */
static void registers_are_those_of_the_description(void)
{
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		char name[40], bits[40];
		unsigned n = 0;
		fake_init(&t);
		features_open(&f, layout, &t.target);
		CHECK(f.count < FEATURES_REGISTERS_MAX);
		for (const char *at = f.xml; (at = strstr(at, "<reg ")) != NULL; at++, n++) {
			const struct feature_register *r = of_tag(&f, at);
			CHECK_STR(attribute(at, "name", name, sizeof name), r->name);
			CHECK_EQ(atoi(attribute(at, "bitsize", bits, sizeof bits)), 8 * r->size);
			CHECK(r->size <= TARGET_REGISTER_MAX);
			for (const struct feature_register *k = f.registers; k < r; k++)
				CHECK(strcmp(k->name, r->name) != 0);
		}
		CHECK_EQ(n, f.count);
		features_close(&f);
	}
}

/* Bits of a type of gdb's own (GDB manual, "Predefined Target Types"), 0 when there is none. */
static unsigned predefined_bits(const char *type, enum target_layout layout)
{
	static const struct {
		const char *type;
		unsigned bits;
	} rows[] = { { "int8", 8 }, { "int16", 16 }, { "int32", 32 }, { "int64", 64 },
		{ "int128", 128 }, { "uint8", 8 }, { "uint16", 16 }, { "uint32", 32 },
		{ "uint64", 64 }, { "uint128", 128 }, { "ieee_single", 32 }, { "ieee_double", 64 },
		{ "i387_ext", 80 }, { "int", 32 } };
	if (!strcmp(type, "data_ptr") || !strcmp(type, "code_ptr"))
		return layout == TARGET_LONG64 ? 64 : 32;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].type, type))
			return rows[i].bits;
	return 0;
}

/* Bits of a type that the description defines before at; 0 when it does not. */
static unsigned defined_bits(
        const char *xml, const char *before, const char *type, enum target_layout layout)
{
	char key[60], size[20], inner[40];
	snprintf(key, sizeof key, " id=\"%s\"", type);
	const char *at = strstr(xml, key);
	if (!at || at > before)
		return 0;
	while (*at != '<')
		at--;
	if (attribute(at, "size", size, sizeof size)[0])
		return 8u * (unsigned)atoi(size);
	unsigned bits = 0;
	bool is_union = !strncmp(at, "<union", 6);
	const char *end = strstr(at, is_union ? "</union>" : "</struct>");
	if (!strncmp(at, "<vector", 7)) {
		bits = predefined_bits(attribute(at, "type", inner, sizeof inner), layout);
		return bits * (unsigned)atoi(attribute(at, "count", size, sizeof size));
	}
	while ((at = strstr(at + 1, "<field ")) != NULL && at < end) {
		attribute(at, "type", inner, sizeof inner);
		unsigned one = predefined_bits(inner, layout);
		if (!one && strcmp(inner, type))
			one = defined_bits(xml, before, inner, layout);
		if (is_union)
			CHECK(bits == 0 || one == bits);
		bits = is_union ? one : bits + one;
	}
	return bits;
}

/* Where they differ, gdb takes the type's size and all later registers are shifted. */
static void a_register_is_as_wide_as_its_type(void)
{
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		char name[40], type[40];
		unsigned n = 0;
		fake_init(&t);
		features_open(&f, layout, &t.target);
		for (const char *at = f.xml; (at = strstr(at, "<reg ")) != NULL; at++, n++) {
			attribute(at, "type", type, sizeof type);
			unsigned bits = predefined_bits(type, layout);
			if (!bits)
				bits = defined_bits(f.xml, at, type, layout);
			if (bits != 8u * of_tag(&f, at)->size)
				CHECK_FAIL("%s: %s has %u bits, its type %s has %u",
				        layout_names[layout],
				        attribute(at, "name", name, sizeof name),
				        8u * of_tag(&f, at)->size, type, bits);
		}
		features_close(&f);
	}
}

/* GDB manual, "i386 Features": the core's registers in this order. */
static void the_core_comes_first_in_gdbs_order(void)
{
	static const char core32[] = "eax ecx edx ebx esp ebp esi edi eip ";
	static const char core64[] = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 "
	                             "r15 rip ";
	static const char rest[] = "eflags cs ss ds es fs gs st0 st1 st2 st3 st4 st5 st6 st7 fctrl "
	                           "fstat ftag fiseg fioff foseg fooff fop xmm0 xmm1 ";
	static const char *const architectures[] = { "i8086", "i386", "i386:x86-64" };
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		char wanted[400], got[2000] = "", line[100];
		fake_init(&t);
		features_open(&f, layout, &t.target);
		snprintf(wanted, sizeof wanted, "%s%s", layout == TARGET_LONG64 ? core64 : core32,
		        rest);
		for (const char *at = f.xml;
		        (at = strstr(at, "<reg ")) != NULL && strlen(got) < strlen(wanted); at++)
			snprintf(got + strlen(got), sizeof got - strlen(got), "%s ",
			        of_tag(&f, at)->name);
		CHECK_STR(got, wanted);
		snprintf(line, sizeof line, "<architecture>%s</architecture>",
		        architectures[layout]);
		CHECK(strstr(f.xml, line));
		for (int other = 0; other < TARGET_LAYOUTS; other++) {
			snprintf(line, sizeof line, "<compatible>%s</compatible>",
			        architectures[other]);
			CHECK_EQ(strstr(f.xml, line) != NULL, other != layout);
		}
		features_close(&f);
	}
}

/* gdb stops at a mode switch and reads nothing but g: what is in it costs the machine no call. The
 * numbers of the rest follow. */
static void g_has_the_general_registers_and_no_rare_ones(void)
{
	static const char *const rare[] = { "st", "f", "xmm", "ymm", "zmm", "k", "mxcsr", "pkru",
		"dr", "xcr0" };
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		bool has_mode = false, has_pc = false;
		fake_init(&t);
		features_open(&f, layout, &t.target);
		CHECK(f.in_g > 16 && f.in_g < f.count);
		for (unsigned i = 0; i < f.in_g; i++) {
			const char *name = f.registers[i].name;
			bool is_segment = !strcmp(name, "fs") || !strcmp(name, "fs_base");
			for (size_t k = 0; k < sizeof rare / sizeof *rare && !is_segment; k++)
				CHECK(strncmp(name, rare[k], strlen(rare[k])) != 0);
			has_mode |= !strcmp(name, "cpumode");
			has_pc |= !strcmp(name, layout == TARGET_LONG64 ? "rip" : "eip");
		}
		CHECK(has_mode && has_pc);
		for (unsigned i = 0; i < f.expedited_count; i++)
			CHECK(f.expedited[i] < f.in_g);
		features_close(&f);
	}
}

/* A 16-bit or 32-bit CPU has no r8, no cr8 and no more than eight vectors. */
static void the_32_bit_layouts_show_nothing_of_64_bits(void)
{
	static const char *const only[] = { "r8", "r15", "rax", "rip", "cr8", "k_gs_base", "xmm8",
		"xmm15", "xmm16", "ymm8h", "ymm31h", "zmm8h", "zmm31h" };
	static const char *const both[] = { "xmm7", "ymm7h", "zmm7h", "k7", "pkru", "cs_desc",
		"tr_desc", "dr7", "xcr0", "fs_base", "cr4", "efer" };
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		char line[60];
		fake_init(&t);
		features_open(&f, layout, &t.target);
		for (size_t i = 0; i < sizeof only / sizeof *only; i++) {
			snprintf(line, sizeof line, "<reg name=\"%s\"", only[i]);
			CHECK_EQ(strstr(f.xml, line) != NULL, layout == TARGET_LONG64);
		}
		for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
			snprintf(line, sizeof line, "<reg name=\"%s\"", both[i]);
			CHECK(strstr(f.xml, line));
		}
		features_close(&f);
	}
}

/* GDB manual, "i386 Features": avx is refused without all of its registers, and so is avx512. */
static void vectors_stand_in_gdbs_features(void)
{
	static const struct {
		const char *feature, *first, *last;
	} rows[] = { { "org.gnu.gdb.i386.sse", "xmm0", "mxcsr" },
		{ "org.gnu.gdb.i386.avx", "ymm0h", "ymm15h" },
		{ "org.gnu.gdb.i386.avx512", "xmm16", "zmm31h" },
		{ "org.gnu.gdb.i386.pkeys", "pkru", "pkru" },
		{ "org.gnu.gdb.i386.segments", "fs_base", "gs_base" } };
	struct fake_target t;
	struct features f;
	fake_init(&t);
	features_open(&f, TARGET_LONG64, &t.target);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char line[80];
		snprintf(line, sizeof line, "<feature name=\"%s\">", rows[i].feature);
		const char *at = strstr(f.xml, line);
		const char *end = at ? strstr(at, "</feature>") : NULL;
		CHECK(at && end);
		snprintf(line, sizeof line, "<reg name=\"%s\"", rows[i].first);
		const char *first = at ? strstr(at, line) : NULL;
		snprintf(line, sizeof line, "<reg name=\"%s\"", rows[i].last);
		const char *last = at ? strstr(at, line) : NULL;
		CHECK(first && first < end && last && last < end && first <= last);
	}
	features_close(&f);
	t.missing = "zmm"; /* all or nothing */
	features_open(&f, TARGET_LONG64, &t.target);
	CHECK(!strstr(f.xml, "avx512"));
	CHECK(strstr(f.xml, "gdb.i386.avx\""));
	features_close(&f);
}

/* The same name, but where gdb's is narrower, or the machine's own is not what gdb means. */
static void each_register_is_the_machines_of_that_name(void)
{
	static const char *const others[][2] = { { "eax", "rax" }, { "ecx", "rcx" },
		{ "edx", "rdx" }, { "ebx", "rbx" }, { "esp", "rsp" }, { "ebp", "rbp" },
		{ "esi", "rsi" }, { "edi", "rdi" }, { "eip", "pc" }, { "rip", "pc" },
		{ "eflags", "rflags" }, { "fiseg", "fip" }, { "fioff", "fip" }, { "foseg", "fdp" },
		{ "fooff", "fdp" }, { "cpumode", "mode" }, { "ip", "rip" }, { "sp", "sp_linear" },
		{ "ldtr", "ldt" }, { "ldtr_desc", "ldt_desc" }, { "k_gs_base", "kernel_gs_base" } };
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		fake_init(&t);
		features_open(&f, layout, &t.target);
		for (unsigned i = 0; i < f.count; i++) {
			char wanted[24];
			bool is_desc = strstr(f.registers[i].name, "_desc") != NULL;
			bool is_dtr = !strcmp(f.registers[i].name + 1, "dtr") &&
			              f.registers[i].name[0] != 'l';
			snprintf(wanted, sizeof wanted, "%s", f.registers[i].name);
			for (size_t k = 0; k < sizeof others / sizeof *others; k++)
				if (!strcmp(f.registers[i].name, others[k][0]))
					snprintf(wanted, sizeof wanted, "%s", others[k][1]);
			/* Tables and segments have bases of a word. */
			if ((is_dtr || is_desc) && layout != TARGET_LONG64)
				strcat(wanted, "32");
			CHECK_STR(fake_registers[f.registers[i].reg].name, wanted);
		}
		features_close(&f);
	}
}

static void expedited_registers_exist_and_hold_the_pc(void)
{
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		bool has_pc = false, has_sp = false, has_mode = false;
		fake_init(&t);
		features_open(&f, layout, &t.target);
		CHECK(f.expedited_count > 0 && f.expedited_count <= sizeof f.expedited);
		for (unsigned i = 0; i < f.expedited_count; i++) {
			CHECK(f.expedited[i] < f.count);
			const char *name = f.registers[f.expedited[i]].name;
			has_pc |= !strcmp(name, layout == TARGET_LONG64 ? "rip" : "eip");
			has_sp |= !strcmp(name, layout == TARGET_LONG64 ? "rsp" : "esp");
			has_mode |= !strcmp(name, "cpumode");
			for (unsigned k = 0; k < i; k++)
				CHECK(f.expedited[k] != f.expedited[i]);
		}
		CHECK(has_pc && has_sp && has_mode);
		features_close(&f);
	}
}

/* gdb refuses a description whose core is not whole, and one with a part of a feature that it knows:
 * i386_validate_tdesc_p. */
static void what_the_target_lacks_leaves_features_whole(void)
{
	static const struct {
		const char *missing, *features; /* those that are there: a letter each */
	} rows[] = { { NULL, "csavpgo" }, { "xmm", "cpgo" }, { "xmm9", "cpgo" },
		{ "mxcsr", "cpgo" }, { "ymm3", "cspgo" }, { "k7", "csapgo" }, { "pkru", "csavgo" },
		{ "fs_base", "csavpo" }, { "gs_base", "csavpo" }, { "cr", "csavpgo" },
		{ "r", "csavpgo" }, { "st", "csavpgo" }, { "", "c" } };
	static const char *const names[] = { "c i386.core", "s i386.sse", "a i386.avx",
		"v i386.avx512", "p i386.pkeys", "g i386.segments", "o stepvm.system" };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fake_target t;
		struct features f;
		fake_init(&t);
		t.missing = rows[i].missing;
		features_open(&f, TARGET_LONG64, &t.target);
		for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
			char end[40];
			snprintf(end, sizeof end, "%s\">", names[k] + 2);
			if (!strstr(f.xml, end) != !strchr(rows[i].features, *names[k]))
				CHECK_FAIL("without %s: %s", rows[i].missing, names[k]);
		}
		check_well_formed(f.xml);
		features_close(&f);
	}
}

static void a_machine_of_no_registers_has_the_core(void)
{
	/* gdb's: 16 (24) of the CPU, 8 + 8 of the x87. */
	static const unsigned counts[TARGET_LAYOUTS] = { 32, 32, 40 };
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		struct target_error e = { { 0 } };
		uint8_t value[TARGET_REGISTER_MAX] = { 0 };
		fake_init(&t);
		t.missing = "";
		features_open(&f, layout, &t.target);
		CHECK_EQ(f.count, counts[layout]);
		CHECK_EQ(f.expedited_count, 0);
		for (unsigned i = 0; i < f.count; i++) {
			CHECK(!features_read(&f.registers[i], &t.target, 0, value));
			CHECK(!features_write(&f.registers[i], &t.target, 0, value, &e));
		}
		CHECK(strstr(e.text, "the machine has no "));
		features_close(&f);
	}
}

static const struct feature_register *find(const struct features *f, const char *name)
{
	for (unsigned i = 0; i < f->count; i++)
		if (!strcmp(f->registers[i].name, name))
			return &f->registers[i];
	CHECK_FAIL("no register %s", name);
	return &f->registers[0];
}

static void a_read_gives_gdbs_width(void)
{
	struct fake_target t;
	struct features f;
	uint8_t value[TARGET_REGISTER_MAX];
	fake_init(&t);
	features_open(&f, TARGET_REAL16, &t.target);
	uint8_t *fip = t.values[fake_find(&t, "fip")];
	CHECK(features_read(find(&f, "fioff"), &t.target, 0, value));
	CHECK(!memcmp(value, fip, 4));
	CHECK(features_read(find(&f, "fiseg"), &t.target, 0, value));
	CHECK(!memcmp(value, fip + 4, 4));
	memset(value, 0xee, sizeof value); /* 2 bytes of the CPU's are 4 of gdb's */
	CHECK(features_read(find(&f, "fctrl"), &t.target, 0, value));
	CHECK(!memcmp(value, t.values[fake_find(&t, "fctrl")], 2));
	CHECK(value[2] == 0 && value[3] == 0);
	t.unreadable = "rax";
	CHECK(!features_read(find(&f, "eax"), &t.target, 0, value));
	features_close(&f);
}

static void a_write_changes_what_gdb_sees_and_nothing_else(void)
{
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct fake_target t;
		struct features f;
		fake_init(&t);
		features_open(&f, layout, &t.target);
		for (unsigned i = 0; i < f.count; i++) {
			const struct feature_register *r = &f.registers[i];
			uint8_t before[TARGET_REGISTER_MAX] = { 0 }, value[TARGET_REGISTER_MAX],
			        back[TARGET_REGISTER_MAX];
			struct target_error e = { 0 };
			memcpy(before, t.values[r->reg], sizeof before);
			CHECK(features_read(r, &t.target, 0, value));
			unsigned shown = fake_registers[r->reg].size - r->skip;
			if (shown > r->size)
				shown = r->size;
			for (unsigned k = 0; k < shown; k++)
				value[k] ^= 0xff;
			CHECK(features_write(r, &t.target, 0, value, &e));
			CHECK(features_read(r, &t.target, 0, back));
			CHECK(!memcmp(back, value, r->size));
			for (unsigned k = 0; k < fake_registers[r->reg].size; k++) {
				bool is_shown = k >= r->skip && k - r->skip < shown;
				CHECK_EQ(t.values[r->reg][k], before[k] ^ (is_shown ? 0xff : 0));
			}
		}
		features_close(&f);
	}
}

static void a_value_that_does_not_fit_is_refused_with_the_reason(void)
{
	struct fake_target t;
	struct features f;
	struct target_error e = { 0 };
	fake_init(&t);
	features_open(&f, TARGET_PROT32, &t.target);
	CHECK(features_write(find(&f, "cs"), &t.target, 0, (const uint8_t *)"\xff\xff\0\0", &e));
	CHECK(!features_write(find(&f, "cs"), &t.target, 0, (const uint8_t *)"\x08\0\x01\0", &e));
	CHECK_STR(e.text, "cs has 16 bits");
	CHECK_EQ(t.values[fake_find(&t, "cs")][0], 0xff);
	t.refuses = true;
	t.because = "no";
	CHECK(!features_write(find(&f, "cs"), &t.target, 0, (const uint8_t *)"\x08\0\0\0", &e));
	CHECK_STR(e.text, "cs: no");
	features_close(&f);
}

int main(void)
{
	RUN(descriptions_are_well_formed);
	RUN(registers_are_those_of_the_description);
	RUN(a_register_is_as_wide_as_its_type);
	RUN(the_core_comes_first_in_gdbs_order);
	RUN(g_has_the_general_registers_and_no_rare_ones);
	RUN(the_32_bit_layouts_show_nothing_of_64_bits);
	RUN(vectors_stand_in_gdbs_features);
	RUN(each_register_is_the_machines_of_that_name);
	RUN(expedited_registers_exist_and_hold_the_pc);
	RUN(what_the_target_lacks_leaves_features_whole);
	RUN(a_machine_of_no_registers_has_the_core);
	RUN(a_read_gives_gdbs_width);
	RUN(a_write_changes_what_gdb_sees_and_nothing_else);
	RUN(a_value_that_does_not_fit_is_refused_with_the_reason);
	return check_done();
}

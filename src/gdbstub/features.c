/* How the table is read: a row is one register in one or more layouts. The description lists the
 * rows of a layout in the table's order, which is gdb's own order for the features that gdb knows;
 * gdb numbers registers by that order, and so does struct features. */
#include "gdbstub/features.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	R16 = 1 << TARGET_REAL16,
	P32 = 1 << TARGET_PROT32,
	L64 = 1 << TARGET_LONG64,
	B32 = R16 | P32, /* both layouts with 32-bit registers */
	ALL = B32 | L64,
};

enum feature { CORE, SSE, SEGMENTS, SYSTEM, FEATURES };

struct row {
	const char *name; /* gdb's name */
	const char *of;   /* the target's name; NULL: the same */
	uint16_t bits;
	const char *type;
	uint8_t layouts;
	uint8_t feature;
	uint8_t skip;      /* bytes into the target's value */
	const char *group; /* NULL: gdb's choice */
};

#define GENERAL(e, r)                                                                              \
	{                                                                                          \
		e, r, 32, "int32", B32, CORE, 0                                                    \
	}
#define GENERAL64(r)                                                                               \
	{                                                                                          \
		r, NULL, 64, "int64", L64, CORE, 0                                                 \
	}
#define SELECTOR(r)                                                                                \
	{                                                                                          \
		r, NULL, 32, "int32", ALL, CORE, 0                                                 \
	}
#define ST(r)                                                                                      \
	{                                                                                          \
		r, NULL, 80, "i387_ext", ALL, CORE, 0                                              \
	}
#define FLOAT(r, of, skip)                                                                         \
	{                                                                                          \
		r, of, 32, "int", ALL, CORE, skip, "float"                                         \
	}
#define XMM(r, layouts)                                                                            \
	{                                                                                          \
		r, NULL, 128, "vec128", layouts, SSE, 0                                            \
	}
#define BASE(r)                                                                                    \
	{                                                                                          \
		r, NULL, 32, "uint32", B32, SYSTEM, 0                                              \
	}
#define CONTROL(r, type)                                                                           \
	{ r, NULL, 32, type, B32, SYSTEM, 0 },                                                     \
	{                                                                                          \
		r, NULL, 64, type, L64, SYSTEM, 0                                                  \
	}

static const struct row rows[] = {
	/* org.gnu.gdb.i386.core, in the order of gdb's i386-32bit-core and amd64-64bit-core */
	GENERAL("eax", "rax"),
	GENERAL("ecx", "rcx"),
	GENERAL("edx", "rdx"),
	GENERAL("ebx", "rbx"),
	{ "esp", "rsp", 32, "data_ptr", B32, CORE, 0 },
	{ "ebp", "rbp", 32, "data_ptr", B32, CORE, 0 },
	GENERAL("esi", "rsi"),
	GENERAL("edi", "rdi"),
	/* linear: then x/i $pc, break *ADDRESS and => are right with CS != 0 too */
	{ "eip", "pc", 32, "code_ptr", B32, CORE, 0 },
	GENERAL64("rax"),
	GENERAL64("rbx"),
	GENERAL64("rcx"),
	GENERAL64("rdx"),
	GENERAL64("rsi"),
	GENERAL64("rdi"),
	{ "rbp", NULL, 64, "data_ptr", L64, CORE, 0 },
	{ "rsp", NULL, 64, "data_ptr", L64, CORE, 0 },
	GENERAL64("r8"),
	GENERAL64("r9"),
	GENERAL64("r10"),
	GENERAL64("r11"),
	GENERAL64("r12"),
	GENERAL64("r13"),
	GENERAL64("r14"),
	GENERAL64("r15"),
	{ "rip", "pc", 64, "code_ptr", L64, CORE, 0 },
	{ "eflags", "rflags", 32, "i386_eflags", ALL, CORE, 0 },
	SELECTOR("cs"),
	SELECTOR("ss"),
	SELECTOR("ds"),
	SELECTOR("es"),
	SELECTOR("fs"),
	SELECTOR("gs"),
	ST("st0"),
	ST("st1"),
	ST("st2"),
	ST("st3"),
	ST("st4"),
	ST("st5"),
	ST("st6"),
	ST("st7"),
	FLOAT("fctrl", NULL, 0),
	FLOAT("fstat", NULL, 0),
	FLOAT("ftag", NULL, 0),
	FLOAT("fiseg", "fip", 4),
	FLOAT("fioff", "fip", 0),
	FLOAT("foseg", "fdp", 4),
	FLOAT("fooff", "fdp", 0),
	FLOAT("fop", NULL, 0),
	/* org.gnu.gdb.i386.sse */
	XMM("xmm0", ALL),
	XMM("xmm1", ALL),
	XMM("xmm2", ALL),
	XMM("xmm3", ALL),
	XMM("xmm4", ALL),
	XMM("xmm5", ALL),
	XMM("xmm6", ALL),
	XMM("xmm7", ALL),
	XMM("xmm8", L64),
	XMM("xmm9", L64),
	XMM("xmm10", L64),
	XMM("xmm11", L64),
	XMM("xmm12", L64),
	XMM("xmm13", L64),
	XMM("xmm14", L64),
	XMM("xmm15", L64),
	{ "mxcsr", NULL, 32, "i386_mxcsr", ALL, SSE, 0, "vector" },
	/* org.gnu.gdb.i386.segments */
	{ "fs_base", NULL, 32, "uint32", B32, SEGMENTS, 0 },
	{ "gs_base", NULL, 32, "uint32", B32, SEGMENTS, 0 },
	{ "fs_base", NULL, 64, "int64", L64, SEGMENTS, 0 },
	{ "gs_base", NULL, 64, "int64", L64, SEGMENTS, 0 },
	/* what gdb has no feature for */
	{ "cpumode", "mode", 32, "cpumode_t", ALL, SYSTEM, 0 },
	{ "ip", "rip", 16, "uint16", R16, SYSTEM, 0 },
	{ "ip", "rip", 32, "uint32", P32, SYSTEM, 0 },
	/* overrides gdb's own $sp, which would be the offset esp: x/8xh $sp shows the stack */
	{ "sp", "sp_linear", 32, "data_ptr", R16, SYSTEM, 0 },
	BASE("cs_base"),
	BASE("ss_base"),
	BASE("ds_base"),
	BASE("es_base"),
	CONTROL("cr0", "cr0_t"),
	CONTROL("cr2", "data_ptr"),
	CONTROL("cr3", "data_ptr"),
	CONTROL("cr4", "cr4_t"),
	{ "cr8", NULL, 64, "uint64", L64, SYSTEM, 0 },
	CONTROL("efer", "efer_t"), /* all its bits are in the low half */
	{ "gdtr", "gdtr32", 64, "dtr_t", B32, SYSTEM, 0 },
	{ "idtr", "idtr32", 64, "dtr_t", B32, SYSTEM, 0 },
	{ "gdtr", NULL, 128, "dtr_t", L64, SYSTEM, 0 },
	{ "idtr", NULL, 128, "dtr_t", L64, SYSTEM, 0 },
	{ "ldtr", "ldt", 32, "uint32", ALL, SYSTEM, 0 },
	{ "tr", NULL, 32, "uint32", ALL, SYSTEM, 0 },
};

/* What gdb asks for at every stop: with these in the stop reply it need not. */
static const char *const expedited[TARGET_LAYOUTS][12] = {
	[TARGET_REAL16] = { "eip", "esp", "ebp", "eflags", "cs", "ss", "cpumode", "ip", "sp" },
	[TARGET_PROT32] = { "eip", "esp", "ebp", "eflags", "cs", "ss", "cpumode" },
	[TARGET_LONG64] = { "rip", "rsp", "rbp", "eflags", "cs", "ss", "cpumode" },
};

static const char *const architectures[TARGET_LAYOUTS] = {
	[TARGET_REAL16] = "i8086",
	[TARGET_PROT32] = "i386",
	[TARGET_LONG64] = "i386:x86-64",
};

struct bit {
	const char *name;
	uint8_t start, end;
};
/* SDM vol 1, "EFLAGS Register"; vol 3, "Control Registers", "IA32_EFER"; vol 1, "MXCSR". */
static const struct bit eflags_bits[] = {
	{ "CF", 0, 0 },
	{ "PF", 2, 2 },
	{ "AF", 4, 4 },
	{ "ZF", 6, 6 },
	{ "SF", 7, 7 },
	{ "TF", 8, 8 },
	{ "IF", 9, 9 },
	{ "DF", 10, 10 },
	{ "OF", 11, 11 },
	{ "IOPL", 12, 13 },
	{ "NT", 14, 14 },
	{ "RF", 16, 16 },
	{ "VM", 17, 17 },
	{ "AC", 18, 18 },
	{ "VIF", 19, 19 },
	{ "VIP", 20, 20 },
	{ "ID", 21, 21 },
	{ NULL, 0, 0 },
};
static const struct bit mxcsr_bits[] = {
	{ "IE", 0, 0 },
	{ "DE", 1, 1 },
	{ "ZE", 2, 2 },
	{ "OE", 3, 3 },
	{ "UE", 4, 4 },
	{ "PE", 5, 5 },
	{ "DAZ", 6, 6 },
	{ "IM", 7, 7 },
	{ "DM", 8, 8 },
	{ "ZM", 9, 9 },
	{ "OM", 10, 10 },
	{ "UM", 11, 11 },
	{ "PM", 12, 12 },
	{ "RC", 13, 14 },
	{ "FZ", 15, 15 },
	{ NULL, 0, 0 },
};
static const struct bit cr0_bits[] = {
	{ "PE", 0, 0 },
	{ "MP", 1, 1 },
	{ "EM", 2, 2 },
	{ "TS", 3, 3 },
	{ "ET", 4, 4 },
	{ "NE", 5, 5 },
	{ "WP", 16, 16 },
	{ "AM", 18, 18 },
	{ "NW", 29, 29 },
	{ "CD", 30, 30 },
	{ "PG", 31, 31 },
	{ NULL, 0, 0 },
};
static const struct bit cr4_bits[] = {
	{ "VME", 0, 0 },
	{ "PVI", 1, 1 },
	{ "TSD", 2, 2 },
	{ "DE", 3, 3 },
	{ "PSE", 4, 4 },
	{ "PAE", 5, 5 },
	{ "MCE", 6, 6 },
	{ "PGE", 7, 7 },
	{ "PCE", 8, 8 },
	{ "OSFXSR", 9, 9 },
	{ "OSXMMEXCPT", 10, 10 },
	{ "UMIP", 11, 11 },
	{ "LA57", 12, 12 },
	{ "VMXE", 13, 13 },
	{ "SMXE", 14, 14 },
	{ "FSGSBASE", 16, 16 },
	{ "PCIDE", 17, 17 },
	{ "OSXSAVE", 18, 18 },
	{ "SMEP", 20, 20 },
	{ "SMAP", 21, 21 },
	{ "PKE", 22, 22 },
	{ NULL, 0, 0 },
};
static const struct bit efer_bits[] = {
	{ "SCE", 0, 0 },
	{ "LME", 8, 8 },
	{ "LMA", 10, 10 },
	{ "NXE", 11, 11 },
	{ "SVME", 12, 12 },
	{ "LMSLE", 13, 13 },
	{ "FFXSR", 14, 14 },
	{ NULL, 0, 0 },
};

static const char vector_types[] =
        "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
        "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
        "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
        "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
        "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
        "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
        "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
        "<field name=\"v2_double\" type=\"v2d\"/><field name=\"v16_int8\" type=\"v16i8\"/>"
        "<field name=\"v8_int16\" type=\"v8i16\"/><field name=\"v4_int32\" type=\"v4i32\"/>"
        "<field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/>"
        "</union>";

/* A string that grows. */
struct string {
	char *text;
	size_t len, size;
	bool has_failed;
};

static void add(struct string *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct string *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || s->has_failed)
		return;
	if ((size_t)n >= s->size - s->len) {
		size_t size = s->size * 2 + (size_t)n + 1;
		char *text = realloc(s->text, size);
		if (!text) {
			s->has_failed = true;
			return;
		}
		s->text = text;
		s->size = size;
	}
	va_start(args, format);
	vsnprintf(s->text + s->len, s->size - s->len, format, args);
	va_end(args);
	s->len += (size_t)n;
}

/* size: bytes, the same as the registers of this type have, or gdb shifts what follows. */
static void add_flags(struct string *s, const char *id, unsigned size, const struct bit *bits)
{
	add(s, "<flags id=\"%s\" size=\"%u\">", id, size);
	for (; bits->name; bits++)
		add(s, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>", bits->name, bits->start,
		        bits->end);
	add(s, "</flags>\n");
}

static void add_types(struct string *s, enum feature feature, enum target_layout layout)
{
	static const char *const modes[] = { "real16", "vm86", "prot16", "prot32", "compat16",
		"compat32", "long64" };
	unsigned word = layout == TARGET_LONG64 ? 8 : 4;
	switch (feature) {
	case CORE: add_flags(s, "i386_eflags", 4, eflags_bits); break;
	case SSE:
		add(s, "%s\n", vector_types);
		add_flags(s, "i386_mxcsr", 4, mxcsr_bits);
		break;
	case SYSTEM:
		add(s, "<enum id=\"cpumode_t\" size=\"4\">");
		for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++)
			add(s, "<evalue name=\"%s\" value=\"%u\"/>", modes[i], i);
		add(s, "</enum>\n");
		add_flags(s, "cr0_t", word, cr0_bits);
		add_flags(s, "cr4_t", word, cr4_bits);
		add_flags(s, "efer_t", word, efer_bits);
		add(s,
		        "<struct id=\"dtr_t\"><field name=\"base\" type=\"uint%u\"/>"
		        "<field name=\"limit\" type=\"uint%u\"/></struct>\n",
		        8 * word, 8 * word);
		break;
	case SEGMENTS:
	case FEATURES: break;
	}
}

static void add_register(struct features *f, const struct row *row, int reg, struct string *s)
{
	add(s, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"", row->name, row->bits, row->type);
	if (row->group)
		add(s, " group=\"%s\"", row->group);
	add(s, "/>\n");
	f->registers[f->count++] = (struct feature_register) {
		.name = row->name,
		.reg = reg,
		.size = (uint8_t)(row->bits / 8),
		.skip = row->skip,
	};
}

static void add_feature(struct features *f, enum feature feature, enum target_layout layout,
        const struct target *t, struct string *s)
{
	static const char *const names[FEATURES] = {
		[CORE] = "org.gnu.gdb.i386.core",
		[SSE] = "org.gnu.gdb.i386.sse",
		[SEGMENTS] = "org.gnu.gdb.i386.segments",
		[SYSTEM] = "org.stepvm.system",
	};
	bool is_open = false;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		if (row->feature != feature || !(row->layouts & 1 << layout))
			continue;
		int reg = t->registers->find(t->ctx, row->of ? row->of : row->name);
		if (reg < 0 || f->count == FEATURES_REGISTERS_MAX)
			continue;
		if (!is_open) {
			add(s, "<feature name=\"%s\">\n", names[feature]);
			add_types(s, feature, layout);
			is_open = true;
		}
		add_register(f, row, reg, s);
	}
	if (is_open)
		add(s, "</feature>\n");
}

static void find_expedited(struct features *f, enum target_layout layout)
{
	for (const char *const *name = expedited[layout]; *name; name++)
		for (unsigned i = 0; i < f->count; i++)
			if (!strcmp(f->registers[i].name, *name))
				f->expedited[f->expedited_count++] = (uint8_t)i;
}

int features_open(struct features *f, enum target_layout layout, const struct target *t)
{
	struct string s = { 0 };
	*f = (struct features) { 0 };
	add(&s,
	        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
	        "<target version=\"1.0\">\n<architecture>%s</architecture>\n<osabi>none</osabi>\n",
	        architectures[layout]);
	/* Without these gdb refuses a symbol file of another architecture than the CPU's of now. */
	for (int i = 0; i < TARGET_LAYOUTS; i++)
		if (i != (int)layout)
			add(&s, "<compatible>%s</compatible>\n", architectures[i]);
	for (int i = 0; i < FEATURES; i++)
		add_feature(f, (enum feature)i, layout, t, &s);
	add(&s, "</target>\n");
	if (s.has_failed) {
		free(s.text);
		return -ENOMEM;
	}
	f->xml = s.text;
	f->xml_len = s.len;
	find_expedited(f, layout);
	return 0;
}

void features_close(struct features *f)
{
	free(f->xml);
	f->xml = NULL;
}

bool features_read(
        const struct feature_register *r, const struct target *t, unsigned cpu, uint8_t *to)
{
	uint8_t value[TARGET_REGISTER_MAX] = { 0 };
	if (!t->registers->read(t->ctx, cpu, r->reg, value))
		return false;
	memset(to, 0, r->size);
	unsigned has = t->registers->size(t->ctx, r->reg) - r->skip;
	memcpy(to, value + r->skip, has < r->size ? has : r->size);
	return true;
}

bool features_write(const struct feature_register *r, const struct target *t, unsigned cpu,
        const uint8_t *from, struct target_error *e)
{
	uint8_t value[TARGET_REGISTER_MAX] = { 0 };
	unsigned has = t->registers->size(t->ctx, r->reg) - r->skip;
	if (!t->registers->read(t->ctx, cpu, r->reg, value))
		return false;
	memcpy(value + r->skip, from, has < r->size ? has : r->size);
	for (unsigned i = has; i < r->size; i++)
		if (from[i]) {
			snprintf(e->text, sizeof e->text, "%s has %u bits", r->name, 8 * has);
			return false;
		}
	return t->registers->write(t->ctx, cpu, r->reg, value, e);
}

/* The types of a target description: the names of the bits of eflags, cr0 and others, as XML. */
#include "gdbstub/feature_types.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct bit {
	const char *name;
	uint8_t start, end;
	const char *type; /* an enum's; NULL: a number */
};
/* SDM vol 1, "EFLAGS Register", "MXCSR", "XCR0"; vol 3, "Control Registers", "IA32_EFER", "Debug
 * Registers". */
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

static const struct bit xcr0_bits[] = {
	{ "X87", 0, 0 },
	{ "SSE", 1, 1 },
	{ "AVX", 2, 2 },
	{ "BNDREGS", 3, 3 },
	{ "BNDCSR", 4, 4 },
	{ "OPMASK", 5, 5 },
	{ "ZMM_HI256", 6, 6 },
	{ "HI16_ZMM", 7, 7 },
	{ "PKRU", 9, 9 },
	{ "TILECFG", 17, 17 },
	{ "TILEDATA", 18, 18 },
	{ NULL, 0, 0 },
};
static const struct bit dr6_bits[] = {
	{ "B0", 0, 0 },
	{ "B1", 1, 1 },
	{ "B2", 2, 2 },
	{ "B3", 3, 3 },
	{ "BD", 13, 13 },
	{ "BS", 14, 14 },
	{ "BT", 15, 15 },
	{ NULL, 0, 0 },
};
static const struct bit dr7_bits[] = {
	{ "L0", 0, 0 },
	{ "G0", 1, 1 },
	{ "L1", 2, 2 },
	{ "G1", 3, 3 },
	{ "L2", 4, 4 },
	{ "G2", 5, 5 },
	{ "L3", 6, 6 },
	{ "G3", 7, 7 },
	{ "LE", 8, 8 },
	{ "GE", 9, 9 },
	{ "RTM", 11, 11 },
	{ "GD", 13, 13 },
	{ "RW0", 16, 17, "dr7_rw" },
	{ "LEN0", 18, 19, "dr7_len" },
	{ "RW1", 20, 21, "dr7_rw" },
	{ "LEN1", 22, 23, "dr7_len" },
	{ "RW2", 24, 25, "dr7_rw" },
	{ "LEN2", 26, 27, "dr7_len" },
	{ "RW3", 28, 29, "dr7_rw" },
	{ "LEN3", 30, 31, "dr7_len" },
	{ NULL, 0, 0 },
};
/* SDM vol 3, "Format of Access Rights": a descriptor's attributes. */
static const struct bit segment_bits[] = {
	{ "TYPE", 0, 4, "segment_type" },
	{ "DPL", 5, 6 },
	{ "P", 7, 7 },
	{ "AVL", 12, 12 },
	{ "L", 13, 13 },
	{ "DB", 14, 14 },
	{ "G", 15, 15 },
	{ "UNUSABLE", 16, 16 },
	{ NULL, 0, 0 },
};

struct word {
	const char *name;
	unsigned value;
};
/* SDM vol 3, tables "Code- and Data-Segment Types" and "System-Segment and Gate-Descriptor Types";
 * bit 4 is S. a: accessed, down: expand-down, conf: conforming. */
static const struct word segment_types[] = {
	{ "none", 0x00 },
	{ "tss16", 0x01 },
	{ "ldt", 0x02 },
	{ "tss16_busy", 0x03 },
	{ "tss", 0x09 },
	{ "tss_busy", 0x0b },
	{ "data_r", 0x10 },
	{ "data_r_a", 0x11 },
	{ "data_rw", 0x12 },
	{ "data_rw_a", 0x13 },
	{ "data_r_down", 0x14 },
	{ "data_r_down_a", 0x15 },
	{ "data_rw_down", 0x16 },
	{ "data_rw_down_a", 0x17 },
	{ "code_x", 0x18 },
	{ "code_x_a", 0x19 },
	{ "code_xr", 0x1a },
	{ "code_xr_a", 0x1b },
	{ "code_x_conf", 0x1c },
	{ "code_x_conf_a", 0x1d },
	{ "code_xr_conf", 0x1e },
	{ "code_xr_conf_a", 0x1f },
	{ NULL, 0 },
};
/* By value: what the target's register `mode` holds; gdb/stepvm_machine.py has the numbers, too. */
static const struct word modes[] = {
	{ "real16", 0 },
	{ "vm86", 1 },
	{ "prot16", 2 },
	{ "prot32", 3 },
	{ "compat16", 4 },
	{ "compat32", 5 },
	{ "long64", 6 },
	{ "real32", 7 },
	{ NULL, 0 },
};
static const struct word dr7_rw[] = { { "exec", 0 }, { "write", 1 }, { "io", 2 }, { "access", 3 },
	{ NULL, 0 } };
static const struct word dr7_len[] = { { "1", 0 }, { "2", 1 }, { "8", 2 }, { "4", 3 },
	{ NULL, 0 } };

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

void feature_add(struct feature_text *s, const char *format, ...)
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

static void add_enum(
        struct feature_text *s, const char *id, unsigned size, const struct word *words)
{
	feature_add(s, "<enum id=\"%s\" size=\"%u\">", id, size);
	for (; words->name; words++)
		feature_add(s, "<evalue name=\"%s\" value=\"%u\"/>", words->name, words->value);
	feature_add(s, "</enum>\n");
}

/* size: bytes, the same as the registers of this type have, or gdb shifts what follows. */
static void add_flags(struct feature_text *s, const char *id, unsigned size, const struct bit *bits)
{
	feature_add(s, "<flags id=\"%s\" size=\"%u\">", id, size);
	for (; bits->name; bits++) {
		feature_add(s, "<field name=\"%s\" start=\"%u\" end=\"%u\"", bits->name,
		        bits->start, bits->end);
		if (bits->type)
			feature_add(s, " type=\"%s\"", bits->type);
		feature_add(s, "/>");
	}
	feature_add(s, "</flags>\n");
}

static void add_system_types(struct feature_text *s, unsigned word)
{
	add_enum(s, "cpumode_t", 4, modes);
	add_enum(s, "segment_type", 4, segment_types);
	add_enum(s, "dr7_rw", 4, dr7_rw);
	add_enum(s, "dr7_len", 4, dr7_len);
	add_flags(s, "cr0_t", word, cr0_bits);
	add_flags(s, "cr4_t", word, cr4_bits);
	add_flags(s, "efer_t", word, efer_bits);
	add_flags(s, "xcr0_t", 8, xcr0_bits);
	add_flags(s, "dr6_t", word, dr6_bits);
	add_flags(s, "dr7_t", word, dr7_bits);
	add_flags(s, "segment_t", 4, segment_bits);
	feature_add(s, "<struct id=\"desc_t\"><field name=\"base\" type=\"data_ptr\"/>"
	               "<field name=\"limit\" type=\"uint32\"/>"
	               "<field name=\"attributes\" type=\"segment_t\"/></struct>\n");
	feature_add(s,
	        "<struct id=\"dtr_t\"><field name=\"base\" type=\"data_ptr\"/>"
	        "<field name=\"limit\" type=\"uint%u\"/></struct>\n",
	        8 * word);
}

void feature_add_types(struct feature_text *s, enum feature feature, enum target_layout layout)
{
	switch (feature) {
	case CORE: add_flags(s, "i386_eflags", 4, eflags_bits); break;
	case SSE:
		feature_add(s, "%s\n", vector_types);
		add_flags(s, "i386_mxcsr", 4, mxcsr_bits);
		break;
	case AVX512:
		feature_add(s, "%s\n<vector id=\"v2ui128\" type=\"uint128\" count=\"2\"/>\n",
		        vector_types);
		break;
	case SYSTEM: add_system_types(s, layout == TARGET_LONG64 ? 8 : 4); break;
	case AVX:
	case PKEYS:
	case SEGMENTS:
	case FEATURES: break;
	}
}

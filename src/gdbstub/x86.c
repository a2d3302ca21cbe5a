/* The table of registers, and the three layouts: data. */
#include "gdbstub/x86.h"

#include "base/array.h"

enum {
	R16 = 1 << TARGET_REAL16,
	P32 = 1 << TARGET_PROT32,
	L64 = 1 << TARGET_LONG64,
	B32 = R16 | P32, /* both layouts with 32-bit registers */
	ALL = B32 | L64,
};
#define RARE 1

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
		r, NULL, 80, "i387_ext", ALL, CORE, 0, RARE                                        \
	}
#define FLOAT(r, of, skip)                                                                         \
	{                                                                                          \
		r, of, 32, "int", ALL, CORE, skip, RARE, "float"                                   \
	}
#define XMM(r, layouts)                                                                            \
	{                                                                                          \
		r, NULL, 128, "vec128", layouts, SSE, 0, RARE                                      \
	}
#define YMM(r, layouts)                                                                            \
	{                                                                                          \
		r "h", NULL, 128, "uint128", layouts, AVX, 0, RARE                                 \
	}
#define MASK(r)                                                                                    \
	{                                                                                          \
		r, NULL, 64, "uint64", ALL, AVX512, 0, RARE                                        \
	}
#define ZMM(r, layouts)                                                                            \
	{                                                                                          \
		r "h", NULL, 256, "v2ui128", layouts, AVX512, 0, RARE                              \
	}
#define HIGH_XMM(r)                                                                                \
	{                                                                                          \
		r, NULL, 128, "vec128", L64, AVX512, 0, RARE                                       \
	}
#define HIGH_YMM(r)                                                                                \
	{                                                                                          \
		r "h", NULL, 128, "uint128", L64, AVX512, 0, RARE                                  \
	}
#define DESC(r, of)                                                                                \
	{ r "_desc", of "_desc32", 96, "desc_t", B32, SYSTEM, 0, RARE },                           \
	{                                                                                          \
		r "_desc", of "_desc", 128, "desc_t", L64, SYSTEM, 0, RARE                         \
	}
#define DEBUG(r, type)                                                                             \
	{ r, NULL, 32, type, B32, SYSTEM, 0, RARE },                                               \
	{                                                                                          \
		r, NULL, 64, type, L64, SYSTEM, 0, RARE                                            \
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

const struct x86_row x86_rows[] = {
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
	{ "mxcsr", NULL, 32, "i386_mxcsr", ALL, SSE, 0, RARE, "vector" },
	/* org.gnu.gdb.i386.avx: the upper halves */
	YMM("ymm0", ALL),
	YMM("ymm1", ALL),
	YMM("ymm2", ALL),
	YMM("ymm3", ALL),
	YMM("ymm4", ALL),
	YMM("ymm5", ALL),
	YMM("ymm6", ALL),
	YMM("ymm7", ALL),
	YMM("ymm8", L64),
	YMM("ymm9", L64),
	YMM("ymm10", L64),
	YMM("ymm11", L64),
	YMM("ymm12", L64),
	YMM("ymm13", L64),
	YMM("ymm14", L64),
	YMM("ymm15", L64),
	/* org.gnu.gdb.i386.avx512, in the order of gdb's 64bit-avx512.xml */
	HIGH_XMM("xmm16"),
	HIGH_XMM("xmm17"),
	HIGH_XMM("xmm18"),
	HIGH_XMM("xmm19"),
	HIGH_XMM("xmm20"),
	HIGH_XMM("xmm21"),
	HIGH_XMM("xmm22"),
	HIGH_XMM("xmm23"),
	HIGH_XMM("xmm24"),
	HIGH_XMM("xmm25"),
	HIGH_XMM("xmm26"),
	HIGH_XMM("xmm27"),
	HIGH_XMM("xmm28"),
	HIGH_XMM("xmm29"),
	HIGH_XMM("xmm30"),
	HIGH_XMM("xmm31"),
	HIGH_YMM("ymm16"),
	HIGH_YMM("ymm17"),
	HIGH_YMM("ymm18"),
	HIGH_YMM("ymm19"),
	HIGH_YMM("ymm20"),
	HIGH_YMM("ymm21"),
	HIGH_YMM("ymm22"),
	HIGH_YMM("ymm23"),
	HIGH_YMM("ymm24"),
	HIGH_YMM("ymm25"),
	HIGH_YMM("ymm26"),
	HIGH_YMM("ymm27"),
	HIGH_YMM("ymm28"),
	HIGH_YMM("ymm29"),
	HIGH_YMM("ymm30"),
	HIGH_YMM("ymm31"),
	MASK("k0"),
	MASK("k1"),
	MASK("k2"),
	MASK("k3"),
	MASK("k4"),
	MASK("k5"),
	MASK("k6"),
	MASK("k7"),
	ZMM("zmm0", ALL),
	ZMM("zmm1", ALL),
	ZMM("zmm2", ALL),
	ZMM("zmm3", ALL),
	ZMM("zmm4", ALL),
	ZMM("zmm5", ALL),
	ZMM("zmm6", ALL),
	ZMM("zmm7", ALL),
	ZMM("zmm8", L64),
	ZMM("zmm9", L64),
	ZMM("zmm10", L64),
	ZMM("zmm11", L64),
	ZMM("zmm12", L64),
	ZMM("zmm13", L64),
	ZMM("zmm14", L64),
	ZMM("zmm15", L64),
	ZMM("zmm16", L64),
	ZMM("zmm17", L64),
	ZMM("zmm18", L64),
	ZMM("zmm19", L64),
	ZMM("zmm20", L64),
	ZMM("zmm21", L64),
	ZMM("zmm22", L64),
	ZMM("zmm23", L64),
	ZMM("zmm24", L64),
	ZMM("zmm25", L64),
	ZMM("zmm26", L64),
	ZMM("zmm27", L64),
	ZMM("zmm28", L64),
	ZMM("zmm29", L64),
	ZMM("zmm30", L64),
	ZMM("zmm31", L64),
	/* org.gnu.gdb.i386.pkeys */
	{ "pkru", NULL, 32, "uint32", ALL, PKEYS, 0, RARE },
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
	{ "k_gs_base", "kernel_gs_base", 64, "int64", L64, SYSTEM, 0, RARE },
	DESC("cs", "cs"),
	DESC("ss", "ss"),
	DESC("ds", "ds"),
	DESC("es", "es"),
	DESC("fs", "fs"),
	DESC("gs", "gs"),
	DESC("ldtr", "ldt"),
	DESC("tr", "tr"),
	DEBUG("dr0", "data_ptr"),
	DEBUG("dr1", "data_ptr"),
	DEBUG("dr2", "data_ptr"),
	DEBUG("dr3", "data_ptr"),
	DEBUG("dr6", "dr6_t"),
	DEBUG("dr7", "dr7_t"),
	{ "xcr0", NULL, 64, "xcr0_t", ALL, SYSTEM, 0, RARE },
};
_Static_assert(ARRAY_SIZE(x86_rows) == X86_ROWS, "the header says how many");

const struct x86_layout x86_layouts[TARGET_LAYOUTS] = {
	[TARGET_REAL16] = { .architecture = "i8086",
	        .pc = "eip",
	        .program = "[16-bit code]",
	        .bits = "16",
	        .expedited = { "eip", "esp", "ebp", "eflags", "cs", "ss", "cpumode", "ip", "sp" },
	        .triple = "i386-unknown-unknown-code16",
	        .pointer_size = '4' },
	[TARGET_PROT32] = { .architecture = "i386",
	        .pc = "eip",
	        .program = "[32-bit code]",
	        .bits = "32",
	        .expedited = { "eip", "esp", "ebp", "eflags", "cs", "ss", "cpumode" },
	        .triple = "i386-unknown-unknown",
	        .pointer_size = '4' },
	[TARGET_LONG64] = { .architecture = "i386:x86-64",
	        .pc = "rip",
	        .program = "[64-bit code]",
	        .bits = "64",
	        .expedited = { "rip", "rsp", "rbp", "eflags", "cs", "ss", "cpumode" },
	        .triple = "x86_64-unknown-unknown",
	        .pointer_size = '8' },
};

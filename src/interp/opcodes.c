/* The tables: opcode to handler and shape. */
#include "interp/opcodes.h"

#include "interp/handlers.h"

#define ANY(fn)                                                                                    \
	(interp_fn *const[4])                                                                      \
	{                                                                                          \
		fn, fn, fn, fn                                                                     \
	}
#define WITH_MODRM(handler, how, more)                                                             \
	{                                                                                          \
		.fn = handler, .size = how, .operands = OPERANDS_MODRM, .flags = more              \
	}
#define WITH_MODRM_IMM(handler, how, immediate, more)                                              \
	{                                                                                          \
		.fn = handler, .size = how, .operands = OPERANDS_MODRM, .imm = immediate,          \
		.flags = more                                                                      \
	}
#define GROUP(table, how, immediate)                                                               \
	{                                                                                          \
		.group = table, .size = how, .operands = OPERANDS_MODRM, .imm = immediate          \
	}
#define PLAIN(handler, how, more)                                                                  \
	{                                                                                          \
		.fn = handler, .size = how, .flags = more                                          \
	}
#define PLAIN_IMM(handler, how, immediate, more)                                                   \
	{                                                                                          \
		.fn = handler, .size = how, .imm = immediate, .flags = more                        \
	}
#define WITH_REG(handler, how, immediate, more)                                                    \
	{                                                                                          \
		.fn = handler, .size = how, .operands = OPERANDS_REG, .imm = immediate,            \
		.flags = more                                                                      \
	}
#define WITH_AX(handler)                                                                           \
	{                                                                                          \
		.fn = handler, .size = SIZE_BIT_0, .operands = OPERANDS_AX, .imm = IMM_WIDE        \
	}
#define OF_SEGMENT(handler, segment, more)                                                         \
	{                                                                                          \
		.fn = ANY(handler), .size = SIZE_STACK, .ext = 1 + segment, .flags = more          \
	}

/* add to cmp have the same six opcodes, 8 apart. */
#define ALU(n, locks)                                                                              \
	[n * 8] = WITH_MODRM(interp_alu_mr[n], SIZE_BIT_0, locks | OPCODE_DEVICE),                 \
	     [n * 8 + 1] = WITH_MODRM(interp_alu_mr[n], SIZE_BIT_0, locks | OPCODE_DEVICE),        \
	     [n * 8 + 2] = WITH_MODRM(interp_alu_rm[n], SIZE_BIT_0, OPCODE_DEVICE),                \
	     [n * 8 + 3] = WITH_MODRM(interp_alu_rm[n], SIZE_BIT_0, OPCODE_DEVICE),                \
	     [n * 8 + 4] = WITH_AX(interp_alu_mi[n]), [n * 8 + 5] = WITH_AX(interp_alu_mi[n])

#define LOCKED(handler)                                                                            \
	{                                                                                          \
		.fn = handler, .flags = OPCODE_LOCKS | OPCODE_DEVICE                               \
	}
/* #UD on every CPU; shape does not matter, for nothing of the rest is looked at. */
#define UNDEFINED                                                                                  \
	{                                                                                          \
		.fn = ANY(interp_undefined), .size = SIZE_WIDE                                     \
	}
#define UNDEFINED_MEMBER                                                                           \
	{                                                                                          \
		.fn = ANY(interp_undefined)                                                        \
	}
static const struct opcode alu_imm[8] = {
	LOCKED(interp_alu_mi[0]),
	LOCKED(interp_alu_mi[1]),
	LOCKED(interp_alu_mi[2]),
	LOCKED(interp_alu_mi[3]),
	LOCKED(interp_alu_mi[4]),
	LOCKED(interp_alu_mi[5]),
	LOCKED(interp_alu_mi[6]),
	{ .fn = interp_alu_mi[7], .flags = OPCODE_DEVICE },
};
static const struct opcode unary[8] = {
	[0] = { .fn = interp_test_mi, .imm = IMM_WIDE, .flags = OPCODE_DEVICE },
	[2] = LOCKED(interp_not),
	[3] = LOCKED(interp_neg),
	[4] = { .fn = interp_mul, .flags = OPCODE_DEVICE },
	[5] = { .fn = interp_mul, .flags = OPCODE_DEVICE },
	[6] = { .fn = interp_div },
	[7] = { .fn = interp_div },
};
static const struct opcode inc_dec[8] = {
	LOCKED(interp_inc),
	LOCKED(interp_dec),
	[2 ... 7] = UNDEFINED_MEMBER,
};
static const struct opcode inc_to_push[8] = {
	[0] = LOCKED(interp_inc),
	[1] = LOCKED(interp_dec),
	[2] = { .fn = interp_call_rm, .size = SIZE_NEAR },
	[3] = { .fn = ANY(interp_far_rm), .flags = OPCODE_LOUD },
	[4] = { .fn = interp_jmp_rm, .size = SIZE_NEAR },
	[5] = { .fn = ANY(interp_far_rm), .flags = OPCODE_LOUD },
	[6] = { .fn = interp_push_rm, .size = SIZE_STACK, .flags = OPCODE_DEVICE },
	[7] = UNDEFINED_MEMBER,
};
static const struct opcode mov_only[8] = {
	[0] = { .fn = interp_mov_mi, .imm = IMM_WIDE },
	[1 ... 6] = UNDEFINED_MEMBER,
	[7] = { .fn = ANY(interp_transaction) },
};
static const struct opcode pop_only[8] = { { .fn = interp_pop_rm, .flags = OPCODE_DEVICE },
	[1 ... 7] = { .fn = ANY(interp_pop_or_xop) } };

const struct opcode interp_one_byte[256] = {
	ALU(0, OPCODE_LOCKS),
	ALU(1, OPCODE_LOCKS),
	ALU(2, OPCODE_LOCKS),
	ALU(3, OPCODE_LOCKS),
	ALU(4, OPCODE_LOCKS),
	ALU(5, OPCODE_LOCKS),
	ALU(6, OPCODE_LOCKS),
	ALU(7, 0),
	[0x06] = OF_SEGMENT(interp_push_segment, ES, OPCODE_NOT_64),
	[0x07] = OF_SEGMENT(interp_pop_segment, ES, OPCODE_NOT_64),
	[0x0e] = OF_SEGMENT(interp_push_segment, CS, OPCODE_NOT_64),
	[0x16] = OF_SEGMENT(interp_push_segment, SS, OPCODE_NOT_64),
	[0x17] = OF_SEGMENT(interp_pop_segment, SS, OPCODE_NOT_64),
	[0x1e] = OF_SEGMENT(interp_push_segment, DS, OPCODE_NOT_64),
	[0x1f] = OF_SEGMENT(interp_pop_segment, DS, OPCODE_NOT_64),
	[0x27] = PLAIN(ANY(interp_daa), SIZE_BYTE, OPCODE_NOT_64),
	[0x2f] = PLAIN(ANY(interp_daa), SIZE_BYTE, OPCODE_NOT_64),
	[0x37] = PLAIN(ANY(interp_aaa), SIZE_BYTE, OPCODE_NOT_64),
	[0x3f] = PLAIN(ANY(interp_aaa), SIZE_BYTE, OPCODE_NOT_64),
	[0xd4] = PLAIN_IMM(ANY(interp_aam), SIZE_BYTE, IMM_8, OPCODE_NOT_64),
	[0xd5] = PLAIN_IMM(ANY(interp_aad_or_apx), SIZE_BYTE, IMM_8, 0),
	[0x40 ... 0x47] = WITH_REG(interp_inc, SIZE_WIDE, IMM_NONE, 0), /* in 64-bit code: REX */
	[0x48 ... 0x4f] = WITH_REG(interp_dec, SIZE_WIDE, IMM_NONE, 0),
	[0x50 ... 0x57] = WITH_REG(interp_push_reg, SIZE_STACK, IMM_NONE, OPCODE_DEVICE),
	[0x58 ... 0x5f] = WITH_REG(interp_pop_reg, SIZE_STACK, IMM_NONE, OPCODE_DEVICE),
	[0x60] = PLAIN(interp_pusha, SIZE_WIDE, OPCODE_NOT_64),
	[0x61] = PLAIN(interp_popa, SIZE_WIDE, OPCODE_NOT_64),
	[0x62] = WITH_MODRM(interp_bound, SIZE_WIDE, OPCODE_NOT_OURS_64),
	[0x63] =
	        WITH_MODRM(interp_movsxd, SIZE_WIDE, 0), /* not in 64-bit code: arpl, by decode.c */
	[0x68] = PLAIN_IMM(interp_push_imm, SIZE_STACK, IMM_WIDE, OPCODE_DEVICE),
	[0x69] = WITH_MODRM_IMM(interp_imul2, SIZE_WIDE, IMM_WIDE, OPCODE_DEVICE),
	[0x6a] = PLAIN_IMM(interp_push_imm, SIZE_STACK, IMM_SIGNED_8, OPCODE_DEVICE),
	[0x6b] = WITH_MODRM_IMM(interp_imul2, SIZE_WIDE, IMM_SIGNED_8, OPCODE_DEVICE),
	[0x6c ... 0x6d] = PLAIN(
	        ANY(interp_string_port), SIZE_PORT, OPCODE_SEGMENT | OPCODE_DEVICE | OPCODE_LOUD),
	[0x6e ... 0x6f] = PLAIN(
	        ANY(interp_string_port), SIZE_PORT, OPCODE_SEGMENT | OPCODE_DEVICE | OPCODE_LOUD),
#define JCC(cc) [0x70 + cc] = PLAIN_IMM(interp_jcc[cc], SIZE_NEAR, IMM_SIGNED_8, 0)
	JCC(0),
	JCC(1),
	JCC(2),
	JCC(3),
	JCC(4),
	JCC(5),
	JCC(6),
	JCC(7),
	JCC(8),
	JCC(9),
	JCC(10),
	JCC(11),
	JCC(12),
	JCC(13),
	JCC(14),
	JCC(15),
	[0x80] = GROUP(alu_imm, SIZE_BIT_0, IMM_WIDE),
	[0x81] = GROUP(alu_imm, SIZE_BIT_0, IMM_WIDE),
	[0x82] = { .group = alu_imm,
	        .size = SIZE_BYTE,
	        .operands = OPERANDS_MODRM,
	        .imm = IMM_SIGNED_8,
	        .flags = OPCODE_NOT_64 },
	[0x83] = GROUP(alu_imm, SIZE_WIDE, IMM_SIGNED_8),
	[0x84 ... 0x85] = WITH_MODRM(interp_test_mr, SIZE_BIT_0, OPCODE_DEVICE),
	[0x86 ... 0x87] = WITH_MODRM(interp_xchg, SIZE_BIT_0, OPCODE_LOCKS | OPCODE_DEVICE),
	[0x88 ... 0x89] = WITH_MODRM(interp_mov_mr, SIZE_BIT_0, 0),
	[0x8a ... 0x8b] = WITH_MODRM(interp_mov_rm, SIZE_BIT_0, 0),
	[0x8c] = WITH_MODRM(ANY(interp_mov_from_segment), SIZE_WIDE, OPCODE_DEVICE),
	[0x8d] = WITH_MODRM(interp_lea, SIZE_WIDE, 0),
	[0x8e] = WITH_MODRM(ANY(interp_mov_to_segment), SIZE_WIDE, 0),
	[0x8f] = GROUP(pop_only, SIZE_STACK, IMM_NONE),
	[0x90 ... 0x97] = WITH_REG(interp_xchg, SIZE_WIDE, IMM_NONE, 0), /* 90: decode.c */
	[0x98] = PLAIN(interp_cbw, SIZE_WIDE, 0),
	[0x99] = PLAIN(interp_cwd, SIZE_WIDE, 0),
	[0x9a] = PLAIN_IMM(ANY(interp_call_far), SIZE_WIDE, IMM_FAR, OPCODE_NOT_64 | OPCODE_LOUD),
	[0x9b] = PLAIN(ANY(interp_fwait), SIZE_WIDE, 0),
	[0x9c] = PLAIN(interp_pushf, SIZE_STACK, OPCODE_DEVICE),
	[0x9d] = PLAIN(interp_popf, SIZE_STACK, 0),
	[0x9e] = PLAIN(ANY(interp_sahf), SIZE_WIDE, 0),
	[0x9f] = PLAIN(ANY(interp_lahf), SIZE_WIDE, 0),
	[0xa0 ... 0xa1] = { .fn = interp_mov_from_offset,
	        .size = SIZE_BIT_0,
	        .operands = OPERANDS_OFFSET },
	[0xa2 ... 0xa3] = { .fn = interp_mov_to_offset,
	        .size = SIZE_BIT_0,
	        .operands = OPERANDS_OFFSET },
	[0xa4 ... 0xa5] = PLAIN(interp_movs, SIZE_BIT_0, OPCODE_SEGMENT),
	[0xa6 ... 0xa7] = PLAIN(interp_cmps, SIZE_BIT_0, OPCODE_SEGMENT | OPCODE_DEVICE),
	[0xa8 ... 0xa9] = WITH_AX(interp_test_mi),
	[0xaa ... 0xab] = PLAIN(interp_stos, SIZE_BIT_0, OPCODE_SEGMENT),
	[0xac ... 0xad] = PLAIN(interp_lods, SIZE_BIT_0, OPCODE_SEGMENT),
	[0xae ... 0xaf] = PLAIN(interp_scas, SIZE_BIT_0, OPCODE_SEGMENT | OPCODE_DEVICE),
	[0xb0 ... 0xb7] = WITH_REG(interp_mov_mi, SIZE_BYTE, IMM_FULL, 0),
	[0xb8 ... 0xbf] = WITH_REG(interp_mov_mi, SIZE_WIDE, IMM_FULL, 0),
	[0xc0 ... 0xc1] = WITH_MODRM_IMM(interp_shift_imm, SIZE_BIT_0, IMM_8, OPCODE_DEVICE),
	[0xc2] = PLAIN_IMM(interp_ret, SIZE_NEAR, IMM_16, 0),
	[0xc3] = PLAIN(interp_ret, SIZE_NEAR, 0),
	[0xc4] = { .fn = ANY(interp_load_far),
	        .size = SIZE_WIDE,
	        .operands = OPERANDS_MODRM,
	        .ext = 1 + ES,
	        .flags = OPCODE_NOT_OURS_64 }, /* with a register: VEX */
	[0xc5] = { .fn = ANY(interp_load_far),
	        .size = SIZE_WIDE,
	        .operands = OPERANDS_MODRM,
	        .ext = 1 + DS,
	        .flags = OPCODE_NOT_OURS_64 },
	[0xc6 ... 0xc7] = GROUP(mov_only, SIZE_BIT_0, IMM_NONE),
	[0xc8] = PLAIN_IMM(interp_enter_frame, SIZE_STACK, IMM_24, 0),
	[0xc9] = PLAIN(interp_leave, SIZE_STACK, OPCODE_DEVICE),
	[0xca] = PLAIN_IMM(ANY(interp_ret_far), SIZE_WIDE, IMM_16, OPCODE_LOUD),
	[0xcb] = PLAIN(ANY(interp_ret_far), SIZE_WIDE, OPCODE_LOUD),
	[0xcc] = PLAIN(ANY(interp_int), SIZE_WIDE, OPCODE_LOUD),
	[0xcd] = PLAIN_IMM(ANY(interp_int), SIZE_WIDE, IMM_8, OPCODE_LOUD),
	[0xce] = PLAIN(ANY(interp_int), SIZE_WIDE, OPCODE_NOT_64 | OPCODE_LOUD),
	[0xcf] = PLAIN(ANY(interp_iret), SIZE_WIDE, OPCODE_LOUD),
	[0xd0 ... 0xd1] = WITH_MODRM(interp_shift_1, SIZE_BIT_0, OPCODE_DEVICE),
	[0xd2 ... 0xd3] = WITH_MODRM(interp_shift_cl, SIZE_BIT_0, OPCODE_DEVICE),
	[0xd6] = PLAIN(ANY(interp_salc), SIZE_BYTE, OPCODE_NOT_64),
	[0xd7] = PLAIN(ANY(interp_xlat), SIZE_BYTE, OPCODE_SEGMENT | OPCODE_DEVICE),
	[0xd8 ... 0xdf] = WITH_MODRM(ANY(interp_x87), SIZE_WIDE, 0),
	/* loopne and loope with a rep prefix: AMD's CPUs let the prefix say which of the two it is. */
	[0xe0 ... 0xe1] = PLAIN_IMM(ANY(interp_loop), SIZE_NEAR, IMM_SIGNED_8, OPCODE_NO_REP),
	[0xe2] = PLAIN_IMM(ANY(interp_loop), SIZE_NEAR, IMM_SIGNED_8, 0),
	[0xe3] = PLAIN_IMM(ANY(interp_jcxz), SIZE_NEAR, IMM_SIGNED_8, 0),
	[0xe4 ... 0xe7] = PLAIN_IMM(ANY(interp_in_out), SIZE_PORT, IMM_8, OPCODE_LOUD),
	[0xe8] = PLAIN_IMM(interp_call, SIZE_NEAR, IMM_RELATIVE, 0),
	[0xe9] = PLAIN_IMM(ANY(interp_jmp), SIZE_NEAR, IMM_RELATIVE, 0),
	[0xea] = PLAIN_IMM(ANY(interp_jmp_far), SIZE_WIDE, IMM_FAR, OPCODE_NOT_64 | OPCODE_LOUD),
	[0xeb] = PLAIN_IMM(ANY(interp_jmp), SIZE_NEAR, IMM_SIGNED_8, 0),
	[0xec ... 0xef] = PLAIN(ANY(interp_in_out), SIZE_PORT, OPCODE_LOUD),
	[0xf4] = PLAIN(ANY(interp_hlt), SIZE_WIDE, 0),
	[0xf5] = PLAIN(ANY(interp_flag), SIZE_WIDE, 0),
	[0xf6 ... 0xf7] = GROUP(unary, SIZE_BIT_0, IMM_NONE),
	[0xf8 ... 0xf9] = PLAIN(ANY(interp_flag), SIZE_WIDE, 0),
	[0xfa] = PLAIN(ANY(interp_cli), SIZE_WIDE, 0),
	[0xfb] = PLAIN(ANY(interp_sti), SIZE_WIDE, 0),
	[0xfc ... 0xfd] = PLAIN(ANY(interp_flag), SIZE_WIDE, 0),
	[0xfe] = GROUP(inc_dec, SIZE_BIT_0, IMM_NONE),
	[0xff] = GROUP(inc_to_push, SIZE_BIT_0, IMM_NONE),
};

const struct opcode interp_arpl_row = WITH_MODRM(ANY(interp_arpl), SIZE_WIDE, 0);

static const struct opcode fences[8] = {
	[0] = { .fn = ANY(interp_fxsave) },
	[1] = { .fn = ANY(interp_fxsave) },
	[5] = { .fn = ANY(interp_fence) },
	[6] = { .fn = ANY(interp_fence) },
	[7] = { .fn = ANY(interp_fence) },
};
static const struct opcode exchange_8[8] = { [0] = { .fn = ANY(interp_group_9) },
	[1] = LOCKED(interp_cmpxchg8b),
	[2 ... 5] = { .fn = ANY(interp_group_9) },
	[6 ... 7] = { .fn = ANY(interp_group_9), .flags = OPCODE_NO_LOCK } };

/* bt, bts, btr, btc with an immediate. */
static const struct opcode bit_imm[8] = {
	[0 ... 3] = UNDEFINED_MEMBER,
	[4] = { .fn = interp_bit, .flags = OPCODE_DEVICE },
	[5] = LOCKED(interp_bit),
	[6] = LOCKED(interp_bit),
	[7] = LOCKED(interp_bit),
};

#define BIT_REG(which, locks)                                                                      \
	{                                                                                          \
		.fn = interp_bit, .size = SIZE_WIDE, .operands = OPERANDS_MODRM, .ext = 1 + which, \
		.flags = locks                                                                     \
	}
#define LOAD_FAR(segment)                                                                          \
	{                                                                                          \
		.fn = ANY(interp_load_far), .size = SIZE_WIDE, .operands = OPERANDS_MODRM,         \
		.ext = 1 + segment,                                                                \
	}

/* MMX and SSE. */
#define SIMD     WITH_MODRM(ANY(interp_simd), SIZE_WIDE, 0)
#define SIMD_IMM WITH_MODRM_IMM(ANY(interp_simd), SIZE_WIDE, IMM_8, 0)

const struct opcode interp_two_byte[256] = {
	[0x10 ... 0x17] = SIMD,
	[0x28 ... 0x2f] = SIMD,
	[0x50 ... 0x6f] = SIMD,
	[0x70 ... 0x73] = SIMD_IMM,
	[0x74 ... 0x76] = SIMD,
	[0x77] = PLAIN(ANY(interp_simd), SIZE_WIDE, 0),
	[0x7e ... 0x7f] = SIMD,
	[0xc2] = SIMD_IMM,
	[0xc4 ... 0xc6] = SIMD_IMM,
	[0xd1 ... 0xef] = SIMD,
	[0xf1 ... 0xfe] = SIMD,
	[0x01] = WITH_MODRM(ANY(interp_system_group), SIZE_WIDE, OPCODE_NO_REP | OPCODE_LOUD),
	[0x04] = UNDEFINED,
	[0x0a] = UNDEFINED,
	[0x0c] = UNDEFINED,
	[0x24 ... 0x27] = UNDEFINED,
	[0x33] = PLAIN(ANY(interp_rdpmc), SIZE_WIDE, 0),
	[0x36] = UNDEFINED,
	[0x37] = PLAIN(ANY(interp_getsec), SIZE_WIDE, OPCODE_NO_REP),
	[0x39] = UNDEFINED,
	[0x3b ... 0x3f] = UNDEFINED,
	[0x00] = WITH_MODRM(ANY(interp_selector_group), SIZE_WIDE, OPCODE_NO_REP),
	[0x02 ... 0x03] = WITH_MODRM(ANY(interp_lar_lsl), SIZE_WIDE, 0),
	[0x06] = PLAIN(ANY(interp_clts), SIZE_WIDE, OPCODE_LOUD),
	[0x09] = PLAIN(ANY(interp_wbinvd), SIZE_WIDE, OPCODE_NO_REP),
	[0x08] = PLAIN(ANY(interp_wbinvd), SIZE_WIDE, OPCODE_NO_REP),
	[0x0d] = WITH_MODRM(ANY(interp_hint), SIZE_WIDE, OPCODE_NO_LOCK),
	[0x30] = PLAIN(ANY(interp_msr), SIZE_WIDE, OPCODE_LOUD),
	[0x32] = PLAIN(ANY(interp_msr), SIZE_WIDE, OPCODE_LOUD),
	[0xa6 ... 0xa7] = PLAIN(ANY(interp_padlock), SIZE_WIDE, 0),
	[0xaa] = UNDEFINED, /* rsm, outside of SMM */
	[0xb8] = WITH_MODRM(ANY(interp_popcnt), SIZE_WIDE, OPCODE_DEVICE),
	[0xb9] = UNDEFINED, /* ud1 */
	[0xff] = UNDEFINED, /* ud0 */
	[0xc3] = WITH_MODRM(interp_movnti, SIZE_WIDE, OPCODE_NO_REP | OPCODE_NO_66 | OPCODE_DEVICE),
	[0xc7] = { .group = exchange_8,
	        .size = SIZE_WIDE,
	        .operands = OPERANDS_MODRM,
	        .flags = OPCODE_NO_REP | OPCODE_NO_66 },
	[0x05] = PLAIN(ANY(interp_syscall), SIZE_WIDE, OPCODE_LOUD),
	[0x07] = PLAIN(ANY(interp_sysret), SIZE_WIDE, OPCODE_NO_LOCK | OPCODE_LOUD),
	[0x0b] = UNDEFINED, /* ud2 */
	[0x18 ... 0x1f] = WITH_MODRM(ANY(interp_hint), SIZE_WIDE, OPCODE_NO_LOCK),
	[0x20] = { .fn = ANY(interp_mov_cr),
	        .size = SIZE_WIDE,
	        .operands = OPERANDS_CR,
	        .flags = OPCODE_NO_LOCK },
	[0x22] = { .fn = ANY(interp_mov_cr),
	        .size = SIZE_WIDE,
	        .operands = OPERANDS_CR,
	        .flags = OPCODE_NO_LOCK | OPCODE_LOUD },
	[0x21] = { .fn = ANY(interp_mov_dr),
	        .size = SIZE_WIDE,
	        .operands = OPERANDS_CR,
	        .flags = OPCODE_LOUD },
	[0x23] = { .fn = ANY(interp_mov_dr),
	        .size = SIZE_WIDE,
	        .operands = OPERANDS_CR,
	        .flags = OPCODE_LOUD },
	[0x34 ... 0x35] = PLAIN(ANY(interp_sysenter), SIZE_WIDE, OPCODE_NO_REP | OPCODE_LOUD),
	[0x31] = PLAIN(ANY(interp_rdtsc), SIZE_WIDE, OPCODE_LOUD),
	[0x40 ... 0x4f] = WITH_MODRM(interp_cmov, SIZE_WIDE, OPCODE_DEVICE),
#define JCC_FAR(cc) [0x80 + cc] = PLAIN_IMM(interp_jcc[cc], SIZE_NEAR, IMM_RELATIVE, 0)
	JCC_FAR(0),
	JCC_FAR(1),
	JCC_FAR(2),
	JCC_FAR(3),
	JCC_FAR(4),
	JCC_FAR(5),
	JCC_FAR(6),
	JCC_FAR(7),
	JCC_FAR(8),
	JCC_FAR(9),
	JCC_FAR(10),
	JCC_FAR(11),
	JCC_FAR(12),
	JCC_FAR(13),
	JCC_FAR(14),
	JCC_FAR(15),
	[0x90 ... 0x9f] = WITH_MODRM(ANY(interp_setcc), SIZE_BYTE, OPCODE_DEVICE),
	[0xa0] = OF_SEGMENT(interp_push_segment, FS, 0),
	[0xa1] = OF_SEGMENT(interp_pop_segment, FS, 0),
	[0xa2] = PLAIN(ANY(interp_cpuid), SIZE_WIDE, 0),
	[0xa3] = BIT_REG(4, OPCODE_DEVICE),
	[0xa4] = WITH_MODRM_IMM(interp_double_shift, SIZE_WIDE, IMM_8, OPCODE_DEVICE),
	[0xa5] = WITH_MODRM(interp_double_shift, SIZE_WIDE, OPCODE_DEVICE),
	[0xa8] = OF_SEGMENT(interp_push_segment, GS, 0),
	[0xa9] = OF_SEGMENT(interp_pop_segment, GS, 0),
	[0xab] = BIT_REG(5, OPCODE_LOCKS | OPCODE_DEVICE),
	[0xac] = WITH_MODRM_IMM(interp_double_shift, SIZE_WIDE, IMM_8, OPCODE_DEVICE),
	[0xad] = WITH_MODRM(interp_double_shift, SIZE_WIDE, OPCODE_DEVICE),
	[0xae] = { .group = fences,
	        .size = SIZE_WIDE,
	        .operands = OPERANDS_MODRM,
	        .flags = OPCODE_NO_REP | OPCODE_NO_66 | OPCODE_NO_LOCK },
	[0xaf] = WITH_MODRM(interp_imul2, SIZE_WIDE, OPCODE_DEVICE),
	[0xb0 ... 0xb1] = WITH_MODRM(interp_cmpxchg, SIZE_BIT_0, OPCODE_LOCKS | OPCODE_DEVICE),
	[0xb2] = LOAD_FAR(SS),
	[0xb3] = BIT_REG(6, OPCODE_LOCKS | OPCODE_DEVICE),
	[0xb4] = LOAD_FAR(FS),
	[0xb5] = LOAD_FAR(GS),
	[0xb6] = WITH_MODRM(interp_movzx_8, SIZE_WIDE, OPCODE_RM_BYTE),
	[0xb7] = WITH_MODRM(interp_movzx_16, SIZE_WIDE, 0),
	[0xba] = GROUP(bit_imm, SIZE_WIDE, IMM_8),
	[0xbb] = BIT_REG(7, OPCODE_LOCKS | OPCODE_DEVICE),
	[0xbc ... 0xbd] = WITH_MODRM(interp_scan, SIZE_WIDE, OPCODE_NO_REP),
	[0xbe] = WITH_MODRM(interp_movsx_8, SIZE_WIDE, OPCODE_RM_BYTE),
	[0xbf] = WITH_MODRM(interp_movsx_16, SIZE_WIDE, 0),
	[0xc0 ... 0xc1] = WITH_MODRM(interp_xadd, SIZE_BIT_0, OPCODE_LOCKS | OPCODE_DEVICE),
	[0xc8 ... 0xcf] = WITH_REG(interp_bswap, SIZE_WIDE, IMM_NONE, 0),
};

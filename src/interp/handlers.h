/* What instructions do: handlers by operand size (struct insn's osz), NULL where there is none of that size,
 * or one for all sizes. opcodes.c says which opcode is whose. */
#ifndef STEPVM_INTERP_HANDLERS_H
#define STEPVM_INTERP_HANDLERS_H

#include "interp/state.h"

/* alu.c; [add or adc sbb and sub xor cmp], and what is written: ModRM.rm by a register (mr), a register
 * (rm), ModRM.rm by an immediate (mi) */
extern interp_fn *const interp_alu_mr[8][4], *const interp_alu_rm[8][4], *const interp_alu_mi[8][4];
extern interp_fn *const interp_test_mr[4], *const interp_test_mi[4];
extern interp_fn *const interp_inc[4], *const interp_dec[4], *const interp_neg[4],
                                                                     *const interp_not[4];

/* shift.c */
extern interp_fn *const interp_shift_imm[4],
        *const interp_shift_1[4], *const interp_shift_cl[4], *const interp_double_shift[4];

/* muldiv.c */
extern interp_fn *const interp_mul[4], *const interp_imul2[4], *const interp_div[4];

/* bits.c */
extern interp_fn *const interp_bit[4], *const interp_scan[4], *const interp_bswap[4];

/* move.c */
extern interp_fn *const interp_mov_mr[4], *const interp_mov_rm[4], *const interp_mov_mi[4];
extern interp_fn *const interp_mov_from_offset[4], *const interp_mov_to_offset[4];
extern interp_fn *const interp_movnti[4], *const interp_cmpxchg8b[4];
extern interp_fn *const interp_xchg[4], *const interp_xadd[4], *const interp_cmpxchg[4];
extern interp_fn *const interp_movzx_8[4],
        *const interp_movzx_16[4], *const interp_movsx_8[4], *const interp_movsx_16[4],
                                                                     *const interp_movsxd[4];
extern interp_fn *const interp_lea[4], *const interp_cmov[4], *const interp_cbw[4],
                                                                      *const interp_cwd[4];
interp_fn interp_setcc, interp_xlat, interp_nop, interp_fence, interp_flag, interp_sahf,
        interp_lahf, interp_salc;

/* stack.c */
extern interp_fn *const interp_push_reg[4], *const interp_push_rm[4], *const interp_push_imm[4];
extern interp_fn *const interp_pop_reg[4], *const interp_pop_rm[4];
extern interp_fn *const interp_pusha[4], *const interp_popa[4], *const interp_pushf[4],
                                                                        *const interp_popf[4];
extern interp_fn *const interp_enter_frame[4], *const interp_leave[4];

/* flow.c */
extern interp_fn *const interp_bound[4];
extern interp_fn *const interp_jcc[16][4];
extern interp_fn *const interp_jmp_rm[4], *const interp_call[4], *const interp_call_rm[4],
                                                                         *const interp_ret[4];
interp_fn interp_jmp, interp_loop, interp_jcxz;

/* string.c */
extern interp_fn *const interp_movs[4],
        *const interp_cmps[4], *const interp_stos[4], *const interp_lods[4], *const interp_scas[4];

/* segment.c */
interp_fn interp_mov_to_segment, interp_mov_from_segment, interp_push_segment, interp_pop_segment,
        interp_load_far;

/* transfer.c */
interp_fn interp_jmp_far, interp_call_far, interp_far_rm, interp_ret_far;

/* interrupt.c */
interp_fn interp_int, interp_iret;

/* control.c */
interp_fn interp_mov_cr, interp_mov_dr, interp_cli, interp_sti, interp_hlt, interp_clts,
        interp_wbinvd, interp_msr, interp_rdpmc;

/* system.c */
interp_fn interp_syscall, interp_sysret, interp_sysenter, interp_cpuid, interp_rdtsc,
        interp_system_group;

/* selector.c */
interp_fn interp_lar_lsl, interp_selector_group, interp_arpl;

/* ports.c */
interp_fn interp_in_out, interp_string_port;

/* x87.c */
interp_fn interp_fwait, interp_x87, interp_fxsave;

/* simd.c */
interp_fn interp_simd;

/* bcd.c */
interp_fn interp_daa, interp_aaa, interp_aam;

/* feature.c */
interp_fn interp_hint, interp_pop_or_xop, interp_aad_or_apx, interp_transaction, interp_getsec,
        interp_padlock, interp_group_9, interp_popcnt;

/* run.c: what is not known, and what raises #UD on every CPU */
interp_fn interp_handover, interp_undefined;

#endif

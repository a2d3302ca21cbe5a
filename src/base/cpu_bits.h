/* Bits of the CPU's registers, by the SDM's names: vol 1, "EFLAGS Register"; vol 3, "Control
 * Registers", "Extended Feature Enable Register", "Debug Status Register (DR6)" and "Debug Control
 * Register (DR7)". */
#ifndef STEPVM_BASE_CPU_BITS_H
#define STEPVM_BASE_CPU_BITS_H

#define RFLAGS_ZF (1u << 6)
#define RFLAGS_TF (1u << 8)
#define RFLAGS_IF (1u << 9)
#define RFLAGS_NT (1u << 14)
#define RFLAGS_RF (1u << 16)
#define RFLAGS_VM (1u << 17)
#define RFLAGS_AC (1u << 18)

#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_ET (1u << 4)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_AM (1u << 18)
#define CR0_NW (1u << 29)
#define CR0_CD (1u << 30)
#define CR0_PG (1u << 31)

#define CR4_PSE        (1u << 4)
#define CR4_PAE        (1u << 5)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_LA57       (1u << 12)
#define CR4_OSXSAVE    (1u << 18)

/* SDM vol 4, "Model-Specific Registers" */
#define MSR_TSC            0x10u
#define MSR_SYSENTER_CS    0x174u
#define MSR_SYSENTER_EIP   0x176u
#define MSR_PAT            0x277u
#define MSR_EFER           0xc0000080u
#define MSR_STAR           0xc0000081u
#define MSR_LSTAR          0xc0000082u
#define MSR_CSTAR          0xc0000083u
#define MSR_FMASK          0xc0000084u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_AUX            0xc0000103u
#define EFER_LME           (1u << 8)
#define EFER_LMA           (1u << 10)

/* SDM vol 1, "FXSAVE Area": where the x87's words stand */
#define FXSAVE_FCW 0
#define FXSAVE_FSW 2
#define FXSAVE_FTW 4 /* one bit a register */
#define FXSAVE_FOP 6
#define FXSAVE_FIP 8
#define FXSAVE_FDP 16

#define DR6_BD   (1u << 13)
#define DR6_BS   (1u << 14)
#define DR7_GD   (1u << 13)
#define DR7_ONES 0x400u /* bit 10 is always 1 */

#endif

/* What the probe's questions share. Each try is a guest of a few instructions that ends in hlt (scratch.h). Their machine
 * code is the same in all modes, or the mode picks it. Private to probe.c, which has the table of all of them, and
 * probe_debug.c. */
#ifndef STEPVM_KVM_PROBE_TRIES_H
#define STEPVM_KVM_PROBE_TRIES_H

#include "base/cpu_bits.h"
#include "kvm/probe.h"
#include "kvm/registers.h"

/* DR7 (SDM vol 3, "Debug Control Register"): bit 10 is always 1, G0 is bit 1, R/W0 bits 16 and 17
 * (1: writes), LEN0 0: 1 byte. */
#define DR7_EXEC  (DR7_ONES | 1u << 1)
#define DR7_WRITE (DR7_EXEC | 1u << 16)

#define CODE(...) (const uint8_t[]) { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ })
#define NOP       0x90
#define HLT       0xf4
#define OLD_BYTE  0x5a /* in memory before */
#define NEW_BYTE  0x55 /* written by the guest */
/* mov al, NEW_BYTE; mov [bx or rdi], al; mov dl, [bx or rdi]; hlt */
#define WRITE_AND_READ 0xb0, NEW_BYTE, 0x88, 0x07, 0x8a, 0x17, HLT

typedef enum probe_answer probe_try(struct scratch *s, enum scratch_mode mode);

static inline enum probe_answer answer(const struct scratch *s, bool is_yes, bool is_no)
{
	if (s->err || is_yes == is_no)
		return PROBE_UNKNOWN;
	return is_yes ? PROBE_YES : PROBE_NO;
}

static inline enum probe_answer yes_or_no(const struct scratch *s, bool is_yes)
{
	return answer(s, is_yes, !is_yes);
}

static inline void run_plain(struct scratch *s, struct exit *x)
{
	static const struct vcpu_debug none = { 0 };
	scratch_run(s, &none, x);
}

static inline bool is_pc(struct scratch *s, uint64_t gva)
{
	return registers_pc(&s->vcpu) == gva;
}

static inline bool is_byte_read(struct scratch *s, uint8_t byte)
{
	return (vcpu_regs(&s->vcpu)->rdx & 0xff) == byte;
}

/* rbx and rdi point to gva. */
static inline void set_pointer(struct scratch *s, uint64_t gva)
{
	struct kvm_regs r = *vcpu_regs(&s->vcpu);
	r.rbx = r.rdi = gva;
	if (!s->err)
		s->err = vcpu_set_regs(&s->vcpu, &r);
}

#define AT_GP (SCRATCH_HANDLERS + 13 + 1) /* the pc after the handler's hlt */

/* probe_debug.c */
probe_try probe_try_int3;
probe_try probe_try_exec_breakpoint;
probe_try probe_try_rf;
probe_try probe_try_data_breakpoint;
probe_try probe_try_own_breakpoint;
probe_try probe_try_out;
probe_try probe_try_hlt;
probe_try probe_try_pushf;
probe_try probe_try_mov_ss;
probe_try probe_try_rep;
probe_try probe_try_leftover;
probe_try probe_try_cpl3;
probe_try probe_try_cpl3_step;
probe_try probe_try_cpl3_breakpoint;
probe_try probe_try_cpl3_ports;

#endif

/* Sources: SDM vol 1, "FXSAVE Area"; vol 4 for the MSRs; api.rst, KVM_GET_CPUID2. */
#include "debug/engine_extras.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "debug/control.h"
#include "debug/cpu.h"
#include "kvm/probe.h"

/* As interp_handed gives them: 0x100 is 0f. */
enum {
	OPCODE_PUSH_ES = 0x06,
	OPCODE_PUSH_CS = 0x0e,
	OPCODE_PUSH_SS = 0x16,
	OPCODE_PUSH_DS = 0x1e,
	OPCODE_PUSH_FS = 0x1a0,
	OPCODE_PUSH_GS = 0x1a8,
	OPCODE_FWAIT = 0x9b,
	OPCODE_X87 = 0xd8, /* to 0xdf */
	OPCODE_0F01 = 0x101,
	OPCODE_SYSCALL = 0x105,
	OPCODE_SYSRET = 0x107,
	OPCODE_WRMSR = 0x130,
};

/* Those that KVM gives to us as it would to the guest, whatever cpuid says, and that change nothing else. */
static enum interp_msr access_msr(void *ctx, uint32_t number, uint64_t *value, bool is_write)
{
	struct control *c = ctx;
	struct vcpu *v = c->cpu.vcpu;
	if (number == MSR_TSC)
		return c->io.tsc && c->io.tsc(c->io.ctx, value, is_write);
	bool is_sysenter = number >= MSR_SYSENTER_CS && number <= MSR_SYSENTER_EIP;
	if (!is_sysenter && (number != MSR_PAT || is_write)) {
		uint64_t old;
		return vcpu_get_msr(v, number, &old) ? INTERP_MSR_NONE : INTERP_MSR_KVM;
	}
	if (is_write && (uint64_t)((int64_t)(*value << 16) >> 16) != *value) /* #GP */
		return INTERP_MSR_KVM;
	int err = is_write ? vcpu_set_msr(v, number, *value) : vcpu_get_msr(v, number, value);
	return err ? INTERP_MSR_KVM : INTERP_MSR_DONE;
}

/* The guest's own debug registers, of which run control has a copy: cpu_guest_registers. */
static bool access_debug(void *ctx, unsigned number, uint64_t *value, bool is_write)
{
	struct control *c = ctx;
	struct kvm_debugregs all = *cpu_guest_registers(&c->cpu);
	__u64 *one = number == 7 ? &all.dr7 : number == 6 ? &all.dr6 : &all.db[number];
	if (!is_write) {
		*value = *one;
		return true;
	}
	*one = *value;
	c->cpu.knows_guest = false;
	return vcpu_set_debugregs(c->cpu.vcpu, &all) == 0;
}

static bool tell_tsc(void *ctx, uint64_t *tsc, uint32_t *aux)
{
	struct control *c = ctx;
	struct vcpu *v = c->cpu.vcpu;
	uint64_t value = 0;
	if (aux && vcpu_get_msr(v, MSR_AUX, &value))
		return false;
	if (aux)
		*aux = (uint32_t)value;
	if (c->io.tsc && c->io.tsc(c->io.ctx, tsc, false))
		return true;
	return vcpu_get_msr(v, MSR_TSC, tsc) == 0;
}

/* In a scratch VM, for the guest itself may be where KVM can't go on, as with paging that KVM lacks. It takes a millisecond
 * on kvm_pvm, so it is asked once, when a guest pushes one. */
static enum interp_push ask_push(const struct vcpu *v)
{
	switch (probe_ask(PROBE_PUSHES_HALF, SCRATCH_PROT32, v->vm)) {
	case PROBE_YES: return INTERP_PUSH_HALF;
	case PROBE_NO: return INTERP_PUSH_WHOLE;
	case PROBE_UNKNOWN: break;
	}
	return INTERP_PUSH_UNKNOWN;
}

void engine_extras_open(struct engine_extras *x, struct vcpu *v, struct interp_config *config)
{
	config->msr = access_msr;
	config->debug = access_debug;
	config->tsc = tell_tsc;
	x->cpuid = vcpu_new_cpuid(v);
	x->apic_base = vcpu_sregs(v)->apic_base;
	if (!x->cpuid)
		return;
	config->cpuid = x->cpuid->entries;
	config->cpuid_count = x->cpuid->nent;
}

void engine_extras_close(struct engine_extras *x)
{
	free(x->cpuid);
	x->cpuid = NULL;
	x->has_push = false;
}

void engine_extras_loaded(struct engine_extras *x, struct interp *i, struct vcpu *v)
{
	uint64_t pdptrs[4];
	if (vcpu_get_pdptrs(v, pdptrs) == 0)
		interp_set_pdptes(i, pdptrs);
	x->has_msrs = x->has_x87 = false;
	if (!x->cpuid || (!x->is_cpuid_old && x->apic_base == vcpu_sregs(v)->apic_base))
		return;
	x->is_cpuid_old = vcpu_get_cpuid(v, x->cpuid) != 0; /* the engine looks into this array */
	x->apic_base = vcpu_sregs(v)->apic_base;
}

static bool give_msrs(struct engine_extras *x, struct interp *i, struct vcpu *v)
{
	if (vcpu_get_msr(v, MSR_STAR, &x->msrs.star) ||
	        vcpu_get_msr(v, MSR_LSTAR, &x->msrs.lstar) ||
	        vcpu_get_msr(v, MSR_FMASK, &x->msrs.fmask) ||
	        vcpu_get_msr(v, MSR_KERNEL_GS_BASE, &x->msrs.kernel_gs_base))
		return false;
	interp_set_msrs(i, &x->msrs);
	return true;
}

static bool give_x87(struct engine_extras *x, struct interp *i, struct vcpu *v)
{
	const uint8_t *area = vcpu_xsave(v);
	x->x87 = (struct interp_x87) {
		.fcw = get16(area + FXSAVE_FCW),
		.fsw = get16(area + FXSAVE_FSW),
		.ftwx = area[FXSAVE_FTW],
		.last_opcode = get16(area + FXSAVE_FOP),
		.last_ip = get64(area + FXSAVE_FIP),
		.last_dp = get64(area + FXSAVE_FDP),
	};
	interp_set_x87(i, &x->x87);
	return true;
}

static bool give_push(struct engine_extras *x, struct interp *i, struct vcpu *v)
{
	enum interp_push push = ask_push(v);
	x->has_push = true;
	interp_set_push(i, push);
	return push != INTERP_PUSH_UNKNOWN;
}

bool engine_extras_give(struct engine_extras *x, struct interp *i, struct vcpu *v, unsigned opcode)
{
	switch (opcode) {
	case OPCODE_WRMSR: x->is_cpuid_old = true; return false;
	case OPCODE_0F01: /* swapgs */
	case OPCODE_SYSCALL:
	case OPCODE_SYSRET: return !x->has_msrs && (x->has_msrs = give_msrs(x, i, v));
	case OPCODE_PUSH_ES:
	case OPCODE_PUSH_CS:
	case OPCODE_PUSH_SS:
	case OPCODE_PUSH_DS:
	case OPCODE_PUSH_FS:
	case OPCODE_PUSH_GS: return !x->has_push && give_push(x, i, v);
	case OPCODE_FWAIT:
	case OPCODE_X87 ... OPCODE_X87 + 7: return !x->has_x87 && (x->has_x87 = give_x87(x, i, v));
	default: return false;
	}
}

static void take_x87(struct engine_extras *x, struct vcpu *v)
{
	uint8_t area[XSAVE_SIZE];
	memcpy(area, vcpu_xsave(v), sizeof area);
	put16(area + FXSAVE_FCW, x->x87.fcw);
	put16(area + FXSAVE_FSW, x->x87.fsw);
	area[FXSAVE_FTW] = x->x87.ftwx;
	put16(area + FXSAVE_FOP, x->x87.last_opcode);
	put64(area + FXSAVE_FIP, x->x87.last_ip);
	put64(area + FXSAVE_FDP, x->x87.last_dp);
	vcpu_set_xsave(v, area, 1u << XSAVE_X87);
}

void engine_extras_take(struct engine_extras *x, const struct interp *i, struct vcpu *v)
{
	struct interp_msrs msrs;
	struct interp_x87 x87;
	if (x->has_msrs && interp_get_msrs(i, &msrs) &&
	        msrs.kernel_gs_base != x->msrs.kernel_gs_base) {
		x->msrs = msrs;
		vcpu_set_msr(v, MSR_KERNEL_GS_BASE, msrs.kernel_gs_base);
	}
	if (x->has_x87 && interp_get_x87(i, &x87) && memcmp(&x87, &x->x87, sizeof x87) != 0) {
		x->x87 = x87;
		take_x87(x, v);
	}
}

/* Sources: SDM vol 1, "FXSAVE Area"; vol 4 for the MSRs. */
#include "extras.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "compare/opcode.h"

static const struct interp_msrs msrs = {
	.star = (uint64_t)(WORLD_USER_CODE32 | 3) << 48 | (uint64_t)WORLD_CODE64 << 32,
	.lstar = WORLD_HANDLERS + 0x800,
	.fmask = RFLAGS_IF | 1u << 10, /* DF */
	.kernel_gs_base = WORLD_DATA,
};

/* Not as fninit leaves it. All exceptions are masked. */
static const struct interp_x87 x87 = { .fcw = 0x0b7f, .fsw = 0x3a01, .ftwx = 0x3c };

/* None is armed. */
static const struct kvm_debugregs debug = {
	.db = { WORLD_DATA, 0x12345678, WORLD_CODE, 0x7fffffff },
	.dr6 = 0xffff0ff0 | 1u << 14,
	.dr7 = DR7_ONES | 0x00d50000,
};

static void put_debug(struct pair *p)
{
	vcpu_set_debugregs(&p->vcpu, &debug);
	p->control.cpu.knows_guest = false;
}

static void put_x87(struct pair *p)
{
	uint8_t area[XSAVE_SIZE];
	memcpy(area, vcpu_xsave(&p->vcpu), sizeof area);
	put16(area + FXSAVE_FCW, x87.fcw);
	put16(area + FXSAVE_FSW, x87.fsw);
	area[FXSAVE_FTW] = x87.ftwx;
	vcpu_set_xsave(&p->vcpu, area, 1u << XSAVE_X87);
}

void extras_open(struct pair *p)
{
	vcpu_set_msr(&p->vcpu, MSR_STAR, msrs.star);
	vcpu_set_msr(&p->vcpu, MSR_LSTAR, msrs.lstar);
	vcpu_set_msr(&p->vcpu, MSR_FMASK, msrs.fmask);
	vcpu_set_msr(&p->vcpu, MSR_KERNEL_GS_BASE, msrs.kernel_gs_base);
	vcpu_set_msr(&p->vcpu, MSR_SYSENTER_CS, WORLD_CODE32);
	vcpu_set_msr(&p->vcpu, MSR_SYSENTER_CS + 1, WORLD_DATA + 0x8000);    /* esp */
	vcpu_set_msr(&p->vcpu, MSR_SYSENTER_CS + 2, WORLD_HANDLERS + 0x900); /* eip */
	put_x87(p);
	put_debug(p);
}

void extras_put(struct pair *p)
{
	p->own_debug = debug;
	interp_set_msrs(p->own_cpu, &msrs);
	interp_set_x87(p->own_cpu, &x87);
}

static bool x87_differs(struct pair *p)
{
	struct interp_x87 own = x87;
	const uint8_t *kvm = vcpu_xsave(&p->vcpu);
	interp_get_x87(p->own_cpu, &own);
	bool differs = get16(kvm + FXSAVE_FCW) != own.fcw || get16(kvm + FXSAVE_FSW) != own.fsw ||
	               kvm[FXSAVE_FTW] != own.ftwx;
	put_x87(p);
	return differs;
}

static bool msrs_differ(struct pair *p)
{
	struct interp_msrs own = msrs;
	uint64_t base = 0;
	interp_get_msrs(p->own_cpu, &own);
	if (vcpu_get_msr(&p->vcpu, MSR_KERNEL_GS_BASE, &base))
		return false;
	vcpu_set_msr(&p->vcpu, MSR_KERNEL_GS_BASE, msrs.kernel_gs_base);
	return base != own.kernel_gs_base;
}

static bool debug_differs(struct pair *p)
{
	const struct kvm_debugregs *own = &p->own_debug;
	struct kvm_debugregs kvm;
	bool differs = vcpu_get_debugregs(&p->vcpu, &kvm) ||
	               memcmp(kvm.db, own->db, sizeof kvm.db) != 0 || kvm.dr6 != own->dr6 ||
	               kvm.dr7 != own->dr7;
	put_debug(p);
	return differs;
}

bool extras_differ(struct pair *p, const struct trial *t)
{
	struct opcode o = opcode_decode(t->bytes, trial_bits(t));
	if (o.map == MAP_1 && ((o.op >= 0xd8 && o.op <= 0xdf) || o.op == 0x9b))
		return x87_differs(p);
	if (o.map == MAP_0F && (o.op == 0x21 || o.op == 0x23))
		return debug_differs(p);
	return o.map == MAP_0F && o.op == 0x01 && msrs_differ(p);
}
